//! A socket and the time for a [`Greeting`], and a connection dialled beside it when nobody answers.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use sogon_engine::Loss;
use sogon_packet::{DATAGRAM_BYTES_MAX, Freshness, PacketId};
use tokio::{net::UdpSocket, time::sleep_until};

use super::{
    beside::Beside,
    greeting::Greeting,
    socket::{DatagramEnd, connect},
    watches::fits_datagrams,
};
use crate::{
    link::{Order, Orders},
    visit::Visit,
};

/// How much longer datagrams have when somebody accepted a connection beside them. Nothing is known
/// of the way yet, and on a bad one the first packets may be lost.
const GRACE: Duration = Duration::from_millis(2_500);
/// A day: nothing is due.
const NEVER: Duration = Duration::from_secs(86_400);

/// Agrees a session by datagrams where there are no keys. What is ordered meanwhile is added to
/// `first`.
///
/// # Errors
/// How the visit goes on instead.
pub(super) async fn greet(
    visit: &mut Visit,
    first: &mut Vec<Order>,
    orders: &mut Orders,
) -> Result<(UdpSocket, Greeting), DatagramEnd> {
    let socket = connect(&visit.known.relay).await.ok_or(DatagramEnd::HandOver(None))?;
    let (id, now) = (fresh().ok_or(DatagramEnd::HandOver(None))?, Instant::now());
    let (relay, timing) = (visit.known.relay.clone(), visit.known.timing);
    let greeting = Greeting::begin(&relay, &visit.known.tickets, PacketId(id), timing, now)
        .map_err(|_| DatagramEnd::HandOver(None))?;
    let pace = visit.known.pace();
    let beside = Beside::new(relay, pace, GRACE.max(timing.first_timer(0)));
    let mut run = Run { visit, greeting, beside, last_passed: now, asking: false };
    match run.run(&socket, first, orders).await {
        Ok(()) => {
            let Run { visit, mut greeting, .. } = run;
            agreed(visit, &mut greeting);
            Ok((socket, greeting))
        }
        Err(end) => {
            run.visit.known.datagrams_failed |= match end {
                DatagramEnd::HandOver(Some(_)) => true,
                // Whoever answers with another key than the relay's may be anybody on the way.
                DatagramEnd::HandOver(None) => !run.greeting.is_heard(),
                DatagramEnd::HungUp | DatagramEnd::Lost(_) => false,
            };
            Err(end)
        }
    }
}

fn agreed(visit: &mut Visit, greeting: &mut Greeting) {
    let (round_trip, rate_down) = greeting.learned();
    if let Some(round_trip) = round_trip {
        visit.known.answered_in(round_trip);
    }
    if let (0, Some(rate)) = (visit.known.timing.rate_down, rate_down) {
        visit.known.timing.rate_down = rate;
    }
    if let Some(chain) = greeting.packet_chain() {
        visit.known.chained(chain);
    }
    visit.meter.full_session();
}

struct Run<'a> {
    visit: &'a mut Visit,
    greeting: Greeting,
    beside: Beside,
    last_passed: Instant,
    asking: bool,
}

impl Run<'_> {
    async fn run(
        &mut self,
        socket: &UdpSocket,
        first: &mut Vec<Order>,
        orders: &mut Orders,
    ) -> Result<(), DatagramEnd> {
        let mut bytes = [0; DATAGRAM_BYTES_MAX + 1];
        while !self.greeting.is_open() {
            let refused = self.send(socket).await;
            let now = Instant::now();
            if refused && !self.greeting.is_heard() {
                return Err(DatagramEnd::HandOver(None));
            }
            let standstill = self.greeting.standstill(now);
            if standstill >= self.greeting.patience() {
                self.beside.dial(now);
            }
            if let Some(dialled) = self.beside.take_over(Some(now)) {
                return Err(DatagramEnd::HandOver(Some(dialled)));
            }
            if standstill >= self.visit.known.pace().dial_max() && !self.beside.is_dialled() {
                return Err(DatagramEnd::Lost(Loss::Unreachable));
            }
            let next = self.next_look(now);
            tokio::select! {
                heard = socket.recv(&mut bytes) => match heard {
                    Ok(length) => self.hear(bytes.get(..length).unwrap_or_default())?,
                    // The system was told that nobody listens there.
                    Err(_) if !self.greeting.is_heard() => {
                        return Err(DatagramEnd::HandOver(None));
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
                order = orders.next(), if !has_hung_up(first) => match order {
                    Some(order) => {
                        first.push(order);
                        if !fits_datagrams(first, &self.visit.known.timing) {
                            return Err(DatagramEnd::HandOver(None));
                        }
                    }
                    None => return Err(DatagramEnd::Lost(Loss::HungUp)),
                },
                () = self.beside.came() => {}
                () = sleep_until(next.into()) => self.greeting.tick(Instant::now()),
            }
        }
        Ok(())
    }

    fn hear(&mut self, datagram: &[u8]) -> Result<(), DatagramEnd> {
        let genuine = self.greeting.hear(datagram, Instant::now());
        // A connection will tell what is wrong with whoever answers.
        if !genuine.map_err(|_| DatagramEnd::HandOver(None))? {
            return Ok(());
        }
        self.visit.meter.heard(datagram.len());
        if std::mem::take(&mut self.asking) {
            self.visit.meter.turned();
        }
        self.passed();
        if self.greeting.standstill(Instant::now()) < self.greeting.patience() {
            self.beside.forget();
        }
        Ok(())
    }

    /// Sends what may leave; true when the system was told that nobody listens there.
    async fn send(&mut self, socket: &UdpSocket) -> bool {
        let mut refused = false;
        while let Some(bytes) = fresh() {
            let packet = self.greeting.next_packet(Instant::now(), Freshness(bytes));
            let Some(packet) = packet else { break };
            let sent = socket.send(&packet).await;
            refused |= sent.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused);
            self.visit.meter.sent(packet.len());
            self.asking = true;
            self.passed();
        }
        refused
    }

    fn passed(&mut self) {
        self.visit.meter.on_air(self.last_passed.elapsed());
        self.last_passed = Instant::now();
    }

    fn next_look(&self, now: Instant) -> Instant {
        let never = now.checked_add(NEVER).unwrap_or(now);
        let due = self.greeting.deadline().unwrap_or(never);
        let due = due.min(self.beside.deadline().unwrap_or(never));
        // Often enough to notice in time that a connection is wanted, or that all is lost.
        let look = self.visit.known.timing.timer(0).div_f64(4.0);
        due.min(now.checked_add(look).unwrap_or(now))
    }
}

fn has_hung_up(orders: &[Order]) -> bool {
    orders.iter().any(|order| matches!(order, Order::HangUp))
}

/// Random bytes.
pub(super) fn fresh<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).ok().map(|()| bytes)
}
