//! Films in fragments (ISO/IEC 14496-12, 8.8): the samples that every `moof` tells of become tables of
//! one index, and the copy is a plain film.

use super::index::{Sizes, Track};
use crate::clean::{Kind, Refusal, View, boxes, reader::Reader};

/// As many samples are gathered of one file: a day of sound with its pictures.
const SAMPLES_MAX: usize = 8_000_000;
/// A fragment's own index is never longer.
const INDEX_BYTES_MAX: u64 = 64 << 20;

const NO_SYNC: u32 = 0x1_0000;

/// What a sample is when its fragment does not say.
#[derive(Clone, Copy, Debug, Default)]
struct Usual {
    entry: u32,
    duration: u32,
    size: u32,
    flags: u32,
}

/// The samples of one track, in the order of the file.
#[derive(Debug, Default)]
struct Gathered {
    id: u32,
    usual: Usual,
    sizes: Vec<u32>,
    chunks: Vec<u64>,
    runs: Vec<[u32; 3]>,
    /// How many samples last so long.
    durations: Vec<[u32; 2]>,
    /// How many samples are shown so much later.
    shifts: Vec<(u32, i64)>,
    sync: Vec<u32>,
    /// The time of the first sample, and where the last one ends.
    begins: Option<u64>,
    ends: u64,
    /// Where what is shown last ends.
    shown: u64,
}

/// Puts what the fragments tell into the tracks, and how long all of it is into `head`.
pub(super) fn gather(
    view: &mut View<'_>,
    outer: &[boxes::Outer],
    extends: &[u8],
    tracks: &mut [Track],
    head: &mut [u8],
) -> Result<(), Refusal> {
    let mut all = usuals(extends)?;
    let mut count = 0;
    for one in outer.iter().filter(|one| one.name == *b"moof") {
        if one.body_len > INDEX_BYTES_MAX {
            return Err(Kind::Mp4.large("a fragment's index"));
        }
        let body = view.bytes(one.body_at, one.body_len)?;
        let mut base = one.at;
        for traf in boxes::all(&body, Kind::Mp4)?.iter().filter(|one| one.name == *b"traf") {
            base = fragment(traf.body, one.at, base, &mut all, &mut count)?;
        }
    }
    let (scale, _) = scale(head)?;
    let mut longest = 0;
    let first = first(&all, tracks, scale)?;
    for track in tracks.iter_mut() {
        let gathered = all.iter_mut().find(|one| one.id == track.id);
        let gathered = gathered.map(std::mem::take).unwrap_or_default();
        longest = gathered.give(track, scale, first)?.max(longest);
    }
    // The number the next track would get: who writes fragments does not know it yet.
    let next = tracks.iter().map(|track| track.id).max().unwrap_or(0).saturating_add(1);
    if let Some(last) = head.last_chunk_mut() {
        *last = next.to_be_bytes();
    }
    set(head, scale_at(head).saturating_add(4), longest)
}

/// What is usual in each track (`mvex`).
fn usuals(extends: &[u8]) -> Result<Vec<Gathered>, Refusal> {
    let mut all = Vec::new();
    for one in boxes::all(extends, Kind::Mp4)?.iter().filter(|one| one.name == *b"trex") {
        let mut reader = Reader::new(one.body, Kind::Mp4);
        reader.be32()?;
        let id = reader.be32()?;
        let usual = Usual {
            entry: reader.be32()?,
            duration: reader.be32()?,
            size: reader.be32()?,
            flags: reader.be32()?,
        };
        all.push(Gathered { id, usual, ..Gathered::default() });
    }
    Ok(all)
}

