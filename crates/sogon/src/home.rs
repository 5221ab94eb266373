//! The home on this disk: a private folder with one file in it that looks like random bytes.

use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use directories::ProjectDirs;
use sogon_vault::{Cost, Device, DeviceSecret, Passphrase, Refused, Size, Vault, VaultError};
use zeroize::Zeroizing;

use crate::{
    chip::Tpm,
    moment,
    tries::Met,
    trouble::{Kind, Trouble},
};

/// The container. The name says nothing; neither does what is in it.
const CONTAINER: &str = "data";
/// Where the relay of one's own keeps sealed boxes, if there is one.
const RELAY: &str = "relay";

/// How much a guess of the passphrase costs, and how much the home holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// For people.
    Full,
    /// For tests and trials: small, and quick to guess.
    Light,
}

/// A home that a passphrase opened, and what a guess of it costs.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) vault: Vault,
    pub(crate) cost: Cost,
    /// Wrong passphrases before it that this process met.
    pub(crate) met: Met,
}

/// A place where a home is or may be.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    folder: PathBuf,
    /// What its passphrases are of use with only.
    device: Device,
}

impl Home {
    /// `--home`, then SOGON_HOME, then the data folder of this system.
    ///
    /// # Errors
    /// [`Kind::NoPlace`] when the system names none.
    pub(crate) fn choose(flag: Option<&Path>) -> Result<Self, Trouble> {
        let named = || env::var_os("SOGON_HOME").filter(|name| !name.is_empty()).map(PathBuf::from);
        let usual =
            || ProjectDirs::from("", "", "sogon").map(|folders| folders.data_dir().to_path_buf());
        let folder = flag.map(Path::to_path_buf).or_else(named).or_else(usual);
        Ok(Self::at(folder.ok_or(Kind::NoPlace)?))
    }

    /// The home in this folder.
    pub(crate) fn at(folder: PathBuf) -> Self {
        // The same home has the same name from wherever it is called.
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        Self { folder: fs::canonicalize(&folder).unwrap_or(folder), device: Device::None }
    }

    /// With the device secret in this file, or in the one that SOGON_DEVICE_SECRET_FILE names, or
    /// with the TPM that is named there.
    ///
    /// # Errors
    /// [`Kind::DeviceSecret`] when it cannot be read, or is none.
    pub(crate) fn with_device(self, flag: Option<&Path>) -> Result<Self, Trouble> {
        let Some(path) = device_file(flag) else { return Ok(self) };
        if let Some(tpm) = Tpm::named(&path) {
            return Ok(Self { device: Device::Chip(Arc::new(tpm)), ..self });
        }
        // One byte more than there may be; a pipe from a key store is as good as a file.
        let mut bytes = Zeroizing::new(Vec::with_capacity(64));
        let read = File::open(&path).and_then(|file| file.take(33).read_to_end(&mut bytes));
        let secret = DeviceSecret::restore(&bytes);
        match (read, secret) {
            (Ok(_), Ok(secret)) => Ok(Self { device: Device::Secret(secret), ..self }),
            _ => Err(Trouble::of(Kind::DeviceSecret, &[("path", &path.display().to_string())])),
        }
    }

    /// As [`Home::with_device`], and makes the file when it is not there.
    ///
    /// # Errors
    /// [`Kind::DeviceSecret`] when it cannot be made.
    pub(crate) fn with_new_device(self, flag: Option<&Path>) -> Result<Self, Trouble> {
        let is_file = |path: &PathBuf| Tpm::named(path).is_none();
        if let Some(path) = device_file(flag).filter(|path| is_file(path) && !path.exists()) {
            let wrong =
                |_| Trouble::of(Kind::DeviceSecret, &[("path", &path.display().to_string())]);
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let secret = DeviceSecret::random()?;
            let mut file = options.open(&path).map_err(wrong)?;
            file.write_all(secret.bytes()).and_then(|()| file.sync_all()).map_err(wrong)?;
        }
        self.with_device(flag)
    }

