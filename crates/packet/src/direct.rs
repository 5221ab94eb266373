//! Keys of packets that go from one side of a call to the other without a relay (SPEC 12.4): one
//! for each way, from a secret of the conversation. Sealed as an answer is: nothing in them stays
//! the same from packet to packet.

use std::fmt;

use zeroize::Zeroizing;

use crate::{
    chain::{CHAIN_BYTES, Chain},
    sealed::{Freshness, open_bare, seal_bare},
};

/// Which side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that called.
    Caller,
    /// The one that took the call.
    Taker,
}

/// What one side seals and opens with.
#[derive(Clone)]
pub struct DirectKeys {
    own: Zeroizing<[u8; 32]>,
    theirs: Zeroizing<[u8; 32]>,
}

impl DirectKeys {
    /// The keys of one side.
    #[must_use]
    pub fn new(secret: &[u8; CHAIN_BYTES], side: Side) -> Self {
        let from = Chain::new(*secret);
        let caller = from.expand(b"sogon direct caller 1");
        let taker = from.expand(b"sogon direct taker 1");
        match side {
            Side::Caller => Self { own: caller, theirs: taker },
            Side::Taker => Self { own: taker, theirs: caller },
        }
    }

    /// Seals what this side says.
    #[must_use]
    pub fn seal(&self, fresh: Freshness, plain: &[u8]) -> Vec<u8> {
        seal_bare(&self.own, fresh, plain)
    }

    /// Opens what the other side said; [`None`] for everything else.
    #[must_use]
    pub fn open(&self, datagram: &[u8]) -> Option<Vec<u8>> {
        open_bare(&self.theirs, datagram)
    }
}

impl fmt::Debug for DirectKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DirectKeys(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_opens_what_the_other_said_and_not_what_it_said_itself() {
        let caller = DirectKeys::new(&[1; 32], Side::Caller);
        let taker = DirectKeys::new(&[1; 32], Side::Taker);
        for (from, to) in [(&caller, &taker), (&taker, &caller)] {
            let sealed = from.seal(Freshness([9; 13]), b"words");
            assert_eq!(to.open(&sealed).unwrap(), b"words");
            assert_eq!(from.open(&sealed), None, "sent back to its sender it is nothing");
            for other in [DirectKeys::new(&[2; 32], Side::Caller), caller.clone(), taker.clone()] {
                let same = other.theirs == to.theirs;
                assert_eq!(other.open(&sealed).is_some(), same);
            }
            for bit in 0..sealed.len() * 8 {
                let mut bent = sealed.clone();
                bent[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(to.open(&bent), None, "bit {bit}");
            }
        }
    }
}
