//! A track of the index: what is read from it, and how it is written anew.

use super::{entry::Entries, samples::Moved};
use crate::clean::{Job, Kept, Kind, Refusal, What, boxes, reader::Reader};

const UND: [u8; 2] = [0x55, 0xC4];

/// How long samples are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sizes {
    /// All the same; how many.
    Same(u32, u32),
    /// Each its own.
    Each(Vec<u32>),
}

#[derive(Debug)]
pub(super) struct Track {
    pub(super) id: u32,
    pub(super) handler: [u8; 4],
    pub(super) chapters: Vec<u32>,
    pub(super) entries: Entries,
    pub(super) sizes: Sizes,
    /// Where chunks begin in the file.
    pub(super) chunks: Vec<u64>,
    /// From which chunk on, how many samples each has.
    pub(super) runs: Vec<[u32; 3]>,
    pub(super) head: Vec<u8>,
    pub(super) media: Vec<u8>,
    pub(super) edits: Option<Vec<u8>>,
    aperture: Option<Vec<u8>>,
    minf: Vec<([u8; 4], Vec<u8>)>,
    pub(super) tables: Vec<([u8; 4], Vec<u8>)>,
}

/// Blanks the times of a head, whose first byte says how wide they are; gives where they end.
fn times(body: &mut [u8], job: &mut Job<'_>) -> usize {
    let wide = if body.first() == Some(&1) { 16 } else { 8_usize };
    let end = wide.saturating_add(4);
    blank(body, 4, wide, What::Times, job);
    end
}

fn blank(body: &mut [u8], at: usize, len: usize, what: What, job: &mut Job<'_>) {
    let part = body.get_mut(at..at.saturating_add(len)).unwrap_or_default();
    if part.iter().any(|byte| *byte != 0) {
        job.removed(what, len);
        part.fill(0);
    }
}

/// `mvhd` without times and what an editor had selected.
pub(super) fn movie_head(body: &[u8], job: &mut Job<'_>) -> Result<Vec<u8>, Refusal> {
    let wide = body.first() == Some(&1);
    let len = if wide { 112 } else { 100 };
    let mut head = body.get(..len).ok_or(Kind::Mp4.damaged("its index"))?.to_vec();
    times(&mut head, job);
    blank(&mut head, len.saturating_sub(28), 24, What::Settings, job);
    Ok(head)
}

impl Track {
    /// Reads a track; `None` when it is neither picture, sound nor words for them.
    pub(super) fn read(body: &[u8], job: &mut Job<'_>) -> Result<Option<Self>, Refusal> {
        let found = boxes::all(body, Kind::Mp4)?;
        let bad = |_: ()| Kind::Mp4.damaged("a track");
        let need = |name| boxes::body(&found, name).ok_or(()).map_err(bad);
        let mdia = boxes::all(need(b"mdia")?, Kind::Mp4)?;
        let handler = boxes::body(&mdia, b"hdlr").and_then(|body| body.get(8..12));
        let handler: [u8; 4] = *handler.and_then(|h| h.first_chunk()).ok_or(()).map_err(bad)?;
        if !matches!(&handler, b"vide" | b"soun" | b"sbtl" | b"text" | b"subp" | b"clcp") {
            return Ok(None);
        }
        let mut head = need(b"tkhd")?.to_vec();
        let wide = head.first() == Some(&1);
        head.truncate(if wide { 96 } else { 84 });
        let id_at = times(&mut head, job);
        let id = head.get(id_at..).and_then(|n| n.first_chunk()).ok_or(()).map_err(bad)?;
        let id = u32::from_be_bytes(*id);
        let mut media = boxes::body(&mdia, b"mdhd").ok_or(()).map_err(bad)?.to_vec();
        media.truncate(if media.first() == Some(&1) { 36 } else { 24 });
        times(&mut media, job);
        let minf = boxes::all(boxes::body(&mdia, b"minf").ok_or(()).map_err(bad)?, Kind::Mp4)?;
        let stbl = boxes::body(&minf, b"stbl").ok_or(()).map_err(bad)?;
        let stbl = boxes::all(stbl, Kind::Mp4)?;
        here(&minf)?;
        for one in &found {
            match &one.name {
                b"udta" | b"meta" => job.removed(What::Tags, one.body.len()),
                b"tkhd" | b"mdia" | b"edts" | b"tapt" | b"tref" => {}
                _ => job.removed(What::Private, one.body.len()),
            }
        }
        let table = |name: &[u8; 4]| boxes::body(&stbl, name).ok_or(Kind::Mp4.damaged("a track"));
        let entries = Entries::read(table(b"stsd")?, handler, job)?;
        let kept = |names: &[&[u8; 4]], from: &[boxes::Found<'_>]| {
            let some = from.iter().filter(|one| names.contains(&&one.name));
            some.map(|one| (one.name, one.body.to_vec())).collect::<Vec<_>>()
        };
        let edits = boxes::body(&found, b"edts").map(|body| boxes::all(body, Kind::Mp4));
        let edits =
            edits.transpose()?.and_then(|all| boxes::body(&all, b"elst").map(<[u8]>::to_vec));
        let aperture =
            boxes::body(&found, b"tapt").map(|body| boxes::all(body, Kind::Mp4)).transpose()?;
        let aperture = aperture.map(|all| {
            let mut out = Vec::new();
            for one in all.iter().filter(|one| matches!(&one.name, b"clef" | b"prof" | b"enof")) {
                boxes::put(&mut out, &one.name, one.body.get(..12).unwrap_or_default());
            }
            out
        });
        let tables = kept(&[b"stts", b"ctts", b"stss", b"stps", b"cslg", b"sdtp"], &stbl);
        for (name, body) in &tables {
            exact(name, body)?;
        }
        let mut groups = kept(&[b"sgpd", b"sbgp"], &stbl);
        groups.retain(|(_, body)| {
            matches!(body.get(4..8), Some(b"roll" | b"rap " | b"sync" | b"prol"))
        });
        let name = boxes::body(&mdia, b"hdlr").and_then(|body| body.get(24..)).unwrap_or_default();
        job.removed_some(
            What::Encoder,
            if name.iter().all(|byte| *byte == 0) { 0 } else { name.len() },
        );
        Ok(Some(Self {
            id,
            handler,
            chapters: chapters(&found)?,
            entries,
            sizes: sizes(&stbl)?,
            chunks: chunks(&stbl)?,
            runs: runs(table(b"stsc")?)?,
            head,
            media,
            edits,
            aperture,
            minf: minf_heads(&minf),
            tables: tables.into_iter().chain(groups).collect(),
        }))
    }

