//! A hand in the loop: what commands hold. Cheap to copy; when the last one is dropped the home is
//! closed.

use sogon_carry::{CallLine, Direct, Proxy, Ways};
use sogon_engine::{
    Act, Answer, Batch, CallKeys, ConversationId, DirectCall, Event, MessageId, ShelfFault, view,
};
use sogon_vault::{Passphrase, Vault};
use sogon_wire::{Pass, RelayAddr};
use tokio::{
    sync::{broadcast, mpsc, oneshot, watch},
    task::JoinHandle,
};

use crate::{
    home::Opened,
    keeper::{Ending, Farewell, Keeper, Reply, Speech, Tally, Wish},
    mode::Mode,
    trouble::{Kind, Trouble},
    unheard,
    usage::Day,
};

/// Events a slow listener may fall behind before it has to look at the store itself.
const EVENTS_MAX: usize = 1_024;

/// How commands reach engine and vault.
#[derive(Clone, Debug)]
pub(crate) struct Hand {
    wishes: mpsc::UnboundedSender<Wish>,
    events: broadcast::Sender<Event>,
    fault: watch::Receiver<Option<Trouble>>,
}

/// What ends when the home is closed.
pub(crate) type Closing = JoinHandle<Result<Ending, Trouble>>;

/// Starts the loop over an open home. Must be called inside a `LocalSet`.
///
/// # Errors
/// As [`Keeper::new`].
pub(crate) fn take(opened: Opened, proxy: Option<&Proxy>) -> Result<(Hand, Closing), Trouble> {
    let (wishes, granted) = mpsc::unbounded_channel();
    let events = broadcast::Sender::new(EVENTS_MAX);
    let (fault_in, fault) = watch::channel(None);
    let keeper = Keeper::new(opened, proxy, events.clone(), fault_in)?;
    let closing = tokio::task::spawn_local(keeper.run(granted));
    let hand = Hand { wishes, events, fault };
    // A call may have ended with its program. What cannot be sent now is sent next time.
    let left = unheard::send_left(hand.clone());
    tokio::task::spawn_local(async move { drop(left.await) });
    Ok((hand, closing))
}

impl Hand {
    /// Does what a person did. On return it is durable.
    ///
    /// # Errors
    /// What engine or vault say; then nothing was done.
    pub(crate) async fn act(&self, act: Act) -> Result<Answer, Trouble> {
        self.wish(|reply| Wish::Act(act, reply)).await
    }

    /// Everything out and in, once; returns when no question is open any more.
    ///
    /// # Errors
    /// When something that came could not be stored.
    pub(crate) async fn burst(&self) -> Result<Tally, Trouble> {
        self.wish(Wish::Burst).await
    }

    /// As [`Hand::burst`], and files go on too; returns when none is under way any more, as far as
    /// relays have them and answer.
    ///
    /// # Errors
    /// When something that came could not be stored.
    pub(crate) async fn haul(&self) -> Result<Tally, Trouble> {
        self.wish(Wish::Haul).await
    }

    /// What happened since the home was opened.
    ///
    /// # Errors
    /// None but faults of this program.
    pub(crate) async fn tally(&self) -> Result<Tally, Trouble> {
        self.wish(Wish::Tally).await
    }

    /// The data meter, up to this moment.
    ///
    /// # Errors
    /// [`Kind::Disk`].
    pub(crate) async fn usage(&self) -> Result<Vec<Day>, Trouble> {
        self.wish(Wish::Usage).await
    }

    /// Stays connected from now on.
    ///
    /// # Errors
    /// What engine or vault say.
    pub(crate) async fn live(&self) -> Result<(), Trouble> {
        self.wish(Wish::Live).await
    }

    /// Makes the home larger by so many MiB.
    ///
    /// # Errors
    /// [`Kind::DiskFull`], [`Kind::Disk`]; the home is as it was.
    pub(crate) async fn grow(&self, mib: u32) -> Result<(), Trouble> {
        self.wish(|reply| Wish::Grow(mib, reply)).await
    }

    /// When the home speaks to relays.
    ///
    /// # Errors
    /// None but faults of this program.
    pub(crate) async fn mode(&self) -> Result<Speech, Trouble> {
        self.wish(Wish::Mode).await
    }

    /// Has the home speak like this from now on.
    ///
    /// # Errors
    /// [`Kind::SteadyProxy`], [`Kind::Disk`].
    pub(crate) async fn change_mode(&self, mode: Mode) -> Result<(), Trouble> {
        self.wish(|reply| Wish::ChangeMode(mode, reply)).await
    }

    /// How relays are reached.
    ///
    /// # Errors
    /// None but faults of this program.
    pub(crate) async fn ways(&self) -> Result<Ways, Trouble> {
        self.wish(Wish::Ways).await
    }

