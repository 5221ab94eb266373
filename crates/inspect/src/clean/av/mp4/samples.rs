//! The media data laid out anew: chunk after chunk of the tracks that stay, in the order of the file.

use std::collections::BTreeMap;

use super::index::{Sizes, Track};
use crate::clean::{
    Job, Kind, Plan, Refusal, View, What,
    av::{coded::Coding, mp3},
};

/// Where a track's chunks and how long its samples are in the copy.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) chunks: Vec<u64>,
    pub(super) sizes: Sizes,
}

#[derive(Debug)]
pub(super) struct Layout {
    pub(super) data: Plan,
    pub(super) tracks: Vec<Moved>,
    pub(super) old_bytes: u64,
    /// Where sound lies whose coder signs between frames, of each track.
    sound: BTreeMap<usize, Vec<(u64, u64)>>,
}

struct Chunk {
    at: u64,
    track: usize,
    index: usize,
    first: usize,
    count: u32,
}

pub(super) fn lay_out(
    view: &mut View<'_>,
    tracks: &[Track],
    job: &mut Job<'_>,
) -> Result<Layout, Refusal> {
    let mut all = Vec::new();
    for (n, track) in tracks.iter().enumerate() {
        chunks(n, track, &mut all)?;
    }
    all.sort_by_key(|chunk| (chunk.at, chunk.track));
    let len = view.len();
    let moved = |track: &Track| Moved {
        chunks: vec![0; track.chunks.len()],
        sizes: match track.sizes {
            // Samples that are looked into may come out of different lengths.
            Sizes::Same(size, count) if !track.entries.coding.plain() && fit(len, size, count) => {
                Sizes::Each(vec![size; usize::try_from(count).unwrap_or(0)])
            }
            _ => track.sizes.clone(),
        },
    };
    let mut layout = Layout {
        data: Plan::default(),
        tracks: tracks.iter().map(moved).collect(),
        old_bytes: 0,
        sound: BTreeMap::new(),
    };
    for chunk in &all {
        if let Some(track) = tracks.get(chunk.track) {
            layout.chunk(view, track, chunk, job)?;
        }
        // Samples that lie in each other would make a small file large.
        if layout.old_bytes > view.len() {
            return Err(Kind::Mp4.damaged("samples that lie in each other"));
        }
    }
    for pieces in std::mem::take(&mut layout.sound).values() {
        let signed = mp3::signatures(view, pieces, Kind::Mp4)?;
        job.removed_some(What::Encoder, signed.len());
        layout.data = layout.data.patched(&signed);
    }
    Ok(layout)
}

/// The chunks of a track with the samples in them.
fn chunks(n: usize, track: &Track, all: &mut Vec<Chunk>) -> Result<(), Refusal> {
    let bad = || Kind::Mp4.damaged("a table of chunks");
    let total = match &track.sizes {
        Sizes::Same(_, count) => usize::try_from(*count).unwrap_or(usize::MAX),
        Sizes::Each(sizes) => sizes.len(),
    };
    let mut run = track.runs.iter();
    let mut now = run.next();
    let mut next = run.next();
    let mut first = 0_usize;
    for (index, at) in track.chunks.iter().enumerate() {
        let number = u32::try_from(index.saturating_add(1)).map_err(|_| bad())?;
        while next.is_some_and(|[from, ..]| *from <= number) {
            now = next;
            next = run.next();
        }
        let [_, count, _] = *now.ok_or_else(bad)?;
        let left = total.saturating_sub(first);
        let count = count.min(u32::try_from(left).unwrap_or(u32::MAX));
        all.push(Chunk { at: *at, track: n, index, first, count });
        first = first.saturating_add(usize::try_from(count).map_err(|_| bad())?);
    }
    match first == total {
        true => Ok(()),
        false => Err(bad()),
    }
}

impl Layout {
    fn chunk(
        &mut self,
        view: &mut View<'_>,
        track: &Track,
        chunk: &Chunk,
        job: &mut Job<'_>,
    ) -> Result<(), Refusal> {
        let bad = || Kind::Mp4.damaged("a table of chunks");
        let moved = self.tracks.get_mut(chunk.track).ok_or_else(bad)?;
        *moved.chunks.get_mut(chunk.index).ok_or_else(bad)? = self.data.len();
        let coding = track.entries.coding;
        if let Sizes::Same(size, _) = moved.sizes {
            let (bytes, samples) = if size == 1 { track.entries.packet } else { (size.into(), 1) };
            let len =
                u64::from(chunk.count).saturating_mul(bytes).checked_div(samples).unwrap_or(0);
            if !coding.plain() {
                return Err(bad());
            }
            if coding == Coding::Mp3 {
                self.sound.entry(chunk.track).or_default().push((chunk.at, len));
            }
            self.old_bytes = self.old_bytes.saturating_add(len);
            fits(view, chunk.at, len)?;
            self.data.copy(chunk.at, len);
            return Ok(());
        }
        let Sizes::Each(sizes) = &mut moved.sizes else { return Err(bad()) };
        let count = usize::try_from(chunk.count).map_err(|_| bad())?;
        let sizes =
            sizes.get_mut(chunk.first..chunk.first.saturating_add(count)).ok_or_else(bad)?;
        let mut at = chunk.at;
        for size in sizes {
            let len = u64::from(*size);
            self.old_bytes = self.old_bytes.saturating_add(len);
            fits(view, at, len)?;
            if coding == Coding::Mp3 {
                self.sound.entry(chunk.track).or_default().push((at, len));
            }
            let fresh = match coding.plain() {
                true => None,
                false => coding.sample(&view.bytes(at, len)?, Kind::Mp4)?,
            };
            match fresh {
                None => self.data.copy(at, len),
                Some(fresh) => {
                    job.removed(What::Encoder, len.saturating_sub(fresh.len() as u64));
                    *size = u32::try_from(fresh.len()).map_err(|_| bad())?;
                    self.data.put(&fresh);
                }
            }
            at = at.saturating_add(len);
        }
        Ok(())
    }
}

/// Whether so many samples can lie in the file.
fn fit(len: u64, size: u32, count: u32) -> bool {
    u64::from(size).saturating_mul(count.into()) <= len
}

fn fits(view: &View<'_>, at: u64, len: u64) -> Result<(), Refusal> {
    match at.saturating_add(len) <= view.len() {
        true => Ok(()),
        false => Err(Kind::Mp4.damaged("it ends too early")),
    }
}
