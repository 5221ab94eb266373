//! Something that can be read at any place and is never written: a file, a part of one, memory.

use std::io;

use crate::times::Times;

/// Bytes that can be read at any offset.
///
/// There is no way to write through it: whoever looks at evidence cannot change it.
pub trait Source {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Reads up to `buffer.len()` bytes from `offset` on; 0 at the end.
    ///
    /// # Errors
    /// What the storage says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// All of it, where it lies in memory anyway.
    fn memory(&self) -> Option<&[u8]> {
        None
    }

    /// When it was made, changed and opened, where that is known.
    fn times(&self) -> Times {
        Times::default()
    }

    /// The same bytes for somebody who must own what they read from; `None` where they cannot be had.
    fn owned(&self) -> Option<Owned> {
        self.memory().map(|bytes| Box::new(bytes.to_vec()) as Owned)
    }

    /// At most `bytes` bytes from `offset` on, fewer at the end.
    ///
    /// # Errors
    /// What the storage says.
    fn piece(&self, offset: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let there = self.size().saturating_sub(offset);
        let bytes = usize::try_from(there).map_or(bytes, |there| there.min(bytes));
        let mut piece = vec![0; bytes];
        let mut filled = 0;
        while let Some(rest) = piece.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let read = self.read_at(offset.saturating_add(filled as u64), rest)?;
            if read == 0 {
                break;
            }
            filled = filled.saturating_add(read);
        }
        piece.truncate(filled);
        Ok(piece)
    }

    /// The last `bytes` bytes, fewer when there are not so many.
    ///
    /// # Errors
    /// What the storage says.
    fn tail(&self, bytes: usize) -> io::Result<Vec<u8>> {
        self.piece(self.size().saturating_sub(bytes as u64), bytes)
    }
}

/// A source that is somebody's own.
pub type Owned = Box<dyn Source + Send + Sync>;

impl Source for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn memory(&self) -> Option<&[u8]> {
        Some(self)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).ok().and_then(|offset| self.get(offset..));
        let from = from.unwrap_or_default();
        let bytes = from.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..bytes), from.get(..bytes)) {
            to.copy_from_slice(from);
        }
        Ok(bytes)
    }
}

impl Source for Vec<u8> {
    fn size(&self) -> u64 {
        self.as_slice().size()
    }

    fn memory(&self) -> Option<&[u8]> {
        Some(self)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, buffer)
    }
}

#[cfg(unix)]
impl Source for std::fs::File {
    fn size(&self) -> u64 {
        self.metadata().map_or(0, |about| about.len())
    }

    fn times(&self) -> Times {
        self.metadata().map_or_else(|_| Times::default(), |about| Times::of(&about))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buffer, offset)
    }
}

/// A part of a source that owns it.
struct OwnPart {
    whole: Owned,
    start: u64,
    size: u64,
}

impl Source for OwnPart {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        Part::new(self.whole.as_ref(), self.start, self.size).read_at(offset, buffer)
    }
}

/// A part of a source, as a source.
pub struct Part<'a> {
    whole: &'a dyn Source,
    start: u64,
    size: u64,
}

impl<'a> Part<'a> {
    /// `size` bytes of `whole` from `start` on, fewer when it ends before.
    pub fn new(whole: &'a dyn Source, start: u64, size: u64) -> Self {
        let size = size.min(whole.size().saturating_sub(start));
        Self { whole, start, size }
    }
}

impl std::fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Part({}+{})", self.start, self.size)
    }
}

impl Source for Part<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let there = self.size.saturating_sub(offset);
        let bytes = usize::try_from(there).map_or(buffer.len(), |there| there.min(buffer.len()));
        let Some(buffer) = buffer.get_mut(..bytes) else { return Ok(0) };
        let Some(offset) = self.start.checked_add(offset) else { return Ok(0) };
        self.whole.read_at(offset, buffer)
    }

    fn owned(&self) -> Option<Owned> {
        let whole = self.whole.owned()?;
        Some(Box::new(OwnPart { whole, start: self.start, size: self.size }))
    }
}

/// The two ends of something that went by and is too large to keep.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    /// Its first bytes.
    pub head: Vec<u8>,
    /// Its last bytes.
    pub tail: Vec<u8>,
    /// How many there were.
    pub size: u64,
}

impl Source for Ends {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset < self.head.size() {
            return self.head.read_at(offset, buffer);
        }
        let gone = self.size.saturating_sub(self.tail.size());
        match offset.checked_sub(gone) {
            Some(offset) => self.tail.read_at(offset, buffer),
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// A source read from its beginning, for crates that want a stream.
pub struct Stream<'a> {
    source: &'a dyn Source,
    at: u64,
}

impl<'a> Stream<'a> {
    /// From the first byte on.
    pub fn new(source: &'a dyn Source) -> Self {
        Self { source, at: 0 }
    }

    /// The same from another byte on.
    #[must_use]
    pub fn from(self, at: u64) -> Self {
        Self { at, ..self }
    }
}

impl std::fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stream({})", self.at)
    }
}

impl io::Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read_at(self.at, buffer)?;
        self.at = self.at.saturating_add(read as u64);
        Ok(read)
    }
}

impl io::Seek for Stream<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let at = match to {
            io::SeekFrom::Start(at) => Some(at),
            io::SeekFrom::End(by) => self.source.size().checked_add_signed(by),
            io::SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
