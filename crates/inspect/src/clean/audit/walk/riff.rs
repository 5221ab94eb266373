//! WebP, WAV and AVI.

use super::{Strange, le32, name, unread};
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
