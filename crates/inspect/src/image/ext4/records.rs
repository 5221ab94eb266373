//! The records (inodes) of ext2 to ext4, for what `ext4-view` does not show: the change of a file's
//! record, and files with a time after 2038 or before 1970, which it takes for damage. Layout: ext4
//! documentation of the Linux kernel.

use std::{collections::BTreeMap, io};

use crate::{
    numbers::{u16_le, u32_le},
    source::Source,
    times::{Time, Times},
};

/// The record of the first folder.
pub(super) const ROOT: u32 = 2;
/// A larger folder is not read here: its files have fewer times.
const FOLDER_BYTES_MAX: u64 = 16 << 20;
/// Levels of a tree of extents.
const LEVELS_MAX: u16 = 5;
/// Blocks looked at for one tree.
const TREE_BLOCKS_MAX: usize = 4_096;

/// Runs of blocks of one file.
const RUNS_MAX: usize = 1_000_000;

/// What a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Folder,
    File,
}

/// Blocks that lie together: the first of them in the file, how many, and where they are.
struct Run {
    first: u64,
    count: u64,
    at: u64,
}

/// What is in a file.
pub(super) struct Content<'a> {
    image: &'a dyn Source,
    block: u64,
    size: u64,
    times: Times,
    runs: Vec<Run>,
}

impl Source for Content<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn times(&self) -> Times {
        self.times
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.size.saturating_sub(offset);
        let number = offset.checked_div(self.block).unwrap_or(0);
        let within = offset.checked_rem(self.block).unwrap_or(0);
        let next = self.runs.partition_point(|run| run.first <= number);
        let run = next.checked_sub(1).and_then(|at| self.runs.get(at));
        let run = run.filter(|run| number.saturating_sub(run.first) < run.count);
        let end = match (run, self.runs.get(next)) {
            (Some(run), _) => run.first.saturating_add(run.count),
            (None, Some(later)) => later.first,
            (None, None) => u64::MAX,
        };
        let here = end.saturating_sub(number).saturating_mul(self.block).saturating_sub(within);
        let bytes = usize::try_from(here.min(left)).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = buffer.get_mut(..bytes).unwrap_or_default();
        let Some(run) = run else {
            buffer.fill(0);
            return Ok(bytes);
        };
        let block = run.at.saturating_add(number.saturating_sub(run.first));
        let at = block.saturating_mul(self.block).saturating_add(within);
        self.image.read_at(at, buffer)
    }
}

/// Where the records are.
pub(super) struct Records<'a> {
    image: &'a dyn Source,
    block: u64,
    per_group: u32,
    bytes: usize,
    groups_at: u64,
    group_bytes: u64,
    wide: bool,
}

impl<'a> Records<'a> {
    /// `None` where the groups do not lie in a row.
    pub(super) fn of(image: &'a dyn Source) -> Option<Self> {
        let head = image.piece(1_024, 1_024).ok()?;
        let block = 1_024_u64.checked_shl(u32_le(&head, 24).filter(|log| *log <= 6)?)?;
        let extra = u32_le(&head, 96)?;
        // META_BG lays the groups' descriptions elsewhere.
        if extra & 0x10 != 0 {
            return None;
        }
        let wide = extra & 0x80 != 0;
        let bytes = match u32_le(&head, 76)? {
            0 => 128,
            _ => usize::from(u16_le(&head, 88)?),
        };
        let group_bytes = if wide { u64::from(u16_le(&head, 254)?) } else { 32 };
        let per_group = u32_le(&head, 40).filter(|count| *count > 0)?;
        let sane = (128..=65_536).contains(&bytes) && (32..=1_024).contains(&group_bytes);
        let first = u64::from(u32_le(&head, 20)?);
        let groups_at = first.checked_add(1)?.checked_mul(block)?;
        sane.then_some(Self { image, block, per_group, bytes, groups_at, group_bytes, wide })
    }

    fn record(&self, number: u32) -> Option<Vec<u8>> {
        let number = number.checked_sub(1)?;
        let group = u64::from(number.checked_div(self.per_group)?);
        let within = u64::from(number.checked_rem(self.per_group)?);
        let at = group.checked_mul(self.group_bytes)?.checked_add(self.groups_at)?;
        let about = self.image.piece(at, 64).ok()?;
        let high = if self.wide { u64::from(u32_le(&about, 40)?) } else { 0 };
        let table = u64::from(u32_le(&about, 8)?) | high << 32;
        let at = within.checked_mul(self.bytes as u64)?;
        let at = table.checked_mul(self.block)?.checked_add(at)?;
        let record = self.image.piece(at, self.bytes.min(256)).ok()?;
        (record.len() >= 128).then_some(record)
    }

