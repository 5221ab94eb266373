//! Bytes of files that go: a bounded number of pieces in each step, because a store takes no batch of
//! any size. What is still to go stands in the store, so that a crash leaves nothing behind.

use sogon_seal::shelf::{Order, Shelf};

use super::Work;
use crate::{
    ConversationId, EngineError, MessageId,
    file_rows::{
        AUTO, CHOICES, FILES, FileRow, HASHES, MOVING, PIECES, PREVIEWS, SWEEP, StageRow, file_key,
        moving_key,
    },
    message_row::{KindRow, MessageRow},
    rows::read,
    view::{AlertKind, Signer},
};

/// Pieces removed in one step: a mebibyte of the largest.
const PIECES_A_STEP: u32 = 16;

impl Work<'_> {
    /// Every piece of a file below `count` is to go.
    pub(crate) fn sweep_pieces(&self, file: &[u8], count: u32) {
        let value = [0_u32.to_be_bytes(), count.to_be_bytes()].concat();
        self.desk.put(SWEEP, file, value);
    }

    /// Removes some of what is to go, and asks to be called again while there is more.
    pub(crate) fn sweep(&mut self) -> Result<(), EngineError> {
        let mut left = PIECES_A_STEP;
        for (file, value) in self.desk.scan(SWEEP, b"", None, 64, Order::Up)? {
            let number = |at: usize| {
                let bytes = value.get(at..).and_then(|rest| rest.first_chunk());
                u32::from_be_bytes(*bytes.unwrap_or(&[0; 4]))
            };
            let (from, count) = (number(0), number(4));
            let till = from.saturating_add(left).min(count);
            for index in from..till {
                let key = [file.as_slice(), &index.to_be_bytes()].concat();
                self.desk.delete(PIECES, &key);
                self.desk.delete(HASHES, &key);
            }
            left = left.saturating_sub(till.saturating_sub(from));
            if till >= count {
                self.desk.delete(SWEEP, &file);
                continue;
            }
            let value = [till.to_be_bytes(), count.to_be_bytes()].concat();
            self.desk.put(SWEEP, &file, value);
            self.wake_at(self.now.tick);
            break;
        }
        Ok(())
    }

    /// A message is gone: so is its file.
    pub(crate) fn remove_file(
        &mut self,
        id: ConversationId,
        message: MessageId,
    ) -> Result<(), EngineError> {
        let Some(row) = self.file(id, message)? else { return Ok(()) };
        let key = file_key(id, message);
        self.desk.delete(FILES, &key);
        self.desk.delete(PREVIEWS, &key);
        self.desk.delete(MOVING, &moving_key(row.order, id, message));
        self.sweep_pieces(&key, row.offer.count());
        self.stop_asking(&row.relay()?, id, message, &row);
        Ok(())
    }

    /// The owner wants the file to go on.
    pub(crate) fn move_file(
        &mut self,
        id: ConversationId,
        message: MessageId,
    ) -> Result<(), EngineError> {
        let mut row = self.file(id, message)?.ok_or(EngineError::Unknown)?;
        if !row.is_own() && !self.is_taken(id, &row.offer)? {
            return Err(EngineError::Ruled);
        }
        if !row.is_own() && row.done >= row.offer.count() && row.stage != StageRow::Here {
            // Everything came by hand.
            let relay = row.relay()?;
            return self.complete(&relay, id, message, row);
        }
        let next = match (row.is_own(), row.stage) {
            (_, StageRow::Sent | StageRow::Here | StageRow::Sending | StageRow::Fetching) => {
                return Ok(());
            }
            (true, _) if !row.held => return Err(EngineError::Unknown),
            (true, _) => StageRow::Sending,
            (false, _) => StageRow::Fetching,
        };
        if matches!(row.stage, StageRow::Missing | StageRow::Broken) {
            // Perhaps its sender laid it again.
            (row.cursor, row.lost, row.passed, row.shifted) = (0, false, None, None);
            row.ahead.clear();
        }
        row.stage = next;
        self.memory.tails.remove(&(id, message));
        self.desk.put(MOVING, &moving_key(row.order, id, message), Vec::new());
        self.keep_file(id, message, &row)
    }

    /// The owner wants the file to wait.
    pub(crate) fn pause_file(
        &mut self,
        id: ConversationId,
        message: MessageId,
    ) -> Result<(), EngineError> {
        let mut row = self.file(id, message)?.ok_or(EngineError::Unknown)?;
        if !matches!(row.stage, StageRow::Sending | StageRow::Fetching) {
            return Ok(());
        }
        row.stage = StageRow::Paused;
        self.stop_asking(&row.relay()?, id, message, &row);
        self.end_move(id, message, &row)
    }

    /// The owner wants the bytes of somebody's file gone, and the offer kept.
    pub(crate) fn drop_file(
        &mut self,
        id: ConversationId,
        message: MessageId,
    ) -> Result<(), EngineError> {
        let mut row = self.file(id, message)?.ok_or(EngineError::Unknown)?;
        if row.is_leaving() {
            return Err(EngineError::Unknown);
        }
        if !row.is_own() {
            row.stage = StageRow::Offered;
            (row.done, row.cursor, row.lost) = (0, 0, false);
            (row.by_hand, row.passed, row.shifted) = (None, None, None);
            row.ahead.clear();
            self.stop_asking(&row.relay()?, id, message, &row);
        }
        row.held = false;
        self.desk.delete(PREVIEWS, &file_key(id, message));
        // All of it in one step would be larger than a batch may be; until it is done, nothing comes.
        self.sweep_pieces(&file_key(id, message), row.offer.count());
        self.end_move(id, message, &row)
    }

    /// Somebody looked at it.
    pub(crate) fn opened_file(
        &mut self,
        id: ConversationId,
        message: MessageId,
    ) -> Result<(), EngineError> {
        self.file(id, message)?.ok_or(EngineError::Unknown)?;
        let (order, row) = self.message(id, message)?.ok_or(EngineError::Unknown)?;
        self.start_fading(id, order, row.fades_s);
        Ok(())
    }

    /// It is a program, or not what it is called; and who signed it. The owner is told what it is
    /// once.
    pub(crate) fn judge_file(
        &mut self,
        id: ConversationId,
        message: MessageId,
        (what, signer): (String, Option<Signer>),
    ) -> Result<(), EngineError> {
        let mut row = self.file(id, message)?.ok_or(EngineError::Unknown)?;
        let known = row.program.as_ref() == Some(&what);
        if row.is_own() || known && row.signer == signer {
            return Ok(());
        }
        row.program = Some(what);
        row.signer = signer;
        self.keep_file(id, message, &row)?;
        if known {
            return Ok(());
        }
        self.alert_about(id, message, AlertKind::ProgramCame)
    }

    pub(crate) fn fetch_below(&mut self, bytes: u64) {
        self.desk.put(CHOICES, AUTO, bytes.to_be_bytes().to_vec());
    }
}

/// A file of one's own that is not all at the relay is not to go before it is.
pub(crate) fn holds_back(
    shelf: &dyn Shelf,
    id: ConversationId,
    row: &MessageRow,
) -> Result<bool, EngineError> {
    if row.kind != KindRow::File {
        return Ok(false);
    }
    let file = read::<FileRow>(shelf, FILES, &file_key(id, row.id))?;
    Ok(file.is_some_and(|file| file.is_leaving()))
}
