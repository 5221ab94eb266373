//! Spare copies: full pages written aside before their own sectors are overwritten.
//!
//! The first sector of the region lists pages and the tags of their copies: a tag proves that its copy
//! is whole. Only when list and copies are durable are the pages' own sectors touched.

use std::collections::BTreeMap;

use crate::bytes::{Reader, Writer};
use crate::error::VaultError;
use crate::header::{Header, Shape};
use crate::sector::{TEXT_BYTES, Text};
use crate::slot::{SealTag, Slot};

const LIST_HEAD_BYTES: usize = 12;
const LIST_ENTRY_BYTES: usize = 20;
const ROUND_MAX: usize = (TEXT_BYTES - LIST_HEAD_BYTES) / LIST_ENTRY_BYTES;

/// Pages and their content, in rounds as large as the spare region.
pub(crate) fn rounds(shape: Shape, pages: &BTreeMap<u32, Text>) -> Vec<Vec<(u32, &Text)>> {
    let pages: Vec<_> = pages.iter().map(|(page, text)| (*page, text)).collect();
    pages.chunks(round_max(shape)).map(<[_]>::to_vec).collect()
}

/// How many pages one round carries.
pub(crate) fn round_max(shape: Shape) -> usize {
    usize::try_from(shape.spare).unwrap_or(1).saturating_sub(1).clamp(1, ROUND_MAX)
}

/// Writes copies of a round's pages aside. Durable on return.
pub(crate) fn keep(
    slot: &mut Slot,
    header: Header,
    round: &[(u32, &Text)],
) -> Result<(), VaultError> {
    let first = header.shape.spare_at();
    let mut list = Vec::with_capacity(round.len());
    for ((page, text), at) in round.iter().zip(first.saturating_add(1)..) {
        list.push((*page, slot.write(at, text)?));
    }
    let list = list_text(header.generation, &list).ok_or(VaultError::Bug)?;
    slot.write(first, &list)?;
    slot.sync()
}

/// Overwrites the pages' own sectors. Durable on return.
pub(crate) fn carry(
    slot: &mut Slot,
    header: Header,
    round: &[(u32, &Text)],
) -> Result<(), VaultError> {
    for (page, text) in round {
        slot.write(header.shape.pages_at().saturating_add(*page), text)?;
    }
    slot.sync()
}

/// Carries the copies of a round of this generation home, if a crash left them there whole.
pub(crate) fn finish(slot: &mut Slot, header: Header) -> Result<(), VaultError> {
    let copies = load(slot, header);
    if copies.is_empty() {
        return Ok(());
    }
    let round: Vec<_> = copies.iter().map(|(page, text)| (*page, text)).collect();
    carry(slot, header, &round)
}

/// A sector that cannot be read holds nothing. Without its list nothing is known of the region; a
/// copy that is missing takes no other with it, for each is proved by its own tag.
fn load(slot: &mut Slot, header: Header) -> Vec<(u32, Text)> {
    let shape = header.shape;
    let list = slot.read(shape.spare_at()).unwrap_or_default();
    let list = list.and_then(|text| parse_list(&text, header.generation)).unwrap_or_default();
    let places = shape.spare_at().saturating_add(1)..shape.pages_at();
    let whole = list.iter().zip(places).filter_map(|((page, tag), at)| {
        let (text, found) = slot.read_tagged(at).ok()??;
        (found == *tag).then_some((*page, text))
    });
    whole.collect()
}

fn list_text(generation: u64, list: &[(u32, SealTag)]) -> Option<Text> {
    let mut text = Text::zeros();
    let mut out = Writer::new(text.bytes_mut());
    out.put(&generation.to_le_bytes())?;
    out.put(&u32::try_from(list.len()).ok()?.to_le_bytes())?;
    for (page, tag) in list {
        out.put(&page.to_le_bytes())?;
        out.put(tag)?;
    }
    Some(text)
}

fn parse_list(text: &Text, generation: u64) -> Option<Vec<(u32, SealTag)>> {
    let mut fields = Reader::new(text.bytes());
    if fields.u64()? != generation {
        return None;
    }
    let count = fields.u32()?;
    (0..count).map(|_| Some((fields.u32()?, fields.array()?))).collect()
}
