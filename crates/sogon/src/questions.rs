//! Which questions are open at relays. The engine says when a burst is over; while it stays
//! connected it never is, so a burst asked for meanwhile is over when nothing is open any more.

use std::collections::BTreeSet;

use sogon_engine::{Arrival, Ask, Transmit};
use sogon_wire::{RelayAddr, Tag};

/// Questions that were transmitted and not yet answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Questions(BTreeSet<(RelayAddr, Tag)>);

impl Questions {
    /// A question leaves. A watch is answered by its first push.
    pub(crate) fn leaves(&mut self, transmit: &Transmit) {
        // Files go on for as long as they are large: nobody waits for them here.
        if !matches!(transmit.ask, Ask::Unwatch { .. }) && !transmit.is_bulk() {
            self.0.insert((transmit.relay.clone(), transmit.tag));
        }
    }

    /// Something came: one answer, or the loss of all of them.
    pub(crate) fn comes(&mut self, arrival: &Arrival) {
        match arrival {
            Arrival::Reply { relay, tag, .. } => {
                self.0.remove(&(relay.clone(), *tag));
            }
            Arrival::Lost { relay, .. } => self.0.retain(|(asked, _)| asked != relay),
        }
    }

    pub(crate) fn none(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use sogon_engine::Loss;
    use sogon_wire::{Fingerprint, LogName, Reply};

    use super::*;

    #[test]
    fn a_question_is_open_until_it_is_answered_or_lost() {
        let relay = RelayAddr::new("relay.example", 443, Fingerprint([1; 32])).unwrap();
        let log = LogName([0; 16]);
        let mut questions = Questions::default();
        for (tag, ask) in
            [(1, Ask::About), (2, Ask::Watch { log, after: 0 }), (3, Ask::Unwatch { log })]
        {
            questions.leaves(&Transmit { relay: relay.clone(), tag, ask });
        }
        let reply = Reply::Appended { seq: 1 };
        questions.comes(&Arrival::Reply { relay: relay.clone(), tag: 1, reply });
        assert!(!questions.none());
        questions.comes(&Arrival::Lost { relay, why: Loss::HungUp });
        assert!(questions.none());
    }
}
