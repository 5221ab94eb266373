//! An open home.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use sogon_engine::{Order, Row, Shelf, ShelfFault, Table};
use sogon_vault_door::{Lent, lend};

use crate::commit::held_back;
use crate::container::{Container, Found, Size};
use crate::disk::{Disk, FileDisk, sync_folder_of};
use crate::error::VaultError;
use crate::fault::Fault;
use crate::footprints::{Refused, Tried};
use crate::keys::{Cost, Salt, SlotKeys};
use crate::pages::Pages;
use crate::passphrase::Passphrase;
use crate::slot::Slot;
use crate::{database, rows, search, stack};

/// A home that a passphrase has opened; nobody else can open it as long as this lives.
///
/// Dropping it settles what was written; [`Vault::close`] does the same and says how it went.
pub struct Vault {
    /// `None` only between two connections.
    db: Option<Connection>,
    lent: Lent,
    pages: Arc<Mutex<Pages>>,
    salt: [u8; 32],
    /// What footprints told when it was opened.
    tried: Option<Tried>,
    /// So many batches are stored before the index is merged again.
    pub(crate) merge_rest: u32,
}

impl Vault {
    /// Makes a container with one empty home in it. What there is at `path` stays untouched.
    ///
    /// # Errors
    /// [`VaultError::AlreadyThere`] when there is a file; [`VaultError::DiskFull`] or
    /// [`VaultError::Io`] when it cannot be filled, and then it is gone again.
    pub fn create(
        path: &Path,
        passphrase: &Passphrase,
        size: Size,
        cost: Cost,
    ) -> Result<Self, VaultError> {
        let disk = FileDisk::create(path)?;
        let made = Self::create_on(Box::new(disk), passphrase, size, cost)
            .and_then(|vault| sync_folder_of(path).map(|()| vault));
        if made.is_err() {
            // It holds nothing yet. Should removing fail too, the first reason is the one to tell.
            let _ = std::fs::remove_file(path);
        }
        made
    }

    /// Opens the home that `passphrase` leads to.
    ///
    /// # Errors
    /// [`VaultError::NotThere`], [`VaultError::Busy`], [`VaultError::WrongPassphrase`], or
    /// [`VaultError::Damaged`].
    pub fn open(path: &Path, passphrase: &Passphrase, cost: Cost) -> Result<Self, VaultError> {
        Self::open_on(Box::new(FileDisk::open(path)?), passphrase, cost)
    }

    /// Opens the home that `passphrase` leads to, at whichever cost the container was made with, and
    /// says which. A passphrase that opens nothing leaves a footprint with the time, `at_s`, which
    /// the next right one finds: [`Vault::tried`].
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn enter(path: &Path, passphrase: &Passphrase, at_s: u64) -> Result<(Self, Cost), Refused> {
        Self::enter_on(Box::new(FileDisk::open(path)?), passphrase, at_s)
    }

