//! The first keys, by datagrams (SPEC 10.6): a TLS session whose bytes go in parts, each asked for
//! again until it is there. Without a socket and without a clock of its own.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use sogon_packet::{Chain, Flow, Freshness, Keys, PacketId};
use sogon_wire::{
    RelayAddr,
    packet::{
        GREETING_BYTES_MAX, GREETING_HEAD_BYTES, GREETING_PART_BYTES, Greeting as Packet,
        PACKET_BYTES_MAX,
    },
};

use super::timing::Timing;
use crate::{
    tickets::Tickets,
    tls::{Tls, TlsFault},
};

/// A round trip on a way that is not known: that of a bad one.
const UNKNOWN: Duration = Duration::from_millis(1_100);
/// Packets of so many bytes, and what answers them, may take as long as the way itself.
const LARGE: usize = 600;
/// What the relay needs to agree a session, and the system to be on time.
const SPARE: Duration = Duration::from_millis(100);
/// So many silences in a row say that packets were lost, not that the line is.
const FEW: u32 = 2;
/// Timers grow up to this or two round trips: the line may come back for a few seconds only.
const TIMER_MAX: Duration = Duration::from_secs(4);
/// What IP and UDP add to a datagram, as far as rates are measured.
const HEADER_BYTES: usize = 28;
/// The least patience with a greeting that began and does not go on.
const STANDSTILL_MIN: Duration = Duration::from_secs(2);
/// Packets that follow each other closer than that tell no rate.
const GAP_MIN: Duration = Duration::from_millis(10);

/// A session that is being agreed, and then what is left to say of it.
pub(crate) struct Greeting {
    tls: Tls,
    keys: Keys,
    theirs: Flow,
    said: Vec<u8>,
    /// How much of it came before the relay's part.
    hello: u16,
    /// What the relay had heard of it at least, when it last answered.
    lacks: Range<u16>,
    proof: u32,
    next: u16,
    /// The packets that left: when, and which of our bytes they had.
    sent: BTreeMap<u16, (Instant, Range<u16>)>,
    /// The newest packet that was answered.
    answered: Option<u16>,
    waiting: VecDeque<Range<u16>>,
    due: Option<Instant>,
    silences: u32,
    begun: Instant,
    heard: Option<Instant>,
    /// When something came that was missing, on either side.
    went_on: Option<Instant>,
    timing: Timing,
    way: Way,
}

/// What the first answers tell of the way.
#[derive(Default)]
struct Way {
    round_trip: Option<Duration>,
    /// When a packet came, and its bytes.
    last: Option<(Instant, usize)>,
    /// Bytes a second.
    down: Option<f64>,
}

impl Greeting {
    /// Begins a session with a relay nothing is agreed with, or no more. The id is drawn for it.
    pub(crate) fn begin(
        relay: &RelayAddr,
        tickets: &Arc<Tickets>,
        id: PacketId,
        timing: Timing,
        now: Instant,
    ) -> Result<Self, TlsFault> {
        let mut tls = Tls::full(relay, tickets)?;
        tls.say_early(&[]);
        let said = std::mem::take(&mut tls.out);
        let mut greeting = Self {
            tls,
            keys: Keys::greeting(&relay.fingerprint().0, id),
            theirs: Flow::default(),
            lacks: 0..place(said.len()),
            hello: place(said.len()),
            said,
            proof: 0,
            next: 0,
            sent: BTreeMap::new(),
            answered: None,
            waiting: VecDeque::new(),
            due: None,
            silences: 0,
            begun: now,
            heard: None,
            went_on: None,
            timing,
            way: Way::default(),
        };
        greeting.say_what_lacks();
        Ok(greeting)
    }

    /// The next packet that may leave now, sealed.
    pub(crate) fn next_packet(&mut self, now: Instant, fresh: Freshness) -> Option<Vec<u8>> {
        let part = self.waiting.pop_front()?;
        // Only the last one of a flight asks: else each would be answered in full.
        let wanted = match self.waiting.is_empty() {
            true => self.wanted(),
            false => 0..0,
        };
        self.due = now.checked_add(self.timer_for(part.len()));
        Some(self.packet(now, fresh, part, wanted, &[]))
    }

