//! Boxes (HEIC, AVIF, MP4, MOV) and EBML (MKV, WebM).

use super::{Strange, be32, name, unread};
use crate::clean::View;

const HOLDERS: &[&[u8; 4]] =
    &[b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"iprp", b"ipco", b"tapt"];
const LEAVES: &[&[u8; 4]] = &[
    b"ftyp", b"mdat", b"mvhd", b"tkhd", b"mdhd", b"hdlr", b"vmhd", b"smhd", b"nmhd", b"sthd",
    b"gmhd", b"dref", b"stsd", b"stts", b"ctts", b"stss", b"stps", b"cslg", b"sdtp", b"sgpd",
    b"sbgp", b"stsc", b"stsz", b"stco", b"co64", b"elst", b"pitm", b"iloc", b"iinf", b"iref",
    b"ipma", b"hvcC", b"avcC", b"av1C", b"ispe", b"pixi", b"irot", b"imir", b"clap", b"colr",
    b"auxC", b"pasp", b"a1op", b"lsel", b"a1lx", b"clli", b"mdcv", b"clef", b"prof", b"enof",
];

pub(super) fn boxes(view: &mut View<'_>) -> Result<(), Strange> {
    let end = view.len();
    list(view, 0, end, 0)
}

fn list(view: &mut View<'_>, from: u64, end: u64, depth: u8) -> Result<(), Strange> {
    let mut at = from;
    while at < end {
        let head = view.bytes(at, 8).map_err(unread)?;
        let own: [u8; 4] = head.last_chunk().copied().unwrap_or_default();
        let (skip, len) = match be32(&head, 0) {
            Some(1) => {
                let wide = view.array(at.saturating_add(8)).map_err(unread)?;
                (16, u64::from_be_bytes(wide))
            }
            Some(n) => (8, n.into()),
            None => return Err(name(&head)),
        };
        let body = at.saturating_add(skip);
        let next = at.saturating_add(len);
        if len < skip || next > end || depth > 6 {
            return Err(name(&own));
        }
        if own == *b"meta" {
            list(view, body.saturating_add(4), next, depth.saturating_add(1))?;
        } else if HOLDERS.contains(&&own) {
            list(view, body, next, depth.saturating_add(1))?;
        } else if !LEAVES.contains(&&own) {
            return Err(name(&own));
        } else {
            blank(view, &own, body, next.saturating_sub(body))?;
        }
        at = next;
    }
    Ok(())
}

/// Times are zero, names empty.
fn blank(view: &mut View<'_>, own: &[u8; 4], body: u64, len: u64) -> Result<(), Strange> {
    let range = match own {
        b"iinf" => {
            // Head and count, then entries of one form: kind and no name.
            let bytes = view.bytes(body, len).map_err(unread)?;
            let entries = bytes.get(6..).unwrap_or_default().as_chunks::<21>();
            let known = |entry: &[u8; 21]| {
                let kind = entry.get(16..20).unwrap_or_default();
                matches!(kind, b"hvc1" | b"av01" | b"avc1" | b"grid" | b"iovl" | b"iden")
                    && entry[20] == 0
            };
            return match entries.1.is_empty() && entries.0.iter().all(known) {
                true => Ok(()),
                false => Err("a part that is no picture".into()),
            };
        }
        b"mvhd" | b"tkhd" | b"mdhd" => {
            let wide = view.array::<1>(body).map_err(unread)? == [1];
            4..if wide { 20 } else { 12_u64 }
        }
        b"hdlr" => 12..len,
        b"ftyp" => 4..8,
        _ => return Ok(()),
    };
    let bytes = view.bytes(body.saturating_add(range.start), range.end.saturating_sub(range.start));
    match bytes.map_err(unread)?.iter().all(|byte| *byte == 0) {
        true => Ok(()),
        false => Err(format!("words or times in {}", name(own))),
    }
}

/// What is picture and sound: of each track the bytes of its samples that are coded content.
pub(super) fn same_mp4(old: &mut View<'_>, new: &mut View<'_>) -> Result<(), Strange> {
    let (before, after) = (tracks(old)?, tracks(new)?);
    // Tracks beside picture and sound are not in the copy; the others come in the same order.
    let mut rest = before.iter();
    match after.iter().all(|track| rest.any(|one| one == track)) {
        true => Ok(()),
        false => Err("its pictures or its sound changed".into()),
    }
}

type Spans = Vec<([u8; 4], u64, u64)>;

fn spans(view: &mut View<'_>, from: u64, end: u64) -> Result<Spans, Strange> {
    let mut found = Vec::new();
    let mut at = from;
    while end.saturating_sub(at) >= 8 {
        let head = view.bytes(at, 8).map_err(unread)?;
        let (skip, len) = match be32(&head, 0) {
            Some(1) => (16, u64::from_be_bytes(view.array(at.saturating_add(8)).map_err(unread)?)),
            Some(0) => (8, end.saturating_sub(at)),
            other => (8, other.unwrap_or(0).into()),
        };
        if len < skip || at.saturating_add(len) > end {
            break;
        }
        found.push((
            head.last_chunk().copied().unwrap_or_default(),
            at.saturating_add(skip),
            at.saturating_add(len),
        ));
        at = at.saturating_add(len);
    }
    Ok(found)
}

