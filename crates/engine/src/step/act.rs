//! What a person did.

use super::{Work, outbox::Haste};
use crate::{
    Act, Answer, ContactId, ConversationId, EngineError, Event, GROUP_MEMBERS_MAX, MessageId,
    NAME_BYTES_MAX, TEXT_BYTES_MAX,
    content::{Content, KIND_TEXT},
    message_row::{KindRow, MessageRow},
    rows::{MESSAGES, decode, encode, number_of},
};
use sogon_seal::shelf::{Order, Shelf};

impl Work<'_> {
    pub(crate) fn act(&mut self, act: Act) -> Result<Answer, EngineError> {
        match act {
            Act::Invite { uses } => self.invite(uses).map(|invite| Answer::Invited { invite }),
            Act::AddRelay { relay, first } => self.add_relay(&relay, first).map(|()| Answer::Done),
            Act::RemoveRelay { relay } => self.remove_relay(&relay).map(|()| Answer::Done),
            Act::Join { invite, name } => {
                check_name(name.as_deref())?;
                self.join(&invite, name).map(|contact| Answer::Joining { contact })
            }
            Act::Send { to, text, reply_to } => {
                self.send(to, text, reply_to, None).map(|message| Answer::Queued { message })
            }
            Act::SendFading { to, text, reply_to, after_s } => self
                .send(to, text, reply_to, Some(after_s))
                .map(|message| Answer::Queued { message }),
            Act::Delete { conversation, message, reach } => {
                self.delete(conversation, message, reach).map(|()| Answer::Done)
            }
            Act::Edit { conversation, message, text } => {
                self.edit(conversation, message, text).map(|()| Answer::Done)
            }
            Act::React { conversation, message, face } => {
                self.react(conversation, message, face).map(|()| Answer::Done)
            }
            Act::BeginFile { to, bytes } => self.begin_file(to, bytes),
            Act::AddPieces { to, file, bytes } => {
                self.add_pieces(to, file, &bytes).map(|()| Answer::Done)
            }
            Act::SendFile { to, file, about, reply_to, after_s } => self
                .send_file(to, file, about, reply_to, after_s)
                .map(|()| Answer::Queued { message: file }),
            Act::ForgetFile { to, file } => self.forget_file(to, file).map(|()| Answer::Done),
            Act::MoveFile { conversation, message } => {
                self.move_file(conversation, message).map(|()| Answer::Done)
            }
            Act::PauseFile { conversation, message } => {
                self.pause_file(conversation, message).map(|()| Answer::Done)
            }
            Act::DropFile { conversation, message } => {
                self.drop_file(conversation, message).map(|()| Answer::Done)
            }
            Act::OpenedFile { conversation, message } => {
                self.opened_file(conversation, message).map(|()| Answer::Done)
            }
            Act::JudgeFile { conversation, message, what, signer } => {
                self.judge_file(conversation, message, (what, signer)).map(|()| Answer::Done)
            }
            Act::FetchBelow { bytes } => {
                self.fetch_below(bytes);
                Ok(Answer::Done)
            }
            Act::RuleFiles { conversation, rule } => {
                self.rule_files(conversation, &rule).map(|()| Answer::Done)
            }
            Act::Metered { metered } => {
                self.metered(metered);
                Ok(Answer::Done)
            }
            Act::KeepPreview { conversation, message, bytes } => {
                self.keep_preview(conversation, message, bytes).map(|()| Answer::Done)
            }
            Act::CarryOut { to, form, room } => self.carry_out(&to, form, room),
            Act::CarryPieces { portion } => self.carry_pieces(&portion),
            Act::CarriedOff { portions } => self.carried_off(&portions).map(|()| Answer::Done),
            Act::CarryIn { brought } => self.carry_in(&brought),
            Act::Call { to } => self.call(to).map(|message| Answer::Queued { message }),
            Act::DirectCalls { conversation, direct } => {
                self.choose_direct(conversation, direct).map(|()| Answer::Done)
            }
            Act::TakeCall { conversation, call } => {
                self.take_call(conversation, call).map(|()| Answer::Done)
            }
            Act::HangUp { conversation, call } => {
                self.hang_up(conversation, call).map(|()| Answer::Done)
            }
            Act::Note { kind, detail } => self.alert(kind, detail).map(|()| Answer::Done),
            Act::NewGroup { title, members } => {
                check_name(Some(&title))?;
                if members.len() >= GROUP_MEMBERS_MAX {
                    return Err(EngineError::TooLarge);
                }
                self.found_group(title, &members).map(|group| Answer::Grouped { group })
            }
            Act::AddMembers { group, members } => {
                self.want_members(group, &members).map(|()| Answer::Done)
            }
            Act::RemoveMembers { group, members } => {
                self.want_gone(group, &members).map(|()| Answer::Done)
            }
            Act::Leave { group } => self.leave(group).map(|()| Answer::Done),
            Act::Rename { contact, name } => {
                check_name(Some(&name))?;
                self.rename(contact, &name).map(|()| Answer::Done)
            }
            Act::MarkVerified { contact } => {
                let mut row = self.contact(contact)?;
                row.identity.ok_or(EngineError::Unknown)?;
                row.verified = true;
                self.keep_contact(contact, &row)?;
                Ok(Answer::Done)
            }
            Act::Block { contact } => self.block(contact).map(|()| Answer::Done),
            Act::MarkRead { conversation } => self.mark_read(conversation).map(|()| Answer::Done),
        }
    }

    fn send(
        &mut self,
        to: ConversationId,
        text: String,
        reply_to: Option<MessageId>,
        fades_s: Option<u64>,
    ) -> Result<MessageId, EngineError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(EngineError::TooLarge);
        }
        let mut row = self.open_conversation(to)?;
        let id = MessageId(self.random());
        let now = self.now.wall;
        let message = MessageRow {
            reply_to,
            fades_s,
            ..MessageRow::own(id, now, KindRow::Text, text.clone())
        };
        let order = self.add_message(to, &mut row, &message)?;
        self.keep_conversation(to, &row)?;
        let content = Content {
            id: Some(id),
            at_s: Some(now.0),
            reply_to,
            fades_s,
            ..Content::of(KIND_TEXT)
        };
        self.queue(to, &content.with_text(&text), Some(order), Haste::Now)?;
        self.start_fading(to, order, fades_s);
        self.say(Event::Progress { conversation: to, message: id });
        Ok(id)
    }

    fn rename(&mut self, contact: ContactId, name: &str) -> Result<(), EngineError> {
        let mut row = self.contact(contact)?;
        row.name = self.free_name(contact, name)?;
        row.named_here = true;
        self.keep_contact(contact, &row)?;
        if let Some(conversation) = row.conversation {
            self.say(Event::Changed { conversation });
        }
        Ok(())
    }

    fn mark_read(&mut self, id: ConversationId) -> Result<(), EngineError> {
        let mut row = self.conversation(id)?;
        // Unread entries stand at the end: walk back until one was seen.
        let mut left = row.unread;
        let mut after: Option<Vec<u8>> = None;
        while left > 0 {
            let rows = self.desk.scan(MESSAGES, &id.0, after.as_deref(), 256, Order::Down)?;
            if rows.is_empty() {
                break;
            }
            for (key, bytes) in rows {
                let mut message: MessageRow = decode(&bytes)?;
                if message.unread && left > 0 {
                    message.unread = false;
                    left = left.saturating_sub(1);
                    self.desk.put(MESSAGES, &key, encode(&message)?);
                    // That a file was offered is not the file: it fades from when it was opened.
                    if message.kind != KindRow::File {
                        self.start_fading(id, number_of(&key), message.fades_s);
                    }
                }
                after = Some(key);
            }
        }
        row.unread = 0;
        self.keep_conversation(id, &row)?;
        self.say(Event::Changed { conversation: id });
        Ok(())
    }
}

fn check_name(name: Option<&str>) -> Result<(), EngineError> {
    match name {
        Some(name) if name.len() > NAME_BYTES_MAX || name.trim().is_empty() => {
            Err(EngineError::TooLarge)
        }
        _ => Ok(()),
    }
}
