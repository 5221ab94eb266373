//! From passphrase to keys: one slow step, then one key per slot.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::passphrase::Passphrase;

/// What one guess of the passphrase costs: the memory and passes of Argon2id.
///
/// It is stored nowhere, since a number in the clear would mark the container. Whoever opens a home
/// names the cost it was made with; programs use [`Cost::STANDARD`] and a wrong cost looks like a
/// wrong passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
}

impl Cost {
    /// 256 MiB and three passes: about two thirds of a second of one core.
    pub const STANDARD: Cost = Cost { memory_kib: 256 * 1024, passes: 3 };

    /// 64 MiB and three passes, for devices that cannot spare more.
    pub const SMALL_DEVICE: Cost = Cost { memory_kib: 64 * 1024, passes: 3 };

    /// 64 KiB and one pass: protects nothing, for tests and simulated worlds only.
    pub const NONE_FOR_TESTS: Cost = Cost { memory_kib: 64, passes: 1 };
}

/// The random value in the clear at the head of a container.
pub(crate) type Salt = [u8; 32];

/// A 256-bit key, zeroed on drop, never printed. It lies behind a pointer so that moving the key
/// leaves no copy of it behind.
pub(crate) struct Key(Box<Zeroizing<[u8; 32]>>);

impl Key {
    pub(crate) fn random() -> Result<Self, VaultError> {
        let mut key = Self::empty();
        getrandom::fill(key.0.as_mut_slice()).map_err(|_| VaultError::NoRandomness)?;
        Ok(key)
    }

    /// `None` unless there are 32 bytes.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Self::empty();
        if bytes.len() != key.0.len() {
            return None;
        }
        key.0.copy_from_slice(bytes);
        Some(key)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn empty() -> Self {
        Self(Box::new(Zeroizing::new([0; 32])))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The keys that may open the key blocks, one per slot, all from one run of Argon2id.
pub(crate) struct SlotKeys(Hkdf<Sha256>);

impl SlotKeys {
    pub(crate) fn derive(
        passphrase: &Passphrase,
        salt: &Salt,
        cost: Cost,
    ) -> Result<Self, VaultError> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32));
        let params = params.map_err(|_| VaultError::Bug)?;
        let mut stretched = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.bytes(), salt, stretched.as_mut_slice())
            .map_err(|_| VaultError::Bug)?;
        Ok(Self(Hkdf::new(Some(salt), stretched.as_slice())))
    }

    /// The key of the key block of `slot`.
    pub(crate) fn of(&self, slot: u8) -> Result<Key, VaultError> {
        let mut key = Key::empty();
        self.0
            .expand_multi_info(&[b"sogon vault 1 key block", &[slot]], key.0.as_mut_slice())
            .map_err(|_| VaultError::Bug)?;
        Ok(key)
    }
}

impl fmt::Debug for SlotKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlotKeys(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_and_every_salt_has_its_own_key() {
        let passphrase = Passphrase::new("돌다리도 두들겨 보고").unwrap();
        let keys = SlotKeys::derive(&passphrase, &[1; 32], Cost::NONE_FOR_TESTS).unwrap();
        let other = SlotKeys::derive(&passphrase, &[2; 32], Cost::NONE_FOR_TESTS).unwrap();
        assert_ne!(keys.of(0).unwrap().bytes(), keys.of(1).unwrap().bytes());
        assert_ne!(keys.of(0).unwrap().bytes(), other.of(0).unwrap().bytes());
        assert_eq!(keys.of(3).unwrap().bytes(), keys.of(3).unwrap().bytes());
    }

    #[test]
    fn keys_are_not_printed() {
        assert_eq!(format!("{:?}", Key::random().unwrap()), "Key(..)");
    }
}
