//! Ogg with Opus (RFC 3533, RFC 7845) or Vorbis: pages numbered from nothing, comments empty.

use crate::clean::{Job, Kind, Plan, Refusal, View, What};

const HEADERS_MAX: u64 = 64 << 20;

struct Page {
    flags: u8,
    granule: [u8; 8],
    serial: u32,
    table: Vec<u8>,
    body_at: u64,
    body_len: u64,
}

fn page(view: &mut View<'_>, at: u64) -> Result<Option<Page>, Refusal> {
    if !view.starts(at, b"OggS\0") {
        return Ok(None);
    }
    let head = view.array::<27>(at)?;
    let (flags, count) = (head[5], head[26]);
    let granule = [head[6], head[7], head[8], head[9], head[10], head[11], head[12], head[13]];
    let serial = u32::from_le_bytes([head[14], head[15], head[16], head[17]]);
    let table_at = at.saturating_add(27);
    let table = view.bytes(table_at, count.into())?;
    let body_len: u64 = table.iter().map(|len| u64::from(*len)).sum();
    let body_at = table_at.saturating_add(count.into());
    if body_at.saturating_add(body_len) > view.len() {
        return Err(Kind::Ogg.damaged("it ends too early"));
    }
    Ok(Some(Page { flags, granule, serial, table, body_at, body_len }))
}

/// A page that fails its checksum is one that players leave out: it may not become a good one.
fn checked(view: &mut View<'_>, at: u64, page: &Page) -> Result<(), Refusal> {
    let mut head = view.bytes(at, page.body_at.saturating_sub(at))?;
    let own = head.get(22..26).and_then(|sum| sum.first_chunk()).copied().unwrap_or_default();
    head.get_mut(22..26).unwrap_or_default().fill(0);
    let mut sum = crc(0, &head);
    view.each(page.body_at, page.body_len, |some| sum = crc(sum, some))?;
    match u32::from_le_bytes(own) == sum {
        true => Ok(()),
        false => Err(Kind::Ogg.damaged("a checksum that does not fit")),
    }
}

/// Pages being written.
struct Pages {
    plan: Plan,
    number: u32,
}

impl Pages {
    fn head(&mut self, flags: u8, granule: [u8; 8], table: &[u8]) -> Vec<u8> {
        let mut head = b"OggS\0".to_vec();
        head.push(flags);
        head.extend(granule);
        head.extend(1_u32.to_le_bytes());
        head.extend(self.number.to_le_bytes());
        head.extend([0; 4]);
        head.push(u8::try_from(table.len()).unwrap_or(255));
        head.extend(table);
        self.number = self.number.wrapping_add(1);
        head
    }

    fn sealed(head: &mut [u8], sum: u32) {
        if let Some(place) = head.get_mut(22..26) {
            place.copy_from_slice(&sum.to_le_bytes());
        }
    }

    /// Packets of the beginning, on pages of their own.
    fn packets(&mut self, packets: &[Vec<u8>], flags: u8) {
        let mut segments = Vec::new();
        for packet in packets {
            let mut left = packet.as_slice();
            loop {
                let (now, later) = left.split_at(left.len().min(255));
                segments.push(now);
                left = later;
                if now.len() < 255 {
                    break;
                }
            }
        }
        let mut going_on = false;
        for page in segments.chunks(255) {
            let table: Vec<u8> =
                page.iter().map(|s| u8::try_from(s.len()).unwrap_or(255)).collect();
            let whole = page.concat();
            // A page on which no packet ends has no place in time.
            let ends = table.iter().any(|len| *len < 255);
            let granule = if ends { [0; 8] } else { [0xFF; 8] };
            let mut head = self.head(flags | u8::from(going_on), granule, &table);
            let sum = crc(crc(0, &head), &whole);
            Self::sealed(&mut head, sum);
            self.plan.put(&head);
            self.plan.put(&whole);
            going_on = table.last() == Some(&255);
        }
    }
}

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let first = page(view, 0)?.ok_or(Kind::Ogg.damaged("a page"))?;
    let serial = first.serial;
    let (mut packets, mut at) = beginning(view, serial)?;
    let before: usize = packets.iter().map(Vec::len).sum();
    blank(&mut packets)?;
    let after: usize = packets.iter().map(Vec::len).sum();
    job.removed_some(What::Tags, before.saturating_sub(after));
    let mut out = Pages { plan: Plan::default(), number: 0 };
    let (one, rest) = packets.split_at_checked(1).ok_or(Kind::Ogg.damaged("its beginning"))?;
    out.packets(one, 2);
    out.packets(rest, 0);
    let mut ended = false;
    while !ended {
        let Some(page) = page(view, at)? else { break };
        if page.serial != serial || page.flags & 2 != 0 {
            return Err(Kind::Ogg.odd("more than one recording in it"));
        }
        checked(view, at, &page)?;
        let mut head = out.head(page.flags & 5, page.granule, &page.table);
        let mut sum = crc(0, &head);
        view.each(page.body_at, page.body_len, |some| sum = crc(sum, some))?;
        Pages::sealed(&mut head, sum);
        out.plan.put(&head);
        out.plan.copy(page.body_at, page.body_len);
        at = page.body_at.saturating_add(page.body_len);
        ended = page.flags & 4 != 0;
    }
    // Without a last page the end of the file is the end of the sound; anything else is a hole.
    if !ended && at != view.len() {
        return Err(Kind::Ogg.damaged("a hole in the sound"));
    }
    if view.starts(at, b"OggS") {
        return Err(Kind::Ogg.odd("more than one recording in it"));
    }
    job.removed_some(What::Tail, view.len().saturating_sub(at));
    job.removed_some(What::Ids, if serial == 1 { 0_u8 } else { 4 });
    Ok(out.plan)
}

