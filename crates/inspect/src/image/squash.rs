//! squashfs 4.0, as installers and update packages have it. Format: the kernel's
//! `Documentation/filesystems/squashfs.rst` and `squashfs_fs.h`.

use std::{cell::RefCell, collections::BTreeSet, io, io::Read, rc::Rc};

use super::{DEPTH_MAX, Each, FOLDERS_MAX, Held};
use crate::{
    archive::packed::{self, Packing},
    numbers::{index, u16_le, u32_le, u64_le},
    source::Source,
    times::{Time, Times},
};

/// A block of names and nodes, unpacked.
const META_BYTES: usize = 8_192;

/// The largest block of data there is.
const BLOCK_BYTES_MAX: u32 = 1 << 20;

/// Blocks of one file that are looked for.
const BLOCKS_MAX: u64 = 1 << 22;

/// Bytes of one folder's listing.
const LISTING_BYTES_MAX: usize = 64 << 20;

/// No fragment: all of the file is in blocks.
const NO_FRAGMENT: u32 = u32::MAX;

struct Squash<'a> {
    image: &'a dyn Source,
    block: u32,
    way: Way,
    nodes: u64,
    listings: u64,
    fragments: u64,
    /// The block of names and nodes that was read last: its place, its content, the next one.
    last: RefCell<(u64, Rc<Vec<u8>>, u64)>,
}

#[derive(Clone, Copy)]
enum Way {
    Zlib,
    Lzma,
    Xz,
    Lz4,
    Zstd,
}

enum Node {
    Folder { start: u32, offset: u16, bytes: usize },
    File(File),
    Other,
}

#[derive(Clone)]
struct File {
    size: u64,
    changed: u32,
    /// Place and packed size of each block.
    blocks: Vec<(u64, u32)>,
    fragment: u32,
    offset: u32,
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it makes no sense")
}

pub(super) fn walk(image: &dyn Source, each: &mut Each<'_>) -> Result<(), String> {
    let said = |error: io::Error| error.to_string();
    let head = image.piece(0, 96).map_err(said)?;
    let squash = Squash::open(image, &head)?;
    let root = u64_le(&head, 32).ok_or("it breaks off")?;
    let mut waiting = vec![(root, String::new(), 0_usize)];
    let mut seen = BTreeSet::new();
    while let Some((at, path, depth)) = waiting.pop() {
        if depth > DEPTH_MAX || seen.len() > FOLDERS_MAX {
            each(&path, Held::Trouble("folders in folders without end"));
            continue;
        }
        if !seen.insert(at) {
            each(&path, Held::Trouble("a folder that is in itself"));
            continue;
        }
        let entries = squash.node(at).and_then(|node| squash.listing(&node));
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                each(&path, Held::Trouble(&error.to_string()));
                continue;
            }
        };
        for (name, at) in entries {
            let inner = format!("{path}/{name}");
            match squash.node(at) {
                Ok(Node::Folder { .. }) => waiting.push((at, inner, depth.saturating_add(1))),
                Ok(Node::File(file)) => {
                    let last = RefCell::new((u64::MAX, Vec::new()));
                    each(&inner, Held::File(&Inner { squash: &squash, file, last }));
                }
                Ok(Node::Other) => {}
                Err(error) => each(&inner, Held::Trouble(&error.to_string())),
            }
        }
    }
    Ok(())
}

impl<'a> Squash<'a> {
    fn open(image: &'a dyn Source, head: &[u8]) -> Result<Self, String> {
        let number = |at| u64_le(head, at).ok_or("it breaks off");
        let way = match u16_le(head, 20) {
            Some(1) => Way::Zlib,
            Some(2) => Way::Lzma,
            Some(4) => Way::Xz,
            Some(5) => Way::Lz4,
            Some(6) => Way::Zstd,
            _ => return Err("a way of packing that is not read here (LZO): unpack it first".into()),
        };
        let block = u32_le(head, 12).filter(|block| (4_096..=BLOCK_BYTES_MAX).contains(block));
        let block = block.ok_or("blocks of no known size")?;
        let last = RefCell::new((u64::MAX, Rc::new(Vec::new()), 0));
        let (nodes, listings, fragments) = (number(64)?, number(72)?, number(80)?);
        Ok(Self { image, block, way, nodes, listings, fragments, last })
    }

