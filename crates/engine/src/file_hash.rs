//! The hash of a file: over the hashes of its pieces, so that no more than one piece is ever needed.

use std::fmt;

use sha2::{Digest, Sha256};

/// The hash of a piece (SPEC 5.7).
pub(crate) fn piece_hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(b"sogon piece 1").chain_update(bytes).finalize().into()
}

/// Takes the pieces of a file in their order and gives its hash (SPEC 5.7).
#[derive(Clone)]
pub struct FileHash(Sha256);

impl FileHash {
    /// Of no piece yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Sha256::new().chain_update(b"sogon file 1"))
    }

    /// The next piece.
    pub fn add(&mut self, bytes: &[u8]) {
        self.add_hash(&piece_hash(bytes));
    }

    /// The next piece, of which only the hash is here.
    pub(crate) fn add_hash(&mut self, hash: &[u8]) {
        self.0.update(hash);
    }

    /// The hash of the file.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

impl Default for FileHash {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileHash(..)")
    }
}
