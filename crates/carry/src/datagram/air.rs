//! What is in the air: the packets that left, when each should be answered, and which count as
//! lost.
//!
//! The way is thought of as one transmitter that sends packet after packet, and a delay behind it:
//! a packet is due when those before it and it itself are through. Each answer corrects that.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::exchange::Key;

/// When so many packets that left later were answered, one is lost (RFC 9002, 6.1.1).
const OVERTAKEN_MAX: usize = 3;
/// No packet is thought to wait longer for those before it.
const QUEUE_MAX: Duration = Duration::from_secs(30);
/// The time of so many bytes is part of every round trip that is known.
const SMALL_BYTES: usize = 600;
/// The weight of a measured pace beside what was known.
const NEWEST: f64 = 0.25;
/// The fastest and slowest way that is reckoned with, in seconds a byte.
const PACES: std::ops::RangeInclusive<f64> = 1e-8..=0.01;

/// Lost packets that are remembered, in case they were only late.
const LAPSED_MAX: usize = 4_096;
/// Answered packets that are remembered, for what they say of those before them.
const HEARD_MAX: usize = 256;

/// A packet that left.
pub(super) struct Flight {
    sent: Instant,
    /// When its first byte is thought to have left.
    begun: Instant,
    /// It is not late before, however fast the way turns out to be.
    least: Instant,
    /// It is not late before.
    due: Instant,
    bytes: usize,
    units: Vec<Key>,
    /// Answered, but units of it were not: the rest of the answer may still come.
    heard: Option<Instant>,
}

/// The first answer to a packet.
pub(super) struct Heard {
    /// How long it took.
    pub(super) round_trip: Duration,
    /// The same without the wait for packets before it, where that is known.
    pub(super) alone: Option<Duration>,
    /// Of the packet; nothing for one that counted as lost.
    pub(super) bytes: usize,
    /// It counted as lost.
    pub(super) lapsed: bool,
}

/// The packets of a visit.
pub(super) struct Air {
    flights: BTreeMap<u64, Flight>,
    /// When packets that count as lost left. An answer to one says that it was only late.
    lapsed: BTreeMap<u64, Instant>,
    /// When the latest of the answered packets were, those that are dealt with too.
    heard: BTreeMap<u64, Instant>,
    next: u64,
    in_flight: usize,
    /// Seconds that a byte needs.
    pace: f64,
    /// How often it was measured, here or on earlier visits.
    paces: u32,
    /// When everything that left is through the transmitter.
    free: Option<Instant>,
}

impl Air {
    /// Over a way of so many bytes a second, 0 for not known, and this round trip.
    pub(super) fn new(rate: u32, round_trip: Duration) -> Self {
        let (pace, paces) = match rate {
            // Half a round trip for a packet is slower than most ways are.
            0 => (round_trip.as_secs_f64() / 2.0 / 1_232.0, 0),
            rate => (1.0 / f64::from(rate), 1),
        };
        Self {
            flights: BTreeMap::new(),
            lapsed: BTreeMap::new(),
            heard: BTreeMap::new(),
            next: 0,
            in_flight: 0,
            pace,
            paces,
            free: None,
        }
    }

