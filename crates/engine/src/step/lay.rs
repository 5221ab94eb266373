//! Files on their way out: pieces laid into the file's log, a few at a time, when no words wait.
//!
//! A piece is the same box whenever it is sealed, so nothing of it is stored before it leaves, and
//! one that was sent and not acknowledged is simply sent again.

use sogon_seal::shelf::{Order, Shelf};
use sogon_wire::RelayAddr;

use super::{Work, internal};
use crate::{
    Ask, ConversationId, EngineError, Event, MessageId, Tick,
    engine::Mode,
    file_rows::{
        FILES, FileRow, MOVING, PIECES, SWEEP, StageRow, file_key, file_of, moving_key, piece_key,
    },
    links::Question,
    rows::{encode, read},
};

/// Files looked at in one step: those offered first.
const MOVING_MAX: usize = 32;
/// What was sent stays in this home up to this size; above it, it makes room.
const KEPT_BYTES_MAX: u64 = 1_048_576;

impl Work<'_> {
    /// Files are to be carried now.
    fn hauls(&self) -> bool {
        self.memory.mode == Mode::Live || (self.memory.mode != Mode::Idle && self.memory.hauls)
    }

    /// Lets files go on, as far as nothing else is to be said to their relays.
    pub(crate) fn flow_files(&mut self) -> Result<(), EngineError> {
        if !self.hauls() {
            return Ok(());
        }
        for (key, _) in self.desk.scan(MOVING, b"", None, MOVING_MAX, Order::Up)? {
            let Some((id, message)) = file_of(&key) else { continue };
            let Some(row) = self.file(id, message)? else {
                self.desk.delete(MOVING, &key);
                continue;
            };
            if self.desk.row(SWEEP, &file_key(id, message))?.is_some() {
                // What is to go from before must not take with it what comes now.
                continue;
            }
            let relay = row.relay()?;
            let link = self.memory.links.entry(relay.clone()).or_default();
            if !link.is_quiet() {
                continue;
            }
            match row.stage {
                StageRow::Sending => self.lay(&relay, id, message, row)?,
                StageRow::Fetching => self.flow_fetch(&relay, id, message, row)?,
                _ => self.desk.delete(MOVING, &key),
            }
        }
        Ok(())
    }

    pub(crate) fn file(
        &self,
        id: ConversationId,
        message: MessageId,
    ) -> Result<Option<FileRow>, EngineError> {
        read::<FileRow>(self.desk, FILES, &file_key(id, message))
    }

    pub(crate) fn keep_file(
        &mut self,
        id: ConversationId,
        message: MessageId,
        row: &FileRow,
    ) -> Result<(), EngineError> {
        self.desk.put(FILES, &file_key(id, message), encode(row)?);
        self.say(Event::File { conversation: id, message });
        Ok(())
    }

    fn lay(
        &mut self,
        relay: &RelayAddr,
        id: ConversationId,
        message: MessageId,
        mut row: FileRow,
    ) -> Result<(), EngineError> {
        let keys = row.keys()?;
        let count = row.offer.count();
        let mut index = row.first;
        while index < count
            && let link = self.memory.links.entry(relay.clone()).or_default()
            && link.has_room_for_files()
        {
            let question = Question::Lay { conversation: id, message, index };
            if !row.beyond.contains(&index) && !link.asks(&question) {
                let Some(bytes) = self.desk.row(PIECES, &piece_key(id, message, index))? else {
                    // A home made from a backup has the offer and not the bytes.
                    (row.stage, row.held) = (StageRow::Missing, false);
                    return self.end_move(id, message, &row);
                };
                let posting = keys.seal(index, &bytes).map_err(internal)?;
                if !self.ask(relay, question, Ask::Lay(posting)) {
                    break;
                }
            }
            index = index.saturating_add(1);
        }
        Ok(())
    }

    /// The file is not under way any more; its row says how it stands.
    pub(crate) fn end_move(
        &mut self,
        id: ConversationId,
        message: MessageId,
        row: &FileRow,
    ) -> Result<(), EngineError> {
        self.desk.delete(MOVING, &moving_key(row.order, id, message));
        self.keep_file(id, message, row)
    }

    /// The relay has a piece.
    pub(crate) fn laid(
        &mut self,
        id: ConversationId,
        message: MessageId,
        index: u32,
    ) -> Result<(), EngineError> {
        let Some(mut row) = self.file(id, message)? else { return Ok(()) };
        if !row.is_own() || index < row.first || row.beyond.contains(&index) {
            return Ok(());
        }
        row.beyond.push(index);
        while let Some(place) = row.beyond.iter().position(|its| *its == row.first) {
            row.beyond.swap_remove(place);
            row.first = row.first.saturating_add(1);
        }
        row.done = row.done.saturating_add(1);
        if row.first < row.offer.count() {
            return self.keep_file(id, message, &row);
        }
        self.left_home(id, message, row)
    }

    /// Nothing of a file needs to leave any more.
    pub(crate) fn left_home(
        &mut self,
        id: ConversationId,
        message: MessageId,
        mut row: FileRow,
    ) -> Result<(), EngineError> {
        row.stage = StageRow::Sent;
        if row.offer.bytes > KEPT_BYTES_MAX {
            row.held = false;
            self.sweep_pieces(&file_key(id, message), row.offer.count());
        }
        self.end_move(id, message, &row)
    }

    /// The relay has no room for a file: it waits until its owner wants it to go on, and nothing
    /// else waits for it.
    pub(crate) fn file_refused(
        &mut self,
        id: ConversationId,
        message: MessageId,
    ) -> Result<(), EngineError> {
        let Some(mut row) = self.file(id, message)? else { return Ok(()) };
        if row.stage == StageRow::Sending {
            row.stage = StageRow::Full;
            self.end_move(id, message, &row)?;
        }
        Ok(())
    }

    /// How fast the relay answers decides how much is under way.
    pub(crate) fn pace(&mut self, relay: &RelayAddr, asked_at: Tick) {
        let took_ms = self.now.tick.0.saturating_sub(asked_at.0);
        let link = self.memory.links.entry(relay.clone()).or_default();
        link.answered_in(took_ms);
    }
}
