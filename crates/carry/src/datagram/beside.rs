//! A connection that is dialled beside datagrams nobody answers.

use std::{
    future::{Future, pending},
    pin::Pin,
    time::{Duration, Instant},
};

use sogon_wire::RelayAddr;
use tokio::{net::TcpStream, time::timeout};

use crate::{link::dial, pace::Pace};

/// The longest rest between tries.
const REST_MAX: Duration = Duration::from_secs(60);

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
    /// How many tries failed in a row.
    failed: u32,
}

impl Beside {
    pub(super) fn new(relay: RelayAddr, pace: Pace, grace: Duration) -> Self {
        Self { relay, pace, grace, dialling: None, dialled: None, again: None, failed: 0 }
    }

    /// Begins to dial, unless that is done or was tried just now.
    pub(super) fn dial(&mut self, now: Instant) {
        let rested = self.again.is_none_or(|at| at <= now);
        if self.dialling.is_none() && self.dialled.is_none() && rested {
            let times = 1u32.checked_shl(self.failed.min(6)).unwrap_or(1);
            let rest = self.grace.saturating_mul(times).min(REST_MAX.max(self.grace));
            self.again = now.checked_add(rest);
            let (relay, pace) = (self.relay.clone(), self.pace);
            self.dialling = Some(Box::pin(async move {
                timeout(pace.dial_max(), dial(&relay, pace)).await.ok().flatten()
            }));
        }
    }

    /// Datagrams are answered: nothing is needed beside them.
    pub(super) fn forget(&mut self) {
        (self.dialling, self.dialled, self.again) = (None, None, None);
    }

    /// Returns when what was dialled came, or failed; never when nothing is dialled.
    pub(super) async fn came(&mut self) {
        let Some(dialling) = &mut self.dialling else { return pending().await };
        let came = dialling.await;
        self.dialling = None;
        self.failed = if came.is_some() { 0 } else { self.failed.saturating_add(1) };
        self.dialled = came.map(|came| (came, Instant::now()));
    }

    /// When the connection takes over.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.dialled.as_ref().and_then(|(_, at)| at.checked_add(self.grace))
    }

    /// Somebody accepted.
    pub(super) fn is_dialled(&self) -> bool {
        self.dialled.is_some()
    }

    /// When a try may follow one that failed.
    pub(super) fn next_try(&self) -> Option<Instant> {
        self.again.filter(|_| self.failed > 0 && self.dialling.is_none())
    }

    /// The connection, when it is time; at once, where there is no time given.
    pub(super) fn take_over(&mut self, now: Option<Instant>) -> Option<TcpStream> {
        let is_due = now.is_none_or(|now| self.deadline().is_some_and(|at| at <= now));
        if is_due { self.dialled.take().map(|(socket, _)| socket) } else { None }
    }
}
