//! From passphrase to keys: one slow step, then one key per slot.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use hkdf::{Hkdf, HkdfExtract};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::error::VaultError;
use crate::locked::Locked;
use crate::passphrase::Passphrase;

/// What one guess of the passphrase costs: the memory and passes of Argon2id.
///
/// It is stored nowhere as a number. A container is made with a salt whose hash falls on the step of
/// its cost: to whoever does not know the program the salt is noise like the rest, and who knows it
/// learns which of eight steps a guess takes, which a guess would show anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
}

impl Cost {
    /// 256 MiB and three passes: about two thirds of a second of one core.
    pub const STANDARD: Cost = Cost::mib(256);

    /// 64 MiB and three passes, for devices that cannot spare more: the least a home is made with.
    pub const SMALL_DEVICE: Cost = Cost::mib(64);

    /// 64 KiB and one pass: protects nothing, for tests and simulated worlds only.
    pub const NONE_FOR_TESTS: Cost = Cost { memory_kib: 64, passes: 1 };

    /// The steps a container can be made with, the cheapest first.
    pub const STEPS: [Cost; 8] = [
        Cost::NONE_FOR_TESTS,
        Cost::SMALL_DEVICE,
        Cost::mib(128),
        Cost::mib(192),
        Cost::STANDARD,
        Cost::mib(384),
        Cost::mib(512),
        Cost::mib(768),
    ];

    const fn mib(mib: u32) -> Cost {
        Cost { memory_kib: mib.saturating_mul(1024), passes: 3 }
    }

    /// The memory of a guess, in KiB.
    #[must_use]
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// The passes over it.
    #[must_use]
    pub fn passes(self) -> u32 {
        self.passes
    }

    /// Makes one guess for nothing, to be timed.
    ///
    /// # Errors
    /// [`VaultError::Bug`] when Argon2 refuses its own steps.
    pub fn try_out(self) -> Result<(), VaultError> {
        let passphrase = Passphrase::new("how long does a guess take")?;
        SlotKeys::derive(&passphrase, &[0; 32], self).map(drop)
    }

    /// The dearest step that takes at most `wanted_ms` where the cheapest real one takes
    /// `small_device_ms`; never below that one.
    #[must_use]
    pub fn tuned(small_device_ms: u64, wanted_ms: u64) -> Cost {
        let fits = |cost: &&Cost| {
            let times = u64::from(cost.memory_kib / Cost::SMALL_DEVICE.memory_kib);
            times.saturating_mul(small_device_ms) <= wanted_ms
        };
        let real = Self::STEPS.iter().skip(1);
        real.rev().find(fits).copied().unwrap_or(Self::SMALL_DEVICE)
    }

    /// A fresh salt that says this step; for a cost that is none, any salt.
    pub(crate) fn salt(self) -> Result<Salt, VaultError> {
        loop {
            let mut salt = [0; 32];
            getrandom::fill(&mut salt).map_err(|_| VaultError::NoRandomness)?;
            if !Self::STEPS.contains(&self) || Self::of_salt(&salt) == self {
                return Ok(salt);
            }
        }
    }

    /// The step that a salt was chosen for.
    pub(crate) fn of_salt(salt: &Salt) -> Cost {
        let [first, ..] = *Sha256::new()
            .chain_update(b"sogon vault 1 cost")
            .chain_update(salt)
            .finalize()
            .first_chunk::<8>()
            .unwrap_or(&[0; 8]);
        Self::STEPS.into_iter().nth(usize::from(first % 8)).unwrap_or(Self::STANDARD)
    }
}

const KEY_BYTES: usize = 32;

/// The random value in the clear at the head of a container.
pub(crate) type Salt = [u8; 32];

/// A 256-bit key in locked memory, zeroed on drop, never printed. Moving it leaves no copy behind.
pub(crate) struct Key(Locked);

impl Key {
    pub(crate) fn random() -> Result<Self, VaultError> {
        let mut key = Self::empty();
        getrandom::fill(key.bytes_mut()).map_err(|_| VaultError::NoRandomness)?;
        Ok(key)
    }

