//! A socket and the time for an [`Exchange`], and a connection dialled beside it when nobody
//! answers.

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::{Duration, Instant},
};

use sogon_engine::{Arrival, Loss};
use sogon_packet::{DATAGRAM_BYTES_MAX, Freshness};
use sogon_wire::{Reply, Request, Tag};
use tokio::{
    net::{TcpStream, UdpSocket},
    time::sleep_until,
};

use super::{
    beside::Beside,
    exchange::Exchange,
    greet::{fresh, greet},
    greeting::Greeting,
    watches::Watches,
};
use crate::{
    link::{Asked, Order, Orders},
    lookup::addresses,
    visit::Visit,
};

/// How long questions are waited for that may share a packet: far less than any way takes.
pub(super) const GATHER: Duration = Duration::from_millis(2);
/// Who has just been answered may have more to ask: a connection to watch by waits a round trip, within
/// these.
const REST: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(2));
/// A connection to watch by waits so long for a pause.
const WATCH_WAIT_MAX: Duration = Duration::from_secs(30);
/// A day: nothing is due.
const NEVER: Duration = Duration::from_secs(86_400);

/// How a visit by datagrams ended.
pub(crate) enum DatagramEnd {
    /// As it was told to.
    HungUp,
    /// What was asked and not answered goes on over a connection, which may be there already.
    HandOver(Option<TcpStream>),
    /// Nobody answers, and nobody can be dialled.
    Lost(Loss),
}

/// What is under way.
struct Run<'a> {
    visit: &'a mut Visit,
    exchange: Exchange,
    /// The session was agreed just now, and the relay may not know it yet.
    greeting: Option<Greeting>,
    open: BTreeMap<Tag, Asked>,
    /// Logs that a connection is to watch when nothing else is to be asked; looked at once before.
    watches: Watches,
    /// Since when there is nothing else.
    idle: Option<Instant>,
    /// Nothing leaves before: more questions of the same step may be on their way here.
    hold: Option<Instant>,
    hanging_up: bool,
    /// Packets before this one carried no question of the present round trip.
    last_passed: Instant,
    asking: bool,
}

/// Asks by datagrams until told to hang up. `first` are the questions it begins with.
pub(crate) async fn by_datagrams(
    visit: &mut Visit,
    mut first: Vec<Order>,
    orders: &mut Orders,
) -> DatagramEnd {
    let greeted = match visit.known.has_keys() {
        true => Ok(None),
        false => greet(visit, &mut first, orders).await.map(Some),
    };
    let now = Instant::now();
    let (greeted, keys) = match (greeted, visit.known.packet_keys()) {
        (Ok(greeted), Some(keys)) => (greeted, keys),
        (greeted, _) => {
            visit.known.keep();
            first.into_iter().for_each(|order| visit.obey(order));
            return greeted.err().unwrap_or(DatagramEnd::HandOver(None));
        }
    };
    let (socket, greeting) = greeted.unzip();
    if greeting.is_none() {
        visit.known.keep();
    }
    let exchange = Exchange::new(keys, visit.known.timing, now);
    let mut run = Run {
        visit,
        exchange,
        greeting,
        open: BTreeMap::new(),
        watches: Watches::default(),
        idle: None,
        hold: None,
        hanging_up: false,
        last_passed: now,
        asking: false,
    };
    let mut handed_over = false;
    for order in first {
        handed_over |= !run.obey(order);
    }
    let end = match handed_over {
        true => DatagramEnd::HandOver(None),
        false => run.run(socket, orders).await,
    };
    run.leave(end).await
}