    /// Languages tell tracks of one kind apart; a single one tells only where its maker lives.
    pub(super) fn languages(&mut self, several: bool, job: &mut Job<'_>) {
        let at = self.media.len().saturating_sub(4);
        let Some(place) = self.media.get_mut(at..at.saturating_add(2)) else { return };
        if several && self.handler != *b"vide" {
            job.kept(Kept::Language);
        } else if place != UND {
            job.removed(What::Tags, 2_u8);
            place.copy_from_slice(&UND);
        }
        if let Some(quality) = self.media.get_mut(at.saturating_add(2)..) {
            quality.fill(0);
        }
    }

    pub(super) fn write(&self, new: &Moved, base: u64, wide: bool) -> Vec<u8> {
        let mut stbl = boxes::made(b"stsd", &self.entries.write());
        for (name, body) in &self.tables {
            boxes::put(&mut stbl, name, body);
        }
        let mut stsc = counted(self.runs.len());
        stsc.extend(self.runs.iter().flatten().flat_map(|n| n.to_be_bytes()));
        boxes::put(&mut stbl, b"stsc", &stsc);
        let mut stsz = vec![0; 4];
        match &new.sizes {
            Sizes::Same(size, count) => {
                stsz.extend(size.to_be_bytes());
                stsz.extend(count.to_be_bytes());
            }
            Sizes::Each(sizes) => {
                stsz.extend([0; 4]);
                stsz.extend(u32::try_from(sizes.len()).unwrap_or(u32::MAX).to_be_bytes());
                stsz.extend(sizes.iter().flat_map(|n| n.to_be_bytes()));
            }
        }
        boxes::put(&mut stbl, b"stsz", &stsz);
        let mut places = counted(new.chunks.len());
        for at in &new.chunks {
            let at = base.saturating_add(*at);
            match wide {
                true => places.extend(at.to_be_bytes()),
                false => places.extend(u32::try_from(at).unwrap_or(u32::MAX).to_be_bytes()),
            }
        }
        boxes::put(&mut stbl, if wide { b"co64" } else { b"stco" }, &places);
        let mut minf = Vec::new();
        for (name, body) in &self.minf {
            boxes::put(&mut minf, name, body);
        }
        let dref = [&[0, 0, 0, 0, 0, 0, 0, 1][..], &boxes::made(b"url ", &[0, 0, 0, 1])].concat();
        boxes::put(&mut minf, b"dinf", &boxes::made(b"dref", &dref));
        boxes::put(&mut minf, b"stbl", &stbl);
        let mut hdlr = vec![0; 8];
        hdlr.extend(self.handler);
        hdlr.extend([0; 13]);
        let mut mdia = boxes::made(b"mdhd", &self.media);
        boxes::put(&mut mdia, b"hdlr", &hdlr);
        boxes::put(&mut mdia, b"minf", &minf);
        let mut trak = boxes::made(b"tkhd", &self.head);
        if let Some(aperture) = &self.aperture {
            boxes::put(&mut trak, b"tapt", aperture);
        }
        if let Some(edits) = &self.edits {
            boxes::put(&mut trak, b"edts", &boxes::made(b"elst", edits));
        }
        boxes::put(&mut trak, b"mdia", &mdia);
        trak
    }
}

fn counted(count: usize) -> Vec<u8> {
    [&[0; 4][..], &u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes()].concat()
}

