//! What the way to a relay is like: learned on each visit, kept for the next one.

use std::time::Duration;

/// Before anything was measured: what TCP assumes (RFC 6298, 2.1).
const UNKNOWN: Duration = Duration::from_secs(1);
/// A first flight is not repeated sooner, however short the way was the last time.
const FIRST_TIMER_MIN: Duration = Duration::from_millis(350);
/// The relay writes to its disk before it answers.
const DISK: Duration = Duration::from_millis(50);
/// So many silences in a row say that packets were lost, not that the line is.
const FEW: u32 = 2;
/// For each of so many packets lost in a thousand, one more timer may pass in silence: so one visit
/// in some hundred gives datagrams up that would have been answered.
const FAITH_PERMILLE: u32 = 150;
/// Some ten round trips.
const FAITH_TIMERS_MAX: u32 = 5;
/// Timers grow by a half with each further silence, up to this or two round trips: who waits for a line
/// that comes back for ten seconds must not sleep through them.
const TIMER_MAX: Duration = Duration::from_secs(4);
/// So many packets of one visit say what is lost by themselves.
const MANY: u32 = 16;
/// Of fewer, each changes what is known of the loss by one in so many.
const PACKETS: u32 = 12;
/// A part of the golden ratio: the same line's ups and downs are not met at the same place again.
const STRIDE: f64 = 0.618_034;

/// Round trip, its variation, loss and rate, as smoothed over visits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timing {
    /// Smoothed round trip, in ms; 0 for unknown.
    pub(crate) round_trip_ms: u32,
    /// Its mean deviation, in ms.
    pub(crate) deviation_ms: u32,
    /// Packets that were not answered, in thousandths.
    pub(crate) loss_permille: u16,
    /// Bytes a second that went up when there was enough to say; 0 for unknown.
    pub(crate) rate_up: u32,
    /// Bytes a second that came down; 0 for unknown.
    pub(crate) rate_down: u32,
}

impl Timing {
    /// Takes the first round trip of a visit into account. One far from what is known says that
    /// this is another way: what is known is of no use.
    pub(crate) fn measured_first(&mut self, round_trip: Duration) {
        let known = self.round_trip();
        if round_trip > known.mul_f64(1.5) || round_trip < known.div_f64(2.0) {
            (self.round_trip_ms, self.rate_up, self.rate_down) = (0, 0, 0);
        }
        self.measured(round_trip);
    }

    /// Takes a measured round trip into account (RFC 6298, 2).
    pub(crate) fn measured(&mut self, round_trip: Duration) {
        let new = u32::try_from(round_trip.as_millis()).unwrap_or(u32::MAX).clamp(1, 600_000);
        if self.round_trip_ms == 0 {
            // Half of what TCP begins with: to ask twice does no harm here.
            (self.round_trip_ms, self.deviation_ms) = (new, new.div_euclid(4));
            return;
        }
        let off = self.round_trip_ms.abs_diff(new);
        self.deviation_ms = smooth(self.deviation_ms, off, 4);
        self.round_trip_ms = smooth(self.round_trip_ms, new, 8);
    }

    /// Takes into account that so many were lost of so many packets whose fate is known.
    pub(crate) fn lost(&mut self, lost: u32, of: u32) {
        let lost = lost.min(of);
        if of >= MANY {
            let now = lost.saturating_mul(1_000).checked_div(of).unwrap_or_default();
            // Bad news counts sooner: to be sparing on a bad line costs seconds.
            let weight = if now > self.loss_permille.into() { 3 } else { 8 };
            return self.loses(now, weight);
        }
        // A visit ends with the first answer. Were visits weighed and not packets, those in which all
        // went well would count as much as those that took five.
        (0..lost).for_each(|_| self.loses(1_000, PACKETS));
        (lost..of).for_each(|_| self.loses(0, PACKETS));
    }

    fn loses(&mut self, permille: u32, weight: u32) {
        let known = smooth(self.loss_permille.into(), permille, weight);
        self.loss_permille = u16::try_from(known).unwrap_or(1_000);
    }

    /// The round trip to reckon with.
    pub(crate) fn round_trip(&self) -> Duration {
        match self.round_trip_ms {
            0 => UNKNOWN,
            known => Duration::from_millis(known.into()),
        }
    }

    /// The same before anything was heard in a visit: the way may be another than the last time.
    pub(crate) fn first_timer(&self, silences: u32) -> Duration {
        self.timer(silences).max(FIRST_TIMER_MIN)
    }

