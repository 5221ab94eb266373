//! What a member needs for a call: the right to enter its room, and the base of the media keys.

use std::fmt;

use sogon_wire::Pass;
use zeroize::Zeroizing;

/// Keys of one call in one epoch; whoever is removed has none of the next.
#[derive(Clone, PartialEq, Eq)]
pub struct CallKeys {
    /// Shown to the relay.
    pub pass: Pass,
    /// The key material of every voice in the call (RFC 9605).
    pub base: Zeroizing<[u8; 32]>,
    /// Of which epoch.
    pub epoch: u64,
    /// The owner's place in the tree.
    pub leaf: u32,
}

impl fmt::Debug for CallKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallKeys(..)")
    }
}

/// What the two sides of a call go directly with, in one epoch.
#[derive(Clone, PartialEq, Eq)]
pub struct DirectCall {
    /// Known to the two of them; keys for each way come of it.
    pub secret: Zeroizing<[u8; 32]>,
    /// Of which epoch.
    pub epoch: u64,
    /// The owner is who called.
    pub called: bool,
}

impl fmt::Debug for DirectCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DirectCall(..)")
    }
}
