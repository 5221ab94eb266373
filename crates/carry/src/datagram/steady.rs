//! Steady: one packet every so long, each of the same size and answered by one of the same size,
//! whether there is something to say or not. Whoever watches learns that it is on, and no more.
//!
//! Nothing is pushed to a home in this form, so what it watches is asked for again and again, as far
//! as packets have room for it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use sogon_engine::{Arrival, Loss};
use sogon_packet::{DATAGRAM_BYTES_MAX, Freshness};
use sogon_wire::{ENTRIES_BYTES_MAX, LogName, Reply, Request, Seq, Tag};
use tokio::{
    net::UdpSocket,
    time::{Interval, MissedTickBehavior, interval},
};

use super::{exchange::Exchange, socket::connect};
use crate::{
    link::{Asked, Order, Orders},
    visit::Visit,
};

/// Packets under the same keys: half of what a relay takes.
const PACKETS_MAX: u32 = 8_192;
/// Logs that are asked for in one packet, at most.
const POLLS_MAX: usize = 24;
/// While other things wait, logs are asked for only in every so-manieth packet.
const BUSY_SLOTS: u32 = 4;
/// The relay counts as gone after so many slots without an answer,
const SILENT_SLOTS_MAX: u32 = 12;
/// and not before this.
const SILENCE_LEAST: Duration = Duration::from_secs(20);

/// A log the engine watches.
struct Watched {
    tag: Tag,
    after: Seq,
    /// It is being asked for.
    asking: bool,
    /// The engine has heard of it.
    told: bool,
}

struct Steady<'a> {
    visit: &'a mut Visit,
    every: Duration,
    exchange: Exchange,
    packets: u32,
    slot: u32,
    open: BTreeMap<Tag, Asked>,
    watched: BTreeMap<LogName, Watched>,
    /// Where the next round of polls begins.
    next_poll: Option<LogName>,
    hanging_up: bool,
    last_passed: Instant,
    asking: bool,
}

/// Sends a packet each `every` until told to hang up; `None` then, else why the relay is lost.
/// There must be keys for packets.
pub(crate) async fn steadily(
    visit: &mut Visit,
    every: Duration,
    orders: &mut Orders,
) -> Option<Loss> {
    let Some(exchange) = fresh_exchange(visit) else { return Some(Loss::Unreachable) };
    let Some(socket) = connect(&visit.known.relay).await else { return Some(Loss::Unreachable) };
    let mut slots = interval(every);
    slots.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut steady = Steady {
        visit,
        every,
        exchange,
        packets: 0,
        slot: 0,
        open: BTreeMap::new(),
        watched: BTreeMap::new(),
        next_poll: None,
        hanging_up: false,
        last_passed: Instant::now(),
        asking: false,
    };
    let end = steady.run(&socket, &mut slots, orders).await;
    steady.leave();
    end
}

fn fresh_exchange(visit: &mut Visit) -> Option<Exchange> {
    let keys = visit.known.packet_keys()?;
    visit.known.keep();
    Some(Exchange::even(keys, visit.known.timing, Instant::now()))
}

