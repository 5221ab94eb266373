//! The relay's key pair: made on the first start, kept in the store's directory.

use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use sha2::{Digest, Sha256};
use sogon_wire::Fingerprint;

const FILE: &str = "relay.key";

/// How the public half of an ECDSA key on P-256 begins, as clients look for it (RFC 5480).
const P256_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Who a relay is. Its clients know it by the hash of the public half.
pub struct Identity {
    key: KeyPair,
    /// Of somebody else; the relay's own, made for each start, when there is none.
    chain: Option<Vec<CertificateDer<'static>>>,
}

/// A certificate that somebody made for a relay, in PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, and those that lead from it to somebody whom browsers believe.
    pub chain: PathBuf,
    /// The key it was made for, when that is not the relay's own. The address of the relay then
    /// names this key.
    pub key: Option<PathBuf>,
}

/// The key could not be made, read or written.
#[derive(Debug, thiserror::Error)]
pub enum IdentityFault {
    /// The file is there and holds something else: put the backup back.
    #[error("the key in the store's directory is damaged")]
    Damaged,
    /// The certificate's file, or its key's, is not what it should be: give PEM files, the key in
    /// PKCS#8.
    #[error(
        "{0} holds no certificate or key in PEM: give --tls-cert a PEM chain, and --tls-key a key that begins with BEGIN PRIVATE KEY"
    )]
    NotPem(PathBuf),
    /// The certificate was made for another key: have one made with `csr`, or give its key.
    #[error(
        "the certificate is for another key: have one made for what `sogon-relay csr` prints, or give its key with --tls-key"
    )]
    OtherKey,
    /// Clients know relays by ECDSA keys on P-256 and by no other kind.
    #[error(
        "the certificate's key is not ECDSA on P-256: have one made for such a key (certbot: --key-type ecdsa --elliptic-curve secp256r1)"
    )]
    KeyKind,
    /// A name in a certificate is a DNS name.
    #[error("that is no name for a certificate: give a host, such as relay.example")]
    Name,
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
        KeyPair::generate().map(Self::of).map_err(|_| IdentityFault::Damaged)
    }

    /// The key in `directory`; made there, readable by its owner only, when there is none.
    ///
    /// # Errors
    /// Any [`IdentityFault`]. A damaged key is never replaced: the relay would become another one.
    pub fn keep(directory: &Path) -> Result<Self, IdentityFault> {
        let path = directory.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => KeyPair::try_from(bytes.as_slice())
                .map(Self::of)
                .map_err(|_| IdentityFault::Damaged),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let fresh = Self::fresh()?;
                write_private(&path, &fresh.key.serialize_der())?;
                Ok(fresh)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// As [`Identity::keep`], in a directory that is made when there is none.
    ///
    /// # Errors
    /// Any [`IdentityFault`].
    pub fn keep_in(directory: &Path) -> Result<Self, IdentityFault> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
        Self::keep(directory)
    }

    /// What clients know it by: SHA-256 of the public key as SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(self.key.subject_public_key_info()).into())
    }

    /// The same relay with a certificate that somebody made for it, or for another key, which it
    /// then has.
    ///
    /// # Errors
    /// Any [`IdentityFault`] but [`IdentityFault::Damaged`].
    pub fn certified(self, files: &CertificateFiles) -> Result<Self, IdentityFault> {
        let key = match &files.key {
            None => self.key,
            Some(path) => {
                let not_pem = || IdentityFault::NotPem(path.clone());
                let key = PrivateKeyDer::from_pem_slice(&fs::read(path)?).map_err(|_| not_pem())?;
                KeyPair::try_from(&key).map_err(|_| not_pem())?
            }
        };
        let bytes = fs::read(&files.chain)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| IdentityFault::NotPem(files.chain.clone()))?;
        let public = key.subject_public_key_info();
        if !public.starts_with(&P256_HEAD) {
            return Err(IdentityFault::KeyKind);
        }
        // Clients look for the key in this way too.
        let ours = |leaf: &CertificateDer<'_>| leaf.windows(public.len()).any(|own| own == public);
        if !chain.first().is_some_and(ours) {
            return Err(IdentityFault::OtherKey);
        }
        Ok(Self { key, chain: Some(chain) })
    }

    /// What an authority is asked to sign, for these names, in PEM.
    ///
    /// # Errors
    /// [`IdentityFault::Name`].
    pub fn signing_request(&self, names: &[String]) -> Result<String, IdentityFault> {
        let mut params = CertificateParams::new(names.to_vec()).map_err(|_| IdentityFault::Name)?;
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&self.key).map_err(|_| IdentityFault::Name)?;
        request.pem().map_err(|_| IdentityFault::Name)
    }

    /// The certificate, or one that says as little as one can, and the key.
    pub(crate) fn certificate(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), IdentityFault> {
        let key = PrivateKeyDer::try_from(self.key.serialize_der());
        let key = key.map_err(|_| IdentityFault::Damaged)?;
        if let Some(chain) = &self.chain {
            return Ok((chain.clone(), key));
        }
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        let certificate = params.self_signed(&self.key).map_err(|_| IdentityFault::Damaged)?;
        Ok((vec![certificate.der().clone()], key))
    }

    fn of(key: KeyPair) -> Self {
        Self { key, chain: None }
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
