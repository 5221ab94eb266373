//! What each kind and state is called by programs: the words of docs/CLI.md and of the app. They do
//! not change.

use crate::view::{AlertKind, Deed, Delivery, Kind, Membership, Person, Stage, Standing};

impl Standing {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Blocked => "blocked",
        }
    }
}

impl Delivery {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Handed => "handed",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

impl Kind {
    /// Its word.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Unknown => "unknown",
            Self::Gap => "gap",
            Self::Membership(_) => "membership",
            Self::File => "file",
            Self::Call => "call",
        }
    }
}

impl Deed {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Came => "came",
            Self::Left => "left",
            Self::Removed => "removed",
            Self::Gone => "gone",
        }
    }
}

impl Person {
    /// A name; none for the owner.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Owner => None,
            Self::Named(name) => Some(name),
        }
    }
}

impl Membership {
    /// The names of others it is about.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.who.iter().filter_map(Person::name)
    }

    /// The key of the sentence that says it: `membership-`, `you-` where it happened to the owner, the
    /// deed, and `-you` or `-by` where it is known who did it.
    #[must_use]
    pub fn words(&self) -> String {
        let whom = if self.who.contains(&Person::Owner) { "you-" } else { "" };
        let by = match &self.by {
            None => "",
            Some(Person::Owner) => "-you",
            Some(Person::Named(_)) => "-by",
        };
        format!("membership-{whom}{}{by}", self.deed.name())
    }
}

impl Stage {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Fetching => "fetching",
            Self::Paused => "paused",
            Self::Here => "here",
            Self::Broken => "broken",
            Self::Missing => "missing",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::NoRoom => "no-room",
            Self::RelayFull => "relay-full",
            Self::Refused => "refused",
        }
    }
}

impl AlertKind {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LinkUsedTwice => "link-used-twice",
            Self::Fork => "fork",
            Self::RelayLost => "relay-lost",
            Self::RelayKey => "relay-key",
            Self::Rejoined => "rejoined",
            Self::Moved => "moved",
            Self::RelaysChanged => "relays-changed",
            Self::Away => "away",
            Self::BadAnswer => "bad-answer",
            Self::KeyChange => "key-change",
            Self::Refused => "refused",
            Self::UnlockFailed => "unlock-failed",
            Self::TriedWhileClosed => "tried-while-closed",
            Self::PassphraseChanged => "passphrase-changed",
            Self::Restored => "restored",
            Self::BackedUp => "backed-up",
            Self::FileBroken => "file-broken",
            Self::ProgramCame => "program-came",
        }
    }
}
