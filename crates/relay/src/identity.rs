//! The relay's key pair: made on the first start, kept in the store's directory.

use std::{
    fmt, fs,
    io::{self, Write},
    path::Path,
};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use sogon_wire::Fingerprint;

const FILE: &str = "relay.key";

/// Who a relay is. Its clients know it by the hash of the public half.
pub struct Identity(KeyPair);

/// The key could not be made, read or written.
#[derive(Debug, thiserror::Error)]
pub enum IdentityFault {
    /// The file is there and holds something else: put the backup back.
    #[error("the key in the store's directory is damaged")]
    Damaged,
    /// The operating system says no.
    #[error("the key could not be read or written: {0}")]
    Disk(#[from] io::Error),
}

impl Identity {
    /// A key that ends with the process.
    ///
    /// # Errors
    /// [`IdentityFault::Damaged`] when this machine can make no keys.
    pub fn fresh() -> Result<Self, IdentityFault> {
        KeyPair::generate().map(Self).map_err(|_| IdentityFault::Damaged)
    }

    /// The key in `directory`; made there, readable by its owner only, when there is none.
    ///
    /// # Errors
    /// Any [`IdentityFault`]. A damaged key is never replaced: the relay would become another one.
    pub fn keep(directory: &Path) -> Result<Self, IdentityFault> {
        let path = directory.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => {
                KeyPair::try_from(bytes.as_slice()).map(Self).map_err(|_| IdentityFault::Damaged)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let fresh = Self::fresh()?;
                write_private(&path, &fresh.0.serialize_der())?;
                Ok(fresh)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What clients know it by: SHA-256 of the public key as SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(self.0.subject_public_key_info()).into())
    }

    /// A certificate that says as little as one can, and the key.
    pub(crate) fn certificate(
        &self,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), IdentityFault> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        let certificate = params.self_signed(&self.0).map_err(|_| IdentityFault::Damaged)?;
        let key = PrivateKeyDer::try_from(self.0.serialize_der());
        Ok((certificate.der().clone(), key.map_err(|_| IdentityFault::Damaged)?))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let half = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&half)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&half, path)?;
    // The name is durable only when its directory is.
    path.parent().map_or(Ok(()), |parent| fs::File::open(parent)?.sync_all())
}
