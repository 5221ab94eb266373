//! The file that is cleaned, read in windows: never more of it in memory than a cleaner asks for.

use std::io::{Read, Seek, SeekFrom};

use crate::clean::{Kind, Refusal};

/// Something that can be read at any place: a file, or bytes in memory.
pub trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

/// More than this is never asked for at once.
pub(crate) const BYTES_MAX: u64 = 256 << 20;
const BLOCK: u64 = 64 << 10;

/// A stretch of a source, with addresses of its own.
pub(crate) struct View<'a> {
    source: &'a mut dyn Source,
    base: u64,
    len: u64,
    block: Vec<u8>,
    block_at: u64,
    kind: Kind,
}

impl<'a> View<'a> {
    /// All of a source.
    pub(crate) fn whole(source: &'a mut dyn Source) -> Result<Self, Refusal> {
        let len = source.seek(SeekFrom::End(0))?;
        Ok(Self { source, base: 0, len, block: Vec::new(), block_at: 0, kind: Kind::Text })
    }

    /// A part of this one.
    pub(crate) fn part(&mut self, at: u64, len: u64) -> Result<View<'_>, Refusal> {
        let end = at.checked_add(len).filter(|end| *end <= self.len);
        end.ok_or_else(|| self.short())?;
        Ok(View {
            source: &mut *self.source,
            base: self.base.saturating_add(at),
            len,
            block: Vec::new(),
            block_at: 0,
            kind: self.kind,
        })
    }

    /// Whose rules a read beyond the end breaks.
    pub(crate) fn of(&mut self, kind: Kind) {
        self.kind = kind;
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    fn short(&self) -> Refusal {
        self.kind.damaged("it ends too early")
    }

    fn fetch(&mut self, at: u64, into: &mut [u8]) -> Result<(), Refusal> {
        let place = self.base.checked_add(at).ok_or_else(|| self.short())?;
        self.source.seek(SeekFrom::Start(place))?;
        self.source.read_exact(into)?;
        Ok(())
    }

    /// `len` bytes from `at`.
    pub(crate) fn bytes(&mut self, at: u64, len: u64) -> Result<Vec<u8>, Refusal> {
        if at.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(self.short());
        }
        if len > BYTES_MAX {
            return Err(self.kind.large("one part of it"));
        }
        let size = usize::try_from(len).map_err(|_| self.short())?;
        if len > 0 && len <= BLOCK / 4 {
            // Small things stand close together: what one read brings serves many.
            if let Some(found) = self.window(at)?.get(..size) {
                return Ok(found.to_vec());
            }
        }
        let mut bytes = vec![0; size];
        self.fetch(at, &mut bytes)?;
        Ok(bytes)
    }

    /// All of it, when it is not larger than memory should hold.
    pub(crate) fn all(&mut self) -> Result<Vec<u8>, Refusal> {
        self.bytes(0, self.len)
    }

    /// What a buffer holds from `at` on: at least one byte, at most a block.
    pub(crate) fn window(&mut self, at: u64) -> Result<&[u8], Refusal> {
        let held = at.checked_sub(self.block_at).and_then(|skip| usize::try_from(skip).ok());
        let skip = match held.filter(|skip| *skip < self.block.len()) {
            Some(skip) => skip,
            None => {
                let rest = self.len.checked_sub(at).filter(|rest| *rest > 0);
                let rest = rest.ok_or_else(|| self.short())?.min(BLOCK);
                let mut block = std::mem::take(&mut self.block);
                block.resize(usize::try_from(rest).map_err(|_| self.short())?, 0);
                self.fetch(at, &mut block)?;
                self.block = block;
                self.block_at = at;
                0
            }
        };
        self.block.get(skip..).ok_or(Refusal::Unknown)
    }

    /// `N` bytes from `at`.
    pub(crate) fn array<const N: usize>(&mut self, at: u64) -> Result<[u8; N], Refusal> {
        if let Some(found) = self.window(at)?.first_chunk::<N>() {
            return Ok(*found);
        }
        let bytes = self.bytes(at, N as u64)?;
        bytes.first_chunk::<N>().copied().ok_or_else(|| self.short())
    }

    pub(crate) fn be32(&mut self, at: u64) -> Result<u32, Refusal> {
        Ok(u32::from_be_bytes(self.array(at)?))
    }

    pub(crate) fn le32(&mut self, at: u64) -> Result<u32, Refusal> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    /// The place of `N` bytes in the source.
    pub(crate) fn starts(&mut self, at: u64, what: &[u8]) -> bool {
        let end = at.checked_add(what.len() as u64);
        end.is_some_and(|end| end <= self.len)
            && self.bytes(at, what.len() as u64).is_ok_and(|found| found == what)
    }

    /// Hands stretches of `at..at+len` on, one after the other.
    pub(crate) fn each(
        &mut self,
        at: u64,
        len: u64,
        mut taker: impl FnMut(&[u8]),
    ) -> Result<(), Refusal> {
        let mut at = at;
        let mut left = len;
        while left > 0 {
            let window = self.window(at)?;
            let some = window.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(window);
            taker(some);
            let taken = some.len() as u64;
            at = at.saturating_add(taken);
            left = left.saturating_sub(taken);
        }
        Ok(())
    }
}
