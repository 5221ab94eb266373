//! The sectors of one slot, sealed with its data key, each for its place.

use crate::container::{Container, Found};
use crate::error::VaultError;
use crate::sector::{SECTOR_BYTES, Sealer, Text, noise};

/// Sectors written with one call where many lie together.
const RUN: u32 = 64;

/// One slot of an open container.
pub(crate) struct Slot {
    container: Container,
    found: Found,
}

impl Slot {
    pub(crate) fn new(container: Container, found: Found) -> Self {
        Self { container, found }
    }

    fn sealer(&self) -> Sealer<'_> {
        Sealer::new(&self.found.block.key)
    }

    /// The container, and what opened the slot in it.
    pub(crate) fn parts(&mut self) -> (&mut Container, &Found) {
        (&mut self.container, &self.found)
    }

    pub(crate) fn sectors(&self) -> u32 {
        u32::try_from(self.container.slot_sectors()).unwrap_or(u32::MAX)
    }

    /// The content of a sector; `None` when it holds nothing sealed for this place.
    pub(crate) fn read(&mut self, at: u32) -> Result<Option<Text>, VaultError> {
        let sector = self.container.read_slot(self.found.block.slot, u64::from(at))?;
        Ok(self.sealer().open(&sector, &place(at)))
    }

    /// As [`Slot::read`], with the tag that tells this writing of the sector from all others.
    pub(crate) fn read_tagged(&mut self, at: u32) -> Result<Option<(Text, SealTag)>, VaultError> {
        let sector = self.container.read_slot(self.found.block.slot, u64::from(at))?;
        Ok(self.sealer().open(&sector, &place(at)).map(|text| (text, seal_tag(sector.as_slice()))))
    }

    /// Seals and writes one sector.
    pub(crate) fn write(&mut self, at: u32, text: &Text) -> Result<SealTag, VaultError> {
        let sector = self.sealer().seal(text, &place(at))?;
        self.container.write_slot(self.found.block.slot, u64::from(at), sector.as_slice())?;
        Ok(seal_tag(sector.as_slice()))
    }

    /// Overwrites sectors with noise.
    pub(crate) fn wipe(&mut self, from: u32, count: u32) -> Result<(), VaultError> {
        let end = from.saturating_add(count);
        let mut at = from;
        while at < end {
            // A run may not cross into the next stripe, which belongs to another slot.
            let stop = (at / RUN).saturating_add(1).saturating_mul(RUN).min(end);
            let run = usize::try_from(stop.saturating_sub(at)).map_err(|_| VaultError::Bug)?;
            self.container.write_slot(self.found.block.slot, u64::from(at), &noise(run)?)?;
            at = stop;
        }
        Ok(())
    }

    pub(crate) fn sync(&mut self) -> Result<(), VaultError> {
        self.container.sync()
    }
}

/// The tag of a sealed sector.
pub(crate) type SealTag = [u8; 16];

pub(crate) fn seal_tag(sector: &[u8]) -> SealTag {
    let tail = sector.get(SECTOR_BYTES.saturating_sub(16)..).unwrap_or(&[]);
    tail.try_into().unwrap_or([0; 16])
}

fn place(at: u32) -> [u8; 5] {
    let [a, b, c, d] = at.to_le_bytes();
    [b's', a, b, c, d]
}
