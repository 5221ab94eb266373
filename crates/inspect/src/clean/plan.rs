//! The clean copy as a plan: new bytes, and stretches of the source that are copied as they are.
//! So a film of two gigabytes is cleaned in the memory of its index.

use std::io::{self, Read, Seek, SeekFrom, Write};

/// More new bytes or pieces than this is no plan any more.
const ROOM: u64 = 512 << 20;
const PIECE: u64 = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// A stretch of the new bytes.
    New { len: u64 },
    /// A stretch of the source.
    Old { at: u64, len: u64 },
}

/// What the clean copy is made of, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    new: Vec<u8>,
    pieces: Vec<Piece>,
    len: u64,
    burst: bool,
}

impl Plan {
    /// A plan of new bytes only.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        let len = bytes.len() as u64;
        Self { new: bytes, pieces: vec![Piece::New { len }], len, burst: false }
    }

    /// Whether what it ends with is new, and is this.
    pub(crate) fn ends_with(&self, bytes: &[u8]) -> bool {
        matches!(self.pieces.last(), Some(Piece::New { .. })) && self.new.ends_with(bytes)
    }

    /// How long the copy will be.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// More than memory should hold was put in: what is in it is not whole.
    pub(crate) fn burst(&self) -> bool {
        self.burst
    }

    fn room(&mut self, more: u64) -> bool {
        let pieces = (self.pieces.len() as u64).saturating_mul(PIECE);
        let used = (self.new.len() as u64).saturating_add(pieces).saturating_add(more);
        self.burst |= used > ROOM;
        !self.burst
    }

    /// New bytes.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let more = bytes.len() as u64;
        if more == 0 || !self.room(more) {
            return;
        }
        self.new.extend_from_slice(bytes);
        self.len = self.len.saturating_add(more);
        match self.pieces.last_mut() {
            Some(Piece::New { len }) => *len = len.saturating_add(more),
            _ => self.pieces.push(Piece::New { len: more }),
        }
    }

    /// A stretch of the source, as it is.
    pub(crate) fn copy(&mut self, from: u64, more: u64) {
        if more == 0 || !self.room(PIECE) {
            return;
        }
        self.len = self.len.saturating_add(more);
        match self.pieces.last_mut() {
            Some(Piece::Old { at, len }) if at.saturating_add(*len) == from => {
                *len = len.saturating_add(more);
            }
            _ => self.pieces.push(Piece::Old { at: from, len: more }),
        }
    }

    /// Another plan, whose source begins at `base` of this one's.
    pub(crate) fn join(&mut self, other: &Plan, base: u64) {
        let mut new = other.new.as_slice();
        for piece in &other.pieces {
            match *piece {
                Piece::New { len } => {
                    let cut = usize::try_from(len).unwrap_or(usize::MAX).min(new.len());
                    let (now, later) = new.split_at(cut);
                    self.put(now);
                    new = later;
                }
                Piece::Old { at, len } => self.copy(base.saturating_add(at), len),
            }
        }
        self.burst |= other.burst;
    }

    /// Carries the plan out.
    ///
    /// # Errors
    /// When the source cannot be read or the copy cannot be written.
    pub(crate) fn write(
        &self,
        source: &mut (impl Read + Seek + ?Sized),
        out: &mut (impl Write + ?Sized),
    ) -> io::Result<()> {
        let mut new = self.new.as_slice();
        let mut block = vec![0; 1 << 18];
        for piece in &self.pieces {
            match *piece {
                Piece::New { len } => {
                    let cut = usize::try_from(len).unwrap_or(usize::MAX).min(new.len());
                    let (now, later) = new.split_at(cut);
                    out.write_all(now)?;
                    new = later;
                }
                Piece::Old { at, len } => {
                    source.seek(SeekFrom::Start(at))?;
                    let mut left = len;
                    while left > 0 {
                        let some = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
                        let part = block.get_mut(..some).unwrap_or_default();
                        source.read_exact(part)?;
                        out.write_all(part)?;
                        left = left.saturating_sub(some as u64);
                    }
                }
            }
        }
        Ok(())
    }

    /// The copy as bytes, from a source in memory.
    pub(crate) fn bytes(&self, source: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(usize::try_from(self.len).unwrap_or(0).min(1 << 28));
        self.write(&mut io::Cursor::new(source), &mut out)?;
        Ok(out)
    }
}

impl Plan {
    /// Whether carrying the plan out would give its source again, byte for byte.
    pub(crate) fn same(
        &self,
        view: &mut crate::clean::View<'_>,
    ) -> Result<bool, crate::clean::Refusal> {
        if self.burst || self.len != view.len() {
            return Ok(false);
        }
        let mut new = self.new.as_slice();
        let mut here = 0_u64;
        for piece in &self.pieces {
            let len = match *piece {
                Piece::Old { at, .. } if at != here => return Ok(false),
                Piece::Old { len, .. } => len,
                Piece::New { len } => {
                    let cut = usize::try_from(len).unwrap_or(usize::MAX).min(new.len());
                    let (mut now, later) = new.split_at(cut);
                    new = later;
                    let mut same = true;
                    view.each(here, len, |some| {
                        let (head, rest) = now.split_at(some.len().min(now.len()));
                        same &= head == some;
                        now = rest;
                    })?;
                    if !same {
                        return Ok(false);
                    }
                    len
                }
            };
            here = here.saturating_add(len);
        }
        Ok(true)
    }
}

impl Plan {
    /// Hands the copy on in stretches.
    pub(crate) fn each(
        &self,
        view: &mut crate::clean::View<'_>,
        mut taker: impl FnMut(&[u8]),
    ) -> Result<(), crate::clean::Refusal> {
        let mut new = self.new.as_slice();
        for piece in &self.pieces {
            match *piece {
                Piece::Old { at, len } => view.each(at, len, &mut taker)?,
                Piece::New { len } => {
                    let cut = usize::try_from(len).unwrap_or(usize::MAX).min(new.len());
                    let (now, later) = new.split_at(cut);
                    taker(now);
                    new = later;
                }
            }
        }
        Ok(())
    }
}

impl Plan {
    /// The same plan with single bytes of its source changed: `patches` are places and new bytes,
    /// sorted by place.
    pub(crate) fn patched(&self, patches: &[(u64, u8)]) -> Plan {
        let mut out = Plan { burst: self.burst, ..Plan::default() };
        let mut new = self.new.as_slice();
        for piece in &self.pieces {
            match *piece {
                Piece::New { len } => {
                    let cut = usize::try_from(len).unwrap_or(usize::MAX).min(new.len());
                    let (now, later) = new.split_at(cut);
                    out.put(now);
                    new = later;
                }
                Piece::Old { at, len } => {
                    let end = at.saturating_add(len);
                    let first = patches.partition_point(|(place, _)| *place < at);
                    let mut from = at;
                    for (place, byte) in patches.iter().skip(first).take_while(|(p, _)| *p < end) {
                        out.copy(from, place.saturating_sub(from));
                        out.put(&[*byte]);
                        from = place.saturating_add(1);
                    }
                    out.copy(from, end.saturating_sub(from));
                }
            }
        }
        out
    }
}
