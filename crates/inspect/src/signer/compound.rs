//! Files of the kind OLE, in which packages for Windows Installer come: a small file system of
//! streams in storages ("Compound File Binary File Format", [MS-CFB]).
//!
//! The file may be made to attack its readers. A sector belongs to one thing, so that nothing is read
//! twice and no chain goes round; trees, depths and jumps have limits.

use std::{collections::BTreeSet, ops::Range};

use super::Fault;
use crate::{
    Source,
    app::signed::BlockTrouble,
    numbers::{array, index, u16_le, u32_le, u64_le},
};

pub(super) const MAGIC: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// Sectors of a file: two gigabytes in the smallest ones.
const SECTORS_MAX: u64 = 4 << 20;
const ENTRIES_MAX: u64 = 32_768;
const ENTRY_BYTES: usize = 128;
/// Small sectors: a quarter of a gigabyte.
const SMALL_SECTORS_MAX: usize = 4 << 20;
/// Storages in storages.
const DEPTH_MAX: usize = 16;
/// Sectors in a row that are no neighbours: each is read for itself, which takes time.
const JUMPS_MAX: u32 = 65_536;
/// Bytes that are handed on at once.
const RUN_BYTES_MAX: u64 = 1 << 20;

/// The largest number of a sector; above stand marks.
const SECTOR_MAX: u32 = 0xFFFF_FFFA;
const END: u32 = 0xFFFF_FFFE;
const NOBODY: u32 = 0xFFFF_FFFF;

/// Streams smaller than this lie in small sectors inside one stream of the file's own.
const SMALL_BELOW: u64 = 4_096;
const SMALL_SECTOR: u64 = 64;

/// What a package or a document holds.
pub(super) struct Compound<'f> {
    file: &'f dyn Source,
    sector_bytes: u64,
    /// What follows each sector, and each small one.
    table: Vec<u32>,
    small_table: Vec<u32>,
    /// Sectors of the stream with the small ones.
    small: Vec<u32>,
    /// What belongs to something already.
    taken: Taken,
    small_taken: Taken,
    jumps: u32,
}

/// A storage: a folder.
pub(super) struct Storage {
    pub(super) about: About,
    /// In the order of their names, which is the order of the signature.
    pub(super) members: Vec<Member>,
}

/// What stands in a storage.
pub(super) enum Member {
    Stream(Stream),
    Storage(Storage),
}

/// A stream: a file.
pub(super) struct Stream {
    pub(super) about: About,
    start: u32,
    pub(super) size: u64,
}

/// What an entry says of either.
#[derive(Clone)]
pub(super) struct About {
    /// UTF-16, least byte first, without an end.
    pub(super) name: Vec<u8>,
    pub(super) class: [u8; 16],
    pub(super) state: [u8; 4],
    /// Made, then changed.
    pub(super) times: [u8; 16],
}

impl Member {
    pub(super) fn about(&self) -> &About {
        match self {
            Self::Stream(stream) => &stream.about,
            Self::Storage(storage) => &storage.about,
        }
    }
}

/// A bit for each sector.
struct Taken(Vec<u64>);

impl Taken {
    fn new(sectors: usize) -> Self {
        Self(vec![0; sectors.div_ceil(64)])
    }

    /// Marks it as somebody's; it must be nobody's yet.
    fn take(&mut self, sector: u32) -> Result<(), Fault> {
        let word = self.0.get_mut(index(sector >> 6)).ok_or(BROKEN)?;
        let bit = 1_u64 << (sector & 63);
        if *word & bit != 0 {
            return Err(BROKEN);
        }
        *word |= bit;
        Ok(())
    }

    fn last(&self) -> Option<usize> {
        let at = self.0.iter().rposition(|word| *word != 0)?;
        let top = self.0.get(at)?.checked_ilog2()?;
        at.checked_mul(64)?.checked_add(index(top))
    }
}

const BROKEN: Fault = Fault::Trouble(BlockTrouble::Broken);

/// The first bytes of the file, where everything begins.
struct Head {
    sector_bytes: u64,
    /// Sectors of the file.
    sectors: u64,
    table_sectors: u32,
    directory: u32,
    small_table: u32,
    more_tables: u32,
    tables: Vec<u32>,
}

