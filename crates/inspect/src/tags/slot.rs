//! The mark inside DOCX, XLSX and PPTX: one machine, written over what stood at byte 80.

use super::machine::{Machine, RECORD_BYTES};
use crate::numbers::{u16_le, u32_le};

/// Where it stands.
pub const SLOT_AT: usize = 80;

/// What it covers.
pub const SLOT_BYTES: usize = RECORD_BYTES + 7;

/// Bytes of a file's head that are enough to read it.
pub const SLOT_HEAD_BYTES: usize = 1_024;

/// The extra field with which office programs leave room to grow.
const GROWTH_HINT: u16 = 0xA220;

/// A mark in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The machine that wrote last; earlier ones are overwritten.
    pub machine: Machine,
    /// It lies in padding: nothing of the document was lost.
    pub in_padding: bool,
}

impl Slot {
    /// Reads the mark from the first [`SLOT_HEAD_BYTES`] bytes of a file.
    #[must_use]
    pub fn read(head: &[u8]) -> Option<Self> {
        if !head.starts_with(b"PK\x03\x04") {
            return None;
        }
        let slot = head.get(SLOT_AT..SLOT_AT.checked_add(SLOT_BYTES)?)?;
        let (record, foot) = slot.split_at_checked(RECORD_BYTES)?;
        if u32_le(foot, 0)? != 24 || foot.get(4..)? != b"EOF" {
            return None;
        }
        Some(Self { machine: Machine::read(record)?, in_padding: in_padding(head) == Some(true) })
    }
}

/// Whether all of the slot lies in the growth hint of the first entry.
fn in_padding(head: &[u8]) -> Option<bool> {
    let name = usize::from(u16_le(head, 26)?);
    let extra = usize::from(u16_le(head, 28)?);
    let mut at = name.checked_add(30)?;
    let end = at.checked_add(extra)?;
    while at < end {
        let bytes = usize::from(u16_le(head, at.checked_add(2)?)?);
        let data = at.checked_add(4)?;
        let next = data.checked_add(bytes)?;
        // The hint begins with its own signature and the room asked for, two bytes each.
        let room = data.checked_add(4)?..next.min(end);
        let slot_end = SLOT_AT.checked_add(SLOT_BYTES)?;
        if u16_le(head, at)? == GROWTH_HINT && room.start <= SLOT_AT && slot_end <= room.end {
            return Some(true);
        }
        at = next;
    }
    Some(false)
}
