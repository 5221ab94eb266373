//! Hash trees over blocks of 4,096 bytes (fs-verity), and the v4 signature that names one.

use std::io;

use sha2::{Digest, Sha256};

use super::{
    Signer,
    algorithm::Algorithm,
    block::{BlockTrouble, Fields, spki_of},
};
use crate::source::Source;

const BLOCK_BYTES: usize = 4_096;

/// Hashes in one block.
const HASHES: usize = BLOCK_BYTES / 32;

/// The root over everything that `pieces` gives, each level salted; an empty file has no tree.
pub(super) fn root(
    size: u64,
    salt: &[u8],
    read: &mut dyn FnMut(u64, usize) -> io::Result<Vec<u8>>,
) -> io::Result<[u8; 32]> {
    let hash = |mut block: Vec<u8>| -> [u8; 32] {
        block.resize(BLOCK_BYTES, 0);
        Sha256::new().chain_update(salt).chain_update(&block).finalize().into()
    };
    let mut level: Vec<[u8; 32]> = Vec::new();
    let mut at = 0_u64;
    while at < size {
        level.push(hash(read(at, BLOCK_BYTES)?));
        at = at.saturating_add(BLOCK_BYTES as u64);
    }
    // One block: its hash stands in a block of its own, whose hash is the root, as AOSP has it.
    loop {
        let above: Vec<[u8; 32]> =
            level.chunks(HASHES).map(|hashes| hash(hashes.concat())).collect();
        match above.as_slice() {
            [] => return Ok(hash(Vec::new())),
            [root] => return Ok(*root),
            _ => level = above,
        }
    }
}

/// Checks a v4 signature: its root against the whole file, and its signature over that.
pub(super) fn check(app: &dyn Source, idsig: &[u8]) -> Result<Vec<Signer>, BlockTrouble> {
    let broken = BlockTrouble::Broken;
    let mut file = Fields(idsig);
    if file.number().ok_or(broken)? != 2 {
        return Err(BlockTrouble::Unknown);
    }
    let hashing = file.bytes().ok_or(broken)?;
    let signing = file.bytes().ok_or(broken)?;
    let mut about = Fields(hashing);
    let hash = about.number().ok_or(broken)?;
    let log_block = *about.0.first().ok_or(broken)?;
    about = Fields(about.0.get(1..).ok_or(broken)?);
    let salt = about.bytes().ok_or(broken)?;
    let stated = about.bytes().ok_or(broken)?;
    if hash != 1 || log_block != 12 {
        return Err(BlockTrouble::Unknown);
    }
    let root = root(app.size(), salt, &mut |at, bytes| app.piece(at, bytes))
        .map_err(|_| BlockTrouble::Unreadable)?;
    if stated != root {
        return Err(BlockTrouble::Altered);
    }
    let mut signed = Fields(signing);
    let digest = signed.bytes().ok_or(broken)?;
    let certificate = signed.bytes().ok_or(broken)?;
    let additional = signed.bytes().ok_or(broken)?;
    let key = signed.bytes().ok_or(broken)?;
    let algorithm = Algorithm::of(signed.number().ok_or(broken)?).ok_or(BlockTrouble::Unknown)?;
    let signature = signed.bytes().ok_or(broken)?;
    if spki_of(certificate).as_deref() != Some(key) {
        return Err(BlockTrouble::OtherKey);
    }
    // What is signed: a length of its own, the size, then the fields as they stand.
    let mut data = app.size().to_le_bytes().to_vec();
    data.extend(hash.to_le_bytes());
    data.push(log_block);
    for field in [salt, stated, digest, certificate, additional] {
        data.extend(u32::try_from(field.len()).unwrap_or(u32::MAX).to_le_bytes());
        data.extend_from_slice(field);
    }
    let length = u32::try_from(data.len().saturating_add(4)).unwrap_or(u32::MAX);
    let data = [length.to_le_bytes().to_vec(), data].concat();
    if !algorithm.verify(key, &data, signature) {
        return Err(BlockTrouble::Signature);
    }
    Ok(vec![Signer { certificate: certificate.to_vec() }])
}