impl Head {
    fn read(file: &dyn Source) -> Result<Self, Fault> {
        let head = file.piece(0, 512)?;
        let sector_bytes = match (u16_le(&head, 26), u16_le(&head, 30)) {
            (Some(3), Some(9)) => 512_u64,
            (Some(4), Some(12)) => 4_096,
            _ => return Err(BROKEN),
        };
        let number = |at| u32_le(&head, at).ok_or(BROKEN);
        let plain = u16_le(&head, 28) == Some(0xFFFE) && u16_le(&head, 32) == Some(6);
        if !head.starts_with(MAGIC) || !plain || u64::from(number(56)?) != SMALL_BELOW {
            return Err(BROKEN);
        }
        // The head has a sector of its own.
        let sectors = file.size().div_ceil(sector_bytes).saturating_sub(1);
        if sectors > SECTORS_MAX {
            return Err(Fault::Trouble(BlockTrouble::Unknown));
        }
        let tables = head.get(76..512).unwrap_or_default().as_chunks::<4>().0;
        Ok(Self {
            sector_bytes,
            sectors,
            table_sectors: number(44)?,
            directory: number(48)?,
            small_table: number(60)?,
            more_tables: number(68)?,
            tables: tables.iter().map(|four| u32::from_le_bytes(*four)).collect(),
        })
    }
}

/// The number that says which program a compound file is for.
pub(crate) fn class(file: &dyn Source, head: &[u8]) -> std::io::Result<Option<[u8; 16]>> {
    let place = || {
        let bits = u16_le(head, 30).filter(|bits| [9, 12].contains(bits))?;
        let directory = u64::from(u32_le(head, 48)?).checked_add(1)?;
        directory.checked_shl(u32::from(bits))?.checked_add(80)
    };
    let Some(place) = place() else { return Ok(None) };
    Ok(array(&file.piece(place, 16)?, 0))
}

impl<'f> Compound<'f> {
    /// The file, and what is in it.
    pub(super) fn read(file: &'f dyn Source) -> Result<(Self, Storage), Fault> {
        let head = Head::read(file)?;
        let mut made = Self {
            file,
            sector_bytes: head.sector_bytes,
            table: Vec::new(),
            small_table: Vec::new(),
            small: Vec::new(),
            taken: Taken::new(usize::try_from(head.sectors).map_err(|_| BROKEN)?),
            small_taken: Taken::new(0),
            jumps: 0,
        };
        made.table = made.read_table(&head)?;
        let entries = made.chain(head.directory, None)?;
        let per_sector = made.sector_bytes.checked_div(ENTRY_BYTES as u64).ok_or(BROKEN)?;
        if (entries.len() as u64).saturating_mul(per_sector) > ENTRIES_MAX {
            return Err(Fault::Trouble(BlockTrouble::Unknown));
        }
        let entries = made.bytes_of(&entries)?;
        let entries = entries.as_chunks::<ENTRY_BYTES>().0;
        let root = entries.first().filter(|root| root.get(66) == Some(&5)).ok_or(BROKEN)?;
        let (start, size) = made.extent(root).ok_or(BROKEN)?;
        made.small = made.chain(start, Some(size.div_ceil(made.sector_bytes)))?;
        let small_sectors = usize::try_from(size.div_ceil(SMALL_SECTOR)).map_err(|_| BROKEN)?;
        if small_sectors > SMALL_SECTORS_MAX {
            return Err(Fault::Trouble(BlockTrouble::Unknown));
        }
        made.small_taken = Taken::new(small_sectors);
        let small_table = made.chain(head.small_table, None)?;
        let per_sector = usize::try_from(made.sector_bytes).map_err(|_| BROKEN)?.checked_div(4);
        let needed = small_sectors.div_ceil(per_sector.ok_or(BROKEN)?);
        // It is held in memory, and a chain of it can be as long as the file.
        if small_table.len() > needed.saturating_add(1) {
            return Err(BROKEN);
        }
        made.small_table = numbers(&made.bytes_of(&small_table)?);
        let storage = Tree { made: &made, entries, seen: BTreeSet::new() }.storage(root, 0)?;
        Ok((made, storage))
    }

    /// The table of what follows what: its own sectors stand in the head, and in a chain of more.
    fn read_table(&mut self, head: &Head) -> Result<Vec<u32>, Fault> {
        let per_sector = self.sector_bytes.checked_div(4).ok_or(BROKEN)?;
        let count = u64::from(head.table_sectors);
        // One more than the sectors need may stand there, since the table counts itself.
        if count > head.sectors.div_ceil(per_sector).saturating_add(1) {
            return Err(BROKEN);
        }
        let mut sectors = head.tables.clone();
        let mut more = head.more_tables;
        while (sectors.len() as u64) < count {
            self.taken.take(more)?;
            let mut listed = numbers(&self.sector(more)?);
            more = listed.pop().ok_or(BROKEN)?;
            sectors.extend(listed);
        }
        sectors.truncate(usize::try_from(count).map_err(|_| BROKEN)?);
        for sector in &sectors {
            self.taken.take(*sector)?;
        }
        Ok(numbers(&self.bytes_of(&sectors)?))
    }

