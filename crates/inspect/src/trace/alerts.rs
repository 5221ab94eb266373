//! The alert log of Red Star OS: which file, on which medium, was recognised and deleted.

use crate::numbers::{index, u16_le, u32_le};

/// As many alerts as are read of a log.
pub const ALERTS_MAX: u32 = 100_000;

/// A larger file is no log.
pub const LOG_BYTES_MAX: u64 = 64 << 20;

/// A log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertLog {
    /// The disk id of the machine that wrote it.
    pub disk: String,
    /// What was recognised.
    pub alerts: Vec<Alert>,
    /// The sum in its head is the sum of its records.
    pub sum_holds: bool,
}

/// A file that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// What kind of file.
    pub file: &'static str,
    /// On what kind of medium.
    pub medium: &'static str,
    /// Where.
    pub path: String,
    /// Offset of the record.
    pub offset: u64,
}

const FILES: [&str; 13] = [
    "other", "image", "audio", "movie", "zip", "text", "office", "PDF", "help", "DjVu", "CAJ",
    "other", "OOXML",
];

const MEDIA: [&str; 7] =
    ["unknown", "no root", "removable", "hard disk", "remote", "CD", "RAM disk"];

impl AlertLog {
    /// Reads a log; `None` when the bytes are none, or not one as a whole.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let count = u32_le(bytes, 0).filter(|count| *count <= ALERTS_MAX)?;
        let stored = u16_le(bytes, 4)?;
        let disk = wide_text(bytes.get(6..32)?)?;
        if disk.len() != 13 || !disk.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let mut alerts = Vec::new();
        let mut sum = 0_u16;
        let mut at = 32_usize;
        for _ in 0..count {
            let kinds = u16_le(bytes, at)?;
            let units = u16_le(bytes, at.checked_add(2)?)?;
            let start = at.checked_add(4)?;
            let end = start.checked_add(index(u32::from(units)).checked_mul(2)?)?;
            let text = bytes.get(start..end)?;
            let units_sum = text.chunks_exact(2).filter_map(|unit| u16_le(unit, 0));
            sum = units_sum.fold(sum.wrapping_add(kinds).wrapping_add(units), u16::wrapping_add);
            let [file, medium] = kinds.to_le_bytes();
            alerts.push(Alert {
                file: FILES.get(usize::from(file)).copied()?,
                medium: MEDIA.get(usize::from(medium)).copied()?,
                path: wide_text(text)?,
                offset: at as u64,
            });
            at = end;
        }
        (at == bytes.len()).then_some(Self { disk, alerts, sum_holds: sum == stored })
    }
}

/// UTF-16 up to a NUL.
fn wide_text(bytes: &[u8]) -> Option<String> {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .filter_map(|unit| u16_le(unit, 0))
        .take_while(|unit| *unit != 0)
        .collect();
    String::from_utf16(&units).ok()
}

/// The day a log is about, from its name `YYYYMMDD.log`.
#[must_use]
pub fn day(name: &str) -> Option<String> {
    let digits = name.strip_suffix(".log").filter(|digits| digits.len() == 8)?;
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (year, month, day) = (digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?);
    Some(format!("{year}-{month}-{day}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "01000000040a410043003900410035003800430044005a003300360034004300\
        030314002f006d0065006400690061002f007500730062002f00660069006c006d002e006100760069000000";

    fn sample() -> Vec<u8> {
        let hex = SAMPLE.as_bytes().chunks(2);
        hex.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn the_measured_sample_is_read() {
        let bytes = sample();
        assert_eq!(bytes.len(), 76);
        let log = AlertLog::read(&bytes).unwrap();
        assert_eq!((log.disk.as_str(), log.sum_holds), ("AC9A58CDZ364C", true));
        let alert = log.alerts.first().unwrap();
        assert_eq!((alert.file, alert.medium), ("movie", "hard disk"));
        assert_eq!((alert.path.as_str(), alert.offset), ("/media/usb/film.avi", 32));
    }

    #[test]
    fn a_changed_log_shows_by_its_sum_and_a_cut_one_is_none() {
        let mut bytes = sample();
        bytes[40] ^= 1;
        assert!(!AlertLog::read(&bytes).unwrap().sum_holds);
        for length in 0..76 {
            assert_eq!(AlertLog::read(&sample()[..length]), None, "{length}");
        }
    }

    #[test]
    fn the_day_is_in_the_name() {
        assert_eq!(day("20130405.log").as_deref(), Some("2013-04-05"));
        assert_eq!(day("system.log"), None);
    }
}
