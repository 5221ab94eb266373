//! MKV and WebM.

use std::collections::BTreeMap;

use super::{Strange, film::essence, unread};
use crate::clean::View;

const MASTERS: &[u32] = &[
    0x1853_8067,
    0x114D_9B74,
    0x4DBB,
    0x1549_A966,
    0x1654_AE6B,
    0xAE,
    0x1F43_B675,
    0xA0,
    0x1C53_BB6B,
    0xBB,
    0xB7,
    0x1A45_DFA3,
];
const PLAIN: &[u32] = &[
    0x4286, 0x42F7, 0x42F2, 0x42F3, 0x4282, 0x4287, 0x4285, 0x53AB, 0x53AC, 0x2AD7B1, 0x4489,
    0x4D80, 0x5741, 0xD7, 0x73C5, 0x83, 0x22B59C, 0xB9, 0x88, 0x55AA, 0x55AB, 0x55AC, 0x55AD,
    0x55AE, 0x55AF, 0x9C, 0x6DE7, 0x6DF8, 0x23E383, 0x234E7A, 0x23314F, 0x55EE, 0x56AA, 0x56BB,
    0x86, 0x63A2, 0xE0, 0xE1, 0x6D80, 0xE7, 0xA3, 0xA1, 0x9B, 0xFB, 0x75A2, 0xFA, 0xA4, 0x75A1,
    0xB3, 0xF7, 0xF1,
];

pub(super) fn strict(view: &mut View<'_>) -> Result<(), Strange> {
    let end = view.len();
    elements(view, 0, end, 0)
}

fn elements(view: &mut View<'_>, from: u64, end: u64, depth: u8) -> Result<(), Strange> {
    let mut at = from;
    while at < end {
        let head = view.bytes(at, end.saturating_sub(at).min(12)).map_err(unread)?;
        let first = head.first().copied().unwrap_or(0);
        let id_len = usize::try_from(first.leading_zeros()).unwrap_or(8).saturating_add(1);
        let id = head.iter().take(id_len).fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        let lead = head.get(id_len).copied().unwrap_or(0);
        let len_len = usize::try_from(lead.leading_zeros()).unwrap_or(8).saturating_add(1);
        let raw = head
            .iter()
            .skip(id_len)
            .take(len_len)
            .fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        let mark = 1_u64 << (7_usize.saturating_mul(len_len));
        let (len, body) = (
            raw & mark.saturating_sub(1),
            at.saturating_add((id_len.saturating_add(len_len)) as u64),
        );
        let next = body.saturating_add(len);
        let known = MASTERS.contains(&id) || PLAIN.contains(&id);
        if !known || next > end || depth > 4 || matches!(id, 0x4D80 | 0x5741) && len > 0 {
            return Err(format!("an element {id:X}"));
        }
        if MASTERS.contains(&id) {
            elements(view, body, next, depth.saturating_add(1))?;
        }
        at = next;
    }
    Ok(())
}

/// An element's id, and where its body begins and ends; one without a length ends with its parent.
fn element(view: &mut View<'_>, at: u64, end: u64) -> Result<(u32, u64, u64), Strange> {
    let head = view.bytes(at, end.saturating_sub(at).min(12)).map_err(unread)?;
    let (id, rest) = vint(&head, false).ok_or("an element")?;
    let (len, rest) = vint(rest, true).ok_or("an element")?;
    let body = at.saturating_add(head.len().saturating_sub(rest.len()) as u64);
    let open = len == u64::MAX;
    let next = if open { end } else { body.saturating_add(len) };
    let id = u32::try_from(id).map_err(|_| "an element")?;
    if next > end { Err("it ends too early".into()) } else { Ok((id, body, next)) }
}