/// Nothing rides behind a table's last entry.
fn exact(name: &[u8; 4], body: &[u8]) -> Result<(), Refusal> {
    let unit: u64 = match name {
        b"stts" | b"ctts" => 8,
        b"stss" | b"stps" => 4,
        _ => return Ok(()),
    };
    let count = body.get(4..8).and_then(|n| n.first_chunk()).map_or(0, |n| u32::from_be_bytes(*n));
    match unit.saturating_mul(count.into()).saturating_add(8) == body.len() as u64 {
        true => Ok(()),
        false => Err(Kind::Mp4.damaged("a table of the wrong size")),
    }
}

/// The media data must lie in this file.
fn here(minf: &[boxes::Found<'_>]) -> Result<(), Refusal> {
    let Some(dinf) = boxes::body(minf, b"dinf") else { return Ok(()) };
    for one in boxes::all(dinf, Kind::Mp4)? {
        let inner = one.body.get(8..).filter(|_| one.name == *b"dref").unwrap_or_default();
        for reference in boxes::all(inner, Kind::Mp4)? {
            if reference.body.get(3).is_none_or(|flags| flags & 1 == 0) {
                return Err(Kind::Mp4.odd("sound or picture in another file"));
            }
        }
    }
    Ok(())
}

fn minf_heads(minf: &[boxes::Found<'_>]) -> Vec<([u8; 4], Vec<u8>)> {
    let mut heads = Vec::new();
    for one in minf {
        let len = match &one.name {
            b"vmhd" => 12,
            b"smhd" => 8,
            b"nmhd" | b"sthd" => 4,
            b"gmhd" => {
                // QuickTime's words: how they are laid over the picture.
                heads.push((*b"gmhd", boxes::made(b"gmin", &[0; 16])));
                continue;
            }
            _ => continue,
        };
        let mut body = one.body.to_vec();
        body.resize(len, 0);
        heads.push((one.name, body));
    }
    heads
}

fn chapters(found: &[boxes::Found<'_>]) -> Result<Vec<u32>, Refusal> {
    let Some(tref) = boxes::body(found, b"tref") else { return Ok(Vec::new()) };
    let all = boxes::all(tref, Kind::Mp4)?;
    let chap = boxes::body(&all, b"chap").unwrap_or_default();
    Ok(chap.as_chunks::<4>().0.iter().map(|id| u32::from_be_bytes(*id)).collect())
}

fn sizes(stbl: &[boxes::Found<'_>]) -> Result<Sizes, Refusal> {
    if let Some(body) = boxes::body(stbl, b"stsz") {
        let mut reader = Reader::new(body, Kind::Mp4);
        reader.be32()?;
        let (same, count) = (reader.be32()?, reader.be32()?);
        if same != 0 {
            return Ok(Sizes::Same(same, count));
        }
        return each(reader.take32(count.saturating_mul(4))?, count);
    }
    let body = boxes::body(stbl, b"stz2").ok_or(Kind::Mp4.damaged("a track"))?;
    let mut reader = Reader::new(body, Kind::Mp4);
    reader.take(7)?;
    let (bits, count) = (reader.u8()?, reader.be32()?);
    let rest = reader.rest();
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let sizes: Vec<u32> = match bits {
        4 => rest.iter().flat_map(|b| [u32::from(b >> 4), u32::from(b & 15)]).take(count).collect(),
        8 => rest.iter().map(|b| u32::from(*b)).take(count).collect(),
        16 => rest
            .as_chunks::<2>()
            .0
            .iter()
            .map(|b| u32::from(u16::from_be_bytes(*b)))
            .take(count)
            .collect(),
        _ => return Err(Kind::Mp4.damaged("a table of sizes")),
    };
    match sizes.len() == count {
        true => Ok(Sizes::Each(sizes)),
        false => Err(Kind::Mp4.damaged("a table of sizes")),
    }
}

fn each(bytes: &[u8], count: u32) -> Result<Sizes, Refusal> {
    let sizes: Vec<u32> = bytes.as_chunks::<4>().0.iter().map(|n| u32::from_be_bytes(*n)).collect();
    match u32::try_from(sizes.len()) == Ok(count) {
        true => Ok(Sizes::Each(sizes)),
        false => Err(Kind::Mp4.damaged("a table of sizes")),
    }
}

fn chunks(stbl: &[boxes::Found<'_>]) -> Result<Vec<u64>, Refusal> {
    let (body, wide) = match (boxes::body(stbl, b"stco"), boxes::body(stbl, b"co64")) {
        (Some(body), _) => (body, false),
        (None, Some(body)) => (body, true),
        (None, None) => return Err(Kind::Mp4.damaged("a track")),
    };
    let mut reader = Reader::new(body, Kind::Mp4);
    reader.be32()?;
    let count = reader.be32()?;
    let mut places = Vec::new();
    for _ in 0..count {
        places.push(if wide { reader.be64()? } else { reader.be32()?.into() });
    }
    Ok(places)
}

fn runs(body: &[u8]) -> Result<Vec<[u32; 3]>, Refusal> {
    let mut reader = Reader::new(body, Kind::Mp4);
    reader.be32()?;
    let mut runs = Vec::new();
    for _ in 0..reader.be32()? {
        runs.push([reader.be32()?, reader.be32()?, reader.be32()?]);
    }
    Ok(runs)
}
