//! Sessions that can be resumed, as the TLS library sees them: it takes one and leaves others.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustls::{
    client::{ClientSessionKey, ClientSessionStore, Tls12Session, Tls13Session},
    crypto::{CryptoProvider, kx::NamedGroup},
};
use zeroize::Zeroizing;

use crate::record::{TICKETS_MAX, Ticket};

/// The tickets of one relay. All come from sessions in which it proved its key, and whose keys go
/// back to a post-quantum key agreement.
#[derive(Default)]
pub(crate) struct Tickets(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// Oldest first.
    kept: Vec<Ticket>,
    /// The one the next connection resumes.
    offered: Option<Tls13Session>,
    /// Whether `kept` is another than when it was last looked at.
    changed: bool,
}

impl Tickets {
    pub(crate) fn new(kept: Vec<Ticket>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Held { kept, ..Held::default() })))
    }

    /// Takes the newest ticket for the connection that is made next; false when there is none.
    pub(crate) fn offer(&self, provider: &CryptoProvider) -> bool {
        let mut held = self.held();
        while let Some(ticket) = held.kept.pop() {
            held.changed = true;
            if let Ok(session) = Tls13Session::from_slice(&ticket, provider) {
                held.offered = Some(session);
                return true;
            }
        }
        false
    }

    pub(crate) fn count(&self) -> usize {
        self.held().kept.len()
    }

    /// Whether they are others than at the last call.
    pub(crate) fn changed(&self) -> bool {
        std::mem::take(&mut self.held().changed)
    }

    /// The tickets, oldest first.
    pub(crate) fn kept(&self) -> Vec<Ticket> {
        self.held().kept.clone()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets(..)")
    }
}

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ClientSessionKey<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ClientSessionKey<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ClientSessionKey<'static>, _: Tls12Session) {}

    fn tls12_session(&self, _: &ClientSessionKey<'_>) -> Option<Tls12Session> {
        None
    }

    fn remove_tls12_session(&self, _: &ClientSessionKey<'static>) {}

    fn insert_tls13_ticket(&self, _: ClientSessionKey<'static>, session: Tls13Session) {
        let mut bytes = Zeroizing::new(Vec::with_capacity(1_024));
        session.encode(&mut bytes);
        let mut held = self.held();
        if held.kept.len() >= TICKETS_MAX {
            held.kept.remove(0);
        }
        held.kept.push(bytes);
        held.changed = true;
    }

    fn take_tls13_ticket(&self, _: &ClientSessionKey<'static>) -> Option<Tls13Session> {
        self.held().offered.take()
    }
}
