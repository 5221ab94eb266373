//! One step: what an input leads to. Each file here is one concern; all of them read and write
//! through the desk of the step.

mod act;
mod again;
mod call;
mod carry;
mod change;
mod commits;
pub(crate) mod fade;
mod fetch;
mod first_contact;
mod flow;
mod follow;
mod freight;
mod group;
mod lay;
mod look;
mod offer;
mod outbox;
mod pack;
mod page;
pub(crate) mod placed;
mod places;
mod receipts;
mod receive;
mod rescue;
pub(crate) mod rules;
mod stock;
mod sweep;
mod turn;

use sogon_seal::{
    Conversation, Desk, Entropy, GroupName, Identity, SealError, Sealer, shelf::Shelf,
};
use sogon_wire::SealedBox;

use sha2::{Digest, Sha256};

use crate::{
    Answer, Arrival, ContactId, ConversationId, EngineError, Event, Input, MessageId, Now, Tick,
    Transmit, alert,
    engine::{Memory, Mode, NOTHING, Told},
    membership::MembershipRow,
    message_row::{self, KindRow, MessageRow},
    rows::{
        CONTACTS, CONVERSATIONS, COUNTERS, ContactRow, ConversationRow, MESSAGE_IDS, MESSAGES,
        ORDERS, State, encode, in_conversation, message_key, number_of, read,
    },
    view::AlertKind,
};

