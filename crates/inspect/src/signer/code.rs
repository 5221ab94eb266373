//! Code signatures of macOS and iOS: blobs in one blob, among them directories of the code with the
//! hash of every page, and a signature over the first directory (Apple, "Code Signing Guide";
//! `cs_blobs.h` and `codedirectory.h` of Darwin, which are public).
//!
//! A device goes by the directory with the hash it likes best, so all must hold, and the signature
//! must name each. Without a signature such a file is signed by nobody: *ad hoc*, as compilers do.

use std::ops::Range;

use data_encoding::BASE64;

use super::{
    Fault,
    authenticode::{SIGNATURE_BYTES_MAX, take},
};
use crate::{
    Source,
    app::signed::{
        BlockTrouble, Hash, Hashing, Signer,
        cms::{SignedData, definite, field},
    },
    numbers::{index, u32_be, u64_be},
};

/// The magic numbers of blobs.
const BLOBS: u32 = 0xFADE_0CC0;
const DIRECTORY: u32 = 0xFADE_0C02;
const WRAPPED: u32 = 0xFADE_0B01;

/// Places of blobs among the others.
const FIRST: u32 = 0;
const OTHERS: Range<u32> = 0x1000..0x1005;
const SIGNATURE: u32 = 0x1_0000;
/// Who a program is for, and a ticket: both may come after signing.
const LATER: Range<u32> = 0x1_0001..0x1_0003;
/// What directories have the hashes of.
const HASHED_MAX: u32 = 64;

const BLOBS_MAX: u32 = 64;
/// A hash of 32 bytes for each 4 KiB of two gigabytes.
pub(super) const BLOBS_BYTES_MAX: u64 = 24 << 20;
/// Pages of 4 KiB and 16 KiB are in use.
const PAGE_BITS: Range<u8> = 9..25;

/// `1.2.840.113549.1.7.1`: bytes.
const DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1];
/// `1.2.840.113635.100.9.1` and `.2`: the hashes of all directories, as a list of properties whose
/// hashes are cut, and by their algorithms.
const NAMED_CUT: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x63, 0x64, 9, 1];
const NAMED: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x63, 0x64, 9, 2];
/// Bytes that are left of a cut hash.
const CUT_BYTES: usize = 20;

const BROKEN: Fault = Fault::Trouble(BlockTrouble::Broken);
const ALTERED: Fault = Fault::Trouble(BlockTrouble::Altered);
const UNKNOWN: Fault = Fault::Trouble(BlockTrouble::Unknown);

/// Who signed the first `end` bytes of a file with these blobs; `None` when nobody did. `own` are
/// bytes at places of their own, which the directories have the hashes of.
pub(super) fn check(
    file: &dyn Source,
    end: u64,
    blobs: &[u8],
    own: &[(u32, Vec<u8>)],
) -> Result<Option<Vec<Signer>>, Fault> {
    let blobs = Blobs::read(blobs)?;
    let Some(signature) = blobs.signature() else { return Ok(None) };
    let first = blobs.at(FIRST).ok_or(BROKEN)?;
    let directories: Vec<Directory<'_>> = blobs
        .each
        .iter()
        .filter(|(place, _)| *place == FIRST || OTHERS.contains(place))
        .map(|(_, bytes)| Directory::read(bytes))
        .collect::<Result<_, _>>()?;
    let signer = signed(signature, first, &directories)?;
    for directory in &directories {
        directory.blobs_hold(&blobs, own)?;
        directory.pages_hold(file, end)?;
    }
    Ok(Some(vec![signer]))
}

/// Blobs, each with its place.
struct Blobs<'b> {
    each: Vec<(u32, &'b [u8])>,
}

