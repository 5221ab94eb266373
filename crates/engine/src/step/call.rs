//! Calls: who rings, who takes it, how it ended. What is said goes another way; here are boxes like
//! all others, and an entry that says how the call stands.

use sogon_seal::Member;

use super::{Work, outbox::Haste};
use crate::{
    ConversationId, EngineError, Event, MessageId,
    content::{Content, DIRECT, KIND_CALL_OVER, KIND_CALL_TAKEN},
    message_row::{DirectRow, KindRow, MessageRow},
    rows::{ConversationRow, MESSAGES, State, encode, in_conversation},
};

/// Nobody has taken it yet.
pub(crate) const RINGING: &str = "ringing";
/// Somebody has.
const TALKING: &str = "talking";
/// It was taken, and somebody hung up.
const ENDED: &str = "ended";
/// It rang here and was not taken.
const MISSED: &str = "missed";
/// It was called from here and nobody took it.
const UNANSWERED: &str = "unanswered";
/// Whoever was called did not want it.
const DECLINED: &str = "declined";

/// What says that a call is over, for one that is.
pub(crate) fn ending(message: &MessageRow) -> Option<Content> {
    let over =
        message.kind == KindRow::Call && ![RINGING, TALKING].contains(&message.text.as_str());
    over.then(|| Content { reply_to: Some(message.id), ..Content::of(KIND_CALL_OVER) })
}

impl Work<'_> {
    /// The owner calls.
    pub(crate) fn call(&mut self, to: ConversationId) -> Result<MessageId, EngineError> {
        let mut row = self.open_conversation(to)?;
        let id = MessageId(self.random());
        let ringing = RINGING.to_owned();
        let direct = self.may_go_directly(&row).then_some(DirectRow::Offered);
        let message =
            MessageRow { direct, ..MessageRow::own(id, self.now.wall, KindRow::Call, ringing) };
        let order = self.add_message(to, &mut row, &message)?;
        self.keep_conversation(to, &row)?;
        let content = self.content_of(to, &message)?.ok_or(EngineError::Bug)?;
        self.queue(to, &content, Some(order), Haste::Now)?;
        self.say(Event::Progress { conversation: to, message: id });
        Ok(id)
    }

    /// The owner takes a call that rings.
    pub(crate) fn take_call(
        &mut self,
        id: ConversationId,
        call: MessageId,
    ) -> Result<(), EngineError> {
        let (order, mut row) = self.call_of(id, call)?.ok_or(EngineError::Unknown)?;
        if row.from.is_none() || row.text != RINGING {
            return Err(EngineError::Over);
        }
        // Only to a caller who chose so, too, is it said that the owner did.
        let offered = row.direct == Some(DirectRow::Offered);
        let agreed = offered && self.may_go_directly(&self.conversation(id)?);
        row.direct = agreed.then_some(DirectRow::Agreed);
        let direct = agreed.then_some(DIRECT);
        let content = Content { reply_to: Some(call), direct, ..Content::of(KIND_CALL_TAKEN) };
        self.queue(id, &content, None, Haste::Now)?;
        TALKING.clone_into(&mut row.text);
        self.keep_call(id, order, &row)
    }

    /// The owner wants no more of a call; of one that is over nothing happens.
    pub(crate) fn hang_up(
        &mut self,
        id: ConversationId,
        call: MessageId,
    ) -> Result<(), EngineError> {
        let (order, mut row) = self.call_of(id, call)?.ok_or(EngineError::Unknown)?;
        let end = match (row.text.as_str(), row.from.is_some()) {
            (RINGING, true) => DECLINED,
            (RINGING, false) => UNANSWERED,
            (TALKING, _) => ENDED,
            _ => return Ok(()),
        };
        let over = self.conversation(id)?;
        // To a conversation that is over nobody says anything any more.
        if over.state != State::Over && !over.leaving {
            let content = Content { reply_to: Some(call), ..Content::of(KIND_CALL_OVER) };
            self.queue(id, &content, None, Haste::Now)?;
        }
        end.clone_into(&mut row.text);
        self.keep_call(id, order, &row)
    }

    /// Somebody takes a call.
    pub(crate) fn receive_taken(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        content: &Content,
    ) -> Result<(), EngineError> {
        self.owe_receipt(row);
        let Some(call) = content.reply_to else { return Ok(()) };
        let Some((order, mut known)) = self.call_of(id, call)? else { return Ok(()) };
        // In a group others may take a call that still rings here.
        if known.from.is_some() || known.text != RINGING {
            return Ok(());
        }
        TALKING.clone_into(&mut known.text);
        let agreed = known.direct == Some(DirectRow::Offered) && content.direct == Some(DIRECT);
        known.direct = agreed.then_some(DirectRow::Agreed);
        self.keep_call(id, order, &known)
    }

    /// The owner would have calls of a pair go directly, or would not any more.
    pub(crate) fn choose_direct(
        &mut self,
        id: ConversationId,
        direct: bool,
    ) -> Result<(), EngineError> {
        let mut row = self.open_conversation(id)?;
        if row.is_group {
            return Err(EngineError::NotAPair);
        }
        row.direct = direct.then_some(true);
        self.keep_conversation(id, &row)?;
        self.say(Event::Changed { conversation: id });
        Ok(())
    }

    /// Whether the owner would have a call go directly, and nothing forbids it now.
    fn may_go_directly(&self, row: &ConversationRow) -> bool {
        self.memory.direct && row.goes_directly()
    }

    /// Somebody hangs up. In a group a call goes on without them, unless it was theirs and rings.
    pub(crate) fn receive_over(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        from: Member,
        content: &Content,
    ) -> Result<(), EngineError> {
        self.owe_receipt(row);
        let Some(call) = content.reply_to else { return Ok(()) };
        let Some((order, mut known)) = self.call_of(id, call)? else { return Ok(()) };
        let theirs = known.from == Some(from.identity.0);
        let end = match (known.text.as_str(), row.is_group) {
            (RINGING, _) if theirs => MISSED,
            (RINGING, false) => DECLINED,
            (TALKING, false) => ENDED,
            _ => return Ok(()),
        };
        end.clone_into(&mut known.text);
        self.keep_call(id, order, &known)
    }

    /// A call that is known here, and its place.
    fn call_of(
        &self,
        id: ConversationId,
        call: MessageId,
    ) -> Result<Option<(u64, MessageRow)>, EngineError> {
        Ok(self.message(id, call)?.filter(|(_, row)| row.kind == KindRow::Call))
    }

    fn keep_call(
        &mut self,
        id: ConversationId,
        order: u64,
        row: &MessageRow,
    ) -> Result<(), EngineError> {
        self.desk.put(MESSAGES, &in_conversation(id, order), encode(row)?);
        self.say(Event::Changed { conversation: id });
        Ok(())
    }
}
