//! 7z: its directory, and its packed streams as streams. Format: 7zFormat.txt of the LZMA SDK.
//!
//! Coders in a row are undone: LZMA, LZMA2, deflate, bzip2, Zstandard, delta, filters for the code
//! of processors. What has several streams at once (BCJ2) or is encrypted is told.

use std::io::{self, Read};

use lzma_rust2::filter::{bcj::BcjReader, delta::DeltaReader};

use super::packed::{self, Packing};
use crate::{
    numbers::u64_le,
    source::{Part, Source},
};

/// A directory is no larger, packed or not.
const DIRECTORY_BYTES_MAX: u64 = 64 << 20;

/// Coders of one stream.
const CODERS_MAX: u64 = 16;

/// Directories of directories.
const NESTED_MAX: usize = 4;

/// What cannot be opened, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It breaks off or makes no sense.
    Broken,
    /// It needs a password.
    Encrypted,
    /// A way of packing that is not read here.
    Unknown,
}

impl From<io::Error> for Trouble {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

/// One way a stream was treated.
#[derive(Clone, Debug)]
struct Coder {
    method: Vec<u8>,
    properties: Vec<u8>,
}

/// A packed stream, and the files in it.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// From the packed bytes to the files.
    coders: Vec<Coder>,
    /// What each of them gives.
    sizes: Vec<u64>,
    /// Where each of them stands in the directory.
    order: Vec<usize>,
    /// Its checksum was told.
    summed: bool,
    at: u64,
    packed: u64,
    /// Sizes of the files in it, one behind the other.
    pub files: Vec<u64>,
    simple: bool,
}

/// An archive.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    /// Its streams.
    pub folders: Vec<Folder>,
    /// Names of the files that have bytes, in the order of the streams.
    pub names: Vec<String>,
}

/// The directory, byte for byte.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: u64) -> Result<&'a [u8], Trouble> {
        let count = usize::try_from(count).map_err(|_| Trouble::Broken)?;
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Trouble::Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Trouble> {
        self.bytes(1)?.first().copied().ok_or(Trouble::Broken)
    }

    /// A number: the ones at the top of the first byte say how many bytes follow.
    fn number(&mut self) -> Result<u64, Trouble> {
        let first = self.byte()?;
        let more = first.leading_ones();
        let mut number = 0_u64;
        for (byte, shift) in self.bytes(u64::from(more))?.iter().zip((0_u32..).step_by(8)) {
            number |= u64::from(*byte) << shift;
        }
        let kept = 0x7F_u8.checked_shr(more).unwrap_or(0) & first;
        let high = u64::from(kept).checked_shl(more.saturating_mul(8)).unwrap_or(0);
        Ok(number | high)
    }

    /// How many of something there are: each takes a byte of the directory, or is bounded by that.
    fn count(&mut self) -> Result<usize, Trouble> {
        let number = self.number()?;
        usize::try_from(number).ok().filter(|count| *count <= self.0.len()).ok_or(Trouble::Broken)
    }

    fn flags(&mut self, count: usize) -> Result<Vec<bool>, Trouble> {
        let bytes = self.bytes(count.div_ceil(8) as u64)?;
        let flag = |at: usize| {
            let byte = bytes.get(at >> 3).copied().unwrap_or(0);
            byte << (at & 7) & 0x80 != 0
        };
        Ok((0..count).map(flag).collect())
    }

    /// Checksums are read over; which there are is told.
    fn digests(&mut self, count: usize) -> Result<Vec<bool>, Trouble> {
        let defined = match self.byte()? {
            0 => self.flags(count)?,
            _ => vec![true; count],
        };
        let there = defined.iter().filter(|flag| **flag).count() as u64;
        self.bytes(there.saturating_mul(4))?;
        Ok(defined)
    }
}

