//! What every member knows of a conversation from its first epoch on.

use std::fmt;

use minicbor::{Decode, Encode};

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
