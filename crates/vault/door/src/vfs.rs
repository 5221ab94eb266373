//! SQLite's file interface, answered from the lent pages.

use std::sync::Mutex;
use std::time::Duration;

use rsqlite_vfs::{
    AccessMode, FileKind, LockLevel, OpenAccess, OpenOptions, OpenRequest, OpenedFile, OsCallback,
    SQLiteIoMethods, SQLiteVfs, SyncOptions, VfsError, VfsErrorCode, VfsFile, VfsResult, VfsStore,
    register_vfs,
};

use crate::scratch::Scratch;
use crate::{NotRegistered, Refusal, SharedFile, VFS, lent, locked, memory};

static REGISTERED: Mutex<bool> = Mutex::new(false);

/// Makes the file system known to SQLite, the first time for good.
#[allow(unsafe_code, reason = "SQLite takes its file system as a table of callbacks")]
pub(crate) fn register_once() -> Result<(), NotRegistered> {
    let mut registered = locked(&REGISTERED);
    if !*registered {
        memory::lend();
        // SAFETY: `Pages` and `Calls` keep the default constructor, method table and file layout of
        // `rsqlite_vfs`, so versions, layouts and application data (`()`) agree by construction.
        // The registration is never undone, so nothing SQLite holds can dangle. SQLite is built
        // thread-safe, the lock above is held across look-up and registration of the name, and all
        // shared state behind the callbacks is inside mutexes.
        let done = unsafe { register_vfs::<Calls, Pages>(VFS, (), false) };
        let _kept_for_ever = done.map_err(|_| NotRegistered)?.into_raw();
        *registered = true;
    }
    Ok(())
}

/// What stands behind one open file.
enum Open {
    Lent(SharedFile),
    Scratch(Scratch),
}

struct Store;
struct Calls;
struct Pages;
struct Os;

static OS: Os = Os;

impl SQLiteIoMethods for Calls {
    type Store = Store;
}

impl SQLiteVfs<Calls> for Pages {
    type Os = Os;

    fn os((): &()) -> &Os {
        &OS
    }
}

impl OsCallback for Os {
    /// Nobody waits for a lock here: each file has one connection.
    fn sleep(&self, _: Duration) {}

    fn random(&self, buf: &mut [u8]) -> usize {
        getrandom::fill(buf).map_or(0, |()| buf.len())
    }

    /// The store has no clock; none of its statements asks for one.
    fn epoch_timestamp_in_ms(&self) -> VfsResult<i64> {
        Ok(0)
    }
}

impl VfsStore for Store {
    type File = Open;
    type AppData = ();

    fn open_file((): &(), request: OpenRequest<'_>) -> VfsResult<OpenedFile<Open>> {
        let file = match (request.options.kind(), request.filename) {
            (Some(FileKind::MainDb), Some(name)) => lent(name.path()).map(Open::Lent),
            (Some(FileKind::MainDb) | None, _) => None,
            _ => Some(Open::Scratch(Scratch::default())),
        };
        let file = file.ok_or_else(|| error(VfsErrorCode::CantOpen))?;
        Ok(OpenedFile { file, access: OpenAccess::ReadWrite })
    }

    fn close_file((): &(), _: Option<&str>, _: Open, _: OpenOptions) -> VfsResult<()> {
        Ok(())
    }

    /// There is never a journal left over from before: a sync of the pages is atomic.
    fn access((): &(), name: &str, _: AccessMode) -> VfsResult<bool> {
        Ok(lent(name).is_some())
    }

    fn full_pathname((): &(), name: &str) -> VfsResult<String> {
        Ok(name.to_owned())
    }

    fn delete_file((): &(), _: &str, _: bool) -> VfsResult<()> {
        Ok(())
    }
}

impl VfsFile for Open {
    fn read(&mut self, buf: &mut [u8], offset: u64) -> VfsResult<usize> {
        match self {
            Open::Lent(file) => locked(file).read(offset, buf).map_err(refused),
            Open::Scratch(file) => Ok(file.read(offset, buf)),
        }
    }

    fn write(&mut self, buf: &[u8], offset: u64) -> VfsResult<()> {
        match self {
            Open::Lent(file) => locked(file).write(offset, buf).map_err(refused),
            Open::Scratch(file) => file.write(offset, buf).ok_or_else(|| error(VfsErrorCode::Full)),
        }
    }

    fn truncate(&mut self, size: u64) -> VfsResult<()> {
        match self {
            Open::Lent(file) => locked(file).truncate(size).map_err(refused),
            Open::Scratch(file) => {
                file.truncate(size);
                Ok(())
            }
        }
    }

    fn sync(&mut self, _: SyncOptions) -> VfsResult<()> {
        match self {
            Open::Lent(file) => locked(file).sync().map_err(refused),
            Open::Scratch(_) => Ok(()),
        }
    }

    fn size(&self) -> VfsResult<u64> {
        Ok(match self {
            Open::Lent(file) => locked(file).size(),
            Open::Scratch(file) => file.size(),
        })
    }

    /// One connection per file: there is nobody to lock out. Other processes are kept away by the
    /// lock on the container.
    fn lock(&mut self, _: LockLevel) -> VfsResult<()> {
        Ok(())
    }

    fn unlock(&mut self, _: LockLevel) -> VfsResult<()> {
        Ok(())
    }

    fn check_reserved_lock(&self) -> VfsResult<bool> {
        Ok(false)
    }
}

fn refused(refusal: Refusal) -> VfsError {
    error(match refusal {
        Refusal::Full => VfsErrorCode::Full,
        Refusal::Unreadable => VfsErrorCode::IoRead,
        Refusal::Failed => VfsErrorCode::IoWrite,
    })
}

fn error(code: VfsErrorCode) -> VfsError {
    VfsError::new(code, "".into())
}
