//! The signing block before the directory: schemes v2, v3 and v3.1.

use std::io;

use der::{Decode, Encode};
use sha2::{Digest, Sha256, Sha512};
use x509_cert::Certificate;

use super::{
    Signer,
    algorithm::{Algorithm, Content},
    tree,
};
use crate::{
    archive::zip::Directory,
    numbers::{index, u32_le, u64_le},
    source::{Part, Source},
};

const MAGIC: &[u8] = b"APK Sig Block 42";

/// The block is held in memory.
const BLOCK_BYTES_MAX: u64 = 32 << 20;

const PIECE_BYTES: usize = 1 << 20;

/// As many signers and signatures are read of a scheme.
const SIGNERS_MAX: usize = 10;

/// A signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// Of JAR files.
    V1,
    /// Over the whole file.
    V2,
    /// With a change of keys.
    V3,
    /// The same for newer systems.
    V31,
    /// In a file beside it.
    V4,
}

impl Scheme {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
            Self::V31 => "v3.1",
            Self::V4 => "v4",
        }
    }
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockTrouble {
    /// It makes no sense.
    #[error("the signature makes no sense")]
    Broken,
    /// It is made in a way that is not known here.
    #[error("it is made in a way that is not known here")]
    Unknown,
    /// The signature does not fit its key.
    #[error("the signature does not fit its key")]
    Signature,
    /// The certificate has another key than the signature.
    #[error("the certificate has another key than the signature")]
    OtherKey,
    /// The app is not what was signed.
    #[error("the app is not what was signed")]
    Altered,
    /// A newer signature was there and was taken off.
    #[error("a newer signature was there and was taken off")]
    TakenOff,
    /// The app could not be read.
    #[error("the app could not be read")]
    Unreadable,
}

/// Fields with their lengths before them.
#[derive(Clone, Copy)]
pub(super) struct Fields<'b>(pub(super) &'b [u8]);

impl<'b> Fields<'b> {
    pub(super) fn number(&mut self) -> Option<u32> {
        let number = u32_le(self.0, 0)?;
        self.0 = self.0.get(4..)?;
        Some(number)
    }

    pub(super) fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = index(self.number()?);
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    fn list(&mut self) -> Option<Vec<&'b [u8]>> {
        let mut fields = Fields(self.bytes()?);
        let mut found = Vec::new();
        while !fields.0.is_empty() && found.len() < SIGNERS_MAX {
            found.push(fields.bytes()?);
        }
        Some(found)
    }
}

/// The schemes in the block, oldest first, each with its bytes.
pub(super) fn find(app: &dyn Source, directory: &Directory) -> io::Result<Vec<(Scheme, Vec<u8>)>> {
    let Some((start, end)) = place(app, directory)? else { return Ok(Vec::new()) };
    let pairs_at = start.saturating_add(8);
    let pairs_bytes = end.saturating_sub(24).saturating_sub(pairs_at);
    let bytes = app.piece(pairs_at, usize::try_from(pairs_bytes).unwrap_or(0))?;
    let mut rest = bytes.as_slice();
    let mut found = Vec::new();
    while let Some(length) = u64_le(rest, 0).and_then(|length| usize::try_from(length).ok()) {
        let pair = rest.get(8..).and_then(|rest| rest.split_at_checked(length));
        let Some((pair, next)) = pair else { break };
        rest = next;
        let scheme = match u32_le(pair, 0) {
            Some(0x7109_871A) => Scheme::V2,
            Some(0xF053_68C0) => Scheme::V3,
            Some(0x1B93_AD61) => Scheme::V31,
            _ => continue,
        };
        found.push((scheme, pair.get(4..).unwrap_or_default().to_vec()));
    }
    found.sort_by_key(|(scheme, _)| *scheme);
    found.dedup_by_key(|(scheme, _)| *scheme);
    Ok(found)
}

/// Where the block begins and ends.
fn place(app: &dyn Source, directory: &Directory) -> io::Result<Option<(u64, u64)>> {
    let end = directory.start;
    let foot = app.piece(end.saturating_sub(24), 24)?;
    if end < 32 || foot.get(8..) != Some(MAGIC) {
        return Ok(None);
    }
    let size = u64_le(&foot, 0).filter(|size| (24..BLOCK_BYTES_MAX).contains(size));
    let start = size.and_then(|size| end.checked_sub(size)?.checked_sub(8));
    Ok(start.map(|start| (start, end)))
}

/// Digests of the app's content that were made: however many signers there are, each way of
/// hashing goes over the app once.
#[derive(Default)]
pub(super) struct Digests(Vec<(Content, Vec<u8>)>);

impl Digests {
    fn of(
        &mut self,
        app: &dyn Source,
        directory: &Directory,
        content: Content,
    ) -> io::Result<Vec<u8>> {
        if let Some((_, digest)) = self.0.iter().find(|(its, _)| *its == content) {
            return Ok(digest.clone());
        }
        let digest = content_digest(app, directory, content)?;
        self.0.push((content, digest.clone()));
        Ok(digest)
    }
}

