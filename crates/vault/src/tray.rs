//! The sealed tray: what arrives while the home is locked.
//!
//! It lies in the spare sectors of the home's slot, which nobody else writes while the home is
//! closed. Each sector is sealed with a key of its own, made from the one before, which is then
//! forgotten: whoever looks into a program that keeps a locked home finds no key to what it put
//! there. The first key lies in the home.

use std::path::Path;

use crate::bytes::{Reader, Writer};
use crate::container::Container;
use crate::disk::{Disk, FileDisk};
use crate::error::VaultError;
use crate::keys::Key;
use crate::sector::{Sealer, TEXT_BYTES, Text};
use crate::slot::{SealTag, Slot, seal_tag};
use crate::vault::Vault;

/// What each sector begins with: bytes of this piece that follow the sector's own, and how many of
/// the sector's own count.
const HEAD_BYTES: usize = 8;
const BODY_BYTES: usize = TEXT_BYTES - HEAD_BYTES;

/// Where the tray of a home is. It opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// Where the home's key block lies.
    block: u8,
    slot: u8,
    first: u32,
    sectors: u32,
}

/// A key of the tray; the first is kept in the home, the others nowhere.
pub struct TrayKey(Key);

impl TrayKey {
    /// The first of a new tray.
    ///
    /// # Errors
    /// [`VaultError::NoRandomness`].
    pub fn random() -> Result<Self, VaultError> {
        Key::random().map(Self)
    }

    /// One that was kept; `None` unless there are 32 bytes.
    #[must_use]
    pub fn restore(bytes: &[u8]) -> Option<Self> {
        Key::from_slice(bytes).map(Self)
    }

    /// What is to be kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        self.0.bytes()
    }

    fn next(&self) -> Result<Self, VaultError> {
        self.0.child(b"sogon vault 1 tray").map(Self)
    }
}

impl std::fmt::Debug for TrayKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TrayKey(..)")
    }
}

/// The tray of a closed home, to be written only. While it is open no other process opens the home.
pub struct Tray {
    place: Place,
    key: TrayKey,
    at: u32,
    /// As the home left them when it was closed.
    marks: Marks,
    container: Option<Container>,
}

/// The tags of what is sealed anew by whoever opens the home, or stores something: both copies of
/// its key block, and its header. `None` is one that cannot be read.
type Marks = Vec<Option<SealTag>>;

fn marks(container: &mut Container, place: Place) -> Marks {
    let sectors = [
        container.read_key_block(place.block, 0),
        container.read_key_block(place.block, 1),
        container.read_slot(place.slot, 0),
    ];
    sectors.map(|sector| sector.ok().map(|sector| seal_tag(sector.as_slice()))).to_vec()
}

impl std::fmt::Debug for Tray {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tray").finish_non_exhaustive()
    }
}

impl Tray {
    /// Lets go of the file, for the home to be opened.
    pub fn release(&mut self) {
        self.container = None;
    }

    /// Takes the file. False when somebody opened the home since it was closed: what they left where
    /// the tray was may be theirs, so nothing is taken, and nothing kept from now on.
    ///
    /// # Errors
    /// [`VaultError::Busy`] when another process has it.
    pub fn take(&mut self, path: &Path) -> Result<bool, VaultError> {
        self.take_on(Box::new(FileDisk::open(path)?))
    }

    /// As [`Tray::take`], on any disk.
    ///
    /// # Errors
    /// As [`Tray::take`].
    pub fn take_on(&mut self, disk: Box<dyn Disk>) -> Result<bool, VaultError> {
        let mut container = Container::open(disk)?;
        let untouched = marks(&mut container, self.place) == self.marks;
        self.container = untouched.then_some(container);
        Ok(untouched)
    }

    /// Keeps a piece; false when there is no room for it, or the file is not taken.
    ///
    /// # Errors
    /// [`VaultError::Io`]; what was kept before is there.
    pub fn put(&mut self, piece: &[u8]) -> Result<bool, VaultError> {
        let needed = u32::try_from(piece.len().div_ceil(BODY_BYTES)).unwrap_or(u32::MAX);
        let free = self.place.sectors.saturating_sub(self.at);
        let Some(container) = self.container.as_mut().filter(|_| needed > 0 && needed <= free)
        else {
            return Ok(false);
        };
        let mut left = piece.len();
        for body in piece.chunks(BODY_BYTES) {
            left = left.saturating_sub(body.len());
            let text = text_of(left, body).ok_or(VaultError::Bug)?;
            let sector = Sealer::new(&self.key.0).seal(&text, &place_of(self.at))?;
            let at = u64::from(self.place.first.saturating_add(self.at));
            container.write_slot(self.place.slot, at, sector.as_slice())?;
            self.key = self.key.next()?;
            self.at = self.at.saturating_add(1);
        }
        container.sync()?;
        crate::stack::overwrite();
        Ok(true)
    }
}

