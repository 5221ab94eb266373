//! Homes as earlier versions made them: they open, they are brought up to date in one step, and a
//! power cut in it leaves one of the two forms.

#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use std::sync::{Arc, Mutex, MutexGuard};

use sogon_engine::{Change, Shelf, Table};

use crate::container::{Container, Found, Size};
use crate::disk::Disk;
use crate::error::VaultError;
use crate::keyblock::{Block, Habit, Slots};
use crate::keys::{Cost, Key, Salt, SlotKeys};
use crate::passphrase::Passphrase;
use crate::sector::{SECTOR_BYTES, Sealer};
use crate::vault::Vault;

const COST: Cost = Cost::NONE_FOR_TESTS;

/// A disk in memory whose power goes after so many writes. Clones are the same disk.
#[derive(Clone)]
struct Ram(Arc<Mutex<(Vec<u8>, usize)>>);

impl Ram {
    fn of(bytes: Vec<u8>, writes: usize) -> Self {
        Self(Arc::new(Mutex::new((bytes, writes))))
    }

    fn state(&self) -> MutexGuard<'_, (Vec<u8>, usize)> {
        self.0.lock().unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        self.state().0.clone()
    }
}

impl Disk for Ram {
    fn size(&mut self) -> Result<u64, VaultError> {
        Ok(self.state().0.len() as u64)
    }

    fn read(&mut self, offset: u64, buf: &mut [u8]) -> Result<(), VaultError> {
        let from = usize::try_from(offset).unwrap();
        let state = self.state();
        let bytes = state.0.get(from..from.saturating_add(buf.len())).ok_or(VaultError::Damaged)?;
        buf.copy_from_slice(bytes);
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), VaultError> {
        let from = usize::try_from(offset).unwrap();
        let end = from.saturating_add(bytes.len());
        let mut state = self.state();
        let left = state.1.checked_sub(1).ok_or(VaultError::Io(std::io::ErrorKind::Other))?;
        state.1 = left;
        let longer = state.0.len().max(end);
        state.0.resize(longer, 0);
        // The write during which the power goes is torn.
        let whole = if left == 0 { bytes.len() / 2 } else { bytes.len() };
        state.0[from..from.saturating_add(whole)].copy_from_slice(&bytes[..whole]);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), VaultError> {
        Ok(())
    }
}

fn passphrase() -> Passphrase {
    Passphrase::new("옛집 열쇠").unwrap()
}

/// A home of version 0.1 of the container: a salt by chance, key blocks whose place is their slot and
/// that end after the data key. Built by the bytes of its table in the README.
fn home_of_the_first_version() -> Vec<u8> {
    let ram = Ram::of(Vec::new(), usize::MAX);
    let mut container = Container::create(Box::new(ram.clone()), Size::SMALLEST, COST).unwrap();
    let salt = salt_of_no_step(&ram);
    container.sync().unwrap();
    let keys = SlotKeys::derive(&passphrase(), &salt, COST).unwrap();
    let key = Key::random().unwrap();
    let (again, place) = (Key::from_slice(key.bytes()).unwrap(), 2);
    let (habit, loud) = (Habit::KEEP, Slots::default());
    let block = Block { slot: place, key, habit, loud, footprints: None };
    let mut vault = Vault::begin(container, Found { place, block, torn: None }, &keys).unwrap();
    let put = |n: u8| Change::Put { table: Table(1), key: vec![n], value: vec![n; 2_000] };
    vault.commit(&(0..30).map(put).collect::<Vec<_>>()).unwrap();
    vault.close().unwrap();
    let key = keys.of(place).unwrap();
    let sealer = Sealer::new(&key);
    for copy in 0..2_u8 {
        let mut text = crate::sector::Text::zeros();
        text.bytes_mut()[0] = 1;
        text.bytes_mut()[1..5].copy_from_slice(&4_u32.to_le_bytes());
        text.bytes_mut()[5..37].copy_from_slice(again.bytes());
        let sector = sealer.seal(&text, &[b'k', 1, place, copy]).unwrap();
        let at = (1 + usize::from(place) * 2 + usize::from(copy)) * SECTOR_BYTES;
        ram.state().0[at..at + SECTOR_BYTES].copy_from_slice(sector.as_slice());
    }
    // It ended with its last stripe.
    ram.state().0.truncate((9 + 4 * 256) * SECTOR_BYTES);
    ram.bytes()
}

