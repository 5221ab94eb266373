//! What every member knows of a conversation from its first epoch on.

use std::fmt;

use minicbor::{Decode, Encode};
use sogon_wire::RelayAddr;

use crate::entropy::random;

/// What every member of a conversation knows of it from its first epoch (SPEC 5.2): the group
/// context extension.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Charter {
    /// More than a pair.
    #[n(0)]
    pub group: bool,
    /// The relay that orders its logs, in text form.
    #[n(1)]
    pub relay: String,
    /// From which the rescue log is derived.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub rescue: [u8; 32],
    /// What a group was called when it was made; empty for a pair.
    #[n(3)]
    pub title: String,
    /// Relays that can take its place, in text form, in this order; absent for none.
    #[n(4)]
    pub mirrors: Option<Vec<String>>,
    /// Which of [`Charter::relays`] orders the logs by now; absent for the first.
    #[n(5)]
    pub at: Option<u8>,
}

/// The most relays that can take the place of the first.
pub const MIRRORS_MAX: usize = 3;

impl fmt::Debug for Charter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Charter(..)")
    }
}

impl Charter {
    /// The charter of a new pair.
    #[must_use]
    pub fn pair(relay: String, entropy: &dyn crate::Entropy) -> Self {
        Self { group: false, ..Self::group(String::new(), relay, entropy) }
    }

    /// The charter of a new group.
    #[must_use]
    pub fn group(title: String, relay: String, entropy: &dyn crate::Entropy) -> Self {
        let rescue = random(entropy);
        Self { group: true, relay, rescue, title, mirrors: None, at: None }
    }

    /// The same with these relays behind the first, as far as there is room for them.
    #[must_use]
    pub fn mirrored(self, mirrors: &[String]) -> Self {
        let mut others: Vec<String> = Vec::new();
        for mirror in mirrors.iter().filter(|mirror| **mirror != self.relay) {
            if others.len() < MIRRORS_MAX && !others.contains(mirror) {
                others.push(mirror.clone());
            }
        }
        Self { mirrors: (!others.is_empty()).then_some(others), ..self }
    }

    /// Every relay it knows, the one it began at first.
    #[must_use]
    pub fn relays(&self) -> Vec<String> {
        std::iter::once(&self.relay).chain(self.mirrors.iter().flatten()).cloned().collect()
    }

    /// The relay that orders the logs by now.
    #[must_use]
    pub fn sequencer(&self) -> Option<String> {
        self.relays().into_iter().nth(self.at.unwrap_or(0).into())
    }

    /// Whether every relay of it is an address, in the one form that an address has: written in
    /// another, two that are alike would not look so.
    #[must_use]
    pub fn has_addresses(&self) -> bool {
        let written = |relay: &String| {
            relay.parse::<RelayAddr>().is_ok_and(|address| address.to_string() == *relay)
        };
        self.relays().iter().all(written)
    }

    /// Whether a commit may put `there` in its place (SPEC 5.8): either another of the same relays
    /// orders the logs, or other relays are named behind the first and the same one orders them.
    pub(super) fn allows(&self, there: &Self) -> bool {
        let same = Self { mirrors: self.mirrors.clone(), at: self.at, ..there.clone() } == *self;
        let moves = self.sequencer() != there.sequencer();
        let renames = self.mirrors != there.mirrors;
        same && there.holds()
            && there.has_addresses()
            && moves != renames
            && (moves || self.at == there.at)
    }

    /// Whether its relays are as many as allowed and no two alike.
    pub(super) fn holds(&self) -> bool {
        let mut relays = self.relays();
        let count = relays.len();
        relays.sort();
        relays.dedup();
        let alike = count != relays.len();
        !alike && count <= MIRRORS_MAX.saturating_add(1) && self.sequencer().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relay(place: u8) -> String {
        let key = sogon_wire::Fingerprint([place; 32]);
        RelayAddr::new("relay.example", 443, key).unwrap().to_string()
    }

    #[test]
    fn a_commit_moves_the_logs_or_names_other_relays_and_nothing_else() {
        let (one, two, three) = (relay(1), relay(2), relay(3));
        let here = Charter {
            group: false,
            relay: one.clone(),
            rescue: [5; 32],
            title: String::new(),
            mirrors: Some(vec![two.clone()]),
            at: Some(1),
        };
        let with = |mirrors: &[&String], at| Charter {
            mirrors: Some(mirrors.iter().map(|its| (*its).clone()).collect()),
            at,
            ..here.clone()
        };
        assert!(here.allows(&with(&[&two], Some(0))));
        assert!(here.allows(&with(&[&two], None)));
        assert!(here.allows(&with(&[&two, &three], Some(1))));
        let far = [four_names(), vec![two.clone()]].concat();
        let far: Vec<&String> = far.iter().collect();
        for wrong in [
            here.clone(),
            // The relay that orders the logs keeps its place, and both at once is too much.
            with(&[&three], Some(1)),
            with(&[&three, &two], Some(1)),
            with(&[&two, &three], Some(2)),
            with(&[&two, &three], Some(0)),
            with(&[&two], Some(2)),
            with(&[&two, &two], Some(1)),
            with(&[&two, &one], Some(1)),
            with(&[&two, &"nowhere".to_owned()], Some(1)),
            // The same again, written otherwise.
            with(&[&two, &format!(" {three}")], Some(1)),
            with(&[&two, &format!("{two}\n")], Some(1)),
            with(&far, Some(1)),
            Charter { mirrors: None, ..here.clone() },
            Charter { relay: three.clone(), ..with(&[&two, &one], Some(1)) },
            Charter { rescue: [6; 32], ..with(&[&two, &three], Some(1)) },
            Charter { title: "x".to_owned(), ..with(&[&two], Some(0)) },
            Charter { group: true, ..with(&[&two], Some(0)) },
        ] {
            assert!(!here.allows(&wrong), "{:?} {:?}", wrong.mirrors, wrong.at);
        }
    }

    fn four_names() -> Vec<String> {
        (10..14).map(relay).collect()
    }
}