/// One track's part of a fragment; gives where its data ends.
fn fragment(
    traf: &[u8],
    moof_at: u64,
    before: u64,
    all: &mut [Gathered],
    count: &mut usize,
) -> Result<u64, Refusal> {
    let bad = || Kind::Mp4.damaged("a fragment");
    let found = boxes::all(traf, Kind::Mp4)?;
    if found.iter().any(|one| matches!(&one.name, b"senc" | b"saiz" | b"saio" | b"uuid")) {
        return Err(Kind::Mp4.odd("encrypted fragments"));
    }
    let mut reader = Reader::new(boxes::body(&found, b"tfhd").ok_or_else(bad)?, Kind::Mp4);
    let flags = reader.be32()?;
    let id = reader.be32()?;
    let track = all.iter_mut().find(|track| track.id == id).ok_or_else(bad)?;
    let mut usual = track.usual;
    let mut at = if flags & 0x2_0000 != 0 { moof_at } else { before };
    if flags & 1 != 0 {
        at = reader.be64()?;
    }
    let base = at;
    for (bit, field) in [
        (2, &mut usual.entry),
        (8, &mut usual.duration),
        (16, &mut usual.size),
        (32, &mut usual.flags),
    ] {
        if flags & bit != 0 {
            *field = reader.be32()?;
        }
    }
    if let Some(time) = boxes::body(&found, b"tfdt") {
        let mut reader = Reader::new(time, Kind::Mp4);
        let wide = reader.be32()? >> 24 == 1;
        let time = if wide { reader.be64()? } else { reader.be32()?.into() };
        track.goes_on_at(time)?;
    }
    for run in found.iter().filter(|one| one.name == *b"trun") {
        at = track.run(run.body, usual, (base, at), count)?;
    }
    Ok(at)
}

