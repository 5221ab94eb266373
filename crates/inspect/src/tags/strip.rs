//! Taking marks off: the bytes as they were, or a word on what could not be given back.

use super::{Mark, Tag, read, slot};
use crate::source::Source;

/// What is left when the marks are off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// The file without its marks.
    pub bytes: Vec<u8>,
    /// What was taken off, in that order.
    pub removed: Vec<Removed>,
    /// What could not be taken off.
    pub left: Vec<Tag>,
}

/// A mark that was taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The mark, with its place in the marked file.
    pub tag: Tag,
    /// How much of the original was given back.
    pub restored: Restored,
}

/// How much of the original comes back with a mark taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// Every byte as it was.
    Exactly,
    /// The records that open are off; the length behind them named more, and whatever those are stays.
    LessThanNamed,
    /// The words; the marking made blanks single and lines end with CRLF, and that stays.
    Words,
    /// The mark's bytes are zero now: what it was written over is lost, and so, it may be, is the
    /// document.
    NotWhatWasOverwritten,
}

/// Takes off every mark that can be taken off.
///
/// Trailers, signatures and profiles come off whole, also when they lie behind each other. A
/// handset's own mark ([`Mark::Selfsign`]) stays in `left`: where it begins is not known.
#[must_use]
pub fn strip(file: &[u8]) -> Stripped {
    let mut bytes = file.to_vec();
    let mut removed = Vec::new();
    let mut left = Vec::new();
    // Memory does not fail to read.
    for tag in read(&bytes as &dyn Source).unwrap_or_default() {
        let restored = match &tag.mark {
            Mark::Chain(_) | Mark::Natisign(_) | Mark::Profile(_) => {
                bytes.truncate(usize::try_from(tag.offset).unwrap_or(usize::MAX));
                match &tag.mark {
                    Mark::Chain(chain) if !chain.whole() => Restored::LessThanNamed,
                    _ => Restored::Exactly,
                }
            }
            Mark::Slot(found) => {
                let end = slot::SLOT_AT.saturating_add(slot::SLOT_BYTES);
                if let Some(place) = bytes.get_mut(slot::SLOT_AT..end) {
                    place.fill(0);
                }
                if found.in_padding { Restored::Exactly } else { Restored::NotWhatWasOverwritten }
            }
            Mark::Gaps(found) => {
                bytes = found.strip(&bytes);
                Restored::Words
            }
            Mark::Selfsign => {
                left.push(tag);
                continue;
            }
        };
        removed.push(Removed { tag, restored });
    }
    Stripped { bytes, removed, left }
}
