//! A disk in memory that counts what a container writes to it.

use std::sync::{Arc, Mutex, MutexGuard};

use sogon_vault::{Disk, SECTOR_BYTES, VaultError};

/// What was written to a disk.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) sectors: u64,
    pub(crate) syncs: u64,
}

impl Written {
    /// Adds what was written between two readings.
    pub(crate) fn add(&mut self, before: Self, after: Self) {
        self.sectors += after.sectors - before.sectors;
        self.syncs += after.syncs - before.syncs;
    }
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    written: Written,
}

/// The disk. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ram(Arc<Mutex<State>>);

impl Ram {
    /// What was written so far.
    pub(crate) fn written(&self) -> Written {
        self.state().written
    }

    /// Every byte of it.
    pub(crate) fn image(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panicked with it")
    }
}

impl Disk for Ram {
    fn size(&mut self) -> Result<u64, VaultError> {
        Ok(self.state().bytes.len() as u64)
    }

    fn read(&mut self, offset: u64, buf: &mut [u8]) -> Result<(), VaultError> {
        let (from, state) = (offset as usize, self.state());
        buf.copy_from_slice(state.bytes.get(from..from + buf.len()).ok_or(VaultError::Damaged)?);
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), VaultError> {
        let (from, mut state) = (offset as usize, self.state());
        let end = (from + bytes.len()).max(state.bytes.len());
        state.bytes.resize(end, 0);
        state.bytes[from..from + bytes.len()].copy_from_slice(bytes);
        state.written.sectors += bytes.len().div_ceil(SECTOR_BYTES) as u64;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), VaultError> {
        self.state().written.syncs += 1;
        Ok(())
    }
}
