//! Signatures of programs for macOS and iOS: where they stand in a program ("Mach-O", Apple's
//! `loader.h` and `fat.h`), in one for several machines, and in an image of a disk.

use std::{io, ops::Range};

use super::{
    Fault, Said,
    authenticode::is_empty,
    code::{self, BLOBS_BYTES_MAX},
};
use crate::{
    Source,
    app::signed::{BlockTrouble, Signer},
    numbers::{array, index, u32_be, u32_le, u64_be},
    source::Part,
};

/// How programs for one machine begin, of 32 and 64 bits in either order, and those for several.
pub(super) const MAGICS: [[u8; 4]; 6] = [
    [0xCE, 0xFA, 0xED, 0xFE],
    [0xCF, 0xFA, 0xED, 0xFE],
    [0xFE, 0xED, 0xFA, 0xCE],
    [0xFE, 0xED, 0xFA, 0xCF],
    [0xCA, 0xFE, 0xBA, 0xBE],
    [0xCA, 0xFE, 0xBA, 0xBF],
];

/// `LC_CODE_SIGNATURE`.
const SIGNATURE: u32 = 0x1D;
/// A longer list of commands is not read.
const COMMANDS_BYTES_MAX: u32 = 4 << 20;
const MACHINES_MAX: u32 = 32;
/// A head and as many entries of the longer form.
const LIST_BYTES_MAX: usize = 8 + 32 * 32;

/// Reads a number of 32 bits, in the order of a program.
type Number = fn(&[u8], usize) -> Option<u32>;

const BROKEN: Fault = Fault::Trouble(BlockTrouble::Broken);
const ALTERED: Fault = Fault::Trouble(BlockTrouble::Altered);
const UNKNOWN: Fault = Fault::Trouble(BlockTrouble::Unknown);

/// Who signed a program; `None` when nobody did, or not for every machine it runs on.
pub(super) fn check(file: &dyn Source) -> io::Result<Said> {
    super::said(checked(file))
}

fn checked(file: &dyn Source) -> Result<Option<Vec<Signer>>, Fault> {
    let Some(machines) = machines(file)? else { return one(file, None) };
    let mut end = machines.end;
    let mut found: Option<Vec<Signer>> = None;
    for machine in machines.each {
        if machine.place.end > file.size() {
            return Err(BROKEN);
        }
        // Between them stand zeros: whatever else does, nobody signed it.
        if machine.place.start < end || !is_empty(file, end..machine.place.start)? {
            return Err(ALTERED);
        }
        end = machine.place.end;
        let part = Part::new(file, machine.place.start, end.saturating_sub(machine.place.start));
        let Some(signers) = one(&part, Some(machine.kind))? else { return Ok(None) };
        // Two people for two machines: one name would be wrong.
        if found.as_ref().is_some_and(|found| *found != signers) {
            return Err(UNKNOWN);
        }
        found = Some(signers);
    }
    if !is_empty(file, end..file.size())? {
        return Err(ALTERED);
    }
    Ok(found)
}

/// The programs in one for several machines, in the order of their places.
struct Machines {
    /// Where the list of them ends.
    end: u64,
    each: Vec<Machine>,
}

struct Machine {
    /// What it runs on: two numbers.
    kind: [u8; 8],
    place: Range<u64>,
}

/// `None` for a program for one machine.
fn machines(file: &dyn Source) -> Result<Option<Machines>, Fault> {
    let head = file.piece(0, LIST_BYTES_MAX)?;
    let wide = match u32_be(&head, 0) {
        Some(0xCAFE_BABE) => false,
        Some(0xCAFE_BABF) => true,
        _ => return Ok(None),
    };
    let count = u32_be(&head, 4).filter(|count| *count <= MACHINES_MAX).ok_or(UNKNOWN)?;
    let step = if wide { 32 } else { 20 };
    let mut each = Vec::new();
    let mut at = 8_usize;
    for _ in 0..count {
        let number = |by: usize| {
            let at = at.saturating_add(by);
            if wide { u64_be(&head, at) } else { u32_be(&head, at).map(u64::from) }
        };
        let start = number(8).ok_or(BROKEN)?;
        let bytes = number(if wide { 16 } else { 12 }).ok_or(BROKEN)?;
        let kind = array(&head, at).ok_or(BROKEN)?;
        each.push(Machine { kind, place: start..start.checked_add(bytes).ok_or(BROKEN)? });
        at = at.saturating_add(step);
    }
    each.sort_by_key(|machine| machine.place.start);
    Ok(Some(Machines { end: at as u64, each }))
}