impl Gathered {
    /// The next sample begins at this time: what lies between is the last one's.
    fn goes_on_at(&mut self, time: u64) -> Result<(), Refusal> {
        let bad = || Kind::Mp4.odd("fragments that overlap in time");
        if self.begins.is_none() {
            self.begins = Some(time);
            self.ends = time;
        }
        let gap = time.checked_sub(self.ends).ok_or_else(bad)?;
        if gap > 0 {
            let Some([count, duration]) = self.durations.last_mut() else { return Err(bad()) };
            let longer = u64::from(*duration).checked_add(gap).ok_or_else(bad)?;
            let longer = u32::try_from(longer).map_err(|_| bad())?;
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.durations.pop();
            }
            self.durations.push([1, longer]);
            self.ends = time;
        }
        Ok(())
    }

    /// A run of samples that lie in a row; gives where they end.
    fn run(
        &mut self,
        body: &[u8],
        usual: Usual,
        (base, before): (u64, u64),
        count: &mut usize,
    ) -> Result<u64, Refusal> {
        let bad = || Kind::Mp4.damaged("a fragment");
        let mut reader = Reader::new(body, Kind::Mp4);
        let flags = reader.be32()?;
        let samples = reader.be32()?;
        let mut at = before;
        if flags & 1 != 0 {
            let offset = i64::from(reader.be32()?.cast_signed());
            at = base.checked_add_signed(offset).ok_or_else(bad)?;
        }
        let mut first = if flags & 4 != 0 { Some(reader.be32()?) } else { None };
        if samples == 0 {
            return Ok(at);
        }
        let number = u32::try_from(self.chunks.len().saturating_add(1)).map_err(|_| bad())?;
        self.chunks.push(at);
        if self
            .runs
            .last()
            .is_none_or(|[_, count, entry]| (*count, *entry) != (samples, usual.entry))
        {
            self.runs.push([number, samples, usual.entry]);
        }
        self.begins.get_or_insert(0);
        for _ in 0..samples {
            *count = count.saturating_add(1);
            if *count > SAMPLES_MAX {
                return Err(Kind::Mp4.large("the number of its samples"));
            }
            let mut field = |bit: u32, usual: u32| {
                if flags & bit != 0 { reader.be32() } else { Ok(usual) }
            };
            let duration = field(0x100, usual.duration)?;
            let size = field(0x200, usual.size)?;
            let own = field(0x400, first.take().unwrap_or(usual.flags))?;
            let shift = field(0x800, 0)?;
            let shift = match flags >> 24 {
                0 => i64::from(shift),
                _ => i64::from(shift.cast_signed()),
            };
            self.sizes.push(size);
            match self.durations.last_mut() {
                Some([count, same]) if *same == duration => *count = count.saturating_add(1),
                _ => self.durations.push([1, duration]),
            }
            match self.shifts.last_mut() {
                Some((count, same)) if *same == shift => *count = count.saturating_add(1),
                _ => self.shifts.push((1, shift)),
            }
            if own & NO_SYNC == 0 {
                self.sync.push(u32::try_from(self.sizes.len()).map_err(|_| bad())?);
            }
            at = at.checked_add(size.into()).ok_or_else(bad)?;
            let shown = self.ends.saturating_add_signed(shift).saturating_add(duration.into());
            self.shown = self.shown.max(shown);
            self.ends = self.ends.checked_add(duration.into()).ok_or_else(bad)?;
        }
        match reader.is_empty() {
            true => Ok(at),
            false => Err(bad()),
        }
    }

    /// Fills a track's tables; gives how long it is, in the film's own units.
    fn give(self, track: &mut Track, scale: u64, first: u64) -> Result<u64, Refusal> {
        let bad = || Kind::Mp4.damaged("a fragment");
        if track.sizes != Sizes::Each(Vec::new()) || !track.chunks.is_empty() {
            return Err(Refusal::Unsupported {
                name: "an MP4 of which only the rest is in fragments".into(),
                instead: "plain MP4".into(),
            });
        }
        let (own, _) = self::scale(&track.media)?;
        let to_film = |units| in_film(units, own, scale);
        let begun = self.begins.unwrap_or(0);
        let long = self.ends.saturating_sub(begun);
        let mut shown = to_film(long).ok_or_else(bad)?;
        let begins = self.begins.map_or(Some(first), to_film).ok_or_else(bad)?;
        let late = begins.saturating_sub(first);
        if late > 0 {
            if track.edits.is_some() {
                return Err(Kind::Mp4.odd("fragments that begin at different times"));
            }
            // Nothing for so long, then all of it.
            let wait = u32::try_from(late).map_err(|_| bad())?;
            let all = u32::try_from(shown).map_err(|_| bad())?;
            let fields = [0, 2, wait, u32::MAX, 0x1_0000, all, 0, 0x1_0000];
            track.edits = Some(fields.iter().flat_map(|n| n.to_be_bytes()).collect());
            shown = shown.saturating_add(late);
        } else if let Some(edits) = &mut track.edits {
            shown = last_edit(edits, begun, self.shown.saturating_sub(begun), &to_film)?;
        }
        let table = |entries: usize| {
            let count = u32::try_from(entries).unwrap_or(u32::MAX);
            [[0; 4], count.to_be_bytes()].concat()
        };
        track.tables.clear();
        let mut times = table(self.durations.len());
        times.extend(self.durations.iter().flatten().flat_map(|n| n.to_be_bytes()));
        track.tables.push((*b"stts", times));
        if self.shifts.iter().any(|(_, shift)| *shift != 0) {
            let mut shifts = table(self.shifts.len());
            let signed = self.shifts.iter().any(|(_, shift)| *shift < 0);
            if let (Some(version), true) = (shifts.first_mut(), signed) {
                *version = 1;
            }
            for (count, shift) in &self.shifts {
                let low = (*shift & 0xFFFF_FFFF).to_be_bytes();
                shifts.extend(count.to_be_bytes());
                shifts.extend(low.last_chunk::<4>().copied().unwrap_or_default());
            }
            track.tables.push((*b"ctts", shifts));
        }
        if self.sync.len() < self.sizes.len() {
            let mut sync = table(self.sync.len());
            sync.extend(self.sync.iter().flat_map(|n| n.to_be_bytes()));
            track.tables.push((*b"stss", sync));
        }
        track.sizes = Sizes::Each(self.sizes);
        track.chunks = self.chunks;
        track.runs = self.runs;
        let at = scale_at(&track.media).saturating_add(4);
        set(&mut track.media, at, long)?;
        let wide = track.head.first() == Some(&1);
        set(&mut track.head, if wide { 28 } else { 20 }, shown)?;
        Ok(shown)
    }
}

