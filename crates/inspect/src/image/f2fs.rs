//! F2FS, which holds the data of most Android phones. Format: the kernel's `include/linux/f2fs_fs.h`
//! and `Documentation/filesystems/f2fs.rst`. Only what the last checkpoint knows is read.
//!
//! Names and contents of files that the phone encrypts cannot be read without its keys, and files
//! that F2FS packs are not unpacked: both are told, file by file.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    io,
    rc::Rc,
};

use super::{DEPTH_MAX, Each, FOLDERS_MAX, Held};
use crate::{
    numbers::{index, u16_le, u32_le, u64_le},
    source::Source,
    times::{Time, Times},
};

const BLOCK: usize = 4_096;

/// Addresses in a node of addresses, and numbers in a node of nodes.
const IN_NODE: u64 = 1_018;

/// Words in an inode that hold addresses, settings and attributes.
const IN_INODE: usize = 923;

/// Where they begin.
const WORDS_AT: usize = 360;

/// Entries in a block of the table of nodes, and bytes of each.
const IN_TABLE: u32 = 455;
const TABLE_ENTRY: usize = 9;

/// Bytes of a folder's entry, and of each slot of a name.
const ENTRY: usize = 11;
const SLOT: usize = 8;

/// A checkpoint's checksum begins with the number of the file system.
const MAGIC: u32 = 0xF2F5_2010;

/// As many entries of a journal fit where it stands.
const JOURNAL_ENTRIES_MAX: usize = 38;

/// A folder's blocks that are looked at.
const FOLDER_BLOCKS_MAX: u64 = 1 << 16;

struct System<'a> {
    image: &'a dyn Source,
    segment: u64,
    table_at: u64,
    root: u32,
    flexible: bool,
    /// Which of two copies of each block of the table counts.
    table_map: Vec<u8>,
    /// What changed after the table was written.
    journal: BTreeMap<u32, u32>,
    last_table: RefCell<(u64, Rc<Vec<u8>>)>,
    last_node: RefCell<(u32, Rc<Vec<u8>>)>,
}

/// What stands at a place of a file.
enum Place {
    Hole,
    Block(u64),
    Packed,
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it makes no sense")
}

fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

pub(super) fn walk(image: &dyn Source, each: &mut Each<'_>) -> Result<(), String> {
    let system = System::open(image).map_err(|error| error.to_string())?;
    let mut waiting = vec![(system.root, String::new(), 0_usize)];
    let mut seen = BTreeSet::new();
    while let Some((number, path, depth)) = waiting.pop() {
        if depth > DEPTH_MAX || seen.len() > FOLDERS_MAX {
            each(&path, Held::Trouble("folders in folders without end"));
            continue;
        }
        if !seen.insert(number) {
            each(&path, Held::Trouble("a folder that is in itself"));
            continue;
        }
        let entries = system.inode(number).and_then(|node| {
            if node.is_encrypted() { Ok(None) } else { node.listing(&system).map(Some) }
        });
        let entries = match entries {
            Ok(Some(entries)) => entries,
            Ok(None) => {
                each(&path, Held::Unopened("a folder encrypted by the phone"));
                continue;
            }
            Err(error) => {
                each(&path, Held::Trouble(&error.to_string()));
                continue;
            }
        };
        for (name, number) in entries {
            let inner = format!("{path}/{name}");
            match system.inode(number) {
                Ok(node) if node.is_folder() => {
                    waiting.push((number, inner, depth.saturating_add(1)));
                }
                Ok(node) if node.is_file() && node.is_encrypted() => {
                    each(&inner, Held::Unopened("a file encrypted by the phone"));
                }
                Ok(node) if node.is_file() => {
                    let leaf = RefCell::new((u64::MAX, Rc::new(Vec::new())));
                    each(&inner, Held::File(&Inner { system: &system, node, leaf }));
                }
                Ok(_) => {}
                Err(error) => each(&inner, Held::Trouble(&error.to_string())),
            }
        }
    }
    Ok(())
}

