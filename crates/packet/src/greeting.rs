//! Keys of packets before there is a session (SPEC 10.6), from what a relay is known by. They keep
//! nothing from whoever knows the relay: what has to be kept is in TLS. They make these packets
//! look like all others, and leave scanners without an answer.

use crate::chain::{CHAIN_BYTES, Chain, Keys, PacketId};

impl Keys {
    /// The keys of a greeting to the relay whose key has this hash, under an id drawn for it.
    #[must_use]
    pub fn greeting(fingerprint: &[u8; CHAIN_BYTES], id: PacketId) -> Self {
        let from = Chain::new(*fingerprint);
        let key = |info: &[u8]| from.expand(&[info, &id.0].concat());
        Self {
            id,
            questions: key(b"sogon greeting questions 1"),
            answers: key(b"sogon greeting answers 1"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Freshness;

    #[test]
    fn whoever_knows_the_relay_greets_it_and_nobody_else() {
        let id = PacketId([5; 8]);
        let (here, there) = (Keys::greeting(&[1; 32], id), Keys::greeting(&[1; 32], id));
        let other = Keys::greeting(&[2; 32], id);
        let question = here.seal_question(Freshness([3; 13]), b"hello");
        assert_eq!(there.open_question(&question).unwrap(), b"hello");
        assert_eq!(other.open_question(&question), None);
        let answer = there.seal_answer(Freshness([4; 13]), b"hello");
        assert_eq!(here.open_answer(&answer).unwrap(), b"hello");
        assert_eq!(other.open_answer(&answer), None);
        assert_eq!(Chain::new([1; 32]).keys().open_answer(&answer), None, "no step of a chain");
        let later = Keys::greeting(&[1; 32], PacketId([6; 8]));
        assert_eq!(later.open_answer(&answer), None, "nor in another greeting");
    }
}
