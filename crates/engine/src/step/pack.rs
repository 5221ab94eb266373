//! Packing: words that wait together leave in one box, because every box costs its padding and its
//! signatures again.

use std::collections::VecDeque;

use sogon_seal::MESSAGE_BYTES_MAX;

use super::Work;
use crate::{
    ConversationId, EngineError,
    content::{ALSO_MAX, Content},
    rows::{OUTBOX, OutRow, in_conversation},
};

/// Words share a box of at most this step: one that fits into a single datagram, so that a packet
/// that is lost costs no more than itself.
const PACKED_BOX_BYTES: usize = 1_024;
/// A list's head in CBOR and its key, at most.
const LIST_BYTES: usize = 4;

/// Moves words from the front of `next` behind those of `content`, as far as there is room, and
/// gives the rows they came from.
pub(crate) fn fill(
    content: &mut Content,
    next: &mut VecDeque<(u64, OutRow)>,
) -> Vec<(u64, OutRow)> {
    let room = PACKED_BOX_BYTES.saturating_sub(MESSAGE_BYTES_MAX);
    let mut bytes = content.encode().len().saturating_add(LIST_BYTES);
    let (mut also, mut riders) = (Vec::new(), Vec::new());
    while also.len() < ALSO_MAX
        && let Some((_, out)) = next.front()
        && out.order.is_some()
        && let Some(words) = Content::decode(&out.content).and_then(Content::into_words)
    {
        // Words are written as their content is, without its kind.
        bytes = bytes.saturating_add(out.content.len());
        if bytes > room {
            break;
        }
        also.push(words);
        riders.extend(next.pop_front());
    }
    content.also = (!also.is_empty()).then_some(also);
    riders
}

impl Work<'_> {
    /// A box is not what goes: the words in it wait to be sealed again. So do those sealed after
    /// them, to arrive in the order they were written.
    pub(crate) fn unseal_from(
        &mut self,
        id: ConversationId,
        number: u64,
    ) -> Result<(), EngineError> {
        self.unseal(id, |its| its >= number)
    }

    /// Words are gone from the outbox: the box they would have left in is not that one any more.
    pub(crate) fn take_out(&mut self, id: ConversationId, order: u64) -> Result<(), EngineError> {
        for (number, out) in self.outbox(id)? {
            if out.order == Some(order) {
                self.unseal_from(id, out.rides.unwrap_or(number))?;
                self.desk.delete(OUTBOX, &in_conversation(id, number));
            }
        }
        Ok(())
    }
}