    /// The sectors of something, which are nobody else's: as many as wanted, and no more.
    fn chain(&mut self, start: u32, wanted: Option<u64>) -> Result<Vec<u32>, Fault> {
        chain(start, wanted, &self.table, &mut self.taken, &mut self.jumps)
    }

    fn sector(&self, sector: u32) -> Result<Vec<u8>, Fault> {
        let at = self.place(sector);
        let bytes = usize::try_from(self.sector_bytes).map_err(|_| BROKEN)?;
        let mut sector = self.file.piece(at, bytes)?;
        // The last one may be cut.
        sector.resize(bytes, 0);
        Ok(sector)
    }

    fn place(&self, sector: u32) -> u64 {
        u64::from(sector).saturating_add(1).saturating_mul(self.sector_bytes)
    }

    fn bytes_of(&self, sectors: &[u32]) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        for sector in sectors {
            bytes.extend(self.sector(*sector)?);
        }
        Ok(bytes)
    }

    /// Where an entry's bytes begin, and how many there are.
    fn extent(&self, entry: &[u8]) -> Option<(u32, u64)> {
        let size = u64_le(entry, 120)?;
        // The upper half means nothing where sectors are small ([MS-CFB] 2.6.1).
        let size = if self.sector_bytes == 512 { size & u64::from(u32::MAX) } else { size };
        (size <= self.file.size()).then_some(())?;
        Some((u32_le(entry, 116)?, size))
    }

    /// Gives the bytes of a stream, in pieces. A second time it is broken: its sectors are taken.
    pub(super) fn give(&mut self, stream: &Stream, to: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        if stream.size == 0 {
            return Ok(());
        }
        let runs = if stream.size < SMALL_BELOW {
            let wanted = stream.size.div_ceil(SMALL_SECTOR);
            let sectors = chain(
                stream.start,
                Some(wanted),
                &self.small_table,
                &mut self.small_taken,
                &mut self.jumps,
            )?;
            self.small_runs(&sectors)?
        } else {
            let wanted = stream.size.div_ceil(self.sector_bytes);
            let sectors = self.chain(stream.start, Some(wanted))?;
            joined(sectors.iter().map(|sector| {
                let at = self.place(*sector);
                at..at.saturating_add(self.sector_bytes)
            }))
        };
        let mut left = stream.size;
        for run in runs {
            let bytes = run.end.saturating_sub(run.start).min(left);
            let piece = self.file.piece(run.start, usize::try_from(bytes).map_err(|_| BROKEN)?)?;
            if piece.len() as u64 != bytes {
                return Err(BROKEN);
            }
            to(&piece);
            left = left.saturating_sub(bytes);
        }
        if left == 0 { Ok(()) } else { Err(BROKEN) }
    }

    fn small_runs(&self, sectors: &[u32]) -> Result<Vec<Range<u64>>, Fault> {
        let mut places = Vec::new();
        for sector in sectors {
            let inside = u64::from(*sector).checked_mul(SMALL_SECTOR).ok_or(BROKEN)?;
            let which = inside.checked_div(self.sector_bytes).ok_or(BROKEN)?;
            let which = usize::try_from(which).map_err(|_| BROKEN)?;
            let own = self.small.get(which).ok_or(BROKEN)?;
            let rest = inside.checked_rem(self.sector_bytes).ok_or(BROKEN)?;
            let at = self.place(*own).saturating_add(rest);
            places.push(at..at.saturating_add(SMALL_SECTOR));
        }
        Ok(joined(places.into_iter()))
    }

    /// Where the file ends, as far as anything in it belongs to somebody.
    pub(super) fn end(&self) -> u64 {
        let last = self.taken.last().and_then(|last| u32::try_from(last).ok());
        let end = last.map_or(0, |last| self.place(last).saturating_add(self.sector_bytes));
        end.min(self.file.size())
    }
}

