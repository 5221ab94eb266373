//! Sizes for people.

/// Bytes in binary units, as short as they say enough: `28 B`, `1.4 MiB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes).saturating_mul(10);
    let mut unit = "B";
    for name in UNITS {
        tenths = tenths.checked_div(1_024).unwrap_or(0);
        unit = name;
        if tenths < 10_240 {
            break;
        }
    }
    let (whole, tenth) = (tenths.checked_div(10), tenths.checked_rem(10));
    format!("{}.{} {unit}", whole.unwrap_or(0), tenth.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1_023), "1023 B");
        assert_eq!(size(1_536), "1.5 KiB");
        assert_eq!(size(5 << 30), "5.0 GiB");
        assert_eq!(size(u64::MAX), "16383.9 PiB");
    }
}
