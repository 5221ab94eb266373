//! Media keys and packets (SPEC 12.2): `SFrame` (RFC 9605) with keys from the conversation's epoch.
//!
//! Every packet of a sender has the same head, whatever its counter: the counter begins where its
//! four bytes begin to be needed, and so do the eight of the key's id.

use std::{collections::BTreeMap, fmt};

use sframe::{
    CipherSuite,
    frame::{EncryptedFrameView, FrameCounter, MediaFrameView},
    header::SframeHeader,
    key::{DecryptionKey, EncryptionKey},
};
use zeroize::Zeroizing;

use crate::CallError;

/// What stands around what is sealed: head (config, key id, counter) and tag.
pub const SFRAME_BYTES: usize = 1 + 8 + 4 + 16;
/// What a packet has beside its speech.
pub const AROUND_BYTES: usize = SFRAME_BYTES + crate::packet::HEAD_BYTES;

const SUITE: CipherSuite = CipherSuite::AesGcm256Sha512;
/// The first counter: four bytes from here to [`COUNTER_END`].
const COUNTER_START: u64 = 1 << 24;
const COUNTER_END: u64 = 1 << 32;
/// The keys kept at one time: 16 people, some of whom came back.
const KEYS_MAX: usize = 48;
/// How far behind the newest place of a sender a packet may be.
const WINDOW: u32 = 64;

/// What the members of one epoch share for one call.
#[derive(Clone)]
pub struct CallSecret {
    /// From the exporter.
    pub base: Zeroizing<[u8; 32]>,
    /// Of which epoch.
    pub epoch: u64,
}

impl fmt::Debug for CallSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallSecret(..)")
    }
}

/// Whose packets: a member, and one stay of theirs in a call. A second stay has another, so that no
/// key is ever used twice for a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Voice(u64);

impl Voice {
    /// `leaf` in the tree of `epoch`, with 47 bits of `chance`: fresh for each stay.
    #[must_use]
    pub fn new(leaf: u8, epoch: u64, chance: u64) -> Self {
        let stay = (chance | 1 << 47) & 0xffff_ffff_ffff;
        Self(stay << 16 | u64::from(leaf) << 8 | epoch & 0xff)
    }

    /// Whose.
    #[must_use]
    pub fn leaf(self) -> u8 {
        u8::try_from(self.0 >> 8 & 0xff).unwrap_or(0)
    }

    fn is_of(self, epoch: u64) -> bool {
        self.0 >> 63 == 1 && self.0 & 0xff == epoch & 0xff
    }
}

/// Seals what one member says during one stay.
pub struct Sealer {
    key: EncryptionKey,
    next: u64,
}

impl Sealer {
    /// For this stay.
    ///
    /// # Errors
    ///
    /// [`CallError::Sealing`]: a bug.
    pub fn new(secret: &CallSecret, voice: Voice) -> Result<Self, CallError> {
        let key = EncryptionKey::derive_from(SUITE, voice.0, secret.base.as_slice())
            .map_err(|_| CallError::Sealing)?;
        Ok(Self { key, next: 0 })
    }

    /// Seals `plain` for this place; `SFRAME_BYTES` longer than it.
    ///
    /// # Errors
    ///
    /// [`CallError::Sealing`] when the place is not after the last one, or the stay is over.
    pub fn seal(&mut self, place: u32, plain: &[u8]) -> Result<Vec<u8>, CallError> {
        let counter = u64::from(place).saturating_add(COUNTER_START);
        if counter < self.next || counter >= COUNTER_END {
            return Err(CallError::Sealing);
        }
        self.next = counter.saturating_add(1);
        let frame = MediaFrameView::try_new(&mut At(counter), plain);
        let mut sealed = Vec::new();
        frame
            .and_then(|frame| frame.encrypt_into(&self.key, &mut sealed).map(|_| ()))
            .map_err(|_| CallError::Sealing)?;
        Ok(sealed)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

struct At(u64);

impl FrameCounter for At {
    type Error = std::convert::Infallible;

    fn try_next(&mut self) -> Result<u64, Self::Error> {
        Ok(self.0)
    }
}

/// Opens what the others say.
pub struct Opener {
    secrets: Vec<CallSecret>,
    keys: BTreeMap<Voice, Known>,
}

struct Known {
    key: DecryptionKey,
    newest: u32,
    /// Bit n: the place n behind the newest was opened.
    seen: u64,
}

/// What was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Whose.
    pub voice: Voice,
    /// Its place, in steps of 20 ms since its sender began.
    pub place: u32,
    /// What was sealed.
    pub plain: Zeroizing<Vec<u8>>,
}

impl Opener {
    /// For one epoch.
    #[must_use]
    pub fn new(secret: CallSecret) -> Self {
        Self { secrets: vec![secret], keys: BTreeMap::new() }
    }

