//! Moments: RFC 3339 in UTC for programs, the local clock for people.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::span::Span;

/// What this device claims the time is, in seconds since 1970.
pub(crate) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// For programs: `2025-01-31T12:00:00Z`.
pub(crate) fn utc(at_s: u64) -> String {
    timestamp(at_s).to_string()
}

/// For people: `2025-01-31 21:00` where they are.
pub(crate) fn local(at_s: u64) -> String {
    let zoned = timestamp(at_s).to_zoned(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M").to_string()
}

/// The beginning meant by `--since`: so long before `now_s`, or a moment.
pub(crate) fn since(text: &str, now_s: u64) -> Option<u64> {
    if let Ok(span) = text.parse::<Span>() {
        return Some(now_s.saturating_sub(span.seconds()));
    }
    let moment: Timestamp = text.parse().ok()?;
    Some(u64::try_from(moment.as_second()).unwrap_or(0))
}

/// The beginning of a day such as `2025-01-31`, where somebody lives.
pub(crate) fn midnight(day: &str, zone: &TimeZone) -> Option<u64> {
    let day: Date = day.parse().ok()?;
    let moment = day.to_zoned(zone.clone()).ok()?.timestamp();
    u64::try_from(moment.as_second()).ok()
}

/// A clock that is beyond the calendar shows the calendar's end.
fn timestamp(at_s: u64) -> Timestamp {
    i64::try_from(at_s).ok().and_then(|s| Timestamp::from_second(s).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_rfc_3339_in_utc() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(1_738_324_800), "2025-01-31T12:00:00Z");
        assert!(utc(u64::MAX).starts_with("9999-"));
    }

    #[test]
    fn since_is_a_span_or_a_moment() {
        assert_eq!(since("1h", 10_000), Some(6_400));
        assert_eq!(since("2025-01-31T21:00:00+09:00", 0), Some(1_738_324_800));
        assert_eq!(since("1950-01-01T00:00:00Z", 0), Some(0));
        assert_eq!(since("yesterday", 0), None);
    }
}
