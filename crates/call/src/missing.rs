//! What does not come of the packets of one voice: how much, and whether several in a row.

/// A packet so many places behind the newest has come, or does not come any more.
const SETTLED: u32 = 8;
/// Of one silence of the line so many are counted: it is no weather.
const ROW_MAX: u64 = 8;
/// Above so many both counts are halved, so that what was long ago is forgotten.
const LOST_MAX: u64 = 96;
/// Before so many were lost nothing is said of rows.
const LOST_MIN: u64 = 9;

/// What came of the last packets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Missing {
    /// Bit n: the packet n before the newest came.
    came: u64,
    known: u32,
    /// Lost ones, and the rows that they were lost in.
    lost: u64,
    rows: u64,
    row: u64,
}

impl Missing {
    /// Whether anything came.
    pub(crate) fn is_begun(self) -> bool {
        self.known > 0
    }

    /// The first packet.
    pub(crate) fn begin(&mut self) {
        (self.came, self.known) = (1, 1);
    }

    /// Another time: nothing is known of the last packets, but for how the line loses.
    pub(crate) fn begin_again(&mut self) {
        (self.came, self.known, self.row) = (0, 0, 0);
    }

    /// A packet so many after the newest.
    pub(crate) fn newer(&mut self, ahead: u32) {
        for nth in 1..=ahead.min(64) {
            self.came = self.came << 1 | u64::from(nth == ahead);
            self.known = self.known.saturating_add(1).min(64);
            if self.known > SETTLED {
                self.settle(self.came >> SETTLED & 1 == 1);
            }
        }
        if ahead > 64 {
            self.came = 1;
        }
    }

    /// A packet so many before the newest.
    pub(crate) fn older(&mut self, behind: u32) {
        self.came |= 1_u64.checked_shl(behind).unwrap_or(0);
    }

    fn settle(&mut self, came: bool) {
        if came {
            self.row = 0;
            return;
        }
        self.row = self.row.saturating_add(1);
        if self.row > ROW_MAX {
            return;
        }
        self.rows = self.rows.saturating_add(u64::from(self.row == 1));
        self.lost = self.lost.saturating_add(1);
        if self.lost > LOST_MAX {
            (self.lost, self.rows) = (self.lost >> 1, self.rows >> 1);
        }
    }

    /// How many of the last 64 did not come, in percent.
    pub(crate) fn percent(self) -> u8 {
        let known = self.known.clamp(1, 64);
        let came = self.came.count_ones().min(known);
        let missed = known.saturating_sub(came).saturating_mul(100);
        u8::try_from(missed.checked_div(known).unwrap_or(0)).unwrap_or(100)
    }

    /// Whether they are lost in rows, nine in four or more in the mean; each by itself, a line that
    /// loses a third has rows of one and a half.
    pub(crate) fn in_rows(self) -> bool {
        self.lost >= LOST_MIN && self.lost.saturating_mul(4) >= self.rows.saturating_mul(9)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests {
    use super::*;

    /// Packets of which these are lost, one after the other.
    fn after(lost: impl Iterator<Item = bool>) -> Missing {
        let (mut missing, mut ahead) = (Missing::default(), 1);
        missing.begin();
        for lost in lost {
            if lost {
                ahead += 1;
            } else {
                missing.newer(ahead);
                ahead = 1;
            }
        }
        missing
    }

    #[test]
    fn what_is_lost_is_counted_and_rows_are_told_from_single_ones() {
        let fifth = after((0..600).map(|at| at % 5 == 0));
        assert!((17..=23).contains(&fifth.percent()) && !fifth.in_rows(), "{fifth:?}");
        let rows = after((0..600).map(|at| at % 15 < 3));
        assert!((17..=23).contains(&rows.percent()) && rows.in_rows(), "{rows:?}");
        let third = after((0..600).map(|at| at % 8 < 2 || at % 8 == 5));
        assert!(!third.in_rows(), "{third:?}");
        // A line that was dead once is not a line of rows.
        assert!(!after((0..600).map(|at| (100..300).contains(&at))).in_rows());
    }

    #[test]
    fn what_comes_late_was_not_lost() {
        let mut missing = Missing::default();
        missing.begin();
        for _ in 0..200 {
            missing.newer(3);
            missing.older(1);
            missing.older(2);
        }
        assert!(missing.percent() == 0 && missing.lost == 0, "{missing:?}");
        missing.newer(u32::MAX);
        missing.older(u32::MAX);
        assert!(missing.percent() > 95);
    }
}
