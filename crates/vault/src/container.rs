//! The container: one file of random bytes, in which there may be homes.
//!
//! | sector | what lies there |
//! | --- | --- |
//! | 0 | 32 bytes of salt, then noise |
//! | 1 to 8 | the key blocks: two copies for each of the four slots, one after the other |
//! | 9 on | stripes of 64 sectors that belong to slot 0, 1, 2, 3, 0, 1, … |
//!
//! Stripes let the container grow at its end, all slots at once, without moving a byte and without
//! knowing which slots are in use.

use crate::bytes::{Reader, Writer};
use crate::disk::Disk;
use crate::error::VaultError;
use crate::keys::{Key, Salt, SlotKeys};
use crate::sector::{SECTOR_BYTES, Sealer, Sector, Text, noise};

/// How many slots every container has, used or not.
pub const SLOTS: u8 = 4;

const COPIES: u8 = 2;
const FIRST_KEY_BLOCK: u64 = 1;
const FIRST_STRIPE: u64 = 9;
const STRIPE_SECTORS: u64 = 64;
const VERSION: u8 = 1;

/// How much one slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    stripes: u32,
}

impl Size {
    /// 32 MiB for each slot, 128 MiB for the container.
    pub const STANDARD: Size = Size { stripes: 128 };

    /// One MiB for each slot, the smallest there is.
    pub const SMALLEST: Size = Size { stripes: 4 };

    /// So many MiB for each slot, at least one and at most 16,384.
    #[must_use]
    pub fn slot_mib(mib: u32) -> Self {
        Size { stripes: mib.clamp(1, 16 * 1024).saturating_mul(4) }
    }

    fn sectors(self) -> u64 {
        let stripes = u64::from(self.stripes).saturating_mul(u64::from(SLOTS));
        stripes.saturating_mul(STRIPE_SECTORS).saturating_add(FIRST_STRIPE)
    }

    /// The size of a container of so many bytes. A rest that makes no whole stripe of every slot is
    /// what a growth cut short leaves; a container cut short itself is noticed by its key blocks.
    fn of_container(bytes: u64) -> Option<Self> {
        let body = bytes.checked_sub(offset(FIRST_STRIPE))?;
        let round = offset(STRIPE_SECTORS.saturating_mul(u64::from(SLOTS)));
        let stripes = body.checked_div(round)?;
        let size = Size { stripes: u32::try_from(stripes).ok()? };
        (size.stripes >= Size::SMALLEST.stripes).then_some(size)
    }
}

/// A slot that a passphrase opened.
pub(crate) struct Found {
    pub(crate) slot: u8,
    pub(crate) key: Key,
}

/// The container, open and ours.
pub(crate) struct Container {
    disk: Box<dyn Disk>,
    size: Size,
}

impl Container {
    /// Fills a new disk with noise. What it held is gone.
    pub(crate) fn create(mut disk: Box<dyn Disk>, size: Size) -> Result<Self, VaultError> {
        let mut at = 0;
        while at < size.sectors() {
            let count = size.sectors().saturating_sub(at).min(256);
            let count = usize::try_from(count).map_err(|_| VaultError::Bug)?;
            disk.write(offset(at), &noise(count)?)?;
            at = at.saturating_add(256);
        }
        disk.sync()?;
        Ok(Self { disk, size })
    }

    pub(crate) fn open(mut disk: Box<dyn Disk>) -> Result<Self, VaultError> {
        let size = Size::of_container(disk.size()?).ok_or(VaultError::Damaged)?;
        Ok(Self { disk, size })
    }

    pub(crate) fn salt(&mut self) -> Result<Salt, VaultError> {
        let mut salt = [0; 32];
        self.disk.read(0, &mut salt)?;
        Ok(salt)
    }

    /// Sectors that one slot has.
    pub(crate) fn slot_sectors(&self) -> u64 {
        u64::from(self.size.stripes).saturating_mul(STRIPE_SECTORS)
    }

    /// Tries every copy of every key block, also after one has opened: the time says nothing.
    pub(crate) fn find(&mut self, keys: &SlotKeys) -> Result<Option<Found>, VaultError> {
        let mut found = None;
        for slot in 0..SLOTS {
            let sealer = Sealer::new(&keys.of(slot)?);
            for copy in 0..COPIES {
                let sector = self.read_sector(key_block(slot, copy))?;
                if let Some(text) = sealer.open(&sector, &key_block_name(slot, copy)) {
                    let (key, stripes_min) = read_key_block(&text).ok_or(VaultError::Damaged)?;
                    found.get_or_insert((Found { slot, key }, stripes_min));
                }
            }
        }
        match found {
            Some((_, stripes_min)) if self.size.stripes < stripes_min => Err(VaultError::Damaged),
            found => Ok(found.map(|(found, _)| found)),
        }
    }

