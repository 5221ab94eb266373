//! The container: one file of random bytes, in which there may be homes.
//!
//! | sector | what lies there |
//! | --- | --- |
//! | 0 | 32 bytes of salt, then noise |
//! | 1 to 8 | the key blocks: two copies at each of the four places, one after the other |
//! | 9 on | stripes of 64 sectors that belong to slot 0, 1, 2, 3, 0, 1, … |
//! | the last | footprints; not in containers made before there were any |
//!
//! Stripes let the container grow at its end, all slots at once, without moving a byte and without
//! knowing which slots are in use.

use crate::disk::Disk;
use crate::error::VaultError;
use crate::footprints::{self, Tried};
use crate::keyblock::{Block, Slots};
use crate::keys::{Cost, Salt, SlotKeys};
use crate::sector::{SECTOR_BYTES, Sealer, Sector, noise};

/// How many slots every container has, used or not.
pub const SLOTS: u8 = 4;

const COPIES: u8 = 2;
const LAST_COPY: u8 = COPIES - 1;
const FIRST_KEY_BLOCK: u64 = 1;
const FIRST_STRIPE: u64 = 9;
const STRIPE_SECTORS: u64 = 64;
/// Part of what a key block is bound to; the form of its content has a number of its own.
const PLACES_VERSION: u8 = 1;

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

    /// With the sector behind the last stripe.
    fn sectors_in_all(self) -> u64 {
        self.sectors().saturating_add(1)
    }

    /// The size of a container of so many bytes. Of a rest that makes no whole stripe of every slot
    /// the first sector is for footprints, and more is what a growth cut short leaves; a container cut short itself is noticed by its key blocks.
    fn of_container(bytes: u64) -> Option<Self> {
        let body = bytes.checked_sub(offset(FIRST_STRIPE))?;
        let round = offset(STRIPE_SECTORS.saturating_mul(u64::from(SLOTS)));
        let stripes = body.checked_div(round)?;
        let size = Size { stripes: u32::try_from(stripes).ok()? };
        (size.stripes >= Size::SMALLEST.stripes).then_some(size)
    }
}

/// What a passphrase opened.
pub(crate) struct Found {
    /// Where its key block lies.
    pub(crate) place: u8,
    pub(crate) block: Block,
    /// The copy of its key block that does not open, where one of the two does not.
    pub(crate) torn: Option<u8>,
}

impl Found {
    /// The copies of its key block in the order in which they are written. One that a crash tore
    /// comes first: while the other is written, it must be whole.
    fn copies(&self) -> [u8; COPIES as usize] {
        if self.torn == Some(LAST_COPY) { [LAST_COPY, 0] } else { [0, LAST_COPY] }
    }
}

/// The container, open and ours.
pub(crate) struct Container {
    disk: Box<dyn Disk>,
    size: Size,
}