/// Follows a chain to its end.
fn chain(
    start: u32,
    wanted: Option<u64>,
    table: &[u32],
    taken: &mut Taken,
    jumps: &mut u32,
) -> Result<Vec<u32>, Fault> {
    let mut sectors = Vec::new();
    let mut next = start;
    // Of nothing, makers write different things.
    if wanted == Some(0) || (wanted.is_none() && start > SECTOR_MAX) {
        return Ok(sectors);
    }
    while next <= SECTOR_MAX && wanted.is_none_or(|wanted| (sectors.len() as u64) < wanted) {
        taken.take(next)?;
        sectors.push(next);
        let before = next;
        next = *table.get(index(next)).ok_or(BROKEN)?;
        if next <= SECTOR_MAX && next != before.saturating_add(1) {
            *jumps = jumps.saturating_add(1);
        }
        if *jumps > JUMPS_MAX {
            return Err(Fault::Trouble(BlockTrouble::Unknown));
        }
    }
    let whole = wanted.is_none_or(|wanted| sectors.len() as u64 == wanted);
    if next == END && whole { Ok(sectors) } else { Err(BROKEN) }
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect()
}

/// Puts neighbours together: fewer and larger pieces are read.
fn joined(places: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    for place in places {
        match runs.last_mut() {
            Some(last)
                if last.end == place.start
                    && last.end.saturating_sub(last.start) < RUN_BYTES_MAX =>
            {
                last.end = place.end;
            }
            _ => runs.push(place),
        }
    }
    runs
}

impl About {
    fn of(entry: &[u8]) -> Option<Self> {
        // With the zero at its end.
        let bytes = usize::from(u16_le(entry, 64)?);
        let bytes = bytes.checked_sub(2).filter(|bytes| bytes.is_multiple_of(2) && *bytes <= 62)?;
        Some(Self {
            name: entry.get(..bytes)?.to_vec(),
            class: array(entry, 80)?,
            state: array(entry, 96)?,
            times: array(entry, 100)?,
        })
    }
}

/// How names stand in a tree: by their length, then by their large letters ([MS-CFB] 2.6.4).
type Order = (usize, Vec<u16>);

fn order(name: &[u8]) -> Order {
    let units = name.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    let units: Vec<u16> = units.map(large_letter).collect();
    (units.len(), units)
}

/// One letter for one: what would be several stays as it is.
fn large_letter(unit: u16) -> u16 {
    let Some(letter) = char::from_u32(u32::from(unit)) else { return unit };
    let mut large = letter.to_uppercase();
    match (large.next().map(|large| u16::try_from(u32::from(large))), large.next()) {
        (Some(Ok(large)), None) => large,
        _ => unit,
    }
}

/// The entries of the file, on the way through their trees.
struct Tree<'t, 'f> {
    made: &'t Compound<'f>,
    entries: &'t [[u8; ENTRY_BYTES]],
    seen: BTreeSet<u32>,
}

impl Tree<'_, '_> {
    fn storage(&mut self, entry: &[u8], depth: usize) -> Result<Storage, Fault> {
        let mut members = Vec::new();
        let top = u32_le(entry, 76).ok_or(BROKEN)?;
        let mut waiting = vec![(top, None::<Order>, None::<Order>)];
        while let Some((next, above, below)) = waiting.pop() {
            if next == NOBODY {
                continue;
            }
            if !self.seen.insert(next) || depth >= DEPTH_MAX {
                return Err(BROKEN);
            }
            let entry = self.entries.get(index(next)).ok_or(BROKEN)?;
            let number = |at| u32_le(entry, at).ok_or(BROKEN);
            let member = self.member(entry, depth)?;
            // Whoever looks a name up goes left or right by it: in another order what is signed under
            // a name is not what is found under it.
            let own = order(&member.about().name);
            let is_before = above.as_ref().is_some_and(|above| own <= *above);
            if is_before || below.as_ref().is_some_and(|below| own >= *below) {
                return Err(BROKEN);
            }
            waiting.push((number(68)?, above, Some(own.clone())));
            waiting.push((number(72)?, Some(own), below));
            members.push(member);
        }
        // A name that is the beginning of another comes first: behind a name stand zeros.
        members.sort_by(|one, other| one.about().name.cmp(&other.about().name));
        let twice = |pair: &[Member]| match pair {
            [one, other] => one.about().name == other.about().name,
            _ => false,
        };
        if members.windows(2).any(twice) {
            return Err(BROKEN);
        }
        Ok(Storage { about: About::of(entry).ok_or(BROKEN)?, members })
    }

    fn member(&mut self, entry: &[u8], depth: usize) -> Result<Member, Fault> {
        match entry.get(66) {
            Some(1) => Ok(Member::Storage(self.storage(entry, depth.saturating_add(1))?)),
            Some(2) => {
                let (start, size) = self.made.extent(entry).ok_or(BROKEN)?;
                let about = About::of(entry).ok_or(BROKEN)?;
                Ok(Member::Stream(Stream { about, start, size }))
            }
            _ => Err(BROKEN),
        }
    }
}
