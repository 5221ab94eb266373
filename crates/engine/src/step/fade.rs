//! Messages that go: removed by hand, by their author, or some time after they were seen.
//!
//! The time is this home's own, from the moment the message was seen here: no clock of anybody else
//! decides. What is gone leaves its id, so that a second copy on its way is not shown.

use sogon_seal::{
    Member,
    shelf::{Order, Shelf},
};

use super::{Work, outbox::Haste, sweep::holds_back};
use crate::{
    ConversationId, EngineError, Event, MessageId, Reach, WallClock,
    content::{Content, KIND_DELETE},
    message_row::{DeliveryRow, MessageRow},
    rows::{
        ConversationRow, FADES, MESSAGE_IDS, MESSAGES, ORDERS, SENT, id_of, in_conversation,
        message_key, number_of, read,
    },
};

/// Messages removed in one step; the rest goes in the next.
const FADES_MAX: usize = 16;
/// Rows looked at together.
const ROWS: usize = 64;
/// The longest time between two looks at what is to go.
const LOOK_S_MAX: u64 = 86_400;

/// A message that is to go now: the key of its row, its conversation and its order.
pub(crate) type Due = (Vec<u8>, ConversationId, u64);

/// The first messages that are to go now, at most `limit`, and when the next is to go.
pub(crate) fn due(
    shelf: &dyn Shelf,
    now: WallClock,
    limit: usize,
) -> Result<(Vec<Due>, Option<WallClock>), EngineError> {
    let (mut found, mut after) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let rows = shelf.scan(FADES, b"", after.as_deref(), ROWS, Order::Up)?;
        let Some((last, _)) = rows.last() else { return Ok((found, None)) };
        after = Some(last.clone());
        for (key, conversation) in rows {
            let at = WallClock(u64::from_be_bytes(id_of(&key)));
            if at > now || found.len() >= limit {
                return Ok((found, Some(at)));
            }
            let (id, order) = (ConversationId(id_of(&conversation)), number_of(&key));
            if !waits(shelf, id, order)? {
                found.push((key, id, order));
            }
        }
    }
}

/// Nobody has got it yet: what was written is not lost to its own author first.
fn waits(shelf: &dyn Shelf, id: ConversationId, order: u64) -> Result<bool, EngineError> {
    let Some(message) = read::<MessageRow>(shelf, MESSAGES, &in_conversation(id, order))? else {
        return Ok(false);
    };
    Ok(message.delivery == Some(DeliveryRow::Queued) || holds_back(shelf, id, &message)?)
}

impl Work<'_> {
    /// A message begins to fade: it was seen here, or written here. What may be seen once goes with
    /// the step that saw it.
    pub(crate) fn start_fading(&mut self, id: ConversationId, order: u64, fades_s: Option<u64>) {
        let Some(after_s) = fades_s else { return };
        let due = self.now.wall.0.saturating_add(after_s);
        let key = [due.to_be_bytes(), order.to_be_bytes()].concat();
        if after_s == 0 {
            self.seen_once.push((key.clone(), id, order));
        }
        self.desk.put(FADES, &key, id.0.to_vec());
    }

    /// Removes some of what is due, in a step of its own: should the store refuse it, what somebody
    /// did is stored all the same. Whether there was anything.
    pub(crate) fn fade(&mut self) -> Result<bool, EngineError> {
        let (due, _) = due(self.desk, self.now.wall, FADES_MAX)?;
        self.fade_away(&due)?;
        if !due.is_empty() {
            self.wake_at(self.now.tick);
        }
        Ok(!due.is_empty())
    }

    /// Removes what was seen once in this step, and asks to be called when something is due.
    pub(crate) fn fade_seen(&mut self) -> Result<(), EngineError> {
        let mut seen = std::mem::take(&mut self.seen_once);
        seen.truncate(FADES_MAX);
        self.fade_away(&seen)?;
        let (due, next) = due(self.desk, self.now.wall, 1)?;
        if !due.is_empty() {
            self.wake_at(self.now.tick);
        } else if let Some(next) = next {
            let left_s = next.0.saturating_sub(self.now.wall.0).min(LOOK_S_MAX);
            self.wake_at(self.now.tick.after_ms(left_s.saturating_mul(1_000)));
        }
        Ok(())
    }

    fn fade_away(&mut self, messages: &[Due]) -> Result<(), EngineError> {
        for (key, id, order) in messages {
            if !waits(self.desk, *id, *order)? {
                self.desk.delete(FADES, key);
                self.remove(*id, *order)?;
            }
        }
        Ok(())
    }

    /// The owner wants a message gone.
    pub(crate) fn delete(
        &mut self,
        id: ConversationId,
        message: MessageId,
        reach: Reach,
    ) -> Result<(), EngineError> {
        let (order, row) = self.message(id, message)?.ok_or(EngineError::Unknown)?;
        if reach == Reach::Everywhere {
            let never_left = row.delivery == Some(DeliveryRow::Queued);
            if row.from.is_some() || row.delivery.is_none() {
                return Err(EngineError::Unknown);
            }
            // A box may be under way even so: the relay's answer is not there yet.
            let content = Content { reply_to: Some(message), ..Content::of(KIND_DELETE) };
            self.queue(id, &content, None, if never_left { Haste::Later } else { Haste::Now })?;
        }
        self.remove(id, order)
    }

    /// An author wants a message of theirs gone.
    pub(crate) fn receive_deletion(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        from: Member,
        content: &Content,
    ) -> Result<(), EngineError> {
        let Some(message) = content.reply_to else { return Ok(()) };
        self.owe_receipt(row);
        if !self.was_here(id, message)? {
            // It comes later, or was never sent: its id is known from now on and it is not shown.
            let by_id = message_key(id, message);
            self.desk.put(MESSAGE_IDS, &by_id, 0_u64.to_be_bytes().to_vec());
            return Ok(());
        }
        let known = self.message(id, message)?;
        let Some((order, _)) = known.filter(|(_, row)| row.from == Some(from.identity.0)) else {
            return Ok(());
        };
        // The conversation's row is in the caller's hands: what `remove` changes in it is told here.
        let unread = self.remove_rows(id, order)?;
        row.unread = row.unread.saturating_sub(unread);
        self.say(Event::Changed { conversation: id });
        Ok(())
    }

    fn remove(&mut self, id: ConversationId, order: u64) -> Result<(), EngineError> {
        let unread = self.remove_rows(id, order)?;
        let mut row = self.conversation(id)?;
        row.unread = row.unread.saturating_sub(unread);
        self.keep_conversation(id, &row)?;
        self.say(Event::Changed { conversation: id });
        Ok(())
    }

    /// Every row that holds the words, or where they are. Gives how many unread ones went.
    fn remove_rows(&mut self, id: ConversationId, order: u64) -> Result<u64, EngineError> {
        let key = in_conversation(id, order);
        let message = read::<MessageRow>(self.desk, MESSAGES, &key)?;
        self.desk.delete(MESSAGES, &key);
        self.desk.delete(ORDERS, &order.to_be_bytes());
        self.desk.unindex(order);
        if let Some(message) = &message {
            self.remove_file(id, message.id)?;
        }
        self.take_out(id, order)?;
        for (key, mut orders) in self.sent(id)? {
            let before = orders.len();
            orders.retain(|its| *its != order);
            match orders.len() {
                0 => self.desk.delete(SENT, &key),
                left if left < before => self.put_sent(&key, &orders),
                _ => {}
            }
        }
        Ok(u64::from(message.is_some_and(|message| message.unread)))
    }
}
