//! The door between SQLite and the vault's pages.
//!
//! The vault lends a [`PageFile`] and gets a name; opening that name in SQLite through the file
//! system [`VFS`] reads and writes those pages. Every other file SQLite may ask for (journals,
//! temporary tables) lives in memory here, is zeroed when it goes, and never reaches a disk.
//! Beside it stands the allocator of the program, out of memory that its owner locked ([`Arena`]).

mod arena;
mod memory;
mod scratch;
mod vfs;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use arena::{Account, Arena, account, furnish, lock_when_used};

/// The name under which SQLite knows this file system.
pub const VFS: &str = "sogon";

/// The pages could not do what SQLite asked; the reason stays with the owner of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no room for it.
    Full,
    /// What lies there cannot be read.
    Unreadable,
    /// Writing or syncing failed.
    Failed,
}

/// A database file as SQLite sees it: bytes at offsets.
///
/// [`PageFile::sync`] must be atomic and durable: all writes since the last one, or none of them.
/// The databases are opened with their rollback journal in memory and rely on it.
pub trait PageFile: Send {
    /// Fills `buf` from `offset` and returns how many bytes there were before the end.
    ///
    /// # Errors
    /// [`Refusal`] when the bytes cannot be read.
    fn read(&mut self, offset: u64, buf: &mut [u8]) -> Result<usize, Refusal>;

    /// Replaces the bytes at `offset`, growing the file where needed.
    ///
    /// # Errors
    /// [`Refusal`] when there is no room.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Refusal>;

    /// Cuts the file to `size` bytes.
    ///
    /// # Errors
    /// [`Refusal`] when it cannot be cut.
    fn truncate(&mut self, size: u64) -> Result<(), Refusal>;

    /// Makes everything written since the last call durable, whole or not at all.
    ///
    /// # Errors
    /// [`Refusal`]; nothing of it may have become the state that is read.
    fn sync(&mut self) -> Result<(), Refusal>;

    /// The size in bytes.
    fn size(&self) -> u64;
}

/// A file that SQLite may open by name for as long as its [`Lent`] lives.
pub type SharedFile = Arc<Mutex<dyn PageFile>>;

static LENT: Mutex<BTreeMap<String, SharedFile>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(1);

/// The lending of one file; when it is dropped the name opens nothing any more.
pub struct Lent {
    name: String,
}

impl Lent {
    /// The name to open in SQLite, together with [`VFS`].
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").finish_non_exhaustive()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        locked(&LENT).remove(&self.name);
    }
}

/// SQLite would not take the file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRegistered;

/// Lends a file to SQLite.
///
/// # Errors
/// [`NotRegistered`] when SQLite refuses the file system, which happens only without memory.
pub fn lend(file: SharedFile) -> Result<Lent, NotRegistered> {
    vfs::register_once()?;
    let name = format!("home-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    locked(&LENT).insert(name.clone(), file);
    Ok(Lent { name })
}

fn lent(name: &str) -> Option<SharedFile> {
    locked(&LENT).get(name).cloned()
}

/// A poisoned lock means that another thread panicked between two calls; the pages themselves are
/// consistent after every call, so going on is safe.
fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
