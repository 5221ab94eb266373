//! Carrying by hand: what waits leaves on a card, and what a card brings is taken in (SPEC 13).
//!
//! A box that came by hand has no place in its log. It is opened at once, is noted as dealt with, and
//! is passed over when a relay brings it; the receipts of this home name it until then, so that its
//! author knows. The log alone advances epochs: nothing carried does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sogon_seal::{
    CarryKey, Opened,
    shelf::{Order, Shelf},
};
use sogon_wire::{
    SealedBox,
    bundle::{BLOCK_BYTES, CARD_BYTES_MAX, Carried, FRAME_BYTES, Parcel, ParcelName, SYMBOL_BYTES},
};

use super::{Work, internal, outbox::Haste, short_hash};
use crate::{
    Answer, Brought, ConversationId, EngineError, Form,
    carry::BROUGHT_MAX,
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
/// The most frames that are shown one after the other: some minutes.
const FRAMES_MAX: u32 = 4_096;

/// One parcel to be spread: who it is for, and its bytes.
struct Load {
    key: CarryKey,
    bytes: Vec<u8>,
    name: ParcelName,
}

impl Work<'_> {
    /// Seals what is to be carried.
    pub(crate) fn carry_out(
        &mut self,
        to: &[ConversationId],
        form: Form,
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
            if out.is_empty() {
                continue;
            }
            match form {
                Form::Words => words.extend(out),
                Form::Card | Form::Frames => {
                    let items = out.into_iter().map(|boxed| Carried { seq: 0, boxed }).collect();
                    let bytes = Parcel { items }.encode();
                    let [of_block, of_frame] = SYMBOL_BYTES;
                    let size = if form == Form::Card { of_block } else { of_frame };
                    let name = ParcelName::of(&bytes, size).map_err(|_| EngineError::TooLarge)?;
                    let key = row.log_keys()?.carry().map_err(internal)?;
                    loads.push(Load { key, bytes, name });
                }
            }
        }
        let blocks = match form {
            Form::Words => words,
            Form::Card => self.blocks(&loads, CARD_BLOCKS_MIN, BLOCK_BYTES)?,
            Form::Frames => self.blocks(&loads, 1, FRAME_BYTES)?,
        };
        Ok(Answer::CarriedOut { blocks, boxes })
    }

    /// The symbols of all parcels, sealed, in an order of chance. Of those of a card there are a power
    /// of two, so that its size says little, and half as many more as are needed.
    fn blocks(
        &self,
        loads: &[Load],
        least: u32,
        block_bytes: usize,
    ) -> Result<Vec<SealedBox>, EngineError> {
        if loads.is_empty() {
            return Ok(Vec::new());
        }
        let enough = |load: &Load| {
            let source = load.name.symbols();
            source.saturating_add(source.div_ceil(2)).saturating_add(SPARE_SYMBOLS)
        };
        let needed = loads.iter().fold(0_u32, |sum, load| sum.saturating_add(enough(load)));
        let card = least > 1;
        let total = if card { needed.max(least).checked_next_power_of_two() } else { Some(needed) };
        let total = total.ok_or(EngineError::TooLarge)?;
        let bytes = u64::from(total).saturating_mul(block_bytes as u64);
        if bytes > CARD_BYTES_MAX || (!card && total > FRAMES_MAX) {
            return Err(EngineError::TooLarge);
        }
        let mut sealed: BTreeMap<[u8; 16], SealedBox> = BTreeMap::new();
        let mut left = total;
        let mut others = needed;
        for load in loads {
            // Each has its share of the room that is left, and the last one all of it.
            let own = u64::from(left).saturating_mul(u64::from(enough(load)));
            let own = own.checked_div(u64::from(others)).unwrap_or_default();
            let own = u32::try_from(own).map_err(|_| EngineError::Bug)?;
            for symbol in spread::spread(&load.bytes, load.name, own)? {
                let block = load.key.seal(self.entropy(), &symbol.encode()).map_err(internal)?;
                sealed.insert(self.random(), block);
            }
            left = left.saturating_sub(own);
            others = others.saturating_sub(enough(load));
        }
        Ok(sealed.into_values().collect())
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
        if marks.is_empty() && !row.owes_receipt {
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
        if brought.items.len() > BROUGHT_MAX {
            return Err(EngineError::TooLarge);
        }
        let mut row = self.conversation(id)?;
        let (mut accepted, mut duplicates, mut unknown) = (0_u64, 0_u64, 0_u64);
        for item in &brought.items {
            let open = row.state != State::Over && row.restored.is_none();
            let count = match open && row.log()? == brought.log {
                true => match self.carried(id, &mut row, &item.boxed)? {
                    Fate::New => &mut accepted,
                    Fate::Twice => &mut duplicates,
                    Fate::Unknown => &mut unknown,
                },
                false => &mut unknown,
            };
            *count = count.saturating_add(1);
        }
        self.keep_conversation(id, &row)?;
        Ok(Answer::CarriedIn { accepted, duplicates, unknown })
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
        let Ok(posting) = row.log_keys()?.hand_in(boxed) else { return Ok(Fate::Unknown) };
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
enum Fate {
    /// It is read.
    New,
    /// It was here, or is one's own.
    Twice,
    /// It does not open.
    Unknown,
}

/// `conversation | start of a box's hash`.
fn mark_key(id: ConversationId, boxed: &SealedBox) -> Vec<u8> {
    let hash = short_hash(boxed);
    let start = number_of(hash.first_chunk::<8>().unwrap_or(&[0; 8]));
    in_conversation(id, start)
}
