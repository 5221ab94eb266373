//! The joint with the carry room: what leaves for relays, what they bring, and what it cost.

use std::{collections::VecDeque, sync::Arc};

use sogon_carry::{CallLine, Carrier, Direct, Forgetful, Meter, RelayLinks, Ways};
use sogon_engine::{Arrival, Ask, Batch, Loss, Transmit};
use sogon_vault::Vault;
use sogon_wire::{About, Pass, RelayAddr, Reply};

use crate::{sessions::Sessions, tray::Watched, trouble::Trouble};

/// What the transport counted since the home was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) bytes_up: u64,
    pub(crate) bytes_down: u64,
    pub(crate) air_ms: u64,
    pub(crate) round_trips: u64,
}

impl Figures {
    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            bytes_up: self.bytes_up.saturating_add(other.bytes_up),
            bytes_down: self.bytes_down.saturating_add(other.bytes_down),
            air_ms: self.air_ms.saturating_add(other.air_ms),
            round_trips: self.round_trips.saturating_add(other.round_trips),
        }
    }

    /// Both ways together.
    pub(crate) fn bytes(self) -> u64 {
        self.bytes_up.saturating_add(self.bytes_down)
    }

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
    watched: Watched,
    /// Out of the tray, until somebody asks for it.
    stored: Vec<(RelayAddr, Reply)>,
    /// Asked for and stored: given out before anything that comes.
    early: VecDeque<Arrival>,
}

impl Links {
    /// Links that remember what an earlier opening left in the home.
    ///
    /// # Errors
    /// When the home cannot be read.
    pub(crate) fn new(
        vault: &Vault,
        ways: Ways,
        stored: Vec<(RelayAddr, Reply)>,
    ) -> Result<Self, Trouble> {
        let (watched, early) = (Watched::new(), VecDeque::new());
        let sessions = Arc::new(Sessions::load(vault)?);
        let links = RelayLinks::new(Arc::clone(&sessions) as _, ways);
        Ok(Self { meter: links.meter(), links, sessions, watched, stored, early })
    }

    pub(crate) fn ways(&self) -> Ways {
        self.links.ways().clone()
    }

    /// Other ways from now on.
    pub(crate) fn change_ways(&mut self, ways: Ways) {
        self.links.change_ways(ways);
    }

    pub(crate) fn transmit(&mut self, transmit: Transmit) {
        let relay = &transmit.relay;
        match &transmit.ask {
            Ask::Watch { log, after } => {
                self.watched.insert((relay.clone(), *log), *after);
                let theirs = |stored: &mut (RelayAddr, Reply)| {
                    let its = matches!(&stored.1, Reply::Entries { log: its, .. } if its == log);
                    its && stored.0 == *relay
                };
                for (relay, reply) in self.stored.extract_if(.., theirs) {
                    self.early.push_back(Arrival::Reply { relay, tag: transmit.tag, reply });
                }
            }
            Ask::Unwatch { log } => {
                self.watched.remove(&(relay.clone(), *log));
            }
            _ => {}
        }
        self.links.transmit(transmit);
    }

    /// Waits for the next arrival; loses none when dropped.
    pub(crate) async fn next(&mut self) -> Arrival {
        if let Some(arrival) = self.early.pop_front() {
            return arrival;
        }
        let arrival = self.links.next().await;
        if let Arrival::Reply { relay, reply: Reply::Entries { log, from, boxes, .. }, .. } =
            &arrival
            && let Some(after) = self.watched.get_mut(&(relay.clone(), *log))
        {
            let last = from.saturating_add(boxes.len() as u64).saturating_sub(1);
            *after = (*after).max(last);
        }
        arrival
    }

    /// A line into the room of a call.
    pub(crate) fn call(&self, relay: RelayAddr, pass: Pass, direct: Option<Direct>) -> CallLine {
        self.links.call(relay, pass, direct)
    }

    /// What is watched, and how far it came.
    pub(crate) fn watched(&self) -> Watched {
        self.watched.clone()
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