    /// Writes both copies of the key block of a slot in place, one durable before the other.
    pub(crate) fn write_key_block(
        &mut self,
        found: &Found,
        keys: &SlotKeys,
    ) -> Result<(), VaultError> {
        let sealer = Sealer::new(&keys.of(found.slot)?);
        let text = key_block_text(&found.key, self.size.stripes).ok_or(VaultError::Bug)?;
        for copy in 0..COPIES {
            let sector = sealer.seal(&text, &key_block_name(found.slot, copy))?;
            self.write_sectors(key_block(found.slot, copy), sector.as_slice())?;
            self.disk.sync()?;
        }
        Ok(())
    }

    /// Overwrites the key block of a slot with noise: what the slot holds is noise from now on.
    pub(crate) fn forget_key_block(&mut self, slot: u8) -> Result<(), VaultError> {
        self.write_sectors(key_block(slot, 0), &noise(usize::from(COPIES))?)?;
        self.disk.sync()
    }

    pub(crate) fn read_slot(&mut self, slot: u8, sector: u64) -> Result<Box<Sector>, VaultError> {
        let at = self.place(slot, sector)?;
        self.read_sector(at)
    }

    pub(crate) fn write_slot(
        &mut self,
        slot: u8,
        sector: u64,
        bytes: &[u8],
    ) -> Result<(), VaultError> {
        let at = self.place(slot, sector)?;
        self.write_sectors(at, bytes)
    }

    pub(crate) fn sync(&mut self) -> Result<(), VaultError> {
        self.disk.sync()
    }

    /// Lengthens every slot by so many MiB of noise.
    pub(crate) fn grow(&mut self, mib: u32) -> Result<(), VaultError> {
        let stripes = self.size.stripes.checked_add(Size::slot_mib(mib).stripes);
        let larger = Size { stripes: stripes.ok_or(VaultError::HomeFull)? };
        let mut at = self.size.sectors();
        while at < larger.sectors() {
            self.write_sectors(at, &noise(256)?)?;
            at = at.saturating_add(256);
        }
        self.disk.sync()?;
        self.size = larger;
        Ok(())
    }

    /// Where a sector of a slot lies in the container.
    fn place(&self, slot: u8, sector: u64) -> Result<u64, VaultError> {
        if slot >= SLOTS || sector >= self.slot_sectors() {
            return Err(VaultError::Damaged);
        }
        let stripe = (sector / STRIPE_SECTORS).saturating_mul(u64::from(SLOTS));
        let stripe = stripe.saturating_add(u64::from(slot));
        let start = stripe.saturating_mul(STRIPE_SECTORS).saturating_add(FIRST_STRIPE);
        Ok(start.saturating_add(sector % STRIPE_SECTORS))
    }

    fn read_sector(&mut self, at: u64) -> Result<Box<Sector>, VaultError> {
        let mut sector = Box::new([0; SECTOR_BYTES]);
        self.disk.read(offset(at), sector.as_mut_slice())?;
        Ok(sector)
    }

    fn write_sectors(&mut self, at: u64, bytes: &[u8]) -> Result<(), VaultError> {
        self.disk.write(offset(at), bytes)
    }
}

fn offset(sector: u64) -> u64 {
    sector.saturating_mul(SECTOR_BYTES as u64)
}

fn key_block(slot: u8, copy: u8) -> u64 {
    let before = u64::from(slot).saturating_mul(u64::from(COPIES));
    FIRST_KEY_BLOCK.saturating_add(before).saturating_add(u64::from(copy))
}

fn key_block_name(slot: u8, copy: u8) -> [u8; 4] {
    [b'k', VERSION, slot, copy]
}

fn key_block_text(key: &Key, stripes: u32) -> Option<Text> {
    let mut text = Text::zeros();
    let mut out = Writer::new(text.bytes_mut());
    out.put(&[VERSION])?;
    out.put(&stripes.to_le_bytes())?;
    out.put(key.bytes())?;
    Some(text)
}

fn read_key_block(text: &Text) -> Option<(Key, u32)> {
    let mut fields = Reader::new(text.bytes());
    let [VERSION] = fields.array()? else { return None };
    let stripes = fields.u32()?;
    Some((Key::from_slice(fields.take(32)?)?, stripes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_too_short_for_the_smallest_size_is_none() {
        let bytes = offset(Size::SMALLEST.sectors());
        assert_eq!(Size::of_container(bytes), Some(Size::SMALLEST));
        assert_eq!(Size::of_container(bytes + 4096), Some(Size::SMALLEST));
        assert_eq!(Size::of_container(offset(Size::STANDARD.sectors())), Some(Size::STANDARD));
        for wrong in [0, 1, 4096, bytes - 1, bytes - 4096, bytes / 2, u64::MAX] {
            assert_eq!(Size::of_container(wrong), None);
        }
    }
}
