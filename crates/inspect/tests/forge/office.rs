//! The office's mark on phones, with a key of our own.

use rsa::{BoxedUint, RsaPrivateKey, RsaPublicKey, traits::PublicKeyParts};
use sha1::{Digest, Sha1};
use sogon_inspect::tags::scramble::scramble;

use super::Dice;

pub struct Office {
    key: RsaPrivateKey,
}

impl Office {
    pub fn new(seed: u64) -> Self {
        use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
        let key = RsaPrivateKey::new(&mut ChaCha8Rng::seed_from_u64(seed), 2_048).unwrap();
        Self { key }
    }

    pub fn public_pem(&self) -> String {
        use rsa::pkcs8::EncodePublicKey;
        RsaPublicKey::from(&self.key).to_public_key_pem(rsa::pkcs8::LineEnding::LF).unwrap()
    }

    /// What the phone's library would write behind a file.
    pub fn sign(&self, dice: &mut Dice, file: &[u8], ending: &str) -> Vec<u8> {
        let scrambled = scramble(&header(ending, file.len() as u64));
        let mut records = Vec::new();
        for _ in 0..10 {
            let seed = dice.roll() as u32;
            records.extend(seed.to_le_bytes());
            records.extend(sampled(&scrambled, file, seed));
        }
        let mut block = vec![0, 1];
        block.resize(256 - 241, 0xFF);
        block.push(0);
        block.extend(records);
        let number = BoxedUint::from_be_slice(&block, self.key.n().bits_precision()).unwrap();
        let signature =
            rsa::hazmat::rsa_decrypt(None::<&mut rand_chacha::ChaCha8Rng>, &self.key, &number);
        marked(file, &scrambled, &signature.unwrap().to_be_bytes())
    }
}

fn header(ending: &str, size: u64) -> [u8; 48] {
    let mut header = [0; 48];
    header[4] = 3;
    header[24..28].copy_from_slice(&77_u32.to_le_bytes());
    header[28..32].copy_from_slice(&88_u32.to_le_bytes());
    header[32..32 + ending.len()].copy_from_slice(ending.as_bytes());
    header[40..].copy_from_slice(&size.to_le_bytes());
    header
}

/// Written a second time from the facts, apart from what the inspector does.
fn sampled(scrambled: &[u8], file: &[u8], seed: u32) -> Vec<u8> {
    let whole = [scrambled, file].concat();
    let mut hash = Sha1::new();
    if whole.len() <= 131_072 {
        hash.update(&whole);
    } else {
        let n = whole.len() >> 17;
        let mut x = seed;
        hash.update(&whole[..1024]);
        for i in 1..127 {
            x = x.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            let at = (i * n + x as usize % n) * 1024;
            hash.update(&whole[at..at + 1024]);
        }
        hash.update(&whole[whole.len() - 1024..]);
    }
    hash.update(seed.to_le_bytes());
    hash.finalize().to_vec()
}

fn marked(file: &[u8], scrambled: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut out = file.to_vec();
    out.extend(scrambled);
    out.extend([0; 4]);
    out.extend(signature);
    out.extend((48 + 4 + signature.len() as u32 + 12).to_le_bytes());
    out.extend(b"NATISIGN");
    out
}

/// A mark whose signature is rubbish: for detection, where no key is known.
pub fn unsigned(dice: &mut Dice, file: &[u8], ending: &str) -> Vec<u8> {
    marked(file, &scramble(&header(ending, file.len() as u64)), &dice.bytes(256))
}

/// The form of feature phones: more behind the mark, and where it ends.
pub fn feature_phone(dice: &mut Dice, file: &[u8], ending: &str) -> Vec<u8> {
    let mut out = unsigned(dice, file, ending);
    let end = out.len() as u32;
    let more = dice.below(80) as usize;
    out.extend(dice.bytes(more));
    out.extend(end.to_le_bytes());
    out
}
