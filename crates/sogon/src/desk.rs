//! What a command has before it: the open home, its output, the words.

use std::{
    cell::Cell,
    path::{Path, PathBuf},
    rc::Rc,
    time::Instant,
};

use sogon_engine::{Event, Loss};
use tokio::sync::{broadcast::Receiver, broadcast::error::RecvError, watch};

use crate::{
    console::Console,
    hand::Hand,
    home::Home,
    keeper::{Speech, Tally},
    page::Page,
    trouble::{Kind, Trouble},
    words::Words,
};

/// One command at work in an open home.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) hand: Hand,
    pub(crate) console: Console,
    pub(crate) words: Words,
    /// The language that was asked for by name.
    pub(crate) tag: Option<String>,
    pub(crate) home: Home,
    /// Standard input, for the command that takes it.
    pub(crate) input: Option<String>,
    /// The page, where this process serves one.
    pub(crate) page: Option<Rc<Page>>,
    /// Where the command was given: what its paths are meant from.
    pub(crate) folder: PathBuf,
    /// Becomes true when the process that has the home open is about to end.
    pub(crate) ending: watch::Receiver<bool>,
    /// When somebody last asked something.
    pub(crate) busy: Rc<Cell<Instant>>,
}

/// What woke a command that lingers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Something happened.
    By(Event),
    /// More happened than was listened to: look at everything.
    Missed,
}

impl Desk {
    /// Waits for the next event.
    ///
    /// # Errors
    /// What could not be stored; [`Kind::HostEnded`] when the process is about to end.
    pub(crate) async fn woken(&self, events: &mut Receiver<Event>) -> Result<Woken, Trouble> {
        let mut ending = self.ending.clone();
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) => Ok(Woken::By(event)),
                Err(RecvError::Lagged(_)) => Ok(Woken::Missed),
                Err(RecvError::Closed) => Err(Kind::HostEnded.into()),
            },
            trouble = self.hand.fault() => Err(trouble),
            _ = ending.wait_for(|ending| *ending) => Err(Kind::HostEnded.into()),
        }
    }

    /// A burst, and a remark about every relay that did not answer.
    ///
    /// # Errors
    /// As [`Hand::burst`].
    pub(crate) async fn burst(&self) -> Result<Tally, Trouble> {
        let tally = self.hand.burst().await?;
        for (relay, why) in &tally.unreached {
            self.unreached(relay.host(), *why).await;
        }
        Ok(tally)
    }

    /// The same, and files go on until they are where they go, or nobody answers.
    ///
    /// # Errors
    /// As [`Hand::haul`].
    pub(crate) async fn burst_with_files(&self) -> Result<Tally, Trouble> {
        let tally = self.hand.haul().await?;
        for (relay, why) in &tally.unreached {
            self.unreached(relay.host(), *why).await;
        }
        Ok(tally)
    }

    /// A burst after something was done. That is stored already, so what goes wrong now is said and
    /// does not undo it: the command has not failed.
    ///
    /// In quiet mode, and in steady mode while nobody stays connected, it waits.
    pub(crate) async fn go_out(&self) -> Tally {
        let tally = match self.hand.mode().await {
            Ok(Speech { mode, leaves: false }) => {
                self.console.remark(&self.words.say(&format!("waits-{}", mode.name()), &[])).await;
                self.hand.tally().await
            }
            Ok(_) => self.burst().await,
            Err(trouble) => Err(trouble),
        };
        match tally {
            Ok(tally) => tally,
            Err(trouble) => {
                // Not as an error: the one line of an error says how the command ended.
                self.console.remark(&trouble.sentence(&self.words)).await;
                Tally::default()
            }
        }
    }

    /// As [`Desk::go_out`], and files go on until they are where they go, or nobody answers.
    pub(crate) async fn haul(&self) -> Tally {
        let tally = match self.hand.mode().await {
            Ok(Speech { mode, leaves: false }) => {
                self.console.remark(&self.words.say(&format!("waits-{}", mode.name()), &[])).await;
                return Tally::default();
            }
            Ok(_) => self.burst_with_files().await,
            Err(trouble) => Err(trouble),
        };
        match tally {
            Ok(tally) => tally,
            Err(trouble) => {
                self.console.remark(&trouble.sentence(&self.words)).await;
                Tally::default()
            }
        }
    }

    /// A path as it was meant where the command was given.
    pub(crate) fn place(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Says that a relay did not answer, and why.
    pub(crate) async fn unreached(&self, host: &str, why: Loss) {
        let why = self.words.say(&format!("loss-{}", loss(why)), &[]);
        self.console
            .remark(&self.words.say("relay-unreached", &[("host", host), ("why", &why)]))
            .await;
    }
}

/// Why a relay did not answer, for programs.
pub(crate) fn loss(why: Loss) -> &'static str {
    match why {
        Loss::Unreachable => "unreachable",
        Loss::NoProxy => "no-proxy",
        Loss::HungUp => "hung-up",
        Loss::NotARelay => "not-a-relay",
        Loss::WrongKey => "wrong-key",
    }
}
