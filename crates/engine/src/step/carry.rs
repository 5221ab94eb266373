//! Carrying by hand: what waits leaves on a card, and what a card brings is taken in (SPEC 13).
//!
//! A box that came by hand has no place in its log. It is opened at once, is noted as dealt with, and
//! is passed over when a relay brings it; the receipts of this home name it until then, so that its
//! author knows. The log alone advances epochs: nothing carried does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sogon_seal::{
    CarryKey, LogKeys, Opened,
    shelf::{Order, Shelf},
};
use sogon_wire::{
    SealedBox,
    bundle::{Carried, Parcel, ParcelName, SYMBOL_BYTES},
};

use super::{Work, internal, outbox::Haste, short_hash};
use crate::{
    Answer, Brought, ConversationId, EngineError, Form, Portion,
    carry::{BROUGHT_MAX, What},
    content::{
        BY_HAND_MAX, BoxMark, Content, KIND_CALL, KIND_DELETE, KIND_EDIT, KIND_REACTION,
        KIND_RECEIPT,
    },
    message_row::{DeliveryRow, MessageRow},
    rows::{
        ALL, BY_HAND, BytesRow, CARRIED, CONVERSATIONS, CarriedRow, ConversationRow, DONE,
        MESSAGES, OUTBOX, OutRow, State, encode, id_of, in_conversation, number_of, read, read_all,
    },
    spread,
};

/// Boxes of a conversation that were handed over and are not known to have been opened: so many are
/// sealed again for one card.
const AGAIN_MAX: usize = 256;
/// Symbols beyond those that are enough: a few more are needed now and then.
const SPARE_SYMBOLS: u32 = 4;
/// A card has at least so many blocks.
const CARD_BLOCKS_MIN: u32 = 16;
/// The most blocks of a card.
const CARD_BLOCKS_MAX: u32 = 65_536;
/// The most frames that are shown one after the other: some minutes.
const FRAMES_MAX: u32 = 4_096;
/// The most of them when files go along: a voice note, not a film.
const FRAMES_WITH_FILES_MAX: u32 = 1_024;

impl Form {
    /// How many bytes of a parcel are in each block.
    pub(crate) fn symbol_bytes(self) -> usize {
        let [of_block, of_frame] = SYMBOL_BYTES;
        if self == Self::Card { of_block } else { of_frame }
    }

    /// How many blocks there may be at most.
    fn room(self, room: u32) -> u32 {
        match self {
            Self::Card => {
                let halves = room.checked_ilog2().unwrap_or(0);
                1_u32.checked_shl(halves).unwrap_or(CARD_BLOCKS_MAX).min(CARD_BLOCKS_MAX)
            }
            Self::Frames | Self::Words => room.min(FRAMES_MAX),
        }
    }

    fn room_for_files(self, room: u32) -> u32 {
        if self == Self::Card { room } else { room.min(FRAMES_WITH_FILES_MAX) }
    }

    /// How many blocks there are when so many are needed. Of a card a power of two, so that its size
    /// says little.
    fn blocks_of(self, needed: u32) -> Option<u32> {
        if self == Self::Card {
            needed.max(CARD_BLOCKS_MIN).checked_next_power_of_two()
        } else {
            Some(needed)
        }
    }
}

/// Half as many symbols more than are needed.
fn enough(name: ParcelName) -> u32 {
    let source = name.symbols();
    source.saturating_add(source.div_ceil(2)).saturating_add(SPARE_SYMBOLS)
}

/// As many again as are needed.
fn plenty(name: ParcelName) -> u32 {
    name.symbols().saturating_mul(2).saturating_add(SPARE_SYMBOLS.saturating_mul(4))
}

/// A share of the whole for each, by what it needs; the last one has what is left.
fn shares(needs: &[u32], total: u32) -> Vec<u32> {
    let mut others = needs.iter().fold(0_u64, |sum, need| sum.saturating_add((*need).into()));
    let mut left = total;
    let share = |need: &u32| {
        let own = u64::from(left).saturating_mul((*need).into()).checked_div(others);
        let own = u32::try_from(own.unwrap_or_default()).unwrap_or(left);
        left = left.saturating_sub(own);
        others = others.saturating_sub((*need).into());
        own
    };
    needs.iter().map(share).collect()
}

