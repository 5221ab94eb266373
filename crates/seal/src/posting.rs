//! What may leave a home: a sealed box signed with its log's write key.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sogon_wire::{
    Append, Frame, LogName, Pass, PublicWriteKey, Request, SealedBox, WriteSignature,
};

/// The key that may append to one log (Ed25519). Zeroed when dropped, never printed.
pub struct WriteKey(SigningKey);

impl WriteKey {
    /// The key whose secret half is `seed`.
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicWriteKey {
        PublicWriteKey(self.0.verifying_key().to_bytes())
    }

    /// The right to be in the room of this key.
    pub(crate) fn pass(&self) -> Pass {
        let key = self.public();
        let signature = self.0.sign(&Pass::signed_bytes(&key)).to_bytes();
        Pass { key, signature: WriteSignature(signature) }
    }

    /// The log it writes to.
    #[must_use]
    pub fn log(&self) -> LogName {
        self.public().log()
    }
}

impl fmt::Debug for WriteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteKey(..)")
    }
}

/// A signed box: the only thing a carrier takes out of a home.
///
/// It is made by sealing, or read back from the store and then only if its signature holds; so
/// there is no way from a plain text to a carrier.
///
/// ```compile_fail
/// fn forged(append: sogon_wire::Append) -> sogon_seal::Posting {
///     sogon_seal::Posting { append }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    append: Append,
}

/// Stored bytes that are not a posting of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a signed box")]
pub struct NotAPosting;

impl Posting {
    pub(crate) fn sign(key: &WriteKey, boxed: SealedBox) -> Self {
        let signature = key.0.sign(&Append::signed_bytes(&boxed)).to_bytes();
        Self { append: Append { key: key.public(), signature: WriteSignature(signature), boxed } }
    }

    /// Takes back what [`Posting::to_bytes`] gave.
    ///
    /// # Errors
    /// [`NotAPosting`] when the bytes are anything else, or the signature does not hold.
    pub fn restore(bytes: &[u8]) -> Result<Self, NotAPosting> {
        let (_, request, used) =
            Request::decode(bytes).map_err(|_| NotAPosting)?.ok_or(NotAPosting)?;
        let Request::Append(append) = request else { return Err(NotAPosting) };
        if used != bytes.len() {
            return Err(NotAPosting);
        }
        Self::signed(append)
    }

    /// An append that somebody else made, if its signature holds.
    ///
    /// # Errors
    /// [`NotAPosting`] when it does not.
    pub fn signed(append: Append) -> Result<Self, NotAPosting> {
        let key = VerifyingKey::from_bytes(&append.key.0).map_err(|_| NotAPosting)?;
        let signature = Signature::from_bytes(&append.signature.0);
        key.verify_strict(&Append::signed_bytes(&append.boxed), &signature)
            .map_err(|_| NotAPosting)?;
        Ok(Self { append })
    }

    /// The bytes to store while it waits.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        Request::Append(self.append.clone()).encode(0)
    }

    /// What goes to the relay.
    #[must_use]
    pub fn append(&self) -> &Append {
        &self.append
    }

    /// The box in it.
    #[must_use]
    pub fn boxed(&self) -> &SealedBox {
        &self.append.boxed
    }

    /// The log it goes to.
    #[must_use]
    pub fn log(&self) -> LogName {
        self.append.key.log()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_posting_comes_back_whole_or_not_at_all() {
        let key = WriteKey::from_seed(&[7; 32]);
        let posting = Posting::sign(&key, SealedBox::parse(&[1; 352]).unwrap());
        let bytes = posting.to_bytes();
        assert_eq!(Posting::restore(&bytes), Ok(posting));
        for place in (0..bytes.len()).filter(|place| *place != 1 && *place != 2) {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert_eq!(Posting::restore(&changed), Err(NotAPosting), "byte {place}");
        }
    }
}
