//! What can go wrong with a home, as situations.

use std::io;

/// The home could not do what was asked.
///
/// No variant holds anything a person wrote, nor a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no container at this place: make one, or look elsewhere.
    #[error("there is no home here")]
    NotThere,
    /// A container, or a home for this passphrase, exists already and was left as it is.
    #[error("there is already a home here")]
    AlreadyThere,
    /// No slot opens with this passphrase: it is wrong, or its home was wiped. Nobody can tell which.
    #[error("this passphrase opens nothing here")]
    WrongPassphrase,
    /// Another process has the home open: speak to that process.
    #[error("the home is open in another process")]
    Busy,
    /// The disk has no room for the change: free some and try again; nothing stored was lost.
    #[error("the disk is full")]
    DiskFull,
    /// The slot has no room for the change: delete something or grow the container; nothing was lost.
    #[error("the home is full")]
    HomeFull,
    /// The batch is larger than one atomic step may be: split it; nothing was stored.
    #[error("this change is too large to be stored in one step")]
    BatchTooLarge,
    /// A key is longer than 255 bytes or a value than 16 MiB: nothing was stored.
    #[error("a row is too long")]
    TooLong,
    /// Bytes of the container were changed or lost: restore a backup.
    #[error("the home is damaged")]
    Damaged,
    /// A newer version of the program made this home: use that one; nothing was changed.
    #[error("the home was made by a newer version")]
    Newer,
    /// An earlier failure left it unknown what is on the disk: open the home again.
    #[error("the home must be opened again")]
    Reopen,
    /// The passphrase is empty or longer than 1,024 bytes.
    #[error("this cannot be a passphrase")]
    BadPassphrase,
    /// The chip that every guess needs did not answer: bring the device it is in, or restore a backup.
    #[error("the chip does not answer")]
    NoChip,
    /// The operating system gave no random bytes.
    #[error("no randomness")]
    NoRandomness,
    /// The disk refused, for this reason of the operating system.
    #[error("the disk refused: {0}")]
    Io(io::ErrorKind),
    /// A fault of this program.
    #[error("the store contradicts itself")]
    Bug,
}

impl From<io::Error> for VaultError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => VaultError::NotThere,
            io::ErrorKind::AlreadyExists => VaultError::AlreadyThere,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => VaultError::DiskFull,
            // The container is shorter than it was: somebody cut it.
            io::ErrorKind::UnexpectedEof => VaultError::Damaged,
            kind => VaultError::Io(kind),
        }
    }
}