    /// How long nothing may be heard on a way where datagrams were answered before, until a
    /// connection is tried beside them: where much is lost, that nobody answers a few times says
    /// nothing.
    pub(crate) fn faith(&self) -> Duration {
        let timers = u32::from(self.loss_permille).div_euclid(FAITH_PERMILLE).saturating_add(2);
        (0..timers.min(FAITH_TIMERS_MAX)).map(|silences| self.first_timer(silences)).sum()
    }

    /// How much longer they have when somebody accepted the connection.
    pub(crate) fn grace(&self) -> Duration {
        let more = f64::from(self.loss_permille) / f64::from(FAITH_PERMILLE) / 2.0;
        self.first_timer(0).mul_f64(1.0 + more)
    }

    /// How long to wait for an answer before asking again, after so many silences in a row.
    pub(crate) fn timer(&self, silences: u32) -> Duration {
        let mut timer = self.round_trip().saturating_add(self.spare());
        for _ in 0..silences.saturating_sub(FEW).min(16) {
            timer = timer.saturating_mul(3).div_f64(2.0);
        }
        let timer = timer.min(TIMER_MAX.max(self.round_trip().saturating_mul(2)));
        let place = (f64::from(silences) * STRIDE).fract();
        timer.mul_f64(0.4f64.mul_add(place, 1.0))
    }

    /// How much later than usual an answer may come.
    pub(crate) fn spare(&self) -> Duration {
        let deviation = Duration::from_millis(self.deviation_ms.into()).saturating_mul(4);
        deviation.max(self.round_trip().div_f64(8.0)).saturating_add(DISK)
    }

    /// How much earlier than one before it a packet may be answered.
    pub(crate) fn reordered(&self) -> Duration {
        let deviation = Duration::from_millis(self.deviation_ms.into());
        deviation.max(self.round_trip().div_f64(16.0)).min(self.round_trip().div_f64(2.0))
    }

    /// How long packets of one answer may be apart before one is taken for lost.
    pub(crate) fn patience(&self) -> Duration {
        let packet = 1_300u32
            .checked_div(self.rate_down)
            .map_or(0, |_| u64::from(1_300_000u32.checked_div(self.rate_down).unwrap_or_default()));
        let packets = Duration::from_millis(packet).saturating_mul(3);
        self.patience_for_small().max(packets)
    }

    /// The same where none of them is large.
    pub(crate) fn patience_for_small(&self) -> Duration {
        let deviation = Duration::from_millis(self.deviation_ms.into()).saturating_mul(2);
        deviation.max(self.round_trip().div_f64(3.0)).max(DISK)
    }
}

fn smooth(known: u32, new: u32, weight: u32) -> u32 {
    let sum = known.saturating_mul(weight.saturating_sub(1)).saturating_add(new);
    sum.checked_div(weight).unwrap_or(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_follow_the_way_and_grow_slowly() {
        let mut timing = Timing::default();
        assert!(timing.timer(0) >= UNKNOWN);
        for _ in 0..50 {
            timing.measured(Duration::from_millis(640));
        }
        assert_eq!(timing.round_trip_ms, 640);
        let timer = timing.timer(0);
        assert!(timer > Duration::from_millis(640) && timer < Duration::from_millis(900));
        assert!(timing.timer(1) < timer * 2);
        let mut late = (40..80).map(|silences| timing.timer(silences));
        assert!(late.clone().all(|timer| timer >= TIMER_MAX && timer < TIMER_MAX * 2));
        assert_ne!(late.clone().next(), late.next_back());
    }

    #[test]
    fn where_much_is_lost_a_silence_says_little() {
        let at = |loss_permille| Timing { round_trip_ms: 640, loss_permille, ..Timing::default() };
        let faith = |loss| at(loss).faith().as_secs_f64();
        assert!(faith(100) < 2.5 && faith(510) > 2.0 * faith(100) && faith(1_000) < 7.0);
        assert_eq!(at(0).grace(), at(0).first_timer(0));
        assert!(at(510).grace() > at(510).first_timer(0) * 2);
    }

    #[test]
    fn loss_is_learned_over_visits() {
        let mut timing = Timing::default();
        timing.lost(0, 0);
        for _ in 0..20 {
            timing.lost(17, 50);
        }
        assert!((320..=340).contains(&timing.loss_permille));
        for _ in 0..30 {
            timing.lost(0, 3);
        }
        assert!(timing.loss_permille < 20);
    }
}
