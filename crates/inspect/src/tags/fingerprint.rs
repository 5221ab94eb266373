//! The fingerprint by which a machine recognises a file it is to delete and report.

use std::io;

use sha1::{Digest, Sha1};

use super::chain::{Chain, TRAILER_BYTES_MAX};
use crate::source::Source;

/// Parts of a fingerprint.
pub const PARTS: usize = 10;

/// Bytes of a fingerprint in a list.
pub const FINGERPRINT_BYTES: usize = PARTS * 20;

/// A smaller file has none.
pub const FILE_BYTES_MIN: u64 = 200;

const WINDOW_BYTES: usize = 1_024;

/// Ten hashes of ten places of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([[u8; 20]; PARTS]);

impl Fingerprint {
    /// The fingerprint of a file, its trailer left out; `None` when it is too small to have one.
    ///
    /// # Errors
    /// What the storage says.
    pub fn of(file: &dyn Source) -> io::Result<Option<Self>> {
        let trailer = Chain::read(&file.tail(TRAILER_BYTES_MAX)?).map_or(0, |chain| chain.bytes);
        let size = file.size().saturating_sub(trailer);
        if size < FILE_BYTES_MIN {
            return Ok(None);
        }
        let step = size.checked_div(PARTS as u64).unwrap_or(0);
        let bytes = usize::try_from(step).map_or(WINDOW_BYTES, |step| step.min(WINDOW_BYTES));
        let mut parts = [[0; 20]; PARTS];
        for (i, part) in (0_u64..).zip(parts.iter_mut()) {
            let mut window = file.piece(step.saturating_mul(i), bytes)?;
            window.resize(WINDOW_BYTES, 0);
            *part = Sha1::digest(&window).into();
        }
        Ok(Some(Self(parts)))
    }

    /// How many of the ten parts are the same at the same place.
    #[must_use]
    pub fn alike(&self, other: &Self) -> usize {
        self.0.iter().zip(&other.0).filter(|(one, two)| one == two).count()
    }

    /// Its 200 bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut parts = [[0; 20]; PARTS];
        for (part, chunk) in parts.iter_mut().zip(bytes.chunks_exact(20)) {
            *part = chunk.try_into().ok()?;
        }
        (bytes.len() == FINGERPRINT_BYTES).then_some(Self(parts))
    }
}

/// A list of fingerprints, as somebody took it from a device.
#[derive(Clone, Debug, Default)]
pub struct Watchlist(Vec<Fingerprint>);

/// As many entries as are read of a list.
pub const ENTRIES_MAX: usize = 200_000;

impl Watchlist {
    /// Reads a list: records of 200 bytes, or lines of 400 hexadecimal digits (what follows a
    /// blank, and lines that begin with `#`, are left out). `None` when it is neither.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let entries = match Self::lines(bytes) {
            Some(entries) => entries,
            None if bytes.len().is_multiple_of(FINGERPRINT_BYTES) => bytes
                .chunks_exact(FINGERPRINT_BYTES)
                .take(ENTRIES_MAX)
                .map(Fingerprint::from_bytes)
                .collect::<Option<_>>()?,
            None => return None,
        };
        Some(Self(entries)).filter(|list| !list.0.is_empty())
    }

    fn lines(bytes: &[u8]) -> Option<Vec<Fingerprint>> {
        let text = std::str::from_utf8(bytes).ok()?;
        let told =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        told.take(ENTRIES_MAX)
            .map(|line| {
                let digits = line.split_whitespace().next()?;
                let pairs = digits.as_bytes().chunks(2).map(|pair| {
                    let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
                    u8::from_str_radix(pair, 16).ok()
                });
                Fingerprint::from_bytes(&pairs.collect::<Option<Vec<u8>>>()?)
            })
            .collect()
    }

    /// The entry that is most like a file's fingerprint: its place in the list and how many of the
    /// ten parts are the same; `None` when no part is.
    #[must_use]
    pub fn nearest(&self, of: &Fingerprint) -> Option<(usize, usize)> {
        let alike = self.0.iter().map(|entry| entry.alike(of)).enumerate();
        alike.max_by_key(|(at, alike)| (*alike, std::cmp::Reverse(*at))).filter(|best| best.1 > 0)
    }

    /// How many entries it has.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.0.len()
    }
}