    /// Unpacks at most `most` bytes.
    fn unpack(&self, packed: &[u8], most: usize) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut flow: Box<dyn Read + '_> = match self.way {
            Way::Lz4 => {
                out = vec![0; most];
                let bytes = lz4_flex::block::decompress_into(packed, &mut out);
                out.truncate(bytes.map_err(io::Error::other)?);
                return Ok(out);
            }
            Way::Zlib => Box::new(flate2::read::ZlibDecoder::new(packed)),
            Way::Xz => packed::unpack(Packing::Xz, Box::new(packed)),
            Way::Zstd => packed::unpack(Packing::Zstd, Box::new(packed)),
            Way::Lzma => {
                let size = u64_le(packed, 5).filter(|size| *size != u64::MAX);
                let rest = packed.get(13..).ok_or_else(broken)?;
                packed::lzma(packed.get(..5).unwrap_or_default(), size, Box::new(rest))?
            }
        };
        (&mut flow).take(most as u64).read_to_end(&mut out)?;
        Ok(out)
    }

    /// The block of names and nodes at a place, and where the next one is.
    fn meta(&self, at: u64) -> io::Result<(Rc<Vec<u8>>, u64)> {
        {
            let last = self.last.borrow();
            if last.0 == at {
                return Ok((Rc::clone(&last.1), last.2));
            }
        }
        let head = u16_le(&self.image.piece(at, 2)?, 0).ok_or_else(broken)?;
        let size = usize::from(head & 0x7FFF);
        let start = at.checked_add(2).ok_or_else(broken)?;
        let bytes = self.image.piece(start, size.min(META_BYTES))?;
        let next = start.checked_add(size as u64).ok_or_else(broken)?;
        let bytes = if head & 0x8000 == 0 { self.unpack(&bytes, META_BYTES)? } else { bytes };
        let bytes = Rc::new(bytes);
        self.last.replace((at, Rc::clone(&bytes), next));
        Ok((bytes, next))
    }

    /// Bytes that may go on in the next blocks.
    fn read(&self, mut at: u64, mut skip: usize, bytes: usize) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        while out.len() < bytes {
            let (block, next) = self.meta(at)?;
            let there = block.get(skip..).unwrap_or_default();
            let wanted = bytes.saturating_sub(out.len()).min(there.len());
            out.extend_from_slice(there.get(..wanted).unwrap_or_default());
            if wanted == 0 && block.len() < META_BYTES {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            skip = skip.saturating_add(wanted).saturating_sub(block.len());
            at = next;
        }
        Ok(out)
    }

    /// The node a reference points to.
    fn node(&self, reference: u64) -> io::Result<Node> {
        let at = self.nodes.checked_add(reference >> 16).ok_or_else(broken)?;
        let skip = usize::try_from(reference & 0xFFFF).map_err(|_| broken())?;
        let read = |bytes| self.read(at, skip, bytes);
        let kind = u16_le(&read(2)?, 0).ok_or_else(broken)?;
        let field = |node: &[u8], at| u32_le(node, at).ok_or_else(broken);
        match kind {
            1 => {
                let node = read(32)?;
                let bytes = usize::from(u16_le(&node, 24).ok_or_else(broken)?);
                let offset = u16_le(&node, 26).ok_or_else(broken)?;
                Ok(Node::Folder { start: field(&node, 16)?, offset, bytes })
            }
            8 => {
                let node = read(40)?;
                let offset = u16_le(&node, 34).ok_or_else(broken)?;
                Ok(Node::Folder {
                    start: field(&node, 24)?,
                    offset,
                    bytes: index(field(&node, 20)?),
                })
            }
            2 => {
                let node = read(32)?;
                let (start, size) = (u64::from(field(&node, 16)?), u64::from(field(&node, 28)?));
                let (fragment, offset) = (field(&node, 20)?, field(&node, 24)?);
                let changed = field(&node, 8)?;
                self.file(
                    at,
                    skip.saturating_add(32),
                    File { size, changed, blocks: Vec::new(), fragment, offset },
                    start,
                )
            }
            9 => {
                let node = read(56)?;
                let start = u64_le(&node, 16).ok_or_else(broken)?;
                let size = u64_le(&node, 24).ok_or_else(broken)?;
                let (fragment, offset) = (field(&node, 44)?, field(&node, 48)?);
                let changed = field(&node, 8)?;
                self.file(
                    at,
                    skip.saturating_add(56),
                    File { size, changed, blocks: Vec::new(), fragment, offset },
                    start,
                )
            }
            _ => Ok(Node::Other),
        }
    }

    /// A file's blocks: their sizes stand behind its node, the first of them begins at `start`.
    fn file(&self, at: u64, skip: usize, file: File, mut start: u64) -> io::Result<Node> {
        let block = u64::from(self.block);
        let count = match file.fragment {
            NO_FRAGMENT => file.size.div_ceil(block),
            _ => file.size.checked_div(block).unwrap_or(0),
        };
        if count > BLOCKS_MAX {
            return Err(broken());
        }
        let sizes = self.read(at, skip, usize::try_from(count.saturating_mul(4)).unwrap_or(0))?;
        let mut blocks = Vec::new();
        for packed in sizes.as_chunks::<4>().0.iter().map(|size| u32::from_le_bytes(*size)) {
            blocks.push((start, packed));
            start = start.saturating_add(u64::from(packed & 0x00FF_FFFF));
        }
        Ok(Node::File(File { blocks, ..file }))
    }

    /// Names and references of a folder.
    fn listing(&self, node: &Node) -> io::Result<Vec<(String, u64)>> {
        let Node::Folder { start, offset, bytes } = node else { return Err(broken()) };
        // An empty listing counts three bytes for entries that are nowhere.
        let bytes = bytes.saturating_sub(3).min(LISTING_BYTES_MAX);
        let at = self.listings.checked_add(u64::from(*start)).ok_or_else(broken)?;
        let listing = self.read(at, usize::from(*offset), bytes)?;
        let mut rest = listing.as_slice();
        let mut entries = Vec::new();
        while !rest.is_empty() {
            let count = u32_le(rest, 0).ok_or_else(broken)?;
            let block = u64::from(u32_le(rest, 4).ok_or_else(broken)?);
            rest = rest.get(12..).ok_or_else(broken)?;
            for _ in 0..=count.min(256) {
                let inside = u64::from(u16_le(rest, 0).ok_or_else(broken)?);
                let name = usize::from(u16_le(rest, 6).ok_or_else(broken)?).saturating_add(9);
                let entry = rest.get(8..name).ok_or_else(broken)?;
                entries.push((String::from_utf8_lossy(entry).into_owned(), block << 16 | inside));
                rest = rest.get(name..).unwrap_or_default();
            }
        }
        Ok(entries)
    }

    /// The block or end of a file that begins at a multiple of the block size.
    fn data(&self, file: &File, number: u64) -> io::Result<Vec<u8>> {
        let block = usize::try_from(self.block).map_err(|_| broken())?;
        let place = usize::try_from(number).ok().and_then(|number| file.blocks.get(number));
        if let Some((at, packed)) = place {
            let left = file.size.saturating_sub(number.saturating_mul(u64::from(self.block)));
            let whole = usize::try_from(left).map_or(block, |left| left.min(block));
            return match packed {
                0 => Ok(vec![0; whole]),
                _ => self.stretch(*at, *packed),
            };
        }
        if file.fragment == NO_FRAGMENT {
            return Ok(Vec::new());
        }
        let table = u64::from(file.fragment >> 9).saturating_mul(8);
        let table = self.fragments.checked_add(table).ok_or_else(broken)?;
        let meta = u64_le(&self.image.piece(table, 8)?, 0).ok_or_else(broken)?;
        let entry = self.read(meta, index(file.fragment & 511).saturating_mul(16), 16)?;
        let (at, packed) = u64_le(&entry, 0).zip(u32_le(&entry, 8)).ok_or_else(broken)?;
        let shared = self.stretch(at, packed)?;
        let left = file.size.checked_rem(u64::from(self.block)).unwrap_or(0);
        let start = index(file.offset);
        let end = start.saturating_add(usize::try_from(left).unwrap_or(0));
        Ok(shared.get(start..end).ok_or_else(broken)?.to_vec())
    }

    fn stretch(&self, at: u64, packed: u32) -> io::Result<Vec<u8>> {
        let most = index(self.block);
        let size = index(packed & 0x00FF_FFFF).min(most);
        let bytes = self.image.piece(at, size)?;
        if packed & 0x0100_0000 == 0 { self.unpack(&bytes, most) } else { Ok(bytes) }
    }
}

/// A file in the image.
struct Inner<'a> {
    squash: &'a Squash<'a>,
    file: File,
    last: RefCell<(u64, Vec<u8>)>,
}

impl Source for Inner<'_> {
    fn size(&self) -> u64 {
        self.file.size
    }

    fn times(&self) -> Times {
        Times::changed(Some(Time::Utc(self.file.changed.into())))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset >= self.file.size {
            return Ok(0);
        }
        let block = u64::from(self.squash.block);
        let number = offset.checked_div(block).unwrap_or(0);
        if self.last.borrow().0 != number {
            let data = self.squash.data(&self.file, number)?;
            self.last.replace((number, data));
        }
        let last = self.last.borrow();
        let skip = usize::try_from(offset.checked_rem(block).unwrap_or(0)).unwrap_or(0);
        let there = last.1.get(skip..).unwrap_or_default();
        let bytes = there.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..bytes), there.get(..bytes)) {
            to.copy_from_slice(from);
        }
        Ok(bytes)
    }
}
