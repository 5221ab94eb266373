//! exFAT (Microsoft's published specification, revision 1.00), our own reader: no kept crate reads it.

use std::io;

use super::{DEPTH_MAX, Each, FOLDERS_MAX, Held};
use crate::{
    numbers::{u16_le, u32_le, u64_le},
    source::Source,
    times::{Time, Times},
};

/// A folder larger than the specification allows ends here.
const FOLDER_BYTES_MAX: u64 = 256 << 20;

struct Volume<'a> {
    image: &'a dyn Source,
    table: u64,
    heap: u64,
    cluster: u64,
    clusters: u32,
    root: u32,
}

/// A run of clusters: one behind the other, or as the table says.
struct Run<'v, 'a> {
    volume: &'v Volume<'a>,
    first: u32,
    together: bool,
    size: u64,
    times: Times,
    /// Where each cluster lies, when they are not together.
    chain: Vec<u32>,
}

impl<'a> Volume<'a> {
    fn read(image: &'a dyn Source) -> Option<Self> {
        let boot = image.piece(0, 512).ok()?;
        let shift = u32::from(*boot.get(108)?);
        let cluster_shift = shift.checked_add(u32::from(*boot.get(109)?))?;
        if !(9..=12).contains(&shift) || cluster_shift > 25 {
            return None;
        }
        let sector = 1_u64 << shift;
        Some(Self {
            image,
            table: u64::from(u32_le(&boot, 80)?).checked_mul(sector)?,
            heap: u64::from(u32_le(&boot, 88)?).checked_mul(sector)?,
            cluster: 1_u64 << cluster_shift,
            clusters: u32_le(&boot, 92)?,
            root: u32_le(&boot, 96)?,
        })
    }

    fn place(&self, cluster: u32) -> Option<u64> {
        let number = cluster.checked_sub(2).filter(|number| *number < self.clusters)?;
        u64::from(number).checked_mul(self.cluster)?.checked_add(self.heap)
    }

    fn next(&self, cluster: u32) -> Option<u32> {
        let at = u64::from(cluster).checked_mul(4)?.checked_add(self.table)?;
        let next = u32_le(&self.image.piece(at, 4).ok()?, 0)?;
        self.place(next).map(|_| next)
    }

    /// A run of `size` bytes; of unknown size, as long as its chain.
    fn run(&self, first: u32, together: bool, size: Option<u64>) -> Option<Run<'_, 'a>> {
        let mut chain = Vec::new();
        if !together {
            let all = u64::from(self.clusters);
            let wanted = size.map_or(all, |size| size.div_ceil(self.cluster)).min(all);
            let mut cluster = Some(first).filter(|_| size != Some(0));
            // A chain that loops is no longer than there are clusters.
            while let Some(at) = cluster.filter(|_| (chain.len() as u64) < wanted) {
                chain.push(at);
                cluster = self.next(at);
            }
        }
        let whole = (chain.len() as u64).checked_mul(self.cluster)?;
        let (size, times) = (size.unwrap_or(whole), Times::default());
        Some(Run { volume: self, first, together, size, times, chain })
    }
}

impl Source for Run<'_, '_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn times(&self) -> Times {
        self.times
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let broken =
            || io::Error::new(io::ErrorKind::InvalidData, "a chain of clusters breaks off");
        let left = self.size.saturating_sub(offset);
        if left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let cluster = self.volume.cluster;
        let number = offset.checked_div(cluster).ok_or_else(broken)?;
        let into = offset.checked_rem(cluster).ok_or_else(broken)?;
        let at = if self.together {
            u32::try_from(number).ok().and_then(|number| self.first.checked_add(number))
        } else {
            usize::try_from(number).ok().and_then(|number| self.chain.get(number).copied())
        };
        let place = at.and_then(|at| self.volume.place(at)).ok_or_else(broken)?;
        let most = cluster.saturating_sub(into).min(left);
        let bytes = usize::try_from(most).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = buffer.get_mut(..bytes).unwrap_or_default();
        self.volume.image.read_at(place.saturating_add(into), buffer)
    }
}

