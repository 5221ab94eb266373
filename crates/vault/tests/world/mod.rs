//! A disk in memory that counts, fills up and loses its power, and what tests say all the time.
#![allow(dead_code, reason = "each test file uses a part of this")]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use sogon_engine::{Change, Order, Row, Shelf, Table};
use sogon_vault::{Cost, Disk, Passphrase, SECTOR_BYTES, Size, Vault, VaultError};

pub(crate) const COST: Cost = Cost::NONE_FOR_TESTS;
pub(crate) const PASSPHRASE: &str = "벚꽃 아래에서 만나자";

pub(crate) fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE).unwrap()
}

pub(crate) fn put(table: u8, key: &[u8], value: &[u8]) -> Change {
    Change::Put { table: Table(table), key: key.to_vec(), value: value.to_vec() }
}

pub(crate) fn delete(table: u8, key: &[u8]) -> Change {
    Change::Delete { table: Table(table), key: key.to_vec() }
}

pub(crate) fn index(id: u64, text: &str) -> Change {
    Change::Index { id, text: text.to_owned() }
}

/// All rows of tables 0 to 9.
pub(crate) fn rows(vault: &Vault) -> Vec<Vec<Row>> {
    (0..10).map(|t| vault.scan(Table(t), b"", None, usize::MAX, Order::Up).unwrap()).collect()
}

/// Numbers from a seed, so that a failing case can be told again.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| u8::try_from(self.roll(256)).unwrap()).collect()
    }
}

/// What was done to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Read { sector: usize, sectors: usize },
    Write { sector: usize, sectors: usize },
    Sync,
}

#[derive(Default)]
struct State {
    /// Everything that was done, in order.
    deeds: Vec<Deed>,
    /// What a reader sees while the power is on.
    now: Vec<u8>,
    /// What is sure to be there after a loss of power.
    durable: Vec<u8>,
    /// Written since the last sync, sector by sector.
    pending: Vec<(usize, Vec<u8>)>,
    written: usize,
    syncs: usize,
    /// The power goes during the write that makes this number of sectors.
    power_until: Option<usize>,
    /// From this number of sectors on, the disk is full.
    room_until: Option<usize>,
    /// Beyond this number of sectors there is no room; what is there can be overwritten.
    ends_at: Option<usize>,
    /// Cannot be read until they are written.
    bad: BTreeSet<usize>,
    off: bool,
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Default)]
pub(crate) struct Ram(Arc<Mutex<State>>);

impl Ram {
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        let ram = Self::default();
        ram.state().durable.clone_from(&bytes);
        ram.state().now = bytes;
        ram
    }

    /// A container with one home for [`passphrase`].
    pub(crate) fn with_home() -> Self {
        let ram = Self::default();
        Vault::create_on(Box::new(ram.clone()), &passphrase(), Size::SMALLEST, COST)
            .unwrap()
            .close()
            .unwrap();
        ram
    }

    pub(crate) fn open(&self) -> Result<Vault, VaultError> {
        Vault::open_on(Box::new(self.clone()), &passphrase(), COST)
    }

    pub(crate) fn image(&self) -> Vec<u8> {
        self.state().now.clone()
    }

    /// What was done since the last time this was asked.
    pub(crate) fn deeds(&self) -> Vec<Deed> {
        std::mem::take(&mut self.state().deeds)
    }

    pub(crate) fn written(&self) -> usize {
        self.state().written
    }

    pub(crate) fn syncs(&self) -> usize {
        self.state().syncs
    }

    pub(crate) fn cut_power_at(&self, sectors: usize) {
        self.state().power_until = Some(sectors);
    }

    pub(crate) fn fill_up_at(&self, sectors: Option<usize>) {
        self.state().room_until = sectors;
    }

    pub(crate) fn end_at(&self, sectors: Option<usize>) {
        self.state().ends_at = sectors;
    }

    /// This sector cannot be read until it is written.
    pub(crate) fn spoil(&self, sector: usize) {
        self.state().bad.insert(sector);
    }

    pub(crate) fn is_spoilt(&self) -> bool {
        !self.state().bad.is_empty()
    }

    pub(crate) fn is_off(&self) -> bool {
        self.state().off
    }

    /// The disk after the loss of power: of the sectors not synced some are there, some not, and
    /// some in part.
    pub(crate) fn after_power_loss(&self, seed: u64) -> Ram {
        let mut state = self.state();
        state.off = true;
        let mut dice = Dice(seed);
        let mut bytes = state.durable.clone();
        for (at, sector) in &state.pending {
            match dice.roll(4) {
                0 => {}
                1 => bytes[*at..at + sector.len()].copy_from_slice(sector),
                // A drive writes in pieces of 512 bytes, in any order.
                _ => {
                    for piece in 0..sector.len() / 512 {
                        if dice.roll(2) == 0 {
                            let from = piece * 512;
                            bytes[at + from..at + from + 512]
                                .copy_from_slice(&sector[from..from + 512]);
                        }
                    }
                }
            }
        }
        Ram::of(bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Disk for Ram {
    fn size(&mut self) -> Result<u64, VaultError> {
        Ok(self.state().now.len() as u64)
    }

    fn read(&mut self, offset: u64, buf: &mut [u8]) -> Result<(), VaultError> {
        let from = usize::try_from(offset).unwrap();
        let mut state = self.state();
        let (sector, sectors) = (from / SECTOR_BYTES, buf.len().div_ceil(SECTOR_BYTES));
        state.deeds.push(Deed::Read { sector, sectors });
        if state.off || state.bad.range(sector..sector + sectors).next().is_some() {
            return Err(VaultError::Io(std::io::ErrorKind::Other));
        }
        buf.copy_from_slice(state.now.get(from..from + buf.len()).ok_or(VaultError::Damaged)?);
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), VaultError> {
        let mut state = self.state();
        let first = usize::try_from(offset).unwrap() / SECTOR_BYTES;
        state.deeds.push(Deed::Write { sector: first, sectors: bytes.len() / SECTOR_BYTES });
        for (index, sector) in bytes.chunks(SECTOR_BYTES).enumerate() {
            if state.off {
                return Err(VaultError::Io(std::io::ErrorKind::Other));
            }
            if state.room_until.is_some_and(|until| state.written >= until)
                || state.ends_at.is_some_and(|end| first + index >= end)
            {
                return Err(VaultError::DiskFull);
            }
            state.bad.remove(&(first + index));
            let from = usize::try_from(offset).unwrap() + index * SECTOR_BYTES;
            let end = (from + sector.len()).max(state.now.len());
            state.now.resize(end, 0);
            state.durable.resize(end, 0);
            state.now[from..from + sector.len()].copy_from_slice(sector);
            state.pending.push((from, sector.to_vec()));
            state.written += 1;
            state.off = state.power_until == Some(state.written);
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), VaultError> {
        let mut state = self.state();
        if state.off {
            return Err(VaultError::Io(std::io::ErrorKind::Other));
        }
        state.syncs += 1;
        state.deeds.push(Deed::Sync);
        for (at, sector) in std::mem::take(&mut state.pending) {
            state.durable[at..at + sector.len()].copy_from_slice(&sector);
        }
        Ok(())
    }
}