fn inner(view: &mut View<'_>, all: &Spans, own: &[u8; 4]) -> Result<Spans, Strange> {
    match all.iter().find(|(name, ..)| name == own) {
        Some((_, from, end)) => spans(view, *from, *end),
        None => Ok(Vec::new()),
    }
}

fn table(view: &mut View<'_>, all: &Spans, own: &[u8; 4]) -> Result<Vec<u8>, Strange> {
    match all.iter().find(|(name, ..)| name == own) {
        Some((_, from, end)) => view.bytes(*from, end.saturating_sub(*from)).map_err(unread),
        None => Ok(Vec::new()),
    }
}

/// Of each picture or sound track: its coding, how many samples, and a sum over their content.
fn tracks(view: &mut View<'_>) -> Result<Vec<([u8; 4], u32, u32)>, Strange> {
    let whole = view.len();
    let outer = spans(view, 0, whole)?;
    let moov = inner(view, &outer, b"moov")?;
    let mut found = Vec::new();
    for (_, from, end) in moov.iter().filter(|(name, ..)| name == b"trak") {
        let trak = spans(view, *from, *end)?;
        let mdia = inner(view, &trak, b"mdia")?;
        let handler = table(view, &mdia, b"hdlr")?;
        let minf = inner(view, &mdia, b"minf")?;
        let stbl = inner(view, &minf, b"stbl")?;
        if matches!(handler.get(8..12), Some(b"vide" | b"soun")) {
            let mut one = track(view, &stbl)?;
            let head = table(view, &trak, b"tkhd")?;
            let id = be32(&head, if head.first() == Some(&1) { 20 } else { 12 });
            fragments(view, &outer, &moov, id.unwrap_or(0), &mut one)?;
            found.push((one.coding, one.count, one.sum.finalize()));
        }
    }
    Ok(found)
}

/// What was read of a track so far.
struct Read {
    coding: [u8; 4],
    /// Bytes of the length before each unit of a picture.
    size: usize,
    count: u32,
    sum: crc32fast::Hasher,
}

/// The samples that fragments add to a track, read a second time and in another way than the cleaner
/// does: by the numbers at their places.
fn fragments(
    view: &mut View<'_>,
    outer: &Spans,
    moov: &Spans,
    id: u32,
    track: &mut Read,
) -> Result<(), Strange> {
    let short = || Strange::from("a fragment that ends too early");
    let mut usual = 0;
    for (_, from, end) in inner(view, moov, b"mvex")?.iter().filter(|(name, ..)| name == b"trex") {
        let body = view.bytes(*from, end.saturating_sub(*from)).map_err(unread)?;
        if be32(&body, 4) == Some(id) {
            usual = be32(&body, 16).ok_or_else(short)?;
        }
    }
    for (_, from, end) in outer.iter().filter(|(name, ..)| name == b"moof") {
        // Its head is 8 bytes: nobody needs 16 for an index.
        let start = from.saturating_sub(8);
        let mut data = start;
        for (_, from, end) in spans(view, *from, *end)?.iter().filter(|(name, ..)| name == b"traf")
        {
            let traf = spans(view, *from, *end)?;
            let head = table(view, &traf, b"tfhd")?;
            let bits = be32(&head, 0).ok_or_else(short)?;
            let mut at = 8_usize;
            let mut base = if bits & 0x2_0000 != 0 { start } else { data };
            if bits & 1 != 0 {
                let wide = head.get(8..).and_then(|rest| rest.first_chunk()).ok_or_else(short)?;
                base = u64::from_be_bytes(*wide);
                at = 16;
            }
            at = at.saturating_add(if bits & 2 != 0 { 4 } else { 0 });
            at = at.saturating_add(if bits & 8 != 0 { 4 } else { 0 });
            let here = if bits & 16 != 0 { be32(&head, at).ok_or_else(short)? } else { usual };
            let own = be32(&head, 4) == Some(id);
            data = base;
            for (_, from, end) in traf.iter().filter(|(name, ..)| name == b"trun") {
                let run = view.bytes(*from, end.saturating_sub(*from)).map_err(unread)?;
                let (bits, count) = (be32(&run, 0).unwrap_or(0), be32(&run, 4).unwrap_or(0));
                if bits & 1 != 0 {
                    let offset = be32(&run, 8).ok_or_else(short)?.cast_signed();
                    data = base.saturating_add_signed(offset.into());
                }
                let columns = (bits & 0xF00).count_ones().saturating_mul(4);
                let before = (bits & 5).count_ones().saturating_mul(4).saturating_add(8);
                let before = before.saturating_add((bits & 0x100) >> 6);
                for row in 0..count {
                    let place = row.saturating_mul(columns).saturating_add(before);
                    let place = usize::try_from(place).unwrap_or(usize::MAX);
                    let told = if bits & 0x200 != 0 { be32(&run, place) } else { Some(here) };
                    let len = u64::from(told.ok_or_else(short)?);
                    if own {
                        let sample = view.bytes(data, len).map_err(unread)?;
                        essence(&sample, &track.coding, track.size, &mut track.sum);
                        track.count = track.count.saturating_add(1);
                    }
                    data = data.saturating_add(len);
                }
            }
        }
    }
    Ok(())
}

