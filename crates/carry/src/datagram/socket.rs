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

use super::exchange::Exchange;
use crate::{
    link::{Asked, Order, Orders, dial},
    lookup::addresses,
    visit::Visit,
};

/// How long questions are waited for that may share a packet: far less than any way takes.
const GATHER: Duration = Duration::from_millis(2);
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
    open: BTreeMap<Tag, Asked>,
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
    first: Vec<Order>,
    orders: &mut Orders,
) -> DatagramEnd {
    let now = Instant::now();
    let Some(keys) = visit.known.packet_keys() else {
        first.into_iter().for_each(|order| visit.obey(order));
        return DatagramEnd::HandOver(None);
    };
    visit.known.keep();
    let exchange = Exchange::new(keys, visit.known.timing, now);
    let mut run = Run {
        visit,
        exchange,
        open: BTreeMap::new(),
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
        false => run.run(orders).await,
    };
    run.leave(end).await
}

impl Run<'_> {
    async fn run(&mut self, orders: &mut Orders) -> DatagramEnd {
        let Some(socket) = connect(&self.visit.known.relay).await else {
            return DatagramEnd::HandOver(None);
        };
        let relay = self.visit.known.relay.clone();
        let mut bytes = [0; DATAGRAM_BYTES_MAX + 1];
        let mut dialling = std::pin::pin!(None);
        let mut dialled: Option<(TcpStream, Instant)> = None;
        // One that failed at once would fail at once again.
        let mut dial_again: Option<Instant> = None;
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
            let rested = dial_again.is_none_or(|at| at <= now);
            if self.wants_a_connection(now) && dialling.is_none() && dialled.is_none() && rested {
                let rest = self.visit.known.timing.first_timer(0);
                dial_again = now.checked_add(rest);
                dialling.set(Some(dial(&relay, self.visit.known.pace())));
            }
            let grace = dialled
                .as_ref()
                .and_then(|(_, at)| at.checked_add(self.visit.known.timing.first_timer(0)));
            if grace.is_some_and(|grace| grace <= now) {
                return DatagramEnd::HandOver(dialled.map(|(dialled, _)| dialled));
            }
            let next = self.next_look(now, grace);
            tokio::select! {
                heard = socket.recv(&mut bytes) => match heard {
                    Ok(length) => {
                        let heard = bytes.get(..length).unwrap_or_default();
                        if !self.hear(heard).await {
                            return DatagramEnd::HungUp;
                        }
                        if self.exchange.is_heard() {
                            dialling.set(None);
                            dialled = None;
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
                came = async { dialling.as_mut().as_pin_mut()?.await },
                    if dialling.is_some() =>
                {
                    dialling.set(None);
                    dialled = came.map(|came| (came, Instant::now()));
                }
                () = sleep_until(next.into()) => self.exchange.tick(Instant::now()),
            }
        }
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
                let ask = |tag| self.exchange.ask_as(rank, tag, &asked.request);
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
        loop {
            let mut fresh = [0; 13];
            if aws_lc_rs::rand::fill(&mut fresh).is_err() {
                return refused;
            }
            let now = Instant::now();
            let Some(packet) = self.exchange.next_packet(now, Freshness(fresh)) else {
                return refused;
            };
            // What the system does not take now is lost like what the air does not take.
            let sent = socket.send(&packet).await;
            refused |= sent.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused);
            self.visit.meter.sent(packet.len());
            self.asking = true;
            self.passed();
        }
    }

    /// False when nobody takes what arrives any more.
    async fn hear(&mut self, datagram: &[u8]) -> bool {
        let Some(replies) = self.exchange.hear(datagram, Instant::now()) else { return true };
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

    async fn tell(&self, tag: Tag, reply: Reply) -> bool {
        let relay = self.visit.known.relay.clone();
        self.visit.arrive.send(Arrival::Reply { relay, tag, reply }).await.is_ok()
    }

    fn passed(&mut self) {
        // Time between two visits to the same relay is not on the air.
        self.visit.meter.on_air(self.last_passed.elapsed());
        self.last_passed = Instant::now();
    }

    /// Nothing was heard for so long that a connection is tried beside the datagrams.
    fn wants_a_connection(&self, now: Instant) -> bool {
        if self.exchange.is_heard() || self.exchange.is_done() {
            return false;
        }
        let timing = self.visit.known.timing;
        let patience = timing.first_timer(0).saturating_add(timing.first_timer(1));
        self.visit.known.datagrams_failed || self.exchange.silence(now) >= patience
    }

    fn is_over(&self, now: Instant) -> bool {
        let most = self.visit.known.pace().answer_max();
        !self.exchange.is_done() && self.exchange.silence(now) >= most
    }

    fn next_look(&self, now: Instant, grace: Option<Instant>) -> Instant {
        let never = now.checked_add(NEVER).unwrap_or(now);
        let deadline = self.exchange.deadline().unwrap_or(never);
        let deadline = deadline.min(grace.unwrap_or(never)).min(self.hold.unwrap_or(never));
        if self.exchange.is_done() {
            return deadline;
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
            if !heard {
                self.visit.known.datagrams_failed = true;
            }
            for asked in std::mem::take(&mut self.open).into_values() {
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
    let to = addresses(relay).await?.next()?;
    let from: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(from).await.ok()?;
    socket.connect(to).await.ok()?;
    Some(socket)
}

/// Whether a question can be asked by datagrams.
pub(crate) fn fits_datagrams(request: &Request) -> bool {
    !matches!(request, Request::Watch { .. } | Request::Unwatch { .. })
}
