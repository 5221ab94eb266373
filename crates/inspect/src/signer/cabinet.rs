//! Signatures of archives of the kind CAB ("Microsoft Cabinet Format", [MS-CAB]): the signature
//! stands behind the archive, and its place in the bytes that the head keeps free for others.
//!
//! Everything is hashed but a checksum, the number of the archive in its set, and that place.

use std::{io, ops::Range};

use super::{
    Said,
    authenticode::{SIGNATURE_BYTES_MAX, Signed, Stated, is_empty, take},
};
use crate::{
    Source,
    app::signed::{BlockTrouble, Hash, Hashing},
    numbers::{u16_le, u32_le},
};

/// The flag that says bytes are kept free.
const KEPT: u16 = 4;
/// Of the head with the bytes for a signature.
const HEAD_BYTES: u64 = 60;

/// Who signed it; `None` when it has no signature.
pub(super) fn check(file: &dyn Source) -> io::Result<Said> {
    let head = file.piece(0, usize::try_from(HEAD_BYTES).unwrap_or(60))?;
    let place = match place(&head) {
        Ok(Some(place)) => place,
        Ok(None) => return Ok(None),
        Err(trouble) => return Ok(Some(Err(trouble))),
    };
    if place.end.saturating_sub(place.start) > SIGNATURE_BYTES_MAX {
        return Ok(Some(Err(BlockTrouble::Unknown)));
    }
    // What is hung behind it is nobody's word.
    if place.end > file.size() || !is_empty(file, place.end..file.size())? {
        return Ok(Some(Err(BlockTrouble::Altered)));
    }
    let bytes = usize::try_from(place.end.saturating_sub(place.start)).unwrap_or(0);
    let stated = match Stated::read(&file.piece(place.start, bytes)?, Signed::Cabinet) {
        Ok(stated) => stated,
        Err(trouble) => return Ok(Some(Err(trouble))),
    };
    let digest = digest(file, place.start, stated.hash)?;
    Ok(Some(stated.of(&digest)))
}

/// Where the signature is: right behind the archive.
fn place(head: &[u8]) -> Result<Option<Range<u64>>, BlockTrouble> {
    let parts = || {
        let kept = u16_le(head, 30)? & KEPT != 0 && u32_le(head, 36)? == 20;
        let number = |at| u32_le(head, at).map(u64::from);
        Some((kept, number(8)?, number(40)?, number(44)?, number(48)?))
    };
    let Some((kept, archive_end, mark, start, bytes)) = parts() else { return Ok(None) };
    if !kept || (start == 0 && bytes == 0) {
        return Ok(None);
    }
    let spare = head.get(52..56).is_some_and(|spare| spare == [0; 4]);
    if start != archive_end || start < HEAD_BYTES || mark != 0x0010_0000 || !spare || bytes == 0 {
        return Err(BlockTrouble::Broken);
    }
    Ok(Some(start..start.saturating_add(bytes)))
}

fn digest(file: &dyn Source, end: u64, hash: Hash) -> io::Result<Vec<u8>> {
    let mut state = Hashing::new(hash);
    for part in [0..4, 8..34, 56..end] {
        take(&mut state, file, part)?;
    }
    Ok(state.end())
}
