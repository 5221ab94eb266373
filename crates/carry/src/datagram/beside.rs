//! A connection that is dialled beside datagrams nobody answers.

use std::{
    future::{Future, pending},
    pin::Pin,
    time::{Duration, Instant},
};

use sogon_wire::RelayAddr;
use tokio::{net::TcpStream, time::timeout};

use crate::{link::dial, pace::Pace};

type Dialling = Pin<Box<dyn Future<Output = Option<TcpStream>> + Send>>;

/// What is dialled, or was. That somebody accepted proves nothing: many networks accept everything
/// themselves, so datagrams have a while longer before the connection takes over.
pub(super) struct Beside {
    relay: RelayAddr,
    pace: Pace,
    /// How long datagrams have then, and a try that failed rests.
    grace: Duration,
    dialling: Option<Dialling>,
    dialled: Option<(TcpStream, Instant)>,
    /// One that failed at once would fail at once again.
    again: Option<Instant>,
    failed: bool,
}

impl Beside {
    pub(super) fn new(relay: RelayAddr, pace: Pace, grace: Duration) -> Self {
        Self { relay, pace, grace, dialling: None, dialled: None, again: None, failed: false }
    }

    /// Begins to dial, unless that is done or was tried just now.
    pub(super) fn dial(&mut self, now: Instant) {
        let rested = self.again.is_none_or(|at| at <= now);
        if self.dialling.is_none() && self.dialled.is_none() && rested {
            (self.again, self.failed) = (now.checked_add(self.grace), false);
            let (relay, pace) = (self.relay.clone(), self.pace);
            self.dialling = Some(Box::pin(async move {
                timeout(pace.dial_max(), dial(&relay, pace)).await.ok().flatten()
            }));
        }
    }

    /// Datagrams are answered: nothing is needed beside them.
    pub(super) fn forget(&mut self) {
        (self.dialling, self.dialled, self.failed) = (None, None, false);
    }

    /// Returns when what was dialled came, or failed; never when nothing is dialled.
    pub(super) async fn came(&mut self) {
        let Some(dialling) = &mut self.dialling else { return pending().await };
        let came = dialling.await;
        (self.dialling, self.failed) = (None, came.is_none());
        self.dialled = came.map(|came| (came, Instant::now()));
    }

    /// When the connection takes over.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.dialled.as_ref().and_then(|(_, at)| at.checked_add(self.grace))
    }

    /// The last try to connect failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    /// The connection, when it is time; at once, where there is no time given.
    pub(super) fn take_over(&mut self, now: Option<Instant>) -> Option<TcpStream> {
        let is_due = now.is_none_or(|now| self.deadline().is_some_and(|at| at <= now));
        if is_due { self.dialled.take().map(|(socket, _)| socket) } else { None }
    }
}
