//! The data meter: what travelling cost, day by day, as this device's clock and calendar have it.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use sogon_engine::{Batch, Change, Order, Shelf, ShelfFault, Table};

use crate::link::Figures;

/// `day`, its number since 1970-01-01 with the sign turned so that keys sort: four numbers of eight
/// bytes, bytes up and down, milliseconds on the air, round trips.
const USAGE: Table = Table(203);
/// Days that are kept: a year and a month. A wrong clock ends none before there are so many.
const DAYS_MAX: usize = 400;

/// One day's cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) date: Date,
    pub(crate) cost: Figures,
}

/// The days in which something travelled, the newest first.
///
/// # Errors
/// When the home cannot be read.
pub(crate) fn days(shelf: &dyn Shelf) -> Result<Vec<Day>, ShelfFault> {
    let rows = shelf.scan(USAGE, b"", None, DAYS_MAX, Order::Down)?;
    Ok(rows
        .iter()
        .filter_map(|(key, value)| Some(Day { date: date(key)?, cost: cost(value)? }))
        .collect())
}

/// What stores a cost under the day of `at_s`, and lets go of what is too old.
///
/// # Errors
/// When the home cannot be read.
pub(crate) fn note(shelf: &dyn Shelf, at_s: u64, cost: Figures) -> Result<Batch, ShelfFault> {
    let key = key(day_of(at_s));
    let before = shelf.row(USAGE, &key)?;
    let total = cost.and(before.and_then(|row| self::cost(&row)).unwrap_or_default());
    let value = [total.bytes_up, total.bytes_down, total.air_ms, total.round_trips];
    let value = value.iter().flat_map(|number| number.to_be_bytes()).collect();
    let kept = shelf.scan(USAGE, b"", None, DAYS_MAX.saturating_add(1), Order::Down)?;
    let old = kept.into_iter().skip(DAYS_MAX).map(|(key, _)| Change::Delete { table: USAGE, key });
    Ok(old.chain([Change::Put { table: USAGE, key, value }]).collect())
}

/// The day of a moment, where this device is.
pub(crate) fn day_of(at_s: u64) -> Date {
    let second = i64::try_from(at_s).unwrap_or(i64::MAX);
    let moment = Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    moment.to_zoned(TimeZone::system()).date()
}

/// What the days of `wanted` cost together.
pub(crate) fn sum(days: &[Day], wanted: impl Fn(Date) -> bool) -> Figures {
    let days = days.iter().filter(|day| wanted(day.date));
    days.fold(Figures::default(), |sum, day| sum.and(day.cost))
}

/// The Monday that begins the week of a day.
pub(crate) fn monday(day: Date) -> Date {
    let since = day.weekday().to_monday_zero_offset();
    day.checked_sub(i64::from(since).days()).unwrap_or(day)
}

fn key(date: Date) -> Vec<u8> {
    let whole = [i32::from(date.year()), i32::from(date.month()), i32::from(date.day())];
    let [year, month, day] = whole;
    // Years from -9999 to 9999, so that the bytes sort as the days do.
    let year = u16::try_from(year.saturating_add(10_000)).unwrap_or(0);
    let small = |number: i32| u8::try_from(number).unwrap_or(0);
    [year.to_be_bytes().as_slice(), &[small(month), small(day)]].concat()
}

fn date(key: &[u8]) -> Option<Date> {
    let [high, low, month, day] = *key else { return None };
    let year = i32::from(u16::from_be_bytes([high, low])).checked_sub(10_000)?;
    let part = |number: u8| i8::try_from(number).ok();
    Date::new(i16::try_from(year).ok()?, part(month)?, part(day)?).ok()
}

fn cost(value: &[u8]) -> Option<Figures> {
    let (numbers, []) = value.as_chunks::<8>() else { return None };
    let [bytes_up, bytes_down, air_ms, round_trips] = *numbers else { return None };
    let number = u64::from_be_bytes;
    Some(Figures {
        bytes_up: number(bytes_up),
        bytes_down: number(bytes_down),
        air_ms: number(air_ms),
        round_trips: number(round_trips),
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn keys_are_days_and_sort_like_them() {
        let days = [date(-9999, 1, 1), date(1969, 12, 31), date(2026, 2, 28), date(2026, 11, 21)];
        let keys = days.map(key);
        assert!(keys.is_sorted());
        assert_eq!(keys.map(|key| super::date(&key)), days.map(Some));
        assert_eq!(super::date(&[0, 0, 13, 1]), None);
        assert_eq!(super::date(b"long key"), None);
    }

    #[test]
    fn weeks_begin_on_monday() {
        assert_eq!(monday(date(2026, 11, 22)), date(2026, 11, 16));
        assert_eq!(monday(date(2026, 11, 16)), date(2026, 11, 16));
    }
}
