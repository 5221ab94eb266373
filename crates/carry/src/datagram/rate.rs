//! How fast a visit's bytes went.

use std::time::{Duration, Instant};

use super::timing::Timing;

/// Packets of so many bytes say how fast the way down is.
const LARGE_BYTES: usize = 600;

/// Bytes that went through, and in what time.
#[derive(Default)]
pub(super) struct Rate {
    since: Option<Instant>,
    last: Option<Instant>,
    up: usize,
    down: usize,
    large: bool,
    /// Between the last two large packets that came.
    apart: Duration,
}

impl Rate {
    /// The first packet leaves.
    pub(super) fn begins(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// A packet of so many bytes went up.
    pub(super) fn answered(&mut self, bytes: usize) {
        self.up = self.up.saturating_add(bytes);
    }

    /// When something was heard last.
    pub(super) fn last(&self) -> Option<Instant> {
        self.last
    }

    /// How far the last two large packets were apart.
    pub(super) fn apart(&self) -> Duration {
        self.apart
    }

    /// The last packet that came was a large one: more of them may come.
    pub(super) fn is_large(&self) -> bool {
        self.large
    }

    /// A packet of so many bytes came.
    pub(super) fn heard(&mut self, bytes: usize, now: Instant) {
        self.down = self.down.saturating_add(bytes);
        self.large = bytes >= LARGE_BYTES;
        if let Some(last) = self.last.filter(|_| self.large) {
            self.apart = now.saturating_duration_since(last);
        }
        self.last = Some(now);
    }

    /// What this says of the way, when it was enough to say something.
    pub(super) fn teach(&self, timing: &mut Timing) {
        let (Some(since), Some(last)) = (self.since, self.last) else { return };
        // The first round trip carries nothing back; what is left is the time bytes needed.
        let time = last.saturating_duration_since(since).saturating_sub(timing.round_trip());
        let rate = |bytes: usize| {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
            let rate = (f64::from(bytes) / time.as_secs_f64()).clamp(0.0, 1e9) as u32;
            rate
        };
        if time < Duration::from_millis(200) {
            return;
        }
        for (bytes, known) in [(self.up, &mut timing.rate_up), (self.down, &mut timing.rate_down)] {
            // Less than a few packets say nothing of the rate.
            if bytes >= 6_000 {
                *known = if *known == 0 { rate(bytes) } else { known.midpoint(rate(bytes)) };
            }
        }
    }
}
