//! Packages for Linux: they are signed by keys of OpenPGP, which have no certificates. Whether there
//! is such a signature is said, and that it is not checked here.

use super::{Fault, Said};
use crate::{
    Source,
    app::signed::{BlockTrouble, Signer},
    numbers::{index, u32_be},
};

/// Members of an archive, and entries of a head, that are looked at.
const MEMBERS_MAX: usize = 64;
const ENTRIES_MAX: u32 = 1_024;

/// Who signed a package of Debian; nobody signs most of them, but the lists they stand in.
pub(super) fn deb(file: &dyn Source) -> std::io::Result<Said> {
    super::said(deb_checked(file))
}

/// Who signed a package of the kind RPM.
pub(super) fn rpm(file: &dyn Source) -> std::io::Result<Said> {
    super::said(rpm_checked(file))
}

const UNKNOWN: Fault = Fault::Trouble(BlockTrouble::Unknown);

fn deb_checked(file: &dyn Source) -> Result<Option<Vec<Signer>>, Fault> {
    // "!<arch>", then members, each behind 60 bytes about it (deb(5), debsig-verify).
    let mut at = 8_u64;
    for _ in 0..MEMBERS_MAX {
        let head = file.piece(at, 60)?;
        if head.starts_with(b"_gpg") {
            return Err(UNKNOWN);
        }
        let bytes = head.get(48..58).and_then(|digits| str::from_utf8(digits).ok());
        let Some(bytes) = bytes.and_then(|digits| digits.trim_end().parse::<u64>().ok()) else {
            return Ok(None);
        };
        // Each begins at an even place.
        let next = at.checked_add(60).and_then(|at| at.checked_add(bytes));
        let Some(next) = next.and_then(|next| next.checked_next_multiple_of(2)) else {
            return Ok(None);
        };
        at = next;
    }
    Err(UNKNOWN)
}

/// Where the head with signatures begins, and what it begins with.
const HEAD_AT: u64 = 96;
const HEAD: &[u8] = b"\x8E\xAD\xE8\x01";
/// DSA, RSA, OpenPGP over the head; PGP, PGP 5 and GPG over everything.
const SIGNATURES: [u32; 6] = [267, 268, 278, 1_002, 1_003, 1_005];

fn rpm_checked(file: &dyn Source) -> Result<Option<Vec<Signer>>, Fault> {
    let head = file.piece(HEAD_AT, 16)?;
    let count = u32_be(&head, 8).filter(|count| *count <= ENTRIES_MAX);
    let Some(count) = count.filter(|_| head.starts_with(HEAD)) else { return Err(UNKNOWN) };
    let entries = file.piece(HEAD_AT.saturating_add(16), index(count).saturating_mul(16))?;
    let mut tags = entries.as_chunks::<16>().0.iter().filter_map(|entry| u32_be(entry, 0));
    if tags.any(|tag| SIGNATURES.contains(&tag)) { Err(UNKNOWN) } else { Ok(None) }
}
