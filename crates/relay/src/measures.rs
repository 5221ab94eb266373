//! Durations and sizes as people write them.

use std::str::FromStr;

/// `90s`, `15m`, `12h`, `30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) u64);

/// `1000`, `512MiB`, `16GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
        match parse(text, &units) {
            Some(seconds @ 1..=0xffff_ffff) => Ok(Self(seconds)),
            _ => Err("expected a duration such as 90s, 15m, 12h or 30d"),
        }
    }
}

impl FromStr for Bytes {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let units =
            [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("", 1)];
        parse(text, &units).map(Self).ok_or("expected a size such as 512MiB or 16GiB")
    }
}

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    units.iter().find_map(|(unit, factor)| {
        text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(*factor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_read_as_people_write_them() {
        assert_eq!("30d".parse(), Ok(Seconds(2_592_000)));
        assert_eq!("90s".parse(), Ok(Seconds(90)));
        for wrong in ["", "30", "d", "-1d", "1w", "0s", "1.5h", "999999999999999999d"] {
            assert!(wrong.parse::<Seconds>().is_err(), "{wrong}");
        }
        assert_eq!("16GiB".parse(), Ok(Bytes(16 << 30)));
        assert_eq!("1000".parse(), Ok(Bytes(1000)));
        for wrong in ["", "GiB", "1 GiB", "1GB", "99999999999TiB"] {
            assert!(wrong.parse::<Bytes>().is_err(), "{wrong}");
        }
    }
}
