//! Pictures.

use super::{Strange, be32, name};

pub(super) fn jpeg(bytes: &[u8]) -> Result<(), Strange> {
    let end = || "it has no end".to_owned();
    let mut rest = bytes.strip_prefix(b"\xFF\xD8").ok_or_else(end)?;
    loop {
        let (head, after) = rest.split_first_chunk::<2>().ok_or_else(end)?;
        let [0xFF, marker] = *head else { return Err(name(rest)) };
        if marker == 0xD9 {
            return if after.is_empty() { Ok(()) } else { Err("a tail".into()) };
        }
        let len =
            after.first_chunk().map(|n| usize::from(u16::from_be_bytes(*n))).ok_or_else(end)?;
        let (segment, later) = after.split_at_checked(len).ok_or_else(end)?;
        let body = segment.get(2..).unwrap_or_default();
        let known = match marker {
            0xE0 => len == 16 && body.starts_with(b"JFIF\0"),
            0xE1 => len == 34 && body.starts_with(b"Exif\0\0MM"),
            0xE2 => len < 4_096 && body.starts_with(b"ICC_PROFILE\0\x01\x01"),
            0xEE => len == 14 && body.starts_with(b"Adobe\0\x64\0\0\0\0"),
            0xC0..=0xCF | 0xDA | 0xDB | 0xDD => marker != 0xC8,
            _ => false,
        };
        if !known {
            return Err(format!("a segment {marker:02X}"));
        }
        rest = later;
        if marker == 0xDA {
            let pairs = rest.windows(2);
            let next = pairs.into_iter().position(
                |p| matches!(p, [0xFF, m] if *m != 0 && *m != 0xFF && !(0xD0..=0xD7).contains(m)),
            );
            rest = rest.get(next.ok_or_else(end)?..).unwrap_or_default();
        }
    }
}

pub(super) fn png(bytes: &[u8]) -> Result<(), Strange> {
    const KNOWN: [&[u8; 4]; 15] = [
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sBIT", b"acTL", b"fcTL", b"fdAT", b"cICP",
        b"sRGB", b"gAMA", b"iCCP", b"pHYs", b"eXIf",
    ];
    let end = || "it has no end".to_owned();
    let mut rest = bytes.get(8..).ok_or_else(end)?;
    loop {
        let len = be32(rest, 0).and_then(|n| usize::try_from(n).ok()).ok_or_else(end)?;
        let kind = rest.get(4..).and_then(|r| r.first_chunk::<4>()).ok_or_else(end)?;
        let small = kind != b"eXIf" || len == 26;
        if !KNOWN.contains(&kind) || !small {
            return Err(name(kind));
        }
        rest = rest.get(len.saturating_add(12)..).ok_or_else(end)?;
        if kind == b"IEND" {
            return if rest.is_empty() && len == 0 { Ok(()) } else { Err("a tail".into()) };
        }
    }
}

pub(super) fn gif(bytes: &[u8]) -> Result<(), Strange> {
    let end = || "it has no end".to_owned();
    let table = |flags: u8| if flags & 0x80 != 0 { 6_usize << (flags & 7) } else { 0 };
    let flags = *bytes.get(10).ok_or_else(end)?;
    let mut rest = bytes.get(13_usize.saturating_add(table(flags))..).ok_or_else(end)?;
    loop {
        let skip = match rest {
            [0x3B] => return Ok(()),
            [0x2C, ..] => table(*rest.get(9).ok_or_else(end)?).saturating_add(11),
            [0x21, 0xF9, 4, ..] => 2,
            [0x21, 0xFF, 11, app @ ..] if app.starts_with(b"NETSCAPE2.0\x03\x01") => 2,
            _ => return Err(name(rest)),
        };
        rest = rest.get(skip..).ok_or_else(end)?;
        while let Some((len, after)) = rest.split_first() {
            rest = after.get(usize::from(*len)..).ok_or_else(end)?;
            if *len == 0 {
                break;
            }
        }
    }
}

