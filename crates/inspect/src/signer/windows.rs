//! Signatures of programs for Windows ("PE Format", Microsoft).
//!
//! Everything in the file is hashed but its checksum, the place that says where the table of
//! certificates lies, and that table. The table must stand at the end of the file and hold one
//! signature: what stands behind that could be changed unseen, and a table that could stand anywhere
//! could be pushed between the parts of a program, whose digest would stay the same.

use std::{io, ops::Range};

use super::{
    Said,
    authenticode::{SIGNATURE_BYTES_MAX, Signed, Stated, take},
};
use crate::{
    Source,
    app::signed::{BlockTrouble, Hash, Hashing},
    numbers::{u16_le, u32_le},
};

/// Where what is not hashed lies in a program.
struct Layout {
    checksum: u64,
    /// The entry that says where the table is.
    entry: u64,
    table: Range<u64>,
}

/// Who signed it; `None` when it has no signature.
pub(super) fn check(file: &dyn Source) -> io::Result<Said> {
    let Some(layout) = layout(file)? else { return Ok(None) };
    let table = &layout.table;
    let fits = table.start >= layout.entry.saturating_add(8) && table.end == file.size();
    if !fits || table.is_empty() {
        return Ok(Some(Err(BlockTrouble::Broken)));
    }
    let bytes = table.end.saturating_sub(table.start);
    if bytes > SIGNATURE_BYTES_MAX {
        return Ok(Some(Err(BlockTrouble::Unknown)));
    }
    let bytes = file.piece(table.start, usize::try_from(bytes).unwrap_or(0))?;
    Ok(Some(match signed(&bytes) {
        Ok(stated) => {
            let digest = digest(file, &layout, stated.hash)?;
            stated.of(&digest)
        }
        Err(trouble) => Err(trouble),
    }))
}

/// Where things are; `None` for a program that has no place for a signature, or an empty one.
fn layout(file: &dyn Source) -> io::Result<Option<Layout>> {
    let dos = file.piece(0, 64)?;
    let Some(at) = u32_le(&dos, 0x3C).map(u64::from) else { return Ok(None) };
    // "PE", 20 bytes about the file, then at most as many as the fifth directory ends at.
    let head = file.piece(at, 24 + 152)?;
    Ok(head.starts_with(b"PE\0\0").then(|| placed(&head, at)).flatten())
}

fn placed(head: &[u8], at: u64) -> Option<Layout> {
    // Addresses of 32 bits, or of 64: the directories begin behind them.
    let directories = match u16_le(head, 24)? {
        0x10B => 24_usize.checked_add(96)?,
        0x20B => 24_usize.checked_add(112)?,
        _ => return None,
    };
    let count = u32_le(head, directories.checked_sub(4)?)?;
    let entry = directories.checked_add(4 * 8)?;
    let (start, bytes) = (u32_le(head, entry)?, u32_le(head, entry.checked_add(4)?)?);
    if count < 5 || (start == 0 && bytes == 0) {
        return None;
    }
    let start = u64::from(start);
    Some(Layout {
        checksum: at.checked_add(24 + 64)?,
        entry: at.checked_add(entry as u64)?,
        table: start..start.checked_add(u64::from(bytes))?,
    })
}

/// The digest that the table says the program has, and who signed that.
fn signed(table: &[u8]) -> Result<Stated, BlockTrouble> {
    let broken = BlockTrouble::Broken;
    let length = u32_le(table, 0).and_then(|length| usize::try_from(length).ok()).ok_or(broken)?;
    // 2: a `SignedData` of PKCS #7. There were plans for others.
    if u16_le(table, 6).ok_or(broken)? != 2 {
        return Err(BlockTrouble::Unknown);
    }
    if table.get(length..).ok_or(broken)?.iter().any(|byte| *byte != 0) {
        return Err(BlockTrouble::Altered);
    }
    Stated::read(table.get(8..length).ok_or(broken)?, Signed::Program)
}

/// The hash over everything that is not left out.
fn digest(file: &dyn Source, layout: &Layout, hash: Hash) -> io::Result<Vec<u8>> {
    let mut state = Hashing::new(hash);
    let parts = [
        0..layout.checksum,
        layout.checksum.saturating_add(4)..layout.entry,
        layout.entry.saturating_add(8)..layout.table.start,
    ];
    for part in parts {
        take(&mut state, file, part)?;
    }
    Ok(state.end())
}
