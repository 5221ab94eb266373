//! Keyspaces, each for one span of time.

use std::collections::BTreeMap;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions, Slice};
use sogon_wire::{LogName, Seq};

use super::fault;
use crate::store::{Mark, Seconds, StoreFault, head::Head};

/// Every box is larger: all boxes lie apart from their keys, and nothing else does.
const SEPARATED_BYTES_MIN: u32 = 256;

/// All of them.
#[derive(Default)]
pub(super) struct Shelves {
    pub(super) boxes: BTreeMap<Seconds, Shelf>,
    pub(super) heads: BTreeMap<Seconds, Shelf>,
}

/// A keyspace for one span of time.
#[derive(Clone)]
pub(super) struct Shelf {
    pub(super) keyspace: Keyspace,
    pub(super) name: String,
    length_s: Seconds,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

/// What lies in one.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Boxes,
    Heads,
}

impl Shelves {
    pub(super) fn of(&mut self, kind: Kind) -> &mut BTreeMap<Seconds, Shelf> {
        match kind {
            Kind::Boxes => &mut self.boxes,
            Kind::Heads => &mut self.heads,
        }
    }

    /// What is remembered of a log, without the steps that expired since it was written.
    pub(super) fn head(&self, log: LogName) -> Result<Option<Head>, StoreFault> {
        for shelf in self.heads.values().rev() {
            if let Some(bytes) = shelf.keyspace.get(log.0).map_err(fault)? {
                let mut head = Head::parse(&bytes).ok_or(StoreFault::Unreadable)?;
                head.steps.retain(|(step, _)| self.boxes.contains_key(step));
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    pub(super) fn kept(&self) -> (u64, u64) {
        let sum = |(rows, bytes): (u64, u64), shelf: &Shelf| {
            (rows.saturating_add(shelf.rows), bytes.saturating_add(shelf.bytes))
        };
        self.boxes.values().fold((0, 0), sum)
    }

    pub(super) fn logs(&self) -> u64 {
        self.heads.values().fold(0, |sum, shelf| sum.saturating_add(shelf.rows))
    }
}

impl Kind {
    pub(super) fn letter(self) -> char {
        match self {
            Self::Boxes => 'b',
            Self::Heads => 'h',
        }
    }
}

pub(super) fn covers((start, shelf): (&Seconds, &Shelf)) -> (Seconds, Seconds) {
    (*start, start.saturating_add(shelf.length_s))
}

pub(super) fn parse_name(name: &str) -> Option<(Kind, Seconds, Seconds)> {
    let mut parts = name.split('-');
    let kind = match parts.next()? {
        "b" => Kind::Boxes,
        "h" => Kind::Heads,
        _ => return None,
    };
    Some((kind, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

pub(super) fn open_shelf(
    database: &Database,
    counts: &Keyspace,
    name: &str,
    kind: Kind,
    length_s: Seconds,
) -> Result<Shelf, StoreFault> {
    let separated = KvSeparationOptions::default().separation_threshold(SEPARATED_BYTES_MIN);
    let options = || match kind {
        Kind::Boxes => KeyspaceCreateOptions::default().with_kv_separation(Some(separated)),
        Kind::Heads => KeyspaceCreateOptions::default(),
    };
    let keyspace = database.keyspace(name, options).map_err(fault)?;
    let count = counts.get(name.as_bytes()).map_err(fault)?;
    let (rows, bytes) = count.as_ref().and_then(parse_count).unwrap_or_default();
    Ok(Shelf { keyspace, name: name.to_owned(), length_s, rows, bytes })
}

fn parse_count(bytes: &Slice) -> Option<(u64, u64)> {
    let (rows, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*rows), u64::from_be_bytes(*rest.first_chunk::<8>()?)))
}

pub(super) fn box_key(log: LogName, seq: Seq) -> Vec<u8> {
    [[0].as_slice(), &log.0, &seq.to_be_bytes()].concat()
}

pub(super) fn mark_key(mark: &Mark) -> Vec<u8> {
    [[1].as_slice(), mark].concat()
}