impl Archive {
    /// Reads the directory.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn read(file: &dyn Source) -> Result<Self, Trouble> {
        let head = file.piece(0, 32)?;
        let (at, size) = u64_le(&head, 12).zip(u64_le(&head, 20)).ok_or(Trouble::Broken)?;
        if size == 0 {
            return Ok(Self::default());
        }
        let at = at.checked_add(32).ok_or(Trouble::Broken)?;
        let mut directory = piece(file, at, size)?;
        for _ in 0..NESTED_MAX {
            let mut reader = Reader(&directory);
            match reader.byte()? {
                0x01 => return listing(&mut reader),
                0x17 => {
                    let folders = streams(&mut reader)?;
                    let folder = folders.first().ok_or(Trouble::Broken)?;
                    let size = folder.sizes.last().copied().unwrap_or(0);
                    if size > DIRECTORY_BYTES_MAX {
                        return Err(Trouble::Broken);
                    }
                    let mut next = Vec::new();
                    folder.unpack(file)?.take(size).read_to_end(&mut next)?;
                    directory = next;
                }
                _ => return Err(Trouble::Broken),
            }
        }
        Err(Trouble::Broken)
    }
}

fn piece(file: &dyn Source, at: u64, size: u64) -> Result<Vec<u8>, Trouble> {
    let bytes = usize::try_from(size.min(DIRECTORY_BYTES_MAX)).map_err(|_| Trouble::Broken)?;
    let piece = file.piece(at, bytes)?;
    if piece.len() as u64 == size { Ok(piece) } else { Err(Trouble::Broken) }
}

fn listing(reader: &mut Reader<'_>) -> Result<Archive, Trouble> {
    let mut archive = Archive::default();
    let mut next = reader.byte()?;
    if next == 0x02 {
        while reader.byte()? != 0 {
            let size = reader.number()?;
            reader.bytes(size)?;
        }
        next = reader.byte()?;
    }
    if next == 0x03 {
        streams(reader)?;
        next = reader.byte()?;
    }
    if next == 0x04 {
        archive.folders = streams(reader)?;
        next = reader.byte()?;
    }
    if next == 0x05 {
        archive.names = names(reader)?;
    }
    Ok(archive)
}

/// Names of the files that have bytes.
fn names(reader: &mut Reader<'_>) -> Result<Vec<String>, Trouble> {
    let files = reader.count()?;
    let mut empty = vec![false; files];
    let mut names = Vec::new();
    loop {
        let kind = reader.byte()?;
        if kind == 0 {
            break;
        }
        let size = reader.number()?;
        let mut property = Reader(reader.bytes(size)?);
        match kind {
            0x0E => empty = property.flags(files)?,
            0x11 => {
                if property.byte()? != 0 {
                    return Err(Trouble::Unknown);
                }
                let units =
                    property.0.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
                let units: Vec<u16> = units.collect();
                names = units.split(|unit| *unit == 0).map(String::from_utf16_lossy).collect();
                names.truncate(files);
            }
            _ => {}
        }
    }
    let full = names.into_iter().zip(empty).filter(|(_, empty)| !empty);
    Ok(full.map(|(name, _)| name).collect())
}

/// The packed streams and what is in them.
fn streams(reader: &mut Reader<'_>) -> Result<Vec<Folder>, Trouble> {
    let mut at = 32_u64;
    let mut packed = Vec::new();
    let mut folders = Vec::new();
    loop {
        match reader.byte()? {
            0x00 => break,
            0x06 => {
                at = at.checked_add(reader.number()?).ok_or(Trouble::Broken)?;
                packed = packed_sizes(reader)?;
            }
            0x07 => folders = unpacked(reader)?,
            0x08 => inside(reader, &mut folders)?,
            _ => return Err(Trouble::Broken),
        }
    }
    let mut packed = packed.into_iter();
    for folder in &mut folders {
        folder.at = at;
        folder.packed = packed.next().ok_or(Trouble::Broken)?;
        at = at.checked_add(folder.packed).ok_or(Trouble::Broken)?;
        if !folder.simple {
            // How many packed streams it has is not known: what lies behind it cannot be found.
            break;
        }
    }
    Ok(folders)
}

