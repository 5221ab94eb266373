//! Folders that fill with pictures like clockwork: what a store of screenshots looks like.
//!
//! Names and forms of such stores are not published. Press reports say: newer phones, every five
//! minutes, in a hidden folder. So this is a heuristic over names and times alone.

use crate::finding::{Confidence, Finding, Severity};

/// Fewer pictures have no rhythm.
const PICTURES_MIN: usize = 24;

/// As many are counted of one folder.
const PICTURES_MAX: usize = 100_000;

/// Somebody taking pictures in a row is faster, a backup by the day slower.
const STEP_SECONDS: std::ops::RangeInclusive<u64> = 20..=7_200;

/// The times of pictures in a folder.
#[derive(Debug, Default)]
pub(crate) struct Rhythm {
    times: Vec<u64>,
}

impl Rhythm {
    /// Counts a file, when its name is one of a picture: by the time in its name, or else by when it
    /// was changed, in seconds since 1970.
    pub(crate) fn count(&mut self, name: &str, changed: Option<u64>) {
        let time = is_picture(name).then(|| told(name).or(changed)).flatten();
        if self.times.len() < PICTURES_MAX {
            self.times.extend(time);
        }
    }

    /// A finding, when most pictures came at the same distance: graver in a hidden folder.
    pub(crate) fn finding(mut self, folder: &str) -> Option<Finding> {
        if self.times.len() < PICTURES_MIN {
            return None;
        }
        self.times.sort_unstable();
        let pairs = self.times.iter().zip(self.times.iter().skip(1));
        let mut steps: Vec<u64> = pairs.map(|(a, b)| b.saturating_sub(*a)).collect();
        steps.sort_unstable();
        let middle =
            steps.get(steps.len() / 2).copied().filter(|step| STEP_SECONDS.contains(step))?;
        // A twentieth of the step is what a busy device is late by.
        let slack = (middle / 20).max(2);
        let near = steps.iter().filter(|step| step.abs_diff(middle) <= slack).count();
        if near.saturating_mul(4) < steps.len().saturating_mul(3) {
            return None;
        }
        let hidden = folder.split(['/', '!']).any(|name| name.starts_with('.') && name.len() > 2);
        let severity = if hidden { Severity::Suspicious } else { Severity::Note };
        let path = folder;
        let finding = Finding::new(path, "picture-rhythm", severity, Confidence::Heuristic)
            .with("pictures", self.times.len())
            .with("seconds-apart", middle)
            .with("hidden", hidden);
        Some(finding)
    }
}

/// Whether a name is one of a picture.
pub(crate) fn is_picture(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    ["png", "jpg", "jpeg", "webp", "bmp"].contains(&ending.as_str())
}

/// The time that a name tells: a date and a time of day, or seconds or thousandths since 1970.
fn told(name: &str) -> Option<u64> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let digits: String = stem.chars().filter(char::is_ascii_digit).collect();
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<u64>().ok();
    match digits.len() {
        10 | 13 if digits.starts_with('1') => part(0, 10),
        14.. => seconds(
            part(0, 4).filter(|year| (1990..2100).contains(year))?,
            part(4, 6)?,
            part(6, 8)?,
            part(8, 10)?,
            part(10, 12)?,
            part(12, 14)?,
        ),
        _ => None,
    }
}

/// Seconds since 1970 of a date and a time of day, as if both were in UTC.
pub(crate) fn seconds(
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
) -> Option<u64> {
    let date = jiff::civil::DateTime::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        0,
    );
    let moment = date.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    u64::try_from(moment.timestamp().as_second()).ok()
}
