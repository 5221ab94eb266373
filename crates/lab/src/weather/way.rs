//! What one direction of a link does.

use std::time::Duration;

/// One direction of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Bits a second, IP headers included; [`None`] for no limit.
    pub rate_bps: Option<u64>,
    /// How long a packet is on its way after its last bit has left.
    pub delay: Duration,
    /// Each packet takes up to so much more or less; order is kept.
    pub jitter: Duration,
    /// Which packets are lost on the air, after they have taken their time on it.
    pub loss: Loss,
    /// The share of packets that arrive twice.
    pub doubled: f64,
    /// The share of packets that are held back, so that others overtake them.
    pub held: f64,
    /// How long those are held back.
    pub held_back: Duration,
    /// When there is no link at all.
    pub outages: Option<Outages>,
    /// The most bytes that wait to be sent; what comes on top is dropped. One packet always may.
    pub queue_bytes: usize,
    /// The largest packet, IP header included; larger ones are dropped, as those that must not be
    /// cut into fragments are.
    pub mtu: usize,
}

/// Which packets are lost on the air.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Each by itself, with this chance.
    Each(f64),
    /// In bursts (Gilbert-Elliott): before each packet the air may turn bad or good again.
    Bursts {
        /// The chance that good air turns bad.
        worse: f64,
        /// The chance that bad air turns good; a bad spell is `1 / better` packets long.
        better: f64,
        /// The chance of a loss in good air.
        in_good: f64,
        /// The chance of a loss in bad air.
        in_bad: f64,
    },
}

/// A link that comes and goes. What is being sent while it is gone is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outages {
    /// How long it is there,
    pub up: Duration,
    /// and then gone.
    pub down: Duration,
    /// How far into this cycle it begins.
    pub begin: Duration,
}

impl Way {
    /// A direction that does nothing to packets.
    #[must_use]
    pub fn clear() -> Self {
        Self {
            rate_bps: None,
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: Loss::Each(0.0),
            doubled: 0.0,
            held: 0.0,
            held_back: Duration::from_millis(50),
            outages: None,
            queue_bytes: 1 << 20,
            mtu: 1_500,
        }
    }

    /// So many bits a second, so long a delay, such a loss, such a queue; else clear.
    #[must_use]
    pub fn of(rate_bps: u64, delay_ms: u64, loss: f64, queue_bytes: usize) -> Self {
        Self {
            rate_bps: Some(rate_bps),
            delay: Duration::from_millis(delay_ms),
            loss: Loss::Each(loss),
            queue_bytes,
            ..Self::clear()
        }
    }

    /// How long so many bytes take to send.
    #[must_use]
    pub fn sending_time(&self, bytes: usize) -> Duration {
        let Some(rate_bps) = self.rate_bps.filter(|rate| *rate > 0) else { return Duration::ZERO };
        let nanos = bytes as u128 * 8 * 1_000_000_000 / u128::from(rate_bps);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl Outages {
    /// Whether the link is gone at any moment of this span.
    pub(super) fn touch(&self, from: Duration, to: Duration) -> bool {
        let cycle = (self.up + self.down).as_nanos();
        if cycle == 0 || self.down.is_zero() {
            return false;
        }
        let place = |at: Duration| {
            let at = (at + self.begin).as_nanos();
            (at / cycle, at % cycle >= self.up.as_nanos())
        };
        let ((first, gone_first), (last, gone_last)) = (place(from), place(to));
        gone_first || gone_last || first != last
    }
}
