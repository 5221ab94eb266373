//! The signed profile at the end of a file: an RSA blob, its length, and eight letters.

use crate::numbers::{index, u32_le};

/// The letters, for all files and for office files.
const MARKS: [&[u8]; 2] = [b"wwwwwwww", b"wwwwvwww"];

/// An RSA blob has a key's length: 256 to 4,096 bits and a little head room.
const BLOB_BYTES: std::ops::RangeInclusive<usize> = 32..=1_024;

/// The most a profile has.
pub const PROFILE_BYTES_MAX: usize = 1_024 + 12;

/// A profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Bytes from the blob to the end of the file.
    pub bytes: u64,
    /// It is the one for office files.
    pub office: bool,
}

impl Profile {
    /// Reads the profile at the end of `tail`, the last [`PROFILE_BYTES_MAX`] bytes of a file.
    #[must_use]
    pub fn read(tail: &[u8]) -> Option<Self> {
        let mark = MARKS.iter().position(|mark| tail.ends_with(mark))?;
        let at = tail.len().checked_sub(12)?;
        let blob = index(u32_le(tail, at)?);
        let holds = BLOB_BYTES.contains(&blob) && blob <= at;
        let bytes = blob.checked_add(12)? as u64;
        holds.then_some(Self { bytes, office: mark == 1 })
    }
}