fn track(view: &mut View<'_>, stbl: &Spans) -> Result<Read, Strange> {
    let stsd = table(view, stbl, b"stsd")?;
    let coding: [u8; 4] = stsd.get(12..).and_then(|r| r.first_chunk()).copied().unwrap_or_default();
    let size = stsd.windows(4).position(|w| w == b"avcC").map(|at| at.saturating_add(8));
    let size = size.or(stsd.windows(4).position(|w| w == b"hvcC").map(|at| at.saturating_add(25)));
    let size =
        size.and_then(|at| stsd.get(at)).map_or(4, |byte| usize::from(byte & 3).saturating_add(1));
    let (stsz, stsc) = (table(view, stbl, b"stsz")?, table(view, stbl, b"stsc")?);
    let (stco, co64) = (table(view, stbl, b"stco")?, table(view, stbl, b"co64")?);
    let count = be32(&stsz, 8).unwrap_or(0);
    let coding = if mp3(&stsd) { *b".mp3" } else { coding };
    let mut sum = crc32fast::Hasher::new();
    let same = be32(&stsz, 4).filter(|n| *n > 0);
    let chunks = be32(if co64.is_empty() { &stco } else { &co64 }, 4).unwrap_or(0);
    let runs: Vec<[u32; 2]> = stsc
        .get(8..)
        .unwrap_or_default()
        .as_chunks::<12>()
        .0
        .iter()
        .filter_map(|run| Some([be32(run, 0)?, be32(run, 4)?]))
        .collect();
    let mut sample = 0_u32;
    for chunk in 1..=chunks {
        let place = usize::try_from(chunk.saturating_sub(1)).unwrap_or(0);
        let mut at = match co64.is_empty() {
            true => be32(&stco, place.saturating_mul(4).saturating_add(8)).map(u64::from),
            false => co64
                .get(place.saturating_mul(8).saturating_add(8)..)
                .and_then(|r| r.first_chunk())
                .map(|n| u64::from_be_bytes(*n)),
        }
        .ok_or("a table that ends too early")?;
        let each =
            runs.iter().rev().find(|[first, _]| *first <= chunk).map_or(0, |[_, each]| *each);
        for _ in 0..each.min(count.saturating_sub(sample)) {
            let own = usize::try_from(sample).unwrap_or(0).saturating_mul(4).saturating_add(12);
            let len = same.or_else(|| be32(&stsz, own)).ok_or("a table that ends too early")?;
            // Bytes that are counted singly are not read singly: their length is compared only.
            if same.is_none() {
                essence(&view.bytes(at, len.into()).map_err(unread)?, &coding, size, &mut sum);
            }
            at = at.saturating_add(len.into());
            sample = sample.saturating_add(1);
        }
    }
    Ok(Read { coding, size, count, sum })
}

/// Whether an elementary stream's descriptor says MP3.
fn mp3(stsd: &[u8]) -> bool {
    let at = stsd.windows(4).position(|four| four == b"esds");
    let Some(body) = at.and_then(|at| stsd.get(at.saturating_add(8)..)) else { return false };
    let mut config =
        body.iter().skip_while(|byte| **byte != 4).skip(1).skip_while(|byte| **byte & 0x80 != 0);
    matches!(config.nth(1), Some(0x69 | 0x6B))
}

/// What of a sample is picture or sound: coded slices; of sound the second half, because filling
/// stands in front.
pub(super) fn essence(sample: &[u8], coding: &[u8; 4], size: usize, sum: &mut crc32fast::Hasher) {
    let units = |wanted: &dyn Fn(u8) -> bool, sum: &mut crc32fast::Hasher| {
        let mut rest = sample;
        while let Some((prefix, after)) = rest.split_at_checked(size) {
            let len = prefix.iter().fold(0_usize, |all, byte| all << 8 | usize::from(*byte));
            let Some((unit, later)) = after.split_at_checked(len) else { break };
            if unit.first().is_some_and(|head| wanted(*head)) {
                sum.update(unit);
            }
            rest = later;
        }
    };
    match coding {
        b"avc1" | b"avc3" => units(&|head| (1..=5).contains(&(head & 31)), sum),
        b"hvc1" | b"hev1" => units(&|head| head >> 1 < 32, sum),
        b"mp4a" => sum.update(sample.get(sample.len() / 2..).unwrap_or_default()),
        // Bits between its frames go, wherever they lie; the first bytes of each stay.
        b".mp3" => sum.update(sample.get(..13).unwrap_or(sample)),
        // Headers of these are rewritten; their last bytes are picture.
        b"mp4v" | b"jpeg" | b"av01" | b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => {
            sum.update(sample.last_chunk::<16>().map_or(sample, |end| end))
        }
        _ => sum.update(sample),
    }
}
