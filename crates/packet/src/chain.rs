//! From one secret to the keys of many visits, forward only.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The label under which both ends take the first secret from a TLS session, without a context
/// (RFC 8446, 7.5).
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-sogon-packets-1";
/// The bytes of a chain as it is kept.
pub const CHAIN_BYTES: usize = 32;

/// By which a relay finds the keys of a packet: random to everybody else, another for each visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketId(pub [u8; 8]);

/// One step of a chain: enough to come to every later one, and to no earlier one.
#[derive(Clone, PartialEq, Eq)]
pub struct Chain(Zeroizing<[u8; CHAIN_BYTES]>);

/// What one visit uses.
#[derive(Clone)]
pub struct Keys {
    /// Which.
    pub id: PacketId,
    pub(crate) questions: Zeroizing<[u8; 32]>,
    pub(crate) answers: Zeroizing<[u8; 32]>,
}

impl Chain {
    /// A chain that begins with, or is taken up again at, this secret.
    #[must_use]
    pub fn new(secret: [u8; CHAIN_BYTES]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// What has to be kept to take it up again: a secret.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; CHAIN_BYTES] {
        &self.0
    }

    /// The keys of this step.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys {
            id: PacketId(*self.expand(b"sogon packet id 1")),
            questions: self.expand(b"sogon packet questions 1"),
            answers: self.expand(b"sogon packet answers 1"),
        }
    }

    /// The keys of the datagrams of a call that belongs to the session this chain begins with.
    #[must_use]
    pub fn call(&self) -> Keys {
        Self(self.expand(b"sogon packet call 1")).keys()
    }

    /// The step after this one.
    #[must_use]
    pub fn next(&self) -> Self {
        Self(self.expand(b"sogon packet next 1"))
    }

    /// HKDF-Expand (RFC 5869, 2.3); the secret is uniform already and serves as the PRK.
    pub(crate) fn expand<const N: usize>(&self, info: &[u8]) -> Zeroizing<[u8; N]> {
        let mut out = Zeroizing::new([0; N]);
        let expanded = Hkdf::<Sha256>::from_prk(self.0.as_slice())
            .ok()
            .and_then(|hkdf| hkdf.expand(info, out.as_mut_slice()).ok());
        debug_assert!(expanded.is_some(), "32 bytes are a key, and N is far below the limit");
        out
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chain(..)")
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_come_to_the_same_keys_and_each_step_has_its_own() {
        let (mut here, mut there) = (Chain::new([7; 32]), Chain::new([7; 32]));
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let keys = here.keys();
            assert_eq!(keys.id, there.keys().id);
            assert_eq!(*keys.questions, *there.keys().questions);
            assert_ne!(*keys.questions, *keys.answers);
            assert!(seen.insert(keys.id) && seen.insert(here.call().id));
            assert_eq!(here.call().id, there.call().id);
            (here, there) = (here.next(), there.next());
        }
        assert_ne!(Chain::new([8; 32]).keys().id, Chain::new([7; 32]).keys().id);
    }
}