pub(super) fn bmp(bytes: &[u8]) -> Result<(), Strange> {
    let size = super::le32(bytes, 2).and_then(|n| usize::try_from(n).ok());
    match size == Some(bytes.len()) && bytes.get(6..10) == Some(&[0; 4]) {
        true => Ok(()),
        false => Err("more than it says".into()),
    }
}

pub(super) fn tiff(bytes: &[u8]) -> Result<(), Strange> {
    let big = bytes.starts_with(b"MM");
    let n16 = |at: usize| {
        let two = *bytes.get(at..)?.first_chunk()?;
        Some(if big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    };
    let n32 = |at: usize| if big { be32(bytes, at) } else { super::le32(bytes, at) };
    let end = || "it has no end".to_owned();
    let mut at = n32(4).ok_or_else(end)?;
    for _ in 0..10_001 {
        let place = usize::try_from(at).map_err(|_| end())?;
        let count = n16(place).ok_or_else(end)?;
        for entry in 0..usize::from(count) {
            let place = place.saturating_add(2).saturating_add(entry.saturating_mul(12));
            let tag = n16(place).ok_or_else(end)?;
            let words = matches!(n16(place.saturating_add(2)), Some(2));
            let known =
                matches!(tag, 254..=279 | 284..=293 | 317..=325 | 332..=347 | 529..=532 | 34675);
            if !known || words || matches!(tag, 269..=272 | 285 | 330 | 337) {
                return Err(format!("a tag {tag}"));
            }
        }
        let after = place.saturating_add(2).saturating_add(usize::from(count).saturating_mul(12));
        at = n32(after).ok_or_else(end)?;
        if at == 0 {
            return Ok(());
        }
    }
    Err("pages without end".into())
}

/// The strips or tiles of every page, in order.
fn strips(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let big = bytes.starts_with(b"MM");
    let n16 = |at: usize| {
        let two = *bytes.get(at..)?.first_chunk()?;
        Some(if big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    };
    let n32 = |at: usize| {
        let n = if big { be32(bytes, at) } else { super::le32(bytes, at) };
        n.and_then(|n| usize::try_from(n).ok())
    };
    let numbers = |entry: usize| {
        let wide = n16(entry.checked_add(2)?)? == 4;
        let count = n32(entry.checked_add(4)?)?;
        let unit = if wide { 4_usize } else { 2 };
        let inside = count.saturating_mul(unit) <= 4;
        let place = entry.checked_add(8)?;
        let from = if inside { place } else { n32(place)? };
        let one = |n: usize| {
            let at = from.checked_add(n.checked_mul(unit)?)?;
            if wide { n32(at) } else { n16(at).map(usize::from) }
        };
        (0..count.min(1 << 22)).map(one).collect::<Option<Vec<usize>>>()
    };
    let mut found = Vec::new();
    let mut at = n32(4)?;
    for _ in 0..10_001 {
        let (mut places, mut lens) = (Vec::new(), Vec::new());
        let count = usize::from(n16(at)?);
        for n in 0..count {
            let entry = at.checked_add(2)?.checked_add(n.checked_mul(12)?)?;
            match n16(entry)? {
                273 | 324 => places = numbers(entry)?,
                279 | 325 => lens = numbers(entry)?,
                _ => {}
            }
        }
        for (place, len) in places.iter().zip(&lens) {
            found.push(bytes.get(*place..place.checked_add(*len)?)?);
        }
        at = n32(at.checked_add(2)?.checked_add(count.checked_mul(12)?)?)?;
        if at == 0 {
            return Some(found);
        }
    }
    None
}

/// The coded points of both; of uncoded ones what lay behind the last row may be gone.
pub(super) fn same_tiff(old: &[u8], new: &[u8]) -> Result<(), Strange> {
    let (old, new) = (strips(old).unwrap_or_default(), strips(new).unwrap_or_default());
    let same = old.len() == new.len() && !new.is_empty();
    match same && old.iter().zip(&new).all(|(old, new)| old.starts_with(new)) {
        true => Ok(()),
        false => Err("its points changed".into()),
    }
}
