//! Scheme v1: every file's hash in a manifest, the manifest's hash in a signed file (JAR, RFC 5652).

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
};

use super::{
    Signer,
    algorithm::{Hash, Hashing},
    block::BlockTrouble,
    cms::SignedData,
};
use crate::{
    archive::zip::{Directory, Entry, unpack},
    source::{Source, Stream},
};

/// A manifest, a list of hashes, a signature: none of them is larger.
const FILE_BYTES_MAX: usize = 32 << 20;

const FOLDER: &str = "META-INF/";
const MANIFEST: &str = "META-INF/MANIFEST.MF";

/// How files with signatures end.
const SIGNATURES: [&str; 3] = [".RSA", ".EC", ".DSA"];

/// Checks it; `None` when the app has no such signature. `newer` says whether a newer scheme is
/// there: who signed with one says so here, so that nobody can take it off unseen. At most
/// `unpacked_bytes_max` are unpacked to be hashed.
pub(super) fn check(
    app: &dyn Source,
    directory: &Directory,
    newer: bool,
    unpacked_bytes_max: u64,
) -> Option<Result<Vec<Signer>, BlockTrouble>> {
    let signature = directory.entries.iter().find(|entry| {
        let name = entry.name.to_ascii_uppercase();
        let ending = SIGNATURES.iter().any(|ending| name.ends_with(ending));
        name.starts_with(FOLDER) && ending && name.matches('/').count() == 1
    })?;
    Some(signed(app, directory, signature, newer, unpacked_bytes_max))
}

fn signed(
    app: &dyn Source,
    directory: &Directory,
    signature: &Entry,
    newer: bool,
    unpacked_bytes_max: u64,
) -> Result<Vec<Signer>, BlockTrouble> {
    let file = |entry: Option<&Entry>| {
        let entry = entry.ok_or(BlockTrouble::Broken)?;
        entry.bytes(app, FILE_BYTES_MAX).map_err(|_| BlockTrouble::Unreadable)
    };
    let (stem, _) = signature.name.rsplit_once('.').ok_or(BlockTrouble::Broken)?;
    let hashes = file(directory.entry(&format!("{stem}.SF")))?;
    let signature = file(Some(signature))?;
    let data = SignedData::read(&signature).ok_or(BlockTrouble::Broken)?;
    let signer = data.signer(&hashes)?;
    // What is signed stands in a file of its own: content in here would be nobody's word.
    if data.content.is_some() {
        return Err(BlockTrouble::Unknown);
    }
    let manifest = file(directory.entry(MANIFEST))?;
    let head = sections(&hashes).into_iter().next().ok_or(BlockTrouble::Broken)?;
    if !newer && head.iter().any(|(key, _)| key == "X-Android-APK-Signed") {
        return Err(BlockTrouble::TakenOff);
    }
    match stated(&head, "-Digest-Manifest") {
        Some((hash, digest)) if hash.of(&manifest) == digest => {}
        Some(_) => return Err(BlockTrouble::Altered),
        None => return Err(BlockTrouble::Unknown),
    }
    let listed: BTreeMap<String, (Hash, Vec<u8>)> = sections(&manifest)
        .into_iter()
        .skip(1)
        .filter_map(|section| {
            let name = section.iter().find(|(key, _)| key == "Name")?.1.clone();
            Some((name, stated(&section, "-Digest")?))
        })
        .collect();
    let mut left = unpacked_bytes_max;
    let mut names = BTreeSet::new();
    for entry in &directory.entries {
        if !names.insert(read_as(&entry.name)) {
            return Err(BlockTrouble::Altered);
        }
        if is_own(&entry.name) || entry.name.ends_with('/') {
            continue;
        }
        let (hash, digest) = listed.get(&entry.name).ok_or(BlockTrouble::Altered)?;
        let is = hashed(app, entry, *hash, &mut left).map_err(|error| trouble(&error))?;
        if is != *digest {
            return Err(BlockTrouble::Altered);
        }
    }
    Ok(vec![signer])
}

/// The name under which readers find an entry: a second one would be another file for some of them.
/// Letters may differ in size alone, as makers of short names have it; where signatures and manifests
/// are looked for, readers do not tell them apart.
fn read_as(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    if upper.starts_with(FOLDER) { upper } else { name.to_owned() }
}

/// Belongs to a signature, which says nothing of it (JAR File Specification, "Signed JAR File").
/// Whatever else stands beside it is a file as others are: programs can be loaded from there.
fn is_own(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let Some(file) = upper.strip_prefix(FOLDER).filter(|_| name.starts_with(FOLDER)) else {
        return false;
    };
    if file.contains('/') {
        return false;
    }
    let ending = file.split_once('.').map_or("", |(_, ending)| ending);
    let named = file.starts_with("SIG-")
        && ending.len() <= 3
        && ending.bytes().all(|letter| letter.is_ascii_alphanumeric());
    let signs = file.ends_with(".SF") || SIGNATURES.iter().any(|ending| file.ends_with(ending));
    upper == MANIFEST || signs || named
}

/// What it means that a file inside could not be hashed.
fn trouble(error: &io::Error) -> BlockTrouble {
    match error.kind() {
        io::ErrorKind::QuotaExceeded => BlockTrouble::Unknown,
        // It does not unpack: it is not what was signed.
        io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => BlockTrouble::Altered,
        _ => BlockTrouble::Unreadable,
    }
}

fn hashed(app: &dyn Source, entry: &Entry, hash: Hash, left: &mut u64) -> io::Result<Vec<u8>> {
    let packed = entry.packed_at(app)?;
    let mut content: Box<dyn Read + '_> =
        if entry.is_stored() { Box::new(Stream::new(&packed)) } else { Box::new(unpack(&packed)) };
    let mut state = Hashing::new(hash);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = content.read(&mut buffer)?;
        if read == 0 {
            return Ok(state.end());
        }
        *left = left.checked_sub(read as u64).ok_or(io::ErrorKind::QuotaExceeded)?;
        state.take(buffer.get(..read).unwrap_or_default());
    }
}

/// The sections of a manifest, lines that were broken joined again.
fn sections(bytes: &[u8]) -> Vec<Vec<(String, String)>> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
    let text = text.replace("\n ", "");
    let pairs = |section: &str| {
        let lines = section.lines().filter_map(|line| line.split_once(": "));
        lines.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    };
    text.split("\n\n").filter(|section| !section.trim().is_empty()).map(pairs).collect()
}

/// The strongest hash a section states under names that end so.
fn stated(section: &[(String, String)], ending: &str) -> Option<(Hash, Vec<u8>)> {
    [
        ("SHA-512", Hash::Sha512),
        ("SHA-256", Hash::Sha256),
        ("SHA1", Hash::Sha1),
        ("SHA-1", Hash::Sha1),
    ]
    .into_iter()
    .find_map(|(name, hash)| {
        let key = format!("{name}{ending}");
        let value = section.iter().find(|(own, _)| *own == key)?;
        Some((hash, from_base64(&value.1)?))
    })
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for letter in text.trim().trim_end_matches('=').bytes() {
        let value = LETTERS.iter().position(|own| *own == letter)?;
        held = (held << 6) | u32::try_from(value).ok()?;
        bits = bits.saturating_add(6);
        if bits >= 8 {
            bits = bits.saturating_sub(8);
            bytes.push(u8::try_from((held >> bits) & 0xFF).ok()?);
            held &= (1_u32 << bits).wrapping_sub(1);
        }
    }
    Some(bytes)
}
