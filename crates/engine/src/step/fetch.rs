//! Files on their way in: pages of the file's log, each piece checked and kept as it comes.
//!
//! Places in the log mean nothing: a piece says itself where it belongs. So pages may come in any
//! order, twice or not at all, and after a cut the reading goes on at the first place not yet read.

use sogon_seal::{
    Piece,
    shelf::{Order, Shelf},
};
use sogon_wire::{RelayAddr, STEPS, Seq};

use super::{Work, page::Page};
use crate::{
    Ask, ConversationId, EngineError, MessageId,
    content::PIECES_MAX,
    engine::Mode,
    file_hash::{FileHash, piece_hash},
    file_rows::{FILES, FileRow, HASHES, PIECES, StageRow, file_key, piece_key},
    links::{Asked, Question},
    message_row::KindRow,
    rows::encode,
    view::AlertKind,
};

/// Pages of one file asked for at the same time: some come while the next are asked for.
const PAGES_MAX: usize = 4;
/// Ranges of places read out of order that are remembered; more are read again.
const AHEAD_MAX: usize = 16;
/// So many places a piece may stand before or behind its own, because others overtook it.
const OVERTAKE_MAX: u32 = 8;
/// Room that is left for everything else in the store.
pub(crate) const SPARE_BYTES: u64 = 131_072;

