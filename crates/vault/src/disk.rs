//! The bytes beneath the container, and the lock that makes them ours alone.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::error::VaultError;

/// A fixed stretch of bytes that survives a loss of power once synced.
///
/// The file on a disk is one; tests bring others that fail, tear and count.
pub trait Disk: Send {
    /// The size in bytes.
    ///
    /// # Errors
    /// [`VaultError::Io`] when the disk cannot tell.
    fn size(&mut self) -> Result<u64, VaultError>;

    /// Fills `buf` from `offset`.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] beyond the end, [`VaultError::Io`] when the disk refuses.
    fn read(&mut self, offset: u64, buf: &mut [u8]) -> Result<(), VaultError>;

    /// Writes `bytes` at `offset`; durable only after [`Disk::sync`].
    ///
    /// # Errors
    /// [`VaultError::DiskFull`] without room, [`VaultError::Io`] when the disk refuses.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), VaultError>;

    /// Makes everything written so far durable.
    ///
    /// # Errors
    /// [`VaultError::Io`]; what was written before may or may not be there.
    fn sync(&mut self) -> Result<(), VaultError>;
}

/// A container file, locked for this process while it is open. The lock goes with the process.
#[derive(Debug)]
pub(crate) struct FileDisk(File);

impl FileDisk {
    /// Makes the file, readable and writable by its owner only.
    pub(crate) fn create(path: &Path) -> Result<Self, VaultError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Self::lock(options.open(path)?)
    }

    pub(crate) fn open(path: &Path) -> Result<Self, VaultError> {
        Self::lock(OpenOptions::new().read(true).write(true).open(path)?)
    }

    fn lock(file: File) -> Result<Self, VaultError> {
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(VaultError::Busy),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// Makes the name of a new file durable, where the system can do that.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), VaultError> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

impl Disk for FileDisk {
    fn size(&mut self) -> Result<u64, VaultError> {
        Ok(self.0.metadata()?.len())
    }

    fn read(&mut self, offset: u64, buf: &mut [u8]) -> Result<(), VaultError> {
        self.0.seek(SeekFrom::Start(offset))?;
        Ok(self.0.read_exact(buf)?)
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), VaultError> {
        self.0.seek(SeekFrom::Start(offset))?;
        Ok(self.0.write_all(bytes)?)
    }

    fn sync(&mut self) -> Result<(), VaultError> {
        Ok(self.0.sync_data()?)
    }
}
