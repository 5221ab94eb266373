//! Words that go by datagrams beside a connection that watches. Where much is lost, all that a stream
//! has behind a lost packet stands still for seconds; a datagram does not wait for another one.
//!
//! An append does no harm when it is asked twice, so what nobody answers here is asked again on the
//! connection. Boxes for one log never go both ways at once: they get their places in the order
//! they were asked for.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use sogon_packet::{DATAGRAM_BYTES_MAX, Freshness};
use sogon_wire::{LogName, Reply, Request, Tag};
use tokio::{net::UdpSocket, time::sleep_until};

use super::{
    exchange::Exchange,
    greet::fresh,
    socket::{GATHER, connect_to},
};
use crate::{
    link::{Asked, Known, Rank},
    meter::Meter,
};

/// Of a thousand packets so many are usually lost, both ways together, where words go beside a
/// connection: below it a stream is as quick, and one way is less to see.
const LOSSY: u16 = 60;
/// What takes longer than a few packets is better off on a stream, by itself and all together.
const BYTES_MAX: usize = 16_384;
const OPEN_BYTES_MAX: usize = 65_536;
/// Keys serve one visit; it is over when nothing was asked for so long.
const REST: Duration = Duration::from_secs(10);

/// What came of waiting.
#[derive(Debug)]
pub(crate) enum Aside {
    /// The relay answered these.
    Answered(Vec<(Tag, Reply)>),
    /// Nothing was asked for a while: the visit is over.
    Rested,
    /// Nobody answers: what is open goes on the connection.
    Silent,
}

/// A visit by datagrams beside a connection.
pub(crate) struct Words {
    socket: UdpSocket,
    exchange: Exchange,
    meter: Meter,
    /// What is not answered, in the order it was asked.
    open: Vec<Asked>,
    /// A packet that is to leave: it is not lost when somebody stops waiting.
    leaving: Option<Vec<u8>>,
    /// Nothing leaves before: more of the same step may be on its way here.
    hold: Option<Instant>,
    /// Since when an answer is waited for, or nothing is.
    since: Instant,
}

impl Words {
    /// Whether anything may go beside a connection to a relay that is known so.
    pub(crate) fn may_go(known: &Known) -> bool {
        known.may_use_datagrams() && known.timing.loss_permille >= LOSSY
    }

    /// Whether this question may.
    pub(crate) fn may_take(known: &Known, asked: &Asked) -> bool {
        Self::may_go(known)
            && asked.rank == Rank::Words
            && match asked.request {
                Request::Append(_) => asked.bytes.len() <= BYTES_MAX,
                // What stands before a box of one's own, and what an answer left out.
                Request::Read { .. } => true,
                _ => false,
            }
    }

    /// A visit to the relay a connection found at `to`; [`None`] where there are no keys, or no socket.
    pub(crate) async fn begin(known: &mut Known, to: SocketAddr, meter: &Meter) -> Option<Self> {
        let socket = connect_to(to).await?;
        let (keys, now) = (known.packet_keys()?, Instant::now());
        known.keep();
        Some(Self {
            socket,
            exchange: Exchange::new(keys, known.timing, now),
            meter: meter.clone(),
            open: Vec::new(),
            leaving: None,
            hold: None,
            since: now,
        })
    }

    /// Takes a question, or gives it back.
    pub(crate) fn ask(&mut self, asked: Asked) -> Option<Asked> {
        let Some(tag) = asked.tag else { return Some(asked) };
        let open: usize = self.open.iter().map(|asked| asked.bytes.len()).sum();
        let fits = open.saturating_add(asked.bytes.len()) <= OPEN_BYTES_MAX;
        if !fits || !self.exchange.ask(tag, &asked.request) {
            return Some(asked);
        }
        let now = Instant::now();
        if self.open.is_empty() {
            self.since = now;
        }
        self.hold = now.checked_add(GATHER);
        self.open.push(asked);
        None
    }

    /// Whether boxes for this log are on their way here.
    pub(crate) fn is_laying(&self, log: LogName) -> bool {
        self.open.iter().any(|asked| asked.log() == Some(log))
    }

    /// Sends what may leave, and waits for what comes of it.
    pub(crate) async fn next(&mut self, known: &Known) -> Aside {
        let mut bytes = [0; DATAGRAM_BYTES_MAX + 1];
        loop {
            self.send().await;
            let now = Instant::now();
            let over = self.over(known);
            if over <= now {
                return if self.open.is_empty() { Aside::Rested } else { Aside::Silent };
            }
            let due = self.exchange.deadline().filter(|_| !self.open.is_empty());
            let next = self.hold.or(due).map_or(over, |next| next.min(over));
            tokio::select! {
                heard = self.socket.recv(&mut bytes) => match heard {
                    Ok(length) => {
                        let replies = self.hear(bytes.get(..length).unwrap_or_default());
                        if !replies.is_empty() {
                            return Aside::Answered(replies);
                        }
                    }
                    // The system was told that nobody listens there.
                    Err(_) if !self.exchange.is_heard() => return Aside::Silent,
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
                () = sleep_until(next.into()) => if self.hold.is_none() {
                    self.exchange.tick(Instant::now());
                },
            }
        }
    }

    /// When the visit is over: nothing is asked, or nobody answers what is.
    fn over(&self, known: &Known) -> Instant {
        let patience = match (self.open.is_empty(), self.exchange.is_heard()) {
            (true, _) => REST,
            (false, true) => self.exchange.timing().faith(),
            (false, false) => known.timing.faith(),
        };
        self.since.checked_add(patience).unwrap_or(self.since)
    }

    async fn send(&mut self) {
        if self.hold.is_some_and(|hold| hold > Instant::now()) {
            return;
        }
        self.hold = None;
        loop {
            if self.leaving.is_none() {
                let Some(bytes) = fresh() else { return };
                self.leaving = self.exchange.next_packet(Instant::now(), Freshness(bytes));
            }
            let Some(packet) = &self.leaving else { return };
            // What the system does not take now is lost like what the air does not take.
            let _ = self.socket.send(packet).await;
            self.meter.sent(packet.len());
            self.leaving = None;
        }
    }

    fn hear(&mut self, datagram: &[u8]) -> Vec<(Tag, Reply)> {
        let now = Instant::now();
        let Some(replies) = self.exchange.hear(datagram, now) else { return Vec::new() };
        self.meter.heard(datagram.len());
        self.since = now;
        self.open.retain(|asked| !replies.iter().any(|(tag, _)| asked.tag == Some(*tag)));
        replies
    }

    /// Ends the visit: what was learned stays, and what is open is given back in its order.
    pub(crate) fn end(self, known: &mut Known) -> Vec<Asked> {
        known.learned(self.exchange.timing(), self.exchange.is_heard());
        known.keep();
        self.open
    }
}

impl Asked {
    /// The log it lays a box into.
    pub(crate) fn log(&self) -> Option<LogName> {
        match &self.request {
            Request::Append(append) => Some(append.key.log()),
            _ => None,
        }
    }
}
