//! The joint with the carry room: what leaves for relays, what they bring, and what it cost.

use std::sync::Arc;

use sogon_carry::{Carrier, Forgetful, Meter, RelayLinks, Ways};
use sogon_engine::{Arrival, Ask, Batch, Loss, Transmit};
use sogon_vault::Vault;
use sogon_wire::{About, RelayAddr, Reply};

use crate::{sessions::Sessions, trouble::Trouble};

/// What the transport counted since the home was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) bytes_up: u64,
    pub(crate) bytes_down: u64,
    pub(crate) air_ms: u64,
    pub(crate) round_trips: u64,
}

impl Figures {
    /// What was added since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            bytes_up: self.bytes_up.saturating_sub(before.bytes_up),
            bytes_down: self.bytes_down.saturating_sub(before.bytes_down),
            air_ms: self.air_ms.saturating_sub(before.air_ms),
            round_trips: self.round_trips.saturating_sub(before.round_trips),
        }
    }
}

/// Asks a relay what it keeps and allows, on a connection of its own.
///
/// # Errors
/// Why there is no answer.
pub(crate) async fn probe(relay: &RelayAddr, ways: Ways) -> Result<About, Loss> {
    let ways = if ways == Ways::Any { Ways::Connections } else { ways };
    let mut links = RelayLinks::new(Arc::new(Forgetful::default()), ways);
    links.transmit(Transmit { relay: relay.clone(), tag: 1, ask: Ask::About });
    let arrival = links.next().await;
    links.hang_up().await;
    match arrival {
        Arrival::Reply { reply: Reply::About(about), .. } => Ok(about),
        Arrival::Reply { .. } => Err(Loss::NotARelay),
        Arrival::Lost { why, .. } => Err(why),
    }
}

/// The links to all relays of one home.
pub(crate) struct Links {
    links: RelayLinks,
    meter: Meter,
    sessions: Arc<Sessions>,
}

impl Links {
    /// Links that remember what an earlier opening left in the home.
    ///
    /// # Errors
    /// When the home cannot be read.
    pub(crate) fn new(vault: &Vault, ways: Ways) -> Result<Self, Trouble> {
        let sessions = Arc::new(Sessions::load(vault)?);
        let links = RelayLinks::new(Arc::clone(&sessions) as _, ways);
        Ok(Self { meter: links.meter(), links, sessions })
    }

    pub(crate) fn ways(&self) -> Ways {
        self.links.ways().clone()
    }

    /// Other ways from now on.
    pub(crate) fn change_ways(&mut self, ways: Ways) {
        self.links.change_ways(ways);
    }

    pub(crate) fn transmit(&mut self, transmit: Transmit) {
        self.links.transmit(transmit);
    }

    /// Waits for the next arrival; loses none when dropped.
    pub(crate) async fn next(&mut self) -> Arrival {
        self.links.next().await
    }

    pub(crate) fn figures(&self) -> Figures {
        let reading = self.meter.read();
        Figures {
            bytes_up: reading.bytes_up,
            bytes_down: reading.bytes_down,
            air_ms: reading.air_ms,
            round_trips: reading.round_trips,
        }
    }

    /// What has to be stored since the last call.
    pub(crate) fn changed_sessions(&self) -> Batch {
        self.sessions.changes()
    }

    /// Ends every connection in good order. What still arrives meanwhile is left at the relay.
    pub(crate) async fn hang_up(&mut self) {
        self.links.hang_up().await;
    }
}