/// A file or folder.
struct Entry {
    name: String,
    folder: bool,
    together: bool,
    first: u32,
    size: u64,
    times: Times,
}

pub(super) fn walk(image: &dyn Source, each: &mut Each<'_>) -> Result<(), String> {
    let volume = Volume::read(image).ok_or("its boot sector makes no sense")?;
    let root = volume.run(volume.root, false, None).ok_or("its root is nowhere")?;
    let mut waiting = vec![(String::new(), entries(&root), 0_usize)];
    let mut folders = 0_usize;
    while let Some((path, entries, depth)) = waiting.pop() {
        folders = folders.saturating_add(1);
        if depth > DEPTH_MAX || folders > FOLDERS_MAX {
            each(&path, Held::Trouble("folders in folders without end"));
            continue;
        }
        for entry in entries {
            let inner = format!("{path}/{}", entry.name);
            let Some(mut run) = volume.run(entry.first, entry.together, Some(entry.size)) else {
                each(&inner, Held::Trouble("its clusters are nowhere"));
                continue;
            };
            run.times = entry.times;
            if entry.folder {
                waiting.push((inner, self::entries(&run), depth.saturating_add(1)));
            } else {
                each(&inner, Held::File(&run));
            }
        }
    }
    Ok(())
}

/// The entries of a folder: sets of a file entry, a stream entry, and names.
fn entries(folder: &Run<'_, '_>) -> Vec<Entry> {
    let size = usize::try_from(folder.size.min(FOLDER_BYTES_MAX)).unwrap_or(0);
    let bytes = folder.piece(0, size).unwrap_or_default();
    let mut found: Vec<Entry> = Vec::new();
    let mut file: Option<(Entry, usize)> = None;
    for record in bytes.chunks_exact(32) {
        match record.first() {
            None | Some(0) => break,
            Some(0x85) => {
                found.extend(file.take().map(|(entry, _)| entry));
                let is_folder = u16_le(record, 4).is_some_and(|bits| bits & 0x10 != 0);
                let entry = Entry {
                    name: String::new(),
                    folder: is_folder,
                    together: false,
                    first: 0,
                    size: 0,
                    times: times(record),
                };
                file = Some((entry, 0));
            }
            Some(0xC0) => {
                if let Some((entry, left)) = &mut file {
                    *left = record.get(3).copied().map_or(0, usize::from);
                    entry.together = record.get(1).is_some_and(|flags| flags & 2 != 0);
                    entry.first = u32_le(record, 20).unwrap_or(0);
                    entry.size = u64_le(record, 24).unwrap_or(0);
                }
            }
            Some(0xC1) => {
                if let Some((entry, left)) = &mut file {
                    let units = record.get(2..).unwrap_or_default().chunks_exact(2);
                    let units: Vec<u16> =
                        units.filter_map(|unit| u16_le(unit, 0)).take(*left).collect();
                    *left = left.saturating_sub(units.len());
                    entry.name.push_str(&String::from_utf16_lossy(&units));
                }
            }
            // Anything else ends a set: labels, bitmaps, what was deleted.
            Some(_) => found.extend(file.take().map(|(entry, _)| entry)),
        }
    }
    found.extend(file.map(|(entry, _)| entry));
    found.retain(|entry| !entry.name.is_empty());
    found
}

/// The times in a file entry: packed as MS-DOS did it, and how far the clock was from UTC in quarters
/// of an hour, where that was known.
fn times(record: &[u8]) -> Times {
    let time = |at: usize, zone: usize| {
        let wall = Time::dos(u16_le(record, at.checked_add(2)?)?, u16_le(record, at)?)?;
        let zone = *record.get(zone)?;
        if zone & 0x80 == 0 {
            return Some(wall);
        }
        // Seven bits with a sign.
        let quarters = i64::from((zone << 1).cast_signed() >> 1);
        let utc = wall.seconds().checked_add_signed(quarters.checked_mul(-900)?)?;
        Some(Time::Utc(utc))
    };
    Times { made: time(8, 22), changed: time(12, 23), opened: time(16, 24), record: None }
}
