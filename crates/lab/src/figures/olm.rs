//! The peer for sealing: Olm, as vodozemac does it. It seals to one person, without post-quantum
//! keys, without padding, and without a signature that a relay could check.

use std::time::{Duration, Instant};

use sogon_wire::STEPS;
use vodozemac::{
    Ed25519SecretKey,
    olm::{Account, OlmMessage, Session, SessionConfig, SessionPickle},
};

/// Two sessions that have heard of each other.
pub(crate) struct Olm([Session; 2]);

impl Olm {
    /// Two people who met.
    pub(crate) fn new() -> Self {
        let (mina, mut joon) = (Account::new(), Account::new());
        joon.generate_one_time_keys(1);
        let key = *joon.one_time_keys().values().next().unwrap();
        let config = SessionConfig::version_1();
        let mut out = mina.create_outbound_session(config, joon.curve25519_key(), key).unwrap();
        let OlmMessage::PreKey(first) = out.encrypt("first").unwrap() else {
            unreachable!("nothing was answered yet")
        };
        let begun = joon.create_inbound_session(config, mina.curve25519_key(), &first).unwrap();
        let mut olm = Self([out, begun.session]);
        olm.pass(1, "second");
        olm
    }

    /// Passes a text and gives how long it took to seal and to open it, bytes in, bytes out.
    pub(crate) fn pass(&mut self, from: usize, text: &str) -> (Duration, Duration) {
        let begun = Instant::now();
        let (kind, bytes) = self.0[from].encrypt(text).unwrap().to_parts();
        let sealed = begun.elapsed();
        let begun = Instant::now();
        let message = OlmMessage::from_parts(kind, &bytes).unwrap();
        let plain = self.0[1 - from].decrypt(&message).unwrap();
        let opened = begun.elapsed();
        assert_eq!(plain, text.as_bytes());
        (sealed, opened)
    }

    /// How many bytes a text becomes.
    pub(crate) fn bytes_of(&mut self, text: &str) -> usize {
        self.pass(1, "answer");
        self.pass(0, text);
        self.0[0].encrypt(text).unwrap().to_parts().1.len()
    }
}

/// The same two, each reading its state before a message and writing it, sealed, after it: what a
/// program does that must not lose it.
pub(crate) struct KeptOlm {
    states: [String; 2],
    key: [u8; 32],
}

impl KeptOlm {
    /// Two people who met.
    pub(crate) fn new() -> Self {
        let key = [7; 32];
        let states = Olm::new().0.map(|session| session.pickle().encrypt(&key));
        Self { states, key }
    }

    fn step<T>(&mut self, who: usize, step: impl FnOnce(&mut Session) -> T) -> T {
        let state = SessionPickle::from_encrypted(&self.states[who], &self.key).unwrap();
        let mut session = Session::from_pickle(state);
        let result = step(&mut session);
        self.states[who] = session.pickle().encrypt(&self.key);
        result
    }

    /// As [`Olm::pass`].
    pub(crate) fn pass(&mut self, from: usize, text: &str) -> (Duration, Duration) {
        let begun = Instant::now();
        let (kind, bytes) = self.step(from, |session| session.encrypt(text).unwrap().to_parts());
        let sealed = begun.elapsed();
        let begun = Instant::now();
        let message = OlmMessage::from_parts(kind, &bytes).unwrap();
        let plain = self.step(1 - from, |session| session.decrypt(&message).unwrap());
        let opened = begun.elapsed();
        assert_eq!(plain, text.as_bytes());
        (sealed, opened)
    }
}

/// A floor for what is signed: the two signatures on a box, one for its readers and one for the
/// relay, and the one its reader checks.
pub(crate) struct Signatures(Ed25519SecretKey);

impl Signatures {
    /// A key.
    pub(crate) fn new() -> Self {
        Self(Ed25519SecretKey::new())
    }

    /// How long signing twice and checking once took, over so many bytes as a box has.
    pub(crate) fn pass(&self) -> (Duration, Duration) {
        let (boxed, public) = ([7; STEPS[0]], self.0.public_key());
        let begun = Instant::now();
        let signatures = [self.0.sign(&boxed), self.0.sign(&boxed)];
        let signed = begun.elapsed();
        let begun = Instant::now();
        public.verify(&boxed, &signatures[0]).unwrap();
        (signed, begun.elapsed())
    }
}
