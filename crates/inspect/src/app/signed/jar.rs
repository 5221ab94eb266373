//! Scheme v1: every file's hash in a manifest, the manifest's hash in a signed file (JAR, RFC 5652).

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use super::{
    Signer,
    algorithm::{Hash, ecdsa_holds, rsa_holds},
    block::{BlockTrouble, spki_of},
};
use crate::{
    archive::zip::{Directory, Entry, unpack},
    source::{Source, Stream},
};

/// A manifest, a list of hashes, a signature: none of them is larger.
const FILE_BYTES_MAX: usize = 32 << 20;

/// Bytes that are unpacked to be hashed.
const UNPACKED_BYTES_MAX: u64 = 4 << 30;

const MANIFEST: &str = "META-INF/MANIFEST.MF";

/// Checks it; `None` when the app has no such signature. `newer` says whether a newer scheme is
/// there: who signed with one says so here, so that nobody can take it off unseen.
pub(super) fn check(
    app: &dyn Source,
    directory: &Directory,
    newer: bool,
) -> Option<Result<Vec<Signer>, BlockTrouble>> {
    let signature = directory.entries.iter().find(|entry| {
        let name = entry.name.to_ascii_uppercase();
        let ending = [".RSA", ".EC", ".DSA"].iter().any(|ending| name.ends_with(ending));
        name.starts_with("META-INF/") && ending && name.matches('/').count() == 1
    })?;
    Some(signed(app, directory, signature, newer))
}

fn signed(
    app: &dyn Source,
    directory: &Directory,
    signature: &Entry,
    newer: bool,
) -> Result<Vec<Signer>, BlockTrouble> {
    let file = |entry: Option<&Entry>| {
        let entry = entry.ok_or(BlockTrouble::Broken)?;
        entry.bytes(app, FILE_BYTES_MAX).map_err(|_| BlockTrouble::Unreadable)
    };
    let (stem, _) = signature.name.rsplit_once('.').ok_or(BlockTrouble::Broken)?;
    let hashes = file(directory.entry(&format!("{stem}.SF")))?;
    let signer = signer(&file(Some(signature))?, &hashes)?;
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
    let mut unpacked = 0_u64;
    for entry in &directory.entries {
        let own = entry.name.starts_with("META-INF/") && entry.name.matches('/').count() == 1;
        if own || entry.name.ends_with('/') {
            continue;
        }
        let (hash, digest) = listed.get(&entry.name).ok_or(BlockTrouble::Altered)?;
        let is = hashed(app, entry, *hash, &mut unpacked).map_err(|_| BlockTrouble::Unreadable)?;
        if is != *digest {
            return Err(BlockTrouble::Altered);
        }
    }
    Ok(vec![signer])
}

fn hashed(app: &dyn Source, entry: &Entry, hash: Hash, unpacked: &mut u64) -> io::Result<Vec<u8>> {
    let packed = entry.packed_at(app)?;
    let mut content: Box<dyn Read + '_> =
        if entry.is_stored() { Box::new(Stream::new(&packed)) } else { Box::new(unpack(&packed)) };
    let mut state = State::new(hash);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = content.read(&mut buffer)?;
        if read == 0 {
            return Ok(state.end());
        }
        *unpacked = unpacked.saturating_add(read as u64);
        if *unpacked > UNPACKED_BYTES_MAX {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        state.take(buffer.get(..read).unwrap_or_default());
    }
}

