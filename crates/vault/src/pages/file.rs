//! The pages as the file that SQLite reads and writes.

use sogon_vault_door::{PageFile, Refusal};

use super::Pages;
use crate::error::VaultError;
use crate::sector::{SECTOR_BYTES, Text};

impl Pages {
    fn read_bytes(&mut self, offset: u64, buf: &mut [u8]) -> Result<usize, VaultError> {
        let mut done = 0_usize;
        for (page, within, length) in spans(offset, buf.len()) {
            if page >= self.dirty_count {
                break;
            }
            let text = match self.dirty.get(&page) {
                Some(text) => text.clone(),
                None if page >= self.count => Text::zeros(),
                None => self.synced(page)?,
            };
            let end = done.saturating_add(length);
            let out = buf.get_mut(done..end).ok_or(VaultError::Bug)?;
            // The last bytes of a page belong to the nonce and the tag and read as zeros.
            let bytes = text.bytes().get(within..).unwrap_or(&[]);
            let (front, tail) = out.split_at_mut(length.min(bytes.len()));
            front.copy_from_slice(bytes.get(..front.len()).unwrap_or(&[]));
            tail.fill(0);
            done = end;
        }
        Ok(done)
    }

    fn write_bytes(&mut self, offset: u64, bytes: &[u8]) -> Result<(), VaultError> {
        let mut rest = bytes;
        for (page, within, length) in spans(offset, bytes.len()) {
            if page >= self.count_max() {
                return Err(VaultError::HomeFull);
            }
            let (piece, tail) = rest.split_at_checked(length).ok_or(VaultError::Bug)?;
            rest = tail;
            let mut text = match self.dirty.remove(&page) {
                Some(text) => text,
                None if length == SECTOR_BYTES || page >= self.count => Text::zeros(),
                None => self.synced(page)?,
            };
            let out = text.bytes_mut().get_mut(within..).unwrap_or(&mut []);
            let fits = out.len().min(piece.len());
            let (out, piece) = (out.get_mut(..fits), piece.get(..fits));
            out.ok_or(VaultError::Bug)?.copy_from_slice(piece.ok_or(VaultError::Bug)?);
            self.dirty.insert(page, text);
            self.dirty_count = self.dirty_count.max(page.saturating_add(1));
        }
        Ok(())
    }

    fn cut(&mut self, size: u64) {
        let pages = u32::try_from(size.div_ceil(SECTOR_BYTES as u64)).unwrap_or(u32::MAX);
        self.dirty_count = pages.max(self.count).min(self.dirty_count);
        self.dirty.split_off(&pages.max(self.count));
    }

    fn noted<T>(&mut self, result: Result<T, VaultError>) -> Result<T, Refusal> {
        result.map_err(|error| {
            self.fault.get_or_insert(error);
            match error {
                VaultError::DiskFull | VaultError::HomeFull | VaultError::BatchTooLarge => {
                    Refusal::Full
                }
                VaultError::Damaged => Refusal::Unreadable,
                _ => Refusal::Failed,
            }
        })
    }
}

impl PageFile for Pages {
    fn read(&mut self, offset: u64, buf: &mut [u8]) -> Result<usize, Refusal> {
        let result = self.read_bytes(offset, buf);
        self.noted(result)
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let result = self.write_bytes(offset, bytes);
        self.noted(result)
    }

    /// The database never gets shorter than it durably is: its free pages stay its own.
    fn truncate(&mut self, size: u64) -> Result<(), Refusal> {
        self.cut(size);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Refusal> {
        let result = self.commit();
        self.noted(result)
    }

    fn size(&self) -> u64 {
        u64::from(self.dirty_count).saturating_mul(SECTOR_BYTES as u64)
    }
}

/// The pieces of `length` bytes from `offset` that lie in one page each: page, start, length.
fn spans(offset: u64, length: usize) -> impl Iterator<Item = (u32, usize, usize)> {
    const BYTES: u64 = SECTOR_BYTES as u64;
    let end = offset.saturating_add(length as u64);
    let mut at = offset;
    std::iter::from_fn(move || {
        if at >= end {
            return None;
        }
        let page = at / BYTES;
        let stop = page.saturating_add(1).saturating_mul(BYTES).min(end);
        let within = usize::try_from(at % BYTES).ok()?;
        let length = usize::try_from(stop.saturating_sub(at)).ok()?;
        at = stop;
        Some((u32::try_from(page).ok()?, within, length))
    })
}
