//! One link: what the program holds of it, and how it is dialled and lost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use sogon_engine::{Arrival, Loss};
use sogon_packet::{Chain, Keys};
use sogon_wire::{RelayAddr, Request, Tag};
use tokio::{
    net::TcpStream,
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    datagram::{DatagramEnd, Timing, by_datagrams, fits_datagrams, steadily},
    links::Ways,
    lookup::addresses,
    memory::Memory,
    meter::Meter,
    pace::Pace,
    record::{Record, Steps},
    tickets::Tickets,
    tls::{Tls, TlsFault},
    visit::{End, Visit},
};

/// The most bytes that wait for one relay. Beyond it the link is lost, and with it every question:
/// the engine asks again when it wants to.
const WAITING_BYTES_MAX: usize = 8 << 20;
/// Probes the way when nothing is said, so that a dead one is noticed: by so many probes in a row, so
/// far apart, that nobody answers.
const KEEPALIVE: Duration = Duration::from_secs(240);
const KEEPALIVE_APART: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 6;
/// A relay finds keys up to seven steps ahead of those it saw last.
const AHEAD_MAX: u8 = 6;

/// What goes first where not everything can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Everything people wait for.
    Words,
    /// Pieces of files: their places in a log mean nothing, and they fill what is left.
    Files,
}

/// A question on its way.
#[derive(Debug)]
pub(crate) struct Asked {
    /// What goes before it.
    pub(crate) rank: Rank,
    /// What it asks.
    pub(crate) request: Request,
    /// Its frame.
    pub(crate) bytes: Vec<u8>,
    /// What its answer will carry, if it has one.
    pub(crate) tag: Option<Tag>,
}

/// What one question about a file may move by datagrams: above it files are long, and a stream has
/// them through with less to count.
const DATAGRAM_FILE_BYTES_MAX: usize = 32_768;
/// The same where the way is known to be fast.
const DATAGRAM_FILE_BYTES_FAST_MAX: usize = 8_192;
/// Bytes a second that are fast.
const FAST: u32 = 65_536;

