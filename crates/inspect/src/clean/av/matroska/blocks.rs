//! Clusters and their blocks.

use super::{
    CLUSTER, Element,
    ebml::{self, number},
    tracks::Track,
};
use crate::clean::{Job, Kind, Plan, Refusal, View, What, av::coded::Coding, reader::Reader};

/// Ids that can follow a cluster without a length.
const UPPER: [u32; 7] =
    [CLUSTER, super::CUES, 0x1254_C367, 0x1043_A770, 0x1941_A469, 0x1654_AE6B, 0x1549_A966];

#[derive(Debug)]
pub(super) struct Cluster {
    time: u64,
    blocks: Plan,
    /// The first block that stands alone, of each track.
    keys: Vec<(u64, i16)>,
    /// Where sound lies whose coder signs between frames: track, place, length.
    pub(super) sound: Vec<(u64, u64, u64)>,
}

impl Cluster {
    /// Reads a cluster; gives where the next thing begins.
    pub(super) fn read(
        view: &mut View<'_>,
        own: Element,
        tracks: &[Track],
        job: &mut Job<'_>,
    ) -> Result<(Self, u64), Refusal> {
        let mut cluster =
            Self { time: 0, blocks: Plan::default(), keys: Vec::new(), sound: Vec::new() };
        let mut at = own.body_at;
        while at < own.end() {
            let one = ebml::element(view, at, own.end())?;
            if own.unknown && UPPER.contains(&one.id) {
                break;
            }
            if one.unknown {
                return Err(Kind::Matroska.damaged("a part without an end"));
            }
            match one.id {
                0xE7 => cluster.time = number(&view.bytes(one.body_at, one.body_len.min(8))?),
                0xA3 => cluster.block(view, one, tracks, true, job)?,
                0xA0 => cluster.group(view, one, tracks, job)?,
                0xEC | 0xBF => job.removed(What::Padding, one.body_len),
                // Where it lies, and how long the one before was: true of the old file only.
                0xA7 | 0xAB => {}
                0xAF => return Err(Refusal::Encrypted { kind: Kind::Matroska }),
                _ => job.removed(What::Private, one.body_len),
            }
            at = one.end();
        }
        Ok((cluster, at))
    }

    fn group(
        &mut self,
        view: &mut View<'_>,
        own: Element,
        tracks: &[Track],
        job: &mut Job<'_>,
    ) -> Result<(), Refusal> {
        let mut inner =
            Self { time: self.time, blocks: Plan::default(), keys: Vec::new(), sound: Vec::new() };
        let mut after = Plan::default();
        let mut refers = false;
        let mut at = own.body_at;
        while at < own.end() {
            let one = ebml::element(view, at, own.end())?;
            match one.id {
                0xA1 => inner.block(view, one, tracks, false, job)?,
                0x9B | 0xFB | 0x75A2 | 0xFA | 0xA4 if one.body_len <= 8 => {
                    refers |= one.id == 0xFB;
                    after.put(&ebml::head(one.id, one.body_len));
                    after.copy(one.body_at, one.body_len);
                }
                0x75A1 => additions(view, one, &mut after, job)?,
                0xEC | 0xBF => job.removed(What::Padding, one.body_len),
                _ => job.removed(What::Private, one.body_len),
            }
            at = one.end();
        }
        if inner.blocks.len() == 0 {
            return Ok(());
        }
        self.sound.append(&mut inner.sound);
        if !refers {
            for key in inner.keys {
                self.key(key);
            }
        }
        let len = inner.blocks.len().saturating_add(after.len());
        self.blocks.put(&ebml::head(0xA0, len));
        self.blocks.join(&inner.blocks, 0);
        self.blocks.join(&after, 0);
        Ok(())
    }

    fn key(&mut self, key: (u64, i16)) {
        if !self.keys.iter().any(|(track, _)| *track == key.0) {
            self.keys.push(key);
        }
    }

    fn block(
        &mut self,
        view: &mut View<'_>,
        one: Element,
        tracks: &[Track],
        simple: bool,
        job: &mut Job<'_>,
    ) -> Result<(), Refusal> {
        let bad = || Kind::Matroska.damaged("a block");
        let head = view.bytes(one.body_at, one.body_len.min(12))?;
        let mut reader = Reader::new(&head, Kind::Matroska);
        let number = ebml::length(&mut reader)?.ok_or_else(bad)?;
        let time = i16::from_be_bytes(reader.array()?);
        let flags = reader.u8()?;
        let skip = reader.at() as u64;
        let track = tracks.iter().find(|track| track.number == number).ok_or_else(bad)?;
        if track.left_out {
            job.removed(What::Track, one.body_len);
            return Ok(());
        }
        if !simple || flags & 0x80 != 0 {
            self.key((number, time));
        }
        let laced = flags & 6 != 0;
        let body_at = one.body_at.saturating_add(skip);
        let body_len = one.body_len.saturating_sub(skip);
        let id = if simple { 0xA3 } else { 0xA1 };
        if laced && track.coding != Coding::Other {
            let bytes = view.bytes(body_at, body_len)?;
            return self.laced(id, one, skip, bytes, flags, track, job);
        }
        if track.coding == Coding::Mp3 {
            self.sound.push((number, body_at, body_len));
        }
        let fresh = match track.coding.plain() {
            true => None,
            false => track.coding.sample(&view.bytes(body_at, body_len)?, Kind::Matroska)?,
        };
        match fresh {
            None => {
                self.blocks.put(&ebml::head(id, one.body_len));
                self.blocks.copy(one.body_at, one.body_len);
            }
            Some(fresh) => {
                job.removed(What::Encoder, body_len.saturating_sub(fresh.len() as u64));
                let len = skip.saturating_add(fresh.len() as u64);
                self.blocks.put(&ebml::head(id, len));
                self.blocks.copy(one.body_at, skip);
                self.blocks.put(&fresh);
            }
        }
        Ok(())
    }