    /// Takes what came; false for what is none of this relay's answers.
    ///
    /// # Errors
    /// The session cannot be agreed with whoever answers.
    pub(crate) fn hear(&mut self, datagram: &[u8], now: Instant) -> Result<bool, TlsFault> {
        let opened = self.keys.open_answer(datagram);
        let Some(answer) = opened.and_then(|plain| Packet::parse(&plain).ok()) else {
            return Ok(false);
        };
        let Some((left, _)) = self.sent.get(&answer.number) else { return Ok(false) };
        self.way.learn(now, *left, datagram.len());
        self.heard = Some(now);
        (self.silences, self.proof) = (0, answer.proof);
        let before = (self.lacks.clone(), self.theirs.wanted());
        let news = self.theirs.take(answer.end, answer.offset, &answer.part);
        self.tls.hear(&news)?;
        self.said.append(&mut self.tls.out);
        if self.tls.is_open() {
            (self.due, self.lacks) = (None, 0..0);
            self.waiting.clear();
            return if self.is_open() { Ok(true) } else { Err(TlsFault::Strange) };
        }
        if place(self.said.len()) != self.hello {
            // A relay takes the first greeting or none.
            return Err(TlsFault::Strange);
        }
        if self.answered.is_none_or(|newest| newest <= answer.number) {
            self.answered = Some(answer.number);
            self.lacks = answer.wanted;
        }
        if before != (self.lacks.clone(), self.theirs.wanted()) {
            self.went_on = Some(now);
        }
        self.plan(now);
        Ok(true)
    }

    /// What is still missing on either side is said, asked for, or waited for.
    fn plan(&mut self, now: Instant) {
        if !self.lacks.is_empty() {
            let had = |(_, part): &&(Instant, Range<u16>)| part.contains(&self.lacks.start);
            let newest = self.sent.iter().rev().find(|(_, one)| had(one));
            match newest {
                Some((number, (left, part))) if Some(*number) > self.answered => {
                    self.due = left.checked_add(self.timer_for(part.len()));
                }
                _ => self.say_what_lacks(),
            }
        } else if self.theirs.wanted().is_empty() {
            self.due = now.checked_add(self.timer());
        } else {
            // The rest of the flight follows at the pace of the way.
            self.due = now.checked_add(self.trip().mul_f64(0.75).max(GAP_MIN));
        }
    }

    /// Time passed.
    pub(crate) fn tick(&mut self, now: Instant) {
        if self.due.is_none_or(|due| due > now) || self.is_open() {
            return;
        }
        self.silences = self.silences.saturating_add(1);
        match (self.heard, self.lacks.is_empty()) {
            // All of it may be lost, or one small packet of it, or the answers.
            (None, _) if self.silences.is_multiple_of(2) => self.say_what_lacks(),
            (None, _) => {
                let last = parts(self.lacks.clone()).last();
                self.waiting.extend(last);
            }
            (Some(_), false) => self.say_what_lacks(),
            (Some(_), true) => self.waiting.push_back(0..0),
        }
        self.due = now.checked_add(self.timer());
    }

    fn timer_for(&self, bytes: usize) -> Duration {
        match bytes >= LARGE && self.way.round_trip.is_some() {
            true => self.timer().max(self.trip().saturating_mul(2)),
            false => self.timer(),
        }
    }

    /// The shorter part goes first: its answer tells how long the way is.
    fn say_what_lacks(&mut self) {
        self.waiting = parts(self.lacks.clone()).collect::<Vec<_>>().into_iter().rev().collect();
    }

    /// What is missing of the relay's part; all of it while nothing is known.
    fn wanted(&self) -> Range<u16> {
        match self.heard {
            None => 0..GREETING_BYTES_MAX,
            Some(_) if self.theirs.wanted().is_empty() => {
                let known = self.theirs.wanted().start;
                known..GREETING_BYTES_MAX
            }
            Some(_) => self.theirs.wanted(),
        }
    }

    fn packet(
        &mut self,
        now: Instant,
        fresh: Freshness,
        part: Range<u16>,
        wanted: Range<u16>,
        rest: &[u8],
    ) -> Vec<u8> {
        let (number, offset) = (self.next, part.start);
        self.next = self.next.wrapping_add(1);
        let bytes = self.said.get(usize::from(part.start)..usize::from(part.end));
        let packet = Packet {
            number,
            proof: self.proof,
            wanted,
            end: place(self.said.len()),
            offset,
            part: bytes.unwrap_or_default().to_vec(),
            rest: rest.to_vec(),
        };
        self.sent.insert(number, (now, part));
        self.keys.seal_question(fresh, &packet.encode())
    }

