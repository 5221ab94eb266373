//! What the engine hands to a carrier, and what comes back.

use sogon_seal::Posting;
use sogon_wire::{Frame, LogName, RelayAddr, Reply, Request, Seq, Tag};

/// One question for one relay, ready to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where it goes.
    pub relay: RelayAddr,
    /// The answer carries this back.
    pub tag: Tag,
    /// What is asked.
    pub ask: Ask,
}

/// What may be asked of a relay. The only one that carries anything out of the home is a
/// [`Posting`], and only the sealing room makes those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Append this box.
    Append(Posting),
    /// Append this piece of a file: its place means nothing, and everything else goes first.
    Lay(Posting),
    /// As [`Ask::Read`], for pieces of a file: everything else goes first.
    Fetch {
        /// Which log.
        log: LogName,
        /// The last place already read.
        after: Seq,
        /// The most bytes of boxes wanted.
        bytes_max: u32,
    },
    /// The boxes after a place.
    Read {
        /// Which log.
        log: LogName,
        /// The last place already read.
        after: Seq,
        /// The most bytes of boxes wanted.
        bytes_max: u32,
    },
    /// The boxes after a place, and later ones as they come.
    Watch {
        /// Which log.
        log: LogName,
        /// The last place already read.
        after: Seq,
    },
    /// No more of a watched log.
    Unwatch {
        /// Which log.
        log: LogName,
    },
    /// What the relay keeps and allows.
    About,
}

impl Transmit {
    /// What the relay is asked.
    #[must_use]
    pub fn request(&self) -> Request {
        match &self.ask {
            Ask::Append(posting) | Ask::Lay(posting) => Request::Append(posting.append().clone()),
            Ask::Read { log, after, bytes_max } | Ask::Fetch { log, after, bytes_max } => {
                Request::Read { log: *log, after: *after, bytes_max: *bytes_max }
            }
            Ask::Watch { log, after } => Request::Watch { log: *log, after: *after },
            Ask::Unwatch { log } => Request::Unwatch { log: *log },
            Ask::About => Request::About,
        }
    }

    /// It is about a file: everything else goes first.
    #[must_use]
    pub fn is_bulk(&self) -> bool {
        matches!(self.ask, Ask::Lay(_) | Ask::Fetch { .. })
    }

    /// The frame as it goes to the relay.
    #[must_use]
    pub fn frame(&self) -> Vec<u8> {
        self.request().encode(self.tag)
    }
}

/// What a carrier brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A relay answered, or a watched log grew.
    Reply {
        /// Which relay.
        relay: RelayAddr,
        /// The tag of the question; of the watch, for a push.
        tag: Tag,
        /// The answer.
        reply: Reply,
    },
    /// The connection to a relay is gone with every question still open on it.
    Lost {
        /// Which relay.
        relay: RelayAddr,
        /// Why, as far as it can be told.
        why: Loss,
    },
}

/// Why a connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Nobody answered there: no network, wrong address, or a relay that is off.
    Unreachable,
    /// The proxy that leads there does not answer, is none, or does not let us in.
    NoProxy,
    /// It was there and went away.
    HungUp,
    /// Something answered that is not a relay of ours.
    NotARelay,
    /// It proved another key than the one it is known by: somebody stands between, or the relay
    /// was set up anew.
    WrongKey,
}