    /// Has relays reached through this proxy from now on, or through none.
    ///
    /// # Errors
    /// [`Kind::ProxyOwnRelay`], [`Kind::Disk`].
    pub(crate) async fn change_proxy(&self, proxy: Option<Proxy>) -> Result<(), Trouble> {
        self.wish(|reply| Wish::Proxy(proxy, reply)).await
    }

    /// Lets another passphrase open the home from now on.
    ///
    /// # Errors
    /// [`Kind::WrongPassphrase`] for the old one, [`Kind::PassphraseTaken`] for the new one,
    /// [`Kind::Disk`].
    pub(crate) async fn change_passphrase(
        &self,
        old: Passphrase,
        new: Passphrase,
    ) -> Result<(), Trouble> {
        self.wish(|reply| Wish::Passphrase([old, new], reply)).await
    }

    /// What goes into a backup.
    ///
    /// # Errors
    /// [`Kind::Disk`] when the store cannot answer.
    pub(crate) async fn portable(&self) -> Result<Batch, Trouble> {
        self.wish(Wish::Portable).await
    }

    /// Overwrites the key blocks of all other homes in the container.
    ///
    /// # Errors
    /// [`Kind::Disk`].
    pub(crate) async fn wipe_others(&self) -> Result<(), Trouble> {
        self.wish(Wish::WipeOthers).await
    }

    /// Gives the home up; whoever still wants something of it hears that it is locked.
    ///
    /// # Errors
    /// [`Kind::Disk`]; it is given up all the same.
    pub(crate) async fn close(&self, how: Farewell) -> Result<(), Trouble> {
        self.wish(|reply| Wish::Close(how, reply)).await
    }

    /// What the owner needs for a call, in the conversation's present epoch.
    ///
    /// # Errors
    /// [`Kind::Over`].
    pub(crate) async fn call_keys(
        &self,
        conversation: ConversationId,
        call: MessageId,
    ) -> Result<(RelayAddr, CallKeys), Trouble> {
        self.wish(|reply| Wish::CallKeys(conversation, call, reply)).await
    }

    /// A line into the room of a call.
    ///
    /// # Errors
    /// None but faults of this program.
    pub(crate) async fn line(
        &self,
        relay: RelayAddr,
        pass: Pass,
        direct: Option<Direct>,
    ) -> Result<CallLine, Trouble> {
        self.wish(|reply| Wish::Line(relay, pass, direct, reply)).await
    }

    /// What a call goes directly with; none unless both chose so and nothing forbids it here.
    ///
    /// # Errors
    /// [`Kind::Over`].
    pub(crate) async fn direct_keys(
        &self,
        conversation: ConversationId,
        call: MessageId,
    ) -> Result<Option<DirectCall>, Trouble> {
        self.wish(|reply| Wish::DirectKeys(conversation, call, reply)).await
    }

    /// Stores rows of the app.
    ///
    /// # Errors
    /// [`Kind::HomeFull`], [`Kind::Disk`].
    pub(crate) async fn keep(&self, rows: Batch) -> Result<(), Trouble> {
        self.wish(|reply| Wish::Keep(rows, reply)).await
    }

    /// Looks at what is stored.
    ///
    /// # Errors
    /// [`Kind::Disk`] when the store cannot answer.
    pub(crate) async fn look<T: 'static>(
        &self,
        look: impl FnOnce(&Vault) -> Result<T, ShelfFault> + 'static,
    ) -> Result<T, Trouble> {
        self.wish(|reply| {
            Wish::Look(Box::new(move |vault| {
                let _ = reply.send(look(vault).map_err(|ShelfFault| vault.why().into()));
            }))
        })
        .await
    }

    /// One message, if it is there.
    ///
    /// # Errors
    /// As [`Hand::look`].
    pub(crate) async fn message(
        &self,
        conversation: ConversationId,
        id: MessageId,
    ) -> Result<Option<view::Message>, Trouble> {
        self.look(move |vault| view::message(vault, conversation, id)).await
    }

    /// What happens from now on.
    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Waits until something that arrived could not be stored.
    pub(crate) async fn fault(&self) -> Trouble {
        let mut fault = self.fault.clone();
        match fault.wait_for(Option::is_some).await.ok().and_then(|found| found.clone()) {
            Some(trouble) => trouble,
            None => std::future::pending().await,
        }
    }

    async fn wish<T>(&self, wish: impl FnOnce(Reply<T>) -> Wish) -> Result<T, Trouble> {
        let (reply, answer) = oneshot::channel();
        // The loop is gone: somebody locked the home meanwhile, or wiped it.
        self.wishes.send(wish(reply)).map_err(|_| Kind::LockedMeanwhile)?;
        answer.await.map_err(|_| Kind::LockedMeanwhile)?
    }
}
