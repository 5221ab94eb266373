//! The signature algorithms of APK signing, by their numbers in the block.

use der::Decode;
use rsa::{
    pkcs1v15,
    pkcs8::DecodePublicKey,
    pss,
    signature::{Verifier, hazmat::PrehashVerifier},
};
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_cert::spki::SubjectPublicKeyInfoRef;

/// What hashes the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Pieces of one megabyte, SHA-256.
    Sha256,
    /// Pieces of one megabyte, SHA-512.
    Sha512,
    /// A hash tree of blocks of 4,096 bytes, SHA-256, as fs-verity has it.
    Tree,
}

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithm {
    number: u32,
    pub(super) content: Content,
}

impl Algorithm {
    /// The algorithm with this number; `None` when it is not known.
    pub(super) fn of(number: u32) -> Option<Self> {
        let content = match number {
            0x0101 | 0x0103 | 0x0201 | 0x0301 => Content::Sha256,
            0x0102 | 0x0104 | 0x0202 => Content::Sha512,
            0x0421 | 0x0423 | 0x0425 => Content::Tree,
            _ => return None,
        };
        Some(Self { number, content })
    }

    /// How much it is worth: the best of several counts.
    pub(super) fn rank(self) -> u8 {
        match self.content {
            Content::Sha256 => 0,
            Content::Tree => 1,
            Content::Sha512 => 2,
        }
    }

    /// Whether `signature` over `data` was made with the other half of `key` (SPKI, DER).
    pub(super) fn verify(self, key: &[u8], data: &[u8], signature: &[u8]) -> bool {
        self.try_verify(key, data, signature).unwrap_or(false)
    }

    fn try_verify(self, key: &[u8], data: &[u8], signature: &[u8]) -> Option<bool> {
        let wide = self.content == Content::Sha512;
        Some(match self.number {
            0x0101 | 0x0102 => {
                let key = rsa_key(key)?;
                let signature = pss::Signature::try_from(signature).ok()?;
                if wide {
                    pss::VerifyingKey::<Sha512>::new(key).verify(data, &signature).is_ok()
                } else {
                    pss::VerifyingKey::<Sha256>::new(key).verify(data, &signature).is_ok()
                }
            }
            0x0103 | 0x0104 | 0x0421 => {
                let key = rsa_key(key)?;
                let signature = pkcs1v15::Signature::try_from(signature).ok()?;
                if wide {
                    pkcs1v15::VerifyingKey::<Sha512>::new(key).verify(data, &signature).is_ok()
                } else {
                    pkcs1v15::VerifyingKey::<Sha256>::new(key).verify(data, &signature).is_ok()
                }
            }
            0x0201 | 0x0202 | 0x0423 => {
                let hash = if wide {
                    Sha512::digest(data).to_vec()
                } else {
                    Sha256::digest(data).to_vec()
                };
                ecdsa_holds(key, &hash, signature)?
            }
            // DSA is not made any more and is not checked here.
            _ => return None,
        })
    }
}

fn rsa_key(spki: &[u8]) -> Option<rsa::RsaPublicKey> {
    rsa::RsaPublicKey::from_public_key_der(spki).ok()
}

/// Whether an ECDSA signature over a hash holds, on any of the three curves in use.
pub(super) fn ecdsa_holds(spki: &[u8], hash: &[u8], signature: &[u8]) -> Option<bool> {
    let info = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    let point = info.subject_public_key.as_bytes()?;
    Some(match point.len() {
        65 | 33 => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
            key.verify_prehash(hash, &signature).is_ok()
        }
        97 | 49 => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            let signature = p384::ecdsa::Signature::from_der(signature).ok()?;
            key.verify_prehash(&as_wide(hash, 48), &signature).is_ok()
        }
        133 | 67 => {
            let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            let signature = p521::ecdsa::Signature::from_der(signature).ok()?;
            key.verify_prehash(&as_wide(hash, 66), &signature).is_ok()
        }
        _ => return None,
    })
}

/// A hash shorter than half the curve is the same number with zeros before it.
fn as_wide(hash: &[u8], bytes: usize) -> Vec<u8> {
    let mut wide = vec![0; bytes.saturating_sub(hash.len())];
    wide.extend_from_slice(hash);
    wide
}

/// Whether an RSA signature (PKCS #1 v1.5) holds, for the hashes of old app signatures and of
/// programs for Windows.
pub(super) fn rsa_holds(spki: &[u8], data: &[u8], signature: &[u8], hash: Hash) -> Option<bool> {
    let key = rsa_key(spki)?;
    let signature = pkcs1v15::Signature::try_from(signature).ok()?;
    Some(match hash {
        Hash::Sha1 => {
            pkcs1v15::VerifyingKey::<sha1::Sha1>::new(key).verify(data, &signature).is_ok()
        }
        Hash::Sha256 => pkcs1v15::VerifyingKey::<Sha256>::new(key).verify(data, &signature).is_ok(),
        Hash::Sha384 => pkcs1v15::VerifyingKey::<Sha384>::new(key).verify(data, &signature).is_ok(),
        Hash::Sha512 => pkcs1v15::VerifyingKey::<Sha512>::new(key).verify(data, &signature).is_ok(),
    })
}

/// Hashes of JAR files and of programs for Windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The hash with this object identifier; `None` for MD5 and others that nobody signs with now.
    pub(crate) fn named(oid: &[u8]) -> Option<Self> {
        Some(match oid {
            [0x2B, 0x0E, 0x03, 0x02, 0x1A] => Self::Sha1,
            [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1] => Self::Sha256,
            [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2] => Self::Sha384,
            [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3] => Self::Sha512,
            _ => return None,
        })
    }

    pub(crate) fn of(self, data: &[u8]) -> Vec<u8> {
        let mut state = Hashing::new(self);
        state.take(data);
        state.end()
    }
}

/// A hash under way, for what is too large to be held.
pub(crate) enum Hashing {
    Sha1(sha1::Sha1),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hashing {
    pub(crate) fn new(hash: Hash) -> Self {
        match hash {
            Hash::Sha1 => Self::Sha1(sha1::Sha1::default()),
            Hash::Sha256 => Self::Sha256(Sha256::default()),
            Hash::Sha384 => Self::Sha384(Sha384::default()),
            Hash::Sha512 => Self::Sha512(Sha512::default()),
        }
    }

    pub(crate) fn take(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(state) => state.update(bytes),
            Self::Sha256(state) => state.update(bytes),
            Self::Sha384(state) => state.update(bytes),
            Self::Sha512(state) => state.update(bytes),
        }
    }

    pub(crate) fn end(self) -> Vec<u8> {
        match self {
            Self::Sha1(state) => state.finalize().to_vec(),
            Self::Sha256(state) => state.finalize().to_vec(),
            Self::Sha384(state) => state.finalize().to_vec(),
            Self::Sha512(state) => state.finalize().to_vec(),
        }
    }
}
