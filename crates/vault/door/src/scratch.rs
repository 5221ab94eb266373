//! Journals and temporary files: bytes in memory, zeroed when they go.

use zeroize::Zeroize;

/// The largest scratch file; beyond it SQLite is told that there is no room.
const BYTES_MAX: usize = 256 * 1024 * 1024;

/// A file that never reaches a disk.
#[derive(Default)]
pub(crate) struct Scratch(Vec<u8>);

impl Scratch {
    pub(crate) fn read(&self, offset: u64, buf: &mut [u8]) -> usize {
        let tail = usize::try_from(offset).ok().and_then(|at| self.0.get(at..)).unwrap_or(&[]);
        let count = tail.len().min(buf.len());
        for (to, from) in buf.iter_mut().zip(tail) {
            *to = *from;
        }
        count
    }

    /// `None` when the file would grow too large.
    pub(crate) fn write(&mut self, offset: u64, bytes: &[u8]) -> Option<()> {
        let start = usize::try_from(offset).ok()?;
        let end = start.checked_add(bytes.len()).filter(|end| *end <= BYTES_MAX)?;
        if end > self.0.capacity() {
            self.move_to(end.checked_next_power_of_two()?);
        }
        if end > self.0.len() {
            self.0.resize(end, 0);
        }
        self.0.get_mut(start..end)?.copy_from_slice(bytes);
        Some(())
    }

    /// Growing by hand: `Vec` would leave the old bytes behind in freed memory.
    fn move_to(&mut self, capacity: usize) {
        let mut larger = Vec::with_capacity(capacity);
        larger.extend_from_slice(&self.0);
        self.0.zeroize();
        self.0 = larger;
    }

    pub(crate) fn truncate(&mut self, size: u64) {
        let keep = usize::try_from(size).unwrap_or(usize::MAX);
        if let Some(tail) = self.0.get_mut(keep..) {
            tail.zeroize();
        }
        self.0.truncate(keep);
    }

    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_file_keeps_what_was_written_and_forgets_what_was_cut() {
        let mut file = Scratch::default();
        file.write(3, b"abc").unwrap();
        let mut buf = [9; 8];
        assert_eq!(file.read(0, &mut buf), 6);
        assert_eq!(&buf[..6], b"\0\0\0abc");
        file.truncate(4);
        assert_eq!(file.size(), 4);
        file.write(6, b"z").unwrap();
        assert_eq!(file.read(0, &mut buf), 7);
        assert_eq!(&buf[..7], b"\0\0\0a\0\0z");
        assert!(file.write(u64::MAX, b"x").is_none());
    }
}