impl Container {
    /// Fills a new disk with noise. What it held is gone.
    pub(crate) fn create(disk: Box<dyn Disk>, size: Size, cost: Cost) -> Result<Self, VaultError> {
        let mut made = Self { disk, size };
        made.write_noise(0, size.sectors_in_all())?;
        made.disk.write(0, &cost.salt()?)?;
        made.disk.sync()?;
        Ok(made)
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

    /// Tries every copy of every key block, also after one has opened: the time says nothing. A copy
    /// that the disk cannot read is one that does not open; where neither can be read and nothing
    /// else opens, nobody knows whether the passphrase is wrong.
    pub(crate) fn find(&mut self, keys: &SlotKeys) -> Result<Option<Found>, VaultError> {
        let (mut found, mut opened) = (None::<(Found, _)>, Vec::new());
        let mut unreadable = None;
        for place in 0..SLOTS {
            let key = keys.of(place)?;
            let sealer = Sealer::new(&key);
            let mut refusals = Vec::new();
            for copy in 0..COPIES {
                let sector = match self.read_key_block(place, copy) {
                    Ok(sector) => sector,
                    Err(why) => {
                        refusals.push(why);
                        continue;
                    }
                };
                if let Some(text) = sealer.open(&sector, &key_block_name(place, copy)) {
                    let (block, stripes_min) = Block::parse(&text, place)?;
                    let first = Found { place, block, torn: None };
                    let (found, _) = found.get_or_insert((first, stripes_min));
                    opened.extend((found.place == place).then_some(copy));
                }
            }
            if let [why, _] = refusals[..] {
                unreadable = Some(why);
            }
        }
        match (found, unreadable) {
            (Some((_, stripes_min)), _) if self.size.stripes < stripes_min => {
                Err(VaultError::Damaged)
            }
            (Some((found, _)), _) => {
                let torn = (0..COPIES).find(|copy| !opened.contains(copy));
                Ok(Some(Found { torn, ..found }))
            }
            (None, Some(why)) => Err(why),
            (None, None) => Ok(None),
        }
    }

    /// Writes both copies of a key block in place, one durable before the other.
    pub(crate) fn write_key_block(
        &mut self,
        found: &Found,
        keys: &SlotKeys,
    ) -> Result<(), VaultError> {
        for copy in found.copies() {
            let sector = self.sealed(found, keys, copy)?;
            self.write_sectors(key_block(found.place, copy), sector.as_slice())?;
            self.disk.sync()?;
        }
        Ok(())
    }

    /// What every unlock does to the key blocks, whichever passphrase it was: all eight sectors are
    /// written in the same order with the same two syncs. The one that opened is sealed anew, which
    /// also heals a copy and brings an older form up to date; each of the others gets either the
    /// bytes it had or, if the block's habit says so, noise. Footprints are written too: as they
    /// were while there is something to be told, otherwise anew.
    pub(crate) fn touch_key_blocks(
        &mut self,
        found: &Found,
        keys: &SlotKeys,
    ) -> Result<(), VaultError> {
        let clears = found.block.habit.clears_now()?;
        let ground = self.ground_after_unlock(found);
        let mut blocks = Vec::new();
        for copy in found.copies() {
            for place in 0..SLOTS {
                blocks.push((place, copy, self.left_in_place(place, copy)?));
            }
        }
        for copy in found.copies() {
            for (place, _, kept) in blocks.iter().filter(|(_, of, _)| *of == copy) {
                let fresh = noise(1)?;
                let own = self.sealed(found, keys, copy)?;
                let bytes = match (*place == found.place, clears, kept) {
                    (true, _, _) => own.as_slice(),
                    (false, true, _) => fresh.as_slice(),
                    (false, false, Some(kept)) => kept.as_slice(),
                    (false, false, None) => continue,
                };
                self.write_sectors(key_block(*place, copy), bytes)?;
            }
            if let (Ok(Some(ground)), LAST_COPY) = (&ground, copy) {
                // A full disk may have no room for what a growth cut short took away. Key blocks
                // matter more.
                let _ = self.write_sectors(self.size.sectors(), ground.as_slice());
            }
            self.disk.sync()?;
        }
        Ok(())
    }

    /// What an unlock that overwrites nobody puts where a copy of a key block lies: the bytes it had.
    /// In place of one that cannot be read it is noise, so that the sector heals, and whoever has the
    /// other copy loses nothing. Where neither can be read it is nothing: the disk may read them
    /// again tomorrow, and they may be somebody's.
    fn left_in_place(&mut self, place: u8, copy: u8) -> Result<Option<Vec<u8>>, VaultError> {
        if let Ok(sector) = self.read_key_block(place, copy) {
            return Ok(Some(sector.to_vec()));
        }
        let other = self.read_key_block(place, LAST_COPY.saturating_sub(copy));
        other.is_ok().then(|| noise(1).map(|noise| noise.to_vec())).transpose()
    }

    fn ground_after_unlock(&mut self, found: &Found) -> Result<Option<Box<Sector>>, VaultError> {
        let Some(key) = &found.block.footprints else { return Ok(None) };
        // What cannot be read tells nothing any more; a disk mostly takes new bytes there.
        if let Ok(Some(ground)) = self.ground()
            && footprints::read(&ground, key)?.is_some_and(|tried| tried.count > 0)
        {
            return Ok(Some(ground));
        }
        footprints::fresh(key).map(Some)
    }

    fn has_ground(&mut self) -> Result<bool, VaultError> {
        Ok(self.disk.size()? >= offset(self.size.sectors_in_all()))
    }

    /// The sector behind the last stripe, where there is one.
    fn ground(&mut self) -> Result<Option<Box<Sector>>, VaultError> {
        if !self.has_ground()? {
            return Ok(None);
        }
        self.read_sector(self.size.sectors()).map(Some)
    }

    /// What footprints tell a home that was found; `None` where there are none to be read.
    pub(crate) fn tried(&mut self, found: &Found) -> Result<Option<Tried>, VaultError> {
        match (self.ground()?, &found.block.footprints) {
            (Some(ground), Some(key)) => footprints::read(&ground, key),
            _ => Ok(None),
        }
    }

    /// Counts a wrong passphrase, where that can be done. One sector is written, the same whichever
    /// homes there are.
    pub(crate) fn leave_footprint(&mut self, at_s: u64) -> Result<bool, VaultError> {
        let Some(ground) = self.ground()? else { return Ok(false) };
        let ground = footprints::stepped_on(&ground, at_s)?;
        self.write_sectors(self.size.sectors(), ground.as_slice())?;
        self.disk.sync().map(|()| true)
    }

    /// Counts from nothing again.
    pub(crate) fn smooth_ground(&mut self, found: &Found) -> Result<(), VaultError> {
        let Some(key) = &found.block.footprints else { return Ok(()) };
        let ground = footprints::fresh(key)?;
        self.write_sectors(self.size.sectors(), ground.as_slice())?;
        self.disk.sync()
    }

    /// Overwrites the footprints with noise, where there is room for them, also where they cannot be
    /// read.
    pub(crate) fn clear_ground(&mut self) -> Result<(), VaultError> {
        if self.has_ground()? {
            self.write_sectors(self.size.sectors(), &noise(1)?)?;
        }
        self.disk.sync()
    }

    fn sealed(&self, found: &Found, keys: &SlotKeys, copy: u8) -> Result<Box<Sector>, VaultError> {
        let key = keys.of(found.place)?;
        let sealer = Sealer::new(&key);
        let text = found.block.text(self.size.stripes).ok_or(VaultError::Bug)?;
        sealer.seal(&text, &key_block_name(found.place, copy))
    }

    /// Overwrites the key block at a place with noise: what only it leads to is noise from now on.
    pub(crate) fn forget_key_block(&mut self, place: u8) -> Result<(), VaultError> {
        self.write_sectors(key_block(place, 0), &noise(usize::from(COPIES))?)?;
        self.disk.sync()
    }

    /// Overwrites whole slots with noise.
    pub(crate) fn clear_slots(&mut self, slots: Slots) -> Result<(), VaultError> {
        let step = usize::try_from(STRIPE_SECTORS).map_err(|_| VaultError::Bug)?;
        for slot in slots.iter() {
            for stripe in 0..u64::from(self.size.stripes) {
                let at = self.place(slot, stripe.saturating_mul(STRIPE_SECTORS))?;
                self.write_sectors(at, &noise(step)?)?;
            }
        }
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

    /// Lengthens every slot by so many MiB of noise. Footprints come to lie behind it, with what is
    /// not told yet; also where only a part of it found room, for noise lies over them then.
    pub(crate) fn grow(&mut self, mib: u32, found: &Found) -> Result<(), VaultError> {
        let stripes = self.size.stripes.checked_add(Size::slot_mib(mib).stripes);
        let larger = Size { stripes: stripes.ok_or(VaultError::HomeFull)? };
        let ground = self.ground_after_unlock(found);
        let grown = self.write_noise(self.size.sectors(), larger.sectors());
        let grown = grown.and_then(|()| self.disk.sync());
        // What is there is what the next unlock finds.
        self.size = self.disk.size().ok().and_then(Size::of_container).unwrap_or(self.size);
        if let Ok(Some(ground)) = ground {
            // The next unlock makes good what fails here.
            let written = self.write_sectors(self.size.sectors(), ground.as_slice());
            let _ = written.and_then(|()| self.disk.sync());
        }
        grown
    }

    fn write_noise(&mut self, mut at: u64, end: u64) -> Result<(), VaultError> {
        while at < end {
            let count = end.saturating_sub(at).min(256);
            self.write_sectors(at, &noise(usize::try_from(count).map_err(|_| VaultError::Bug)?)?)?;
            at = at.saturating_add(count);
        }
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

    pub(crate) fn read_key_block(
        &mut self,
        place: u8,
        copy: u8,
    ) -> Result<Box<Sector>, VaultError> {
        self.read_sector(key_block(place, copy))
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

fn key_block(place: u8, copy: u8) -> u64 {
    let before = u64::from(place).saturating_mul(u64::from(COPIES));
    FIRST_KEY_BLOCK.saturating_add(before).saturating_add(u64::from(copy))
}

fn key_block_name(place: u8, copy: u8) -> [u8; 4] {
    [b'k', PLACES_VERSION, place, copy]
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