/// A number with its length in its first bits; all ones is `u64::MAX`.
fn vint(bytes: &[u8], value: bool) -> Option<(u64, &[u8])> {
    let zeros = bytes.first()?.leading_zeros();
    let (own, rest) = bytes.split_at_checked(usize::try_from(zeros).ok()?.checked_add(1)?)?;
    let raw = own.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    let mark = 1_u64.checked_shl(zeros.checked_add(1)?.checked_mul(7)?)?;
    let open = mark.checked_sub(1)?;
    Some(match value {
        true if raw & open == open => (u64::MAX, rest),
        true => (raw & open, rest),
        false => (raw, rest),
    })
}

/// Of each track of picture or sound, how it is coded and a sum over the content of its blocks.
type Sums = BTreeMap<u64, ([u8; 4], usize, u32, crc32fast::Hasher)>;

pub(super) fn same(old: &mut View<'_>, new: &mut View<'_>) -> Result<(), Strange> {
    let (before, after) = (sums(old)?, sums(new)?);
    let same = after.iter().all(|(track, (coding, _, count, sum))| {
        before.get(track).is_some_and(|(own, _, blocks, content)| {
            own == coding && blocks == count && content.clone().finalize() == sum.clone().finalize()
        })
    });
    if same { Ok(()) } else { Err("its pictures or its sound changed".into()) }
}

fn sums(view: &mut View<'_>) -> Result<Sums, Strange> {
    let mut sums = Sums::new();
    let end = view.len();
    let (_, _, head) = element(view, 0, end)?;
    let (_, from, end) = element(view, head, end)?;
    level(view, from, end, &mut sums, 0)?;
    Ok(sums)
}

fn level(
    view: &mut View<'_>,
    from: u64,
    end: u64,
    sums: &mut Sums,
    depth: u8,
) -> Result<(), Strange> {
    let mut at = from;
    while at < end && depth < 5 {
        let (id, body, next) = element(view, at, end)?;
        at = next;
        match id {
            // A cluster without a length holds what follows it, other clusters too: the same blocks.
            0x1F43_B675 | 0x1654_AE6B | 0xA0 => {
                level(view, body, next, sums, depth.saturating_add(1))?
            }
            0xAE => track(view, body, next, sums)?,
            0xA3 | 0xA1 => {
                let bytes = view.bytes(body, next.saturating_sub(body)).map_err(unread)?;
                let (number, rest) = vint(&bytes, true).ok_or("a block")?;
                let (head, content) = rest.split_first_chunk::<3>().ok_or("a block")?;
                if let Some((coding, size, count, sum)) = sums.get_mut(&number) {
                    *count = count.saturating_add(1);
                    sum.update(head);
                    // Of several frames in one block each begins with what may have gone.
                    let laced = head[2] & 6 != 0 && matches!(&*coding, b"mp4a" | b".mp3");
                    essence(if laced { &[] } else { content }, coding, *size, sum);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn track(view: &mut View<'_>, from: u64, end: u64, sums: &mut Sums) -> Result<(), Strange> {
    let (mut number, mut coding, mut size) = (0, *b"none", 4_usize);
    let mut at = from;
    while at < end {
        let (id, body, next) = element(view, at, end)?;
        let bytes = view.bytes(body, next.saturating_sub(body).min(64)).map_err(unread)?;
        match id {
            0xD7 => number = bytes.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte)),
            0x86 => {
                coding = match bytes.as_slice() {
                    b"V_MPEG4/ISO/AVC" => *b"avc1",
                    b"V_MPEGH/ISO/HEVC" => *b"hvc1",
                    b"V_AV1" => *b"av01",
                    b"A_MPEG/L3" => *b".mp3",
                    codec if codec.starts_with(b"A_AAC") => *b"mp4a",
                    codec if codec.starts_with(b"V_MPEG4") || codec == b"V_MJPEG" => *b"mp4v",
                    _ => *b"none",
                }
            }
            0x63A2 => {
                let place = if &coding == b"hvc1" { 21 } else { 4 };
                size = bytes.get(place).map_or(4, |byte| usize::from(byte & 3).saturating_add(1));
            }
            _ => {}
        }
        at = next;
    }
    sums.insert(number, (coding, size, 0, crc32fast::Hasher::new()));
    Ok(())
}
