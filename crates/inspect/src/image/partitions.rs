//! Partition tables: MBR with its extended ones, and GPT (UEFI 2.10, chapter 5).

use crate::{
    numbers::{index, u16_le, u32_le, u64_le},
    source::Source,
};

/// As many partitions are read.
const PARTITIONS_MAX: usize = 256;

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Partition {
    /// Its number, and its name where the table has one.
    pub(super) name: String,
    pub(super) start: u64,
    pub(super) bytes: u64,
}

/// The partitions of a disk; none when the table makes no sense.
pub(super) fn read(disk: &dyn Source) -> Vec<Partition> {
    // Phones have sectors of 4,096 bytes too.
    [512, 4_096].into_iter().find_map(|sector| gpt(disk, sector)).unwrap_or_else(|| mbr(disk))
}

fn gpt(disk: &dyn Source, sector: u64) -> Option<Vec<Partition>> {
    let head = disk.piece(sector, 92).ok()?;
    head.starts_with(b"EFI PART").then_some(())?;
    let table = u64_le(&head, 72)?.checked_mul(sector)?;
    let count = index(u32_le(&head, 80)?).min(PARTITIONS_MAX);
    let size = index(u32_le(&head, 84)?);
    if !(128..=4_096).contains(&size) {
        return None;
    }
    let bytes = disk.piece(table, size.checked_mul(count)?).ok()?;
    let entries = bytes.chunks_exact(size).zip(1_usize..).filter_map(|(entry, number)| {
        if entry.get(..16)?.iter().all(|byte| *byte == 0) {
            return None;
        }
        let (first, last) = (u64_le(entry, 32)?, u64_le(entry, 40)?);
        let sectors = last.checked_sub(first)?.checked_add(1)?;
        let units = entry.get(56..128)?.chunks_exact(2).filter_map(|unit| u16_le(unit, 0));
        let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
        let label = String::from_utf16_lossy(&units);
        let name = if label.is_empty() { number.to_string() } else { format!("{number}-{label}") };
        let (start, bytes) = (first.checked_mul(sector)?, sectors.checked_mul(sector)?);
        Some(Partition { name, start, bytes })
    });
    Some(entries.collect())
}

fn mbr(disk: &dyn Source) -> Vec<Partition> {
    let mut found = Vec::new();
    let entry = |table: &[u8], slot: usize| {
        let at = slot.checked_mul(16)?.checked_add(446)?;
        let kind = table.get(at.checked_add(4)?).copied()?;
        let start = u64::from(u32_le(table, at.checked_add(8)?)?).checked_mul(512)?;
        let bytes = u64::from(u32_le(table, at.checked_add(12)?)?).checked_mul(512)?;
        (kind != 0 && bytes > 0).then_some((kind, start, bytes))
    };
    let Ok(table) = disk.piece(0, 512) else { return found };
    for slot in 0..4_usize {
        let Some((kind, start, bytes)) = entry(&table, slot) else { continue };
        if matches!(kind, 5 | 0x0F | 0x85) {
            // A chain of tables, each naming one partition and the next table.
            let mut at = start;
            let mut number = 5_usize;
            while found.len() < PARTITIONS_MAX {
                let Ok(next) = disk.piece(at, 512) else { break };
                if next.get(510..512) != Some(&[0x55, 0xAA]) {
                    break;
                }
                if let Some((_, inner, bytes)) = entry(&next, 0) {
                    let name = number.to_string();
                    number = number.saturating_add(1);
                    found.push(Partition { name, start: at.saturating_add(inner), bytes });
                }
                let Some((_, further, _)) = entry(&next, 1) else { break };
                let to = start.saturating_add(further);
                // Only forward: a table that points back is a loop.
                if to <= at {
                    break;
                }
                at = to;
            }
        } else {
            found.push(Partition { name: slot.saturating_add(1).to_string(), start, bytes });
        }
    }
    found
}
