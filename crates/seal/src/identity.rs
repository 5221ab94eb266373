//! Who somebody is: one long-term key for each home, vouching for a fresh key in each conversation.

use std::fmt;

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::{Entropy, SealError, entropy::random};

const VOUCH_VERSION: u8 = 1;
const VOUCH_BYTES: usize = 97;

/// The long-term key of a home (Ed25519). Zeroed when dropped, never printed, and behind a pointer:
/// who holds one may be moved, and a move copies what it moves and wipes nothing.
pub struct Identity(Box<Zeroizing<[u8; 32]>>);

const _: () = assert!(size_of::<Identity>() == size_of::<usize>(), "a move moves no key");

/// The public half: who somebody is, to those who compared the safety number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicIdentity(pub [u8; 32]);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

impl fmt::Debug for PublicIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "identity {}", HEXLOWER.encode(self.0.first_chunk::<3>().unwrap_or(&[0; 3])))
    }
}

impl Identity {
    /// A new one.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self::from_seed(&Zeroizing::new(random(entropy)))
    }

    /// The one whose secret is `seed`, as [`Identity::seed`] gave it.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        // Copied to where it stays, not made here and moved there.
        let mut kept = Box::new(Zeroizing::new([0; 32]));
        kept.copy_from_slice(seed);
        Self(kept)
    }

    /// The secret, to be stored sealed.
    #[must_use]
    pub fn seed(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key as it signs, for as long as that takes.
    fn key(&self) -> SigningKey {
        SigningKey::from_bytes(self.seed())
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicIdentity {
        PublicIdentity(self.key().verifying_key().to_bytes())
    }

    /// What stands in a leaf as its credential (SPEC 5.1): `1 | identity key | signature` over
    /// `"sogon vouch 1" || signature key of the leaf`.
    pub(crate) fn vouch(&self, leaf_key: &[u8]) -> Vec<u8> {
        let signature = self.key().sign(&[b"sogon vouch 1", leaf_key].concat()).to_bytes();
        let mut credential = vec![VOUCH_VERSION];
        credential.extend(self.public().0);
        credential.extend(signature);
        credential
    }

    /// Signs a request to be let in again (SPEC 5.6).
    pub(crate) fn sign_rescue(&self, group: &[u8], package: &[u8]) -> [u8; 64] {
        self.key().sign(&rescue_bytes(group, package)).to_bytes()
    }
}

impl PublicIdentity {
    /// The identity that vouches for `leaf_key` in `credential`.
    pub(crate) fn vouched(credential: &[u8], leaf_key: &[u8]) -> Result<Self, SealError> {
        let credential: &[u8; VOUCH_BYTES] =
            credential.try_into().map_err(|_| SealError::Unopenable)?;
        let (version, rest) = credential.split_first().ok_or(SealError::Unopenable)?;
        let (key, signature) = rest.split_first_chunk::<32>().ok_or(SealError::Unopenable)?;
        if *version != VOUCH_VERSION {
            return Err(SealError::Unopenable);
        }
        let identity = Self(*key);
        identity.verify(&[b"sogon vouch 1", leaf_key].concat(), signature)?;
        Ok(identity)
    }

    pub(crate) fn verify_rescue(
        &self,
        group: &[u8],
        package: &[u8],
        signature: &[u8],
    ) -> Result<(), SealError> {
        self.verify(&rescue_bytes(group, package), signature)
    }

    fn verify(&self, bytes: &[u8], signature: &[u8]) -> Result<(), SealError> {
        let signature = Signature::from_slice(signature).map_err(|_| SealError::Unopenable)?;
        VerifyingKey::from_bytes(&self.0)
            .and_then(|key| key.verify_strict(bytes, &signature))
            .map_err(|_| SealError::Unopenable)
    }

    /// The key in hex, as people may compare it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

fn rescue_bytes(group: &[u8], package: &[u8]) -> Vec<u8> {
    [b"sogon rescue 1", group, package].concat()
}

/// 60 digits in twelve groups of five, the same on both sides and different for any other pair
/// (SPEC 5.1): twelve 40-bit pieces of SHA-512("sogon safety number 1" || smaller key || larger
/// key), each modulo 100,000.
#[must_use]
pub fn safety_number(one: &PublicIdentity, other: &PublicIdentity) -> String {
    let (small, large) = if one <= other { (one, other) } else { (other, one) };
    let hash = Sha512::new()
        .chain_update(b"sogon safety number 1")
        .chain_update(small.0)
        .chain_update(large.0)
        .finalize();
    let groups = hash.chunks_exact(5).take(12).map(|piece| {
        let number = piece.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
        format!("{:05}", number.checked_rem(100_000).unwrap_or_default())
    });
    groups.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vouch_holds_for_its_own_leaf_only() {
        let mina = Identity::from_seed(&[1; 32]);
        let vouch = mina.vouch(&[7; 32]);
        assert_eq!(PublicIdentity::vouched(&vouch, &[7; 32]), Ok(mina.public()));
        assert!(PublicIdentity::vouched(&vouch, &[8; 32]).is_err());
        for place in 0..vouch.len() {
            let mut changed = vouch.clone();
            changed[place] ^= 1;
            assert!(PublicIdentity::vouched(&changed, &[7; 32]).is_err());
        }
    }

    #[test]
    fn the_safety_number_is_the_same_on_both_sides() {
        let (mina, joon) = (Identity::from_seed(&[1; 32]), Identity::from_seed(&[2; 32]));
        let number = safety_number(&mina.public(), &joon.public());
        assert_eq!(number, safety_number(&joon.public(), &mina.public()));
        assert_eq!(number.len(), 71);
        let eve = Identity::from_seed(&[3; 32]).public();
        assert_ne!(number, safety_number(&mina.public(), &eve));
    }
}