    /// A new epoch: what is sealed from now on is sealed in it. What is still under way from the one
    /// before opens until [`Opener::settle`]; what is older does not open any more.
    pub fn turn(&mut self, secret: CallSecret) {
        self.secrets.insert(0, secret);
        self.secrets.truncate(2);
        self.forget_others();
    }

    /// Nothing of an epoch before the present one opens any more.
    pub fn settle(&mut self) {
        self.secrets.truncate(1);
        self.forget_others();
    }

    fn forget_others(&mut self) {
        let secrets = &self.secrets;
        self.keys.retain(|voice, _| secrets.iter().any(|secret| voice.is_of(secret.epoch)));
    }

    /// Opens a packet, once; [`None`] for everything that is not by a member, or comes again, or
    /// comes too late.
    pub fn open(&mut self, packet: &[u8]) -> Option<Opened> {
        let head = SframeHeader::deserialize(packet).ok()?;
        if head.len().checked_add(16)? > packet.len() {
            return None;
        }
        let voice = Voice(head.key_id());
        let counter = head.counter();
        if !(COUNTER_START..COUNTER_END).contains(&counter) {
            return None;
        }
        let place = u32::try_from(counter.checked_sub(COUNTER_START)?).ok()?;
        if let Some(known) = self.keys.get_mut(&voice) {
            known.admits(place).then_some(())?;
            let plain = open(packet, &known.key)?;
            known.note(place);
            return Some(Opened { voice, place, plain });
        }
        // An unknown voice costs a derivation, and is kept only when it is a member's.
        let secret = self.secrets.iter().find(|secret| voice.is_of(secret.epoch))?;
        let key = DecryptionKey::derive_from(SUITE, voice.0, secret.base.as_slice()).ok()?;
        let plain = open(packet, &key)?;
        if self.keys.len() >= KEYS_MAX {
            let longest_silent = self.keys.iter().min_by_key(|(_, known)| known.newest);
            let longest_silent = longest_silent.map(|(voice, _)| *voice)?;
            self.keys.remove(&longest_silent);
        }
        self.keys.insert(voice, Known { key, newest: place, seen: 1 });
        Some(Opened { voice, place, plain })
    }
}

fn open(packet: &[u8], key: &DecryptionKey) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(Vec::new());
    let length = {
        let frame = EncryptedFrameView::try_new(packet).ok()?;
        frame.decrypt_into(key, &mut *plain).ok()?.payload().len()
    };
    plain.truncate(length);
    Some(plain)
}

impl Known {
    fn admits(&self, place: u32) -> bool {
        match self.newest.checked_sub(place) {
            None => true,
            Some(behind) if behind < WINDOW => self.seen >> behind & 1 == 0,
            Some(_) => false,
        }
    }

    fn note(&mut self, place: u32) {
        match self.newest.checked_sub(place) {
            Some(behind) => self.seen |= 1_u64.checked_shl(behind).unwrap_or(0),
            None => {
                let ahead = place.saturating_sub(self.newest);
                self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
                self.newest = place;
            }
        }
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener(..)")
    }
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of tests"
)]
mod tests {
    use super::*;

    fn secret(fill: u8, epoch: u64) -> CallSecret {
        CallSecret { base: Zeroizing::new([fill; 32]), epoch }
    }