    /// The times of a file.
    pub(super) fn times(&self, number: u32) -> Option<Times> {
        let record = self.record(number)?;
        // Fields beyond the first 128 bytes, as far as this record has them.
        let extra = usize::from(u16_le(&record, 128).unwrap_or(0)).saturating_add(128);
        let more = |at: usize| {
            let there = at.checked_add(4).is_some_and(|end| end <= extra);
            there.then(|| u32_le(&record, at)).flatten()
        };
        // Two bits carry seconds beyond 2038; before that the number has a sign.
        let time = |seconds: u32, more: Option<u32>| {
            let past = i64::from(seconds.cast_signed());
            let epochs = i64::from(more.unwrap_or(0) & 3) << 32;
            u64::try_from(past.checked_add(epochs)?).ok().map(Time::Utc)
        };
        let field = |at: usize, beyond: usize| time(u32_le(&record, at)?, more(beyond));
        Some(Times {
            made: more(144).and_then(|seconds| time(seconds, more(148))),
            changed: field(16, 136),
            opened: field(8, 140),
            record: field(12, 132),
        })
    }

    /// Whether it has a time that `ext4-view` does not read.
    pub(super) fn has_odd_time(&self, number: u32) -> bool {
        let Some(record) = self.record(number) else { return false };
        let high = |at: &usize| u32_le(&record, *at).is_some_and(|seconds| seconds >> 31 == 1);
        let late = |at: &usize| u32_le(&record, *at).is_some_and(|more| more >> 2 >= 1_000_000_000);
        [8, 12, 16, 144].iter().any(high) || [132, 136, 140, 148].iter().any(late)
    }

    /// What is at a record.
    pub(super) fn kind(&self, number: u32) -> Option<Node> {
        match u16_le(&self.record(number)?, 0)? & 0xF000 {
            0x4000 => Some(Node::Folder),
            0x8000 => Some(Node::File),
            _ => None,
        }
    }

    /// The content of a file; `None` where it is not in extents, or encrypted.
    pub(super) fn file(&self, number: u32) -> Option<Content<'a>> {
        let record = self.record(number)?;
        let flags = u32_le(&record, 32)?;
        if flags & 0x8_0000 == 0 || flags & 0x1000_0804 != 0 {
            return None;
        }
        let size = u64::from(u32_le(&record, 4)?) | u64::from(u32_le(&record, 108)?) << 32;
        let times = self.times(number).unwrap_or_default();
        let (mut runs, mut seen) = (Vec::new(), 0);
        self.extents(record.get(40..100)?, LEVELS_MAX, &mut seen, &mut runs)?;
        runs.sort_by_key(|run| run.first);
        Some(Content { image: self.image, block: self.block, size, times, runs })
    }

    /// Names in a folder, and their records.
    pub(super) fn entries(&self, folder: u32) -> Option<BTreeMap<Vec<u8>, u32>> {
        let content = self.file(folder).filter(|content| content.size <= FOLDER_BYTES_MAX)?;
        if self.kind(folder)? != Node::Folder {
            return None;
        }
        let mut entries = BTreeMap::new();
        let block = usize::try_from(self.block).ok()?;
        let bytes = content.piece(0, usize::try_from(content.size).ok()?).ok()?;
        for block in bytes.chunks(block) {
            let mut rest = block;
            while let (Some(number), Some(length), Some(name_bytes)) =
                (u32_le(rest, 0), u16_le(rest, 4), rest.get(6))
            {
                let name = rest.get(8..usize::from(*name_bytes).saturating_add(8));
                if let (Some(name), true) = (name, number != 0) {
                    entries.insert(name.to_vec(), number);
                }
                let Some(next) = rest.get(usize::from(length.max(8))..) else { break };
                rest = next;
            }
        }
        Some(entries)
    }

    /// The leaves of a tree of extents.
    fn extents(
        &self,
        node: &[u8],
        levels: u16,
        seen: &mut usize,
        into: &mut Vec<Run>,
    ) -> Option<()> {
        *seen = seen.checked_add(1).filter(|seen| *seen <= TREE_BLOCKS_MAX)?;
        let (mark, count, depth) = (u16_le(node, 0)?, u16_le(node, 2)?, u16_le(node, 6)?);
        if mark != 0xF30A || depth > levels {
            return None;
        }
        let entries = node.get(12..)?.chunks_exact(12).take(count.into());
        for entry in entries {
            if depth > 0 {
                let at = u64::from(u32_le(entry, 4)?) | u64::from(u16_le(entry, 8)?) << 32;
                self.extents(&self.piece(at)?, depth.checked_sub(1)?, seen, into)?;
            } else {
                let at = u64::from(u32_le(entry, 8)?) | u64::from(u16_le(entry, 6)?) << 32;
                let length = u16_le(entry, 4)?;
                // A longer one is room that nothing was written to yet.
                if length <= 32_768 && into.len() < RUNS_MAX {
                    into.push(Run { first: u32_le(entry, 0)?.into(), count: length.into(), at });
                }
            }
        }
        Some(())
    }

    fn piece(&self, block: u64) -> Option<Vec<u8>> {
        let at = block.checked_mul(self.block)?;
        self.image.piece(at, usize::try_from(self.block).ok()?).ok()
    }
}
