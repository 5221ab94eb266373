//! Who signed an app: APK signature schemes v1 to v4 (AOSP, "Application signing"), each checked
//! against the bytes of the app, not believed.

mod algorithm;
mod block;
pub(crate) mod cms;
mod jar;
mod tree;

use std::io;

use sha2::{Digest, Sha256};

pub(crate) use algorithm::{Hash, Hashing};
pub use block::{BlockTrouble, Scheme};

use crate::{archive::zip::Directory, source::Source};

/// Bytes of an app that are unpacked to be hashed.
const UNPACKED_BYTES_MAX: u64 = 4 << 30;

/// The signatures of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures {
    /// Each scheme that is there and what its check said, oldest first.
    pub schemes: Vec<(Scheme, Result<Vec<Signer>, BlockTrouble>)>,
}

/// Somebody who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The certificate, DER.
    pub certificate: Vec<u8>,
}

impl Signer {
    /// SHA-256 of the certificate in hexadecimal digits: how signers are named everywhere.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(&self.certificate))
    }

    /// Other hashes by which lists name certificates.
    #[must_use]
    pub fn other_names(&self) -> [String; 2] {
        use md5::Md5;
        use sha1::Sha1;

        [hex(&Sha1::digest(&self.certificate)), hex(&Md5::digest(&self.certificate))]
    }

    /// The certificate is the one that everybody has the key of: AOSP's test keys and Android
    /// Studio's debug key are named so by their subject.
    #[must_use]
    pub fn is_public(&self) -> bool {
        super::trust::subject(&self.certificate).is_some_and(|subject| {
            subject.contains("CN=Android Debug") || subject.contains("android@android.com")
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Signatures {
    /// Checks every scheme of an app; a v4 signature lies beside it and is given as `beside`.
    ///
    /// # Errors
    /// What the storage says; what is wrong with a signature is in the answer.
    pub fn check(
        app: &dyn Source,
        directory: &Directory,
        beside: Option<&[u8]>,
    ) -> io::Result<Self> {
        let mut schemes = Vec::new();
        let blocks = block::find(app, directory)?;
        let unpacked = UNPACKED_BYTES_MAX;
        if let Some(said) = jar::check(app, directory, !blocks.is_empty(), unpacked) {
            schemes.push((Scheme::V1, said));
        }
        let mut digests = block::Digests::default();
        for (scheme, block) in blocks {
            schemes.push((scheme, block::check(app, directory, scheme, &block, &mut digests)));
        }
        if let Some(beside) = beside {
            schemes.push((Scheme::V4, tree::check(app, beside)));
        }
        Ok(Self { schemes })
    }

    /// Checks the newest scheme alone, which is what a device goes by; `None` when nobody signed.
    /// Only a signature of JAR files unpacks anything: at most `unpacked_bytes_max`.
    ///
    /// # Errors
    /// What the storage says; what is wrong with the signature is in the answer.
    pub fn newest(
        app: &dyn Source,
        directory: &Directory,
        unpacked_bytes_max: u64,
    ) -> io::Result<Option<Result<Vec<Signer>, BlockTrouble>>> {
        Ok(match block::find(app, directory)?.pop() {
            Some((scheme, block)) => {
                let mut digests = block::Digests::default();
                Some(block::check(app, directory, scheme, &block, &mut digests))
            }
            None => jar::check(app, directory, false, unpacked_bytes_max),
        })
    }

    /// The signers of the newest scheme that is there, when its check holds: what a device goes by.
    #[must_use]
    pub fn signers(&self) -> &[Signer] {
        let newest = self.schemes.iter().rfind(|(scheme, _)| *scheme != Scheme::V4);
        newest.and_then(|(_, said)| said.as_deref().ok()).unwrap_or_default()
    }

    /// A scheme that is there and does not hold.
    pub fn broken(&self) -> impl Iterator<Item = (Scheme, &BlockTrouble)> {
        self.schemes.iter().filter_map(|(scheme, said)| Some((*scheme, said.as_ref().err()?)))
    }
}
