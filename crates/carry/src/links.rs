//! Links to relays: one connection per relay, made when something waits for it.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};

use sogon_engine::{Arrival, Ask, Loss, Transmit};
use sogon_wire::{Frame, Pass, RelayAddr};
use tokio::sync::mpsc;

use crate::{
    carrier::Carrier,
    direct::Direct,
    line::CallLine,
    link::{Asked, Link, Rank},
    memory::Memory,
    meter::Meter,
    proxy::Proxy,
};

/// Arrivals that wait to be taken; a program that takes none stops the relays' sending, by TCP.
const ARRIVALS_WAITING_MAX: usize = 256;
/// How long an orderly end may take.
const GOODBYE: Duration = Duration::from_secs(15);

/// Which ways a home may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ways {
    /// Datagrams for a short visit, a connection where those are not answered or do not serve.
    #[default]
    Any,
    /// Connections alone: for somebody who does not want datagrams.
    Connections,
    /// Connections through a proxy, and nothing around it: no datagram, and no name of a relay
    /// asked of anybody but the proxy.
    Through(Proxy),
    /// One datagram to each relay in use every so long, each as large as any, and nothing else: who
    /// watches learns that it is on. A connection is made only where there are no keys for
    /// datagrams yet; where those do not get through, nothing does.
    Steady(Duration),
}

/// Carries boxes over datagrams and TLS connections to relays.
///
/// A connection is dialled when something is to be transmitted and there is none; what is
/// transmitted meanwhile leaves in one flight, which for a relay visited before is the very first.
/// After [`Arrival::Lost`] the next [`Carrier::transmit`] dials again. Lives in a tokio runtime.
pub struct RelayLinks {
    memory: Arc<dyn Memory>,
    ways: Ways,
    meter: Meter,
    links: BTreeMap<RelayAddr, Link>,
    arrivals: mpsc::Receiver<Arrival>,
    arrive: mpsc::Sender<Arrival>,
    /// Taken from the queue while hanging up, and not yet given out.
    held: VecDeque<Arrival>,
}

impl RelayLinks {
    /// No links yet. What is remembered of relays is asked of, and left in, `memory`.
    #[must_use]
    pub fn new(memory: Arc<dyn Memory>, ways: Ways) -> Self {
        let (arrive, arrivals) = mpsc::channel(ARRIVALS_WAITING_MAX);
        let (meter, links) = (Meter::default(), BTreeMap::new());
        Self { memory, ways, meter, links, arrivals, arrive, held: VecDeque::new() }
    }

    /// The ways it uses.
    #[must_use]
    pub fn ways(&self) -> &Ways {
        &self.ways
    }

    /// Uses these ways from now on. Every link is cut at once, and reported lost.
    pub fn change_ways(&mut self, ways: Ways) {
        self.ways = ways;
        while let Ok(arrival) = self.arrivals.try_recv() {
            self.held.push_back(arrival);
        }
        // What a link that is cut still says is not heard.
        (self.arrive, self.arrivals) = mpsc::channel(ARRIVALS_WAITING_MAX);
        let cut = std::mem::take(&mut self.links).into_keys();
        self.held.retain(|arrival| !matches!(arrival, Arrival::Lost { .. }));
        self.held.extend(cut.map(|relay| Arrival::Lost { relay, why: Loss::HungUp }));
    }

    /// A line into the room of a call.
    #[must_use]
    pub fn call(&self, relay: RelayAddr, pass: Pass, direct: Option<Direct>) -> CallLine {
        // Nothing goes around a proxy, or beside a steady pace.
        let direct = direct.filter(|_| self.ways == Ways::Any);
        CallLine::enter(relay, pass, Arc::clone(&self.memory), self.ways.clone(), direct)
    }

    /// What it costs, counted since it was made.
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.meter.clone()
    }

    /// Ends every connection: what was transmitted still leaves, answers that are missing are
    /// given up, and nothing is reported lost. The next transmit dials anew.
    pub async fn hang_up(&mut self) {
        let links: Vec<_> = std::mem::take(&mut self.links).into_values().collect();
        let ended = async {
            let mut links = links;
            links.iter_mut().for_each(Link::hang_up);
            for link in &mut links {
                link.ended().await;
            }
        };
        {
            let ended = tokio::time::timeout(GOODBYE, ended);
            tokio::pin!(ended);
            // A link that waits to be heard would wait for us.
            loop {
                tokio::select! {
                    Some(arrival) = self.arrivals.recv() => self.held.push_back(arrival),
                    _ = &mut ended => break,
                }
            }
        }
        while let Ok(arrival) = self.arrivals.try_recv() {
            self.held.push_back(arrival);
        }
        self.held.retain(|arrival| !matches!(arrival, Arrival::Lost { .. }));
    }

    /// Takes a frame on its way.
    pub(crate) fn carry(&mut self, relay: &RelayAddr, asked: Asked) {
        let link = self.links.entry(relay.clone()).or_insert_with(|| {
            let (memory, meter) = (Arc::clone(&self.memory), self.meter.clone());
            let ways = self.ways.clone();
            Link::dial(relay.clone(), memory, ways, meter, self.arrive.clone())
        });
        // A link that is lost but not yet reported so loses this question too.
        link.ask(asked);
    }
}

impl Carrier for RelayLinks {
    fn transmit(&mut self, transmit: Transmit) {
        let answered = !matches!(transmit.ask, Ask::Unwatch { .. });
        let request = transmit.request();
        let bytes = request.encode(transmit.tag);
        let rank = if transmit.is_bulk() { Rank::Files } else { Rank::Words };
        let asked = Asked { rank, request, bytes, tag: answered.then_some(transmit.tag) };
        self.carry(&transmit.relay, asked);
    }

    async fn next(&mut self) -> Arrival {
        if let Some(arrival) = self.held.pop_front() {
            return arrival;
        }
        match self.arrivals.recv().await {
            Some(arrival) => {
                if let Arrival::Lost { relay, .. } = &arrival {
                    self.links.remove(relay);
                }
                arrival
            }
            // We hold a sender ourselves, so the queue never ends.
            None => std::future::pending().await,
        }
    }
}

impl fmt::Debug for RelayLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayLinks").field("links", &self.links.len()).finish_non_exhaustive()
    }
}
