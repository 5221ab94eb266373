//! Messages that change after they were said: other words, and reactions.
//!
//! Each author counts their own changes of a message, so that a copy that comes late, or twice, puts
//! nothing back.

use sogon_seal::Member;

use super::{Work, outbox::Haste};
use crate::{
    ConversationId, EngineError, Event, FACE_BYTES_MAX, MessageId, TEXT_BYTES_MAX,
    content::{Content, KIND_EDIT, KIND_REACTION},
    message_row::{KindRow, MessageRow, ReactionRow},
    rows::{ConversationRow, MESSAGES, encode, in_conversation},
};

impl Work<'_> {
    /// The owner puts other words in the place of their own.
    pub(crate) fn edit(
        &mut self,
        id: ConversationId,
        message: MessageId,
        text: String,
    ) -> Result<(), EngineError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(EngineError::TooLarge);
        }
        self.open_conversation(id)?;
        let (order, mut row) = self.words_of(id, message)?.ok_or(EngineError::Unknown)?;
        if row.from.is_some() || text.is_empty() || row.kind != KindRow::Text {
            return Err(EngineError::Unknown);
        }
        let turn = row.edits.unwrap_or(0).saturating_add(1);
        let content =
            Content { reply_to: Some(message), turn: Some(turn), ..Content::of(KIND_EDIT) };
        self.queue(id, &content.with_text(&text), None, Haste::Now)?;
        row.text = text;
        row.edits = Some(turn);
        self.keep_changed(id, order, &row)
    }

    /// The owner answers with one letter.
    pub(crate) fn react(
        &mut self,
        id: ConversationId,
        message: MessageId,
        face: String,
    ) -> Result<(), EngineError> {
        if face.len() > FACE_BYTES_MAX {
            return Err(EngineError::TooLarge);
        }
        self.open_conversation(id)?;
        let (order, mut row) = self.words_of(id, message)?.ok_or(EngineError::Unknown)?;
        let reactions = row.reactions.get_or_insert_default();
        let before = reactions.iter().find(|its| its.from.is_none()).map_or(0, |its| its.turn);
        let turn = before.saturating_add(1);
        let content =
            Content { reply_to: Some(message), turn: Some(turn), ..Content::of(KIND_REACTION) };
        self.queue(id, &content.with_text(&face), None, Haste::Now)?;
        reactions.retain(|its| its.from.is_some());
        reactions.push(ReactionRow { from: None, face, turn });
        self.keep_changed(id, order, &row)
    }

    /// Somebody's other words for a message of theirs.
    pub(crate) fn receive_edit(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        from: Member,
        content: Content,
    ) -> Result<(), EngineError> {
        self.owe_receipt(row);
        let (Some(message), Some(text), Some(turn)) =
            (content.reply_to, content.text, content.turn)
        else {
            return Ok(());
        };
        let Some((order, mut known)) = self.words_of(id, message)? else { return Ok(()) };
        let theirs = known.from == Some(from.identity.0) && known.kind == KindRow::Text;
        if !theirs || text.is_empty() || turn <= known.edits.unwrap_or(0) {
            return Ok(());
        }
        known.text = text;
        known.edits = Some(turn);
        self.keep_changed(id, order, &known)
    }

    /// Somebody's reaction.
    pub(crate) fn receive_reaction(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        from: Member,
        content: Content,
    ) -> Result<(), EngineError> {
        self.owe_receipt(row);
        let (Some(message), Some(turn)) = (content.reply_to, content.turn) else { return Ok(()) };
        let face = content.text.unwrap_or_default();
        if face.len() > FACE_BYTES_MAX {
            return Ok(());
        }
        let Some((order, mut known)) = self.words_of(id, message)? else { return Ok(()) };
        let author = Some(from.identity.0);
        let reactions = known.reactions.get_or_insert_default();
        if reactions.iter().any(|its| its.from == author && its.turn >= turn) {
            return Ok(());
        }
        reactions.retain(|its| its.from != author);
        reactions.push(ReactionRow { from: author, face, turn });
        self.keep_changed(id, order, &known)
    }

    /// A message of words that is here, and its place.
    fn words_of(
        &self,
        id: ConversationId,
        message: MessageId,
    ) -> Result<Option<(u64, MessageRow)>, EngineError> {
        let said = |row: &MessageRow| matches!(row.kind, KindRow::Text | KindRow::File);
        Ok(self.message(id, message)?.filter(|(_, row)| said(row)))
    }

    /// The words before are in no index any more.
    fn keep_changed(
        &mut self,
        id: ConversationId,
        order: u64,
        row: &MessageRow,
    ) -> Result<(), EngineError> {
        self.desk.put(MESSAGES, &in_conversation(id, order), encode(row)?);
        self.desk.unindex(order);
        self.desk.index(order, row.text.clone());
        self.say(Event::Changed { conversation: id });
        Ok(())
    }
}