    /// The passphrase that was typed, of use for this home.
    ///
    /// # Errors
    /// [`Kind::BadPassphrase`].
    pub(crate) fn key(&self, typed: &str) -> Result<Passphrase, Trouble> {
        Ok(Passphrase::new(typed)?.with(self.device.clone()))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn container(&self) -> PathBuf {
        self.folder.join(CONTAINER)
    }

    pub(crate) fn relay_folder(&self) -> PathBuf {
        self.folder.join(RELAY)
    }

    /// Whether there is something that may be a home. Nobody can tell without the passphrase.
    pub(crate) fn is_there(&self) -> bool {
        self.container().exists()
    }

    /// Makes the folder, readable by its owner only.
    ///
    /// # Errors
    /// [`Kind::Folder`] when the system refuses; [`Kind::AlreadyHome`] when a home is there.
    pub(crate) fn prepare(&self) -> Result<(), Trouble> {
        if self.is_there() {
            return Err(Kind::AlreadyHome.into());
        }
        private_folder(&self.folder)
            .map_err(|_| Trouble::of(Kind::Folder, &[("path", &self.folder.display().to_string())]))
    }

    /// Makes the container and fills it, complete or not at all: until then it has another name, and
    /// what a crash leaves of that is overwritten by the next try.
    ///
    /// # Errors
    /// As [`Vault::create`], and what `fill` says; then nothing is left of it.
    pub(crate) fn create(
        &self,
        passphrase: &Passphrase,
        (size, cost): (Size, Cost),
        fill: impl FnOnce(&mut Vault) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let begun = self.container().with_extension("new");
        let _ = fs::remove_file(&begun);
        let make = || {
            let mut vault = Vault::create(&begun, passphrase, size, cost)?;
            fill(&mut vault)?;
            vault.close()?;
            fs::rename(&begun, self.container()).map_err(VaultError::from)?;
            File::open(&self.folder)
                .and_then(|folder| folder.sync_all())
                .map_err(VaultError::from)?;
            Ok(())
        };
        let made = make();
        if made.is_err() {
            let _ = fs::remove_file(&begun);
        }
        made
    }

    /// Opens the container. A passphrase that opens nothing is counted there.
    ///
    /// # Errors
    /// As [`Vault::enter`].
    pub(crate) fn open(&self, passphrase: &Passphrase) -> Result<Opened, Refused> {
        let (vault, cost) = Vault::enter(&self.container(), passphrase, moment::now_s())?;
        Ok(Opened { vault, cost, met: Met::default() })
    }
}

impl Home {
    /// Overwrites everything, without a passphrase.
    ///
    /// # Errors
    /// As [`sogon_vault::wipe_all`].
    pub(crate) fn wipe_all(&self) -> Result<(), Trouble> {
        sogon_vault::wipe_all(&self.container())?;
        self.forget_relay();
        Ok(())
    }

    /// Removes the sealed boxes of a relay of one's own, as far as the system does that.
    pub(crate) fn forget_relay(&self) {
        let _ = fs::remove_dir_all(self.relay_folder());
    }
}

impl Weight {
    /// The size and the cost of a new home.
    ///
    /// # Errors
    /// As [`tuned`].
    pub(crate) fn measure(self) -> Result<(Size, Cost), VaultError> {
        match self {
            Weight::Full => Ok((Size::STANDARD, tuned()?)),
            Weight::Light => Ok((Size::SMALLEST, Cost::NONE_FOR_TESTS)),
        }
    }
}

/// What a guess may take on this device, in milliseconds.
const GUESS_MS: u64 = 1_000;

/// The cost at which a guess takes about a second here.
pub(crate) fn tuned() -> Result<Cost, VaultError> {
    let begun = Instant::now();
    Cost::SMALL_DEVICE.try_out()?;
    let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Cost::tuned(took, GUESS_MS))
}

fn device_file(flag: Option<&Path>) -> Option<PathBuf> {
    let named = || env::var_os("SOGON_DEVICE_SECRET_FILE").filter(|name| !name.is_empty());
    flag.map(Path::to_path_buf).or_else(|| named().map(PathBuf::from))
}

/// A folder that only its owner can look into.
///
/// # Errors
/// What the operating system says.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Whether nobody but its owner can read or change what is at `path`.
pub(crate) fn is_private(path: &Path) -> bool {
    #[cfg(unix)]
    return fs::metadata(path).is_ok_and(|about| {
        std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o077 == 0
    });
    #[cfg(not(unix))]
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_one_private_file_in_a_private_folder() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("deep/home"));
        let passphrase = Passphrase::new("long enough").unwrap();
        home.prepare().unwrap();
        fs::write(home.container().with_extension("new"), b"what a crash left").unwrap();
        home.create(&passphrase, Weight::Light.measure().unwrap(), |_| Ok(())).unwrap();
        assert!(is_private(home.folder()) && is_private(&home.container()));
        assert_eq!(fs::read_dir(home.folder()).unwrap().count(), 1);
        assert_eq!(home.prepare().unwrap_err().kind(), Kind::AlreadyHome);
        assert!(home.open(&passphrase).is_ok());
        let other = Home::at(folder.path().join("other"));
        other.prepare().unwrap();
        let none =
            other.create(&passphrase, Weight::Light.measure().unwrap(), |_| Err(Kind::Bug.into()));
        assert_eq!(none.unwrap_err().kind(), Kind::Bug);
        assert_eq!(fs::read_dir(other.folder()).unwrap().count(), 0, "nothing is left of it");
    }
}