impl<'a> System<'a> {
    fn open(image: &'a dyn Source) -> io::Result<Self> {
        let head = image.piece(1_024, 3_072)?;
        let field = |at| u32_le(&head, at).ok_or_else(broken);
        let (log_block, log_segment) = (field(16)?, field(20)?);
        if log_block != 12 || log_segment > 16 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "blocks of no known size"));
        }
        let segment = 1_u64 << log_segment;
        let payload = field(1_664)?;
        let flexible = field(2_180)? & 0x40 != 0;
        let first = u64::from(field(76)?);
        let (table_at, root) = (u64::from(field(84)?), field(96)?);
        let packs = [first, first.saturating_add(segment)];
        let packs = packs.into_iter().filter_map(|at| Some((checkpoint(image, at)?, at)));
        let newest = packs.max_by_key(|(pack, _)| u64_le(pack, 0));
        let (pack, pack_at) = newest.ok_or_else(broken)?;
        let table_map = table_map(image, &pack, pack_at, payload)?;
        let journal = journal(image, &pack, pack_at)?;
        let last_table = RefCell::new((u64::MAX, Rc::new(Vec::new())));
        let last_node = RefCell::new((0, Rc::new(Vec::new())));
        Ok(Self {
            image,
            segment,
            table_at,
            root,
            flexible,
            table_map,
            journal,
            last_table,
            last_node,
        })
    }

    fn block(&self, number: u64) -> io::Result<Vec<u8>> {
        let at = number.checked_mul(BLOCK as u64).ok_or_else(broken)?;
        let block = self.image.piece(at, BLOCK)?;
        if block.len() == BLOCK { Ok(block) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Where a node is.
    fn address(&self, number: u32) -> io::Result<u64> {
        if let Some(at) = self.journal.get(&number) {
            return Ok(u64::from(*at));
        }
        let table = u64::from(number.checked_div(IN_TABLE).unwrap_or(0));
        let slot = index(number.checked_rem(IN_TABLE).unwrap_or(0));
        if self.last_table.borrow().0 != table {
            let within = table.checked_rem(self.segment).unwrap_or(0);
            let pair = table.saturating_sub(within).saturating_mul(2).saturating_add(within);
            let place = usize::try_from(table).map_err(|_| broken())?;
            let second = byte(&self.table_map, place >> 3) << (place & 7) & 0x80 != 0;
            let copy = if second { self.segment } else { 0 };
            let at = self.table_at.saturating_add(pair).saturating_add(copy);
            self.last_table.replace((table, Rc::new(self.block(at)?)));
        }
        let last = self.last_table.borrow();
        let at = slot.saturating_mul(TABLE_ENTRY).saturating_add(5);
        Ok(u64::from(u32_le(&last.1, at).ok_or_else(broken)?))
    }

    /// The block of a node.
    fn node(&self, number: u32) -> io::Result<Rc<Vec<u8>>> {
        {
            let last = self.last_node.borrow();
            if last.0 == number && number != 0 {
                return Ok(Rc::clone(&last.1));
            }
        }
        let at = self.address(number)?;
        if number == 0 || at == 0 || at >= u64::from(u32::MAX - 1) {
            return Err(broken());
        }
        let block = Rc::new(self.block(at)?);
        // A node says at its end which one it is.
        if u32_le(&block, 4_072) != Some(number) {
            return Err(broken());
        }
        self.last_node.replace((number, Rc::clone(&block)));
        Ok(block)
    }

    fn inode(&self, number: u32) -> io::Result<Inode> {
        let block = self.node(number)?;
        let inline = byte(&block, 3);
        let extra = match inline & 0x20 {
            0 => 0,
            _ => usize::from(u16_le(&block, WORDS_AT).ok_or_else(broken)?) & !3,
        };
        let attributes = match (self.flexible && extra > 0, inline & 0x05) {
            (true, _) => usize::from(u16_le(&block, WORDS_AT + 2).ok_or_else(broken)?),
            // A folder inside its inode keeps the room even when it has no attributes.
            (false, 0) => 0,
            (false, _) => 50,
        };
        let words = IN_INODE.checked_sub(extra >> 2).and_then(|all| all.checked_sub(attributes));
        let words = words.ok_or_else(broken)?;
        Ok(Inode { block, first: WORDS_AT.saturating_add(extra), words })
    }
}

/// A checkpoint whose two ends are the same and whose checksum holds.
fn checkpoint(image: &dyn Source, at: u64) -> Option<Vec<u8>> {
    let read = |block: u64| image.piece(block.checked_mul(BLOCK as u64)?, BLOCK).ok();
    let first = read(at)?;
    let sum_at = index(u32_le(&first, 164)?);
    let sum = crc(first.get(..sum_at)?);
    let blocks = u64::from(u32_le(&first, 136)?);
    let last = read(at.checked_add(blocks)?.checked_sub(1)?)?;
    let whole = u32_le(&first, sum_at) == Some(sum) && u64_le(&first, 0) == u64_le(&last, 0);
    whole.then_some(first)
}

/// The kernel's CRC-32, which is not turned over at its end.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(MAGIC, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ if sum & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}

/// The bits that say which copy of each block of the table of nodes counts.
fn table_map(image: &dyn Source, pack: &[u8], at: u64, payload: u32) -> io::Result<Vec<u8>> {
    let field = |at| u32_le(pack, at).ok_or_else(broken);
    let (flags, others, bytes) = (field(132)?, index(field(156)?), index(field(160)?));
    let start = if flags & 0x400 != 0 {
        // Behind a checksum, before the others.
        196
    } else if payload > 0 {
        192
    } else {
        others.saturating_add(192)
    };
    if bytes > 1 << 24 {
        return Err(broken());
    }
    let at = at.checked_mul(BLOCK as u64).and_then(|at| at.checked_add(start as u64));
    image.piece(at.ok_or_else(broken)?, bytes)
}

/// Where nodes went after the table was written: number and address.
fn journal(image: &dyn Source, pack: &[u8], at: u64) -> io::Result<BTreeMap<u32, u32>> {
    let field = |at| u32_le(pack, at).ok_or_else(broken);
    let (flags, blocks, summary) = (field(132)?, field(136)?, field(140)?);
    let compact = flags & 4 != 0;
    // With its nodes' summaries a pack has six before its last block, else three.
    let behind = if flags & 0x21 != 0 { 7 } else { 4 };
    let (block, skip) = match compact {
        true => (u64::from(summary), 0),
        false => (u64::from(blocks.saturating_sub(behind)), 3_584),
    };
    let at = at.checked_add(block).and_then(|at| at.checked_mul(BLOCK as u64));
    let block = image.piece(at.ok_or_else(broken)?, BLOCK)?;
    let journal = block.get(skip..).unwrap_or_default();
    let count = usize::from(u16_le(journal, 0).unwrap_or(0)).min(JOURNAL_ENTRIES_MAX);
    let entries = journal.get(2..).unwrap_or_default().chunks_exact(13).take(count);
    Ok(entries.filter_map(|entry| Some((u32_le(entry, 0)?, u32_le(entry, 9)?))).collect())
}

struct Inode {
    block: Rc<Vec<u8>>,
    /// Where its addresses begin, and how many words there are for them.
    first: usize,
    words: usize,
}

impl Inode {
    fn mode(&self) -> u16 {
        u16_le(&self.block, 0).unwrap_or(0) & 0xF000
    }

    fn is_folder(&self) -> bool {
        self.mode() == 0x4000
    }

    fn is_file(&self) -> bool {
        self.mode() == 0x8000
    }

    fn is_encrypted(&self) -> bool {
        byte(&self.block, 2) & 4 != 0
    }

    fn size(&self) -> u64 {
        u64_le(&self.block, 16).unwrap_or(0)
    }

    /// What lies in the inode itself: the first word is kept free.
    fn inside(&self) -> &[u8] {
        let start = self.first.saturating_add(4);
        let bytes = self.words.saturating_sub(1).saturating_mul(4);
        self.block.get(start..start.saturating_add(bytes)).unwrap_or_default()
    }

    fn listing(&self, system: &System<'_>) -> io::Result<Vec<(String, u32)>> {
        let mut found = Vec::new();
        if byte(&self.block, 3) & 4 != 0 {
            let inside = self.inside();
            let slots = inside.len().saturating_mul(8).checked_div((ENTRY + SLOT) * 8 + 1);
            let slots = slots.unwrap_or(0);
            let names = inside.len().saturating_sub(slots.saturating_mul(SLOT));
            let entries = names.saturating_sub(slots.saturating_mul(ENTRY));
            listed(inside, slots, entries, names, &mut found);
            return Ok(found);
        }
        let leaf = RefCell::new((u64::MAX, Rc::new(Vec::new())));
        let blocks = self.size().div_ceil(BLOCK as u64).min(FOLDER_BLOCKS_MAX);
        for number in 0..blocks {
            if let Place::Block(at) = self.place(system, number, &leaf)? {
                listed(&system.block(at)?, 214, 30, 2_384, &mut found);
            }
        }
        Ok(found)
    }

    /// Where a block of the file lies.
    fn place(
        &self,
        system: &System<'_>,
        number: u64,
        leaf: &RefCell<(u64, Rc<Vec<u8>>)>,
    ) -> io::Result<Place> {
        let word = |block: &[u8], at: u64| {
            usize::try_from(at).ok().and_then(|at| u32_le(block, at.checked_mul(4)?))
        };
        let own = self.words as u64;
        let address = if number < own {
            word(self.block.get(self.first..).unwrap_or_default(), number)
        } else {
            let into = number.saturating_sub(own);
            let within = into.checked_rem(IN_NODE).unwrap_or(0);
            let wanted = into.checked_div(IN_NODE).unwrap_or(0);
            if leaf.borrow().0 != wanted {
                let node = match self.leaf(system, wanted)? {
                    0 => Rc::new(vec![0; BLOCK]),
                    node => system.node(node)?,
                };
                leaf.replace((wanted, node));
            }
            let leaf = leaf.borrow();
            word(&leaf.1, within)
        };
        Ok(match address.ok_or_else(broken)? {
            0 | u32::MAX => Place::Hole,
            0xFFFF_FFFE => Place::Packed,
            at => Place::Block(u64::from(at)),
        })
    }

    /// The number of a node of addresses, counted over all of them; 0 where there is none.
    fn leaf(&self, system: &System<'_>, wanted: u64) -> io::Result<u32> {
        let root = |slot: usize| {
            let words = IN_INODE.saturating_add(slot).saturating_mul(4);
            u32_le(&self.block, words.saturating_add(WORDS_AT)).ok_or_else(broken)
        };
        let down = |node: u32, at: u64| match node {
            0 => Ok(0),
            node => {
                let at = usize::try_from(at).map_err(|_| broken())?;
                u32_le(&system.node(node)?, at.saturating_mul(4)).ok_or_else(broken)
            }
        };
        if wanted < 2 {
            return root(usize::from(wanted == 1));
        }
        let mut into = wanted.saturating_sub(2);
        for slot in [2, 3] {
            if into < IN_NODE {
                return down(root(slot)?, into);
            }
            into = into.saturating_sub(IN_NODE);
        }
        let high = into.checked_div(IN_NODE).unwrap_or(0);
        if high >= IN_NODE {
            return Err(broken());
        }
        down(down(root(4)?, high)?, into.checked_rem(IN_NODE).unwrap_or(0))
    }
}

/// The entries of a block: bits that say which slots are used, entries, names.
fn listed(
    block: &[u8],
    slots: usize,
    entries: usize,
    names: usize,
    found: &mut Vec<(String, u32)>,
) {
    let mut slot = 0_usize;
    while slot < slots {
        let entry = block.get(entries.saturating_add(slot.saturating_mul(ENTRY))..);
        let used = byte(block, slot >> 3) >> (slot & 7) & 1 == 1;
        let told = entry.filter(|_| used).and_then(|entry| {
            let (number, length) = (u32_le(entry, 4)?, usize::from(u16_le(entry, 8)?));
            let start = names.checked_add(slot.checked_mul(SLOT)?)?;
            Some((number, block.get(start..start.checked_add(length)?)?))
        });
        slot = slot.saturating_add(1);
        let Some((number, name)) = told.filter(|(_, name)| !name.is_empty()) else { continue };
        // A long name takes more slots than one.
        slot = slot.saturating_add(name.len().div_ceil(SLOT).saturating_sub(1));
        if !matches!(name, b"." | b"..") && found.len() < FOLDERS_MAX {
            found.push((String::from_utf8_lossy(name).into_owned(), number));
        }
    }
}

/// A file in the image.
struct Inner<'a> {
    system: &'a System<'a>,
    node: Inode,
    leaf: RefCell<(u64, Rc<Vec<u8>>)>,
}

