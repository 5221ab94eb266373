//! When a file was made, changed, opened: as its file system or archive says.
//!
//! Whoever holds the device can write any time they like; what it says is told, not believed. The
//! change of a file's record is the one that ordinary programs cannot set: a mark that puts the
//! other times back moves it (FACTS 1).

use crate::{
    finding::{Event, Evidence},
    trace::rhythm::seconds,
};

/// A moment, as exactly as it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Seconds since 1970.
    Utc(u64),
    /// The same by a clock on the wall, nobody knows where.
    Local(u64),
    /// The day alone, by such a clock.
    Day(u64),
}

impl Time {
    /// Seconds since 1970; with a clock on the wall, as if it stood in UTC.
    #[must_use]
    pub fn seconds(self) -> u64 {
        match self {
            Self::Utc(at) | Self::Local(at) | Self::Day(at) => at,
        }
    }

    /// RFC 3339 in UTC; without the `Z` by a clock on the wall; or the day. `None` for no moment,
    /// and for what nobody ever set.
    #[must_use]
    pub fn shown(self) -> Option<String> {
        let at = i64::try_from(self.seconds()).ok().filter(|at| *at > 0)?;
        let moment = jiff::Timestamp::from_second(at).ok()?;
        let wall = moment.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        Some(match self {
            Self::Utc(_) => moment.to_string(),
            Self::Local(_) => wall.to_string(),
            Self::Day(_) => wall.date().to_string(),
        })
    }

    /// A date and a time as MS-DOS packed them, by a clock on the wall: two seconds are the least.
    #[must_use]
    pub fn dos(date: u16, time: u16) -> Option<Self> {
        let bits = |from: u16, shift: u32, mask: u16| u64::from(from >> shift & mask);
        let second = bits(time, 0, 31).saturating_mul(2);
        let year = bits(date, 9, 127).saturating_add(1980);
        let (month, day) = (bits(date, 5, 15), bits(date, 0, 31));
        let (hour, minute) = (bits(time, 11, 31), bits(time, 5, 63));
        seconds(year, month, day, hour, minute, second).map(Self::Local)
    }

    /// Intervals of 100 nanoseconds since 1601, as Windows counts.
    #[must_use]
    pub fn windows(intervals: u64) -> Option<Self> {
        (intervals / 10_000_000).checked_sub(11_644_473_600).map(Self::Utc)
    }
}

/// What is known of a file's times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// When it was made there.
    pub made: Option<Time>,
    /// When its content was last changed.
    pub changed: Option<Time>,
    /// When it was last opened, where that is kept.
    pub opened: Option<Time>,
    /// When its record was last changed: content, name, rights or any of its times.
    pub record: Option<Time>,
}

impl Times {
    /// Nothing but when it was changed.
    #[must_use]
    pub fn changed(at: Option<Time>) -> Self {
        Self { changed: at, ..Self::default() }
    }

    /// Those of a file where it lies.
    #[must_use]
    #[cfg(unix)]
    pub fn of(about: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let at = |seconds: i64| u64::try_from(seconds).ok().map(Time::Utc);
        let made = about.created().ok();
        let made = made.and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
        Self {
            made: made.map(|made| Time::Utc(made.as_secs())),
            changed: at(about.mtime()),
            opened: at(about.atime()),
            record: at(about.ctime()),
        }
    }

    /// Whether anything is known.
    #[must_use]
    pub fn is_known(self) -> bool {
        self != Self::default()
    }

    /// What happened to the file at `path`.
    pub(crate) fn events(self, path: &str) -> impl Iterator<Item = Event> {
        let all = [
            ("made", self.made),
            ("changed", self.changed),
            ("opened", self.opened),
            ("record-changed", self.record),
        ];
        all.into_iter().filter_map(move |(what, at)| {
            let about = vec![Evidence::new(what, path, false)];
            let (path, kind) = (path.to_owned(), "event-file".to_owned());
            Some(Event { when: at?.shown()?, path, kind, about })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_as_exactly_as_it_was_kept() {
        let at = 1_091_840_820;
        assert_eq!(Time::Utc(at).shown().unwrap(), "2004-08-07T01:07:00Z");
        assert_eq!(Time::Local(at).shown().unwrap(), "2004-08-07T01:07:00");
        assert_eq!(Time::Day(at).shown().unwrap(), "2004-08-07");
        for none in [0, u64::MAX, 1 << 60] {
            assert_eq!(Time::Utc(none).shown(), None);
        }
    }

    #[test]
    fn packed_times_are_read_and_impossible_ones_are_none() {
        // 2013-04-05 06:07:08.
        let (date, time) = (33 << 9 | 4 << 5 | 5, 6 << 11 | 7 << 5 | 4);
        let read = Time::dos(date, time).unwrap();
        assert_eq!(read.shown().unwrap(), "2013-04-05T06:07:08");
        assert_eq!(Time::dos(0, 0), None, "month 0");
        assert_eq!(Time::dos(date, 31 << 11), None, "hour 31");
        let windows = Time::windows(130_096_156_280_000_000).unwrap();
        assert_eq!(windows, Time::Utc(read.seconds()));
        assert_eq!(Time::windows(9), None, "1601");
    }
}
