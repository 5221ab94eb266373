//! A packet as it travels. A question is `first | id | nonce | sealed`, an answer the same without
//! the id: its client has one visit under way. The first byte is that of a QUIC packet with a short
//! header (RFC 9000, 17.3.1), 01 and six bits at random, and so is the place of the id.

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit,
    aead::{Aead, Payload},
};

use crate::chain::{Keys, PacketId};

/// The most bytes a sealed packet may have: what UDP carries over a link of 1,280 bytes.
pub const DATAGRAM_BYTES_MAX: usize = 1_232;
/// What sealing adds to a question.
pub const QUESTION_OVERHEAD_BYTES: usize = HEAD_BYTES + ID_BYTES + NONCE_BYTES + TAG_BYTES;
/// What sealing adds to an answer.
pub const ANSWER_OVERHEAD_BYTES: usize = HEAD_BYTES + NONCE_BYTES + TAG_BYTES;

const HEAD_BYTES: usize = 1;
const ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Randomness for one packet, never used for a second one.
#[derive(Clone, Copy, Debug)]
pub struct Freshness(pub [u8; HEAD_BYTES + NONCE_BYTES]);

/// The id a question was sealed under; [`None`] for bytes that are no question.
#[must_use]
pub fn id_of(datagram: &[u8]) -> Option<PacketId> {
    let (first, rest) = datagram.split_first()?;
    let long_enough = datagram.len() >= QUESTION_OVERHEAD_BYTES;
    let fits = is_first(*first) && long_enough && datagram.len() <= DATAGRAM_BYTES_MAX;
    if fits { rest.first_chunk().map(|id| PacketId(*id)) } else { None }
}

impl Keys {
    /// Seals what a client asks.
    #[must_use]
    pub fn seal_question(&self, fresh: Freshness, plain: &[u8]) -> Vec<u8> {
        let (first, nonce) = parts(fresh);
        let head = [[first].as_slice(), &self.id.0].concat();
        seal(&self.questions, &head, nonce, plain)
    }

    /// Opens what a client asked; [`None`] when it was not sealed with these keys.
    #[must_use]
    pub fn open_question(&self, datagram: &[u8]) -> Option<Vec<u8>> {
        let (head, rest) = datagram.split_at_checked(HEAD_BYTES.saturating_add(ID_BYTES))?;
        id_of(datagram).filter(|id| *id == self.id)?;
        open(&self.questions, head, rest)
    }

    /// Seals what a relay answers.
    #[must_use]
    pub fn seal_answer(&self, fresh: Freshness, plain: &[u8]) -> Vec<u8> {
        seal_bare(&self.answers, fresh, plain)
    }

    /// Opens what a relay answered; [`None`] when it was not sealed with these keys.
    #[must_use]
    pub fn open_answer(&self, datagram: &[u8]) -> Option<Vec<u8>> {
        open_bare(&self.answers, datagram)
    }
}

/// Whether bytes begin as a sealed packet does.
#[must_use]
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| is_first(*first))
}

/// Seals without an id.
pub(crate) fn seal_bare(key: &[u8; 32], fresh: Freshness, plain: &[u8]) -> Vec<u8> {
    let (first, nonce) = parts(fresh);
    seal(key, &[first], nonce, plain)
}

/// Opens what was sealed without an id.
pub(crate) fn open_bare(key: &[u8; 32], datagram: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = datagram.split_at_checked(HEAD_BYTES)?;
    let fits = is_sealed(head) && datagram.len() <= DATAGRAM_BYTES_MAX;
    if fits { open(key, head, rest) } else { None }
}

fn parts(Freshness([first, nonce @ ..]): Freshness) -> (u8, [u8; NONCE_BYTES]) {
    (0x40 | first & 0x3f, nonce)
}

fn is_first(byte: u8) -> bool {
    byte >> 6 == 0b01
}

fn seal(key: &[u8; 32], head: &[u8], nonce: [u8; NONCE_BYTES], plain: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: plain, aad: head };
    // Sealing fails only for gigabytes.
    let sealed = ChaCha20Poly1305::new(key.into()).encrypt(&nonce.into(), payload);
    [head, nonce.as_slice(), &sealed.unwrap_or_default()].concat()
}

fn open(key: &[u8; 32], head: &[u8], rest: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload { msg: sealed, aad: head };
    ChaCha20Poly1305::new(key.into()).decrypt(&(*nonce).into(), payload).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chain;

    fn fresh(byte: u8) -> Freshness {
        Freshness([byte; 13])
    }

    #[test]
    fn a_packet_opens_at_the_other_end_and_nowhere_else() {
        let keys = Chain::new([1; 32]).keys();
        let question = keys.seal_question(fresh(9), b"what is new");
        assert_eq!(question.len(), b"what is new".len() + QUESTION_OVERHEAD_BYTES);
        assert_eq!(id_of(&question), Some(keys.id));
        assert_eq!(keys.open_question(&question).unwrap(), b"what is new");
        let answer = keys.seal_answer(fresh(9), b"nothing");
        assert_eq!(answer.len(), b"nothing".len() + ANSWER_OVERHEAD_BYTES);
        assert_eq!(keys.open_answer(&answer).unwrap(), b"nothing");
        for other in [Chain::new([2; 32]).keys(), Chain::new([1; 32]).next().keys()] {
            assert_eq!(other.open_question(&question), None);
            assert_eq!(other.open_answer(&answer), None);
        }
        assert_eq!(keys.open_answer(&question), None, "one way's packet is not the other's");
    }

    #[test]
    fn one_bit_changed_anywhere_is_refused() {
        let keys = Chain::new([1; 32]).keys();
        let question = keys.seal_question(fresh(3), b"words");
        let answer = keys.seal_answer(fresh(4), b"words");
        for bit in 0..question.len() * 8 {
            let mut bent = question.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(keys.open_question(&bent), None, "bit {bit}");
        }
        for bit in 0..answer.len() * 8 {
            let mut bent = answer.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(keys.open_answer(&bent), None, "bit {bit}");
        }
        for cut in 0..question.len() {
            assert_eq!(keys.open_question(&question[..cut]), None);
        }
    }

    #[test]
    fn the_first_byte_is_that_of_a_short_header() {
        let keys = Chain::new([1; 32]).keys();
        for byte in 0..=u8::MAX {
            let first = keys.seal_answer(fresh(byte), b"")[0];
            assert_eq!(first >> 6, 1);
        }
    }
}
