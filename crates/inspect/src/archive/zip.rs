//! ZIP (PKWARE APPNOTE), read as Android's own reader does: the directory at the end counts.

use std::io::{self, BufReader, Read};

use flate2::read::DeflateDecoder;

use super::packed::{self, Packing};
use crate::{
    numbers::{index, u16_le, u32_le, u64_le},
    source::{Part, Source, Stream},
    times::Time,
};

/// As many entries as are read.
pub const ENTRIES_MAX: usize = 500_000;

/// The directory is held in memory.
const DIRECTORY_BYTES_MAX: u64 = 96 << 20;

/// The end record and the longest comment behind it.
const END_BYTES_MAX: usize = 22 + 65_535;

/// An entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name; what is no UTF-8 is replaced.
    pub name: String,
    /// Bytes in the archive.
    pub packed: u64,
    /// Bytes unpacked, as the directory says.
    pub unpacked: u64,
    /// How it is packed.
    pub method: u16,
    /// Flag bit 0.
    pub encrypted: bool,
    header: u64,
    /// Checksum of its bytes, as the directory says.
    pub sum: u32,
    /// When it was changed.
    pub changed: Option<Time>,
}

/// A directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Its entries.
    pub entries: Vec<Entry>,
    /// Where it begins: a signing block lies before it.
    pub start: u64,
    /// Where its end record lies.
    pub end: u64,
    /// It breaks off, or there are more entries than are read.
    pub cut: bool,
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the archive has no directory that can be read")
}

impl Directory {
    /// Reads the directory.
    ///
    /// # Errors
    /// What the storage says, or that there is none.
    pub fn read(file: &dyn Source) -> io::Result<Self> {
        let tail = file.tail(END_BYTES_MAX)?;
        let tail_at = file.size().saturating_sub(tail.len() as u64);
        let at = tail.windows(4).rposition(|four| four == b"PK\x05\x06").ok_or_else(broken)?;
        let end = tail.get(at..).ok_or_else(broken)?;
        let mut size = u64::from(u32_le(end, 12).ok_or_else(broken)?);
        let mut start = u64::from(u32_le(end, 16).ok_or_else(broken)?);
        let end_at = tail_at.saturating_add(at as u64);
        if start == u64::from(u32::MAX) || size == u64::from(u32::MAX) {
            (start, size) = large(file, end_at).ok_or_else(broken)?;
        }
        // Something may lie before the archive: the directory ends where its end record begins.
        let shift = end_at.saturating_sub(start.saturating_add(size));
        let shifted = start.saturating_add(shift);
        let signature = |at: u64| file.piece(at, 4).ok();
        let lies_there = signature(start).as_deref() == Some(b"PK\x01\x02".as_slice());
        let shift = if lies_there { 0 } else { shift };
        let begin = if lies_there { start } else { shifted };
        if size > DIRECTORY_BYTES_MAX {
            return Err(broken());
        }
        let bytes = file.piece(begin, usize::try_from(size).unwrap_or(0))?;
        let mut entries = Vec::new();
        let mut rest = bytes.as_slice();
        while let Some((entry, next)) = entry(rest, shift) {
            entries.push(entry);
            rest = next;
            if entries.len() >= ENTRIES_MAX {
                break;
            }
        }
        Ok(Self { entries, start: begin, end: end_at, cut: !rest.is_empty() })
    }

