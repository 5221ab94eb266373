//! The header of a slot: which state its pages are in.

use crate::bytes::{Reader, Writer};
use crate::error::VaultError;
use crate::sector::Text;
use crate::slot::Slot;

const VERSION: u8 = 1;
const COPIES: u32 = 2;

/// How the sectors of a slot are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) log: u32,
    pub(crate) spare: u32,
}

impl Shape {
    /// An eighth for the log, a thirty-second for spare copies, within bounds.
    pub(crate) fn for_slot(sectors: u32) -> Self {
        Self { log: (sectors / 8).clamp(16, 2048), spare: (sectors / 32).clamp(9, 193) }
    }

    pub(crate) fn log_at(self) -> u32 {
        COPIES
    }

    pub(crate) fn spare_at(self) -> u32 {
        self.log_at().saturating_add(self.log)
    }

    pub(crate) fn pages_at(self) -> u32 {
        self.spare_at().saturating_add(self.spare)
    }
}

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) shape: Shape,
    /// Counts the times the log was begun anew.
    pub(crate) generation: u64,
    /// Pages of the database when the log was begun.
    pub(crate) pages: u32,
}

impl Header {
    /// Writes both copies; the first is durable before the second is touched, and the second before
    /// anything written later: an older header, were it the only one that can be read, finds all
    /// that belongs to it.
    pub(crate) fn write(&self, slot: &mut Slot) -> Result<(), VaultError> {
        let text = self.text().ok_or(VaultError::Bug)?;
        slot.write(0, &text)?;
        slot.sync()?;
        slot.write(1, &text)?;
        slot.sync()
    }

    /// The newer of the two copies that can be read. The other one is made like it, durably: a copy
    /// that a crash tore must not be the only one while the next settling writes the other.
    pub(crate) fn take_up(slot: &mut Slot) -> Result<Self, VaultError> {
        let (mut copies, mut why) = (Vec::new(), VaultError::Damaged);
        for copy in 0..COPIES {
            let text = slot.read(copy).unwrap_or_else(|refusal| {
                why = refusal;
                None
            });
            copies.push((copy, text.and_then(|text| Self::parse(&text))));
        }
        let known = copies.iter().filter_map(|(_, header)| *header);
        let newest = known.max_by_key(|header| header.generation).ok_or(why)?;
        let text = newest.text().ok_or(VaultError::Bug)?;
        let mut mended = false;
        for (copy, _) in copies.iter().filter(|(_, header)| *header != Some(newest)) {
            slot.write(*copy, &text)?;
            mended = true;
        }
        if mended {
            slot.sync()?;
        }
        Ok(newest)
    }

    fn text(&self) -> Option<Text> {
        let mut text = Text::zeros();
        let mut out = Writer::new(text.bytes_mut());
        out.put(&[VERSION])?;
        out.put(&self.generation.to_le_bytes())?;
        out.put(&self.pages.to_le_bytes())?;
        out.put(&self.shape.log.to_le_bytes())?;
        out.put(&self.shape.spare.to_le_bytes())?;
        Some(text)
    }

    fn parse(text: &Text) -> Option<Self> {
        let mut fields = Reader::new(text.bytes());
        let [VERSION] = fields.array()? else { return None };
        let generation = fields.u64()?;
        let pages = fields.u32()?;
        let shape = Shape { log: fields.u32()?, spare: fields.u32()? };
        Some(Self { shape, generation, pages })
    }
}
