//! Pieces of files that are carried by hand (SPEC 13.5).
//!
//! They are the boxes their relay would get, signed as for it: so nobody but a file's sender can put a
//! piece on a card, and it does not matter by which way a piece came. Which pieces go onto the next
//! card is noted when the last one is whole, so that a death costs a card and no piece.

use sogon_seal::{
    CarryKey, PIECE_OVERHEAD_BYTES, Piece, Posting,
    shelf::{Order, Shelf},
};
use sogon_wire::{
    Append, FREIGHT_HEAD_BYTES, FREIGHT_ITEM_BYTES, Freight, bundle::ParcelName, step_for,
};

use super::{Work, fetch::SPARE_BYTES, internal, outbox::Haste};
use crate::{
    Answer, ConversationId, EngineError, Form, MessageId, Portion,
    content::{Content, FILES_BY_HAND_MAX, FileMark, KIND_RECEIPT, MISSING_MAX, Offer, Read},
    file_rows::{
        FILES, FileRow, HASHES, MOVING, OtherRow, PIECES, SWEEP, StageRow, file_key, file_of,
        moving_key, piece_key,
    },
    message_row::DeliveryRow,
    rows::{ALL, ConversationRow, State, encode, read_all},
    spread,
};

/// The most bytes of pieces that are spread together: what a reader holds in memory.
const FREIGHT_BYTES_MAX: usize = 524_288;
/// How often the sender of a file is told how much of it came by hand.
const TOLD_MAX: u32 = 3;

/// Symbols for pieces among others: of any third that is lost, chance takes more from one parcel than
/// from another.
fn enough(bytes: usize, symbol_bytes: usize) -> u32 {
    let source = u32::try_from(bytes.div_ceil(symbol_bytes.max(1))).unwrap_or(u32::MAX);
    let more = source.saturating_mul(13).div_ceil(20);
    source.saturating_add(more).saturating_add(24)
}

impl Offer {
    /// How many bytes a piece has on a card.
    fn item_bytes(&self, index: u32) -> usize {
        let length = usize::try_from(self.length(index)).unwrap_or(usize::MAX);
        let boxed = step_for(length.saturating_add(PIECE_OVERHEAD_BYTES)).unwrap_or(usize::MAX);
        boxed.saturating_add(FREIGHT_ITEM_BYTES)
    }
}

