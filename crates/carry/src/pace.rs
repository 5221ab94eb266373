//! How long to wait for a relay: from what is known of the way to it, never a fixed few seconds.

use std::time::Duration;

/// What is known of the way to a relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Smoothed; 0 for unknown.
    pub(crate) round_trip_ms: u32,
}

impl Pace {
    /// How long TCP may take to connect: on a link that loses every third packet, six tries.
    pub(crate) fn dial_max(self) -> Duration {
        self.within(12, 20, 45, 75)
    }

    /// How long one try to connect may take. TCP asks again after twice as long each time, and so
    /// sleeps through a line that is there for a few seconds only; another try begins anew.
    pub(crate) fn try_max(self) -> Duration {
        self.within(4, 4, 6, 15)
    }

    /// How long a relay may say nothing at all to a greeting, for the same reason.
    pub(crate) fn greeting_max(self) -> Duration {
        self.within(8, 8, 20, 40)
    }

    /// How long a TLS handshake may take.
    pub(crate) fn handshake_max(self) -> Duration {
        self.within(20, 30, 60, 120)
    }

    /// How long nothing at all may be heard while answers are missing.
    pub(crate) fn answer_max(self) -> Duration {
        self.within(30, 45, 90, 180)
    }

    /// How long to stay for tickets that are on their way.
    pub(crate) fn linger_max(self) -> Duration {
        self.within(3, 1, 3, 10)
    }

    /// So many round trips, but at least and at most so many seconds; and so many when the way is
    /// not known.
    fn within(self, trips: u32, least_s: u64, unknown_s: u64, most_s: u64) -> Duration {
        let (least, most) = (Duration::from_secs(least_s), Duration::from_secs(most_s));
        if self.round_trip_ms == 0 {
            return Duration::from_secs(unknown_s);
        }
        Duration::from_millis(self.round_trip_ms.into()).saturating_mul(trips).clamp(least, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_follow_the_way_within_bounds() {
        let dial_max = |round_trip_ms| Pace { round_trip_ms }.dial_max();
        assert_eq!(dial_max(0), Duration::from_secs(45));
        assert_eq!(dial_max(3), Duration::from_secs(20));
        assert_eq!(dial_max(3_000), Duration::from_secs(36));
        assert_eq!(Pace { round_trip_ms: 600_000 }.answer_max(), Duration::from_secs(180));
    }
}