fn text_of(left: usize, body: &[u8]) -> Option<Text> {
    let mut text = Text::zeros();
    let mut out = Writer::new(text.bytes_mut());
    out.put(&u32::try_from(left).ok()?.to_le_bytes())?;
    out.put(&u32::try_from(body.len()).ok()?.to_le_bytes())?;
    out.put(body)?;
    Some(text)
}

fn place_of(at: u32) -> [u8; 5] {
    let [a, b, c, d] = at.to_le_bytes();
    [b't', a, b, c, d]
}

impl Vault {
    /// Closes the home and leaves its tray, which begins with this key.
    ///
    /// # Errors
    /// As [`Vault::settle`]; the home is closed all the same.
    pub fn close_with_tray(mut self, key: &TrayKey) -> Result<Tray, VaultError> {
        self.settle()?;
        let key = TrayKey::restore(key.bytes()).ok_or(VaultError::Bug)?;
        let place = self.tray_place();
        let marks = marks(self.pages().slot().parts().0, place);
        Ok(Tray { place, key, at: 0, marks, container: None })
    }

    fn tray_place(&self) -> Place {
        let mut pages = self.pages();
        let shape = pages.shape();
        let found = pages.slot().parts().1;
        let (block, slot) = (found.place, found.block.slot);
        Place { block, slot, first: shape.spare_at(), sectors: shape.spare }
    }

    /// The pieces in the tray that began with this key, in order. Must be asked before anything is
    /// stored: the store writes over them when it needs the room.
    ///
    /// # Errors
    /// [`VaultError::Bug`].
    pub fn tray(&self, first: &TrayKey) -> Result<Vec<Vec<u8>>, VaultError> {
        let place = self.tray_place();
        let mut pages = self.pages();
        let slot: &mut Slot = pages.slot();
        let mut key = TrayKey::restore(first.bytes()).ok_or(VaultError::Bug)?;
        let (mut pieces, mut piece) = (Vec::new(), Vec::new());
        for at in 0..place.sectors {
            let sector = u64::from(place.first.saturating_add(at));
            // What cannot be read ends it, as what was never written does: the rest is at the relay.
            let Ok(bytes) = slot.parts().0.read_slot(place.slot, sector) else { break };
            let Some(text) = Sealer::new(&key.0).open(&bytes, &place_of(at)) else { break };
            let mut fields = Reader::new(text.bytes());
            let (Some(left), Some(length)) = (fields.u32(), fields.u32()) else { break };
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let Some(body) = fields.take(length) else { break };
            piece.extend_from_slice(body);
            if left == 0 {
                pieces.push(std::mem::take(&mut piece));
            }
            key = key.next()?;
        }
        Ok(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cost, Passphrase, Size};

    #[test]
    fn what_came_while_the_home_was_locked_is_there_when_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home");
        let passphrase = Passphrase::new("암호").unwrap();
        let cost = Cost::NONE_FOR_TESTS;
        let vault = Vault::create(&path, &passphrase, Size::SMALLEST, cost).unwrap();
        let first = TrayKey::random().unwrap();
        let mut tray = vault.close_with_tray(&first).unwrap();
        assert!(!tray.put(b"nobody holds the file").unwrap());
        tray.take(&path).unwrap();
        assert_eq!(Vault::open(&path, &passphrase, cost).unwrap_err(), VaultError::Busy);
        let pieces = [vec![1; 10], vec![2; 9_000], vec![3; BODY_BYTES]];
        for piece in &pieces {
            assert!(tray.put(piece).unwrap());
        }
        assert!(!tray.put(&[]).unwrap());
        assert!(!tray.put(&vec![4; 8 << 20]).unwrap(), "larger than the room");
        // What is in memory now opens nothing that was put there before.
        let now = TrayKey::restore(tray.key.bytes()).unwrap();
        tray.release();
        let vault = Vault::open(&path, &passphrase, cost).unwrap();
        assert_eq!(vault.tray(&first).unwrap(), pieces);
        assert!(vault.tray(&now).unwrap().is_empty());
        vault.check().unwrap();
        drop(vault);
        let mut vault = Vault::open(&path, &passphrase, cost).unwrap();
        vault.reseal().unwrap();
        assert!(vault.tray(&first).unwrap().is_empty(), "a reseal writes over it");
    }
}
