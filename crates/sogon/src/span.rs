//! Lengths of time as people write them: `90s`, `15m`, `12h`, `30d`.

use std::{str::FromStr, time::Duration};

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(u64);

impl Span {
    pub(crate) const fn seconds(self) -> u64 {
        self.0
    }

    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "not a length of time; write 90s, 15m, 12h or 30d".to_owned();
        let unit = text.chars().last().ok_or_else(wrong)?;
        let factor = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let number = text.strip_suffix(unit).ok_or_else(wrong)?;
        if !number.chars().all(|c| c.is_ascii_digit()) {
            return Err(wrong());
        }
        let number: u64 = number.parse().map_err(|_| wrong())?;
        number.checked_mul(factor).map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_number_and_a_unit() {
        assert_eq!("90s".parse(), Ok(Span(90)));
        assert_eq!("30d".parse(), Ok(Span(2_592_000)));
        for wrong in ["", "s", "90", "-1s", "+1s", "1.5h", "1w", "99999999999999999999d", "1시"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }
}
