//! Why a statement failed, before it is put together with what the pages know.

use rusqlite::ErrorCode;

use crate::error::VaultError;

/// Why the database could not do something.
#[derive(Debug)]
pub(crate) enum Fault {
    /// What SQLite says.
    Database(rusqlite::Error),
    /// The rows contradict each other.
    Damaged,
    /// The rows have a form that a newer version gave them.
    Newer,
    /// A key or a value is longer than a row may be.
    TooLong,
    /// It would take pages that are held back.
    Full,
    /// There is no connection: an earlier failure could not be undone.
    Closed,
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Database(error)
    }
}

impl From<Fault> for VaultError {
    fn from(fault: Fault) -> Self {
        let error = match fault {
            Fault::Damaged => return VaultError::Damaged,
            Fault::Newer => return VaultError::Newer,
            Fault::TooLong => return VaultError::TooLong,
            Fault::Full => return VaultError::HomeFull,
            Fault::Closed => return VaultError::Reopen,
            Fault::Database(error) => error,
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => VaultError::HomeFull,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => VaultError::Damaged,
            Some(ErrorCode::OutOfMemory) => VaultError::Io(std::io::ErrorKind::OutOfMemory),
            Some(ErrorCode::SystemIoFailure) => VaultError::Reopen,
            _ => VaultError::Bug,
        }
    }
}