impl Asked {
    /// It is a part of a long file, and better on a connection.
    pub(crate) fn is_long(&self, timing: &Timing) -> bool {
        let most = match timing.rate_up.max(timing.rate_down) > FAST {
            true => DATAGRAM_FILE_BYTES_FAST_MAX,
            false => DATAGRAM_FILE_BYTES_MAX,
        };
        let bytes = match &self.request {
            Request::Read { bytes_max, .. } => usize::try_from(*bytes_max).unwrap_or(usize::MAX),
            _ => self.bytes.len(),
        };
        self.rank == Rank::Files && bytes > most
    }
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
        ways: Ways,
        meter: Meter,
        arrive: mpsc::Sender<Arrival>,
    ) -> Self {
        let (orders, told) = mpsc::unbounded_channel();
        let waiting = Arc::<AtomicUsize>::default();
        let crowded = Arc::<Notify>::default();
        let orders_in = Orders { told, waiting: Arc::clone(&waiting) };
        let known = Known::recall(relay, memory, ways);
        let run = run(known, meter, arrive, orders_in, Arc::clone(&crowded));
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
    /// Nothing is ever told.
    fn none() -> Self {
        Self { told: mpsc::unbounded_channel().1, waiting: Arc::default() }
    }

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
    known: Known,
    meter: Meter,
    arrive: mpsc::Sender<Arrival>,
    mut orders: Orders,
    crowded: Arc<Notify>,
) {
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

/// Steady packets, after a connection that says nothing where there are no keys for them.
async fn steady(visit: &mut Visit, every: Duration, orders: &mut Orders) -> Option<Loss> {
    let mut tries = 2_u8;
    while visit.known.steps.is_none() {
        let Some(left) = tries.checked_sub(1) else { return Some(Loss::Unreachable) };
        tries = left;
        visit.only_for_keys(true);
        if let End::Lost(why) = once(visit, &mut Orders::none(), None).await {
            return Some(why);
        }
        visit.only_for_keys(false);
    }
    steadily(visit, every, orders).await
}

/// Connections until one is lost, or ended as told.
async fn visits(visit: &mut Visit, orders: &mut Orders) -> Option<Loss> {
    if let Ways::Steady(every) = visit.known.ways {
        return steady(visit, every, orders).await;
    }
    let mut dialled = match datagrams_first(visit, orders).await {
        DatagramEnd::HungUp => return None,
        DatagramEnd::HandOver(already) => already,
        DatagramEnd::Lost(why) => return Some(why),
    };
    let begun = Instant::now();
    loop {
        match once(visit, orders, dialled.take()).await {
            End::NotResumed => {}
            // Somebody on the way may have accepted, or the line went just then.
            End::Unheard if begun.elapsed() < visit.known.pace().handshake_max() => {}
            End::Unheard => return Some(Loss::HungUp),
            End::HungUp => return None,
            End::Lost(why) => return Some(why),
        }
    }
}

/// One connection, from its first packet to its last. A ticket is tried once: when it is not
/// taken, the next connection is a full one.
async fn once(visit: &mut Visit, orders: &mut Orders, dialled: Option<TcpStream>) -> End {
    let begun = Instant::now();
    let dialled = match dialled {
        Some(dialled) => Ok(Ok(dialled)),
        None => timeout(visit.known.pace().dial_max(), visit.known.dial()).await,
    };
    let socket = match dialled.unwrap_or(Err(Loss::Unreachable)) {
        Ok(dialled) => dialled,
        Err(why) => {
            visit.meter.on_air(begun.elapsed());
            return End::Lost(why);
        }
    };
    visit.meter.connected();
    visit.meter.on_air(begun.elapsed());
    let (relay, tickets) = (&visit.known.relay, &visit.known.tickets);
    let tls = match visit.resume_refused {
        true => Tls::full(relay, tickets),
        false => Tls::start(relay, tickets),
    };
    match tls {
        Ok(tls) => visit.run(socket, tls, orders).await,
        Err(TlsFault::NotResumed | TlsFault::WrongKey | TlsFault::Strange) => {
            End::Lost(Loss::NotARelay)
        }
    }
}

/// Begins with datagrams where there are keys for them, or may be soon, and nothing needs a
/// connection.
async fn datagrams_first(visit: &mut Visit, orders: &mut Orders) -> DatagramEnd {
    let known = &visit.known;
    if known.ways != Ways::Any || !known.has_keys() && known.datagrams_failed {
        return DatagramEnd::HandOver(None);
    }
    let mut first: Vec<Order> = Vec::new();
    if let Some(order) = orders.next().await {
        first.push(order);
    }
    // What belongs to the same step is on its way: it is handed over without a pause.
    tokio::task::yield_now().await;
    first.extend(std::iter::from_fn(|| orders.ready()));
    let timing = visit.known.timing;
    if first.is_empty() || !fits_datagrams(&first, &timing) {
        first.into_iter().for_each(|order| visit.obey(order));
        return DatagramEnd::HandOver(None);
    }
    by_datagrams(visit, first, orders).await
}

/// Tries the relay's addresses in turn, again and again while one of them is silent.
pub(crate) async fn dial(relay: &RelayAddr, pace: Pace) -> Option<TcpStream> {
    let addresses: Vec<_> = addresses(relay).await?.collect();
    loop {
        let mut silent = false;
        for address in &addresses {
            match timeout(pace.try_max(), TcpStream::connect(address)).await {
                Ok(Ok(socket)) => {
                    prepare(&socket);
                    return Some(socket);
                }
                Ok(Err(_)) => {}
                Err(_) => silent = true,
            }
        }
        if !silent {
            return None;
        }
    }
}

/// For a socket to a relay, or to a proxy that leads there.
pub(crate) fn prepare(socket: &TcpStream) {
    let _ = socket.set_nodelay(true);
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE_APART)
        .with_retries(KEEPALIVE_PROBES);
    let _ = socket2::SockRef::from(socket).set_tcp_keepalive(&keepalive);
}