impl Steady<'_> {
    async fn run(
        &mut self,
        socket: &UdpSocket,
        slots: &mut Interval,
        orders: &mut Orders,
    ) -> Option<Loss> {
        let mut bytes = [0; DATAGRAM_BYTES_MAX + 1];
        loop {
            tokio::select! {
                _ = slots.tick() => {
                    if self.hanging_up && self.exchange.is_sent() {
                        return None;
                    }
                    if self.is_lost() || !self.fill_slot(socket).await {
                        return Some(Loss::Unreachable);
                    }
                }
                // An error says that nobody listens there now; the next slot asks again.
                heard = socket.recv(&mut bytes) => if let Ok(length) = heard {
                    let heard = bytes.get(..length).unwrap_or_default();
                    if !self.hear(heard).await {
                        return None;
                    }
                },
                order = orders.next(), if !self.hanging_up => match order {
                    Some(order) => self.obey(order),
                    None => return Some(Loss::HungUp),
                },
            }
        }
    }

    fn is_lost(&self) -> bool {
        let most = self.every.saturating_mul(SILENT_SLOTS_MAX).max(SILENCE_LEAST);
        self.exchange.silence(Instant::now()) >= most
    }

    fn obey(&mut self, order: Order) {
        let asked = match order {
            Order::HangUp => {
                self.hanging_up = true;
                return;
            }
            Order::Ask(asked) => asked,
        };
        match (asked.request.clone(), asked.tag) {
            (Request::Watch { log, after }, Some(tag)) => {
                let watched = Watched { tag, after, asking: false, told: false };
                self.watched.insert(log, watched);
            }
            (Request::Unwatch { log }, _) => {
                self.watched.remove(&log);
            }
            (request, Some(tag)) => {
                // One that finds no tag any more is asked again under the next keys.
                self.exchange.ask_as(asked.rank, tag, &request);
                self.open.insert(tag, asked);
            }
            (_, None) => {}
        }
    }

    /// One packet; false when there are no keys for it.
    async fn fill_slot(&mut self, socket: &UdpSocket) -> bool {
        self.exchange.tick(Instant::now());
        if self.packets >= PACKETS_MAX && !self.change_keys() {
            return false;
        }
        self.slot = self.slot.wrapping_add(1);
        if self.exchange.is_sent() || self.slot.is_multiple_of(BUSY_SLOTS) {
            self.poll();
        }
        let mut fresh = [0; 13];
        if aws_lc_rs::rand::fill(&mut fresh).is_err() {
            return false;
        }
        let packet = self.exchange.next_packet(Instant::now(), Freshness(fresh));
        if let Some(packet) = packet {
            self.packets = self.packets.saturating_add(1);
            // What the system does not take now is lost like what the air does not take.
            let _ = socket.send(&packet).await;
            self.visit.meter.sent(packet.len());
            self.asking = true;
            self.passed();
        }
        true
    }

    /// Asks for logs that are watched, those first whose turn it is.
    fn poll(&mut self) {
        let from = self.next_poll.take();
        let due = |log: &LogName| from.as_ref().is_none_or(|from| log >= from);
        let (later, earlier): (Vec<LogName>, Vec<LogName>) =
            self.watched.keys().copied().partition(due);
        let mut asked = 0_usize;
        for log in later.into_iter().chain(earlier) {
            let Some(watched) = self.watched.get_mut(&log).filter(|its| !its.asking) else {
                continue;
            };
            if asked >= POLLS_MAX {
                self.next_poll = Some(log);
                return;
            }
            let (tag, after) = (watched.tag, watched.after);
            let request = Request::Read { log, after, bytes_max: ENTRIES_BYTES_MAX };
            watched.asking = self.exchange.ask(tag, &request);
            if !watched.asking {
                // This visit has no tags left: new keys bring new ones.
                self.packets = PACKETS_MAX;
                return;
            }
            asked = asked.saturating_add(1);
        }
    }

    /// Goes on under the next keys; what is open is asked again.
    fn change_keys(&mut self) -> bool {
        let heard = self.exchange.is_heard();
        self.visit.known.learned(self.exchange.timing(), heard);
        let Some(exchange) = fresh_exchange(self.visit) else { return false };
        self.exchange = exchange;
        self.packets = 0;
        for (tag, asked) in &self.open {
            self.exchange.ask_as(asked.rank, *tag, &asked.request);
        }
        self.watched.values_mut().for_each(|watched| watched.asking = false);
        true
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
            if self.is_news(tag, &reply) {
                let relay = self.visit.known.relay.clone();
                let arrival = Arrival::Reply { relay, tag, reply };
                if self.visit.arrive.send(arrival).await.is_err() {
                    return false;
                }
            }
        }
        true
    }

    /// Notes an answer, and says whether the engine is to hear of it: of a log it watches only what
    /// is new.
    fn is_news(&mut self, tag: Tag, reply: &Reply) -> bool {
        if self.open.remove(&tag).is_some() {
            return true;
        }
        let Some(watched) = self.watched.values_mut().find(|watched| watched.tag == tag) else {
            return false;
        };
        watched.asking = false;
        match reply {
            Reply::Entries { from, boxes, head, .. } => {
                let till = from.saturating_add(boxes.len() as u64).saturating_sub(1);
                // A head before what was read says that the log was lost.
                let news = !watched.told || !boxes.is_empty() || *head < watched.after;
                watched.told = true;
                watched.after = till.max(watched.after).min(*head);
                news
            }
            // What was refused is asked again in a later slot.
            _ => false,
        }
    }

    fn passed(&mut self) {
        self.visit.meter.on_air(self.last_passed.elapsed());
        self.last_passed = Instant::now();
    }

    fn leave(self) {
        let heard = self.exchange.is_heard();
        self.visit.known.learned(self.exchange.timing(), heard);
        self.visit.known.keep();
    }
}