    /// The number of the next packet.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Bytes that are under way.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many packets are not dealt with.
    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }

    /// What is asked for by packets under way.
    pub(super) fn units(&self) -> impl Iterator<Item = &Key> {
        self.flights.values().flat_map(|flight| &flight.units)
    }

    /// What the oldest packets ask for that nobody answered, of so many packets.
    pub(super) fn unheard(&self, packets: usize) -> impl Iterator<Item = Key> {
        let unheard = self.flights.values().filter(|flight| flight.heard.is_none());
        unheard.take(packets).flat_map(|flight| flight.units.iter().copied())
    }

    /// When everything that left is thought to be through.
    pub(super) fn free(&self, now: Instant) -> Instant {
        self.free.map_or(now, |free| free.clamp(now, later(now, QUEUE_MAX)))
    }

    /// Bytes a second, when that was measured in this visit.
    pub(super) fn rate(&self) -> Option<u32> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let rate = (1.0 / self.pace).clamp(1.0, 1e9) as u32;
        (self.paces > 2).then_some(rate)
    }

    fn time(&self, bytes: usize) -> Duration {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let time = Duration::try_from_secs_f64(self.pace * f64::from(bytes));
        time.unwrap_or(QUEUE_MAX).min(QUEUE_MAX)
    }

    fn more_than_small(&self, bytes: usize) -> Duration {
        self.time(bytes.saturating_sub(SMALL_BYTES))
    }

    /// A packet leaves; alone on the way it would be answered within `timer`.
    pub(super) fn send(&mut self, now: Instant, bytes: usize, timer: Duration, units: Vec<Key>) {
        let begun = self.free(now);
        let due = later(later(begun, self.more_than_small(bytes)), timer);
        self.free = Some(later(begun, self.time(bytes)));
        let least = later(now, timer);
        let flight = Flight { sent: now, begun, least, due, bytes, units, heard: None };
        self.flights.insert(self.next, flight);
        self.next = self.next.saturating_add(1);
        self.in_flight = self.in_flight.saturating_add(bytes);
    }

    /// An answer to this packet came; those after it are due as it says: a packet alone on the way
    /// takes `trip`, and `spare` at the most beyond.
    pub(super) fn answered(
        &mut self,
        number: u64,
        now: Instant,
        (trip, spare): (Duration, Duration),
    ) -> Option<Heard> {
        if let Some(sent) = self.lapsed.remove(&number) {
            let round_trip = now.saturating_duration_since(sent);
            return Some(Heard { round_trip, alone: Some(round_trip), bytes: 0, lapsed: true });
        }
        let flight = self.flights.get_mut(&number)?;
        if flight.heard.replace(now).is_some() {
            return None;
        }
        let (sent, begun, bytes) = (flight.sent, flight.begun, flight.bytes);
        self.heard.insert(number, now);
        if self.heard.len() > HEARD_MAX {
            self.heard.pop_first();
        }
        let waited = begun.saturating_duration_since(sent);
        self.in_flight = self.in_flight.saturating_sub(bytes);
        if waited > Duration::ZERO {
            self.learn_pace(number, bytes, now);
        }
        self.expect_rest(number, now, (trip, spare));
        let round_trip = now.saturating_duration_since(sent);
        let known = waited == Duration::ZERO || self.paces > 0;
        // A round trip is one of a small packet, where it is known what a large one takes more.
        let large = if self.paces > 0 { self.more_than_small(bytes) } else { Duration::ZERO };
        let alone = known.then(|| round_trip.saturating_sub(waited).saturating_sub(large));
        Some(Heard { round_trip, alone, bytes, lapsed: false })
    }

    /// A packet that waited for the one before it was answered so much later than that one.
    fn learn_pace(&mut self, number: u64, bytes: usize, now: Instant) {
        let before = number.checked_sub(1).and_then(|before| self.heard.get(&before));
        let Some(apart) = before.copied() else { return };
        let bytes = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX).max(1));
        let seen = now.saturating_duration_since(apart).as_secs_f64() / bytes;
        let pace =
            if self.paces == 0 { seen } else { seen.mul_add(NEWEST, self.pace * (1.0 - NEWEST)) };
        self.pace = pace.clamp(*PACES.start(), *PACES.end());
        self.paces = self.paces.saturating_add(1);
    }

    /// What left after an answered packet comes one after the other.
    fn expect_rest(&mut self, number: u64, now: Instant, (trip, spare): (Duration, Duration)) {
        let mut through = now;
        let after: Vec<(u64, usize)> = self
            .flights
            .range(number.saturating_add(1)..)
            .map(|(number, flight)| (*number, flight.bytes))
            .collect();
        for (number, bytes) in after {
            through = later(through, self.time(bytes));
            if let Some(flight) = self.flights.get_mut(&number) {
                flight.due = flight.least.max(later(through, spare));
            }
        }
        self.free = through.checked_sub(trip);
    }

    /// Packets of a later number were answered, and this one should have been before them; those
    /// answered within `reordered` may only have changed places.
    pub(super) fn overtaken(&self, now: Instant, reordered: Duration) -> Vec<u64> {
        let late = self.overtaking(reordered);
        late.filter(|(_, at)| *at <= now).map(|(number, _)| number).collect()
    }

    /// When each packet that others overtook counts as lost.
    fn overtaking(&self, reordered: Duration) -> impl Iterator<Item = (u64, Instant)> {
        let unheard = self.flights.iter().filter(|(_, flight)| flight.heard.is_none());
        unheard.filter_map(move |(number, _)| {
            let overtook = || self.heard.range(number.saturating_add(1)..).map(|(_, at)| *at);
            let first = overtook().min()?;
            let is_lost = overtook().nth(OVERTAKEN_MAX.saturating_sub(1)).is_some();
            Some((*number, if is_lost { first } else { later(first, reordered) }))
        })
    }

    /// Packets nobody answered in time, as long as nothing is heard `since`.
    pub(super) fn overdue(&self, now: Instant, since: Option<Instant>) -> Vec<u64> {
        let late = |flight: &Flight| {
            flight.heard.is_none() && since.map_or(flight.due, |since| flight.due.max(since)) <= now
        };
        let late = self.flights.iter().filter(|(_, flight)| late(flight));
        late.map(|(number, _)| *number).collect()
    }

    /// When the last of these left.
    pub(super) fn last_sent(&self, numbers: &[u64]) -> Option<Instant> {
        numbers.iter().filter_map(|number| self.flights.get(number)).map(|flight| flight.sent).max()
    }

    /// When the next packet counts as lost if nothing is heard.
    pub(super) fn deadline(&self, since: Option<Instant>, reordered: Duration) -> Option<Instant> {
        let unheard = self.flights.values().filter(|flight| flight.heard.is_none());
        let due = unheard.map(|flight| since.map_or(flight.due, |since| flight.due.max(since)));
        let overtaken = self.overtaking(reordered).map(|(_, at)| at);
        due.chain(overtaken).min()
    }

    /// Nobody answers: what is under way is not late before.
    pub(super) fn put_off(&mut self, until: Instant) {
        for flight in self.flights.values_mut().filter(|flight| flight.heard.is_none()) {
            flight.least = flight.least.max(until);
            flight.due = flight.due.max(until);
        }
    }

    /// Gives up a packet; what it asked for.
    pub(super) fn lose(&mut self, number: u64) -> Vec<Key> {
        let Some(flight) = self.flights.remove(&number) else { return Vec::new() };
        self.lapsed.insert(number, flight.sent);
        if self.lapsed.len() > LAPSED_MAX {
            // Nobody answers that late.
            self.lapsed.pop_first();
        }
        self.in_flight = self.in_flight.saturating_sub(flight.bytes);
        flight.units
    }

    /// When the last packet that is not dealt with was answered.
    pub(super) fn last_heard(&self) -> Option<Instant> {
        self.flights.values().filter_map(|flight| flight.heard).max()
    }

    /// Takes off packets that are dealt with: those of whose units none is `missing`, whatever
    /// answered them; and answered ones of which nothing is `open`, or whose rest did not come
    /// within `patience` of the answer and of `last`. Gives what the latter asked for.
    pub(super) fn settle(
        &mut self,
        now: Instant,
        (last, patience): (Instant, Duration),
        missing: impl Fn(&Key) -> bool,
        open: impl Fn(&Key) -> bool,
    ) -> Vec<Key> {
        let mut rest = Vec::new();
        let mut unsaid = 0usize;
        self.flights.retain(|_, flight| {
            let quiet = |heard: Instant| now.saturating_duration_since(last.max(heard)) >= patience;
            match flight.heard {
                Some(_) if !flight.units.iter().any(&open) => false,
                Some(heard) if quiet(heard) => {
                    rest.append(&mut flight.units);
                    false
                }
                None if !flight.units.is_empty() && !flight.units.iter().any(&missing) => {
                    unsaid = unsaid.saturating_add(flight.bytes);
                    false
                }
                _ => true,
            }
        });
        self.in_flight = self.in_flight.saturating_sub(unsaid);
        rest
    }
}

fn later(at: Instant, by: Duration) -> Instant {
    at.checked_add(by).unwrap_or(at)
}
