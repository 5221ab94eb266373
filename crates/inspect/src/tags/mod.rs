//! Marks that a device puts into files: found, read, and taken off.
//!
//! [`read`] finds the marks of anything that can be read at any place; [`strip`] gives back the
//! bytes without them and says what could not be given back.

pub mod chain;
pub mod fingerprint;
pub mod gaps;
pub mod handset;
pub mod machine;
pub mod natisign;
pub mod profile;
pub mod scramble;
pub mod slot;
mod strip;

use std::io;

pub use strip::{Removed, Restored, Stripped, strip};

use crate::source::{Part, Source};

/// A mark and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its first byte.
    pub offset: u64,
    /// Its bytes; for a mark in the gaps of a text, the span it is spread over.
    pub bytes: u64,
    /// What it is.
    pub mark: Mark,
}

/// A mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A chain of machines at the end of a file.
    Chain(chain::Chain),
    /// One machine inside an office document.
    Slot(slot::Slot),
    /// The office's signature.
    Natisign(Box<natisign::Natisign>),
    /// A handset's own mark.
    Selfsign,
    /// A signed profile.
    Profile(profile::Profile),
    /// One machine in the gaps of a text.
    Gaps(gaps::GapMark),
}

/// As many marks as are taken off one behind the other.
const LAYERS_MAX: usize = 64;

/// All marks of a file: those at its end from the outermost inwards, then the one in its head, then
/// the one in its words.
///
/// # Errors
/// What the storage says.
pub fn read(file: &dyn Source) -> io::Result<Vec<Tag>> {
    let mut tags = Vec::new();
    let mut size = file.size();
    while tags.len() < LAYERS_MAX {
        let Some(tag) = at_end(&Part::new(file, 0, size))? else { break };
        // What is in a handset's own mark is not known, so nobody can look behind it.
        let last = tag.mark == Mark::Selfsign;
        size = tag.offset;
        tags.push(tag);
        if last {
            break;
        }
    }
    let head = file.piece(0, slot::SLOT_HEAD_BYTES)?;
    if let Some(slot) = slot::Slot::read(&head) {
        let (offset, bytes) = (slot::SLOT_AT as u64, slot::SLOT_BYTES as u64);
        tags.push(Tag { offset, bytes, mark: Mark::Slot(slot) });
    }
    if may_be_text(&head) {
        let text = file.piece(0, gaps::TEXT_BYTES_MAX)?;
        if let Some(found) = gaps::GapMark::read(&text) {
            let (start, end) = found.span;
            let bytes = end.saturating_sub(start);
            tags.push(Tag { offset: start, bytes, mark: Mark::Gaps(found) });
        }
    }
    Ok(tags)
}

/// The outermost mark at the end of a file.
fn at_end(file: &Part<'_>) -> io::Result<Option<Tag>> {
    let size = file.size();
    let near = file.tail(natisign::SIGN_TAIL_BYTES.max(profile::PROFILE_BYTES_MAX))?;
    let behind = |bytes: u64, mark| Tag { offset: size.saturating_sub(bytes), bytes, mark };
    if near.ends_with(b"EOF") {
        let tail = file.tail(chain::TRAILER_BYTES_MAX)?;
        if let Some(found) = chain::Chain::read(&tail) {
            return Ok(Some(behind(found.bytes, Mark::Chain(found))));
        }
    }
    Ok(match natisign::PhoneMark::read(&near, size) {
        Some(natisign::PhoneMark::Office(found)) => {
            Some(behind(found.bytes, Mark::Natisign(found)))
        }
        Some(natisign::PhoneMark::Own) => {
            Some(behind(natisign::SELFSIGN.len() as u64, Mark::Selfsign))
        }
        None => {
            profile::Profile::read(&near).map(|found| behind(found.bytes, Mark::Profile(found)))
        }
    })
}

/// No NUL at the start, or the mark of UTF-16.
fn may_be_text(head: &[u8]) -> bool {
    head.starts_with(&[0xFF, 0xFE]) || (head.len() > 40 && !head.contains(&0))
}
