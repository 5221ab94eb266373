//! What the link did lately, as far as it matters for what is made for it: how small a picture, how
//! lean a voice note.

use crate::{hand::Hand, link::Figures, trouble::Trouble, usage::Day};

/// Days that say something about the link there is now.
const DAYS_MAX: usize = 3;
/// So much has to have travelled for bytes over time to say what the link carries; below, most of
/// the time is waiting.
const TELLING_BYTES: u64 = 200_000;

/// How fast a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pace {
    /// About 20 kbit/s, or more than a second for a question and its answer.
    Creeps,
    /// About 50 kbit/s.
    Slow,
    /// About 100 kbit/s, or nobody knows.
    Fair,
    /// More.
    Fast,
}

impl Pace {
    /// What the links of this home did lately.
    ///
    /// # Errors
    /// [`crate::trouble::Kind::Disk`].
    pub(crate) async fn look(hand: &Hand) -> Result<Self, Trouble> {
        Ok(Self::of(&hand.usage().await?))
    }

    /// What these days, the newest first, say.
    pub(crate) fn of(days: &[Day]) -> Self {
        let cost = lately(days);
        let bytes = cost.bytes_up.saturating_add(cost.bytes_down);
        if bytes >= TELLING_BYTES {
            // Bits in a millisecond are kilobits in a second.
            return match bytes.saturating_mul(8).checked_div(cost.air_ms) {
                Some(0..24) => Self::Creeps,
                Some(24..72) => Self::Slow,
                Some(72..160) => Self::Fair,
                _ => Self::Fast,
            };
        }
        match cost.air_ms.checked_div(cost.round_trips) {
            None => Self::Fair,
            Some(0..150) => Self::Fast,
            Some(150..500) => Self::Fair,
            Some(500..1_000) => Self::Slow,
            Some(_) => Self::Creeps,
        }
    }

    /// Bytes a second that the link carried lately, where that can be said.
    pub(crate) fn rate(days: &[Day]) -> Option<u64> {
        let cost = lately(days);
        let bytes = cost.bytes_up.saturating_add(cost.bytes_down);
        let rate = bytes.saturating_mul(1_000).checked_div(cost.air_ms);
        rate.filter(|rate| bytes >= TELLING_BYTES && *rate > 0)
    }

    /// The longest side of a picture that is sent.
    pub(crate) fn picture_side(self) -> u32 {
        match self {
            Self::Creeps => 1_024,
            Self::Slow => 1_280,
            Self::Fair => 1_600,
            Self::Fast => 2_048,
        }
    }

    /// What a voice note has in a second: kilobits.
    pub(crate) fn note_kbit(self) -> u32 {
        match self {
            Self::Creeps => 6,
            Self::Slow => 8,
            Self::Fair => 12,
            Self::Fast => 16,
        }
    }
}

fn lately(days: &[Day]) -> Figures {
    let recent = days.iter().take(DAYS_MAX).map(|day| day.cost);
    recent.fold(Figures::default(), |sum, cost| sum.and(cost))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn day(bytes_up: u64, air_ms: u64, round_trips: u64) -> Day {
        let cost = Figures { bytes_up, bytes_down: 0, air_ms, round_trips };
        Day { date: date(2026, 11, 21), cost }
    }

    #[test]
    fn a_link_is_judged_by_what_it_carried_or_by_how_long_answers_took() {
        assert_eq!(Pace::of(&[]), Pace::Fair);
        assert_eq!(Pace::of(&[day(900, 1_300, 1)]), Pace::Creeps);
        assert_eq!(Pace::of(&[day(900, 1_300, 2)]), Pace::Slow);
        assert_eq!(Pace::of(&[day(900, 90, 2)]), Pace::Fast);
        assert_eq!(Pace::of(&[day(250_000, 100_000, 9)]), Pace::Creeps);
        assert_eq!(Pace::of(&[day(250_000, 42_000, 9)]), Pace::Slow);
        assert_eq!(Pace::of(&[day(250_000, 1_000, 9)]), Pace::Fast);
        let old = day(9_000_000, 100, 90);
        let days = [day(900, 1_300, 1), day(0, 0, 0), day(0, 0, 0), old];
        assert_eq!(Pace::of(&days), Pace::Creeps, "what was last week says nothing");
        assert!(Pace::Creeps < Pace::Fast);
        assert_eq!(Pace::rate(&[day(250_000, 100_000, 9)]), Some(2_500));
        assert_eq!(Pace::rate(&[day(900, 1_300, 1)]), None);
    }
}