impl Work<'_> {
    /// Which pieces go along, as far as there is room behind what is taken: small files first, and of
    /// each those that no card had yet.
    pub(crate) fn plan_files(
        &self,
        to: &[ConversationId],
        form: Form,
        room: u32,
        taken: u32,
    ) -> Result<Vec<Portion>, EngineError> {
        let mut files = Vec::new();
        for (key, row) in read_all::<FileRow>(self.desk, FILES, b"")? {
            let Some((id, message)) = file_of(&key) else { continue };
            if !(to.is_empty() || to.contains(&id)) || !self.is_carried(id, message, &row)? {
                continue;
            }
            let members = self.conversation(id)?.members;
            let count = row.offer.count();
            let from = row.next.unwrap_or(row.first);
            let from = if from < count { from } else { 0 };
            let wanted: Vec<u32> = (from..count)
                .chain(0..from)
                .filter(|index| members.iter().any(|its| row.is_wanted(&its.identity, *index)))
                .collect();
            if !wanted.is_empty() {
                files.push((
                    row.offer.piece().saturating_mul(wanted.len() as u64),
                    id,
                    message,
                    row,
                    wanted,
                ));
            }
        }
        files.sort_by_key(|(bytes, _, _, row, _)| (*bytes, row.order));
        let mut left = room.saturating_sub(taken);
        let mut portions = Vec::new();
        for (_, conversation, message, row, wanted) in files {
            let mut pieces = Vec::new();
            let mut bytes = FREIGHT_HEAD_BYTES;
            let mut wanted = wanted.into_iter().peekable();
            while let Some(index) = wanted.peek().copied() {
                let with = bytes.saturating_add(row.offer.item_bytes(index));
                let fits = with <= FREIGHT_BYTES_MAX && enough(with, form.symbol_bytes()) <= left;
                if fits {
                    wanted.next();
                    pieces.push(index);
                    bytes = with;
                }
                if fits && wanted.peek().is_some() {
                    continue;
                }
                if pieces.is_empty() {
                    break;
                }
                let blocks = enough(bytes, form.symbol_bytes());
                left = left.saturating_sub(blocks);
                let pieces = std::mem::take(&mut pieces);
                portions.push(Portion { conversation, message, form, pieces, blocks });
                bytes = FREIGHT_HEAD_BYTES;
            }
        }
        Ok(portions)
    }

    /// Somebody may need its bytes by hand: not all of it is at the relay, or it is not known that
    /// they read of it.
    fn is_carried(
        &self,
        id: ConversationId,
        message: MessageId,
        row: &FileRow,
    ) -> Result<bool, EngineError> {
        let conversation = self.conversation(id)?;
        let open = conversation.state == State::Open && conversation.restored.is_none();
        let known = self.message(id, message)?.is_some_and(|(_, its)| {
            its.delivery == Some(DeliveryRow::Delivered) && row.others.is_none()
        });
        let stage = match row.stage {
            StageRow::Sending | StageRow::Full => true,
            StageRow::Sent => !known,
            _ => false,
        };
        let sweeps = self.desk.row(SWEEP, &file_key(id, message))?.is_some();
        Ok(row.is_own() && row.held && open && stage && !sweeps)
    }

    /// Seals a portion: nothing is changed, and the same pieces are the same boxes each time.
    pub(crate) fn carry_pieces(&self, portion: &Portion) -> Result<Answer, EngineError> {
        let (id, message) = (portion.conversation, portion.message);
        let row = self.file(id, message)?.filter(FileRow::is_own).ok_or(EngineError::Unknown)?;
        let keys = row.keys()?;
        let mut freight: Option<Freight> = None;
        for index in &portion.pieces {
            let piece = self.desk.row(PIECES, &piece_key(id, message, *index))?;
            let piece = piece.ok_or(EngineError::Unknown)?;
            let append = keys.seal(*index, &piece).map_err(internal)?.append().clone();
            let all = freight.get_or_insert(Freight { key: append.key, items: Vec::new() });
            all.items.push((append.signature, append.boxed));
        }
        let bytes = freight.ok_or(EngineError::Unknown)?.encode();
        let name = ParcelName::of(&bytes, portion.form.symbol_bytes())
            .map_err(|_| EngineError::TooLarge)?;
        let key = CarryKey::of(&row.offer.key).map_err(internal)?;
        let symbols = spread::spread(&bytes, name, portion.blocks)?;
        let sealed = symbols.iter().map(|its| key.seal(self.entropy(), &its.encode()));
        let blocks = sealed.collect::<Result<_, _>>().map_err(internal)?;
        Ok(Answer::Pieces { blocks })
    }

    /// A card with these is whole.
    pub(crate) fn carried_off(&mut self, portions: &[Portion]) -> Result<(), EngineError> {
        for portion in portions {
            let (id, message) = (portion.conversation, portion.message);
            let Some(mut row) = self.file(id, message)?.filter(FileRow::is_own) else { continue };
            let Some(last) = portion.pieces.last() else { continue };
            row.next = Some(last.saturating_add(1));
            self.keep_file(id, message, &row)?;
        }
        Ok(())
    }

    /// Takes in pieces that were carried here. They are kept whether or not the owner decided about
    /// the file: nothing is shown or saved of it before that, and then it costs nothing.
    pub(crate) fn pieces_in(
        &mut self,
        id: ConversationId,
        message: MessageId,
        items: &[Append],
    ) -> Result<Answer, EngineError> {
        let (mut accepted, mut duplicates, mut unknown) = (0_u64, 0_u64, 0_u64);
        let mut row = self.file(id, message)?.ok_or(EngineError::Unknown)?;
        let sweeps = self.desk.row(SWEEP, &file_key(id, message))?.is_some();
        let shut = matches!(row.stage, StageRow::Refused | StageRow::Broken);
        if row.is_own() || shut || sweeps {
            let unknown = items.len() as u64;
            return Ok(Answer::CarriedIn { accepted, duplicates, unknown, behind: false });
        }
        let count = row.offer.count();
        let whole = row.done >= count;
        let room = self.memory.room.map(|room| room.saturating_sub(SPARE_BYTES));
        let left = u64::from(count.saturating_sub(row.done)).saturating_mul(row.offer.piece());
        if !whole && room.is_some_and(|room| left.min(row.offer.bytes) > room) {
            row.stage = StageRow::NoRoom;
            self.end_move(id, message, &row)?;
            let unknown = items.len() as u64;
            return Ok(Answer::CarriedIn { accepted, duplicates, unknown, behind: false });
        }
        for append in items {
            let piece = (append.key.log() == row.log())
                .then(|| Piece::open(&row.offer.key, &append.boxed).ok())
                .flatten();
            let known = match &piece {
                Some(piece) => {
                    let key = piece_key(id, message, piece.index);
                    self.desk.row(HASHES, &key)?.is_some()
                }
                None => false,
            };
            let before = row.done;
            // Who has the piece key is anybody who was offered the file: only its sender can sign.
            if let Some(piece) = piece.filter(|_| !known && Posting::signed(append.clone()).is_ok())
            {
                self.keep_piece(id, message, &mut row, piece)?;
            }
            let count = match (known, row.done > before) {
                (true, _) => &mut duplicates,
                (false, true) => &mut accepted,
                (false, false) => &mut unknown,
            };
            *count = count.saturating_add(1);
        }
        let answer = Answer::CarriedIn { accepted, duplicates, unknown, behind: false };
        if accepted == 0 {
            return Ok(answer);
        }
        row.by_hand = Some(0);
        if row.done < count {
            self.keep_file(id, message, &row)?;
            return Ok(answer);
        }
        match row.stage {
            StageRow::Fetching | StageRow::Missing | StageRow::NoRoom => {
                let relay = row.relay()?;
                self.complete(&relay, id, message, row)?;
            }
            _ => {
                self.keep_file(id, message, &row)?;
                self.tell_whole(id, message)?;
            }
        }
        Ok(answer)
    }

    /// Its sender is told that all of a file is here: they need not send any more of it.
    pub(crate) fn tell_whole(
        &mut self,
        id: ConversationId,
        message: MessageId,
    ) -> Result<(), EngineError> {
        if self.conversation(id)?.state != State::Open {
            return Ok(());
        }
        let mut content = Content::of(KIND_RECEIPT);
        let files = Some(vec![FileMark { file: message, missing: Vec::new() }]);
        content.read = Some(Read { files, ..Read::default() });
        self.queue(id, &content, None, Haste::Now)
    }

    /// What a receipt on a card says of files: of those it was told least often.
    pub(crate) fn file_marks(&self, id: ConversationId) -> Result<Vec<FileMark>, EngineError> {
        let mut all = Vec::new();
        for (key, value) in self.desk.scan(FILES, &id.0, None, ALL, Order::Up)? {
            let row: FileRow = crate::rows::decode(&value)?;
            let told = row.by_hand.filter(|told| *told < TOLD_MAX && !row.is_own());
            if let (Some(told), Some((_, message))) = (told, file_of(&key)) {
                all.push((told, row.order, message, row));
            }
        }
        all.sort_by_key(|(told, order, ..)| (*told, *order));
        all.truncate(FILES_BY_HAND_MAX);
        let mut marks = Vec::new();
        for (told, _, message, row) in all {
            marks.push(FileMark { file: message, missing: self.missing(id, message, &row)? });
            let row = FileRow { by_hand: Some(told.saturating_add(1)), ..row };
            self.desk.put(FILES, &file_key(id, message), encode(&row)?);
        }
        Ok(marks)
    }

    /// First and last of the pieces that are missing; where there are too many such ranges, the last
    /// one goes to the end.
    fn missing(
        &self,
        id: ConversationId,
        message: MessageId,
        row: &FileRow,
    ) -> Result<Vec<(u32, u32)>, EngineError> {
        let mut missing: Vec<(u32, u32)> = Vec::new();
        let count = row.offer.count();
        if row.done >= count {
            return Ok(missing);
        }
        for index in 0..count {
            if self.desk.row(HASHES, &piece_key(id, message, index))?.is_some() {
                continue;
            }
            let full = missing.len() >= MISSING_MAX;
            match missing.last_mut() {
                Some((_, last)) if last.saturating_add(1) == index => *last = index,
                Some((_, last)) if full => {
                    *last = count.saturating_sub(1);
                    break;
                }
                _ => missing.push((index, index)),
            }
        }
        Ok(missing)
    }

    /// Somebody says how much of a file of one's own they have.
    pub(crate) fn file_by_hand(
        &mut self,
        id: ConversationId,
        conversation: &ConversationRow,
        from: [u8; 32],
        mark: FileMark,
    ) -> Result<(), EngineError> {
        let message = mark.file;
        let Some(mut row) = self.file(id, message)?.filter(FileRow::is_own) else { return Ok(()) };
        let others = row.others.get_or_insert_default();
        others.retain(|its| conversation.members.iter().any(|m| m.identity == its.identity));
        match others.iter_mut().find(|its| its.identity == from) {
            // Who has all of it does not have less because an older word comes later.
            Some(its) if its.missing.is_empty() => return Ok(()),
            Some(its) => its.missing = mark.missing,
            None => others.push(OtherRow { identity: from, missing: mark.missing }),
        }
        let has = |identity: &[u8; 32]| {
            let others = row.others.as_deref().unwrap_or_default();
            others.iter().any(|its| its.identity == *identity && its.missing.is_empty())
        };
        let whole = conversation.members.iter().all(|member| has(&member.identity));
        let leaving = matches!(row.stage, StageRow::Sending | StageRow::Full | StageRow::Paused);
        if whole && leaving {
            self.desk.delete(MOVING, &moving_key(row.order, id, message));
            return self.left_home(id, message, row);
        }
        self.keep_file(id, message, &row)
    }
}
