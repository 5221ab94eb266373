//! Who signed an app: APK signature schemes v1 to v4 (AOSP, "Application signing"), each checked
//! against the bytes of the app, not believed.

mod algorithm;
mod block;
mod jar;
mod tree;

use std::io;

use sha2::{Digest, Sha256};

pub use block::{BlockTrouble, Scheme};

use crate::{archive::zip::Directory, source::Source};

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
        if let Some(said) = jar::check(app, directory, !blocks.is_empty()) {
            schemes.push((Scheme::V1, said));
        }
        for (scheme, block) in blocks {
            schemes.push((scheme, block::check(app, directory, scheme, &block)));
        }
        if let Some(beside) = beside {
            schemes.push((Scheme::V4, tree::check(app, beside)));
        }
        Ok(Self { schemes })
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
