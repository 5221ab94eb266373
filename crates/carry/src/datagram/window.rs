//! How much may be under way. On these links most loss is the air's and not a full queue's, so the
//! window follows the delay: it grows while packets come back as fast as the way allows, and
//! shrinks when they begin to queue. Loss shrinks it only where it is far above what is usual here.

use std::time::{Duration, Instant};

use sogon_packet::DATAGRAM_BYTES_MAX;

/// Enough for a text, its receipt and what there is to read, before anything is known.
const WINDOW_UNKNOWN: usize = 6 * DATAGRAM_BYTES_MAX;
const WINDOW_MIN: usize = 2 * DATAGRAM_BYTES_MAX;
const WINDOW_MAX: usize = 1 << 18;
/// Queueing that is no reason to shrink: less than people notice beside such round trips.
const QUEUE_LEAST: Duration = Duration::from_millis(300);

pub(crate) struct Window {
    bytes: usize,
    growing_fast: bool,
    shortest: Duration,
    shrunk: Option<Instant>,
    /// Of what was sent lately: answered and not, in thousandths.
    usual_loss: u32,
    lost: u32,
    answered: u32,
}

impl Window {
    /// From what is known: bytes a second and the round trip.
    pub(crate) fn new(rate: u32, round_trip: Duration, known: bool, loss_permille: u16) -> Self {
        let way = f64::from(rate) * round_trip.as_secs_f64() * 1.25;
        // A rate is a number of bytes a second far below 2^52.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded")]
        let way = way.clamp(0.0, 1e6) as usize;
        let bytes = if rate == 0 { WINDOW_UNKNOWN } else { way.clamp(WINDOW_UNKNOWN, WINDOW_MAX) };
        Self {
            bytes,
            growing_fast: true,
            shortest: if known { round_trip } else { Duration::MAX },
            shrunk: None,
            usual_loss: loss_permille.into(),
            lost: 0,
            answered: 0,
        }
    }

    /// The bytes that may be under way.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A packet of so many bytes was answered after this time.
    pub(crate) fn answered(&mut self, bytes: usize, round_trip: Duration, now: Instant) {
        self.answered = self.answered.saturating_add(1);
        self.shortest = self.shortest.min(round_trip);
        let queued = round_trip.saturating_sub(self.shortest);
        if queued <= self.shortest.max(QUEUE_LEAST) {
            let more = match self.growing_fast {
                true => bytes,
                false => bytes
                    .saturating_mul(DATAGRAM_BYTES_MAX)
                    .checked_div(self.bytes)
                    .unwrap_or_default(),
            };
            self.bytes = self.bytes.saturating_add(more).min(WINDOW_MAX);
        } else {
            self.shrink(8, round_trip, now);
        }
    }

    /// A packet was lost.
    pub(crate) fn lost(&mut self, round_trip: Duration, now: Instant) {
        self.lost = self.lost.saturating_add(1);
        let seen = self.lost.saturating_add(self.answered);
        let permille = self.lost.saturating_mul(1_000).checked_div(seen).unwrap_or_default();
        if seen >= 20 && permille > self.usual_loss.max(100).saturating_add(250) {
            self.shrink(4, round_trip, now);
            (self.lost, self.answered) = (0, 0);
        }
    }

    /// Takes off one part in so many, at most once in a round trip.
    fn shrink(&mut self, part: usize, round_trip: Duration, now: Instant) {
        self.growing_fast = false;
        if self.shrunk.is_none_or(|at| now.saturating_duration_since(at) >= round_trip) {
            self.shrunk = Some(now);
            let less = self.bytes.checked_div(part).unwrap_or_default();
            self.bytes = self.bytes.saturating_sub(less).max(WINDOW_MIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_while_the_way_is_free_and_shrinks_when_packets_queue() {
        let (start, trip) = (Instant::now(), Duration::from_millis(600));
        let mut window = Window::new(0, Duration::from_secs(1), false, 0);
        for _ in 0..20 {
            window.answered(1_200, trip, start);
        }
        assert_eq!(window.bytes(), WINDOW_UNKNOWN + 24_000);
        let before = window.bytes();
        window.answered(1_200, trip * 3, start);
        window.answered(1_200, trip * 3, start);
        assert_eq!(window.bytes(), before - before / 8, "once in a round trip");
        for round in 1..100u32 {
            window.answered(1_200, trip * 3, start + trip * 3 * round);
        }
        assert_eq!(window.bytes(), WINDOW_MIN);
    }

    #[test]
    fn usual_loss_does_not_shrink_it_and_a_storm_does() {
        let (mut now, trip) = (Instant::now(), Duration::from_millis(600));
        let mut window = Window::new(6_000, trip, true, 300);
        let before = window.bytes();
        for round in 0..100 {
            now += trip;
            if round % 3 == 0 { window.lost(trip, now) } else { window.answered(0, trip, now) }
        }
        assert_eq!(window.bytes(), before);
        for _ in 0..300 {
            now += trip;
            window.lost(trip, now);
        }
        assert!(window.bytes() < before);
    }
}
