//! A file: a log of its own, into which its sender alone can write, and a key that opens its pieces
//! (SPEC 5.7).
//!
//! Members are given the log's name and the piece key, and not the write key: nobody but the sender
//! can put a piece in the place of another. A piece is sealed the same way every time, so that one
//! sent again after a crash is the same box, and a relay that has it stores nothing new.

use std::fmt;

use sogon_wire::{LogName, STEPS, SealedBox};
use zeroize::Zeroizing;

use crate::{
    Entropy, Posting, SealError,
    entropy::random,
    envelope::{ENVELOPE_BYTES, EnvelopeKey, Kind, NONCE_BYTES},
    keys::{LogKeys, expand},
};

/// What a piece has before its bytes: its place in the file.
const INDEX_BYTES: usize = 4;
/// What a box has beside the bytes of a file.
pub const PIECE_OVERHEAD_BYTES: usize = ENVELOPE_BYTES + INDEX_BYTES;

/// How many bytes of a file fill a box of this step; `None` for a step pieces do not have.
#[must_use]
pub fn piece_bytes(step: u8) -> Option<usize> {
    let step = STEPS.get(usize::from(step)).filter(|_| PIECE_STEPS.contains(&step))?;
    step.checked_sub(PIECE_OVERHEAD_BYTES)
}

/// The steps of whole pieces: 16,384 and 65,536 bytes. The last piece is in the smallest that holds
/// it.
pub const PIECE_STEPS: [u8; 2] = [6, 7];

/// What the sender of a file has.
pub struct FileKeys {
    secret: Zeroizing<[u8; 32]>,
    log: LogKeys,
}

impl FileKeys {
    /// Keys of a new file.
    ///
    /// # Errors
    /// [`SealError::Bug`] when a library fails.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, SealError> {
        Self::from_secret(random(entropy))
    }

    /// The keys that follow from a file's secret.
    ///
    /// # Errors
    /// [`SealError::Bug`] when a library fails.
    pub fn from_secret(secret: [u8; 32]) -> Result<Self, SealError> {
        let log = LogKeys::derive(&secret, b"sogon file", &[])?;
        Ok(Self { secret: Zeroizing::new(secret), log })
    }

    /// The secret, to be stored in a home.
    #[must_use]
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// The log the pieces are in.
    #[must_use]
    pub fn log(&self) -> LogName {
        self.log.log()
    }

    /// What opens the pieces: 32 bytes for those who may read the file.
    #[must_use]
    pub fn key(&self) -> &[u8; 32] {
        self.log.envelope().bytes()
    }

    /// Seals a piece. The same piece gives the same box: a place must never be sealed with other
    /// bytes.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] when it fits no box.
    pub fn seal(&self, index: u32, bytes: &[u8]) -> Result<Posting, SealError> {
        let envelope = self.log.envelope();
        let label = [b"sogon file nonce ".as_slice(), &index.to_be_bytes()].concat();
        let nonce = expand(envelope.bytes(), &label)?;
        let nonce: &[u8; NONCE_BYTES] = nonce.first_chunk().ok_or(SealError::Bug)?;
        let payload = Zeroizing::new([&index.to_be_bytes(), bytes].concat());
        let boxed = envelope.seal_with(*nonce, Kind::Piece, &payload)?;
        Ok(self.log.sign(boxed))
    }
}

impl fmt::Debug for FileKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKeys(..)")
    }
}

/// A piece of a file, opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its place in the file, from 0.
    pub index: u32,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Piece({})", self.index)
    }
}

impl Piece {
    /// Opens a box of a file's log with the key its sender gave.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] for anything else than a piece.
    pub fn open(key: &[u8; 32], boxed: &SealedBox) -> Result<Self, SealError> {
        let (kind, payload) = EnvelopeKey::new(*key).open(boxed)?;
        let (index, bytes) =
            payload.split_first_chunk::<INDEX_BYTES>().ok_or(SealError::Unopenable)?;
        match kind {
            Kind::Piece => Ok(Self { index: u32::from_be_bytes(*index), bytes: bytes.to_vec() }),
            _ => Err(SealError::Unopenable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_sealed_again_is_the_same_box_and_opens_as_it_was() {
        let keys = FileKeys::from_secret([6; 32]).unwrap();
        let whole = piece_bytes(7).unwrap();
        for (index, length) in [(0, 0), (1, 1), (2, 316), (3, 317), (9, whole), (65_000, 9)] {
            let bytes = vec![7; length];
            let posting = keys.seal(index, &bytes).unwrap();
            assert_eq!(keys.seal(index, &bytes).unwrap(), posting);
            assert_eq!(posting.log(), keys.log());
            let piece = Piece::open(keys.key(), posting.boxed()).unwrap();
            assert_eq!(piece, Piece { index, bytes });
            assert_eq!(Posting::restore(&posting.to_bytes()), Ok(posting));
        }
        assert_eq!(keys.seal(0, &vec![7; whole + 1]), Err(SealError::TooLarge));
        let nonce = |index| keys.seal(index, b"x").unwrap().boxed().as_bytes()[..12].to_vec();
        assert_ne!(nonce(0), nonce(1));
    }

    #[test]
    fn nothing_but_a_piece_of_the_file_opens() {
        let keys = FileKeys::from_secret([6; 32]).unwrap();
        let boxed = keys.seal(4, b"of the file").unwrap().boxed().clone();
        assert_eq!(Piece::open(&[1; 32], &boxed), Err(SealError::Unopenable));
        for place in 0..boxed.as_bytes().len() {
            let mut bytes = boxed.as_bytes().to_vec();
            bytes[place] ^= 1;
            let changed = SealedBox::parse(&bytes).unwrap();
            assert_eq!(Piece::open(keys.key(), &changed), Err(SealError::Unopenable));
        }
        let other = keys.log.post_package(&Zero, b"four and more").unwrap();
        assert_eq!(Piece::open(keys.key(), other.boxed()), Err(SealError::Unopenable));
    }

    struct Zero;

    impl Entropy for Zero {
        fn fill(&self, out: &mut [u8]) {
            out.fill(0);
        }
    }
}
