//! What each kind and state is called by programs: the words of docs/CLI.md and of the app. They do
//! not change.

use crate::view::{AlertKind, Delivery, Kind, Stage, Standing};

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
            Self::Membership => "membership",
            Self::File => "file",
            Self::Call => "call",
        }
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
            Self::PassphraseChanged => "passphrase-changed",
            Self::Restored => "restored",
            Self::BackedUp => "backed-up",
            Self::FileBroken => "file-broken",
            Self::ProgramCame => "program-came",
        }
    }
}