/// Checks a scheme's block against the app.
pub(super) fn check(
    app: &dyn Source,
    directory: &Directory,
    scheme: Scheme,
    block: &[u8],
    known: &mut Digests,
) -> Result<Vec<Signer>, BlockTrouble> {
    let signers = Fields(block).list().ok_or(BlockTrouble::Broken)?;
    if signers.is_empty() {
        return Err(BlockTrouble::Broken);
    }
    signers.into_iter().map(|signer| check_signer(app, directory, scheme, signer, known)).collect()
}

fn check_signer(
    app: &dyn Source,
    directory: &Directory,
    scheme: Scheme,
    signer: &[u8],
    known: &mut Digests,
) -> Result<Signer, BlockTrouble> {
    let broken = BlockTrouble::Broken;
    let mut signer = Fields(signer);
    let signed = signer.bytes().ok_or(broken)?;
    if scheme != Scheme::V2 {
        // The versions of the system it is for; they stand in what is signed, too.
        signer.number().zip(signer.number()).ok_or(broken)?;
    }
    let signatures = signer.list().ok_or(broken)?;
    let key = signer.bytes().ok_or(broken)?;
    let best = signatures
        .into_iter()
        .filter_map(|signature| {
            let mut signature = Fields(signature);
            Some((Algorithm::of(signature.number()?)?, signature.bytes()?))
        })
        .max_by_key(|(algorithm, _)| algorithm.rank());
    let (algorithm, signature) = best.ok_or(BlockTrouble::Unknown)?;
    if !algorithm.verify(key, signed, signature) {
        return Err(BlockTrouble::Signature);
    }
    let mut data = Fields(signed);
    let digests = data.list().ok_or(broken)?;
    let certificates = data.list().ok_or(broken)?;
    let certificate = certificates.first().ok_or(broken)?;
    if spki_of(certificate).as_deref() != Some(key) {
        return Err(BlockTrouble::OtherKey);
    }
    let stated = digests.into_iter().find_map(|digest| {
        let mut digest = Fields(digest);
        let same = Algorithm::of(digest.number()?)?.content == algorithm.content;
        digest.bytes().filter(|_| same)
    });
    let stated = stated.ok_or(broken)?;
    let digest = known.of(app, directory, algorithm.content);
    let digest = digest.map_err(|_| BlockTrouble::Unreadable)?;
    if digest != stated {
        return Err(BlockTrouble::Altered);
    }
    Ok(Signer { certificate: certificate.to_vec() })
}

/// The key of a certificate, SPKI in DER.
pub(super) fn spki_of(certificate: &[u8]) -> Option<Vec<u8>> {
    let certificate = Certificate::from_der(certificate).ok()?;
    certificate.tbs_certificate().subject_public_key_info().to_der().ok()
}

/// What is hashed: all before the block, the directory, and the end record as if the directory
/// began where the block does.
fn content_digest(
    app: &dyn Source,
    directory: &Directory,
    content: Content,
) -> io::Result<Vec<u8>> {
    let (start, _) = place(app, directory)?.ok_or(io::ErrorKind::InvalidData)?;
    let mut end = app.piece(
        directory.end,
        usize::try_from(app.size().saturating_sub(directory.end)).unwrap_or(0),
    )?;
    let offset = u32::try_from(start).map_err(|_| io::ErrorKind::InvalidData)?;
    if let Some(place) = end.get_mut(16..20) {
        place.copy_from_slice(&offset.to_le_bytes());
    }
    let before = Part::new(app, 0, start);
    let middle = Part::new(app, directory.start, directory.end.saturating_sub(directory.start));
    let parts: [&dyn Source; 3] = [&before, &middle, &end];
    match content {
        Content::Sha256 => pieces::<Sha256>(&parts),
        Content::Sha512 => pieces::<Sha512>(&parts),
        Content::Tree => verity(&parts),
    }
}

/// The hash of the hashes of pieces of one megabyte.
fn pieces<D: Digest>(parts: &[&dyn Source; 3]) -> io::Result<Vec<u8>> {
    let mut hashes = Vec::new();
    let mut count = 0_u32;
    for part in parts {
        let mut at = 0_u64;
        while at < part.size() {
            let piece = part.piece(at, PIECE_BYTES)?;
            if piece.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let length = u32::try_from(piece.len()).unwrap_or(u32::MAX).to_le_bytes();
            let hash = D::new().chain_update([0xA5]).chain_update(length).chain_update(&piece);
            hashes.extend_from_slice(&hash.finalize());
            count = count.saturating_add(1);
            at = at.saturating_add(piece.len() as u64);
        }
    }
    let hash = D::new().chain_update([0x5A]).chain_update(count.to_le_bytes());
    Ok(hash.chain_update(&hashes).finalize().to_vec())
}

/// The root of the tree over the parts, with eight zero bytes of salt, and their size.
fn verity(parts: &[&dyn Source; 3]) -> io::Result<Vec<u8>> {
    let size = parts.iter().map(|part| part.size()).fold(0, u64::saturating_add);
    let mut read = |at: u64, bytes: usize| {
        let (mut at, mut block) = (at, Vec::new());
        for part in parts {
            let left = bytes.saturating_sub(block.len());
            block.extend(part.piece(at, left)?);
            at = at.saturating_sub(part.size());
            if block.len() == bytes {
                break;
            }
        }
        Ok(block)
    };
    let root = tree::root(size, &[0; 8], &mut read)?;
    Ok([root.as_slice(), &size.to_le_bytes()].concat())
}
