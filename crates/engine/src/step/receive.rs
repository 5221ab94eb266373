//! What somebody's content leads to.

use sogon_seal::Member;
use sogon_wire::Seq;

use super::{Work, call, outbox::Haste};
use crate::{
    ContactId, ConversationId, EngineError, Event, MessageId, NAME_BYTES_MAX,
    content::{
        Content, DIRECT, KIND_ASK_PACKAGE, KIND_CALL, KIND_CALL_OVER, KIND_CALL_TAKEN, KIND_DELETE,
        KIND_EDIT, KIND_FILE, KIND_LEAVE, KIND_PACKAGE, KIND_PROFILE, KIND_REACTION, KIND_RECEIPT,
        KIND_TEXT, KIND_TITLE, KIND_WELCOME, Words,
    },
    message_row::{DirectRow, KindRow, MessageRow},
    rows::{CONTACTS, ContactRow, ConversationRow, id_of, read_all},
    view::AlertKind,
};

impl Work<'_> {
    /// Content of a member at a place of the conversation's log.
    pub(crate) fn receive(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        from: Member,
        bytes: &[u8],
        seq: Seq,
    ) -> Result<(), EngineError> {
        let Some(content) = Content::decode(bytes) else {
            // A member wrote what is no content of any version: there is nothing to show or keep.
            let who = crate::view_rows::name_of(self.desk, id, &from.identity.0)?;
            return self.alert_once(AlertKind::Refused, who);
        };
        self.receipt_read(id, row, from.identity.0, content.read.as_ref())?;
        match content.kind {
            KIND_RECEIPT => Ok(()),
            KIND_TEXT => self.receive_text(id, row, from, content, seq),
            KIND_PROFILE => self.receive_profile(id, row, from, &content),
            KIND_TITLE => {
                if row.is_group {
                    row.title = shortened(content.text.unwrap_or_default());
                    self.say(Event::Changed { conversation: id });
                }
                Ok(())
            }
            KIND_PACKAGE => self.receive_package(row, from, &content),
            KIND_ASK_PACKAGE => {
                if row.is_group {
                    Ok(())
                } else {
                    self.hand_out_package(id)
                }
            }
            KIND_WELCOME => self.receive_welcome(id, row, from, content),
            KIND_DELETE => self.receive_deletion(id, row, from, &content),
            KIND_REACTION => self.receive_reaction(id, row, from, content),
            KIND_EDIT => self.receive_edit(id, row, from, content),
            KIND_LEAVE => self.receive_leave(id, row, from),
            KIND_FILE => self.receive_file(id, row, from, content, seq),
            KIND_CALL => self.receive_words(id, row, from, content, seq, KindRow::Call, None),
            KIND_CALL_TAKEN => self.receive_taken(id, row, &content),
            KIND_CALL_OVER => self.receive_over(id, row, from, &content),
            _ => {
                let raw = Some(bytes.to_vec());
                self.receive_words(id, row, from, content, seq, KindRow::Unknown, raw)
            }
        }
    }

    /// Words, and those that came in the same box.
    fn receive_text(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        from: Member,
        mut content: Content,
        seq: Seq,
    ) -> Result<(), EngineError> {
        let also = content.also.take().unwrap_or_default();
        let all = std::iter::once(content).chain(also.into_iter().map(Words::content));
        for words in all {
            self.receive_words(id, row, from, words, seq, KindRow::Text, None)?;
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one call site each, all parts of one message")]
    fn receive_words(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        from: Member,
        content: Content,
        seq: Seq,
        kind: KindRow,
        raw: Option<Vec<u8>>,
    ) -> Result<(), EngineError> {
        // Words without an id cannot be told from a second copy of themselves.
        let message_id = match content.id {
            Some(message_id) => message_id,
            None if kind == KindRow::Unknown => MessageId(self.random()),
            None => return Ok(()),
        };
        self.owe_receipt(row);
        if self.was_here(id, message_id)? {
            return Ok(());
        }
        let text = match kind {
            KindRow::Text => content.text.unwrap_or_default(),
            KindRow::Call => call::RINGING.to_owned(),
            _ => String::new(),
        };
        let at_s = content.at_s.unwrap_or(self.now.wall.0);
        let offered = kind == KindRow::Call && !row.is_group && content.direct == Some(DIRECT);
        let message = MessageRow {
            reply_to: content.reply_to,
            epoch: row.epoch,
            seq,
            raw,
            direct: offered.then_some(DirectRow::Offered),
            fades_s: content.fades_s,
            ..MessageRow::received(message_id, from.identity.0, at_s, kind, text)
        };
        self.add_message(id, row, &message)?;
        self.say(Event::Received { conversation: id, message: message_id });
        Ok(())
    }

    fn receive_profile(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        from: Member,
        content: &Content,
    ) -> Result<(), EngineError> {
        let name = shortened(content.text.clone().unwrap_or_default());
        let said_before =
            row.members.iter().any(|its| its.identity == from.identity.0 && its.name == name);
        if let Some(member) = row.members.iter_mut().find(|its| its.identity == from.identity.0) {
            member.name.clone_from(&name);
        }
        if !row.is_group
            && let Some(contact) = row.contact
        {
            let mut known = self.contact(contact)?;
            if !known.ready {
                known.ready = true;
                // The first package of the stock, so that groups can be made without a question.
                self.hand_out_package(id)?;
            }
            if !known.named_here && !name.is_empty() {
                known.name = self.free_name(contact, &name)?;
            }
            self.keep_contact(contact, &known)?;
            if !said_before && self.is_somebody_elses(&name, &from.identity.0)? {
                self.alert_once(AlertKind::KeyChange, known.name)?;
            }
        }
        self.say(Event::Changed { conversation: id });
        Ok(())
    }

    /// Whether a contact with another key goes by this name.
    fn is_somebody_elses(&self, name: &str, identity: &[u8; 32]) -> Result<bool, EngineError> {
        let contacts = read_all::<ContactRow>(self.desk, CONTACTS, b"")?;
        Ok(!name.is_empty()
            && contacts.iter().any(|(_, row)| {
                row.name == name && row.identity.is_some_and(|its| its != *identity)
            }))
    }

    /// A name nobody else has here: two Minas are "Mina" and "Mina 2".
    pub(crate) fn free_name(&self, own: ContactId, name: &str) -> Result<String, EngineError> {
        let others: Vec<String> = read_all::<ContactRow>(self.desk, CONTACTS, b"")?
            .into_iter()
            .filter(|(key, _)| ContactId(id_of(key)) != own)
            .map(|(_, row)| row.name)
            .collect();
        let numbered = (2u32..).map(|number| format!("{name} {number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        Ok(names.find(|name| !others.contains(name)).unwrap_or_default())
    }

    /// Says one's name to a conversation; to a partner it also says that they were let in.
    pub(crate) fn say_profile(
        &mut self,
        id: ConversationId,
        haste: Haste,
    ) -> Result<(), EngineError> {
        let owner = crate::view::owner(self.desk)?.ok_or(EngineError::Bug)?;
        let content = Content::of(KIND_PROFILE).with_text(&owner.name);
        self.queue(id, &content, None, haste)
    }
}

/// A name or title somebody else chose, cut to the length allowed here.
pub(crate) fn shortened(mut name: String) -> String {
    while name.len() > NAME_BYTES_MAX {
        name.pop();
    }
    name
}