fn packed_sizes(reader: &mut Reader<'_>) -> Result<Vec<u64>, Trouble> {
    let count = reader.count()?;
    let mut sizes = Vec::new();
    loop {
        match reader.byte()? {
            0x00 => return Ok(sizes),
            0x09 => sizes = (0..count).map(|_| reader.number()).collect::<Result<_, _>>()?,
            0x0A => drop(reader.digests(count)?),
            _ => return Err(Trouble::Broken),
        }
    }
}

fn unpacked(reader: &mut Reader<'_>) -> Result<Vec<Folder>, Trouble> {
    let mut folders = Vec::new();
    loop {
        match reader.byte()? {
            0x00 => return Ok(folders),
            0x0B => {
                let count = reader.count()?;
                if reader.byte()? != 0 {
                    return Err(Trouble::Unknown);
                }
                folders = (0..count).map(|_| folder(reader)).collect::<Result<Vec<_>, _>>()?;
            }
            0x0C => {
                for folder in &mut folders {
                    let sizes = (0..folder.sizes.len()).map(|_| reader.number());
                    let sizes: Vec<u64> = sizes.collect::<Result<_, _>>()?;
                    let pick = |at: &usize| sizes.get(*at).copied();
                    folder.sizes = folder
                        .order
                        .iter()
                        .map(pick)
                        .collect::<Option<_>>()
                        .ok_or(Trouble::Broken)?;
                    folder.files = vec![folder.sizes.last().copied().unwrap_or(0)];
                }
            }
            0x0A => {
                let summed = reader.digests(folders.len())?;
                for (folder, summed) in folders.iter_mut().zip(summed) {
                    folder.summed = summed;
                }
            }
            _ => return Err(Trouble::Broken),
        }
    }
}

/// One folder: its coders, put into the order in which they are undone.
fn folder(reader: &mut Reader<'_>) -> Result<Folder, Trouble> {
    let count = reader.number()?;
    if !(1..=CODERS_MAX).contains(&count) {
        return Err(Trouble::Broken);
    }
    let mut coders = Vec::new();
    let (mut ins, mut outs) = (0_u64, 0_u64);
    for _ in 0..count {
        let flags = reader.byte()?;
        let method = reader.bytes(u64::from(flags & 15))?.to_vec();
        let (mut more_in, mut more_out) = (1, 1);
        if flags & 0x10 != 0 {
            (more_in, more_out) = (reader.number()?, reader.number()?);
            if more_in > CODERS_MAX || more_out > CODERS_MAX {
                return Err(Trouble::Broken);
            }
        }
        (ins, outs) = (ins.saturating_add(more_in), outs.saturating_add(more_out));
        let mut properties = Vec::new();
        if flags & 0x20 != 0 {
            let size = reader.number()?;
            properties = reader.bytes(size)?.to_vec();
        }
        coders.push(Coder { method, properties });
    }
    let bound = outs.checked_sub(1).ok_or(Trouble::Broken)?;
    let pairs = (0..bound).map(|_| Ok((reader.number()?, reader.number()?)));
    let pairs: Vec<(u64, u64)> = pairs.collect::<Result<_, Trouble>>()?;
    let packed = ins.checked_sub(bound).ok_or(Trouble::Broken)?;
    if packed > 1 {
        for _ in 0..packed {
            reader.number()?;
        }
    }
    let simple = packed == 1 && ins == count && outs == count;
    let order = if simple { in_order(&pairs, count)? } else { (0..outs).collect() };
    let order = order.into_iter().map(usize::try_from).collect::<Result<Vec<_>, _>>();
    let order = order.map_err(|_| Trouble::Broken)?;
    if simple {
        let pick = |at: &usize| coders.get(*at).cloned();
        coders = order.iter().map(pick).collect::<Option<_>>().ok_or(Trouble::Broken)?;
    }
    Ok(Folder { coders, sizes: vec![0; order.len()], order, simple, ..Folder::default() })
}

