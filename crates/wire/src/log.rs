//! Logs: append-only lists of boxes on a relay, named by the hash of their write key.

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The place of a box in its log; the first is 1. Given by the relay, one after another.
pub type Seq = u64;

/// The public half of a log's write key (Ed25519).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicWriteKey(pub [u8; 32]);

impl PublicWriteKey {
    /// The name of the log this key writes to: the first 16 bytes of
    /// SHA-256("sogon log 1" || key) (SPEC 3.1).
    #[must_use]
    pub fn log(&self) -> LogName {
        let hash: [u8; 32] =
            Sha256::new().chain_update(b"sogon log 1").chain_update(self.0).finalize().into();
        let mut name = [0; 16];
        name.copy_from_slice(hash.first_chunk::<16>().unwrap_or(&[0; 16]));
        LogName(name)
    }
}

impl fmt::Debug for PublicWriteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicWriteKey(..)")
    }
}

/// The name of a log: random-looking, 16 bytes. Whoever knows it may read; only the holder of the
/// write key behind it may write.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogName(pub [u8; 16]);

impl fmt::Debug for LogName {
    /// The first three bytes: enough to follow one log through a test, too little to find it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "log {}", HEXLOWER.encode(self.0.first_chunk::<3>().unwrap_or(&[0; 3])))
    }
}

/// An Ed25519 signature by a log's write key over [`crate::Append::signed_bytes`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct WriteSignature(pub [u8; 64]);

impl fmt::Debug for WriteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteSignature(..)")
    }
}
