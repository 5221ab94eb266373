//! The chains of one-time keys this relay shares with clients it knows nothing else of.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt, fs, io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sogon_packet::{CHAIN_BYTES, Chain, Keys, PacketId};

use super::guest::Guest;
use crate::{identity::write_private, store::Seconds};

/// The most chains kept; those that were used longest ago go first. About 1 kB each.
const CHAINS_MAX: usize = 65_536;
/// A chain nobody used for so long is forgotten, and with it what it could open.
const UNUSED_S_MAX: Seconds = 30 * 86_400;
/// How many visits in a row may go wrong before they reach this relay.
const AHEAD: usize = 8;
const FILE: &str = "packets";
const KEPT_BYTES: usize = CHAIN_BYTES + 8;

/// Chains in memory. An orderly stop writes them beside the store; a crash costs every client one
/// visit over TLS.
#[derive(Default)]
pub(crate) struct Chains(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    chains: HashMap<u64, Held>,
    ids: HashMap<PacketId, u64>,
    /// The chains by when they were last used.
    order: BTreeMap<u64, u64>,
    counter: u64,
}

struct Held {
    base: Chain,
    /// The ids of the steps from `base` on.
    ids: VecDeque<PacketId>,
    /// Its key in the order of use.
    used: u64,
    used_at: Seconds,
    guest: Arc<Mutex<Guest>>,
}

impl Chains {
    /// Takes back what an orderly stop left. The file goes first: it serves one start.
    pub(crate) fn load(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        fs::remove_file(&path)?;
        let chains = Self::default();
        for one in bytes.as_chunks::<KEPT_BYTES>().0 {
            if let Some((secret, used_at)) = one.split_first_chunk::<CHAIN_BYTES>() {
                let used_at = used_at.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
                chains.kept().add(Chain::new(*secret), used_at, Guest::default());
            }
        }
        Ok(chains)
    }

    /// Leaves the chains for the next start.
    pub(crate) fn save(&self, directory: &Path) -> io::Result<()> {
        let kept = self.kept();
        let mut bytes = Vec::new();
        for held in kept.order.values().filter_map(|number| kept.chains.get(number)) {
            bytes.extend(held.base.as_bytes());
            bytes.extend(held.used_at.to_be_bytes());
        }
        write_private(&directory.join(FILE), &bytes)
    }

    /// A client has a new chain.
    pub(crate) fn add(&self, chain: Chain, now: Seconds) {
        self.kept().add(chain, now, Guest::default());
    }

    /// A client agreed a chain by datagrams, and was proved to be at this address.
    pub(crate) fn add_greeted(&self, chain: Chain, at: Option<SocketAddr>, now: Seconds) {
        self.kept().add(chain, now, Guest::greeted(at));
    }

    /// The keys an id was made from, and whose they are.
    pub(crate) fn find(&self, id: PacketId) -> Option<(Keys, Arc<Mutex<Guest>>)> {
        let kept = self.kept();
        let held = kept.chains.get(kept.ids.get(&id)?)?;
        let steps = held.ids.iter().position(|known| *known == id)?;
        let chain = (0..steps).fold(held.base.clone(), |chain, _| chain.next());
        Some((chain.keys(), Arc::clone(&held.guest)))
    }

    /// A packet under this id was genuine: earlier steps of its chain are over.
    pub(crate) fn used(&self, id: PacketId, now: Seconds) {
        let mut kept = self.kept();
        let Some(number) = kept.ids.get(&id).copied() else { return };
        kept.step_to(number, id, now);
    }

    /// Forgets what was not used for long.
    pub(crate) fn expire(&self, now: Seconds) {
        let mut kept = self.kept();
        let old = |held: &Held| held.used_at.saturating_add(UNUSED_S_MAX) <= now;
        let gone: Vec<u64> =
            kept.chains.iter().filter(|(_, held)| old(held)).map(|(number, _)| *number).collect();
        gone.into_iter().for_each(|number| kept.forget(number));
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, base: Chain, used_at: Seconds, guest: Guest) {
        while self.chains.len() >= CHAINS_MAX {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.forget(oldest);
        }
        let (number, used) = (self.count(), self.count());
        let guest = Arc::new(Mutex::new(guest));
        self.chains.insert(number, Held { base, ids: VecDeque::new(), used, used_at, guest });
        self.order.insert(used, number);
        self.look_ahead(number);
    }

