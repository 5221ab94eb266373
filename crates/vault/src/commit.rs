//! How a batch is stored, and what is done to the index of words with it.

use sogon_engine::Change;

use crate::error::VaultError;
use crate::fault::Fault;
use crate::vault::Vault;
use crate::{database, search};

/// Pages of the index that are merged with a batch that has words: more than one text adds, level by
/// level.
const MERGE_PAGES: u32 = 16;
/// The most pages of it that one transaction merges.
const MERGE_STEP_MAX: u32 = 64;

/// Pages that nothing new may take. To take words out of the index costs pages before it gives any
/// back: without these, a full home could not be made less full.
const HELD_BACK_MAX: u32 = 64;

/// How many pages of so many are held back. A batch may use them when it takes words away and brings
/// none, or when it leaves no more in use than it found.
pub(crate) fn held_back(count_max: u32) -> u32 {
    (count_max / 16).min(HELD_BACK_MAX)
}

fn brings(change: &Change) -> bool {
    matches!(change, Change::Index { .. })
}

fn takes(change: &Change) -> bool {
    matches!(change, Change::Unindex { .. })
}

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
        // What only takes words away owes the index no merging, and may have no room for it.
        let brought = batch.iter().filter(|change| brings(change)).count();
        if brought == 0 {
            return self.store(batch, 0);
        }
        let merged = self.merge_step().min(MERGE_PAGES);
        match self.store(batch, merged) {
            Err(VaultError::BatchTooLarge | VaultError::HomeFull) => self.store(batch, 0)?,
            stored => stored?,
        }
        self.merge_on(u32::try_from(brought).unwrap_or(u32::MAX), merged);
        Ok(())
    }

    /// Stores a batch, and merges about so many pages of the index with it where it has words.
    fn store(&mut self, batch: &[Change], merged: u32) -> Result<(), VaultError> {
        let count_max = self.pages().count_max();
        let stored = self.transaction(|db| {
            let before = database::pages_in_use(db)?;
            let words = batch.iter().any(|change| brings(change) || takes(change));
            if words {
                search::merge_by_hand(db)?;
            }
            database::apply(db, batch)?;
            if words {
                search::merge(db, merged)?;
            }
            let after = database::pages_in_use(db)?;
            let takes_only = batch.iter().any(takes) && !batch.iter().any(brings);
            let fits = after.saturating_add(held_back(count_max)) <= count_max;
            if fits || takes_only || after <= before { Ok(()) } else { Err(Fault::Full) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cost, Passphrase, Size};

    fn home(folder: &tempfile::TempDir) -> Vault {
        let passphrase = Passphrase::new("암호").unwrap();
        let path = folder.path().join("home");
        Vault::create(&path, &passphrase, Size::SMALLEST, Cost::NONE_FOR_TESTS).unwrap()
    }

    fn index(id: u64, text: &str) -> Change {
        Change::Index { id, text: text.to_owned() }
    }

    /// Of how many segments the index is made.
    fn segments(vault: &Vault) -> u32 {
        let sql = "SELECT count(DISTINCT segid) FROM pairs_idx";
        vault.db().unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_only_takes_words_away_merges_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = home(&folder);
        for id in 0..9 {
            vault.store(&[index(id, "하나둘셋")], 0).unwrap();
        }
        assert_eq!(segments(&vault), 9);
        vault.commit(&[Change::Unindex { id: 3 }]).unwrap();
        assert!(segments(&vault) >= 8, "a segment may be empty now");
        vault.commit(&[index(9, "넷다섯")]).unwrap();
        assert!(segments(&vault) < 4);
    }
}
