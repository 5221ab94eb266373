//! Somebody in the trial: a home in a temporary folder, open and connected.

use std::{cell::Cell, rc::Rc, time::Instant};

use sogon_engine::{
    Act, Answer, ConversationId, Engine, Event, MessageId,
    view::{self, Delivery, Message, Standing},
};
use sogon_vault::Passphrase;
use sogon_wire::{Invite, RelayAddr, Uses};
use zeroize::Zeroizing;

use crate::{
    entropy::System,
    hand::{self, Closing, Hand},
    home::{Home, Weight},
    resident::Resident,
    trouble::{Kind, Trouble},
};

/// One of the two.
pub(super) struct Person {
    pub(super) name: String,
    hand: Hand,
    closing: Closing,
}

impl Person {
    /// Makes a home under a passphrase nobody learns, and opens it.
    pub(super) async fn arrive(
        name: String,
        home: &Home,
        relay: &RelayAddr,
    ) -> Result<Self, Trouble> {
        home.prepare()?;
        let system = System::new()?;
        let (batch, _) = Engine::set_up(&name, std::slice::from_ref(relay), &system)?;
        let passphrase = random_passphrase()?;
        home.create(&passphrase, Weight::Light.measure()?, |vault| Ok(vault.commit(&batch)?))?;
        let (hand, closing) = hand::take(home.open(&passphrase)?, None)?;
        let person = Self { name, hand, closing };
        person.hand.live().await?;
        Ok(person)
    }

    /// A link, with what it leads to at the relay.
    pub(super) async fn invite(&self) -> Result<Invite, Trouble> {
        let act = Act::Invite { uses: Uses::One };
        let Answer::Invited { invite } = self.hand.act(act).await? else {
            return Err(Kind::Bug.into());
        };
        self.hand.burst().await?;
        Ok(invite)
    }

    /// Answers a link.
    pub(super) async fn join(&self, invite: Invite) -> Result<(), Trouble> {
        self.hand.act(Act::Join { invite, name: None }).await?;
        self.hand.burst().await.map(|_| ())
    }

    /// Waits until the other one can be written to; gives the conversation and the safety number.
    pub(super) async fn meet(&self) -> Result<(ConversationId, String), Trouble> {
        let mut events = self.hand.events();
        loop {
            let contacts = self.hand.look(|vault| view::contacts(vault)).await?;
            let ready = contacts.into_iter().find(|contact| contact.standing == Standing::Ready);
            if let Some((conversation, contact)) =
                ready.and_then(|contact| Some((contact.conversation?, contact)))
            {
                return Ok((conversation, contact.safety_number));
            }
            self.woken(&mut events).await?;
        }
    }

    /// Their home, for the app.
    pub(super) fn resident(&self) -> Resident {
        Resident::new(self.hand.clone(), Rc::new(Cell::new(Instant::now())))
    }

    /// Writes.
    pub(super) async fn write(&self, to: ConversationId, text: &str) -> Result<MessageId, Trouble> {
        let act = Act::Send { to, text: text.to_owned(), reply_to: None };
        match self.hand.act(act).await? {
            Answer::Queued { message } => Ok(message),
            _ => Err(Kind::Bug.into()),
        }
    }

    /// Waits until a message is stored here, and gives it as it is stored.
    pub(super) async fn receive(
        &self,
        conversation: ConversationId,
        id: MessageId,
    ) -> Result<Message, Trouble> {
        self.until(conversation, id, |_| true).await
    }

    /// Waits until a message of one's own is at the relay.
    pub(super) async fn hand_over(
        &self,
        conversation: ConversationId,
        id: MessageId,
    ) -> Result<Message, Trouble> {
        let handed = |message: &Message| message.delivery >= Some(Delivery::Handed);
        self.until(conversation, id, handed).await
    }

    /// Closes the home.
    pub(super) async fn leave(self) -> Result<(), Trouble> {
        drop(self.hand);
        self.closing.await.unwrap_or(Err(Kind::Bug.into())).map(|_| ())
    }

    async fn until(
        &self,
        conversation: ConversationId,
        id: MessageId,
        enough: impl Fn(&Message) -> bool,
    ) -> Result<Message, Trouble> {
        let mut events = self.hand.events();
        loop {
            let found = self.hand.message(conversation, id).await?;
            if let Some(message) = found.filter(|message| enough(message)) {
                return Ok(message);
            }
            self.woken(&mut events).await?;
        }
    }

    async fn woken(
        &self,
        events: &mut tokio::sync::broadcast::Receiver<Event>,
    ) -> Result<(), Trouble> {
        tokio::select! {
            // Having missed some is as good a reason to look again.
            _ = events.recv() => Ok(()),
            trouble = self.hand.fault() => Err(trouble),
        }
    }
}

/// 128 random bits in hex: even at the light cost nobody guesses it.
fn random_passphrase() -> Result<Passphrase, Trouble> {
    let mut bytes = Zeroizing::new([0; 16]);
    getrandom::fill(bytes.as_mut()).map_err(|_| Kind::System)?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Passphrase::new(&Zeroizing::new(hex))?)
}
