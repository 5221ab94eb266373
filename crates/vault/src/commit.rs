//! How a batch is stored, and what is done to the index of words with it.

use sogon_engine::Change;

use crate::error::VaultError;
use crate::fault::Fault;
use crate::search::Leaving;
use crate::vault::Vault;
use crate::{database, remains, search};

/// Pages of the index that are merged with a batch that has words: more than one text adds, level by
/// level.
const MERGE_PAGES: u32 = 16;
/// The most pages of it that one transaction merges.
const MERGE_STEP_MAX: u32 = 64;

/// So many batches go unmerged when not even one page could be merged: as many as give the index
/// something new to merge.
const MERGE_REST: u32 = 4;

/// The most notes of what remains in the index that one transaction takes out.
const REMAINS_STEP_MAX: u32 = 64;

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

/// How many pages of the index are to be merged for a change: more than it adds, level by level.
fn owed(change: &Change) -> u32 {
    match change {
        Change::Index { text, .. } => {
            u32::try_from(text.len() / 256).unwrap_or(u32::MAX).saturating_add(2)
        }
        _ => 0,
    }
}

fn takes(change: &Change) -> bool {
    matches!(change, Change::Unindex { .. })
}

impl Vault {
    /// Stores all changes of a batch, in order, or none of them; durable on return. Of several changes
    /// of one text the last counts. Words that are taken away are found no more; they may stay in the
    /// index until [`Vault::settle`].
    ///
    /// # Errors
    /// Nothing of the batch is stored, with one exception: after [`VaultError::Io`] it may turn out
    /// to be there, whole, when the home is opened again. [`VaultError::DiskFull`],
    /// [`VaultError::HomeFull`], [`VaultError::BatchTooLarge`] and [`VaultError::TooLong`] leave the
    /// home usable.
    pub fn commit(&mut self, batch: &[Change]) -> Result<(), VaultError> {
        // What only takes words away owes the index no merging, and may have no room for it.
        if batch.iter().any(brings) {
            self.store_merging(batch)?;
        } else {
            self.store_anyhow(batch)?;
        }
        // Stored is stored: what remains is taken out with a later batch, or by settling.
        let _ = self.take_out(1);
        Ok(())
    }

    /// Stores a batch, and merges as much of the index as it owes: with it, and on in steps of their
    /// own.
    fn store_merging(&mut self, batch: &[Change]) -> Result<(), VaultError> {
        if let Some(rest) = self.merge_rest.checked_sub(1) {
            self.merge_rest = rest;
            return self.store_anyhow(batch);
        }
        let pages = self.merge_step().min(MERGE_PAGES);
        let owed = batch.iter().map(owed).fold(MERGE_PAGES, u32::saturating_add);
        match self.store(batch, pages, Leaving::Now) {
            Err(VaultError::BatchTooLarge | VaultError::HomeFull) => {
                self.store_anyhow(batch)?;
                self.merge_on(owed);
            }
            stored => {
                stored?;
                self.merge_on(owed.saturating_sub(pages));
            }
        }
        Ok(())
    }

    /// Stores a batch without merging, and where it must be without taking out of the index what is
    /// gone: nothing that is deleted is refused for the size of the index.
    fn store_anyhow(&mut self, batch: &[Change]) -> Result<(), VaultError> {
        let words = batch.iter().any(|change| brings(change) || takes(change));
        match self.store(batch, 0, Leaving::Now) {
            Err(VaultError::BatchTooLarge | VaultError::HomeFull) if words => {}
            stored => return stored,
        }
        match self.store(batch, 0, Leaving::Later) {
            // Perhaps all was to be merged at once with whatever comes; here it is done in steps.
            Err(VaultError::BatchTooLarge) if batch.iter().any(brings) => {
                self.merge_on(u32::MAX);
                self.store(batch, 0, Leaving::Later)
            }
            stored => stored,
        }
    }

