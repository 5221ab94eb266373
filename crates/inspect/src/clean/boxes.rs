//! Boxes of the ISO base media format (ISO/IEC 14496-12), which HEIC, AVIF, MP4 and MOV are made of.

use crate::clean::{Kind, Refusal, View, reader::Reader};

/// A box in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'b> {
    pub(crate) name: [u8; 4],
    pub(crate) body: &'b [u8],
}

/// The boxes that fill `bytes`.
pub(crate) fn all(bytes: &[u8], kind: Kind) -> Result<Vec<Found<'_>>, Refusal> {
    let mut reader = Reader::new(bytes, kind);
    let mut found = Vec::new();
    while !reader.is_empty() {
        // Old movies end a list of boxes with a zero.
        if reader.left() < 8 && reader.rest().iter().all(|byte| *byte == 0) {
            break;
        }
        let size = reader.be32()?;
        let name = reader.array()?;
        let body = match size {
            0 => reader.left() as u64,
            1 => reader.be64()?.checked_sub(16).ok_or(kind.damaged("a box too small"))?,
            _ => u64::from(size).checked_sub(8).ok_or(kind.damaged("a box too small"))?,
        };
        let body = reader.take(usize::try_from(body).unwrap_or(usize::MAX))?;
        found.push(Found { name, body });
    }
    Ok(found)
}

/// A box of the file itself, still on the disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outer {
    pub(crate) at: u64,
    pub(crate) name: [u8; 4],
    pub(crate) body_at: u64,
    pub(crate) body_len: u64,
}

/// The boxes of the file up to where none follows any more, and that place.
pub(crate) fn outer(view: &mut View<'_>, kind: Kind) -> Result<(Vec<Outer>, u64), Refusal> {
    let mut found: Vec<Outer> = Vec::new();
    let mut at = 0_u64;
    while view.len().saturating_sub(at) >= 8 && found.len() < 100_000 {
        let size = view.be32(at)?;
        let name: [u8; 4] = view.array(at.saturating_add(4))?;
        let plain = name.iter().all(|c| c.is_ascii_alphanumeric() || *c == b' ' || *c >= 0xA9);
        let rest = view.len().saturating_sub(at);
        let (head, whole) = match size {
            0 if plain => (8, rest),
            1 => (16, u64::from_be_bytes(view.array(at.saturating_add(8))?)),
            size => (8, size.into()),
        };
        let fits = plain && whole >= head && whole <= rest;
        if !fits {
            // Rubbish behind a whole file is its tail; anything else is a file that lost its end.
            let known = matches!(&name, b"mdat" | b"moov" | b"meta" | b"moof");
            let complete = found.iter().any(|one| matches!(&one.name, b"moov" | b"meta"));
            if complete && !known {
                break;
            }
            return Err(kind.damaged("it ends too early"));
        }
        let body_at = at.saturating_add(head);
        found.push(Outer { at, name, body_at, body_len: whole.saturating_sub(head) });
        at = at.saturating_add(whole);
    }
    Ok((found, at))
}

/// Writes a box.
pub(crate) fn put(out: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) {
    // What is put into boxes in memory stays far below 32 bits.
    let size = u32::try_from(body.len().saturating_add(8)).unwrap_or(u32::MAX);
    out.extend(size.to_be_bytes());
    out.extend(name);
    out.extend(body);
}

/// A box by itself.
pub(crate) fn made(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len().saturating_add(8));
    put(&mut out, name, body);
    out
}

/// What a box of the name holds, if there is one.
pub(crate) fn body<'b>(found: &[Found<'b>], name: &[u8; 4]) -> Option<&'b [u8]> {
    found.iter().find(|one| one.name == *name).map(|one| one.body)
}
