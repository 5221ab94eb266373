//! Homes side by side in one container: how one comes to stand beside another, and how they go.

use std::path::Path;

use crate::container::{Container, Found, SLOTS};
use crate::disk::{Disk, FileDisk};
use crate::error::VaultError;
use crate::keyblock::{Block, Habit, Slots};
use crate::keys::{Cost, Key, SlotKeys};
use crate::passphrase::Passphrase;
use crate::vault::Vault;

impl Found {
    /// What the first home of a container is made with: its place, its slot, its habit and the slot
    /// it rewrites besides are all chosen by chance.
    pub(crate) fn alone() -> Result<Self, VaultError> {
        let slot = Slots::ALL.pick()?.ok_or(VaultError::Bug)?;
        Ok(Self {
            place: Slots::ALL.pick()?.ok_or(VaultError::Bug)?,
            block: Block {
                slot,
                key: Key::random()?,
                habit: Habit::of_one_alone()?,
                loud: Slots::ALL.but(slot).pick_one()?,
                footprints: Some(Key::random()?),
            },
            torn: None,
        })
    }
}

impl Vault {
    /// Makes a second home, a decoy say, in the container at `path`, in a slot that none of the
    /// `known` passphrases leads to. With `duress`, that passphrase leads to the new home too, and
    /// whenever it is used all other key blocks are overwritten: what an unlock does anyway, with
    /// noise in place of what was there.
    ///
    /// A home whose passphrase is not among the known ones cannot be told from an unused slot, and
    /// **may be overwritten**.
    ///
    /// # Errors
    /// [`VaultError::WrongPassphrase`] when a known passphrase opens nothing or there is none,
    /// [`VaultError::AlreadyThere`] when a new one opens something or both are the same,
    /// [`VaultError::HomeFull`] when the known ones leave no slot.
    pub fn add(
        path: &Path,
        known: &[&Passphrase],
        passphrase: &Passphrase,
        duress: Option<&Passphrase>,
        cost: Cost,
    ) -> Result<Self, VaultError> {
        Self::add_on(Box::new(FileDisk::open(path)?), known, passphrase, duress, cost)
    }

    /// As [`Vault::add`], on any disk.
    ///
    /// # Errors
    /// As [`Vault::add`].
    pub fn add_on(
        disk: Box<dyn Disk>,
        known: &[&Passphrase],
        passphrase: &Passphrase,
        duress: Option<&Passphrase>,
        cost: Cost,
    ) -> Result<Self, VaultError> {
        // A block without the key of footprints that a home alone has would say how it was made.
        if known.is_empty() {
            return Err(VaultError::WrongPassphrase);
        }
        let mut container = Container::open(disk)?;
        let salt = container.salt()?;
        let mut neighbours = Vec::with_capacity(known.len());
        for known in known {
            let keys = SlotKeys::derive(known, &salt, cost)?;
            let found = container.find(&keys)?.ok_or(VaultError::WrongPassphrase)?;
            neighbours.push((found, keys));
        }
        let keys = SlotKeys::derive(passphrase, &salt, cost)?;
        let duress_keys = duress.map(|duress| SlotKeys::derive(duress, &salt, cost)).transpose()?;
        let same = duress.is_some_and(|duress| duress.bytes() == passphrase.bytes());
        for keys in [Some(&keys), duress_keys.as_ref()].into_iter().flatten() {
            if same || container.find(keys)?.is_some() {
                return Err(VaultError::AlreadyThere);
            }
        }
        let mut places = Slots::ALL;
        let mut slots = Slots::ALL;
        for (found, _) in &neighbours {
            places = places.but(found.place);
            slots = slots.but(found.block.slot);
        }
        let place = places.pick()?.ok_or(VaultError::HomeFull)?;
        let slot = slots.pick()?.ok_or(VaultError::HomeFull)?;
        let duress_place = places.but(place).pick()?;
        let empty = slots.but(slot);
        // First the neighbours learn to leave the new slot alone, then there is something in it.
        for (found, keys) in &mut neighbours {
            found.block.habit = Habit::KEEP;
            found.block.loud = empty.pick_one()?;
            container.write_key_block(found, keys)?;
        }
        let key = Key::random()?;
        let again = key.again()?;
        let loud = empty.pick_one()?;
        // Whoever opens any of them sees the same footprints.
        let common = neighbours.iter().find_map(|(found, _)| found.block.footprints.as_ref());
        let common = || common.map(Key::again).transpose();
        let footprints = common()?;
        let block = Block { slot, key, habit: Habit::KEEP, loud, footprints };
        let vault = Self::begin(container, Found { place, block, torn: None }, &keys)?;
        if let Some(keys) = duress_keys {
            let place = duress_place.ok_or(VaultError::HomeFull)?;
            let habit = Habit::CLEAR;
            let block = Block { slot, key: again, habit, loud, footprints: common()? };
            let mut pages = vault.pages();
            let (container, _) = pages.slot().parts();
            container.write_key_block(&Found { place, block, torn: None }, &keys)?;
        }
        Ok(vault)
    }

    /// Overwrites the key block of this home, after which all that the home holds is noise; then,
    /// as far as it goes, the home itself.
    ///
    /// # Errors
    /// [`VaultError::Io`] when the disk refuses; try again.
    pub fn wipe(mut self) -> Result<(), VaultError> {
        self.wipe_key()?;
        let mut pages = self.pages();
        let (container, found) = pages.slot().parts();
        let slot = Slots::of(found.block.slot);
        container.clear_slots(slot)
    }

    /// As [`wipe_all`], from an open home.
    ///
    /// # Errors
    /// [`VaultError::Io`] when the disk refuses; try again.
    pub fn wipe_container(self) -> Result<(), VaultError> {
        let mut pages = self.pages();
        pages.abandon();
        wipe_container(pages.slot().parts().0)
    }

    /// The first half of [`Vault::wipe`], which takes two syncs. Nothing can be stored any more.
    ///
    /// # Errors
    /// [`VaultError::Io`] when the disk refuses; try again.
    pub fn wipe_key(&mut self) -> Result<(), VaultError> {
        let mut pages = self.pages();
        pages.abandon();
        let (container, found) = pages.slot().parts();
        let place = found.place;
        container.forget_key_block(place)
    }

    /// Overwrites all other key blocks, whatever they hold: what a duress passphrase does by itself.
    ///
    /// # Errors
    /// [`VaultError::Io`] when the disk refuses; try again.
    pub fn wipe_others(&mut self) -> Result<(), VaultError> {
        let mut pages = self.pages();
        let (container, found) = pages.slot().parts();
        let ours = found.place;
        (0..SLOTS)
            .filter(|place| *place != ours)
            .try_for_each(|place| container.forget_key_block(place))
    }
}

/// Overwrites every key block of the container at `path`, and then, as far as it goes, everything
/// in it: for whoever has no time for a passphrase. The file stays, and holds noise.
///
/// # Errors
/// [`VaultError::NotThere`], [`VaultError::Busy`], [`VaultError::Io`].
pub fn wipe_all(path: &Path) -> Result<(), VaultError> {
    let mut container = Container::open(Box::new(FileDisk::open(path)?))?;
    wipe_container(&mut container)
}

fn wipe_container(container: &mut Container) -> Result<(), VaultError> {
    for place in 0..SLOTS {
        container.forget_key_block(place)?;
    }
    // One bad sector is no reason to leave the rest.
    let ground = container.clear_ground();
    container.clear_slots(Slots::ALL)?;
    ground
}