/// Who signed a program for one machine.
fn one(file: &dyn Source, kind: Option<[u8; 8]>) -> Result<Option<Vec<Signer>>, Fault> {
    let head = file.piece(0, 32)?;
    let (number, start): (Number, usize) = match u32_be(&head, 0) {
        Some(0xCEFA_EDFE) => (u32_le, 28),
        Some(0xCFFA_EDFE) => (u32_le, 32),
        Some(0xFEED_FACE) => (u32_be, 28),
        Some(0xFEED_FACF) => (u32_be, 32),
        _ => return Err(BROKEN),
    };
    let said = |at| number(&head, at).ok_or(BROKEN);
    let own = [said(4)?.to_be_bytes(), said(8)?.to_be_bytes()].concat();
    if kind.is_some_and(|kind| own != kind) {
        return Err(ALTERED);
    }
    let (count, bytes) = (said(16)?, said(20)?);
    if bytes > COMMANDS_BYTES_MAX {
        return Err(UNKNOWN);
    }
    let commands = file.piece(start as u64, index(bytes))?;
    let Some(place) = place(&commands, count, number)? else { return Ok(None) };
    if place.end > file.size() || place.end.saturating_sub(place.start) > BLOBS_BYTES_MAX {
        return Err(if place.end > file.size() { BROKEN } else { UNKNOWN });
    }
    let blobs = usize::try_from(place.end.saturating_sub(place.start)).map_err(|_| BROKEN)?;
    let blobs = file.piece(place.start, blobs)?;
    let signers = code::check(file, place.start, &blobs, &[])?;
    // What is hung behind it is nobody's word.
    if signers.is_some() && !is_empty(file, place.end..file.size())? {
        return Err(ALTERED);
    }
    Ok(signers)
}

/// Where the signature is, by the commands of the program.
fn place(commands: &[u8], count: u32, number: Number) -> Result<Option<Range<u64>>, Fault> {
    let (mut found, mut rest) = (None, commands);
    for _ in 0..count {
        let (kind, bytes) = (number(rest, 0).ok_or(BROKEN)?, number(rest, 4).ok_or(BROKEN)?);
        if kind == SIGNATURE {
            let start = u64::from(number(rest, 8).ok_or(BROKEN)?);
            let bytes = u64::from(number(rest, 12).ok_or(BROKEN)?);
            if found.replace(start..start.saturating_add(bytes)).is_some() {
                return Err(BROKEN);
            }
        }
        if bytes < 8 {
            return Err(BROKEN);
        }
        rest = rest.get(index(bytes)..).ok_or(BROKEN)?;
    }
    Ok(found)
}

/// Bytes of what stands at the end of an image of a disk.
const TRAILER_BYTES: usize = 512;
/// Where it says how long the signature is.
const LENGTH: Range<usize> = 304..312;
/// The place of the trailer's hash in a directory.
const TRAILER: u32 = 6;

/// Who signed an image of a disk that ends in `koly`; `None` when nobody did.
pub(super) fn disk(file: &dyn Source) -> io::Result<Said> {
    super::said(disk_checked(file))
}

fn disk_checked(file: &dyn Source) -> Result<Option<Vec<Signer>>, Fault> {
    let mut trailer = file.tail(TRAILER_BYTES)?;
    let start = u64_be(&trailer, 296).ok_or(BROKEN)?;
    let bytes = u64_be(&trailer, LENGTH.start).ok_or(BROKEN)?;
    if start == 0 && bytes == 0 {
        return Ok(None);
    }
    let end = file.size().saturating_sub(TRAILER_BYTES as u64);
    let stop = start.checked_add(bytes).filter(|stop| *stop <= end).ok_or(BROKEN)?;
    if bytes > BLOBS_BYTES_MAX {
        return Err(UNKNOWN);
    }
    let blobs = file.piece(start, usize::try_from(bytes).map_err(|_| BROKEN)?)?;
    trailer.get_mut(LENGTH).ok_or(BROKEN)?.fill(0);
    let signers = code::check(file, start, &blobs, &[(TRAILER, trailer)])?;
    if signers.is_some() && !is_empty(file, stop..end)? {
        return Err(ALTERED);
    }
    Ok(signers)
}