    /// A sealed packet of the session, and in it or before it what the relay needs to open it.
    pub(crate) fn bring(
        &mut self,
        now: Instant,
        fresh: Freshness,
        datagram: Vec<u8>,
    ) -> Vec<Vec<u8>> {
        let (last, wanted) = (self.hello..place(self.said.len()), self.wanted());
        let bytes = GREETING_HEAD_BYTES.saturating_add(last.len()).saturating_add(datagram.len());
        match bytes <= PACKET_BYTES_MAX {
            true => vec![self.packet(now, fresh, last, wanted, &datagram)],
            false => vec![self.packet(now, fresh, last, wanted, &[]), datagram],
        }
    }

    /// The session is agreed, as far as this side can know.
    pub(crate) fn is_open(&self) -> bool {
        self.tls.is_open() && self.tls.is_as_begun()
    }

    /// The chain of packet keys that begins with it; once.
    pub(crate) fn packet_chain(&mut self) -> Option<Chain> {
        if self.is_open() { self.tls.packet_chain() } else { None }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.waiting.is_empty() { self.due } else { Some(self.begun) }
    }

    /// How long nothing came that was missing. That somebody answers is not enough: small packets may
    /// get through where large ones do not.
    pub(crate) fn standstill(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.went_on.unwrap_or(self.begun))
    }

    /// How long it may stand still before a connection is tried beside it.
    pub(crate) fn patience(&self) -> Duration {
        match self.heard {
            None => self.timing.first_timer(0),
            Some(_) => self.trip().saturating_mul(3).max(STANDSTILL_MIN),
        }
    }

    pub(crate) fn is_heard(&self) -> bool {
        self.heard.is_some()
    }

    /// What was learned of the way: a round trip, and bytes a second that came down.
    pub(crate) fn learned(&self) -> (Option<Duration>, Option<u32>) {
        let rate = self.way.down.map(|rate| rate.clamp(100.0, 1e9));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within bounds"
        )]
        (self.way.round_trip, rate.map(|rate| rate as u32))
    }

    fn trip(&self) -> Duration {
        self.way.round_trip.unwrap_or_else(|| match self.timing.round_trip_ms {
            0 => UNKNOWN,
            _ => self.timing.round_trip(),
        })
    }

    /// How long to wait for an answer: somewhat longer than the last one took, and by a half more
    /// with each further silence.
    fn timer(&self) -> Duration {
        let trip = self.trip();
        let timer = trip.mul_f64(1.25).saturating_add(SPARE);
        let grown = (FEW..self.silences.min(16)).fold(timer, |timer, _| timer.mul_f64(1.5));
        grown.min(TIMER_MAX.max(trip.saturating_mul(2)))
    }
}

impl Way {
    fn learn(&mut self, now: Instant, left: Instant, bytes: usize) {
        let took = now.saturating_duration_since(left);
        self.round_trip = Some(self.round_trip.map_or(took, |known| known.min(took)));
        if let Some((before, _)) = self.last {
            let gap = now.saturating_duration_since(before);
            if gap >= GAP_MIN && bytes > 400 {
                #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
                let rate = bytes.saturating_add(HEADER_BYTES) as f64 / gap.as_secs_f64();
                // A gap is as long as the packet after it takes, or longer.
                self.down = Some(self.down.map_or(rate, |known| known.max(rate)));
            }
        }
        self.last = Some((now, bytes));
    }
}

/// Cut into what fits packets.
fn parts(range: Range<u16>) -> impl Iterator<Item = Range<u16>> {
    let step = place(GREETING_PART_BYTES);
    let end = range.end;
    range.step_by(step.into()).map(move |from| from..from.saturating_add(step).min(end))
}

fn place(bytes: usize) -> u16 {
    u16::try_from(bytes).unwrap_or(u16::MAX)
}

impl fmt::Debug for Greeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Greeting")
            .field("lacks", &self.lacks)
            .field("wanted", &self.theirs.wanted())
            .field("sent", &self.sent.len())
            .field("silences", &self.silences)
            .finish_non_exhaustive()
    }
}