impl Work<'_> {
    /// Asks for what is next of a file.
    pub(crate) fn flow_fetch(
        &mut self,
        relay: &RelayAddr,
        id: ConversationId,
        message: MessageId,
        mut row: FileRow,
    ) -> Result<(), EngineError> {
        let left = u64::from(row.offer.count().saturating_sub(row.done));
        let needed = left.saturating_mul(row.offer.piece()).min(row.offer.bytes);
        let room = self.memory.room.map(|room| room.saturating_sub(SPARE_BYTES));
        if row.offer.bytes > 0 && room.is_some_and(|room| needed > room) {
            row.stage = StageRow::NoRoom;
            return self.end_move(id, message, &row);
        }
        let log = row.log();
        let tail = self.memory.tails.contains(&(id, message));
        let link = self.memory.links.entry(relay.clone()).or_default();
        if tail {
            // All there is has been read: more comes when its sender goes on.
            let watches = link.watches_file(id, message) || !link.has_room_for_watches(true);
            if self.memory.mode == Mode::Live && !watches {
                let (after, places) = (row.cursor, 0);
                let question = Question::Fetch { conversation: id, message, after, places };
                self.ask(relay, question, Ask::Watch { log, after: row.cursor });
            }
            return Ok(());
        }
        let step = STEPS.get(usize::from(row.offer.step)).copied().unwrap_or(usize::MAX);
        let step = u32::try_from(step).map_err(|_| EngineError::Bug)?;
        let bytes_max = link.page_bytes().max(step);
        let places = u64::from(bytes_max.checked_div(step).unwrap_or(1));
        loop {
            let link = self.memory.links.entry(relay.clone()).or_default();
            let open = link.pages_of(id, message);
            let asked = open.iter().max().copied();
            let after = self.pass_over(id, message, &mut row, asked)?;
            let link = self.memory.links.entry(relay.clone()).or_default();
            let full = after >= u64::from(row.offer.count()) || row.ahead.len() >= AHEAD_MAX;
            let beyond = !open.is_empty() && full;
            if open.len() >= PAGES_MAX || beyond || !link.has_room_for_files() {
                return Ok(());
            }
            let question = Question::Fetch { conversation: id, message, after, places };
            if !self.ask(relay, question, Ask::Fetch { log, after, bytes_max }) {
                return Ok(());
            }
        }
    }

    /// A page of a file's log.
    pub(crate) fn fetched(
        &mut self,
        relay: &RelayAddr,
        (id, message): (ConversationId, MessageId),
        asked: &Asked,
        page: &Page,
    ) -> Result<(), EngineError> {
        let Some(mut row) = self.file(id, message)? else { return Ok(()) };
        if row.is_own() || row.stage != StageRow::Fetching || row.log() != page.log {
            return Ok(());
        }
        let Question::Fetch { after, .. } = asked.question else { return Ok(()) };
        for (_, boxed) in page.after(0) {
            if let Ok(piece) = Piece::open(&row.offer.key, &boxed) {
                self.keep_piece(id, message, &mut row, piece)?;
            }
        }
        if !asked.watch && page.from > after.saturating_add(1) && !page.boxes.is_empty() {
            row.lost = true;
            note(&mut row, (after.saturating_add(1), page.from.saturating_sub(1)));
        }
        if !page.boxes.is_empty() {
            let last = page.from.saturating_add(page.boxes.len() as u64).saturating_sub(1);
            note(&mut row, (page.from, last));
        }
        if row.done >= row.offer.count() {
            return self.complete(relay, id, message, row);
        }
        // What was acknowledged to the sender and is gone may be laid again at other places.
        row.cursor = row.cursor.min(page.head);
        if row.cursor >= page.head
            && page.head >= u64::from(row.offer.count())
            && go_back(&mut row, page.head)
        {
            return self.keep_file(id, message, &row);
        }
        if row.cursor >= page.head {
            self.memory.tails.insert((id, message));
            if row.lost {
                row.stage = StageRow::Missing;
                return self.end_move(id, message, &row);
            }
        }
        self.keep_file(id, message, &row)
    }

    /// Behind which place to ask next; what came by hand is passed over. A sender lays pieces in
    /// their order, but for a few that overtake each other.
    fn pass_over(
        &mut self,
        id: ConversationId,
        message: MessageId,
        row: &mut FileRow,
        asked: Option<Seq>,
    ) -> Result<Seq, EngineError> {
        let after = next_after(row, asked);
        let passed = row.passed.as_ref().map_or(0, Vec::len);
        if row.by_hand.is_none() || row.shifted.is_some() || passed >= AHEAD_MAX {
            return Ok(after);
        }
        let count = row.offer.count();
        let first = u32::try_from(after).unwrap_or(u32::MAX);
        let mut end = first;
        while end < count && self.desk.row(HASHES, &piece_key(id, message, end))?.is_some() {
            end = end.saturating_add(1);
        }
        let till = if end < count { end.saturating_sub(OVERTAKE_MAX) } else { end };
        if till <= first || row.ahead.len() >= AHEAD_MAX {
            return Ok(after);
        }
        let range = (after.saturating_add(1), u64::from(till));
        row.passed.get_or_insert_default().push(range);
        note(row, range);
        self.desk.put(FILES, &file_key(id, message), encode(row)?);
        Ok(next_after(row, asked).max(u64::from(till)))
    }

    pub(crate) fn keep_piece(
        &mut self,
        id: ConversationId,
        message: MessageId,
        row: &mut FileRow,
        piece: Piece,
    ) -> Result<(), EngineError> {
        let key = piece_key(id, message, piece.index);
        let fits = piece.index < row.offer.count()
            && u64::try_from(piece.bytes.len()) == Ok(row.offer.length(piece.index));
        if fits && self.desk.row(HASHES, &key)?.is_none() {
            self.desk.put(HASHES, &key, piece_hash(&piece.bytes).to_vec());
            self.desk.put(PIECES, &key, piece.bytes);
            row.done = row.done.saturating_add(1);
            row.held = true;
        }
        Ok(())
    }

    /// Every piece is here: they are what was offered, or they go.
    pub(crate) fn complete(
        &mut self,
        relay: &RelayAddr,
        id: ConversationId,
        message: MessageId,
        mut row: FileRow,
    ) -> Result<(), EngineError> {
        let most = usize::try_from(PIECES_MAX).unwrap_or(usize::MAX);
        let prefix = file_key(id, message);
        let mut hash = FileHash::new();
        for (_, piece) in self.desk.scan(HASHES, &prefix, None, most, Order::Up)? {
            hash.add_hash(&piece);
        }
        row.ahead.clear();
        row.stage = StageRow::Here;
        if hash.finish() != row.offer.hash {
            (row.stage, row.done, row.held, row.cursor) = (StageRow::Broken, 0, false, 0);
            self.sweep_pieces(&prefix, row.offer.count());
            self.alert_about(id, message, AlertKind::FileBroken)?;
        } else if row.by_hand.is_some() {
            self.tell_whole(id, message)?;
        }
        self.stop_asking(relay, id, message, &row);
        self.end_move(id, message, &row)
    }

    /// No more of a watched log.
    pub(crate) fn stop_asking(
        &mut self,
        relay: &RelayAddr,
        id: ConversationId,
        message: MessageId,
        row: &FileRow,
    ) {
        self.memory.tails.remove(&(id, message));
        let link = self.memory.links.entry(relay.clone()).or_default();
        if link.watches_file(id, message) {
            let tag = link.forget_file(id, message);
            let log = row.log();
            self.transmit.push(crate::Transmit {
                relay: relay.clone(),
                tag,
                ask: Ask::Unwatch { log },
            });
        }
    }

    /// An entry in the owner's log about a file: who sent it, and what it is called.
    pub(crate) fn alert_about(
        &mut self,
        id: ConversationId,
        message: MessageId,
        kind: AlertKind,
    ) -> Result<(), EngineError> {
        let known = self.message(id, message)?.map(|(_, row)| row);
        let Some(row) = known.filter(|row| row.kind == KindRow::File) else { return Ok(()) };
        let who = match row.from {
            Some(identity) => crate::view_rows::name_of(self.desk, id, &identity)?,
            None => String::new(),
        };
        self.alert(kind, format!("{who}: {}", row.text))
    }
}

