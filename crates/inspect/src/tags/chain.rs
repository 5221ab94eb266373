//! The trailer of simple files: which machines a file went through, in their order.

use super::machine::{Machine, Order, RECORD_BYTES};
use crate::numbers::{index, u32_le};

/// As many machines as the system reads.
pub const MACHINES_MAX: usize = 20_000;

/// Bytes behind the records: their length and "EOF".
const FOOT_BYTES: usize = 7;

/// The most a trailer has.
pub const TRAILER_BYTES_MAX: usize = MACHINES_MAX * RECORD_BYTES + FOOT_BYTES;

/// A chain of custody: every machine that tagged the file, the first one first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The machines: the unbroken row of records that open, up to the last one.
    pub machines: Vec<Machine>,
    /// How many the length behind the records names. When there are more than open, it lies or the
    /// first ones are of a kind nobody has published: then what is before the row is not touched.
    pub said: usize,
    /// Bytes from the first record to the end of the file.
    pub bytes: u64,
}

impl Chain {
    /// Reads the trailer at the end of `tail`, the last [`TRAILER_BYTES_MAX`] bytes of a file (or
    /// all of a smaller one). The last record must open, or there is no trailer.
    #[must_use]
    pub fn read(tail: &[u8]) -> Option<Self> {
        let rest = tail.strip_suffix(b"EOF")?;
        let at = rest.len().checked_sub(4)?;
        let length = index(u32_le(rest, at)?);
        let said = length.checked_div(RECORD_BYTES)?;
        if !length.is_multiple_of(RECORD_BYTES) || !(1..=MACHINES_MAX).contains(&said) {
            return None;
        }
        let records = rest.get(at.checked_sub(length)?..at)?;
        let from_the_end = records.rchunks_exact(RECORD_BYTES).map_while(Machine::read);
        let mut machines: Vec<Machine> = from_the_end.collect();
        machines.reverse();
        let bytes = machines.len().checked_mul(RECORD_BYTES)?.checked_add(FOOT_BYTES)?;
        (!machines.is_empty()).then_some(Self { machines, said, bytes: bytes as u64 })
    }

    /// The disk ids in order.
    pub fn disks(&self) -> impl Iterator<Item = &str> {
        self.machines.iter().map(|machine| machine.disk.as_str())
    }

    /// What the last record tells the next machine.
    #[must_use]
    pub fn order(&self) -> Option<Order> {
        self.machines.last()?.order()
    }

    /// Every record that is named opened.
    #[must_use]
    pub fn whole(&self) -> bool {
        self.machines.len() == self.said
    }

    /// Every record opened and ended as known ones do.
    #[must_use]
    pub fn certain(&self) -> bool {
        self.whole() && self.machines.iter().all(|machine| machine.certain)
    }
}
