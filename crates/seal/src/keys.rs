//! Keys of one log: who may write to it, and the envelope of its boxes.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use sogon_wire::{InviteSecret, LogName, SealedBox};
use zeroize::Zeroizing;

use crate::{
    Entropy, Posting, SealError, WriteKey,
    envelope::{EnvelopeKey, Kind},
};

/// The two keys of a log. Everybody who may read it has both.
pub struct LogKeys {
    seed: Zeroizing<[u8; 32]>,
    log: LogName,
    envelope: EnvelopeKey,
}

impl LogKeys {
    pub(crate) fn new(seed: [u8; 32], envelope: [u8; 32]) -> Self {
        let log = WriteKey::from_seed(&seed).log();
        Self { seed: Zeroizing::new(seed), log, envelope: EnvelopeKey::new(envelope) }
    }

    /// `HKDF-SHA256(secret, label || context)`: 32 bytes of write seed, 32 of envelope key.
    pub(crate) fn derive(
        secret: &[u8; 32],
        label: &[u8],
        context: &[u8],
    ) -> Result<Self, SealError> {
        let seed = expand(secret, &[label, b" write ", context].concat())?;
        let envelope = expand(secret, &[label, b" envelope ", context].concat())?;
        Ok(Self::new(*seed, *envelope))
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> LogName {
        self.log
    }

    /// The secrets and the log's name, to be stored sealed: 80 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.seed.as_slice(), &self.log.0, self.envelope.bytes()].concat()
    }

    /// Takes back what [`LogKeys::to_bytes`] gave.
    ///
    /// # Errors
    /// [`SealError::Bug`] for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SealError> {
        let (seed, rest) = bytes.split_first_chunk::<32>().ok_or(SealError::Bug)?;
        let (log, envelope) = rest.split_first_chunk::<16>().ok_or(SealError::Bug)?;
        let envelope = EnvelopeKey::new(envelope.try_into().map_err(|_| SealError::Bug)?);
        Ok(Self { seed: Zeroizing::new(*seed), log: LogName(*log), envelope })
    }

    pub(crate) fn post(
        &self,
        entropy: &dyn Entropy,
        kind: Kind,
        payload: &[u8],
    ) -> Result<Posting, SealError> {
        Ok(self.sign(self.envelope.seal(entropy, kind, payload)?))
    }

    pub(crate) fn envelope(&self) -> &EnvelopeKey {
        &self.envelope
    }

    pub(crate) fn sign(&self, boxed: SealedBox) -> Posting {
        Posting::sign(&WriteKey::from_seed(&self.seed), boxed)
    }

    pub(crate) fn open(&self, boxed: &SealedBox) -> Result<(Kind, Zeroizing<Vec<u8>>), SealError> {
        self.envelope.open(boxed)
    }

    /// What kind of thing is in a box of this log; `None` for rubbish.
    #[must_use]
    pub fn kind(&self, boxed: &SealedBox) -> Option<Kind> {
        self.open(boxed).ok().map(|(kind, _)| kind)
    }

    fn open_as(&self, wanted: Kind, boxed: &SealedBox) -> Result<Vec<u8>, SealError> {
        let (kind, payload) = self.open(boxed)?;
        if kind == wanted { Ok(payload.to_vec()) } else { Err(SealError::Unopenable) }
    }

    /// Seals a key package for whoever has the keys.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] when it fits no box.
    pub fn post_package(
        &self,
        entropy: &dyn Entropy,
        package: &[u8],
    ) -> Result<Posting, SealError> {
        self.post(entropy, Kind::Package, package)
    }

    /// The key package in a box, unchecked.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] for anything else.
    pub fn open_package(&self, boxed: &SealedBox) -> Result<Vec<u8>, SealError> {
        self.open_as(Kind::Package, boxed)
    }

    /// Seals a Welcome for the maker of the key package it answers.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] when it fits no box.
    pub fn post_welcome(
        &self,
        entropy: &dyn Entropy,
        welcome: &[u8],
    ) -> Result<Posting, SealError> {
        self.post(entropy, Kind::Welcome, welcome)
    }

    /// The Welcome in a box, unchecked.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] for anything else.
    pub fn open_welcome(&self, boxed: &SealedBox) -> Result<Vec<u8>, SealError> {
        self.open_as(Kind::Welcome, boxed)
    }

    /// A note for those still in this log: the commit after which its author left it, by the first
    /// 16 bytes of its box's hash, and the leaf of that commit's author.
    ///
    /// # Errors
    /// [`SealError::Bug`] when a library fails.
    pub fn post_closing(
        &self,
        entropy: &dyn Entropy,
        closing: &Closing,
    ) -> Result<Posting, SealError> {
        let moved: &[u8] = if closing.moved { &[1] } else { &[] };
        let payload = [closing.commit.as_slice(), &closing.author.to_be_bytes(), moved].concat();
        self.post(entropy, Kind::Closing, &payload)
    }

    /// The note in a box.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] for anything else.
    pub fn open_closing(&self, boxed: &SealedBox) -> Result<Closing, SealError> {
        let payload = self.open_as(Kind::Closing, boxed)?;
        let (commit, author) = payload.split_first_chunk::<16>().ok_or(SealError::Unopenable)?;
        let (author, moved) = author.split_first_chunk::<4>().ok_or(SealError::Unopenable)?;
        let moved = match moved {
            [] => false,
            [1] => true,
            _ => return Err(SealError::Unopenable),
        };
        Ok(Closing { commit: *commit, author: u32::from_be_bytes(*author), moved })
    }
}

