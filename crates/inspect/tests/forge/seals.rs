//! Signature blocks of every algorithm and scheme, a second time from AOSP's description
//! ("APK Signature Scheme v2", "v3", "v3.1"): keys of four kinds, digests by pieces and by trees.

use p256::ecdsa::signature::hazmat::PrehashSigner;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rsa::{
    RsaPrivateKey, RsaPublicKey, pkcs1v15,
    pkcs8::EncodePublicKey,
    pss,
    signature::{RandomizedSigner, SignatureEncoding, Signer as _},
};
use sha2::{Digest, Sha256, Sha512};

use super::apps::{certificate, der, long, seq};

/// A key, by what it is made for.
pub enum Key {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
}

/// An object identifier of a curve: the last arcs.
const P384: &[u8] = &[0x2B, 0x81, 4, 0, 34];
const P521: &[u8] = &[0x2B, 0x81, 4, 0, 35];
const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7];

impl Key {
    pub fn rsa(seed: u64) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        Self::Rsa(Box::new(RsaPrivateKey::new(&mut dice, 2_048).unwrap()))
    }

    pub fn ec(bits: usize, seed: u8) -> Self {
        match bits {
            256 => Self::P256(p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap()),
            384 => Self::P384(p384::ecdsa::SigningKey::from_slice(&[seed; 48]).unwrap()),
            _ => {
                let mut scalar = [seed; 66];
                scalar[0] = 0;
                Self::P521(p521::ecdsa::SigningKey::from_slice(&scalar).unwrap())
            }
        }
    }

    pub fn spki(&self) -> Vec<u8> {
        let (curve, point) = match self {
            Self::Rsa(key) => {
                return RsaPublicKey::from(&**key).to_public_key_der().unwrap().into_vec();
            }
            Self::P256(key) => (P256, key.verifying_key().to_sec1_point(false).as_bytes().to_vec()),
            Self::P384(key) => (P384, key.verifying_key().to_sec1_point(false).as_bytes().to_vec()),
            Self::P521(key) => (P521, key.verifying_key().to_sec1_point(false).as_bytes().to_vec()),
        };
        let ids = seq(&[der(6, &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1]), der(6, curve)]);
        seq(&[ids, der(3, &[&[0], point.as_slice()].concat())])
    }

    fn sign(&self, number: u32, data: &[u8]) -> Vec<u8> {
        let wide = matches!(number, 0x0102 | 0x0104 | 0x0202);
        let hash = if wide { Sha512::digest(data).to_vec() } else { Sha256::digest(data).to_vec() };
        let mut dice = ChaCha8Rng::seed_from_u64(5);
        match (self, number) {
            (Self::Rsa(key), 0x0101) => pss::SigningKey::<Sha256>::new((**key).clone())
                .sign_with_rng(&mut dice, data)
                .to_vec(),
            (Self::Rsa(key), 0x0102) => pss::SigningKey::<Sha512>::new((**key).clone())
                .sign_with_rng(&mut dice, data)
                .to_vec(),
            (Self::Rsa(key), 0x0104) => {
                pkcs1v15::SigningKey::<Sha512>::new((**key).clone()).sign(data).to_vec()
            }
            (Self::Rsa(key), _) => {
                pkcs1v15::SigningKey::<Sha256>::new((**key).clone()).sign(data).to_vec()
            }
            (Self::P256(key), _) => {
                let made: p256::ecdsa::Signature = key.sign_prehash(&hash).unwrap();
                made.to_der().as_bytes().to_vec()
            }
            (Self::P384(key), _) => {
                let made: p384::ecdsa::Signature = key.sign_prehash(&hash).unwrap();
                made.to_der().as_bytes().to_vec()
            }
            (Self::P521(key), _) => {
                // A hash shorter than half the curve is the same number with zeros before it.
                let padded = [vec![0; 66 - hash.len()], hash].concat();
                let made: p521::ecdsa::Signature = key.sign_prehash(&padded).unwrap();
                made.to_der().as_bytes().to_vec()
            }
        }
    }
}

