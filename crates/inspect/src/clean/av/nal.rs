//! What encoders write about themselves between the pictures of a film: supplemental messages of
//! H.264 and H.265, metadata of AV1. Messages that change how the picture looks stay.
//!
//! Facts: ITU-T H.264 7.3.1, D.1; H.265 7.3.1, D.2; AV1 bitstream specification 5.3 and 5.8.

use crate::clean::{Kind, Refusal, reader::Reader};

/// How a film is coded, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    /// H.264.
    Avc,
    /// H.265.
    Hevc,
    /// AV1.
    Av1,
    /// Anything without messages we know of.
    Other,
}

/// Messages that stay: timing of buffers and pictures, recovery points, frame packing, turning,
/// decoded hashes, colour of mastering, light levels, transfer, viewing.
const NEEDED: &[u32] = &[0, 1, 6, 45, 47, 128, 129, 130, 132, 137, 144, 147, 148];
/// A message registered by ITU-T T.35: captions, and the two forms of dynamic HDR.
const REGISTERED: u32 = 4;

/// A picture without what says who coded it; `None` when it is that already.
/// `size`: how many bytes a length has.
pub(crate) fn sample(
    bytes: &[u8],
    codec: Codec,
    size: u8,
    kind: Kind,
) -> Result<Option<Vec<u8>>, Refusal> {
    match codec {
        Codec::Avc | Codec::Hevc => lengths(bytes, codec, size, kind),
        Codec::Av1 => obus(bytes, kind),
        Codec::Other => Ok(None),
    }
}

fn lengths(bytes: &[u8], codec: Codec, size: u8, kind: Kind) -> Result<Option<Vec<u8>>, Refusal> {
    let mut reader = Reader::new(bytes, kind);
    let mut out = Vec::new();
    let mut changed = false;
    while !reader.is_empty() {
        let prefix = reader.take(size.into())?;
        let len = prefix.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        let nal = reader.take32(len)?;
        let fresh = unit(nal, codec);
        changed |= fresh.is_some() || len == 0;
        let nal = fresh.as_deref().unwrap_or(nal);
        if nal.is_empty() {
            continue;
        }
        let len = u32::try_from(nal.len()).unwrap_or(u32::MAX).to_be_bytes();
        out.extend(len.get(4_usize.saturating_sub(size.into())..).unwrap_or_default());
        out.extend(nal);
    }
    Ok(changed.then_some(out))
}

/// A picture whose parts are told apart by start codes (Annex B); `None` when nothing goes.
pub(crate) fn starts(bytes: &[u8], codec: Codec) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut changed = false;
    for (code, nal) in split(bytes) {
        let fresh = unit(nal, codec);
        changed |= fresh.is_some();
        let nal = fresh.as_deref().unwrap_or(nal);
        if !nal.is_empty() {
            out.extend(code);
            out.extend(nal);
        }
    }
    changed.then_some(out)
}

/// Start codes with what follows each; bytes before the first are its own piece.
pub(crate) fn split(bytes: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut starts = Vec::new();
    let mut at = 0_usize;
    while let Some(next) =
        bytes.get(at..).and_then(|rest| crate::clean::reader::find(rest, &[0, 0, 1]))
    {
        let here = at.saturating_add(next);
        let long =
            here.checked_sub(1).is_some_and(|before| bytes.get(before) == Some(&0) && before >= at);
        starts.push((here.saturating_sub(usize::from(long)), here.saturating_add(3)));
        at = here.saturating_add(3);
    }
    let mut pieces = Vec::new();
    let first = starts.first().map_or(bytes.len(), |(at, _)| *at);
    if let Some(lead) = bytes.get(..first).filter(|lead| !lead.is_empty()) {
        pieces.push((&[][..], lead));
    }
    for (n, (at, body)) in starts.iter().enumerate() {
        let end = starts.get(n.saturating_add(1)).map_or(bytes.len(), |(at, _)| *at);
        pieces.push((
            bytes.get(*at..*body).unwrap_or_default(),
            bytes.get(*body..end).unwrap_or_default(),
        ));
    }
    pieces
}

