//! What a carrier wants to know again the next time.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use sogon_wire::RelayAddr;
use zeroize::Zeroizing;

/// Where a carrier leaves bytes for its next start, one piece per relay: session tickets, which
/// are secrets, and how long the way is. The program keeps them in the sealed home.
///
/// The bytes are at most a few kilobytes. Losing them, or giving back old ones, costs time and
/// bytes and nothing else.
pub trait Memory: Send + Sync + 'static {
    /// What was last left for this relay.
    fn recall(&self, relay: &RelayAddr) -> Option<Zeroizing<Vec<u8>>>;

    /// Leaves these bytes in place of the last. Called from the carrier's tasks, where it must not
    /// wait for long.
    fn leave(&self, relay: &RelayAddr, bytes: &[u8]);
}

/// A memory that ends with the process.
#[derive(Default)]
pub struct Forgetful(Mutex<BTreeMap<RelayAddr, Zeroizing<Vec<u8>>>>);

impl Memory for Forgetful {
    fn recall(&self, relay: &RelayAddr) -> Option<Zeroizing<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(relay).cloned()
    }

    fn leave(&self, relay: &RelayAddr, bytes: &[u8]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(relay.clone(), Zeroizing::new(bytes.to_vec()));
    }
}

impl fmt::Debug for Forgetful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forgetful(..)")
    }
}