    /// As [`Vault::enter`], on any disk.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn enter_on(
        disk: Box<dyn Disk>,
        passphrase: &Passphrase,
        at_s: u64,
    ) -> Result<(Self, Cost), Refused> {
        let entered = Self::enter_with(disk, passphrase, at_s);
        stack::overwrite();
        entered
    }

    /// The costs to try with the container at `path`, the likeliest first: the one its salt was
    /// chosen for, then those of containers made before salts were chosen.
    ///
    /// # Errors
    /// [`VaultError::NotThere`], [`VaultError::Busy`], [`VaultError::Damaged`].
    pub fn costs(path: &Path) -> Result<Vec<Cost>, VaultError> {
        let mut container = Container::open(Box::new(FileDisk::open(path)?))?;
        Ok(costs_of(&container.salt()?))
    }

    /// As [`Vault::create`], on any disk; what it held is gone.
    ///
    /// # Errors
    /// As [`Vault::create`].
    pub fn create_on(
        disk: Box<dyn Disk>,
        passphrase: &Passphrase,
        size: Size,
        cost: Cost,
    ) -> Result<Self, VaultError> {
        let made = Self::create_with(disk, passphrase, size, cost);
        stack::overwrite();
        made
    }

    /// As [`Vault::open`], on any disk.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn open_on(
        disk: Box<dyn Disk>,
        passphrase: &Passphrase,
        cost: Cost,
    ) -> Result<Self, VaultError> {
        let opened = Self::open_with(disk, passphrase, cost);
        stack::overwrite();
        opened
    }

    fn create_with(
        disk: Box<dyn Disk>,
        passphrase: &Passphrase,
        size: Size,
        cost: Cost,
    ) -> Result<Self, VaultError> {
        let mut container = Container::create(disk, size, cost)?;
        let salt = container.salt()?;
        let keys = SlotKeys::derive(passphrase, &salt, cost)?;
        let found = Found::alone()?;
        container.smooth_ground(&found)?;
        Self::begin(container, found, &keys)
    }

    fn open_with(
        disk: Box<dyn Disk>,
        passphrase: &Passphrase,
        cost: Cost,
    ) -> Result<Self, VaultError> {
        let mut container = Container::open(disk)?;
        let salt = container.salt()?;
        let keys = SlotKeys::derive(passphrase, &salt, cost)?;
        let found = container.find(&keys)?.ok_or(VaultError::WrongPassphrase)?;
        Self::unlock(container, found, &keys)
    }

    fn enter_with(
        disk: Box<dyn Disk>,
        passphrase: &Passphrase,
        at_s: u64,
    ) -> Result<(Self, Cost), Refused> {
        let mut container = Container::open(disk)?;
        let salt = container.salt()?;
        for cost in costs_of(&salt) {
            let keys = SlotKeys::derive(passphrase, &salt, cost)?;
            if let Some(found) = container.find(&keys)? {
                return Ok((Self::unlock(container, found, &keys)?, cost));
            }
        }
        // A disk that refuses to count it opens nothing either.
        let counted = container.leave_footprint(at_s).unwrap_or(false);
        Err(Refused { why: VaultError::WrongPassphrase, counted })
    }

    fn unlock(mut container: Container, found: Found, keys: &SlotKeys) -> Result<Self, VaultError> {
        let salt = container.salt()?;
        // What cannot be read tells nothing, and harms nothing.
        let tried = container.tried(&found).unwrap_or_default();
        // A disk that refuses this will say so at the first change; what was there is still there.
        let _ = container.touch_key_blocks(&found, keys);
        let mut vault = Self::connect(Pages::open(Slot::new(container, found))?, salt)?;
        vault.tried = tried;
        Ok(vault)
    }

    /// Wrong passphrases that [`Vault::enter`] met since a right one opened any home of this
    /// container and they were forgotten; `None` in containers made before they were counted.
    #[must_use]
    pub fn tried(&self) -> Option<Tried> {
        self.tried
    }

    /// Counts from nothing again, once it is told. Durable on return.
    ///
    /// # Errors
    /// [`VaultError::DiskFull`] or [`VaultError::Io`]; then it is counted on.
    pub fn forget_tried(&mut self) -> Result<(), VaultError> {
        {
            let mut pages = self.pages();
            let (container, found) = pages.slot().parts();
            container.smooth_ground(found)?;
        }
        self.tried = None;
        Ok(())
    }

    /// Takes what remains of deleted words out of the index, carries everything to its place and
    /// overwrites the log, so that nothing deleted before can be read any more, not even with the
    /// passphrase. Worth its dozen writes when messages expire.
    ///
    /// # Errors
    /// [`VaultError::DiskFull`], [`VaultError::HomeFull`] or [`VaultError::Io`]; nothing is lost.
    pub fn settle(&mut self) -> Result<(), VaultError> {
        let taken_out = self.take_out(usize::MAX);
        self.pages().settle()?;
        taken_out
    }

    /// Writes every sector of the home's slot anew, and noise over one slot that is known to be
    /// empty, if there is one: whoever has an image from before sees that the home was open, and
    /// not what was done in it or how much. Writes the slot about three times over.
    ///
    /// # Errors
    /// As [`Vault::settle`]; nothing is lost.
    pub fn reseal(&mut self) -> Result<(), VaultError> {
        let taken_out = self.take_out(usize::MAX);
        let mut pages = self.pages();
        pages.reseal()?;
        let (container, found) = pages.slot().parts();
        container.clear_slots(found.block.loud)?;
        taken_out
    }

    /// Settles and closes.
    ///
    /// # Errors
    /// As [`Vault::settle`]; the home is closed all the same.
    pub fn close(mut self) -> Result<(), VaultError> {
        self.settle()
    }

    /// Whether `passphrase` is the one that opens this home.
    ///
    /// # Errors
    /// [`VaultError::Io`] when the disk refuses.
    pub fn is_opened_by(&self, passphrase: &Passphrase, cost: Cost) -> Result<bool, VaultError> {
        let keys = SlotKeys::derive(passphrase, &self.salt, cost)?;
        let mut pages = self.pages();
        let (container, found) = pages.slot().parts();
        let place = found.place;
        Ok(container.find(&keys)?.is_some_and(|other| other.place == place))
    }

    /// Lets `passphrase` open this home from now on, instead of the one before. The key block is
    /// overwritten in place.
    ///
    /// # Errors
    /// [`VaultError::AlreadyThere`] when it opens another home; [`VaultError::DiskFull`] or
    /// [`VaultError::Io`], and then one of the two passphrases opens the home, or both.
    pub fn change_passphrase(
        &mut self,
        passphrase: &Passphrase,
        cost: Cost,
    ) -> Result<(), VaultError> {
        let keys = SlotKeys::derive(passphrase, &self.salt, cost)?;
        let mut pages = self.pages();
        let (container, found) = pages.slot().parts();
        let written = match container.find(&keys)? {
            Some(other) if other.place != found.place => Err(VaultError::AlreadyThere),
            _ => container.write_key_block(found, &keys),
        };
        stack::overwrite();
        written
    }

    /// Lengthens every slot of the container by so many MiB of noise. What [`Vault::tried`] says
    /// stays to be told.
    ///
    /// # Errors
    /// [`VaultError::DiskFull`] or [`VaultError::Io`]; the home is as it was, with as much more room
    /// as was found.
    pub fn grow(&mut self, slot_mib: u32) -> Result<(), VaultError> {
        let grown = {
            let mut pages = self.pages();
            let (container, found) = pages.slot().parts();
            container.grow(slot_mib, found)
        };
        let db = self.db()?;
        database::set_page_limit(db, self.pages().count_max())?;
        grown
    }

    /// The bytes of pages that hold something, their share of the container's sealing included.
    ///
    /// # Errors
    /// [`VaultError::Reopen`] when the home must be opened again.
    pub fn used_bytes(&self) -> Result<u64, VaultError> {
        let used = database::pages_in_use(self.db()?).map_err(|_| VaultError::Damaged)?;
        Ok(u64::from(used).saturating_mul(crate::SECTOR_BYTES as u64))
    }

    /// How many bytes of pages are still free, without those that are held back for deleting: what is
    /// stored from now on takes a tenth more than it has bytes, at most.
    ///
    /// # Errors
    /// [`VaultError::Reopen`] when the home must be opened again.
    pub fn free_bytes(&self) -> Result<u64, VaultError> {
        let count_max = self.pages().count_max();
        let all = u64::from(count_max.saturating_sub(held_back(count_max)))
            .saturating_mul(crate::SECTOR_BYTES as u64);
        Ok(all.saturating_sub(self.used_bytes()?))
    }

    /// Why a reading failed: [`VaultError::Damaged`] when bytes were changed or lost, otherwise what
    /// the disk said, or [`VaultError::Reopen`].
    #[must_use]
    pub fn why(&self) -> VaultError {
        self.pages().take_fault().unwrap_or(VaultError::Reopen)
    }

    /// Reads every page and checks that they agree with each other.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] when they do not, or cannot be read.
    pub fn check(&self) -> Result<(), VaultError> {
        let verdict: Result<String, _> =
            self.db()?.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0));
        match verdict {
            Ok(verdict) if verdict == "ok" => Ok(()),
            _ => Err(self.pages().take_fault().unwrap_or(VaultError::Damaged)),
        }
    }

    pub(crate) fn begin(
        mut container: Container,
        found: Found,
        keys: &SlotKeys,
    ) -> Result<Self, VaultError> {
        let salt = container.salt()?;
        let mut vault = Self::connect(Pages::create(Slot::new(container, found))?, salt)?;
        vault.settle()?;
        // The key block comes last: a home that a passphrase opens is complete.
        {
            let mut pages = vault.pages();
            let (container, found) = pages.slot().parts();
            container.write_key_block(found, keys)?;
        }
        Ok(vault)
    }

    fn connect(pages: Pages, salt: [u8; 32]) -> Result<Self, VaultError> {
        let pages = Arc::new(Mutex::new(pages));
        let lent = lend(Arc::clone(&pages) as _).map_err(|_| VaultError::Bug)?;
        let mut vault = Self { db: None, lent, pages, salt, tried: None, merge_rest: 0 };
        vault.reconnect()?;
        Ok(vault)
    }

    pub(crate) fn reconnect(&mut self) -> Result<(), VaultError> {
        self.db = None;
        self.pages().discard();
        let count_max = self.pages().count_max();
        let db = database::open(self.lent.name(), count_max).map_err(|fault| self.reason(fault))?;
        self.db = Some(db);
        Ok(())
    }

    pub(crate) fn transaction(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let db = self.db.as_ref().ok_or(Fault::Closed)?;
        // A reading that failed before is not why this may fail.
        let _ = self.pages().take_fault();
        let transaction = db.unchecked_transaction()?;
        work(&transaction)?;
        Ok(transaction.commit()?)
    }

    /// What the pages know about a failure is more exact than what SQLite was told.
    pub(crate) fn reason(&self, fault: Fault) -> VaultError {
        self.pages().take_fault().unwrap_or_else(|| fault.into())
    }

    /// SQLite has rolled back; after a failure below it, a fresh connection is surer than its cache.
    pub(crate) fn after_failure(&mut self, fault: Fault) -> VaultError {
        let reason = self.reason(fault);
        if reason == VaultError::TooLong {
            return reason;
        }
        match self.reconnect() {
            Ok(()) => reason,
            Err(_) => VaultError::Reopen,
        }
    }

    pub(crate) fn db(&self) -> Result<&Connection, VaultError> {
        self.db.as_ref().ok_or(VaultError::Reopen)
    }

    pub(crate) fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, ShelfFault> {
        let db = self.db().map_err(|_| ShelfFault)?;
        read(db).map_err(|_| ShelfFault)
    }
}

fn costs_of(salt: &Salt) -> Vec<Cost> {
    let likeliest = Cost::of_salt(salt);
    let older = [Cost::NONE_FOR_TESTS, Cost::STANDARD].into_iter();
    [likeliest].into_iter().chain(older.filter(|cost| *cost != likeliest)).collect()
}

impl Shelf for Vault {
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault> {
        self.read(|db| rows::get(db, table, key))
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
        order: Order,
    ) -> Result<Vec<Row>, ShelfFault> {
        self.read(|db| rows::scan(db, table, prefix, after, limit, order))
    }

    fn search(&self, words: &str, limit: usize) -> Result<Vec<u64>, ShelfFault> {
        self.read(|db| search::search(db, words, limit))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        // Nothing is lost when this fails: the log is taken up at the next opening.
        let _ = self.settle();
        self.db = None;
        stack::overwrite();
    }
}
