//! Receipts: one place says everything before it was opened. They ride along with what goes out
//! anyway; alone they go late and together, because a prompt answer tells a watcher who talks.

use super::{Work, outbox::Haste};
use crate::{
    ConversationId, EngineError, Event,
    content::{Content, KIND_RECEIPT, Read},
    engine::Mode,
    message_row::{DeliveryRow, MessageRow},
    rows::{
        AckRow, CONVERSATIONS, ConversationRow, KEPT, MESSAGES, SENT, State, encode, id_of,
        in_conversation, read, read_all,
    },
};

/// A receipt that goes alone waits at least this long, in live mode,
const RECEIPT_MS_MIN: u64 = 2_000;
/// and up to this much longer, by chance.
const RECEIPT_MS_SPREAD: u64 = 28_000;

impl Work<'_> {
    /// The receipt that rides along with the next box of a conversation.
    pub(crate) fn receipt(&mut self, row: &mut ConversationRow) -> Read {
        row.owes_receipt = false;
        let said = |gaps: &Vec<(u64, u64)>| (!gaps.is_empty()).then(|| gaps.clone());
        let chain = (row.cursor > 0 && !row.chain_lost).then_some(row.chain);
        Read {
            seq: row.cursor,
            chain: chain.and_then(|chain| chain.first_chunk().copied()),
            gaps: said(&row.gaps),
            gaps_before: said(&row.gaps_before),
            chain_before: row.chain_before.and_then(|chain| chain.first_chunk().copied()),
            gaps_earlier: row.gaps_earlier.clone(),
            by_hand: None,
            files: None,
        }
    }

    /// A receipt is owed: in live mode it goes at a time of its own; in bursts with a later one.
    pub(crate) fn owe_receipt(&mut self, row: &mut ConversationRow) {
        row.owes_receipt = true;
        self.time_receipts();
    }

    /// In live mode, owed receipts go out at a time of their own.
    pub(crate) fn time_receipts(&mut self) {
        if self.memory.mode == Mode::Live && self.memory.receipts.is_none() {
            let wait = u64::from_be_bytes(self.random()) % RECEIPT_MS_SPREAD;
            self.memory.receipts =
                Some(self.now.tick.after_ms(RECEIPT_MS_MIN.saturating_add(wait)));
        }
    }

    /// Sends every receipt that is owed.
    pub(crate) fn send_receipts(&mut self) -> Result<(), EngineError> {
        for (key, row) in read_all::<ConversationRow>(self.desk, CONVERSATIONS, b"")? {
            let id = ConversationId(id_of(&key));
            if row.owes_receipt && row.state == State::Open && !self.words_wait(id)? {
                let mut row = row;
                row.owes_receipt = false;
                self.keep_conversation(id, &row)?;
                self.queue(id, &Content::of(KIND_RECEIPT), None, Haste::Now)?;
            }
        }
        Ok(())
    }

    /// Somebody says how far they opened this epoch's log. That they write in this epoch says they
    /// opened all of the one before.
    pub(crate) fn receipt_read(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        from: [u8; 32],
        receipt: Option<&Read>,
    ) -> Result<(), EngineError> {
        let receipt = receipt.cloned().unwrap_or_default();
        let epoch = row.epoch;
        let mut seq = receipt.seq;
        if let Some(theirs) = receipt.chain {
            let here = self.chain_at(id, seq)?;
            if here != [0; 16] && !here.starts_with(&theirs) {
                // They read another log than this home: nothing in it counts as opened.
                seq = 0;
                self.heal_fork(id, row)?;
            }
        }
        match row.acks.iter_mut().find(|ack| ack.identity == from) {
            Some(ack) if (ack.epoch, ack.seq) < (epoch, seq) => (ack.epoch, ack.seq) = (epoch, seq),
            Some(_) => {}
            None => row.acks.push(AckRow { identity: from, epoch, seq }),
        }
        if let (Some(theirs), Some(ours)) = (receipt.chain_before, row.chain_before)
            && !ours.starts_with(&theirs)
        {
            // They followed the same commit out of another log: what stood in it may be unknown
            // to them.
            self.send_places_again(id, |key| place_of(key).0 < epoch)?;
        }
        self.fill_gaps(id, epoch, receipt.gaps)?;
        self.fill_gaps(id, epoch.saturating_sub(1), receipt.gaps_before)?;
        for mark in receipt.by_hand.unwrap_or_default() {
            self.opened_by_hand(id, row, from, mark)?;
        }
        for mark in receipt.files.unwrap_or_default() {
            self.file_by_hand(id, row, from, mark)?;
        }
        for (epoch, first, last) in receipt.gaps_earlier.unwrap_or_default() {
            self.fill_gaps(id, epoch, Some(vec![(first, last)]))?;
        }
        self.forget_turns(id, row)?;
        self.mark_delivered(id, row)
    }

    /// What is one's own in somebody's gaps is sent again.
    fn fill_gaps(
        &mut self,
        id: ConversationId,
        epoch: u64,
        gaps: Option<Vec<(u64, u64)>>,
    ) -> Result<(), EngineError> {
        let Some(gaps) = gaps else { return Ok(()) };
        let inside = |key: &[u8]| {
            let (its_epoch, seq) = place_of(key);
            its_epoch == epoch && gaps.iter().any(|(first, last)| (*first..=*last).contains(&seq))
        };
        self.send_places_again(id, inside)
    }

    /// Somebody reads another log under the same name: the owner is told, and this home reads it
    /// from the start again, once in a burst, until both read the same.
    fn heal_fork(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
    ) -> Result<(), EngineError> {
        if !row.fork_told {
            row.fork_told = true;
            let title = self.title_of(row)?;
            self.alert(crate::view::AlertKind::Fork, title)?;
        }
        if self.memory.healed.insert(id) {
            self.start_over(id, row)?;
        }
        Ok(())
    }

    /// What everybody else has opened is delivered.
    pub(crate) fn mark_delivered(
        &mut self,
        id: ConversationId,
        row: &ConversationRow,
    ) -> Result<(), EngineError> {
        let others = row.members.iter().map(|member| member.identity);
        let opened = others
            .map(|identity| {
                let ack = row.acks.iter().find(|ack| ack.identity == identity);
                ack.map_or((0, 0), |ack| (ack.epoch, ack.seq))
            })
            .min();
        let Some(opened) = opened else { return Ok(()) };
        for (key, _) in self.kept(id)? {
            if place_of(&key) <= opened {
                self.desk.delete(KEPT, &key);
            }
        }
        for (key, orders) in self.sent(id)? {
            let place = place_of(&key);
            if place > opened {
                break;
            }
            self.desk.delete(SENT, &key);
            for order in orders {
                self.delivered(id, order)?;
            }
        }
        Ok(())
    }

    pub(crate) fn delivered(&mut self, id: ConversationId, order: u64) -> Result<(), EngineError> {
        let key = in_conversation(id, order);
        if let Some(mut message) = read::<MessageRow>(self.desk, MESSAGES, &key)? {
            message.delivery = Some(DeliveryRow::Delivered);
            self.desk.put(MESSAGES, &key, encode(&message)?);
            self.say(Event::Progress { conversation: id, message: message.id });
        }
        Ok(())
    }
}

/// Epoch and place in a key of [`SENT`].
fn place_of(key: &[u8]) -> (u64, u64) {
    let number = |bytes: Option<&[u8]>| {
        bytes.and_then(|b| b.first_chunk::<8>()).map_or(0, |b| u64::from_be_bytes(*b))
    };
    (number(key.get(8..)), number(key.get(16..)))
}
