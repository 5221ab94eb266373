//! What a relay tells its operator. There is no line per connection or request, and no event can
//! hold a log, an address or anything a client sent: it would have no place to put it.

use std::fmt;

use crate::store::{Expired, StoreFault};

/// Something an operator may want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The relay serves.
    Serving,
    /// Boxes expired.
    Expired(Expired),
    /// There are as many connections as allowed, and more want in.
    Crowded,
    /// The store failed. The relay should be started again when its disk is well.
    StoreFailed(StoreFault),
    /// `stats` will not work: the admin socket could not be made.
    NoAdminSocket,
    /// The sessions could not be kept for the next start: clients will need full handshakes.
    SessionsNotKept,
    /// The relay takes no more requests and answers what is left.
    Stopping,
    /// Everything is written; the relay is gone.
    Stopped,
}

impl fmt::Display for Event {
    /// One line, with its level.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serving => write!(f, "info: serving"),
            Self::Expired(Expired { boxes, bytes }) => {
                write!(f, "info: {boxes} boxes expired, {bytes} bytes")
            }
            Self::Crowded => write!(f, "warning: more connections than allowed"),
            Self::StoreFailed(fault) => write!(f, "error: {fault}"),
            Self::NoAdminSocket => write!(f, "warning: no admin socket, so no stats"),
            Self::SessionsNotKept => write!(f, "warning: TLS sessions not kept for the next start"),
            Self::Stopping => write!(f, "info: stopping"),
            Self::Stopped => write!(f, "info: stopped"),
        }
    }
}