/// The way from the packed bytes through all coders; `pairs` say whose input is whose output.
fn in_order(pairs: &[(u64, u64)], count: u64) -> Result<Vec<u64>, Trouble> {
    let bound = |coder: &u64| pairs.iter().any(|(input, _)| input == coder);
    let mut at = (0..count).find(|coder| !bound(coder)).ok_or(Trouble::Broken)?;
    let mut order = vec![at];
    while let Some((input, _)) = pairs.iter().find(|(_, output)| *output == at) {
        at = *input;
        if order.contains(&at) || at >= count {
            return Err(Trouble::Broken);
        }
        order.push(at);
    }
    Ok(order)
}

/// How the streams divide into files.
fn inside(reader: &mut Reader<'_>, folders: &mut [Folder]) -> Result<(), Trouble> {
    let mut next = reader.byte()?;
    let mut counts = vec![1_usize; folders.len()];
    if next == 0x0D {
        for count in &mut counts {
            *count = reader.count()?;
        }
        next = reader.byte()?;
    }
    let sized = next == 0x09;
    for (folder, count) in folders.iter_mut().zip(&counts) {
        let mut left = folder.whole();
        let mut files = Vec::new();
        for _ in 1..*count {
            let size = if sized { reader.number()? } else { return Err(Trouble::Broken) };
            left = left.checked_sub(size).ok_or(Trouble::Broken)?;
            files.push(size);
        }
        if *count > 0 {
            files.push(left);
        }
        folder.files = files;
    }
    if sized {
        next = reader.byte()?;
    }
    loop {
        match next {
            0x00 => return Ok(()),
            0x0A => {
                // The checksum of a folder's only file was told with the folder.
                let told = folders.iter().zip(&counts);
                let told =
                    told.map(|(one, count)| if one.summed && *count == 1 { 0 } else { *count });
                let files = told.fold(0, |sum: usize, count| sum.saturating_add(count));
                reader.digests(files)?;
            }
            _ => return Err(Trouble::Broken),
        }
        next = reader.byte()?;
    }
}

impl Folder {
    /// What all its files have together.
    fn whole(&self) -> u64 {
        self.files.iter().fold(0, |sum, size| sum.saturating_add(*size))
    }

    /// Its bytes.
    ///
    /// # Errors
    /// What keeps it from being unpacked.
    pub fn unpack<'a>(&self, file: &'a dyn Source) -> Result<Box<dyn Read + 'a>, Trouble> {
        if !self.simple {
            return Err(Trouble::Unknown);
        }
        let packed = Packed { part: Part::new(file, self.at, self.packed), at: 0 };
        let mut flow: Box<dyn Read + 'a> = Box::new(packed);
        for (coder, size) in self.coders.iter().zip(&self.sizes) {
            let properties = coder.properties.as_slice();
            let first = properties.first().copied().unwrap_or(0);
            flow = match coder.method.as_slice() {
                [] | [0] => flow,
                [0x21] => packed::lzma2(first, flow)?,
                [3, 1, 1] => packed::lzma(properties, Some(*size), flow)?,
                [3] => Box::new(DeltaReader::new(flow, usize::from(first).saturating_add(1))),
                [3, 3, 1, 3] | [4] => Box::new(BcjReader::new_x86(flow, 0)),
                [3, 3, 5, 1] | [7] => Box::new(BcjReader::new_arm(flow, 0)),
                [3, 3, 7, 1] | [8] => Box::new(BcjReader::new_arm_thumb(flow, 0)),
                [0x0A] => Box::new(BcjReader::new_arm64(flow, 0)),
                [4, 1, 8] => packed::unpack(Packing::Deflate, flow),
                [4, 2, 2] => packed::unpack(Packing::Bzip2, flow),
                [4, 0xF7, 0x11, 1] => packed::unpack(Packing::Zstd, flow),
                [6, 0xF1, 7, 1] => return Err(Trouble::Encrypted),
                _ => return Err(Trouble::Unknown),
            };
        }
        Ok(flow)
    }
}

/// A part of the file as a stream.
struct Packed<'a> {
    part: Part<'a>,
    at: u64,
}

impl Read for Packed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.part.read_at(self.at, buffer)?;
        self.at = self.at.saturating_add(read as u64);
        Ok(read)
    }
}
