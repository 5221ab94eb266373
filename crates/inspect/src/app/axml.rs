//! Android's binary XML (AOSP, `ResourceTypes.h`): a pool of strings, then elements.

use crate::numbers::{index, u16_le, u32_le};

/// As many strings are read.
const STRINGS_MAX: usize = 200_000;

/// As many elements.
const ELEMENTS_MAX: usize = 100_000;

/// As many attributes of one element.
const ATTRIBUTES_MAX: usize = 1_000;

/// A longer value is cut.
const VALUE_BYTES_MAX: usize = 4_096;

/// An element that begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// It begins.
    Open {
        /// Its name.
        name: String,
        /// What is said of it.
        attributes: Vec<Attribute>,
    },
    /// The last one that began ends.
    Close,
}

/// Something said of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its number in the platform, which counts more than its name: names can be stripped.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Text, or the number in decimal digits.
    pub value: String,
}

const STRING_POOL: u16 = 0x0001;
const RESOURCE_MAP: u16 = 0x0180;
const START: u16 = 0x0102;
const END: u16 = 0x0103;

/// Reads a file; `None` when it is none. What follows a break is left out.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Vec<Tag>> {
    // Packers change the first word to mislead tools; the system wants only the header's size.
    let mut at = usize::from(u16_le(bytes, 2)?);
    if at != 8 {
        return None;
    }
    let mut pool: Option<Pool<'_>> = None;
    let mut ids = Vec::new();
    let mut tags = Vec::new();
    while let Some(chunk) = bytes.get(at..).filter(|chunk| chunk.len() >= 8) {
        let size = index(u32_le(chunk, 4)?);
        if size < 8 {
            break;
        }
        let chunk = chunk.get(..size).unwrap_or(chunk);
        match u16_le(chunk, 0)? {
            STRING_POOL if pool.is_none() => pool = Pool::read(chunk),
            RESOURCE_MAP => {
                let numbers = chunk.get(8..)?.chunks_exact(4).take(STRINGS_MAX);
                ids = numbers.filter_map(|four| u32_le(four, 0)).collect();
            }
            START => tags.extend(pool.as_ref().and_then(|pool| open(chunk, pool, &ids))),
            END => tags.push(Tag::Close),
            _ => {}
        }
        if tags.len() >= ELEMENTS_MAX {
            break;
        }
        at = at.checked_add(size)?;
    }
    pool.map(|_| tags)
}

fn open(chunk: &[u8], pool: &Pool<'_>, ids: &[u32]) -> Option<Tag> {
    let body = chunk.get(usize::from(u16_le(chunk, 2)?)..)?;
    let name = pool.text(u32_le(body, 4)?).unwrap_or_default();
    let start = usize::from(u16_le(body, 8)?);
    let step = usize::from(u16_le(body, 10)?).max(20);
    let count = usize::from(u16_le(body, 12)?).min(ATTRIBUTES_MAX);
    let mut attributes = Vec::new();
    for record in body.get(start..)?.chunks(step).take(count) {
        let Some(kind) = record.get(15).copied() else { break };
        let (named, text, data) = (u32_le(record, 4)?, u32_le(record, 8)?, u32_le(record, 16)?);
        let value = match kind {
            3 => pool.text(data),
            // A raw text is there beside a typed value in some files.
            _ if text != u32::MAX => pool.text(text),
            18 => Some((data != 0).to_string()),
            _ => Some(data.to_string()),
        };
        attributes.push(Attribute {
            id: ids.get(index(named)).copied().unwrap_or(0),
            name: pool.text(named).unwrap_or_default(),
            value: value.unwrap_or_default(),
        });
    }
    Some(Tag::Open { name, attributes })
}

struct Pool<'b> {
    offsets: &'b [u8],
    strings: &'b [u8],
    utf8: bool,
}

impl<'b> Pool<'b> {
    fn read(chunk: &'b [u8]) -> Option<Self> {
        let count = index(u32_le(chunk, 8)?).min(STRINGS_MAX);
        let head = usize::from(u16_le(chunk, 2)?);
        let strings = index(u32_le(chunk, 20)?);
        let end = head.checked_add(count.checked_mul(4)?)?;
        Some(Self {
            offsets: chunk.get(head..end.min(chunk.len()))?,
            strings: chunk.get(strings..)?,
            utf8: u32_le(chunk, 16)? & 0x100 != 0,
        })
    }

    fn text(&self, number: u32) -> Option<String> {
        let at = index(u32_le(self.offsets, index(number).checked_mul(4)?)?);
        let bytes = self.strings.get(at..)?;
        if self.utf8 {
            let (_, rest) = length8(bytes)?;
            let (length, rest) = length8(rest)?;
            let text = rest.get(..length.min(VALUE_BYTES_MAX)).unwrap_or(rest);
            return Some(String::from_utf8_lossy(text).into_owned());
        }
        let first = usize::from(u16_le(bytes, 0)?);
        let (units, from) = if first & 0x8000 != 0 {
            (((first & 0x7FFF) << 16) | usize::from(u16_le(bytes, 2)?), 4)
        } else {
            (first, 2)
        };
        let units = bytes.get(from..)?.chunks_exact(2).take(units.min(VALUE_BYTES_MAX));
        let units: Vec<u16> = units.filter_map(|unit| u16_le(unit, 0)).collect();
        Some(String::from_utf16_lossy(&units))
    }
}

/// A length of one or two bytes.
fn length8(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if first & 0x80 == 0 {
        return Some((usize::from(*first), rest));
    }
    let (second, rest) = rest.split_first()?;
    Some(((usize::from(first & 0x7F) << 8) | usize::from(*second), rest))
}