    /// A block of several frames, each cleaned in its place.
    #[allow(clippy::too_many_arguments, reason = "all of one block")]
    fn laced(
        &mut self,
        id: u32,
        one: Element,
        skip: u64,
        mut bytes: Vec<u8>,
        flags: u8,
        track: &Track,
        job: &mut Job<'_>,
    ) -> Result<(), Refusal> {
        let bad = || Kind::Matroska.damaged("a block");
        let body_at = one.body_at.saturating_add(skip);
        let mut changed = false;
        for (from, len) in laces(&bytes, flags)? {
            if track.coding == Coding::Mp3 {
                self.sound.push((track.number, body_at.saturating_add(from as u64), len as u64));
                continue;
            }
            let frame = bytes.get_mut(from..from.saturating_add(len)).ok_or_else(bad)?;
            match track.coding.sample(frame, Kind::Matroska)? {
                Some(fresh) if fresh.len() == len => {
                    frame.copy_from_slice(&fresh);
                    changed = true;
                }
                Some(_) => return Err(Kind::Matroska.odd("several pictures in one block")),
                None => {}
            }
        }
        self.blocks.put(&ebml::head(id, one.body_len));
        if changed {
            job.removed(What::Encoder, 1_u8);
            self.blocks.copy(one.body_at, skip);
            self.blocks.put(&bytes);
        } else {
            self.blocks.copy(one.body_at, one.body_len);
        }
        Ok(())
    }

    /// When the first block of `track` that stands alone is shown.
    pub(super) fn key_time(&self, track: u64) -> Option<u64> {
        let (_, time) = self.keys.iter().find(|(own, _)| *own == track)?;
        self.time.checked_add_signed((*time).into())
    }

    pub(super) fn write(&self, out: &mut Plan) {
        let mut time = Vec::new();
        ebml::put_number(&mut time, 0xE7, self.time);
        out.put(&ebml::head(CLUSTER, self.blocks.len().saturating_add(time.len() as u64)));
        out.put(&time);
        out.join(&self.blocks, 0);
    }
}

/// Where the frames of a laced block lie in it (RFC 9559, 10.3).
fn laces(bytes: &[u8], flags: u8) -> Result<Vec<(usize, usize)>, Refusal> {
    let bad = || Kind::Matroska.damaged("a block");
    let mut reader = Reader::new(bytes, Kind::Matroska);
    let count = usize::from(reader.u8()?).saturating_add(1);
    let mut lens: Vec<usize> = Vec::new();
    match flags & 6 {
        2 => {
            for _ in 1..count {
                let mut len = 0_usize;
                loop {
                    let byte = reader.u8()?;
                    len = len.saturating_add(byte.into());
                    if byte < 255 {
                        break;
                    }
                }
                lens.push(len);
            }
        }
        6 => {
            let mut len = 0_i64;
            for n in 1..count {
                let before = reader.at();
                let value = ebml::length(&mut reader)?.ok_or_else(bad)?.cast_signed();
                let bits = reader.at().saturating_sub(before).saturating_mul(7).saturating_sub(1);
                // The first is a length, the others are differences, around the middle of their range.
                let middle = (1_i64 << bits).saturating_sub(1);
                len = if n == 1 { value } else { len.saturating_add(value.saturating_sub(middle)) };
                lens.push(usize::try_from(len).map_err(|_| bad())?);
            }
        }
        _ => {
            let each = reader.left().checked_div(count).unwrap_or(0);
            lens.resize(count.saturating_sub(1), each);
        }
    }
    let mut at = reader.at();
    let mut found = Vec::new();
    for len in lens {
        reader.take(len)?;
        found.push((at, len));
        at = at.saturating_add(len);
    }
    found.push((at, reader.left()));
    Ok(found)
}

/// A second layer of a picture: transparency (id 1) stays, other things go.
fn additions(
    view: &mut View<'_>,
    own: Element,
    out: &mut Plan,
    job: &mut Job<'_>,
) -> Result<(), Refusal> {
    let bytes = view.bytes(own.body_at, own.body_len)?;
    let mut kept = Vec::new();
    for (id, body) in ebml::all(&bytes)? {
        let inner = if id == 0xA6 { ebml::all(body)? } else { Vec::new() };
        let name = inner.iter().find(|(id, _)| *id == 0xEE).map_or(1, |(_, body)| number(body));
        match inner.iter().find(|(id, _)| *id == 0xA5) {
            Some((_, data)) if name == 1 => {
                let mut one = Vec::new();
                ebml::put_number(&mut one, 0xEE, 1);
                ebml::put(&mut one, 0xA5, data);
                ebml::put(&mut kept, 0xA6, &one);
            }
            _ => job.removed(What::Private, body.len()),
        }
    }
    if !kept.is_empty() {
        out.put(&ebml::made(0x75A1, &kept));
    }
    Ok(())
}
