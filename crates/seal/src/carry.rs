//! What is carried by hand is sealed once more, with a key of the log it is for: so a card looks like
//! noise to everybody else, and a block that is damaged is noticed and not used (SPEC 13).

use std::fmt;

use sogon_wire::SealedBox;
use zeroize::Zeroizing;

use crate::{
    Entropy, Posting, SealError,
    envelope::{EnvelopeKey, Kind},
    keys::{LogKeys, expand},
};

/// What keys of carrying are made with, from the envelope key of a log (SPEC 13.2).
const LABEL: &[u8] = b"sogon carry 1";

/// The key of everything that is carried by hand for one log.
pub struct CarryKey(EnvelopeKey);

impl CarryKey {
    /// Seals a part of a parcel.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] when it fits no box.
    pub fn seal(&self, entropy: &dyn Entropy, part: &[u8]) -> Result<SealedBox, SealError> {
        self.0.seal(entropy, Kind::Carried, part)
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] for anything else.
    pub fn open(&self, boxed: &SealedBox) -> Result<Zeroizing<Vec<u8>>, SealError> {
        match self.0.open(boxed)? {
            (Kind::Carried, part) => Ok(part),
            _ => Err(SealError::Unopenable),
        }
    }
}

impl fmt::Debug for CarryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CarryKey(..)")
    }
}

impl CarryKey {
    /// The key that follows from the envelope key of a log; of a file's, that is its piece key, which
    /// everybody has who was offered the file.
    ///
    /// # Errors
    /// [`SealError::Bug`] when a library fails.
    pub fn of(envelope_key: &[u8; 32]) -> Result<Self, SealError> {
        let key = expand(envelope_key, LABEL)?;
        Ok(Self(EnvelopeKey::new(*key)))
    }
}

impl LogKeys {
    /// The key of what is carried by hand for this log.
    ///
    /// # Errors
    /// [`SealError::Bug`] when a library fails.
    pub fn carry(&self) -> Result<CarryKey, SealError> {
        CarryKey::of(self.envelope().bytes())
    }

    /// A message that somebody carried here, ready to be handed in at the relay: whoever has the keys
    /// of a log signs a box of it to the same bytes as its author.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] for anything else than a message in an envelope of this log.
    pub fn hand_in(&self, boxed: &SealedBox) -> Result<Posting, SealError> {
        match self.kind(boxed) {
            Some(Kind::Message) => Ok(self.sign(boxed.clone())),
            _ => Err(SealError::Unopenable),
        }
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

    fn keys(byte: u8) -> LogKeys {
        LogKeys::derive(&[byte; 32], b"sogon test", &[]).unwrap()
    }

    #[test]
    fn a_block_opens_for_readers_of_its_log_and_is_no_box_of_it() {
        let (ours, theirs) = (keys(1), keys(2));
        let block = ours.carry().unwrap().seal(&Zero, &[5; 992]).unwrap();
        assert_eq!(block.as_bytes().len(), 1_024);
        assert_eq!(*ours.carry().unwrap().open(&block).unwrap(), [5; 992]);
        assert!(theirs.carry().unwrap().open(&block).is_err());
        assert_eq!(ours.kind(&block), None);
        let frame = ours.carry().unwrap().seal(&Zero, &[5; 320]).unwrap();
        assert_eq!(frame.as_bytes().len(), 352);
        for place in 0..block.as_bytes().len() {
            let mut bytes = block.as_bytes().to_vec();
            bytes[place] ^= 1;
            let changed = SealedBox::parse(&bytes).unwrap();
            assert!(ours.carry().unwrap().open(&changed).is_err());
        }
    }

    #[test]
    fn only_a_message_of_the_log_can_be_handed_in_and_to_the_same_bytes() {
        let (ours, theirs) = (keys(1), keys(2));
        let posting = ours.post(&Zero, Kind::Message, b"words").unwrap();
        assert_eq!(ours.hand_in(posting.boxed()), Ok(posting.clone()));
        assert_eq!(theirs.hand_in(posting.boxed()), Err(SealError::Unopenable));
        let other = ours.post_package(&Zero, b"a package").unwrap();
        assert_eq!(ours.hand_in(other.boxed()), Err(SealError::Unopenable));
        let plain = SealedBox::parse(&[b'a'; 352]).unwrap();
        assert_eq!(ours.hand_in(&plain), Err(SealError::Unopenable));
    }
}