impl<'b> Blobs<'b> {
    fn read(bytes: &'b [u8]) -> Result<Self, Fault> {
        let number = |at| u32_be(bytes, at).ok_or(BROKEN);
        let count = number(8)?;
        if number(0)? != BLOBS || index(number(4)?) > bytes.len() || count > BLOBS_MAX {
            return Err(BROKEN);
        }
        let mut each: Vec<(u32, &[u8])> = Vec::new();
        let mut places = Vec::new();
        for at in (12_usize..).step_by(8).take(index(count)) {
            let (place, start) = (number(at)?, index(number(at.saturating_add(4))?));
            let blob = bytes.get(start..).ok_or(BROKEN)?;
            let blob = blob.get(..index(u32_be(blob, 4).ok_or(BROKEN)?)).ok_or(BROKEN)?;
            let known = place <= HASHED_MAX
                || OTHERS.contains(&place)
                || place == SIGNATURE
                || LATER.contains(&place);
            if !known || blob.len() < 8 || each.iter().any(|(other, _)| *other == place) {
                return Err(BROKEN);
            }
            each.push((place, blob));
            places.push(start..start.saturating_add(blob.len()));
        }
        // Between them nothing could be seen to change.
        places.sort_by_key(|place| place.start);
        let mut end = 12_usize.saturating_add(index(count).saturating_mul(8));
        for place in places {
            let between = bytes.get(end..place.start).ok_or(BROKEN)?;
            if between.iter().any(|byte| *byte != 0) {
                return Err(ALTERED);
            }
            end = place.end;
        }
        // Room is kept for a signature before it is made.
        let behind = bytes.get(end..).ok_or(BROKEN)?;
        if behind.iter().any(|byte| *byte != 0) { Err(ALTERED) } else { Ok(Self { each }) }
    }

    fn at(&self, place: u32) -> Option<&'b [u8]> {
        self.each.iter().find(|(own, _)| *own == place).map(|(_, blob)| *blob)
    }

    /// What is in the wrapping of the signature; `None` when there is nothing.
    fn signature(&self) -> Option<&'b [u8]> {
        let blob = self.at(SIGNATURE).filter(|blob| u32_be(blob, 0) == Some(WRAPPED))?;
        blob.get(8..).filter(|content| !content.is_empty())
    }
}

/// Who signed the first directory, and named the others.
fn signed(signature: &[u8], first: &[u8], directories: &[Directory<'_>]) -> Result<Signer, Fault> {
    if signature.len() as u64 > SIGNATURE_BYTES_MAX {
        return Err(UNKNOWN);
    }
    let (cms, behind) = definite(signature).ok_or(BROKEN)?;
    if behind.iter().any(|byte| *byte != 0) {
        return Err(ALTERED);
    }
    let data = SignedData::read(&cms).ok_or(BROKEN)?;
    // The content is elsewhere, and attributes say that it is bytes.
    if data.kind != DATA || data.content.is_some() || !data.has_attributes() {
        return Err(BROKEN);
    }
    let signer = data.signer(first)?;
    let named = |directory: &Directory<'_>| {
        directory.bytes == first
            || by_algorithm(&data, directory).unwrap_or(false)
            || by_list(&data, directory).unwrap_or(false)
    };
    if directories.iter().all(named) { Ok(signer) } else { Err(ALTERED) }
}

fn by_algorithm(data: &SignedData<'_>, directory: &Directory<'_>) -> Option<bool> {
    let mut rest = data.values(NAMED)?;
    while !rest.is_empty() {
        let one = field(rest)?;
        rest = one.rest;
        let oid = field(one.content)?;
        let digest = field(oid.rest)?.content;
        let hash = Hash::named(oid.content);
        if hash == Some(directory.hash) && digest == directory.hash.of(directory.bytes) {
            return Some(true);
        }
    }
    Some(false)
}

fn by_list(data: &SignedData<'_>, directory: &Directory<'_>) -> Option<bool> {
    let list = field(data.values(NAMED_CUT)?)?.content;
    let list: String = str::from_utf8(list).ok()?.split_ascii_whitespace().collect();
    let hash = directory.hash.of(directory.bytes);
    let wanted = BASE64.encode(hash.get(..CUT_BYTES)?);
    Some(list.contains(&format!("<data>{wanted}</data>")))
}

/// Hashes of the pages of a program, and of what belongs to it.
struct Directory<'b> {
    bytes: &'b [u8],
    hash: Hash,
    /// How long each is.
    hash_bytes: usize,
    /// Where those of pages begin; those of blobs stand before, backwards.
    start: usize,
    blobs: u32,
    pages: u32,
    /// Bytes that are signed.
    end: u64,
    /// Nothing for one page of everything.
    page_bits: Option<u8>,
}