/// One parcel to be spread: who it is for, and its bytes.
struct Load {
    key: CarryKey,
    bytes: Vec<u8>,
    name: ParcelName,
}

impl Load {
    /// Boxes of one log.
    fn of(keys: &LogKeys, boxes: Vec<SealedBox>, form: Form) -> Result<Self, EngineError> {
        let items = boxes.into_iter().map(|boxed| Carried { seq: 0, boxed }).collect();
        let bytes = Parcel { items }.encode();
        let name =
            ParcelName::of(&bytes, form.symbol_bytes()).map_err(|_| EngineError::TooLarge)?;
        Ok(Self { key: keys.carry().map_err(internal)?, bytes, name })
    }
}

impl Work<'_> {
    /// Seals what is to be carried, and plans which pieces of files go along.
    pub(crate) fn carry_out(
        &mut self,
        to: &[ConversationId],
        form: Form,
        room: u32,
    ) -> Result<Answer, EngineError> {
        let (mut loads, mut words, mut boxes) = (Vec::new(), Vec::new(), 0_u64);
        for (key, row) in read_all::<ConversationRow>(self.desk, CONVERSATIONS, b"")? {
            let id = ConversationId(id_of(&key));
            let wanted = to.is_empty() || to.contains(&id);
            if !wanted || row.state != State::Open || row.restored.is_some() {
                continue;
            }
            let out = self.carry_boxes(id)?;
            boxes = boxes.saturating_add(out.len() as u64);
            if form != Form::Words && !(row.is_group && out.is_empty()) {
                for (keys, boxed) in self.turns(id)? {
                    boxes = boxes.saturating_add(1);
                    loads.push(Load::of(&keys, vec![boxed], form)?);
                }
            }
            if out.is_empty() {
                continue;
            }
            match form {
                Form::Words => words.extend(out),
                Form::Card | Form::Frames => {
                    // A commit of one's own may have been followed since the row was read.
                    let keys = self.conversation(id)?.log_keys()?;
                    loads.push(Load::of(&keys, out, form)?);
                }
            }
        }
        if form == Form::Words {
            let (portions, order) = (Vec::new(), Vec::new());
            return Ok(Answer::CarriedOut { blocks: words, boxes, portions, order });
        }
        let room = form.room(room);
        let mut needs: Vec<u32> = loads.iter().map(|load| enough(load.name)).collect();
        let sum = |needs: &[u32]| needs.iter().fold(0_u32, |sum, its| sum.saturating_add(*its));
        let mut portions = Vec::new();
        if form.blocks_of(sum(&needs)).is_some_and(|all| all <= room) {
            // What stands among much has fewer symbols to spare by chance: words get more of them.
            let more: Vec<u32> = loads.iter().map(|load| plenty(load.name)).collect();
            portions = self.plan_files(to, form, form.room_for_files(room), sum(&more))?;
            if !portions.is_empty() {
                needs = more;
            }
        }
        needs.extend(portions.iter().map(Portion::blocks));
        if needs.is_empty() {
            let (blocks, order) = (Vec::new(), Vec::new());
            return Ok(Answer::CarriedOut { blocks, boxes, portions, order });
        }
        let total = form.blocks_of(sum(&needs)).filter(|total| *total <= room);
        let total = total.ok_or(EngineError::TooLarge)?;
        let shares = shares(&needs, total);
        let mut blocks = Vec::new();
        for (load, share) in loads.iter().zip(&shares) {
            for symbol in spread::spread(&load.bytes, load.name, *share)? {
                blocks.push(load.key.seal(self.entropy(), &symbol.encode()).map_err(internal)?);
            }
        }
        for (portion, share) in portions.iter_mut().zip(shares.iter().skip(loads.len())) {
            portion.blocks = *share;
        }
        Ok(Answer::CarriedOut { blocks, boxes, portions, order: self.order_of_chance(total) })
    }

    /// The numbers below this one, in an order of chance.
    fn order_of_chance(&self, total: u32) -> Vec<u32> {
        let placed: BTreeMap<[u8; 16], u32> =
            (0..total).map(|place| (self.random(), place)).collect();
        placed.into_values().collect()
    }

    /// The boxes of a conversation that are not known to have been opened by everybody else.
    fn carry_boxes(&mut self, id: ConversationId) -> Result<Vec<SealedBox>, EngineError> {
        self.queue_hand_receipt(id)?;
        let mut row = self.conversation(id)?;
        let mut out = self.seal_again(id, &mut row)?;
        let mut unsealed = VecDeque::new();
        for (number, its) in self.outbox(id)? {
            if its.posting.is_none() && its.rides.is_none() {
                unsealed.push_back((number, its));
            }
        }
        while let Some((number, mut its)) = unsealed.pop_front() {
            self.seal_row(id, &mut row, (number, &mut its), &mut unsealed)?;
            self.desk.put(OUTBOX, &in_conversation(id, number), encode(&its)?);
        }
        self.keep_conversation(id, &row)?;
        let waiting = self.outbox(id)?;
        for (number, its) in &waiting {
            let Some(posting) = &its.posting else { continue };
            let posting = sogon_seal::Posting::restore(posting).map_err(|_| EngineError::Bug)?;
            let riders = waiting.iter().filter(|(_, rider)| rider.rides == Some(*number));
            let orders = riders.filter_map(|(_, rider)| rider.order).chain(its.order);
            self.note_carried(id, posting.boxed(), orders.collect())?;
            out.push(posting.boxed().clone());
        }
        Ok(out)
    }

    /// A receipt of everything that came by hand and is not known to have a place, and of what was
    /// read, in the place of one that waits.
    fn queue_hand_receipt(&mut self, id: ConversationId) -> Result<(), EngineError> {
        let mut row = self.conversation(id)?;
        let marks = self.marks(id)?;
        let files = self.file_marks(id)?;
        if marks.is_empty() && files.is_empty() && !row.owes_receipt {
            return Ok(());
        }
        for (number, its) in self.outbox(id)? {
            let kind = Content::decode(&its.content).map(|content| content.kind);
            if kind == Some(KIND_RECEIPT) {
                self.desk.delete(OUTBOX, &in_conversation(id, number));
            }
        }
        row.owes_receipt = false;
        self.keep_conversation(id, &row)?;
        let mut content = Content::of(KIND_RECEIPT);
        content.read = Some(crate::content::Read {
            by_hand: (!marks.is_empty()).then_some(marks),
            files: (!files.is_empty()).then_some(files),
            ..crate::content::Read::default()
        });
        self.queue(id, &content, None, Haste::Now)
    }

    /// What a receipt names: those that were named least often, so that every one has its turn.
    fn marks(&self, id: ConversationId) -> Result<Vec<BoxMark>, EngineError> {
        let rows = self.desk.scan(BY_HAND, &id.0, None, ALL, Order::Up)?;
        let mark = |key: &[u8]| key.last_chunk::<8>().copied();
        let mut all: Vec<_> =
            rows.iter().filter_map(|(key, named)| Some((number_of(named), mark(key)?))).collect();
        all.sort_unstable();
        all.truncate(BY_HAND_MAX);
        for (named, mark) in &all {
            let named = named.saturating_add(1).to_be_bytes().to_vec();
            self.desk.put(BY_HAND, &[id.0, *mark].concat(), named);
        }
        Ok(all.into_iter().map(|(_, mark)| BoxMark(mark)).collect())
    }

    /// What was handed over and is not known to have been opened, sealed once more: it keeps its id,
    /// so that whoever has it already passes over it.
    fn seal_again(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
    ) -> Result<Vec<SealedBox>, EngineError> {
        let mut again: Vec<(Content, Vec<u64>)> = Vec::new();
        for (_, bytes) in self.kept(id)? {
            // Not names, key packages and Welcomes: an old one would take a newer one's place.
            let content = Content::decode(&bytes);
            let content =
                content.filter(|its| [KIND_EDIT, KIND_REACTION, KIND_DELETE].contains(&its.kind));
            again.extend(content.map(|content| (content, Vec::new())));
        }
        for (_, orders) in self.sent(id)? {
            for order in orders {
                let key = in_conversation(id, order);
                let Some(message) = read::<MessageRow>(self.desk, MESSAGES, &key)? else {
                    continue;
                };
                if message.delivery != Some(DeliveryRow::Handed) {
                    continue;
                }
                if let Some(content) = self.content_of(id, &message)? {
                    again.push((content, vec![order]));
                }
            }
        }
        let mut out = Vec::new();
        for (mut content, orders) in again.into_iter().take(AGAIN_MAX) {
            content.read = Some(self.receipt(row));
            let mut group = self.group(row.group)?;
            let posting = group.seal(&content.encode()).map_err(internal)?;
            self.note_carried(id, posting.boxed(), orders)?;
            out.push(posting.boxed().clone());
        }
        Ok(out)
    }

    fn note_carried(
        &self,
        id: ConversationId,
        boxed: &SealedBox,
        orders: Vec<u64>,
    ) -> Result<(), EngineError> {
        let key = mark_key(id, boxed);
        if self.desk.row(CARRIED, &key)?.is_none() {
            self.desk.put(CARRIED, &key, encode(&CarriedRow { orders, opened: Vec::new() })?);
        }
        Ok(())
    }

    /// Takes in what was carried here.
    pub(crate) fn carry_in(&mut self, brought: &Brought) -> Result<Answer, EngineError> {
        let id = brought.conversation;
        let (log, items) = match &brought.what {
            What::Boxes(log, items) => (*log, items),
            What::Pieces(message, items) => return self.pieces_in(id, *message, items),
            What::Late(unknown) => {
                let (accepted, duplicates, unknown) = (0, 0, *unknown);
                return Ok(Answer::CarriedIn { accepted, duplicates, unknown, behind: false });
            }
        };
        if items.len() > BROUGHT_MAX {
            return Err(EngineError::TooLarge);
        }
        let mut row = self.conversation(id)?;
        let (mut accepted, mut duplicates, mut unknown) = (0_u64, 0_u64, 0_u64);
        let mut behind = false;
        for item in items {
            let open = row.state != State::Over && row.restored.is_none();
            let count = match open && row.log()? == log {
                true => match self.carried(id, &mut row, &item.boxed)? {
                    Fate::New => &mut accepted,
                    Fate::Twice => &mut duplicates,
                    Fate::Unknown => &mut unknown,
                    Fate::Behind => {
                        behind = true;
                        &mut unknown
                    }
                },
                false => &mut unknown,
            };
            *count = count.saturating_add(1);
        }
        self.keep_conversation(id, &row)?;
        Ok(Answer::CarriedIn { accepted, duplicates, unknown, behind })
    }

    fn carried(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        boxed: &SealedBox,
    ) -> Result<Fate, EngineError> {
        let done = [id.0.as_slice(), &short_hash(boxed)].concat();
        if self.desk.row(DONE, &done)?.is_some() {
            return Ok(Fate::Twice);
        }
        let Ok(posting) = row.log_keys()?.hand_in(boxed) else {
            return self.turned(id, row, boxed);
        };
        let mut group = self.group(row.group)?;
        let mark = self.desk.mark();
        let (from, content) = match group.open(boxed) {
            Ok(Opened::Message { from, content }) => (from, content),
            Ok(Opened::Own) => {
                self.desk.undo(mark);
                return Ok(Fate::Twice);
            }
            Err(sogon_seal::SealError::Shelf) => {
                return Err(EngineError::Shelf(crate::ShelfFault));
            }
            Ok(Opened::Commit(_)) | Err(_) => {
                self.desk.undo(mark);
                return Ok(Fate::Unknown);
            }
        };
        let kind = Content::decode(&content).map(|content| content.kind);
        if self.waits_for_log(id, &content)? {
            // It is about something that is not here yet: it is opened where it stands in the log.
            self.desk.undo(mark);
            return Ok(Fate::Unknown);
        }
        self.desk.put(DONE, &done, vec![1]);
        if kind != Some(KIND_RECEIPT) {
            self.desk.put(BY_HAND, &mark_key(id, boxed), 0_u64.to_be_bytes().to_vec());
            self.owe_receipt(row);
        }
        let known = self.is_known(id, &content)?;
        let place = row.cursor;
        self.receive(id, row, from, &content, place)?;
        if row.members.len() > 1 {
            // The others may find it at the relay before its author comes there.
            let relay = row.relay.clone();
            self.post_side(&relay, &posting, true)?;
        }
        Ok(if known { Fate::Twice } else { Fate::New })
    }

    /// Another box had these words already.
    fn is_known(&self, id: ConversationId, bytes: &[u8]) -> Result<bool, EngineError> {
        let content = Content::decode(bytes).unwrap_or_default();
        let also = content.also.unwrap_or_default();
        let mut ids = also.iter().map(|words| words.id).chain(content.id).peekable();
        if ids.peek().is_none() {
            return Ok(false);
        }
        for message in ids {
            if !self.was_here(id, message)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A change of a message that is not here, or a call: a card is no place for it.
    fn waits_for_log(&self, id: ConversationId, bytes: &[u8]) -> Result<bool, EngineError> {
        let Some(content) = Content::decode(bytes) else { return Ok(false) };
        match content.kind {
            KIND_CALL => Ok(true),
            KIND_EDIT | KIND_REACTION => {
                let Some(message) = content.reply_to else { return Ok(false) };
                Ok(!self.was_here(id, message)?)
            }
            _ => Ok(false),
        }
    }

    /// A box that came by hand was seen at its place: receipts say so with the place.
    pub(crate) fn forget_by_hand(&self, id: ConversationId, boxed: &SealedBox) {
        self.desk.delete(BY_HAND, &mark_key(id, boxed));
    }

    /// A member opened a box of this home that was carried to them.
    pub(crate) fn opened_by_hand(
        &mut self,
        id: ConversationId,
        row: &ConversationRow,
        from: [u8; 32],
        mark: BoxMark,
    ) -> Result<(), EngineError> {
        let key = [id.0, mark.0].concat();
        let Some(mut carried) = read::<CarriedRow>(self.desk, CARRIED, &key)? else {
            return Ok(());
        };
        if !carried.opened.iter().any(|its| its.0 == from) {
            carried.opened.push(BytesRow(from.to_vec()));
        }
        let opened: BTreeSet<&[u8]> = carried.opened.iter().map(|its| its.0.as_slice()).collect();
        if !row.members.iter().all(|member| opened.contains(member.identity.as_slice())) {
            self.desk.put(CARRIED, &key, encode(&carried)?);
            return Ok(());
        }
        self.desk.delete(CARRIED, &key);
        for order in &carried.orders {
            self.delivered(id, *order)?;
        }
        self.take_out_carried(id, mark)
    }

    /// Everybody has it: it need not go to the relay any more.
    fn take_out_carried(&mut self, id: ConversationId, mark: BoxMark) -> Result<(), EngineError> {
        let waiting = self.outbox(id)?;
        let is_it = |its: &OutRow| its.posting.is_some() && its.hash.starts_with(&mark.0);
        for (number, _) in waiting.iter().filter(|(_, its)| is_it(its)) {
            let riders = waiting.iter().filter(|(_, its)| its.rides == Some(*number));
            for (rider, _) in riders {
                self.desk.delete(OUTBOX, &in_conversation(id, *rider));
            }
            self.desk.delete(OUTBOX, &in_conversation(id, *number));
        }
        Ok(())
    }
}

/// What became of a box that was carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is read.
    New,
    /// It was here, or is one's own.
    Twice,
    /// It does not open.
    Unknown,
    /// It says that the keys of a group turned.
    Behind,
}

/// `conversation | start of a box's hash`.
fn mark_key(id: ConversationId, boxed: &SealedBox) -> Vec<u8> {
    let hash = short_hash(boxed);
    let start = number_of(hash.first_chunk::<8>().unwrap_or(&[0; 8]));
    in_conversation(id, start)
}