    /// Stores a batch, and merges about so many pages of the index with it where it has words.
    fn store(&mut self, batch: &[Change], merged: u32, leaving: Leaving) -> Result<(), VaultError> {
        let count_max = self.pages().count_max();
        let stored = self.transaction(|db| {
            let before = database::pages_in_use(db)?;
            let words = batch.iter().any(|change| brings(change) || takes(change));
            if words {
                search::merge_by_hand(db)?;
            }
            database::apply(db, batch, leaving)?;
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

    /// Takes what remains of texts that are gone out of the index, in so many steps at the most.
    pub(crate) fn take_out(&mut self, steps_max: usize) -> Result<(), VaultError> {
        // Where each pair changes a page, and a note has eight of them, a step takes half of the log.
        let mut notes = (self.pages().shape().log / 16).clamp(1, REMAINS_STEP_MAX);
        for _ in 0..steps_max {
            if !remains::are_left(self.db()?).map_err(|fault| self.reason(fault))? {
                break;
            }
            let done = self.transaction(|db| search::take_out_remains(db, notes));
            match done.map_err(|fault| self.after_failure(fault)) {
                Err(VaultError::BatchTooLarge | VaultError::HomeFull) if notes > 1 => notes /= 2,
                done => done?,
            }
        }
        Ok(())
    }

    /// Merges so many pages in steps of their own, of one page where more do not fit. What is stored
    /// is stored: what fails here is made good by a later batch.
    fn merge_on(&mut self, mut left: u32) {
        let mut step = self.merge_step();
        while left >= MERGE_PAGES / 2 {
            match self.merge(step) {
                Ok(true) => left = left.saturating_sub(step),
                Ok(false) => break,
                Err(VaultError::BatchTooLarge | VaultError::HomeFull) if step > 1 => step = 1,
                Err(_) => {
                    self.merge_rest = MERGE_REST;
                    break;
                }
            }
        }
    }

    /// Merges about so many pages in a step of its own; false when there is nothing to merge.
    fn merge(&mut self, pages: u32) -> Result<bool, VaultError> {
        let mut did = false;
        let done = self.transaction(|db| {
            did = search::merge(db, pages)?;
            Ok(())
        });
        done.map(|()| did).map_err(|fault| self.after_failure(fault))
    }

    /// How many pages of the index one transaction merges at the most. They fit the log, unless a
    /// single pair is in so many texts that its list does not: a merge stops only between two pairs.
    /// One page is merged then, which goes on where the lists are shorter and leaves that one.
    fn merge_step(&self) -> u32 {
        (self.pages().shape().log / 4).clamp(2, MERGE_STEP_MAX)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use sogon_engine::Table;

    use crate::search::CRISIS;
    use crate::{Cost, Passphrase, Size};

    fn home(folder: &tempfile::TempDir) -> Vault {
        let passphrase = Passphrase::new("암호").unwrap();
        let path = folder.path().join("home");
        Vault::create(&path, &passphrase, Size::SMALLEST, Cost::NONE_FOR_TESTS).unwrap()
    }

    fn index(id: u64, text: &str) -> Change {
        Change::Index { id, text: text.to_owned() }
    }

    fn put(key: u8, value: Vec<u8>) -> Change {
        Change::Put { table: Table(1), key: vec![key], value }
    }

    /// Of how many segments the index is made.
    fn segments(vault: &Vault) -> u32 {
        let sql = "SELECT count(DISTINCT segid) FROM pairs_idx";
        vault.db().unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Something large comes and goes: what is written next is written over pages that the database
    /// had before, and those go through the log.
    fn come_and_go(vault: &mut Vault) {
        for n in 0..100 {
            vault.commit(&[put(n, vec![n; 32_000])]).unwrap();
        }
        for n in 0..100 {
            vault.commit(&[put(n, Vec::new())]).unwrap();
        }
    }

    /// The rows of the index that hold a pair, whatever the texts say.
    fn rows_with(vault: &Vault, pair: &str) -> Vec<i64> {
        let db = vault.db().unwrap();
        let mut found = db.prepare("SELECT rowid FROM pairs WHERE pairs MATCH ?1").unwrap();
        let pair = format!("\"{pair}\"");
        found.query_map([pair], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn what_leaves_the_index_later_leaves_it_whole_whatever_comes_between() {
        const LETTERS: [char; 6] = ['가', '나', '다', '라', '마', '바'];
        let folder = tempfile::tempdir().unwrap();
        let mut vault = home(&folder);
        let mut texts = BTreeMap::new();
        let mut dice = 9_u64;
        let mut roll = |below: u64| {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % below
        };
        for round in 0..600 {
            let id = roll(12);
            let text: String =
                (0..roll(14)).map(|_| LETTERS[usize::try_from(roll(6)).unwrap()]).collect();
            let change = match roll(3) {
                0 => Change::Unindex { id },
                _ => index(id, &text),
            };
            match &change {
                Change::Index { text, .. } => texts.insert(id, text.clone()),
                _ => texts.remove(&id),
            };
            let leaving = [Leaving::Now, Leaving::Later][usize::from(roll(2) == 0)];
            vault.store(&[change], u32::from(roll(2) == 0), leaving).unwrap();
            match roll(8) {
                0 => vault.take_out(1).unwrap(),
                1 => vault.reconnect().unwrap(),
                _ => {}
            }
            if round % 50 == 49 {
                vault.settle().unwrap();
                assert!(!remains::are_left(vault.db().unwrap()).unwrap());
                for pair in LETTERS.iter().flat_map(|a| LETTERS.map(|b| format!("{a}{b}"))) {
                    let holds = |text: &String| text.contains(&pair);
                    let expected: Vec<i64> = texts
                        .iter()
                        .filter(|(_, text)| holds(text))
                        .map(|(id, _)| i64::try_from(*id).unwrap())
                        .collect();
                    assert_eq!(rows_with(&vault, &pair), expected, "{pair} in round {round}");
                }
            }
        }
        vault.check().unwrap();
    }

    #[test]
    fn what_only_takes_words_away_merges_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = home(&folder);
        for id in 0..9 {
            vault.store(&[index(id, "하나둘셋")], 0, Leaving::Now).unwrap();
        }
        assert_eq!(segments(&vault), 9);
        vault.commit(&[Change::Unindex { id: 3 }]).unwrap();
        assert!(segments(&vault) >= 8, "a segment may be empty now");
        vault.commit(&[index(9, "넷다섯")]).unwrap();
        assert!(segments(&vault) < 4);
    }

    #[test]
    fn a_pair_in_more_texts_than_the_log_can_take_does_not_keep_the_rest_from_merging() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = home(&folder);
        vault.grow(12).unwrap();
        come_and_go(&mut vault);
        // Numbers far apart make the list of a common pair long.
        let text = |n: u64| index(n << 43, "에서");
        for first in (0..70_000).step_by(200) {
            let batch: Vec<_> = (first..first + 200).map(text).collect();
            vault.commit(&batch).unwrap();
        }
        for n in 70_000..70_060 {
            vault.commit(&[text(n)]).unwrap();
        }
        assert!(segments(&vault) < 40, "{}", segments(&vault));
    }

    /// A text of so many letters that hardly shares a pair with others.
    fn long(id: u64, letters: u64) -> Change {
        let letter = |n: u64| char::from_u32(0xac00 + u32::try_from(n % 11_000).unwrap()).unwrap();
        let text: String = (0..letters).map(|n| letter((id * letters + n) * 7_919)).collect();
        index(id, &text)
    }

    #[test]
    fn a_program_that_does_not_merge_by_hand_goes_on_with_a_home_for_long() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = home(&folder);
        vault.grow(8).unwrap();
        vault.commit(&[index(0, "하나")]).unwrap();
        for id in 1..2_300 {
            vault
                .store(&[long(id, 30)], 0, Leaving::Now)
                .unwrap_or_else(|error| panic!("{id}: {error}"));
        }
        assert!(segments(&vault) < 128);
    }

    #[test]
    fn a_home_in_which_all_is_to_be_merged_at_once_takes_a_text() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = home(&folder);
        vault.grow(8).unwrap();
        come_and_go(&mut vault);
        let mut id = 0;
        let error = loop {
            id += 1;
            if let Err(error) = vault.store(&[long(id, 900)], 0, Leaving::Now) {
                break error;
            }
        };
        assert!(error == VaultError::BatchTooLarge && segments(&vault) >= CRISIS - 1, "{error}");
        vault.commit(&[long(id, 900)]).unwrap();
        assert!(
            vault.store(&[long(id + 1, 30)], 0, Leaving::Now).is_ok(),
            "there is room in its youngest level"
        );
        vault.check().unwrap();
    }

    #[test]
    fn long_texts_one_after_the_other_are_taken_by_a_small_home() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = home(&folder);
        vault.grow(12).unwrap();
        come_and_go(&mut vault);
        let mut dice = 8_u64;
        let mut text = |letters: u64| -> String {
            let mut letter = || {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from_u32(0xac00 + u32::try_from((dice >> 33) % 11_000).unwrap()).unwrap()
            };
            (0..letters).map(|_| letter()).collect()
        };
        for first in (0..2_000).step_by(50) {
            let batch: Vec<_> = (first..first + 50).map(|id| index(id, &text(40))).collect();
            vault.commit(&batch).unwrap();
        }
        for id in 2_000..2_020 {
            let letters = 10_000 - (id - 2_000) * 500;
            let batch = [index(id, &text(letters))];
            vault.commit(&batch).unwrap_or_else(|error| panic!("{letters} letters: {error}"));
            assert!(segments(&vault) < CRISIS, "{letters} letters: {}", segments(&vault));
        }
    }
}
