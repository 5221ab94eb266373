//! One link: what the program holds of it, and how it is dialled and lost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use sogon_engine::{Arrival, Loss};
use sogon_wire::{RelayAddr, Tag};
use tokio::{
    net::{TcpStream, lookup_host},
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    memory::Memory,
    meter::Meter,
    pace::Pace,
    record::Record,
    tickets::Tickets,
    tls::{Tls, TlsFault},
    visit::{End, Visit},
};

/// The most bytes that wait for one relay. Beyond it the link is lost, and with it every question:
/// the engine asks again when it wants to.
const WAITING_BYTES_MAX: usize = 8 << 20;
/// Probes the way when nothing is said, so that a dead one is noticed.
const KEEPALIVE: std::time::Duration = std::time::Duration::from_secs(240);
/// A question on its way.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Its frame.
    pub(crate) bytes: Vec<u8>,
    /// What its answer will carry, if it has one.
    pub(crate) tag: Option<Tag>,
}

/// What a link is told.
#[derive(Debug)]
pub(crate) enum Order {
    Ask(Asked),
    HangUp,
}

/// The program's end of a link. Dropping it ends the link at once.
pub(crate) struct Link {
    orders: Option<mpsc::UnboundedSender<Order>>,
    waiting: Arc<AtomicUsize>,
    crowded: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Link {
    /// Begins to dial.
    pub(crate) fn dial(
        relay: RelayAddr,
        memory: Arc<dyn Memory>,
        meter: Meter,
        arrive: mpsc::Sender<Arrival>,
    ) -> Self {
        let (orders, told) = mpsc::unbounded_channel();
        let waiting = Arc::<AtomicUsize>::default();
        let crowded = Arc::<Notify>::default();
        let orders_in = Orders { told, waiting: Arc::clone(&waiting) };
        let run = run(relay, memory, meter, arrive, orders_in, Arc::clone(&crowded));
        Self { orders: Some(orders), waiting, crowded, task: tokio::spawn(run) }
    }

    pub(crate) fn ask(&mut self, asked: Asked) {
        let bytes = asked.bytes.len();
        let waiting = self.waiting.fetch_add(bytes, Relaxed).saturating_add(bytes);
        if waiting > WAITING_BYTES_MAX {
            self.orders = None;
            self.crowded.notify_one();
        }
        if let Some(orders) = &self.orders {
            // Refused by a link that is lost already: its loss is on its way to be reported.
            let _ = orders.send(Order::Ask(asked));
        }
    }

    pub(crate) fn hang_up(&mut self) {
        if let Some(orders) = self.orders.take() {
            let _ = orders.send(Order::HangUp);
        }
    }

    pub(crate) async fn ended(&mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The link's end of what it is told.
pub(crate) struct Orders {
    told: mpsc::UnboundedReceiver<Order>,
    waiting: Arc<AtomicUsize>,
}

impl Orders {
    /// The next order; [`None`] when there are too many.
    pub(crate) async fn next(&mut self) -> Option<Order> {
        let order = self.told.recv().await;
        self.count(order.as_ref());
        order
    }

    /// The next order, if it is there.
    pub(crate) fn ready(&mut self) -> Option<Order> {
        let order = self.told.try_recv().ok();
        self.count(order.as_ref());
        order
    }

    fn count(&self, order: Option<&Order>) {
        if let Some(Order::Ask(asked)) = order {
            self.waiting.fetch_sub(asked.bytes.len(), Relaxed);
        }
    }
}

async fn run(
    relay: RelayAddr,
    memory: Arc<dyn Memory>,
    meter: Meter,
    arrive: mpsc::Sender<Arrival>,
    mut orders: Orders,
    crowded: Arc<Notify>,
) {
    let record = memory.recall(&relay).map(|bytes| Record::parse(&bytes)).unwrap_or_default();
    let known = Known {
        memory,
        tickets: Tickets::new(record.tickets),
        pace: Pace { round_trip_ms: record.round_trip_ms },
        relay,
    };
    let mut visit = Visit::new(known, meter, arrive.clone());
    let why = tokio::select! {
        why = visits(&mut visit, &mut orders) => why,
        () = crowded.notified() => Some(Loss::HungUp),
    };
    let Some(why) = why else { return };
    let relay = visit.known.relay;
    // A program that is gone has nobody to tell.
    let _ = arrive.send(Arrival::Lost { relay, why }).await;
}

/// Connections until one is lost, or ended as told.
async fn visits(visit: &mut Visit, orders: &mut Orders) -> Option<Loss> {
    loop {
        match once(visit, orders).await {
            End::NotResumed => {}
            End::HungUp => return None,
            End::Lost(why) => return Some(why),
        }
    }
}

/// One connection, from its first packet to its last. A ticket is tried once: when it is not
/// taken, the next connection is a full one.
async fn once(visit: &mut Visit, orders: &mut Orders) -> End {
    let begun = Instant::now();
    let dialled = timeout(visit.known.pace.dial_max(), dial(&visit.known.relay)).await;
    let Ok(Some((socket, round_trip))) = dialled else {
        visit.meter.on_air(begun.elapsed());
        return End::Lost(Loss::Unreachable);
    };
    visit.known.pace.measured(round_trip);
    visit.meter.connected();
    visit.meter.on_air(begun.elapsed());
    let (print, tickets) = (visit.known.relay.fingerprint(), &visit.known.tickets);
    let tls = match visit.resume_refused {
        true => Tls::full(print, tickets),
        false => Tls::start(print, tickets),
    };
    match tls {
        Ok(tls) => visit.run(socket, tls, orders).await,
        Err(TlsFault::NotResumed | TlsFault::WrongKey | TlsFault::Strange) => {
            End::Lost(Loss::NotARelay)
        }
    }
}

/// Tries the relay's addresses in turn.
async fn dial(relay: &RelayAddr) -> Option<(TcpStream, std::time::Duration)> {
    for address in lookup_host((relay.host(), relay.port())).await.ok()? {
        let begun = Instant::now();
        if let Ok(socket) = TcpStream::connect(address).await {
            let _ = socket.set_nodelay(true);
            let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE);
            let _ = socket2::SockRef::from(&socket).set_tcp_keepalive(&keepalive);
            return Some((socket, begun.elapsed()));
        }
    }
    None
}

/// What is known of a relay, and where that is kept.
pub(crate) struct Known {
    pub(crate) relay: RelayAddr,
    pub(crate) tickets: Arc<Tickets>,
    pub(crate) pace: Pace,
    memory: Arc<dyn Memory>,
}

impl Known {
    /// Leaves what changed for the next time.
    pub(crate) fn keep(&self) {
        if let Some(tickets) = self.tickets.changed() {
            let record = Record { round_trip_ms: self.pace.round_trip_ms, tickets };
            self.memory.leave(&self.relay, &record.to_bytes());
        }
    }
}
