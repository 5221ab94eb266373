//! Boxes of one's own whose place is known while that of an earlier one is not: answers come in any
//! order. They are held in memory until everything before them is known. So nothing is read back,
//! or sent twice, only because one answer was lost.

use std::collections::BTreeMap;

use sogon_seal::Posting;
use sogon_wire::Seq;

use super::Work;
use crate::{
    ConversationId, EngineError,
    rows::{ConversationRow, OUTBOX, OutRow, in_conversation, read},
};

/// A row of the outbox, and the start of its box's hash.
pub(crate) type Placed = (u64, [u8; 16]);

/// What is known of a log beyond what was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ahead {
    places: BTreeMap<Seq, Placed>,
    /// The gap that was asked for: the place that was read last, and the first one known behind it.
    /// A relay that names a place and shows nothing before it is not asked again and again.
    asked: Option<(Seq, Seq)>,
}

impl Work<'_> {
    /// The relay gave one of our boxes its place.
    pub(crate) fn post_appended(
        &mut self,
        id: ConversationId,
        number: u64,
        hash: [u8; 16],
        seq: Seq,
    ) -> Result<(), EngineError> {
        // Whatever came of it, others may have waited for it.
        self.memory.stirred.insert(id);
        let Some(out) = self.sealed_row(id, (number, hash))? else { return Ok(()) };
        let mut row = self.conversation(id)?;
        if out.epoch != row.epoch {
            return Ok(());
        }
        if seq <= row.cursor {
            // A place that was read already, with another box at it or this one skipped: the relay
            // cannot have meant it. Seal the content again; its id keeps it from showing twice.
            return self.unseal_from(id, number);
        }
        self.memory.placed.entry(id).or_default().places.insert(seq, (number, hash));
        self.take_places(id, &mut row)?;
        self.keep_conversation(id, &row)
    }

    /// Hands on every box whose place comes next: nothing stands between what was read and it, so
    /// no commit can.
    pub(crate) fn take_places(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
    ) -> Result<(), EngineError> {
        loop {
            let next = row.cursor.saturating_add(1);
            let Some(ahead) = self.memory.placed.get_mut(&id) else { return Ok(()) };
            ahead.places = ahead.places.split_off(&next);
            let Some(box_of) = ahead.places.remove(&next) else { break };
            let Some(out) = self.sealed_row(id, box_of)?.filter(|out| out.epoch == row.epoch)
            else {
                break;
            };
            let Some(bytes) = &out.posting else { break };
            let posting = Posting::restore(bytes).map_err(|_| EngineError::Bug)?;
            self.step_over(id, row, next, posting.boxed());
            self.handed(id, row, box_of.0, &out, next)?;
        }
        self.memory.placed.retain(|_, ahead| !ahead.places.is_empty());
        Ok(())
    }

    /// It has its place, as far as the relay says.
    pub(crate) fn is_placed(&self, id: ConversationId, number: u64, hash: [u8; 16]) -> bool {
        let ahead = self.memory.placed.get(&id);
        ahead.is_some_and(|ahead| ahead.places.values().any(|its| *its == (number, hash)))
    }

    /// What stands before a box of one's own is read, once, unless it may be another one whose answer
    /// is still to come.
    pub(crate) fn ask_for_gap(
        &mut self,
        id: ConversationId,
        row: &ConversationRow,
    ) -> Result<(), EngineError> {
        let Some(ahead) = self.memory.placed.get(&id) else { return Ok(()) };
        let gap = ahead.places.first_key_value().map(|(first, _)| (row.cursor, *first));
        let relay = row.relay()?;
        if ahead.asked == gap || self.memory.links.entry(relay.clone()).or_default().posts(id) {
            return Ok(());
        }
        let leaves = self.ask_again(&relay, id, row.log()?, row.cursor);
        if let Some(ahead) = self.memory.placed.get_mut(&id).filter(|_| leaves) {
            ahead.asked = gap;
        }
        Ok(())
    }

    fn sealed_row(
        &self,
        id: ConversationId,
        (number, hash): Placed,
    ) -> Result<Option<OutRow>, EngineError> {
        let out = read::<OutRow>(self.desk, OUTBOX, &in_conversation(id, number))?;
        Ok(out.filter(|out| out.hash == hash && out.posting.is_some()))
    }
}
