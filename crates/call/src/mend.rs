//! Whether frames go twice, and how far apart: from what the others say they miss, and nothing else.

use crate::shape::Rate;

/// What is missed is weighed over so many ticks of 20 ms.
const WEIGHED: u32 = 400;
/// Packets between a frame and its second copy, each lost by itself or in rows.
const NEAR: u32 = 2;
const FAR: u32 = 4;

/// What the other side misses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missed {
    /// Of the last packets, in percent.
    pub percent: u8,
    /// Several in a row.
    pub rows: bool,
}

/// How one side mends.
#[derive(Debug, Default)]
pub(crate) struct Mend {
    /// Percent missed, in thousandths.
    weighed: i64,
    told: u32,
    lossy: u32,
    twice: bool,
    far: bool,
}

impl Mend {
    /// The worst that the others say, at this tick.
    pub(crate) fn told(&mut self, tick: u32, missed: Missed, rate: Rate) {
        let past = tick.saturating_sub(self.told).min(WEIGHED);
        self.told = tick;
        let off = i64::from(missed.percent).saturating_mul(1_000).saturating_sub(self.weighed);
        let step = off.saturating_mul(i64::from(past)).div_euclid(i64::from(WEIGHED));
        self.weighed = self.weighed.saturating_add(step);
        let Limits { above, below, calm } = limits(rate, missed.rows);
        if self.weighed > above {
            self.twice = true;
        }
        if self.weighed >= below {
            self.lossy = tick;
        }
        if tick.saturating_sub(self.lossy) > calm {
            self.twice = false;
        }
        // Another distance is another change: it holds until frames go once again.
        self.far = self.twice && (self.far || missed.rows);
    }

    /// What is missed, weighed, in percent.
    pub(crate) fn weighed(&self) -> u8 {
        u8::try_from(self.weighed.div_euclid(1_000)).unwrap_or(0)
    }

    /// How many packets later a frame goes a second time; [`None`] when it does not.
    pub(crate) fn apart(&self) -> Option<u32> {
        self.twice.then_some(if self.far { FAR } else { NEAR })
    }

    /// The same where frames go twice anyway.
    pub(crate) fn apart_at_least(&self) -> u32 {
        if self.far { FAR } else { NEAR }
    }
}

/// Frames go twice when more than `above` thousandths of a percent are missed, and once again after
/// `calm` ticks below `below`: each change moves the time at which all is heard.
struct Limits {
    above: i64,
    below: i64,
    calm: u32,
}

/// Half the room for a frame costs little where there is much; where packets are lost in rows,
/// second copies are lost with them more often, and what is missed says less of what will be
/// (decision 0110).
const fn limits(rate: Rate, rows: bool) -> Limits {
    match (rate, rows) {
        (Rate::Kbit24, _) => Limits { above: 3_000, below: 1_500, calm: 1_500 },
        (_, false) => Limits { above: 7_000, below: 4_000, calm: 500 },
        (_, true) => Limits { above: 10_000, below: 5_000, calm: 500 },
    }
}
