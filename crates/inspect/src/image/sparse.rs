//! Android sparse images (AOSP, `libsparse/sparse_format.h`), read as if they were unpacked.

use std::io;

use crate::{
    numbers::{array, index, u16_le, u32_le},
    source::{Owned, Source},
};

/// As many chunks are read.
const CHUNKS_MAX: u32 = 4_000_000;

#[derive(Clone, Copy)]
enum Chunk {
    Raw(u64),
    Fill([u8; 4]),
    Hole,
}

/// The image unpacked.
pub(super) struct Raw<'a> {
    packed: &'a dyn Source,
    /// Start in the unpacked image, size, what it is; by start.
    chunks: Vec<(u64, u64, Chunk)>,
    size: u64,
}

impl<'a> Raw<'a> {
    pub(super) fn read(packed: &'a dyn Source) -> Option<Self> {
        let head = packed.piece(0, 28).ok()?;
        let head_bytes = u64::from(u16_le(&head, 8)?);
        let chunk_head_bytes = u64::from(u16_le(&head, 10)?).max(12);
        let block = u64::from(u32_le(&head, 12)?);
        let count = u32_le(&head, 20)?.min(CHUNKS_MAX);
        let mut chunks = Vec::new();
        let (mut at, mut start) = (head_bytes, 0_u64);
        for _ in 0..index(count) {
            let chunk = packed.piece(at, 16).ok()?;
            let kind = u16_le(&chunk, 0)?;
            let size = u64::from(u32_le(&chunk, 4)?).checked_mul(block)?;
            let total = u64::from(u32_le(&chunk, 8)?);
            let data = at.checked_add(chunk_head_bytes)?;
            let content = match kind {
                0xCAC1 => Some(Chunk::Raw(data)),
                0xCAC2 => Some(Chunk::Fill(array(&chunk, 12)?)),
                0xCAC3 => Some(Chunk::Hole),
                _ => None,
            };
            if let Some(content) = content {
                chunks.push((start, size, content));
                start = start.checked_add(size)?;
            }
            if total < chunk_head_bytes {
                return None;
            }
            at = at.checked_add(total)?;
        }
        Some(Self { packed, chunks, size: start })
    }
}

impl Source for Raw<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        spread(self.packed, &self.chunks, offset, buffer)
    }

    fn owned(&self) -> Option<Owned> {
        let packed = self.packed.owned()?;
        Some(Box::new(OwnRaw { packed, chunks: self.chunks.clone(), size: self.size }))
    }
}

/// The same, owning what it reads from.
struct OwnRaw {
    packed: Owned,
    chunks: Vec<(u64, u64, Chunk)>,
    size: u64,
}

impl Source for OwnRaw {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        spread(self.packed.as_ref(), &self.chunks, offset, buffer)
    }
}

/// Reads from the chunk that holds `offset`.
fn spread(
    packed: &dyn Source,
    chunks: &[(u64, u64, Chunk)],
    offset: u64,
    buffer: &mut [u8],
) -> io::Result<usize> {
    let behind = chunks.partition_point(|(start, _, _)| *start <= offset);
    let chunk = behind.checked_sub(1).and_then(|at| chunks.get(at));
    let Some((start, size, content)) = chunk else { return Ok(0) };
    let into = offset.saturating_sub(*start);
    let left = usize::try_from(size.saturating_sub(into)).unwrap_or(usize::MAX);
    let bytes = left.min(buffer.len());
    let Some(buffer) = buffer.get_mut(..bytes) else { return Ok(0) };
    match content {
        Chunk::Raw(at) => packed.read_at(at.saturating_add(into), buffer),
        Chunk::Hole => {
            buffer.fill(0);
            Ok(bytes)
        }
        Chunk::Fill(pattern) => {
            for (byte, at) in buffer.iter_mut().zip(into..) {
                let place = usize::try_from(at & 3).unwrap_or(0);
                *byte = pattern.get(place).copied().unwrap_or(0);
            }
            Ok(bytes)
        }
    }
}