/// Digest of an app's three parts under an algorithm.
fn digest(number: u32, parts: [&[u8]; 3]) -> Vec<u8> {
    match number {
        0x0421 | 0x0423 => tree(parts),
        0x0102 | 0x0104 | 0x0202 => pieces(parts, |bytes| Sha512::digest(bytes).to_vec()),
        _ => pieces(parts, |bytes| Sha256::digest(bytes).to_vec()),
    }
}

fn pieces(parts: [&[u8]; 3], hash: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let chunks = parts.iter().flat_map(|part| part.chunks(1 << 20));
    let hashes: Vec<Vec<u8>> = chunks
        .map(|chunk| hash(&[&[0xA5_u8][..], &(chunk.len() as u32).to_le_bytes(), chunk].concat()))
        .collect();
    hash(&[&[0x5A_u8][..], &(hashes.len() as u32).to_le_bytes(), &hashes.concat()].concat())
}

fn tree(parts: [&[u8]; 3]) -> Vec<u8> {
    let all = parts.concat();
    let mut level = all.clone();
    loop {
        let blocks = level.chunks(4_096).map(|block| {
            let mut salted = vec![0_u8; 8];
            salted.extend(block);
            salted.resize(8 + 4_096, 0);
            Sha256::digest(&salted).to_vec()
        });
        level = blocks.collect::<Vec<_>>().concat();
        if level.len() == 32 && all.len() > 4_096 {
            return [level, (all.len() as u64).to_le_bytes().to_vec()].concat();
        }
        assert!(all.len() > 4_096, "an app has more than one block");
    }
}

/// One scheme of a block: 2, 30 for v3, 31 for v3.1; algorithms in their order, all by one key.
pub struct Seal<'k> {
    pub scheme: u8,
    pub key: &'k Key,
    pub numbers: &'k [u32],
    /// Which signature is rubbish.
    pub broken: Option<usize>,
}

pub fn sealed(apk: &[u8], seals: &[Seal<'_>]) -> Vec<u8> {
    let end = apk.windows(4).rposition(|four| four == b"PK\x05\x06").unwrap();
    let start = u32::from_le_bytes(apk[end + 16..end + 20].try_into().unwrap()) as usize;
    let parts = [&apk[..start], &apk[start..end], &apk[end..]];
    let pairs: Vec<Vec<u8>> = seals
        .iter()
        .map(|seal| {
            let pair = pair(seal, parts);
            [&(pair.len() as u64).to_le_bytes()[..], &pair].concat()
        })
        .collect();
    let pairs = pairs.concat();
    let size = (pairs.len() as u64 + 24).to_le_bytes();
    let block = [&size[..], &pairs, &size, b"APK Sig Block 42"].concat();
    let mut out = [&apk[..start], &block, &apk[start..]].concat();
    let place = end + block.len() + 16;
    out[place..place + 4].copy_from_slice(&((start + block.len()) as u32).to_le_bytes());
    out
}

fn pair(seal: &Seal<'_>, parts: [&[u8]; 3]) -> Vec<u8> {
    let each = |of: &dyn Fn(usize, u32) -> Vec<u8>| {
        let all = seal.numbers.iter().enumerate().map(|(at, number)| {
            long(&[&number.to_le_bytes()[..], &long(&of(at, *number))].concat())
        });
        long(&all.collect::<Vec<_>>().concat())
    };
    let digests = each(&|_, number| digest(number, parts));
    let spki = seal.key.spki();
    let certificates = long(&long(&certificate("Mina", &spki)));
    let least = if seal.scheme == 31 { 33_u32 } else { 28 };
    let versions = [least.to_le_bytes(), u32::MAX.to_le_bytes()].concat();
    let newer = seal.scheme != 2;
    let between = if newer { versions } else { Vec::new() };
    let data = [digests, certificates, between.clone(), long(&[])].concat();
    let signatures = each(&|at, number| {
        let mut made = seal.key.sign(number, &data);
        if seal.broken == Some(at) {
            let last = made.len() - 1;
            made[last] ^= 1;
        }
        made
    });
    let signer = [long(&data), between, signatures, long(&spki)].concat();
    let id = match seal.scheme {
        2 => 0x7109_871A_u32,
        30 => 0xF053_68C0,
        _ => 0x1B93_AD61,
    };
    [&id.to_le_bytes()[..], &long(&long(&signer))].concat()
}