impl Source for Inner<'_> {
    fn size(&self) -> u64 {
        self.node.size()
    }

    fn times(&self) -> Times {
        let block = &self.node.block;
        let at = |at: usize| u64_le(block, at).map(Time::Utc);
        // Where a file was made is among the fields that newer systems added.
        let added = byte(block, 3) & 0x20 != 0 && u16_le(block, 360).is_some_and(|len| len >= 20);
        Times { made: at(372).filter(|_| added), changed: at(48), opened: at(32), record: at(40) }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size().saturating_sub(offset)).unwrap_or(usize::MAX);
        let within = usize::try_from(offset.checked_rem(BLOCK as u64).unwrap_or(0)).unwrap_or(0);
        let bytes = BLOCK.saturating_sub(within).min(left).min(buffer.len());
        let Some(buffer) = buffer.get_mut(..bytes).filter(|_| bytes > 0) else { return Ok(0) };
        if byte(&self.node.block, 3) & 2 != 0 {
            return self.node.inside().read_at(offset, buffer);
        }
        let number = offset.checked_div(BLOCK as u64).unwrap_or(0);
        match self.node.place(self.system, number, &self.leaf)? {
            Place::Hole => buffer.fill(0),
            Place::Block(at) => {
                let at = at.checked_mul(BLOCK as u64).and_then(|at| at.checked_add(within as u64));
                return self.system.image.read_at(at.ok_or_else(broken)?, buffer);
            }
            Place::Packed => {
                return Err(io::Error::new(io::ErrorKind::Unsupported, "F2FS packed it"));
            }
        }
        Ok(bytes)
    }
}