    /// The first entry of this name.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

/// Ends of archives that are looked at: more of them do not get there by chance.
const ENDS_MAX: usize = 64;

/// Whether a reader of archives could find one in a file of another kind: an end record within its
/// reach, with a directory where one of its readings has it.
pub(crate) fn ends_in_one(file: &dyn Source) -> io::Result<bool> {
    let tail = file.tail(END_BYTES_MAX)?;
    let tail_at = file.size().saturating_sub(tail.len() as u64);
    let ends = tail.windows(4).enumerate().filter(|(_, four)| *four == b"PK\x05\x06");
    for (tried, (at, _)) in ends.enumerate() {
        let (Some(size), Some(start)) =
            (u32_le(&tail, at.saturating_add(12)), u32_le(&tail, at.saturating_add(16)))
        else {
            continue;
        };
        if tried >= ENDS_MAX || size == u32::MAX || start == u32::MAX {
            return Ok(true);
        }
        let end = tail_at.saturating_add(at as u64);
        let before = end.checked_sub(u64::from(size)).filter(|_| size > 0);
        for place in before.into_iter().chain([u64::from(start)]) {
            if file.piece(place, 4)? == b"PK\x01\x02" {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Start and size of a directory that needs 64 bits.
fn large(file: &dyn Source, end_at: u64) -> Option<(u64, u64)> {
    let locator = file.piece(end_at.checked_sub(20)?, 20).ok()?;
    locator.starts_with(b"PK\x06\x07").then_some(())?;
    let record = file.piece(u64_le(&locator, 8)?, 56).ok()?;
    record.starts_with(b"PK\x06\x06").then_some(())?;
    Some((u64_le(&record, 48)?, u64_le(&record, 40)?))
}

/// The entry at the start of `bytes`, and what follows it.
fn entry(bytes: &[u8], shift: u64) -> Option<(Entry, &[u8])> {
    bytes.starts_with(b"PK\x01\x02").then_some(())?;
    let name_bytes = usize::from(u16_le(bytes, 28)?);
    let extra_bytes = usize::from(u16_le(bytes, 30)?);
    let comment_bytes = usize::from(u16_le(bytes, 32)?);
    let name_end = name_bytes.checked_add(46)?;
    let extra_end = name_end.checked_add(extra_bytes)?;
    let name = bytes.get(46..name_end)?;
    let mut packed = u64::from(u32_le(bytes, 20)?);
    let mut unpacked = u64::from(u32_le(bytes, 24)?);
    let mut header = u64::from(u32_le(bytes, 42)?);
    if let Some(mut wide) = wide_field(bytes.get(name_end..extra_end)?) {
        for number in [&mut unpacked, &mut packed, &mut header] {
            if *number == u64::from(u32::MAX)
                && let Some(value) = u64_le(wide, 0)
            {
                *number = value;
                wide = wide.get(8..).unwrap_or_default();
            }
        }
    }
    let entry = Entry {
        name: String::from_utf8_lossy(name).into_owned(),
        packed,
        unpacked,
        sum: u32_le(bytes, 16)?,
        changed: Time::dos(u16_le(bytes, 14)?, u16_le(bytes, 12)?),
        method: u16_le(bytes, 10)?,
        encrypted: u16_le(bytes, 8)? & 1 == 1,
        header: header.saturating_add(shift),
    };
    Some((entry, bytes.get(extra_end.checked_add(comment_bytes)?..)?))
}

/// The extra field of 64-bit numbers.
fn wide_field(mut extra: &[u8]) -> Option<&[u8]> {
    loop {
        let bytes = usize::from(u16_le(extra, 2)?);
        let end = bytes.checked_add(4)?;
        if u16_le(extra, 0)? == 1 {
            return extra.get(4..end);
        }
        extra = extra.get(end..)?;
    }
}

impl Entry {
    /// Where its bytes lie in the file, packed.
    ///
    /// # Errors
    /// What the storage says, or that there is nothing of the kind.
    pub fn packed_at<'a>(&self, file: &'a dyn Source) -> io::Result<Part<'a>> {
        let local = file.piece(self.header, 30)?;
        let lengths = u16_le(&local, 26).zip(u16_le(&local, 28));
        let (name, extra) = lengths.ok_or_else(broken)?;
        let skip = u64::from(name).saturating_add(u64::from(extra)).saturating_add(30);
        Ok(Part::new(file, self.header.saturating_add(skip), self.packed))
    }

    /// It lies there as it is.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        // Android takes every method it does not know for "stored"; makers of malware know that.
        self.method != 8 && !KNOWN_METHODS.contains(&self.method)
    }

    /// It is packed in a way that is not read here.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        KNOWN_METHODS.contains(&self.method) && !READ_METHODS.contains(&self.method)
    }

    /// Its bytes as they unpack.
    ///
    /// # Errors
    /// Its packing makes no sense.
    pub fn flow<'a>(&self, packed: &'a Part<'_>) -> io::Result<Box<dyn Read + 'a>> {
        let stream = Stream::new(packed);
        let packing = match self.method {
            12 => Packing::Bzip2,
            93 => Packing::Zstd,
            95 => Packing::Xz,
            // Two bytes of version, the size of the properties, and these (APPNOTE 5.8.8).
            14 => {
                let properties = packed.piece(4, 5)?;
                let rest = stream.from(9);
                return packed::lzma(&properties, Some(self.unpacked), Box::new(rest));
            }
            _ => Packing::Deflate,
        };
        Ok(packed::unpack(packing, Box::new(stream)))
    }

    /// All its bytes, at most `most`; for small files that are needed whole.
    ///
    /// # Errors
    /// What the storage or the packing says, or that it is larger.
    pub fn bytes(&self, file: &dyn Source, most: usize) -> io::Result<Vec<u8>> {
        let packed = self.packed_at(file)?;
        let mut bytes = Vec::new();
        let limit = (most as u64).saturating_add(1);
        if self.is_stored() {
            Stream::new(&packed).take(limit).read_to_end(&mut bytes)?;
        } else {
            self.flow(&packed)?.take(limit).read_to_end(&mut bytes)?;
        }
        if bytes.len() > most { Err(broken()) } else { Ok(bytes) }
    }
}

/// Methods of other packers: bzip2, LZMA, zstd, xz and the like.
const KNOWN_METHODS: &[u16] = &[9, 12, 14, 93, 95, 97, 98];

/// Those of them that are read here.
const READ_METHODS: &[u16] = &[12, 14, 93, 95];

/// A stream of unpacked bytes.
#[must_use]
pub fn unpack<'a>(packed: &'a Part<'a>) -> DeflateDecoder<BufReader<Stream<'a>>> {
    DeflateDecoder::new(BufReader::with_capacity(index(1 << 16), Stream::new(packed)))
}
