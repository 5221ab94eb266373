//! The mark of phones and tablets: an office's signature over a file, or the handset's own.
//!
//! Layout: measured on `libmedianatsign.so` of a tablet; study: Hacker House; ERNW, 33C3.

use std::io;

use super::scramble::descramble;
use crate::{
    numbers::{array, index, u32_le, u64_le},
    source::Source,
};

/// A block ends so.
pub const NATISIGN: &[u8; 8] = b"NATISIGN";

/// What a handset's own mark ends with.
pub const SELFSIGN: &[u8; 8] = b"SELFSIGN";

/// Bytes of the scrambled header.
pub const HEADER_BYTES: usize = 48;

/// Every block begins so: a zero word, scrambled.
pub const BLOCK_START: [u8; 4] = [0x80, 0xEE, 0xA1, 0xA6];

/// Bytes of a file's tail that are enough to read it.
pub const SIGN_TAIL_BYTES: usize = 1_024;

/// A smaller file is not looked at by the device.
const FILE_BYTES_MIN: u64 = 320;

const BLOCK_BYTES_MAX: usize = 320;

/// Header, a word, the length and the mark, without any signature.
const BLOCK_BYTES_MIN: usize = HEADER_BYTES + 4 + 4 + 8;

/// A block of the office's mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Natisign {
    /// Bytes of the file before the block.
    pub content_bytes: u64,
    /// Bytes from the block's start to the end of the file.
    pub bytes: u64,
    /// The form of feature phones, with more behind the mark.
    pub feature_phone: bool,
    /// Which of the device's keys is meant to open the signature.
    pub key: u8,
    /// The ending the file had, with its dot.
    pub ending: String,
    /// The size the file had, as the header says.
    pub original_bytes: u64,
    /// The two words that a revocation list names.
    pub revocation: (u32, u32),
    /// Sixteen bytes whose meaning nobody has published.
    pub unknown: [u8; 16],
    /// The header holds what every known one does.
    pub certain: bool,
    /// The header as it stands in the file.
    pub scrambled: [u8; HEADER_BYTES],
    /// The RSA signature.
    pub signature: Vec<u8>,
}

/// A mark of phones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhoneMark {
    /// The office's.
    Office(Box<Natisign>),
    /// The handset's own; what stands in it is not known.
    Own,
}

impl PhoneMark {
    /// Reads the mark of a file of `size` bytes from its last [`SIGN_TAIL_BYTES`].
    #[must_use]
    pub fn read(tail: &[u8], size: u64) -> Option<Self> {
        if size < FILE_BYTES_MIN {
            return None;
        }
        if tail.ends_with(SELFSIGN) {
            return Some(Self::Own);
        }
        let office = if tail.ends_with(NATISIGN) {
            Natisign::read(tail, tail.len(), size, false)
        } else {
            let at = tail.len().checked_sub(4)?;
            let back =
                size.checked_sub(u64::from(u32_le(tail, at)?)).filter(|back| *back <= 440)?;
            let end = tail.len().checked_sub(usize::try_from(back).ok()?)?;
            Natisign::read(tail, end, size, true)
        };
        office.map(|office| Self::Office(Box::new(office)))
    }
}

impl Natisign {
    /// Reads the block that ends at `end` of the tail.
    fn read(tail: &[u8], end: usize, size: u64, feature_phone: bool) -> Option<Self> {
        let upto = tail.get(..end)?.strip_suffix(NATISIGN)?;
        let length_at = upto.len().checked_sub(4)?;
        let length = index(u32_le(upto, length_at)?);
        if !(BLOCK_BYTES_MIN..=BLOCK_BYTES_MAX).contains(&length) {
            return None;
        }
        let block = tail.get(end.checked_sub(length)?..end)?;
        let scrambled: [u8; HEADER_BYTES] = array(block, 0)?;
        let clear = descramble(&scrambled);
        let signature = block.get(HEADER_BYTES.checked_add(4)?..length.checked_sub(12)?)?;
        let ending = clear.get(32..40)?;
        let shown = ending.iter().take_while(|byte| byte.is_ascii_graphic());
        let ending: String = shown.map(|byte| char::from(*byte)).collect();
        let bytes = tail.len().checked_sub(end.checked_sub(length)?)? as u64;
        let content_bytes = size.checked_sub(bytes)?;
        let original_bytes = u64_le(&clear, 40)?;
        let certain = scrambled.starts_with(&BLOCK_START) && original_bytes == content_bytes;
        Some(Self {
            content_bytes,
            bytes,
            feature_phone,
            key: *clear.get(4)?,
            ending,
            original_bytes,
            revocation: (u32_le(&clear, 24)?, u32_le(&clear, 28)?),
            unknown: array(&clear, 8)?,
            certain,
            scrambled,
            signature: signature.to_vec(),
        })
    }

