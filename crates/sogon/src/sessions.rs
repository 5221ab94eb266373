//! What the transport wants to know again the next time (session tickets and how long the way is),
//! kept as rows of the home: a ticket in a file of its own would tell which relay, and when.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sogon_carry::Memory;
use sogon_engine::{Batch, Change, Order, Shelf, ShelfFault, Table};
use sogon_wire::{Fingerprint, RelayAddr};
use zeroize::Zeroizing;

/// Rows of sessions. The program's own tables are 200 to 219.
const SESSIONS: Table = Table(200);
/// More relays than anybody has.
const RELAYS_MAX: usize = 256;
/// Longer names of hosts do not fit a row's key and are not kept.
const HOST_BYTES_MAX: usize = 200;

/// The sessions of one home, in memory while it is open.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<Known>);

#[derive(Default)]
struct Known {
    bytes: BTreeMap<RelayAddr, Zeroizing<Vec<u8>>>,
    changed: BTreeSet<RelayAddr>,
}

impl Sessions {
    /// What an earlier opening left.
    ///
    /// # Errors
    /// [`ShelfFault`] when the store cannot answer.
    pub(crate) fn load(shelf: &dyn Shelf) -> Result<Self, ShelfFault> {
        let sessions = Self::default();
        for (key, value) in shelf.scan(SESSIONS, &[], None, RELAYS_MAX, Order::Up)? {
            if let Some(relay) = relay_of(&key) {
                sessions.known().bytes.insert(relay, Zeroizing::new(value));
            }
        }
        Ok(sessions)
    }

    /// What has to be stored since the last call.
    pub(crate) fn changes(&self) -> Batch {
        let mut known = self.known();
        let changed = std::mem::take(&mut known.changed);
        let row = |relay: &RelayAddr| {
            Some(Change::Put {
                table: SESSIONS,
                key: key_of(relay)?,
                value: known.bytes.get(relay)?.to_vec(),
            })
        };
        changed.iter().filter_map(row).collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory for Sessions {
    fn recall(&self, relay: &RelayAddr) -> Option<Zeroizing<Vec<u8>>> {
        self.known().bytes.get(relay).cloned()
    }

    fn leave(&self, relay: &RelayAddr, bytes: &[u8]) {
        let mut known = self.known();
        let room = known.bytes.len() < RELAYS_MAX || known.bytes.contains_key(relay);
        if room {
            known.bytes.insert(relay.clone(), Zeroizing::new(bytes.to_vec()));
            known.changed.insert(relay.clone());
        }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions(..)")
    }
}

/// Fingerprint, port, host.
fn key_of(relay: &RelayAddr) -> Option<Vec<u8>> {
    let port = relay.port().to_be_bytes();
    let key = [&relay.fingerprint().0, port.as_slice(), relay.host().as_bytes()].concat();
    (relay.host().len() <= HOST_BYTES_MAX).then_some(key)
}

fn relay_of(key: &[u8]) -> Option<RelayAddr> {
    let (fingerprint, rest) = key.split_first_chunk::<32>()?;
    let (port, host) = rest.split_first_chunk::<2>()?;
    let host = std::str::from_utf8(host).ok()?;
    RelayAddr::new(host, u16::from_be_bytes(*port), Fingerprint(*fingerprint)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_comes_back_from_its_key() {
        for host in ["relay.example", "::1"] {
            let relay = RelayAddr::new(host, 443, Fingerprint([7; 32])).unwrap();
            assert_eq!(relay_of(&key_of(&relay).unwrap()), Some(relay));
        }
        assert_eq!(relay_of(b"short"), None);
    }

    #[test]
    fn only_what_changed_is_stored_and_only_once() {
        let relay = RelayAddr::new("relay.example", 443, Fingerprint([7; 32])).unwrap();
        let sessions = Sessions::default();
        sessions.leave(&relay, b"one");
        sessions.leave(&relay, b"two");
        let batch = sessions.changes();
        assert!(matches!(batch.as_slice(), [Change::Put { value, .. }] if value == b"two"));
        assert!(sessions.changes().is_empty());
        assert_eq!(sessions.recall(&relay).unwrap().as_slice(), b"two");
    }
}
