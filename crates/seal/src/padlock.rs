//! The padlock of a locked home: whoever holds it closes things, and opens none of them.
//!
//! HPKE (RFC 9180) in base mode, one encapsulation for each thing, with the key agreement of
//! conversations: X-Wing, HKDF-SHA256, ChaCha20-Poly1305 (SPEC 9). What comes out is an encapsulated
//! key, which does not look like noise, and the sealed bytes: it is for the inside of a container.

use std::fmt;

use openmls_traits::{
    crypto::OpenMlsCrypto,
    types::{HpkeAeadType, HpkeCiphertext, HpkeConfig, HpkeKdfType, HpkeKemType},
};
use zeroize::Zeroizing;

use crate::{Entropy, Library, SealError, entropy::random};

const FORM: HpkeConfig = HpkeConfig(
    HpkeKemType::XWingKemDraft6,
    HpkeKdfType::HkdfSha256,
    HpkeAeadType::ChaCha20Poly1305,
);
const INFO: &[u8] = b"sogon tray 1";
const KEY_BYTES: usize = 32;
const ENCAPSULATED_BYTES: usize = 1_120;

/// The half that a locked home keeps in memory. It opens nothing:
///
/// ```compile_fail
/// fn look(padlock: &sogon_seal::Padlock, closed: &[u8]) {
///     padlock.open(closed);
/// }
/// ```
pub struct Padlock(Vec<u8>);

impl Padlock {
    /// Closes this; what it takes to open it is gone on return.
    ///
    /// # Errors
    /// [`SealError::Bug`] when the library fails.
    // Its frame is its own, for the caller to overwrite when it is over.
    #[inline(never)]
    pub fn close(&self, bytes: &[u8]) -> Result<Vec<u8>, SealError> {
        let library = Library::new()?;
        let closed = library.0.hpke_seal(FORM, &self.0, INFO, b"", bytes);
        let closed = closed.map_err(|_| SealError::Bug)?;
        Ok([closed.kem_output.as_slice(), closed.ciphertext.as_slice()].concat())
    }
}

impl fmt::Debug for Padlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Padlock(..)")
    }
}

/// The half that is a row of the home, and nowhere while it is locked. Moving it leaves no copy behind.
pub struct PadlockKey(Zeroizing<Vec<u8>>);

impl PadlockKey {
    /// A new padlock and its key.
    ///
    /// # Errors
    /// [`SealError::Bug`] when the library fails.
    pub fn random(entropy: &dyn Entropy) -> Result<(Self, Padlock), SealError> {
        let seed = Zeroizing::new(random::<KEY_BYTES>(entropy));
        let made = Library::new()?.0.derive_hpke_keypair(FORM, seed.as_slice());
        let made = made.map_err(|_| SealError::Bug)?;
        let key = Self::restore(&made.private).ok_or(SealError::Bug)?;
        Ok((key, Padlock(made.public)))
    }

    /// One that was kept; `None` unless there are 32 bytes.
    #[must_use]
    pub fn restore(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == KEY_BYTES).then(|| Self(Zeroizing::new(bytes.to_vec())))
    }

    /// What is to be kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Opens what the padlock closed.
    ///
    /// # Errors
    /// [`SealError::Unopenable`]: it was closed with another one, or changed.
    pub fn open(&self, closed: &[u8]) -> Result<Vec<u8>, SealError> {
        let parts = closed.split_at_checked(ENCAPSULATED_BYTES).ok_or(SealError::Unopenable)?;
        let input = HpkeCiphertext { kem_output: parts.0.into(), ciphertext: parts.1.into() };
        let opened = Library::new()?.0.hpke_open(FORM, &input, self.0.as_slice(), INFO, b"");
        opened.map_err(|_| SealError::Unopenable)
    }
}

impl fmt::Debug for PadlockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PadlockKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Count(u8);

    impl Entropy for Count {
        fn fill(&self, out: &mut [u8]) {
            out.iter_mut().zip(self.0..).for_each(|(to, from)| *to = from);
        }
    }

    #[test]
    fn what_a_padlock_closes_its_key_opens_and_no_other() {
        let (key, padlock) = PadlockKey::random(&Count(1)).unwrap();
        for length in [0, 1, 413, 70_000] {
            let bytes = vec![7; length];
            let closed = padlock.close(&bytes).unwrap();
            assert_eq!(closed.len(), ENCAPSULATED_BYTES + length + 16);
            assert_eq!(key.open(&closed).unwrap(), bytes);
            let kept = PadlockKey::restore(key.bytes()).unwrap();
            assert_eq!(kept.open(&closed).unwrap(), bytes);
            let (other, _) = PadlockKey::random(&Count(2)).unwrap();
            assert_eq!(other.open(&closed), Err(SealError::Unopenable));
        }
        assert_ne!(padlock.close(b"twice").unwrap(), padlock.close(b"twice").unwrap());
    }

    #[test]
    fn what_was_cut_or_changed_anywhere_does_not_open() {
        let (key, padlock) = PadlockKey::random(&Count(3)).unwrap();
        let closed = padlock.close(b"boxes").unwrap();
        for at in
            [0, 500, 1_087, 1_088, ENCAPSULATED_BYTES - 1, ENCAPSULATED_BYTES, closed.len() - 1]
        {
            let mut changed = closed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(&changed), Err(SealError::Unopenable), "at {at}");
            assert_eq!(key.open(&closed[..at]), Err(SealError::Unopenable), "cut at {at}");
        }
        assert!(PadlockKey::restore(&[0; 31]).is_none() && PadlockKey::restore(&[0; 33]).is_none());
        assert_eq!(format!("{key:?} {padlock:?}"), "PadlockKey(..) Padlock(..)");
    }
}
