//! Marks of watched devices, taken off before anything else is asked of a file: they hang behind
//! its end, where they hide what it is, or stand between the words of a text.

use std::{cell::RefCell, io};

use crate::{
    clean::{Job, Kept, Kind, Plan, Refusal, Scope, View, What},
    source,
    tags::{self, Mark, Tag, slot},
};

/// What is left of a file without its marks.
pub(crate) enum Bare {
    /// So many bytes from its beginning.
    Beginning(u64),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// A file without its marks.
pub(crate) struct TakenOff {
    /// What is left.
    pub(crate) bare: Bare,
    /// A mark was written over a part of the document.
    pub(crate) overwritten: bool,
    /// It ends with a handset's own mark, which begins nobody knows where: it is still there.
    pub(crate) own: bool,
}

/// A view, for those who read at any place without changing anything.
struct Still<'v, 'a>(RefCell<&'v mut View<'a>>, u64);

impl source::Source for Still<'_, '_> {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let there = self.1.saturating_sub(offset).min(buffer.len() as u64);
        let bytes = self.0.borrow_mut().bytes(offset, there).map_err(io::Error::other)?;
        let Some(room) = buffer.get_mut(..bytes.len()) else { return Ok(0) };
        room.copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

/// The marks of a file.
pub(crate) fn found(view: &mut View<'_>) -> Result<Vec<Tag>, Refusal> {
    let size = view.len();
    Ok(tags::read(&Still(RefCell::new(view), size))?)
}

/// Takes off every mark that can be taken off, and says what it was.
pub(crate) fn take_off(view: &mut View<'_>, job: &mut Job<'_>) -> Result<TakenOff, Refusal> {
    let alone = job.options.scope == Scope::Marks;
    let mut end = view.len();
    let mut words = None;
    let mut slotted = false;
    let mut overwritten = false;
    let mut own = false;
    for tag in found(view)? {
        if matches!(&tag.mark, Mark::Chain(chain) if !chain.whole()) {
            job.kept(Kept::Unread);
        }
        let bytes = match tag.mark {
            Mark::Chain(_) | Mark::Natisign(_) | Mark::Profile(_) => {
                end = end.min(tag.offset);
                tag.bytes
            }
            // Where it begins is not known: a rewriter that knows where the content ends drops it.
            Mark::Selfsign if alone => {
                return Err(unbounded());
            }
            Mark::Selfsign => {
                own = true;
                tag.bytes
            }
            Mark::Slot(slot) => {
                slotted = true;
                if !slot.in_padding {
                    overwritten = true;
                    job.kept(Kept::Overwritten);
                }
                tag.bytes
            }
            Mark::Gaps(gaps) => {
                job.kept(Kept::Spacing);
                let blanks = gaps.blanks();
                words = Some(gaps);
                blanks as u64
            }
        };
        job.removed(What::Mark, bytes);
    }
    // A slot in padding goes with the padding when the document is written anew.
    if words.is_none() && (!slotted || !alone && !overwritten) {
        return Ok(TakenOff { bare: Bare::Beginning(end), overwritten, own });
    }
    let mut bytes = view.bytes(0, end)?;
    let place = slot::SLOT_AT..slot::SLOT_AT.saturating_add(slot::SLOT_BYTES);
    if let Some(place) = bytes.get_mut(place).filter(|_| slotted) {
        place.fill(0);
    }
    if let Some(gaps) = words {
        bytes = gaps.strip(&bytes);
    }
    Ok(TakenOff { bare: Bare::Bytes(bytes), overwritten, own })
}

/// Nobody can say where the content ends and the mark begins.
pub(crate) fn unbounded() -> Refusal {
    Refusal::Unbounded { mark: "SELFSIGN".into() }
}

/// The plan of a copy that lacks the marks and nothing else.
pub(crate) fn alone(view: &mut View<'_>, job: &mut Job<'_>) -> Result<(Kind, Plan), Refusal> {
    let plan = match take_off(view, job)?.bare {
        Bare::Bytes(bytes) => Plan::of(bytes),
        Bare::Beginning(end) => {
            let mut plan = Plan::default();
            plan.copy(0, end);
            plan
        }
    };
    Ok((Kind::Any, plan))
}