/// When the first track begins, in the film's own units.
fn first(all: &[Gathered], tracks: &[Track], scale: u64) -> Result<u64, Refusal> {
    let mut first: Option<u64> = None;
    for track in tracks {
        let (own, _) = self::scale(&track.media)?;
        let begins = all.iter().find(|one| one.id == track.id).and_then(|one| one.begins);
        if let Some(begins) = begins {
            let at = in_film(begins, own, scale).ok_or(Kind::Mp4.large("its length"))?;
            first = Some(first.map_or(at, |first| first.min(at)));
        }
    }
    Ok(first.unwrap_or(0))
}

/// Units of a track in those of the film.
fn in_film(units: u64, own: u64, film: u64) -> Option<u64> {
    let all = u128::from(units).checked_mul(film.into())?;
    u64::try_from(all.checked_div(own.into())?).ok()
}

/// Fragments come when nobody knows yet how long it will be: an edit of no length means all of it.
/// Gives how long it is shown.
fn last_edit(
    edits: &mut [u8],
    begins: u64,
    long: u64,
    to_film: &dyn Fn(u64) -> Option<u64>,
) -> Result<u64, Refusal> {
    let bad = || Kind::Mp4.damaged("a list of edits");
    let wide = edits.first() == Some(&1);
    let (step, at) = if wide { (20, 8) } else { (12, 4) };
    let entries = edits.get(8..).unwrap_or_default().chunks_exact(step);
    let mut lengths = Vec::new();
    for entry in entries {
        let mut reader = Reader::new(entry, Kind::Mp4);
        let length = if wide { reader.be64()? } else { reader.be32()?.into() };
        let start = match wide {
            true => reader.be64()?.cast_signed(),
            false => reader.be32()?.cast_signed().into(),
        };
        // The time at which something is shown counts from the first fragment now.
        let moved = match u64::try_from(start) {
            Ok(start) => start.checked_sub(begins).map(u64::cast_signed).ok_or_else(bad)?,
            Err(_) => start,
        };
        let rest = u64::try_from(moved).ok().and_then(|start| long.checked_sub(start));
        let length = match (length, rest) {
            (0, Some(rest)) => to_film(rest).ok_or_else(bad)?,
            (length, _) => length,
        };
        lengths.push((length, moved));
    }
    let all = lengths.iter().try_fold(0_u64, |all, (length, _)| all.checked_add(*length));
    for (number, (length, start)) in lengths.into_iter().enumerate() {
        let place = number.saturating_mul(step).saturating_add(8);
        set(edits, place, length)?;
        let start = start.to_be_bytes();
        let start = if wide { start.as_slice() } else { start.get(4..).unwrap_or_default() };
        let place = place.saturating_add(at);
        let field = edits.get_mut(place..place.saturating_add(start.len())).ok_or_else(bad)?;
        field.copy_from_slice(start);
    }
    all.ok_or_else(bad)
}

/// Where the units of a head stand; behind them stands the length.
fn scale_at(head: &[u8]) -> usize {
    if head.first() == Some(&1) { 20 } else { 12 }
}

/// Units in a second, and the length in them.
fn scale(head: &[u8]) -> Result<(u64, u64), Refusal> {
    let wide = head.first() == Some(&1);
    let mut reader = Reader::new(head, Kind::Mp4);
    reader.take(scale_at(head))?;
    let scale = u64::from(reader.be32()?);
    let long = if wide { reader.be64()? } else { reader.be32()?.into() };
    match scale {
        0 => Err(Kind::Mp4.damaged("a clock that stands still")),
        scale => Ok((scale, long)),
    }
}

/// Writes a length as wide as the version of its box says.
fn set(body: &mut [u8], at: usize, value: u64) -> Result<(), Refusal> {
    let wide = body.first() == Some(&1);
    let bytes = match wide {
        true => value.to_be_bytes().to_vec(),
        false => {
            let value = u32::try_from(value).map_err(|_| Kind::Mp4.large("its length"))?;
            value.to_be_bytes().to_vec()
        }
    };
    let field = body.get_mut(at..at.saturating_add(bytes.len()));
    field.ok_or(Kind::Mp4.damaged("a head"))?.copy_from_slice(&bytes);
    Ok(())
}