/// One unit: `None` when it stays as it is, empty when it goes.
fn unit(nal: &[u8], codec: Codec) -> Option<Vec<u8>> {
    let head = *nal.first()?;
    match codec {
        Codec::Avc => match head & 0x1F {
            6 => messages(nal, 1),
            12 | 0 | 24..=31 => Some(Vec::new()),
            _ => None,
        },
        Codec::Hevc => match head >> 1 & 0x3F {
            39 | 40 => messages(nal, 2),
            38 | 48..=61 | 63 => Some(Vec::new()),
            _ => None,
        },
        Codec::Av1 | Codec::Other => None,
    }
}

/// A unit of messages with only those that are needed; one that cannot be read goes.
fn messages(nal: &[u8], head: usize) -> Option<Vec<u8>> {
    let raw = unescape(nal.get(head..).unwrap_or_default());
    let mut kept = Vec::new();
    let mut all = true;
    let mut rest = raw.as_slice();
    while rest.len() > 1 {
        let start = rest;
        let Some((kind, after)) = number(rest) else { return Some(Vec::new()) };
        let Some((len, after)) = number(after) else { return Some(Vec::new()) };
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let Some((body, after)) = after.split_at_checked(len) else { return Some(Vec::new()) };
        let stays = NEEDED.contains(&kind) || kind == REGISTERED && registered(body);
        if stays {
            kept.extend(start.get(..start.len().saturating_sub(after.len())).unwrap_or_default());
        }
        all &= stays;
        rest = after;
    }
    if all && rest == [0x80] {
        return None;
    }
    if kept.is_empty() {
        return Some(kept);
    }
    kept.push(0x80);
    let mut out = nal.get(..head).unwrap_or_default().to_vec();
    out.extend(escape(&kept));
    (out != nal).then_some(out)
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let full = bytes.iter().take_while(|byte| **byte == 0xFF).count();
    let (last, rest) = bytes.get(full..)?.split_first()?;
    let full = u32::try_from(full).ok()?.checked_mul(255)?;
    Some((full.checked_add(u32::from(*last))?, rest))
}

/// Captions (ATSC A/53), HDR10+ (ST 2094-40), Dolby.
fn registered(body: &[u8]) -> bool {
    body.starts_with(b"\xB5\x00\x31GA94\x03")
        || body.starts_with(b"\xB5\x00\x3C\x00\x01")
        || body.starts_with(b"\xB5\x00\x3B")
}

fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut zeros = 0_u32;
    for byte in bytes {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros.saturating_add(1) } else { 0 };
        out.push(*byte);
    }
    out
}

fn escape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut zeros = 0_u32;
    for byte in bytes {
        if zeros >= 2 && *byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        zeros = if *byte == 0 { zeros.saturating_add(1) } else { 0 };
        out.push(*byte);
    }
    out
}

/// AV1: metadata that is not about light, and padding, go.
fn obus(bytes: &[u8], kind: Kind) -> Result<Option<Vec<u8>>, Refusal> {
    let mut reader = Reader::new(bytes, kind);
    let mut out = Vec::new();
    let mut changed = false;
    while !reader.is_empty() {
        let start = reader.rest();
        let head = reader.u8()?;
        if head & 4 != 0 {
            reader.u8()?;
        }
        let len = match head & 2 {
            0 => reader.left(),
            _ => usize::try_from(leb(&mut reader)?).unwrap_or(usize::MAX),
        };
        let body = reader.take(len)?;
        let goes = match head >> 3 & 15 {
            5 => !light(body),
            0 | 9..=15 => true,
            _ => false,
        };
        changed |= goes;
        if !goes {
            out.extend(start.get(..start.len().saturating_sub(reader.left())).unwrap_or_default());
        }
    }
    Ok(changed.then_some(out))
}

fn light(body: &[u8]) -> bool {
    match body.split_first() {
        Some((1..=3, _)) => true,
        Some((4, rest)) => registered(rest),
        _ => false,
    }
}