/// A step at work.
pub(crate) struct Work<'a> {
    pub(crate) memory: &'a mut Memory,
    pub(crate) desk: &'a Desk<'a>,
    pub(crate) sealer: Sealer<'a>,
    pub(crate) identity: &'a Identity,
    pub(crate) now: Now,
    transmit: Vec<Transmit>,
    tell: Told,
    wake: Option<Tick>,
    /// What is to go with this step, since it was seen in it.
    seen_once: Vec<fade::Due>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(
        memory: &'a mut Memory,
        desk: &'a Desk<'a>,
        sealer: Sealer<'a>,
        identity: &'a Identity,
        now: Now,
    ) -> Self {
        let (transmit, tell, wake) = (Vec::new(), Told::new(), None);
        let seen_once = Vec::new();
        Self { memory, desk, sealer, identity, now, transmit, tell, wake, seen_once }
    }

    /// Takes the input in and does what follows from it. What is due goes before anything else that
    /// time brings, alone; where much is due, the rest of what time brings has every other turn.
    pub(crate) fn step(&mut self, input: Input) -> Result<Answer, EngineError> {
        let faded = std::mem::take(&mut self.memory.faded);
        if matches!(input, Input::Time) && !faded && self.fade()? {
            self.memory.faded = true;
            return Ok(NOTHING);
        }
        let answer = self.input(input)?;
        self.fade_seen()?;
        self.sweep()?;
        self.flow()?;
        Ok(answer)
    }

    /// What follows from it goes out with [`Work::flow`].
    fn input(&mut self, input: Input) -> Result<Answer, EngineError> {
        match input {
            Input::Act(act) => self.act(act),
            Input::Arrived(Arrival::Reply { relay, tag, reply }) => {
                self.reply(&relay, tag, reply).map(|()| NOTHING)
            }
            Input::Arrived(Arrival::Lost { relay, why }) => {
                self.lost(&relay, why).map(|()| NOTHING)
            }
            Input::Burst => self.start(Mode::Burst).map(|()| NOTHING),
            Input::Haul => {
                self.memory.hauls = true;
                self.start(Mode::Burst).map(|()| NOTHING)
            }
            Input::Room { bytes } => {
                self.memory.room = Some(bytes);
                Ok(NOTHING)
            }
            Input::Live => self.start(Mode::Live).map(|()| NOTHING),
            Input::Time => self.time().map(|()| NOTHING),
        }
    }

    pub(crate) fn finish(self) -> (Vec<Transmit>, Told, Option<Tick>) {
        (self.transmit, self.tell, self.wake)
    }

    pub(crate) fn entropy(&self) -> &'a dyn Entropy {
        self.sealer.entropy()
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy().fill(&mut bytes);
        bytes
    }

    pub(crate) fn say(&mut self, event: Event) {
        self.tell.insert(event);
    }

    /// Asks to be called again at `tick`.
    pub(crate) fn wake_at(&mut self, tick: Tick) {
        self.wake = Some(self.wake.map_or(tick, |sooner| sooner.min(tick)));
    }

    pub(crate) fn alert(&mut self, kind: AlertKind, detail: String) -> Result<(), EngineError> {
        self.say(Event::Alerted);
        alert::tell(self.desk, self.now.wall, kind, detail)
    }

    /// As [`Work::alert`], unless one of the latest entries says the same.
    pub(crate) fn alert_once(
        &mut self,
        kind: AlertKind,
        detail: String,
    ) -> Result<(), EngineError> {
        if alert::tell_once(self.desk, self.now.wall, kind, detail)? {
            self.say(Event::Alerted);
        }
        Ok(())
    }

    pub(crate) fn conversation(&self, id: ConversationId) -> Result<ConversationRow, EngineError> {
        read(self.desk, CONVERSATIONS, &id.0)?.ok_or(EngineError::Unknown)
    }

    /// A conversation one can still write to.
    pub(crate) fn open_conversation(
        &self,
        id: ConversationId,
    ) -> Result<ConversationRow, EngineError> {
        let row = self.conversation(id)?;
        if row.state == State::Over || row.leaving { Err(EngineError::Over) } else { Ok(row) }
    }

    pub(crate) fn keep_conversation(
        &mut self,
        id: ConversationId,
        row: &ConversationRow,
    ) -> Result<(), EngineError> {
        self.memory.stirred.insert(id);
        self.desk.put(CONVERSATIONS, &id.0, encode(row)?);
        Ok(())
    }

    pub(crate) fn contact(&self, id: ContactId) -> Result<ContactRow, EngineError> {
        read(self.desk, CONTACTS, &id.0)?.ok_or(EngineError::Unknown)
    }

    pub(crate) fn keep_contact(&self, id: ContactId, row: &ContactRow) -> Result<(), EngineError> {
        self.desk.put(CONTACTS, &id.0, encode(row)?);
        Ok(())
    }

    /// The group behind a conversation, with its keys.
    pub(crate) fn group(&self, name: GroupName) -> Result<Conversation<'a>, EngineError> {
        Conversation::load(self.sealer, name).map_err(internal)
    }

    /// The next number of a counter; the first is 1.
    pub(crate) fn count(&self, counter: &[u8]) -> Result<u64, EngineError> {
        let last = self.desk.row(COUNTERS, counter)?.map_or(0, |bytes| number_of(&bytes));
        let next = last.saturating_add(1);
        self.desk.put(COUNTERS, counter, next.to_be_bytes().to_vec());
        Ok(next)
    }

    /// Whether a message was ever here, though it may be deleted by now.
    pub(crate) fn was_here(
        &self,
        id: ConversationId,
        message: MessageId,
    ) -> Result<bool, EngineError> {
        Ok(message_row::place(self.desk, id, message)?.is_some())
    }

    /// A message that is here, and its place.
    pub(crate) fn message(
        &self,
        id: ConversationId,
        message: MessageId,
    ) -> Result<Option<(u64, MessageRow)>, EngineError> {
        message_row::find(self.desk, id, message)
    }

    /// Puts an entry at the end of a conversation and gives its order.
    pub(crate) fn add_message(
        &mut self,
        id: ConversationId,
        conversation: &mut ConversationRow,
        message: &MessageRow,
    ) -> Result<u64, EngineError> {
        let order = self.count(b"messages")?;
        let key = in_conversation(id, order);
        self.desk.put(MESSAGES, &key, encode(message)?);
        self.desk.put(ORDERS, &order.to_be_bytes(), id.0.to_vec());
        let by_id = message_key(id, message.id);
        self.desk.put(MESSAGE_IDS, &by_id, order.to_be_bytes().to_vec());
        if matches!(message.kind, KindRow::Text | KindRow::File) {
            self.desk.index(order, message.text.clone());
        }
        conversation.last_order = order;
        if message.unread {
            conversation.unread = conversation.unread.saturating_add(1);
        }
        Ok(order)
    }

    /// An entry the program makes, not a person.
    pub(crate) fn add_notice(
        &mut self,
        id: ConversationId,
        conversation: &mut ConversationRow,
        kind: KindRow,
        membership: Option<MembershipRow>,
    ) -> Result<(), EngineError> {
        let message = MessageRow {
            epoch: conversation.epoch,
            seq: conversation.cursor,
            membership,
            ..MessageRow::notice(MessageId(self.random()), self.now.wall, kind)
        };
        self.add_message(id, conversation, &message)?;
        self.say(Event::Changed { conversation: id });
        Ok(())
    }
}

/// A failure that hostile bytes cannot cause.
pub(crate) fn internal(error: SealError) -> EngineError {
    match error {
        SealError::TooLarge => EngineError::TooLarge,
        SealError::Over => EngineError::Over,
        SealError::Shelf => EngineError::Shelf(crate::ShelfFault),
        SealError::Unopenable | SealError::Unknown | SealError::Pending | SealError::Bug => {
            EngineError::Bug
        }
    }
}

/// SHA-256 of a box.
pub(crate) fn box_hash(boxed: &SealedBox) -> [u8; 32] {
    Sha256::digest(boxed.as_bytes()).into()
}

/// The first half of [`box_hash`]: how boxes are named in questions and closing notes.
pub(crate) fn short_hash(boxed: &SealedBox) -> [u8; 16] {
    *box_hash(boxed).first_chunk().unwrap_or(&[0; 16])
}