    fn step_to(&mut self, number: u64, id: PacketId, now: Seconds) {
        let used = self.count();
        let Some(held) = self.chains.get_mut(&number) else { return };
        while held.ids.front().is_some_and(|front| *front != id) {
            if let Some(passed) = held.ids.pop_front() {
                self.ids.remove(&passed);
            }
            held.base = held.base.next();
        }
        self.order.remove(&held.used);
        (held.used, held.used_at) = (used, now);
        self.order.insert(used, number);
        self.look_ahead(number);
    }

    fn look_ahead(&mut self, number: u64) {
        let Some(held) = self.chains.get_mut(&number) else { return };
        let mut chain = held.base.clone();
        for place in 0..AHEAD {
            if place >= held.ids.len() {
                let id = chain.keys().id;
                held.ids.push_back(id);
                self.ids.insert(id, number);
            }
            chain = chain.next();
        }
    }

    fn forget(&mut self, number: u64) {
        if let Some(held) = self.chains.remove(&number) {
            self.order.remove(&held.used);
            held.ids.iter().for_each(|id| {
                self.ids.remove(id);
            });
        }
    }

    fn count(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(1);
        self.counter
    }
}

impl fmt::Debug for Chains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chains(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(chain: &Chain, steps: usize) -> PacketId {
        (0..steps).fold(chain.clone(), |chain, _| chain.next()).keys().id
    }

    #[test]
    fn a_client_may_be_some_visits_ahead_and_never_goes_back() {
        let (chains, chain) = (Chains::default(), Chain::new([1; 32]));
        chains.add(chain.clone(), 0);
        assert!(chains.find(step(&chain, AHEAD)).is_none());
        let ahead = step(&chain, AHEAD - 1);
        assert_eq!(chains.find(ahead).unwrap().0.id, ahead);
        assert!(chains.find(step(&chain, 0)).is_some(), "looking steps nowhere");
        chains.used(ahead, 5);
        assert!(chains.find(step(&chain, 0)).is_none(), "what is over cannot be opened any more");
        assert!(chains.find(step(&chain, 2 * AHEAD - 2)).is_some());
        assert!(chains.find(step(&chain, 2 * AHEAD - 1)).is_none());
        assert_eq!(chains.kept().ids.len(), AHEAD);
    }

    #[test]
    fn chains_outlive_an_orderly_stop_and_not_thirty_days() {
        let directory = tempfile::tempdir().unwrap();
        let chains = Chains::load(directory.path()).unwrap();
        let (old, new) = (Chain::new([1; 32]), Chain::new([2; 32]));
        chains.add(old.clone(), 100);
        chains.add(new.clone(), 100);
        chains.used(step(&new, 3), 200);
        chains.save(directory.path()).unwrap();

        let again = Chains::load(directory.path()).unwrap();
        assert!(again.find(step(&old, 0)).is_some());
        assert!(again.find(step(&new, 2)).is_none() && again.find(step(&new, 3)).is_some());
        again.expire(100 + UNUSED_S_MAX);
        assert!(again.find(step(&old, 0)).is_none() && again.find(step(&new, 3)).is_some());
        let kept = again.kept();
        assert_eq!((kept.ids.len(), kept.order.len()), (AHEAD, 1));
    }

    #[test]
    fn the_chain_used_longest_ago_goes_first() {
        let chains = Chains::default();
        let chain = |number: usize| {
            let mut secret = [0; 32];
            secret[..8].copy_from_slice(&number.to_be_bytes());
            Chain::new(secret)
        };
        for number in 0..CHAINS_MAX {
            chains.add(chain(number), 0);
        }
        chains.used(step(&chain(0), 0), 1);
        chains.add(chain(CHAINS_MAX), 1);
        assert!(chains.find(step(&chain(1), 0)).is_none());
        assert!(chains.find(step(&chain(0), 0)).is_some());
        assert_eq!(chains.kept().chains.len(), CHAINS_MAX);
    }
}
