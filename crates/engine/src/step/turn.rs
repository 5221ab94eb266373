//! Epochs that somebody may still be in who has only cards: how this home left them is carried to
//! them, until they are known to have followed (SPEC 13.6).
//!
//! The log orders commits, and a card does not. Between two people nobody else could have made the
//! commit that the other one read in the log, so it is followed from a card. In a group a member who
//! was removed could hand somebody another one and lead them astray: there a card says that the keys
//! turned, and nothing more.

use sogon_seal::{
    Closing, Kind, LogHead, LogKeys, Opened,
    shelf::{Order, Shelf},
};
use sogon_wire::{SealedBox, Seq};

use super::{Work, carry::Fate, follow::note_gap, internal};
use crate::{
    ConversationId, EngineError,
    rows::{
        ALL, ConversationRow, State, TURNS, TurnRow, encode, in_conversation, number_of, read_all,
    },
};

/// So many epochs of a conversation somebody may be behind.
const TURNS_MAX: usize = 16;

impl Work<'_> {
    /// Notes how the epoch of a row is left.
    pub(crate) fn keep_turn(
        &self,
        id: ConversationId,
        row: &ConversationRow,
        keys: &LogKeys,
        boxed: &SealedBox,
        note: &Closing,
    ) -> Result<(), EngineError> {
        let boxed = if row.is_group {
            keys.post_closing(self.entropy(), note).map_err(internal)?.boxed().clone()
        } else {
            boxed.clone()
        };
        let turn = TurnRow { keys: keys.to_bytes(), boxed: boxed.as_bytes().to_vec() };
        self.desk.put(TURNS, &in_conversation(id, row.epoch), encode(&turn)?);
        let all = self.desk.scan(TURNS, &id.0, None, ALL, Order::Up)?;
        let surplus = all.len().saturating_sub(TURNS_MAX);
        for (key, _) in all.into_iter().take(surplus) {
            self.desk.delete(TURNS, &key);
        }
        Ok(())
    }

    /// Epochs that everybody has left need not be carried any more.
    pub(crate) fn forget_turns(
        &self,
        id: ConversationId,
        row: &ConversationRow,
    ) -> Result<(), EngineError> {
        let of = |identity: &[u8; 32]| {
            row.acks.iter().find(|ack| ack.identity == *identity).map_or(0, |ack| ack.epoch)
        };
        let reached = row.members.iter().map(|member| of(&member.identity)).min().unwrap_or(0);
        for (key, _) in self.desk.scan(TURNS, &id.0, None, ALL, Order::Up)? {
            if number_of(&key) < reached {
                self.desk.delete(TURNS, &key);
            }
        }
        Ok(())
    }

    /// How epochs were left that somebody may still be in: keys of their logs, and the box.
    pub(crate) fn turns(
        &self,
        id: ConversationId,
    ) -> Result<Vec<(LogKeys, SealedBox)>, EngineError> {
        let turns = read_all::<TurnRow>(self.desk, TURNS, &id.0)?;
        let turn = |(_, row): (Vec<u8>, TurnRow)| {
            let keys = LogKeys::from_bytes(&row.keys).map_err(internal)?;
            Ok((keys, SealedBox::parse(&row.boxed).map_err(|_| EngineError::Bug)?))
        };
        turns.into_iter().map(turn).collect()
    }

    /// Something of this epoch's log came by hand that is no message: perhaps how it ended.
    pub(crate) fn turned(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        boxed: &SealedBox,
    ) -> Result<Fate, EngineError> {
        let keys = row.log_keys()?;
        match keys.kind(boxed) {
            Some(Kind::Closing) if row.is_group && keys.open_closing(boxed).is_ok() => {
                Ok(Fate::Behind)
            }
            Some(Kind::Commit) if !row.is_group && row.state == State::Open => {
                self.follow_by_hand(id, row, boxed)
            }
            _ => Ok(Fate::Unknown),
        }
    }

    /// The other one's commit, from a card. What stands before it in the log and was not read is a gap:
    /// they send it again.
    fn follow_by_hand(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        boxed: &SealedBox,
    ) -> Result<Fate, EngineError> {
        let (epoch, unread) = (row.epoch, (row.cursor.saturating_add(1), Seq::MAX));
        if !self.own_commit_read(id, row, boxed, None)? {
            let mut group = self.group(row.group)?;
            let mark = self.desk.mark();
            match group.open(boxed) {
                Ok(Opened::Commit(staged)) if !staged.removes_us && !staged.readmits_us => {
                    let before = LogHead { seq: row.cursor, chain: row.chain16() };
                    self.follow_commit(id, row, group, *staged, boxed, before)?;
                }
                Err(sogon_seal::SealError::Shelf) => {
                    return Err(EngineError::Shelf(crate::ShelfFault));
                }
                Ok(_) | Err(_) => {
                    self.desk.undo(mark);
                    return Ok(Fate::Unknown);
                }
            }
        }
        if row.epoch == epoch {
            return Ok(Fate::Unknown);
        }
        note_gap(&mut row.gaps_before, unread);
        row.chain_before = None;
        self.owe_receipt(row);
        Ok(Fate::New)
    }
}