impl Run<'_> {
    async fn run(&mut self, socket: Option<UdpSocket>, orders: &mut Orders) -> DatagramEnd {
        let relay = self.visit.known.relay.clone();
        let socket = match socket {
            Some(socket) => socket,
            None => match connect(&relay).await {
                Some(socket) => socket,
                None => return DatagramEnd::HandOver(None),
            },
        };
        let (pace, grace) = (self.visit.known.pace(), self.visit.known.timing.grace());
        let mut beside = Beside::new(relay, pace, grace);
        let mut bytes = [0; DATAGRAM_BYTES_MAX + 1];
        loop {
            let refused = self.send(&socket).await;
            if refused && !self.exchange.is_heard() {
                return DatagramEnd::HandOver(None);
            }
            if self.hanging_up && (self.exchange.is_done() || self.exchange.is_sent()) {
                return DatagramEnd::HungUp;
            }
            let now = Instant::now();
            if self.is_over(now) {
                return DatagramEnd::Lost(Loss::Unreachable);
            }
            self.note_idle(now);
            if beside.next_try().is_some_and(|at| at <= now) {
                self.look_again();
            }
            if self.wants_a_connection(now) {
                beside.dial(now);
            }
            if let Some(end) = self.goes_on(&mut beside, now) {
                return end;
            }
            let next = self.next_look(now, &beside);
            tokio::select! {
                heard = socket.recv(&mut bytes) => match heard {
                    Ok(length) => {
                        let heard = bytes.get(..length).unwrap_or_default();
                        if !self.hear(heard).await {
                            return DatagramEnd::HungUp;
                        }
                        if self.exchange.is_heard() && !self.wants_to_watch(Instant::now()) {
                            beside.forget();
                        }
                    }
                    // The system was told that nobody listens there.
                    Err(_) if !self.exchange.is_heard() => return DatagramEnd::HandOver(None),
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
                order = orders.next(), if !self.hanging_up => match order {
                    Some(order) => if !self.obey(order) {
                        return DatagramEnd::HandOver(None);
                    },
                    None => return DatagramEnd::Lost(Loss::HungUp),
                },
                () = beside.came() => {}
                () = sleep_until(next.into()) => self.exchange.tick(Instant::now()),
            }
        }
    }

    /// Whether a connection has the rest: one that nobody answers datagrams beside, or the one that
    /// is to watch.
    fn goes_on(&self, beside: &mut Beside, now: Instant) -> Option<DatagramEnd> {
        let dialled = match (self.wants_to_watch(now), self.exchange.is_heard()) {
            (true, _) => beside.take_over(None),
            (false, false) => beside.take_over(Some(now)),
            (false, true) => None,
        };
        dialled.map(|dialled| DatagramEnd::HandOver(Some(dialled)))
    }

    /// Takes an order; false for one that needs a connection.
    fn obey(&mut self, order: Order) -> bool {
        match order {
            Order::HangUp => {
                self.hanging_up = true;
                true
            }
            Order::Ask(asked) => {
                self.hold = Instant::now().checked_add(GATHER);
                let rank = asked.rank;
                let Some(request) = self.watches.look(&asked) else { return true };
                let ask = |tag| self.exchange.ask_as(rank, tag, &request);
                let taken = !asked.is_long(&self.visit.known.timing) && asked.tag.is_some_and(ask);
                match (taken, asked.tag) {
                    (true, Some(tag)) => {
                        self.open.insert(tag, asked);
                    }
                    _ => self.visit.take(asked),
                }
                taken
            }
        }
    }

    /// Sends what may leave; true when the system was told that nobody listens there, which it says
    /// to whoever uses the socket next.
    async fn send(&mut self, socket: &UdpSocket) -> bool {
        let mut refused = false;
        if self.hold.is_some_and(|hold| hold > Instant::now()) {
            return refused;
        }
        self.hold = None;
        while let Some(packet) = self.next_packet() {
            for datagram in packet {
                // What the system does not take now is lost like what the air does not take.
                let sent = socket.send(&datagram).await;
                refused |= sent.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused);
                self.visit.meter.sent(datagram.len());
            }
            self.asking = true;
            self.passed();
        }
        refused
    }

    /// The next packet, in the datagrams it takes.
    fn next_packet(&mut self) -> Option<Vec<Vec<u8>>> {
        let (now, fresh_here, fresh_there) = (Instant::now(), fresh()?, fresh()?);
        let packet = self.exchange.next_packet(now, Freshness(fresh_here))?;
        Some(match &mut self.greeting {
            Some(greeting) => greeting.bring(now, Freshness(fresh_there), packet),
            None => vec![packet],
        })
    }

    /// False when nobody takes what arrives any more.
    async fn hear(&mut self, datagram: &[u8]) -> bool {
        let Some(replies) = self.exchange.hear(datagram, Instant::now()) else {
            self.hear_tickets(datagram);
            return true;
        };
        if self.greeting.take().is_some() {
            // Only now the relay has the keys for certain.
            self.visit.known.keep();
        }
        self.visit.meter.heard(datagram.len());
        if std::mem::take(&mut self.asking) {
            self.visit.meter.turned();
        }
        self.passed();
        for (tag, reply) in replies {
            self.open.remove(&tag);
            if !self.tell(tag, reply).await {
                return false;
            }
        }
        true
    }

    /// The last words of a greeting, which come with the first answer.
    fn hear_tickets(&mut self, datagram: &[u8]) {
        let heard = self.greeting.as_mut().map(|greeting| greeting.hear(datagram, Instant::now()));
        if matches!(heard, Some(Ok(true))) {
            self.visit.meter.heard(datagram.len());
            self.visit.known.keep();
        }
    }

    async fn tell(&mut self, tag: Tag, reply: Reply) -> bool {
        self.watches.told(tag, &reply);
        let relay = self.visit.known.relay.clone();
        self.visit.arrive.send(Arrival::Reply { relay, tag, reply }).await.is_ok()
    }

    fn passed(&mut self) {
        // Time between two visits to the same relay is not on the air.
        self.visit.meter.on_air(self.last_passed.elapsed());
        self.last_passed = Instant::now();
    }

    /// Notes whether nothing is left to ask, and logs are to be watched.
    fn note_idle(&mut self, now: Instant) {
        let is_idle = self.exchange.is_done() && !self.watches.is_empty() && !self.hanging_up;
        self.idle = if is_idle { self.idle.or(Some(now)) } else { None };
    }

    /// When a connection to watch by may begin.
    fn idle_till(&self) -> Option<Instant> {
        let (least, most) = REST;
        let rest = self.visit.known.timing.round_trip().clamp(least, most);
        self.idle.and_then(|since| since.checked_add(rest))
    }

    /// It is time for a connection to watch by: nothing else is to be asked, or that takes long.
    fn wants_to_watch(&self, now: Instant) -> bool {
        let is_idle = self.idle_till().is_some_and(|till| till <= now);
        is_idle || self.watches.waited(now) >= WATCH_WAIT_MAX && !self.hanging_up
    }

    /// Nobody can be dialled to watch by; what is new is asked for by datagrams meanwhile.
    fn look_again(&mut self) {
        if self.exchange.is_done() {
            for (tag, rank, look) in self.watches.looks() {
                self.exchange.ask_as(rank, tag, &look);
            }
            self.idle = None;
        }
    }

    /// Nothing was heard for so long that a connection is tried beside the datagrams.
    fn wants_a_connection(&self, now: Instant) -> bool {
        if self.wants_to_watch(now) {
            return true;
        }
        if self.exchange.is_heard() || self.exchange.is_done() {
            return false;
        }
        let faith = self.visit.known.timing.faith();
        self.visit.known.datagrams_failed || self.exchange.silence(now) >= faith
    }

    fn is_over(&self, now: Instant) -> bool {
        let most = self.visit.known.pace().answer_max();
        !self.exchange.is_done() && self.exchange.silence(now) >= most
    }

    fn next_look(&self, now: Instant, beside: &Beside) -> Instant {
        let never = now.checked_add(NEVER).unwrap_or(now);
        let deadline = self.exchange.deadline().unwrap_or(never);
        let grace = beside.deadline().filter(|_| !self.exchange.is_heard()).unwrap_or(never);
        let deadline = deadline.min(grace).min(self.hold.unwrap_or(never));
        if self.exchange.is_done() {
            let rested = self.idle_till().filter(|till| *till > now);
            let again = beside.next_try().filter(|_| !self.watches.is_empty());
            return deadline.min(rested.unwrap_or(never)).min(again.unwrap_or(never));
        }
        // Often enough to notice in time that a connection is wanted, or that all is lost.
        let timing = self.visit.known.timing;
        let look = now.checked_add(timing.timer(0).div_f64(4.0)).unwrap_or(now);
        deadline.min(look)
    }

    /// What was learned stays; what was not answered goes where the end says.
    async fn leave(mut self, end: DatagramEnd) -> DatagramEnd {
        let heard = self.exchange.is_heard();
        self.visit.known.learned(self.exchange.timing(), heard);
        if self.greeting.is_some() && !heard {
            self.visit.known.forget_keys();
        }
        if matches!(end, DatagramEnd::HandOver(_) | DatagramEnd::Lost(_)) {
            // What came before the cut is not asked for again.
            for (tag, reply) in self.exchange.so_far() {
                self.open.remove(&tag);
                if !self.tell(tag, reply).await {
                    break;
                }
            }
        }
        if matches!(end, DatagramEnd::HandOver(_)) {
            if !heard && self.exchange.has_sent() {
                self.visit.known.datagrams_failed = true;
            }
            let is_watch = |asked: &Asked| matches!(asked.request, Request::Watch { .. });
            for asked in std::mem::take(&mut self.open).into_values() {
                if !is_watch(&asked) {
                    self.visit.take(asked);
                }
            }
            for asked in self.watches.take() {
                self.visit.take(asked);
            }
            if self.hanging_up {
                self.visit.obey(Order::HangUp);
            }
        }
        self.visit.known.keep();
        end
    }
}

/// A socket that hears this relay only.
pub(super) async fn connect(relay: &sogon_wire::RelayAddr) -> Option<UdpSocket> {
    connect_to(addresses(relay).await?.next()?).await
}

/// A socket that hears this address only.
pub(super) async fn connect_to(to: SocketAddr) -> Option<UdpSocket> {
    let from: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(from).await.ok()?;
    socket.connect(to).await.ok()?;
    Some(socket)
}