/// Behind which place to ask next: behind the last one that is asked for, and behind those after it
/// that came already. To ask for these again would keep the way busy and bring nothing.
fn next_after(row: &FileRow, asked: Option<Seq>) -> Seq {
    let Some(asked) = asked else { return row.cursor };
    // They are in order.
    row.ahead.iter().fold(asked.max(row.cursor), |after, (first, last)| {
        if *first <= after.saturating_add(1) { after.max(*last) } else { after }
    })
}

/// All of the log was read and pieces are missing: what was passed over is read after all. False when
/// nothing was.
fn go_back(row: &mut FileRow, head: Seq) -> bool {
    let mut passed = row.passed.take().unwrap_or_default();
    passed.sort_unstable();
    let Some((first, _)) = passed.first() else { return false };
    row.cursor = first.saturating_sub(1);
    row.shifted = Some(true);
    row.ahead.clear();
    let mut read_from = None;
    for (first, last) in passed {
        if let Some(from) = read_from
            && first > from
        {
            row.ahead.push((from, first.saturating_sub(1)));
        }
        read_from = read_from.max(Some(last.saturating_add(1)));
    }
    row.ahead.extend(read_from.filter(|from| *from <= head).map(|from| (from, head)));
    true
}

/// Places were read, from the first to the last.
fn note(row: &mut FileRow, range: (Seq, Seq)) {
    if row.ahead.len() < AHEAD_MAX {
        row.ahead.push(range);
    }
    row.ahead.sort_unstable();
    row.ahead.dedup_by(|(first, last), (_, before)| {
        let joins = *first <= before.saturating_add(1);
        if joins {
            *before = (*before).max(*last);
        }
        joins
    });
    let mut cursor = row.cursor;
    row.ahead.retain(|(first, last)| {
        let joins = *first <= cursor.saturating_add(1);
        if joins {
            cursor = cursor.max(*last);
        }
        !joins
    });
    row.cursor = cursor;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{content::Offer, step::offer::begun};

    fn row() -> FileRow {
        let offer = Offer {
            log: [0; 16],
            key: [0; 32],
            bytes: 1,
            step: 6,
            hash: [0; 32],
            name: None,
            media: None,
            voice_ms: None,
            rules: None,
            at: None,
        };
        begun(offer, String::new(), 0, StageRow::Fetching)
    }

    #[test]
    fn what_came_early_is_not_asked_for_again() {
        let mut row = row();
        assert_eq!((next_after(&row, None), next_after(&row, Some(1))), (0, 1));
        // The second page came, the first did not.
        note(&mut row, (2, 4));
        assert_eq!((next_after(&row, None), next_after(&row, Some(1))), (0, 4));
        note(&mut row, (8, 9));
        assert_eq!(row.ahead, [(2, 4), (8, 9)]);
        assert_eq!((next_after(&row, Some(1)), next_after(&row, Some(7))), (4, 9));
        note(&mut row, (5, 7));
        assert_eq!(next_after(&row, Some(1)), 9);
        note(&mut row, (1, 1));
        assert_eq!((next_after(&row, None), next_after(&row, Some(1))), (9, 9));
    }

    #[test]
    fn pages_in_any_order_move_the_cursor_over_all_of_them_and_no_further() {
        let mut row = row();
        for (range, cursor) in
            [((4, 6), 0), ((9, 9), 0), ((1, 3), 6), ((2, 5), 6), ((7, 8), 9), ((1, 1), 9)]
        {
            note(&mut row, range);
            assert_eq!(row.cursor, cursor, "{range:?}");
        }
        assert!(row.ahead.is_empty());
        for place in 0..100 {
            note(&mut row, (20 + 2 * place, 20 + 2 * place));
        }
        assert!(row.ahead.len() <= AHEAD_MAX && row.cursor == 9);
    }
}