/// The packets before the sound, and where the sound begins.
fn beginning(view: &mut View<'_>, serial: u32) -> Result<(Vec<Vec<u8>>, u64), Refusal> {
    let mut packets = Vec::new();
    let mut open = Vec::new();
    let mut at = 0_u64;
    loop {
        let page = page(view, at)?.ok_or(Kind::Ogg.damaged("it ends too early"))?;
        checked(view, at, &page)?;
        if page.serial != serial || at > HEADERS_MAX {
            return Err(Kind::Ogg.odd("more than one recording in it"));
        }
        let body = view.bytes(page.body_at, page.body_len)?;
        let mut rest = body.as_slice();
        for len in &page.table {
            let (now, later) = rest.split_at(usize::from(*len).min(rest.len()));
            open.extend(now);
            rest = later;
            if *len < 255 {
                packets.push(std::mem::take(&mut open));
            }
        }
        at = page.body_at.saturating_add(page.body_len);
        let wanted = match packets.first().map(Vec::as_slice) {
            Some(head) if head.starts_with(b"OpusHead") => 2,
            Some(head) if head.starts_with(b"\x01vorbis") => 3,
            Some(_) => return Err(Kind::Ogg.odd("neither Opus nor Vorbis")),
            None => continue,
        };
        if packets.len() >= wanted {
            return match packets.len() == wanted && open.is_empty() {
                true => Ok((packets, at)),
                false => Err(Kind::Ogg.odd("sound on the pages of its beginning")),
            };
        }
    }
}

/// Comments without a word.
pub(crate) const OPUS_TAGS: &[u8] = b"OpusTags\0\0\0\0\0\0\0\0";
pub(crate) const VORBIS_TAGS: &[u8] = b"\x03vorbis\0\0\0\0\0\0\0\0\x01";

fn blank(packets: &mut [Vec<u8>]) -> Result<(), Refusal> {
    match packets {
        [head, tags] if tags.starts_with(b"OpusTags") => {
            let len = match head.get(18) {
                Some(0) => 19,
                _ => usize::from(head.get(9).copied().unwrap_or(0)).saturating_add(21),
            };
            head.truncate(len);
            *tags = OPUS_TAGS.to_vec();
            Ok(())
        }
        [head, tags, _] if tags.starts_with(b"\x03vorbis") => {
            head.truncate(30);
            *tags = VORBIS_TAGS.to_vec();
            Ok(())
        }
        _ => Err(Kind::Ogg.damaged("its beginning")),
    }
}

fn crc(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, byte| {
        let index = usize::try_from(sum >> 24).unwrap_or(0) ^ usize::from(*byte);
        sum << 8 ^ TABLE.get(index).copied().unwrap_or(0)
    })
}

/// CRC-32 with the polynomial 0x04C11DB7, not reflected.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut n = 0_u32;
    #[allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "counted at build time"
    )]
    while n < 256 {
        let mut sum = n << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 0x8000_0000 != 0 { sum << 1 ^ 0x04C1_1DB7 } else { sum << 1 };
            bit += 1;
        }
        table[n as usize] = sum;
        n += 1;
    }
    table
};
