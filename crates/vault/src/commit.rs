//! How a batch is stored, and what is done to the index of words with it.

use sogon_engine::Change;

use crate::error::VaultError;
use crate::vault::Vault;
use crate::{database, search};

/// Pages of the index that are merged with a batch that has words: more than one text adds, level by
/// level.
const MERGE_PAGES: u32 = 16;
/// The most pages of it that one transaction merges.
const MERGE_STEP_MAX: u32 = 64;

impl Vault {
    /// Stores all changes of a batch, in order, or none of them; durable on return. Of several changes
    /// of one text the last counts.
    ///
    /// # Errors
    /// Nothing of the batch is stored, with one exception: after [`VaultError::Io`] it may turn out
    /// to be there, whole, when the home is opened again. [`VaultError::DiskFull`],
    /// [`VaultError::HomeFull`], [`VaultError::BatchTooLarge`] and [`VaultError::TooLong`] leave the
    /// home usable.
    pub fn commit(&mut self, batch: &[Change]) -> Result<(), VaultError> {
        let is_word =
            |change: &&Change| matches!(change, Change::Index { .. } | Change::Unindex { .. });
        let words = u32::try_from(batch.iter().filter(is_word).count()).unwrap_or(u32::MAX);
        if words == 0 {
            return self.store(batch, None);
        }
        let merged = self.merge_step().min(MERGE_PAGES);
        match self.store(batch, Some(merged)) {
            Err(VaultError::BatchTooLarge) => self.store(batch, Some(0))?,
            stored => stored?,
        }
        self.merge_on(words, merged);
        Ok(())
    }

    /// Stores a batch, and merges about so many pages of the index with it where it has words.
    fn store(&mut self, batch: &[Change], merged: Option<u32>) -> Result<(), VaultError> {
        let stored = self.transaction(|db| {
            merged.map_or(Ok(()), |_| search::merge_by_hand(db))?;
            database::apply(db, batch)?;
            match merged {
                None | Some(0) => Ok(()),
                Some(pages) => search::merge(db, pages).map(|_| ()),
            }
        });
        stored.map_err(|fault| self.after_failure(fault))
    }

    /// Merges on in steps of their own where one was not enough for so many words. The batch is
    /// stored: what fails here is made good by a later one.
    fn merge_on(&mut self, words: u32, merged: u32) {
        let step = self.merge_step();
        let all = MERGE_PAGES.saturating_add(words.saturating_mul(2));
        let mut left = all.saturating_sub(merged);
        while left >= MERGE_PAGES / 2 {
            let mut did = false;
            let step_done = self.transaction(|db| {
                did = search::merge(db, step)?;
                Ok(())
            });
            match step_done {
                Ok(()) if did => left = left.saturating_sub(step),
                Ok(()) => break,
                Err(fault) => {
                    let _ = self.after_failure(fault);
                    break;
                }
            }
        }
    }

    /// How many pages of the index one transaction merges at the most: they fit the log.
    fn merge_step(&self) -> u32 {
        (self.pages().shape().log / 4).clamp(2, MERGE_STEP_MAX)
    }
}
