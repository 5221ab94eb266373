//! WebP, WAV and AVI.

use super::{Strange, film::essence, le32, name, unread};
use crate::clean::{Kind, View};

pub(super) fn strict(kind: Kind, view: &mut View<'_>) -> Result<(), Strange> {
    let head = view.bytes(0, 12).map_err(unread)?;
    if u64::from(le32(&head, 4).unwrap_or(0)).saturating_add(8) != view.len() {
        return Err("more than it says".into());
    }
    list(kind, view, 12, view.len(), 0)
}

fn list(kind: Kind, view: &mut View<'_>, from: u64, end: u64, depth: u8) -> Result<(), Strange> {
    let mut at = from;
    while at < end {
        let head = view.bytes(at, 8).map_err(unread)?;
        let len = u64::from(le32(&head, 4).unwrap_or(0));
        let own = head.get(..4).unwrap_or_default();
        let body = at.saturating_add(8);
        let inner = match own {
            b"LIST" => view.bytes(body, 4).map_err(unread)?,
            _ => Vec::new(),
        };
        let known = match (kind, own) {
            (Kind::WebP, b"VP8X" | b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" | b"ICCP") => {
                true
            }
            (Kind::WebP, b"EXIF") => len == 26,
            (Kind::Wav, b"fmt " | b"fact" | b"data") => true,
            (Kind::Avi, b"avih" | b"strh" | b"strf" | b"idx1") => true,
            (Kind::Avi, [a, b, c, _]) if depth > 0 && a.is_ascii_digit() && b.is_ascii_digit() => {
                matches!(c, b'd' | b'w' | b'p')
            }
            (Kind::Avi, b"LIST") => {
                let nested = body.saturating_add(4);
                let ours = matches!(inner.as_slice(), b"hdrl" | b"strl" | b"movi");
                if ours && depth < 3 {
                    list(kind, view, nested, body.saturating_add(len), depth.saturating_add(1))?;
                }
                ours
            }
            _ => false,
        };
        if !known {
            return Err(name(own));
        }
        at = body.saturating_add(len).saturating_add(len % 2);
    }
    if at == end { Ok(()) } else { Err("a tail".into()) }
}

/// The sound of both, sample by sample.
pub(super) fn same(old: &mut View<'_>, new: &mut View<'_>) -> Result<(), Strange> {
    match sum(old)? == sum(new)? {
        true => Ok(()),
        false => Err("its sound changed".into()),
    }
}

fn sum(view: &mut View<'_>) -> Result<(u64, u32), Strange> {
    let mut at = 12_u64;
    loop {
        let head = view.bytes(at, 8).map_err(unread)?;
        let len = u64::from(le32(&head, 4).unwrap_or(0));
        at = at.saturating_add(8);
        if head.starts_with(b"data") {
            let mut sum = crc32fast::Hasher::new();
            view.each(at, len, |some| sum.update(some)).map_err(unread)?;
            return Ok((len, sum.finalize()));
        }
        at = at.saturating_add(len).saturating_add(len % 2);
    }
}

/// Of each stream of an AVI, how many pieces it has and a sum over what is picture or sound in them.
pub(super) fn same_avi(old: &mut View<'_>, new: &mut View<'_>) -> Result<(), Strange> {
    let (mut before, mut after) = (Streams::default(), Streams::default());
    let (was, is) = (old.len(), new.len());
    pieces(old, 12, was, &mut before, 0)?;
    pieces(new, 12, is, &mut after, 0)?;
    match before.sums() == after.sums() {
        true => Ok(()),
        false => Err("its pictures or its sound changed".into()),
    }
}

#[derive(Default)]
struct Streams {
    codings: Vec<[u8; 4]>,
    found: std::collections::BTreeMap<[u8; 2], (u32, crc32fast::Hasher)>,
}

impl Streams {
    fn sums(self) -> Vec<([u8; 2], u32, u32)> {
        self.found.into_iter().map(|(name, (count, sum))| (name, count, sum.finalize())).collect()
    }

    fn piece(&mut self, name: [u8; 2], bytes: &[u8]) {
        let number = name
            .iter()
            .fold(0_usize, |all, c| all.saturating_mul(10).saturating_add((c & 15).into()));
        let coding = self.codings.get(number).copied().unwrap_or_default();
        let (count, sum) = self.found.entry(name).or_default();
        *count = count.saturating_add(1);
        match &coding {
            // Slices are parted by start codes: the last bytes of a picture are always one.
            b"h264" | b"mpg4" => sum.update(bytes.last_chunk::<16>().map_or(bytes, |end| end)),
            _ => essence(bytes, &coding, 4, sum),
        }
    }
}

fn pieces(
    view: &mut View<'_>,
    from: u64,
    end: u64,
    found: &mut Streams,
    depth: u8,
) -> Result<(), Strange> {
    let mut at = from;
    while end.saturating_sub(at) >= 8 {
        let head = view.bytes(at, 8).map_err(unread)?;
        let len = u64::from(le32(&head, 4).unwrap_or(0));
        let body = at.saturating_add(8);
        match head.get(..4) {
            Some(b"LIST") if depth < 4 => {
                let inner = body.saturating_add(len).min(end);
                pieces(view, body.saturating_add(4), inner, found, depth.saturating_add(1))?;
            }
            Some(b"strf") => {
                let bytes = view.bytes(body, len.min(20)).map_err(unread)?;
                let sound = bytes.first_chunk().map(|n| u16::from_le_bytes(*n));
                let picture = bytes.get(16..20).unwrap_or_default().to_ascii_uppercase();
                found.codings.push(match (picture.as_slice(), sound) {
                    (b"H264" | b"X264" | b"AVC1" | b"HEVC" | b"H265", _) => *b"h264",
                    (b"XVID" | b"DIVX" | b"DX50" | b"FMP4" | b"MP4V" | b"MJPG", _) => *b"mpg4",
                    (_, Some(0x55)) => *b".mp3",
                    (_, Some(0xFF)) => *b"mp4a",
                    _ => *b"none",
                });
            }
            Some([a, b, c, _])
                if a.is_ascii_digit() && b.is_ascii_digit() && matches!(c, b'd' | b'w' | b'p') =>
            {
                found.piece([*a, *b], &view.bytes(body, len).map_err(unread)?);
            }
            _ => {}
        }
        at = body.saturating_add(len).saturating_add(len % 2);
    }
    Ok(())
}