/// The first version drew its salt without looking at it.
fn salt_of_no_step(ram: &Ram) -> Salt {
    let mut salt = [0; 32];
    while salt == [0; 32] || Cost::of_salt(&salt) == COST {
        getrandom::fill(&mut salt).unwrap();
    }
    ram.state().0[..32].copy_from_slice(&salt);
    salt
}

fn open(ram: &Ram) -> Result<Vault, VaultError> {
    Vault::open_on(Box::new(ram.clone()), &passphrase(), COST)
}

fn is_whole(vault: &Vault) -> bool {
    vault.check().is_ok()
        && (0..30_u8).all(|n| vault.row(Table(1), &[n]).unwrap() == Some(vec![n; 2_000]))
}

/// The version of the form of each copy of the key block.
fn forms(bytes: &[u8]) -> Vec<u8> {
    let salt: Salt = *bytes.first_chunk().unwrap();
    let keys = SlotKeys::derive(&passphrase(), &salt, COST).unwrap();
    let mut forms = Vec::new();
    for (place, copy) in (0..4_u8).flat_map(|place| [(place, 0_u8), (place, 1)]) {
        let at = (1 + usize::from(place) * 2 + usize::from(copy)) * SECTOR_BYTES;
        let sector = bytes[at..].first_chunk().unwrap();
        let key = keys.of(place).unwrap();
        let sealer = Sealer::new(&key);
        if let Some(text) = sealer.open(sector, &[b'k', 1, place, copy]) {
            forms.push(text.bytes()[0]);
        }
    }
    forms
}

#[test]
fn a_home_of_the_first_version_opens_and_is_brought_up_to_date() {
    let old = home_of_the_first_version();
    assert_eq!(forms(&old), [1, 1]);
    let ram = Ram::of(old, usize::MAX);
    let vault = open(&ram).unwrap();
    assert!(is_whole(&vault));
    drop(vault);
    assert_eq!(forms(&ram.bytes()), [3, 3]);
    assert!(is_whole(&open(&ram).unwrap()));
    // A second home beside it finds a place and a slot of its own.
    let other = Passphrase::new("새집 열쇠").unwrap();
    let disk = Box::new(ram.clone());
    drop(Vault::add_on(disk, &[&passphrase()], &other, None, COST).unwrap());
    assert!(is_whole(&open(&ram).unwrap()));
    // It counts no wrong passphrases, and has no sector for them: nothing would tell one of its homes
    // from the others that a count does not tell a home alone.
    let before = ram.bytes();
    let wrong = Passphrase::new("남의 열쇠").unwrap();
    let entered = Vault::enter_on(Box::new(ram.clone()), &wrong, 1);
    let refused = entered.map(drop).unwrap_err();
    assert_eq!((refused.why, refused.counted), (VaultError::WrongPassphrase, false));
    assert!(ram.bytes() == before);
    assert_eq!(open(&ram).unwrap().tried(), None);
    assert_eq!(ram.bytes().len(), before.len());
}

#[test]
fn power_that_goes_while_a_home_is_brought_up_to_date_loses_nothing() {
    let old = home_of_the_first_version();
    for writes in 1..=10 {
        let ram = Ram::of(old.clone(), writes);
        let _ = open(&ram);
        let after = Ram::of(ram.bytes(), usize::MAX);
        let vault = open(&after).unwrap_or_else(|error| panic!("after {writes}: {error}"));
        assert!(is_whole(&vault), "after {writes}");
        drop(vault);
        assert_eq!(forms(&after.bytes()), [3, 3], "after {writes}");
    }
}

#[test]
fn a_container_of_today_says_what_to_try_first_and_an_older_one_is_tried_with_what_there_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    std::fs::write(&path, home_of_the_first_version()).unwrap();
    let costs = Vault::costs(&path).unwrap();
    assert!(costs.contains(&COST) && costs.contains(&Cost::STANDARD));
    assert!(Vault::open(&path, &passphrase(), COST).is_ok());
}

#[test]
fn a_home_of_a_newer_version_says_so_and_is_left_alone() {
    let ram = Ram::of(home_of_the_first_version(), usize::MAX);
    let vault = open(&ram).unwrap();
    vault.db().unwrap().pragma_update(None, "user_version", 2).unwrap();
    drop(vault);
    assert_eq!(open(&ram).unwrap_err(), VaultError::Newer);
    let before = ram.bytes();
    assert_eq!(open(&ram).unwrap_err(), VaultError::Newer);
    // But for the key blocks, which every unlock writes.
    let body = 9 * SECTOR_BYTES;
    assert!(before[body..] == ram.bytes()[body..]);
}