enum State {
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl State {
    fn new(hash: Hash) -> Self {
        match hash {
            Hash::Sha1 => Self::Sha1(sha1::Sha1::default()),
            Hash::Sha256 => Self::Sha256(sha2::Sha256::default()),
            Hash::Sha512 => Self::Sha512(sha2::Sha512::default()),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        use sha2::Digest;
        match self {
            Self::Sha1(state) => state.update(bytes),
            Self::Sha256(state) => state.update(bytes),
            Self::Sha512(state) => state.update(bytes),
        }
    }

    fn end(self) -> Vec<u8> {
        use sha2::Digest;
        match self {
            Self::Sha1(state) => state.finalize().to_vec(),
            Self::Sha256(state) => state.finalize().to_vec(),
            Self::Sha512(state) => state.finalize().to_vec(),
        }
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

/// A field of DER: its tag, its content, its whole bytes, and what follows.
struct Field<'b> {
    tag: u8,
    content: &'b [u8],
    whole: &'b [u8],
    rest: &'b [u8],
}

fn field(bytes: &[u8]) -> Option<Field<'_>> {
    let tag = *bytes.first()?;
    let first = *bytes.get(1)?;
    let (length, at) = if first < 0x80 {
        (usize::from(first), 2)
    } else {
        let count = usize::from(first & 0x7F);
        let at = count.checked_add(2)?;
        let digits = bytes.get(2..at).filter(|digits| (1..=4).contains(&digits.len()))?;
        (digits.iter().fold(0_usize, |length, digit| (length << 8) | usize::from(*digit)), at)
    };
    let end = at.checked_add(length)?;
    Some(Field {
        tag,
        content: bytes.get(at..end)?,
        whole: bytes.get(..end)?,
        rest: bytes.get(end..)?,
    })
}

/// Who signed `data`, by a `SignedData` of RFC 5652.
fn signer(cms: &[u8], data: &[u8]) -> Result<Signer, BlockTrouble> {
    let parts = parts(cms).ok_or(BlockTrouble::Broken)?;
    let hash = match parts.digest {
        [0x2B, 0x0E, 0x03, 0x02, 0x1A] => Hash::Sha1,
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1] => Hash::Sha256,
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3] => Hash::Sha512,
        _ => return Err(BlockTrouble::Unknown),
    };
    let mut covered = data.to_vec();
    if let Some(attributes) = parts.attributes {
        // What is signed is the set of attributes, which holds the hash of the data.
        let digest = hash.of(data);
        if !attributes.windows(digest.len()).any(|bytes| bytes == digest) {
            return Err(BlockTrouble::Altered);
        }
        covered = attributes.to_vec();
        if let Some(tag) = covered.first_mut() {
            *tag = 0x31;
        }
    }
    let mut certificates = parts.certificates;
    while let Some(certificate) = field(certificates) {
        certificates = certificate.rest;
        let Some(spki) = spki_of(certificate.whole) else { continue };
        let holds = rsa_holds(&spki, &covered, parts.signature, hash).unwrap_or(false)
            || ecdsa_holds(&spki, &hash.of(&covered), parts.signature).unwrap_or(false);
        if holds {
            return Ok(Signer { certificate: certificate.whole.to_vec() });
        }
    }
    Err(BlockTrouble::Signature)
}

struct Parts<'b> {
    certificates: &'b [u8],
    digest: &'b [u8],
    attributes: Option<&'b [u8]>,
    signature: &'b [u8],
}

fn parts(cms: &[u8]) -> Option<Parts<'_>> {
    let info = field(cms)?;
    let kind = field(info.content)?;
    let signed = field(field(kind.rest)?.content)?;
    let version = field(signed.content)?;
    let digests = field(version.rest)?;
    let content = field(digests.rest)?;
    let mut next = field(content.rest)?;
    let mut certificates: &[u8] = &[];
    while next.tag != 0x31 {
        if next.tag == 0xA0 {
            certificates = next.content;
        }
        next = field(next.rest)?;
    }
    let signer = field(next.content)?;
    let version = field(signer.content)?;
    let who = field(version.rest)?;
    let digest = field(who.rest)?;
    let mut next = field(digest.rest)?;
    let mut attributes = None;
    if next.tag == 0xA0 {
        attributes = Some(next.whole);
        next = field(next.rest)?;
    }
    let signature = field(next.rest).filter(|field| field.tag == 4)?;
    let digest = field(digest.content)?.content;
    Some(Parts { certificates, digest, attributes, signature: signature.content })
}
