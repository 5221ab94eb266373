//! Receipts: one place says everything before it was opened. They ride along with what goes out
//! anyway; alone they go late and together, because a prompt answer tells a watcher who talks.

use super::{Work, outbox::Haste};
use crate::{
    ConversationId, EngineError, Event,
    content::{Content, KIND_RECEIPT, Read},
    engine::Mode,
    rows::{
        AckRow, CONVERSATIONS, ConversationRow, DeliveryRow, MESSAGES, MessageRow, SENT, State,
        encode, id_of, in_conversation, read, read_all,
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
        let missing = std::mem::take(&mut row.missing);
        Read { seq: row.cursor, missing: (!missing.is_empty()).then_some(missing) }
    }

    /// A receipt is owed: in live mode it goes at a time of its own; in bursts with a later one.
    pub(crate) fn owe_receipt(&mut self, row: &mut ConversationRow) {
        row.owes_receipt = true;
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
        let seq = receipt.map_or(0, |receipt| receipt.seq);
        let epoch = row.epoch;
        match row.acks.iter_mut().find(|ack| ack.identity == from) {
            Some(ack) if (ack.epoch, ack.seq) < (epoch, seq) => (ack.epoch, ack.seq) = (epoch, seq),
            Some(_) => {}
            None => row.acks.push(AckRow { identity: from, epoch, seq }),
        }
        let missing = receipt.and_then(|receipt| receipt.missing.clone()).unwrap_or_default();
        for place in missing {
            let key = crate::rows::sent_key(id, epoch, place);
            if let Some(order) = self.sent(id)?.into_iter().find(|(its, _)| *its == key) {
                self.desk.delete(SENT, &key);
                self.requeue(id, order.1)?;
            }
        }
        self.mark_delivered(id, row)
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
        for (key, order) in self.sent(id)? {
            let place = place_of(&key);
            if place > opened {
                break;
            }
            self.desk.delete(SENT, &key);
            let message_key = in_conversation(id, order);
            if let Some(mut message) = read::<MessageRow>(self.desk, MESSAGES, &message_key)? {
                message.delivery = Some(DeliveryRow::Delivered);
                self.desk.put(MESSAGES, &message_key, encode(&message)?);
                self.say(Event::Progress { conversation: id, message: message.id });
            }
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
