//! The outer envelope: makes every box look the same, whatever is in it (SPEC 2.2).
//!
//! `nonce 12 | ChaCha20-Poly1305( kind u8 | length u16 | payload | zeros up to the step )`. It hides
//! the header of an MLS message from the relay; who wrote what is decided inside.

use std::fmt;

use chacha20poly1305::{
    AeadInOut, ChaCha20Poly1305, KeyInit,
    aead::{Buffer, array::Array},
};
use sogon_wire::{BOX_BYTES_MAX, SealedBox, step_for};
use zeroize::Zeroizing;

use crate::{Entropy, SealError, entropy::random};

pub(crate) const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const HEAD_BYTES: usize = 3;
/// What the envelope adds to its payload before padding.
pub const ENVELOPE_BYTES: usize = NONCE_BYTES + TAG_BYTES + HEAD_BYTES;
/// The largest payload one box holds.
pub const PAYLOAD_BYTES_MAX: usize = BOX_BYTES_MAX - ENVELOPE_BYTES;

/// What is in an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something a member wrote: an MLS application message.
    Message,
    /// A change of the keys or the members: an MLS commit.
    Commit,
    /// A member's note in an old log, naming the commit it followed out of it.
    Closing,
    /// A key package, for whoever has the secret.
    Package,
    /// A Welcome, for the maker of the key package.
    Welcome,
    /// A request to be let in again.
    Rescue,
    /// A piece of a file.
    Piece,
    /// A part of what is carried by hand.
    Carried,
}

const KINDS: [(u8, Kind); 8] = [
    (0, Kind::Message),
    (1, Kind::Commit),
    (2, Kind::Closing),
    (3, Kind::Package),
    (4, Kind::Welcome),
    (5, Kind::Rescue),
    (6, Kind::Piece),
    (7, Kind::Carried),
];

/// The key of an envelope. Zeroed when dropped, never printed.
#[derive(Clone)]
pub(crate) struct EnvelopeKey(Zeroizing<[u8; 32]>);

impl EnvelopeKey {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals `payload` into the smallest box that holds it.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] above [`PAYLOAD_BYTES_MAX`].
    pub(crate) fn seal(
        &self,
        entropy: &dyn Entropy,
        kind: Kind,
        payload: &[u8],
    ) -> Result<SealedBox, SealError> {
        self.seal_with(random(entropy), kind, payload)
    }

    /// As [`EnvelopeKey::seal`], with a nonce that is never used for anything else.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] above [`PAYLOAD_BYTES_MAX`].
    pub(crate) fn seal_with(
        &self,
        nonce: [u8; NONCE_BYTES],
        kind: Kind,
        payload: &[u8],
    ) -> Result<SealedBox, SealError> {
        let step =
            step_for(payload.len().saturating_add(ENVELOPE_BYTES)).ok_or(SealError::TooLarge)?;
        let code = KINDS.iter().find(|(_, its)| *its == kind).map_or(0, |(code, _)| *code);
        let length = u16::try_from(payload.len()).map_err(|_| SealError::TooLarge)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(step));
        bytes.push(code);
        bytes.extend(length.to_be_bytes());
        bytes.extend(payload);
        bytes.resize(step.saturating_sub(NONCE_BYTES).saturating_sub(TAG_BYTES), 0);
        let mut sealed: Vec<u8> = std::mem::take(&mut *bytes);
        self.cipher()
            .encrypt_in_place(&Array(nonce), &[], &mut sealed as &mut dyn Buffer)
            .map_err(|_| SealError::Bug)?;
        SealedBox::parse(&[&nonce, sealed.as_slice()].concat()).map_err(|_| SealError::Bug)
    }

    /// Opens a box.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] for another key, a changed byte, an unknown kind or bad padding.
    pub(crate) fn open(&self, boxed: &SealedBox) -> Result<(Kind, Zeroizing<Vec<u8>>), SealError> {
        let (nonce, sealed) =
            boxed.as_bytes().split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Unopenable)?;
        let mut bytes = sealed.to_vec();
        self.cipher()
            .decrypt_in_place(&Array(*nonce), &[], &mut bytes as &mut dyn Buffer)
            .map_err(|_| SealError::Unopenable)?;
        let bytes = Zeroizing::new(bytes);
        let ([code, high, low], rest) =
            bytes.split_first_chunk::<HEAD_BYTES>().ok_or(SealError::Unopenable)?;
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (payload, padding) = rest.split_at_checked(length).ok_or(SealError::Unopenable)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(SealError::Unopenable);
        }
        let kind = KINDS.iter().find(|(its, _)| its == code).map(|(_, kind)| *kind);
        Ok((kind.ok_or(SealError::Unopenable)?, Zeroizing::new(payload.to_vec())))
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Array(*self.0))
    }
}

impl fmt::Debug for EnvelopeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvelopeKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zero;
    impl Entropy for Zero {
        fn fill(&self, out: &mut [u8]) {
            out.fill(0);
        }
    }

    #[test]
    fn every_length_comes_back_and_only_the_step_shows() {
        let key = EnvelopeKey::new([1; 32]);
        for length in [0, 1, 320, 321, 322, 4065, 4066, PAYLOAD_BYTES_MAX] {
            let payload = vec![7; length];
            let boxed = key.seal(&Zero, Kind::Message, &payload).unwrap();
            let (kind, opened) = key.open(&boxed).unwrap();
            assert_eq!((kind, opened.as_slice()), (Kind::Message, payload.as_slice()));
        }
        let longest = vec![7; PAYLOAD_BYTES_MAX + 1];
        assert_eq!(key.seal(&Zero, Kind::Message, &longest), Err(SealError::TooLarge));
    }

    #[test]
    fn a_changed_byte_or_another_key_opens_nothing() {
        let key = EnvelopeKey::new([1; 32]);
        let boxed = key.seal(&Zero, Kind::Message, b"whisper").unwrap();
        assert!(EnvelopeKey::new([2; 32]).open(&boxed).is_err());
        for place in 0..boxed.as_bytes().len() {
            let mut bytes = boxed.as_bytes().to_vec();
            bytes[place] ^= 1;
            assert!(key.open(&SealedBox::parse(&bytes).unwrap()).is_err());
        }
    }
}