impl fmt::Debug for LogKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogKeys(..)")
    }
}

/// Which commit its author followed out of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The first 16 bytes of SHA-256 of the commit's box.
    pub commit: [u8; 16],
    /// The leaf of the commit's author.
    pub author: u32,
    /// It moved the logs to another relay.
    pub moved: bool,
}

impl Closing {
    /// Of two commits out of one log the one with the smaller rank counts (SPEC 5.5).
    #[must_use]
    pub fn rank(&self) -> (bool, u32, [u8; 16]) {
        (!self.moved, self.author, self.commit)
    }
}

/// What an invite secret opens: the log its key package lies in, the log its answers go to, and
/// the key mixed into the conversation.
#[derive(Debug)]
pub struct InviteKeys {
    /// Where the key package lies.
    pub package: LogKeys,
    /// Where answers go.
    pub answer: LogKeys,
    pub(crate) psk: Psk,
}

/// A key mixed into a conversation's first epoch, and its name.
pub(crate) struct Psk {
    pub(crate) id: Vec<u8>,
    pub(crate) secret: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Psk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Psk(..)")
    }
}

impl InviteKeys {
    /// Derives them (SPEC 5.3).
    ///
    /// # Errors
    /// [`SealError::Bug`] when a library fails.
    pub fn derive(secret: &InviteSecret) -> Result<Self, SealError> {
        let psk = Psk {
            id: expand(&secret.0, b"sogon invite psk id")?.to_vec(),
            secret: expand(&secret.0, b"sogon invite psk")?,
        };
        Ok(Self {
            package: LogKeys::derive(&secret.0, b"sogon invite package", &[])?,
            answer: LogKeys::derive(&secret.0, b"sogon invite answer", &[])?,
            psk,
        })
    }
}

/// The log in which members who were away too long ask to be let in again (SPEC 5.6).
pub(crate) fn rescue_log(secret: &[u8; 32]) -> Result<LogKeys, SealError> {
    LogKeys::derive(secret, b"sogon rescue", &[])
}

/// The log in which the answer to one such request lies.
pub(crate) fn readmission_log(secret: &[u8; 32], package: &[u8]) -> Result<LogKeys, SealError> {
    LogKeys::derive(secret, b"sogon readmission", package)
}

pub(crate) fn expand(secret: &[u8; 32], label: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealError> {
    let mut out = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, secret)
        .expand(label, out.as_mut_slice())
        .map_err(|_| SealError::Bug)?;
    Ok(out)
}
