//! MP3, FLAC and Ogg.

use super::{Strange, le32, name, unread};
use crate::clean::View;

/// How long an MPEG layer III frame is, from the tables of the standard.
fn mpeg(head: [u8; 4]) -> Option<u64> {
    let n = u32::from_be_bytes(head);
    let (version, bits, rate, pad) = (n >> 19 & 3, n >> 12 & 15, n >> 10 & 3, n >> 9 & 1);
    if n >> 21 != 0x7FF || n >> 17 & 3 != 1 || version == 1 {
        return None;
    }
    let high = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0];
    let low = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0];
    let (table, samples) = if version == 3 { (high, 144_000_u64) } else { (low, 72_000) };
    let kilobits: u64 = *table.get(usize::try_from(bits).ok()?)?;
    let rate: u64 = *[44_100, 48_000, 32_000].get(usize::try_from(rate).ok()?)?;
    let rate = match version {
        3 => rate,
        2 => rate / 2,
        _ => rate / 4,
    };
    samples
        .checked_mul(kilobits)?
        .checked_div(rate)?
        .checked_add(pad.into())
        .filter(|len| *len > 24)
}

pub(super) fn mp3(view: &mut View<'_>) -> Result<(), Strange> {
    let mut at = 0_u64;
    while at < view.len() {
        let head = view.array::<4>(at).map_err(unread)?;
        at = at.saturating_add(mpeg(head).ok_or_else(|| name(&head))?);
    }
    if at == view.len() { Ok(()) } else { Err("a tail".into()) }
}

/// Every byte of the copy's frames is the source's, or has bits of it blanked; heads are the same.
pub(super) fn same_mp3(old: &mut View<'_>, new: &mut View<'_>) -> Result<(), Strange> {
    let skip = first_sound(new)?;
    let head = new.array::<4>(skip).map_err(unread)?;
    let len = new.len().saturating_sub(skip);
    // The source's sound begins where the same head does, after tags of any length.
    let mut from = 0_u64;
    while view_starts(old, from, &head)? {
        if within(old, from, new, skip, len)? {
            return Ok(());
        }
        from = from.saturating_add(1);
    }
    Err("its sound changed".into())
}

fn view_starts(old: &mut View<'_>, from: u64, _head: &[u8; 4]) -> Result<bool, Strange> {
    Ok(from.saturating_add(4) < old.len() && from < 1 << 24)
}

fn first_sound(new: &mut View<'_>) -> Result<u64, Strange> {
    let head = new.array::<4>(0).map_err(unread)?;
    let len = mpeg(head).ok_or_else(|| name(&head))?;
    let first = new.bytes(0, len.min(64)).map_err(unread)?;
    let table = first.windows(4).any(|four| four == b"Xing" || four == b"Info");
    Ok(if table && len < new.len() { len } else { 0 })
}

fn within(
    old: &mut View<'_>,
    from: u64,
    new: &mut View<'_>,
    skip: u64,
    len: u64,
) -> Result<bool, Strange> {
    if from.saturating_add(len) > old.len() {
        return Ok(false);
    }
    let mut at = 0_u64;
    while at < len {
        let theirs = old.window(from.saturating_add(at)).map_err(unread)?;
        let ours = new.window(skip.saturating_add(at)).map_err(unread)?;
        let n = theirs.len().min(ours.len());
        if !theirs.iter().zip(ours).all(|(old, new)| old & new == *new) {
            return Ok(false);
        }
        at = at.saturating_add(n as u64);
    }
    Ok(true)
}

pub(super) fn flac(view: &mut View<'_>) -> Result<(), Strange> {
    let sound = flac_sound(view, true)?;
    let head = view.array::<2>(sound).map_err(unread)?;
    if head == [0xFF, 0xF8] || head == [0xFF, 0xF9] { Ok(()) } else { Err(name(&head)) }
}