impl<'b> Directory<'b> {
    fn read(bytes: &'b [u8]) -> Result<Self, Fault> {
        let number = |at| u32_be(bytes, at).ok_or(BROKEN);
        let byte = |at: usize| bytes.get(at).copied().ok_or(BROKEN);
        let version = number(8)?;
        if number(0)? != DIRECTORY {
            return Err(BROKEN);
        }
        // Hash 3 is SHA-256, cut.
        let (hash, hash_bytes) = match (byte(37)?, byte(36)?) {
            (1, 20) => (Hash::Sha1, 20),
            (2, 32) => (Hash::Sha256, 32),
            (3, 20) => (Hash::Sha256, 20),
            (4, 48) => (Hash::Sha384, 48),
            _ => return Err(UNKNOWN),
        };
        // Pages that do not follow one another were planned.
        if version >= 0x2_0100 && number(44)? != 0 {
            return Err(UNKNOWN);
        }
        let long = if version >= 0x2_0300 { u64_be(bytes, 56).ok_or(BROKEN)? } else { 0 };
        let page_bits = Some(byte(39)?).filter(|bits| *bits != 0);
        if page_bits.is_some_and(|bits| !PAGE_BITS.contains(&bits)) {
            return Err(UNKNOWN);
        }
        Ok(Self {
            bytes,
            hash,
            hash_bytes,
            start: index(number(16)?),
            blobs: number(24)?,
            pages: number(28)?,
            end: if long == 0 { u64::from(number(32)?) } else { long },
            page_bits,
        })
    }

    /// The hash of a page; of a blob, counted from 1 backwards.
    fn page(&self, at: u32) -> Option<&'b [u8]> {
        let start = index(at).checked_mul(self.hash_bytes)?.checked_add(self.start)?;
        self.bytes.get(start..start.checked_add(self.hash_bytes)?)
    }

    fn blob(&self, place: u32) -> Option<&'b [u8]> {
        if place == 0 || place > self.blobs {
            return None;
        }
        let start = self.start.checked_sub(index(place).checked_mul(self.hash_bytes)?)?;
        self.bytes.get(start..start.checked_add(self.hash_bytes)?)
    }

    fn is(&self, hashed: &[u8], mut digest: Vec<u8>) -> bool {
        digest.truncate(self.hash_bytes);
        digest == hashed
    }

    /// What belongs to the program is what was signed. What lies outside of the file, lists of
    /// resources for one, cannot be asked.
    fn blobs_hold(&self, blobs: &Blobs<'_>, own: &[(u32, Vec<u8>)]) -> Result<(), Fault> {
        let inside = blobs.each.iter().filter(|(place, _)| (1..=HASHED_MAX).contains(place));
        let inside = inside.map(|(place, blob)| (*place, *blob));
        let own = own.iter().map(|(place, bytes)| (*place, bytes.as_slice()));
        for (place, bytes) in inside.chain(own) {
            let stated = self.blob(place).ok_or(ALTERED)?;
            if !self.is(stated, self.hash.of(bytes)) {
                return Err(ALTERED);
            }
        }
        // Rules, powers and limits to where it may be started stand in the file when they were signed.
        for place in [2, 5, 7, 8, 9, 10, 11] {
            let signed = self.blob(place).is_some_and(|hash| hash.iter().any(|byte| *byte != 0));
            if signed && blobs.at(place).is_none() {
                return Err(ALTERED);
            }
        }
        Ok(())
    }

    /// Everything before the signature is what was signed.
    fn pages_hold(&self, file: &dyn Source, end: u64) -> Result<(), Fault> {
        if self.end != end || end > file.size() {
            return Err(ALTERED);
        }
        let page_bytes = self.page_bits.map_or(end.max(1), |bits| 1 << bits);
        if end.div_ceil(page_bytes) != u64::from(self.pages) {
            return Err(BROKEN);
        }
        let mut start = 0_u64;
        for page in 0..self.pages {
            let stop = start.saturating_add(page_bytes).min(end);
            let mut state = Hashing::new(self.hash);
            take(&mut state, file, start..stop)?;
            if !self.is(self.page(page).ok_or(BROKEN)?, state.end()) {
                return Err(ALTERED);
            }
            start = stop;
        }
        Ok(())
    }
}