    /// `None` unless there are 32 bytes.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Self::empty();
        if bytes.len() != KEY_BYTES {
            return None;
        }
        key.bytes_mut().copy_from_slice(bytes);
        Some(key)
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        self.0.bytes().first_chunk().unwrap_or(&[0; KEY_BYTES])
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.bytes_mut().get_mut(..KEY_BYTES).unwrap_or(&mut [])
    }

    /// A key for another purpose, from which this one is not to be had.
    pub(crate) fn child(&self, label: &[u8]) -> Result<Self, VaultError> {
        let mut child = Self::empty();
        Hkdf::<Sha256>::new(None, self.bytes())
            .expand(label, child.bytes_mut())
            .map_err(|_| VaultError::Bug)?;
        Ok(child)
    }

    /// The same key once more: two key blocks may hold one.
    pub(crate) fn again(&self) -> Result<Self, VaultError> {
        Self::from_slice(self.bytes()).ok_or(VaultError::Bug)
    }

    /// Zeros, to be filled.
    pub(crate) fn empty() -> Self {
        Self(Locked::zeros())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// What the keys that may open the key blocks come from, one for each place: one run of Argon2id,
/// and one question to the chip if there is one.
pub(crate) struct SlotKeys(Key);

impl SlotKeys {
    pub(crate) fn derive(
        passphrase: &Passphrase,
        salt: &Salt,
        cost: Cost,
    ) -> Result<Self, VaultError> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32));
        let params = params.map_err(|_| VaultError::Bug)?;
        let mut stretched = Key::empty();
        Argon2::new_with_secret(passphrase.device(), Algorithm::Argon2id, Version::V0x13, params)
            .map_err(|_| VaultError::Bug)?
            .hash_password_into(passphrase.bytes(), salt, stretched.bytes_mut())
            .map_err(|_| VaultError::Bug)?;
        let answer = passphrase.chip().map(|chip| chip.answer(stretched.bytes())).transpose();
        let answer = answer.map_err(|_| VaultError::NoChip)?;
        let mut extract = HkdfExtract::<Sha256>::new(Some(salt));
        extract.input_ikm(stretched.bytes());
        if let Some(answer) = &answer {
            extract.input_ikm(answer.as_slice());
        }
        let (mut prk, _) = extract.finalize();
        let key = Key::from_slice(&prk);
        prk.as_mut_slice().zeroize();
        Ok(Self(key.ok_or(VaultError::Bug)?))
    }

    /// The key of the key block of `slot`.
    pub(crate) fn of(&self, slot: u8) -> Result<Key, VaultError> {
        self.expand(&[b"sogon vault 1 key block", &[slot]])
    }

    fn expand(&self, label: &[&[u8]]) -> Result<Key, VaultError> {
        let mut key = Key::empty();
        Hkdf::<Sha256>::from_prk(self.0.bytes())
            .map_err(|_| VaultError::Bug)?
            .expand_multi_info(label, key.bytes_mut())
            .map_err(|_| VaultError::Bug)?;
        Ok(key)
    }
}

/// The key of a backup.
pub(crate) fn backup_key(
    passphrase: &Passphrase,
    salt: &Salt,
    cost: Cost,
) -> Result<Key, VaultError> {
    SlotKeys::derive(passphrase, salt, cost)?.expand(&[b"sogon backup 1 shards"])
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
    fn a_cost_is_tuned_to_the_device_and_never_below_the_floor() {
        let wanted = 1_000;
        for (small, cost) in
            [(150, Cost::mib(384)), (2_000, Cost::SMALL_DEVICE), (1, Cost::mib(768))]
        {
            assert_eq!(Cost::tuned(small, wanted), cost);
        }
        assert_eq!(Cost::tuned(0, 0), Cost::mib(768));
    }

    #[test]
    fn the_keys_of_the_first_version_are_the_keys_of_today() {
        let passphrase = Passphrase::new("돌다리도 두들겨 보고").unwrap();
        let (salt, cost) = ([7; 32], Cost::NONE_FOR_TESTS);
        let mut stretched = [0; 32];
        let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32)).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.bytes(), &salt, &mut stretched)
            .unwrap();
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(Some(&salt), &stretched)
            .expand(b"sogon vault 1 key block\x02", &mut key)
            .unwrap();
        let keys = SlotKeys::derive(&passphrase, &salt, cost).unwrap();
        assert_eq!(keys.of(2).unwrap().bytes(), &key);
    }

    #[test]
    fn keys_are_not_printed() {
        assert_eq!(format!("{:?}", Key::random().unwrap()), "Key(..)");
    }
}