fn leb(reader: &mut Reader<'_>) -> Result<u64, Refusal> {
    let mut value = 0_u64;
    for shift in 0..8_u32 {
        let byte = reader.u8()?;
        value |= u64::from(byte & 0x7F) << shift.saturating_mul(7);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok(value)
}

/// The settings of an H.264 track without messages, and how many bytes its lengths have.
pub(crate) fn avcc(body: &[u8], kind: Kind) -> Result<(Vec<u8>, u8), Refusal> {
    let mut reader = Reader::new(body, kind);
    let head: [u8; 5] = reader.array()?;
    let count = reader.u8()?;
    let mut out = head.to_vec();
    out.push(count);
    for _ in 0..count & 0x1F {
        set(&mut reader, &mut out)?;
    }
    let count = reader.u8()?;
    out.push(count);
    for _ in 0..count {
        set(&mut reader, &mut out)?;
    }
    // The high profiles add three bytes and a list of extensions.
    if matches!(head[1], 100 | 110 | 122 | 144 | 244) && reader.left() >= 4 {
        out.extend(reader.take(3)?);
        let count = reader.u8()?;
        out.push(count);
        for _ in 0..count {
            set(&mut reader, &mut out)?;
        }
    }
    Ok((out, (head[4] & 3).saturating_add(1)))
}

fn set(reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let len = reader.be16()?;
    out.extend(len.to_be_bytes());
    out.extend(reader.take(len.into())?);
    Ok(())
}

/// The settings of an H.265 track without messages, and how many bytes its lengths have.
pub(crate) fn hvcc(body: &[u8], kind: Kind) -> Result<(Vec<u8>, u8), Refusal> {
    let mut reader = Reader::new(body, kind);
    let head: [u8; 22] = reader.array()?;
    let mut arrays = Vec::new();
    let mut kept = 0_u8;
    for _ in 0..reader.u8()? {
        let (name, count) = (reader.u8()?, reader.be16()?);
        let mut array = vec![name];
        array.extend(count.to_be_bytes());
        for _ in 0..count {
            set(&mut reader, &mut array)?;
        }
        if (32..=34).contains(&(name & 0x3F)) {
            kept = kept.saturating_add(1);
            arrays.extend(array);
        }
    }
    let size = (head[21] & 3).saturating_add(1);
    let mut out = head.to_vec();
    out.push(kept);
    out.extend(arrays);
    Ok((out, size))
}

/// The settings of an AV1 track.
pub(crate) fn av1c(body: &[u8], kind: Kind) -> Result<Vec<u8>, Refusal> {
    let (head, rest) = body.split_at_checked(4).ok_or(kind.damaged("its settings"))?;
    let mut out = head.to_vec();
    out.extend(obus(rest, kind)?.as_deref().unwrap_or(rest));
    Ok(out)
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of the tests' own"
)]
mod tests {
    use super::*;

    fn long(nal: &[u8]) -> Vec<u8> {
        let mut out = (nal.len() as u32).to_be_bytes().to_vec();
        out.extend(nal);
        out
    }

    #[test]
    fn the_coders_name_goes_and_the_picture_stays() {
        let mut sei = vec![6, 5, 20];
        sei.extend(b"0123456789abcdefx264");
        sei.extend([1, 1, 0xAA, 0x80]);
        let slice = [0x65, 0x88, 0x84, 0, 1];
        let sample_in = [long(&sei), long(&slice)].concat();
        let out = sample(&sample_in, Codec::Avc, 4, Kind::Mp4).unwrap().unwrap();
        assert_eq!(out, [long(&[6, 1, 1, 0xAA, 0x80]), long(&slice)].concat());
        assert_eq!(sample(&out, Codec::Avc, 4, Kind::Mp4).unwrap(), None);
        let annex = [&[0, 0, 0, 1][..], &sei, &[0, 0, 1], &slice].concat();
        let out = starts(&annex, Codec::Avc).unwrap();
        assert_eq!(out, [&[0, 0, 0, 1, 6, 1, 1, 0xAA, 0x80, 0, 0, 1][..], &slice].concat());
        assert_eq!(starts(&out, Codec::Avc), None);
    }

    #[test]
    fn metadata_of_av1_goes_unless_it_is_about_light() {
        let frame = [0x32, 3, 1, 2, 3];
        let light = [0x2A, 2, 1, 9];
        let own = [0x2A, 3, 99, b'M', b'E'];
        let all = [&frame[..], &own, &light].concat();
        let out = sample(&all, Codec::Av1, 0, Kind::Mp4).unwrap().unwrap();
        assert_eq!(out, [&frame[..], &light].concat());
    }

    #[test]
    fn escapes_come_back() {
        let raw = [0, 0, 0, 0, 1, 0, 0, 3, 5, 0, 0, 2];
        assert_eq!(unescape(&escape(&raw)), raw);
    }
}