    /// Does what the device does with `key`: opens the signature and hashes what it names.
    ///
    /// # Errors
    /// What the storage says.
    pub fn check(&self, file: &dyn Source, key: &OfficeKey) -> io::Result<Checked> {
        let Some(records) = key.open(&self.signature) else { return Ok(Checked::OtherKey) };
        let mut covered = 0;
        for record in &records {
            let (digest, bytes) = self.digest(file, record.seed)?;
            covered = bytes;
            if digest != record.digest {
                return Ok(Checked::Altered);
            }
        }
        Ok(Checked::Holds { covered_bytes: covered })
    }

    /// The hash for a seed, and how many bytes of the file it covers.
    fn digest(&self, file: &dyn Source, seed: u32) -> io::Result<([u8; 20], u64)> {
        use sha1::{Digest, Sha1};

        let mut hash = Sha1::new();
        let mut covered = 0_u64;
        let framed = Framed { header: &self.scrambled, file, content: self.content_bytes };
        for (start, bytes) in spots(self.content_bytes, seed) {
            let piece = framed.piece(start, bytes)?;
            covered = covered.saturating_add(piece.len() as u64);
            hash.update(&piece);
        }
        hash.update(seed.to_le_bytes());
        Ok((hash.finalize().into(), covered.saturating_sub(HEADER_BYTES as u64)))
    }
}

/// Bytes up to which all is hashed.
const WHOLE_BYTES_MAX: u64 = 131_072;

const SPOT_BYTES: usize = 1_024;

/// The places that are hashed, in header and content as one run: all of a small file, 128 blocks
/// of a larger one. Our reading of the published facts: block `i` lies in the `i`-th of 128 equal
/// parts, and the generator's whole word is divided.
pub(crate) fn spots(content: u64, seed: u32) -> Vec<(u64, usize)> {
    let framed = content.saturating_add(HEADER_BYTES as u64);
    if framed <= WHOLE_BYTES_MAX {
        return vec![(0, usize::try_from(framed).unwrap_or(0))];
    }
    let part = framed >> 17;
    let mut spots = vec![(0, SPOT_BYTES)];
    let mut state = seed;
    for i in 1..127_u64 {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let chance = u64::from(state).checked_rem(part).unwrap_or(0);
        let block = part.saturating_mul(i).saturating_add(chance);
        spots.push((block.saturating_mul(SPOT_BYTES as u64), SPOT_BYTES));
    }
    spots.push((framed.saturating_sub(SPOT_BYTES as u64), SPOT_BYTES));
    spots
}

/// Header and content as one run of bytes.
struct Framed<'a> {
    header: &'a [u8; HEADER_BYTES],
    file: &'a dyn Source,
    content: u64,
}

impl Source for Framed<'_> {
    fn size(&self) -> u64 {
        self.content.saturating_add(HEADER_BYTES as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let header = HEADER_BYTES as u64;
        if offset < header {
            return self.header.as_slice().read_at(offset, buffer);
        }
        crate::source::Part::new(self.file, 0, self.content)
            .read_at(offset.saturating_sub(header), buffer)
    }
}

/// What the check with a key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The signature was not made with this key's other half.
    OtherKey,
    /// What was signed is not what is there.
    Altered,
    /// It holds, for so many bytes of the content and for no more.
    Holds {
        /// How many bytes of the content it says something about.
        covered_bytes: u64,
    },
}

/// A public key of the office, as its owner gives it.
#[derive(Clone, Debug)]
pub struct OfficeKey(rsa::RsaPublicKey);

struct Record {
    seed: u32,
    digest: [u8; 20],
}

impl OfficeKey {
    /// Reads a key in PEM or DER, as SPKI or PKCS #1; `None` when it is neither.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        use rsa::{pkcs1::DecodeRsaPublicKey, pkcs8::DecodePublicKey};

        let text = std::str::from_utf8(bytes).ok();
        text.and_then(|pem| rsa::RsaPublicKey::from_public_key_pem(pem).ok())
            .or_else(|| text.and_then(|pem| rsa::RsaPublicKey::from_pkcs1_pem(pem).ok()))
            .or_else(|| rsa::RsaPublicKey::from_public_key_der(bytes).ok())
            .or_else(|| rsa::RsaPublicKey::from_pkcs1_der(bytes).ok())
            .map(Self)
    }

    /// The ten records in a signature (PKCS #1 v1.5, block type 1).
    fn open(&self, signature: &[u8]) -> Option<Vec<Record>> {
        use rsa::{BoxedUint, traits::PublicKeyParts};

        let bits = self.0.n().bits_precision();
        let number = BoxedUint::from_be_slice(signature, bits).ok()?;
        if number >= *self.0.n().as_ref() {
            return None;
        }
        let opened = rsa::hazmat::rsa_encrypt(&self.0, &number).ok()?;
        let block = opened.to_be_bytes();
        let padding = block.strip_prefix(&[0, 1])?;
        let ones = padding.iter().take_while(|byte| **byte == 0xFF).count();
        let records = padding.get(ones..)?.strip_prefix(&[0])?;
        if ones < 8 || records.len() != 240 {
            return None;
        }
        records
            .chunks_exact(24)
            .map(|record| Some(Record { seed: u32_le(record, 0)?, digest: array(record, 4)? }))
            .collect()
    }
}