    #[test]
    fn every_packet_has_the_same_size_whoever_says_it_and_whenever() {
        for (leaf, epoch, chance) in [(0, 0, 0), (49, u64::MAX, u64::MAX), (7, 300, 12_345)] {
            let mut sealer =
                Sealer::new(&secret(1, epoch), Voice::new(leaf, epoch, chance)).unwrap();
            let mut opener = Opener::new(secret(1, epoch));
            for place in [0, 1, 254, 255, 65_535, 1 << 20, u32::MAX - (1 << 24)] {
                let packet = sealer.seal(place, &[9; 126]).unwrap();
                assert_eq!(packet.len(), 126 + SFRAME_BYTES);
                let opened = opener.open(&packet).unwrap();
                assert_eq!((opened.voice.leaf(), opened.place), (leaf, place));
                assert_eq!(*opened.plain, vec![9; 126]);
            }
            assert_eq!(sealer.seal(u32::MAX, &[9; 126]), Err(CallError::Sealing));
        }
    }

    #[test]
    fn no_counter_is_used_twice() {
        let mut sealer = Sealer::new(&secret(1, 1), Voice::new(0, 1, 5)).unwrap();
        sealer.seal(4, b"one").unwrap();
        assert_eq!(sealer.seal(4, b"two"), Err(CallError::Sealing));
        assert_eq!(sealer.seal(3, b"two"), Err(CallError::Sealing));
        let [mut one, mut two] =
            [1, 2].map(|chance| Sealer::new(&secret(1, 1), Voice::new(0, 1, chance)).unwrap());
        let sealed = [one.seal(0, b"words").unwrap(), two.seal(0, b"words").unwrap()];
        assert_ne!(sealed[0][13..], sealed[1][13..], "a second stay has a key of its own");
    }

    #[test]
    fn nobody_else_opens_it_and_no_bit_of_it_can_be_changed() {
        let mut sealer = Sealer::new(&secret(1, 9), Voice::new(3, 9, 77)).unwrap();
        let packet = sealer.seal(10, b"words").unwrap();
        for other in [secret(2, 9), secret(1, 10), secret(0, 9)] {
            assert_eq!(Opener::new(other).open(&packet), None);
        }
        let mut opener = Opener::new(secret(1, 9));
        for bit in 0..packet.len() * 8 {
            let mut bent = packet.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(opener.open(&bent), None, "bit {bit}");
        }
        for cut in 0..packet.len() {
            assert_eq!(opener.open(&packet[..cut]), None);
        }
        assert!(opener.keys.is_empty(), "rubbish leaves nothing behind");
        assert!(opener.open(&packet).is_some());
    }

    #[test]
    fn a_replay_and_what_is_far_too_late_do_not_open() {
        let mut sealer = Sealer::new(&secret(1, 1), Voice::new(0, 1, 5)).unwrap();
        let packets: Vec<_> = (0..200).map(|place| sealer.seal(place, b"x").unwrap()).collect();
        let mut opener = Opener::new(secret(1, 1));
        for at in [0, 3, 2, 1, 150, 140, 120, 199] {
            assert!(opener.open(&packets[at]).is_some(), "{at}");
        }
        for at in [0, 3, 150, 140, 199, 100, 135] {
            assert!(opener.open(&packets[at]).is_none(), "{at}");
        }
    }

    #[test]
    fn whoever_was_removed_cannot_follow() {
        let [old, new] = [secret(1, 4), secret(2, 5)];
        let mut sealer = Sealer::new(&new, Voice::new(0, 5, 5)).unwrap();
        let (mut member, mut removed) = (Opener::new(old.clone()), Opener::new(old.clone()));
        let mut late = Sealer::new(&old, Voice::new(1, 4, 9)).unwrap();
        member.turn(new);
        assert!(member.open(&sealer.seal(0, b"now").unwrap()).is_some());
        assert!(member.open(&late.seal(0, b"under way").unwrap()).is_some());
        assert!(removed.open(&sealer.seal(1, b"now").unwrap()).is_none());
        member.settle();
        assert!(member.open(&late.seal(1, b"by the removed").unwrap()).is_none());
    }

    #[test]
    fn a_flood_of_voices_fills_no_memory() {
        let mut opener = Opener::new(secret(1, 1));
        for chance in 0..300 {
            let mut sealer = Sealer::new(&secret(1, 1), Voice::new(0, 1, chance)).unwrap();
            assert!(opener.open(&sealer.seal(chance as u32, b"x").unwrap()).is_some());
        }
        assert_eq!(opener.keys.len(), KEYS_MAX);
    }
}