/// What is known of a relay, and where that is kept.
pub(crate) struct Known {
    pub(crate) relay: RelayAddr,
    pub(crate) tickets: Arc<Tickets>,
    pub(crate) timing: Timing,
    /// The last time nobody answered datagrams, and a connection was answered.
    pub(crate) datagrams_failed: bool,
    steps: Option<Steps>,
    ways: Ways,
    changed: bool,
    memory: Arc<dyn Memory>,
}

impl Known {
    /// What earlier visits left.
    pub(crate) fn recall(relay: RelayAddr, memory: Arc<dyn Memory>, ways: Ways) -> Self {
        let record = memory.recall(&relay).map(|bytes| Record::parse(&bytes)).unwrap_or_default();
        Self {
            memory,
            tickets: Tickets::new(record.tickets),
            timing: record.timing,
            datagrams_failed: record.datagrams_failed,
            steps: record.steps,
            ways,
            changed: false,
            relay,
        }
    }

    /// Connects, the way it may be done.
    pub(crate) async fn dial(&self) -> Result<TcpStream, Loss> {
        match &self.ways {
            Ways::Through(proxy) => proxy.dial(&self.relay).await,
            Ways::Any | Ways::Connections | Ways::Steady(_) => {
                dial(&self.relay, self.pace()).await.ok_or(Loss::Unreachable)
            }
        }
    }

    pub(crate) fn pace(&self) -> Pace {
        Pace { round_trip_ms: self.timing.round_trip_ms }
    }

    /// Nothing forbids datagrams, and there are keys for them.
    pub(crate) fn may_use_datagrams(&self) -> bool {
        self.ways == Ways::Any && self.has_keys()
    }

    /// There are keys for a visit by datagrams.
    pub(crate) fn has_keys(&self) -> bool {
        self.steps.is_some()
    }

    /// The keys of a visit that begins now; they serve no other one, unless the relay seems not to
    /// have heard of several before.
    pub(crate) fn packet_keys(&mut self) -> Option<Keys> {
        let steps = self.steps.as_mut()?;
        let keys = steps.chain.keys();
        if steps.ahead < AHEAD_MAX {
            steps.chain = steps.chain.next();
            steps.ahead = steps.ahead.saturating_add(1);
            self.changed = true;
        }
        Some(keys)
    }

    /// The relay was not heard under the keys of a session that was agreed just now: it may not
    /// have them.
    pub(crate) fn forget_keys(&mut self) {
        self.steps = None;
    }

    /// A session was agreed, and a chain of keys begins with it.
    pub(crate) fn chained(&mut self, chain: Chain) {
        self.steps = Some(Steps { chain, ahead: 0 });
        self.changed = true;
    }

    /// The relay answered the first flight of a connection.
    pub(crate) fn answered_in(&mut self, round_trip: Duration) {
        self.timing.measured_first(round_trip);
        self.changed = true;
    }

    /// What a visit by datagrams taught.
    pub(crate) fn learned(&mut self, timing: Timing, heard: bool) {
        self.timing = timing;
        if heard {
            self.datagrams_failed = false;
            if let Some(steps) = &mut self.steps {
                if steps.ahead >= AHEAD_MAX {
                    steps.chain = steps.chain.next();
                }
                steps.ahead = 0;
            }
        }
        self.changed = true;
    }

    /// Leaves what changed for the next time.
    pub(crate) fn keep(&mut self) {
        let changed = self.tickets.changed() | std::mem::take(&mut self.changed);
        if changed {
            let record = Record {
                timing: self.timing,
                datagrams_failed: self.datagrams_failed,
                steps: self.steps.clone(),
                tickets: self.tickets.kept(),
            };
            self.memory.leave(&self.relay, &record.to_bytes());
        }
    }
}