fn flac_sound(view: &mut View<'_>, strict: bool) -> Result<u64, Strange> {
    let mut at = 4_u64;
    loop {
        let [kind, a, b, c] = view.array::<4>(at).map_err(unread)?;
        if strict && !matches!(kind & 0x7F, 0 | 3) {
            return Err(format!("a block {}", kind & 0x7F));
        }
        let len = u64::from(u32::from_be_bytes([0, a, b, c]));
        at = at.saturating_add(4).saturating_add(len);
        if kind & 0x80 != 0 {
            return Ok(at);
        }
    }
}

pub(super) fn same_flac(old: &mut View<'_>, new: &mut View<'_>) -> Result<(), Strange> {
    let (from, to) = (flac_sound(old, false)?, flac_sound(new, true)?);
    let len = new.len().saturating_sub(to);
    let sum = |view: &mut View<'_>, at: u64| {
        let mut sum = crc32fast::Hasher::new();
        view.each(at, len, |some| sum.update(some)).map_err(unread)?;
        Ok::<u32, Strange>(sum.finalize())
    };
    match sum(old, from)? == sum(new, to)? {
        true => Ok(()),
        false => Err("its sound changed".into()),
    }
}

/// One page: its serial, number, granule, lacing table and the place of its body.
struct Page {
    serial: u32,
    number: u32,
    granule: Vec<u8>,
    table: Vec<u8>,
    body: u64,
    last: bool,
}

fn page(view: &mut View<'_>, at: u64) -> Result<Page, Strange> {
    let head = view.bytes(at, 27).map_err(unread)?;
    if !head.starts_with(b"OggS\0") {
        return Err(name(&head));
    }
    let count = u64::from(head.get(26).copied().unwrap_or(0));
    let table_at = at.saturating_add(27);
    Ok(Page {
        serial: le32(&head, 14).unwrap_or(0),
        number: le32(&head, 18).unwrap_or(0),
        granule: head.get(6..14).unwrap_or_default().to_vec(),
        table: view.bytes(table_at, count).map_err(unread)?,
        body: table_at.saturating_add(count),
        last: head.get(5).is_some_and(|flags| flags & 4 != 0),
    })
}

impl Page {
    fn len(&self) -> u64 {
        self.table.iter().map(|n| u64::from(*n)).sum()
    }
}

pub(super) fn ogg(view: &mut View<'_>) -> Result<(), Strange> {
    let (mut at, mut number) = (0_u64, 0_u32);
    while at < view.len() {
        let page = page(view, at)?;
        if page.serial != 1 || page.number != number {
            return Err("a number of its own".into());
        }
        if number == 1 {
            let tags = view.bytes(page.body, page.len().min(16)).map_err(unread)?;
            let blank = tags == b"OpusTags\0\0\0\0\0\0\0\0"
                || tags.starts_with(b"\x03vorbis\0\0\0\0\0\0\0\0\x01");
            if !blank {
                return Err("words in its comments".into());
            }
        }
        number = number.wrapping_add(1);
        at = page.body.saturating_add(page.len());
    }
    Ok(())
}

pub(super) fn same_ogg(old: &mut View<'_>, new: &mut View<'_>) -> Result<(), Strange> {
    match sums(old)? == sums(new)? {
        true => Ok(()),
        false => Err("its sound changed".into()),
    }
}

/// A sum over times and packets of all pages behind those of the beginning.
fn sums(view: &mut View<'_>) -> Result<(u64, u32), Strange> {
    let first = page(view, 0)?;
    let opus = view.bytes(first.body, 8).map_err(unread)? == b"OpusHead";
    let mut left = if opus { 2_usize } else { 3 };
    let mut sum = crc32fast::Hasher::new();
    let (mut at, mut bytes, mut last) = (0_u64, 0_u64, false);
    while at < view.len() && !last {
        let page = page(view, at)?;
        if left == 0 {
            sum.update(&page.granule);
            sum.update(&page.table);
            view.each(page.body, page.len(), |some| sum.update(some)).map_err(unread)?;
            bytes = bytes.saturating_add(page.len());
        } else {
            left = left.saturating_sub(page.table.iter().filter(|n| **n < 255).count());
        }
        last = page.last;
        at = page.body.saturating_add(page.len());
    }
    Ok((bytes, sum.finalize()))
}
