//! What a locked home still does: it fetches boxes it cannot open and lays them into its tray.
//!
//! In memory are the names of logs, the relays they are on, how far they were read, the padlock that
//! each piece is closed with, whose key is a row of the home, and the tray's present key, which makes
//! noise of what the padlock closed. Neither opens anything that was laid there or will be.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc, time::Duration};

use sogon_carry::{Carrier, Forgetful, RelayLinks, Ways};
use sogon_engine::{Arrival, Ask, Change, Padlock, PadlockKey, Shelf, Table, Transmit};
use sogon_vault::{Tray, TrayKey, Vault, VaultError};
use sogon_wire::{Frame, LogName, RelayAddr, Reply, Seq, Tag};
use zeroize::Zeroizing;

use crate::{
    entropy::System,
    home::Home,
    trouble::{Kind, Trouble},
};

/// The first key of the tray and the key of its padlock, while there is one. Of a tray that an earlier
/// version made the first key alone: its pieces are as they came. The program's own tables are 200 to
/// 219.
const TRAY: Table = Table(202);
/// Before a relay that was lost is asked again.
const REST: Duration = Duration::from_secs(30);

/// Logs that are watched, and how far each was read.
pub(crate) type Watched = BTreeMap<(RelayAddr, LogName), Seq>;

/// A locked home's tray, and what is to be laid into it.
#[derive(Debug)]
pub(crate) struct Waiting {
    tray: RefCell<Tray>,
    padlock: Padlock,
    logs: RefCell<Watched>,
    /// A locked home goes around its proxy no more than an open one.
    ways: Ways,
}

impl Waiting {
    /// Closes a home, and keeps what it takes to fetch for it.
    ///
    /// # Errors
    /// What the vault says; the home is closed all the same.
    pub(crate) fn close(mut vault: Vault, logs: Watched, ways: Ways) -> Result<Self, Trouble> {
        let key = TrayKey::random()?;
        let (padlock_key, padlock) =
            PadlockKey::random(&System::new()?).map_err(|_| Trouble::from(Kind::Bug))?;
        let value = [key.bytes().as_slice(), padlock_key.bytes()].concat();
        drop(padlock_key);
        vault.commit(&[Change::Put { table: TRAY, key: Vec::new(), value }])?;
        vault.reseal()?;
        let tray = RefCell::new(vault.close_with_tray(&key)?);
        Ok(Self { tray, padlock, logs: RefCell::new(logs), ways })
    }

    /// Lets go of the file, for somebody to try to open the home.
    pub(crate) fn release(&self) {
        self.tray.borrow_mut().release();
    }

    /// Takes the file again, unless somebody opened the home meanwhile: then nobody would read what
    /// is laid there. Without it nothing is kept, and nothing is lost: it is at the relay.
    pub(crate) fn take(&self, home: &Home) {
        let _ = self.tray.borrow_mut().take(&home.container());
    }

    /// Fetches until it is dropped.
    pub(crate) async fn fetch(&self) {
        let mut links = RelayLinks::new(Arc::new(Forgetful::default()), self.ways.clone());
        self.ask(&mut links, None);
        loop {
            match links.next().await {
                Arrival::Reply { relay, reply, .. } => {
                    if !self.keep(&relay, &reply) {
                        break;
                    }
                }
                Arrival::Lost { relay, .. } => {
                    tokio::time::sleep(REST).await;
                    self.ask(&mut links, Some(&relay));
                }
            }
        }
        // No room: the rest waits at the relay.
        links.hang_up().await;
        std::future::pending().await
    }

    fn ask(&self, links: &mut RelayLinks, only: Option<&RelayAddr>) {
        for (tag, ((relay, log), after)) in (1..Tag::MAX).zip(self.logs.borrow().iter()) {
            if only.is_none_or(|only| only == relay) {
                let ask = Ask::Watch { log: *log, after: *after };
                links.transmit(Transmit { relay: relay.clone(), tag, ask });
            }
        }
    }

    /// False when there is no room. Never inlined, as what closes a piece is not: what they leave on
    /// the stack lies below this, where it is overwritten.
    #[inline(never)]
    fn keep(&self, relay: &RelayAddr, reply: &Reply) -> bool {
        let Reply::Entries { log, from, boxes, .. } = reply else { return true };
        let last = from.saturating_add(boxes.len() as u64).saturating_sub(1);
        let mut logs = self.logs.borrow_mut();
        let Some(after) = logs.get_mut(&(relay.clone(), *log)).filter(|after| last > **after)
        else {
            return true;
        };
        if boxes.is_empty() {
            return true;
        }
        let kept = self.put(&piece_of(relay, reply));
        // What closed it went over the stack.
        sogon_vault::overwrite_deeply();
        if kept == Ok(true) {
            *after = last;
        }
        kept == Ok(true)
    }
}

impl Waiting {
    /// Each piece has an encapsulation of its own: nothing that is kept from one to the next opens
    /// either. A piece lies in whole sectors, which mostly have room for it.
    #[inline(never)]
    fn put(&self, piece: &[u8]) -> Result<bool, VaultError> {
        let closed = self.padlock.close(piece).map_err(|_| VaultError::Bug)?;
        self.tray.borrow_mut().put(&closed)
    }
}

/// Where it came from, then the frame as it came.
fn piece_of(relay: &RelayAddr, reply: &Reply) -> Vec<u8> {
    let relay = relay.to_string();
    let length = u16::try_from(relay.len()).unwrap_or(0).to_be_bytes();
    [length.as_slice(), relay.as_bytes(), &reply.encode(0)].concat()
}

fn parse(piece: &[u8]) -> Option<(RelayAddr, Reply)> {
    let (length, rest) = piece.split_first_chunk::<2>()?;
    let (relay, frame) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
    let (_, reply, _) = Reply::decode(frame).ok()??;
    Some((std::str::from_utf8(relay).ok()?.parse().ok()?, reply))
}

/// What is in the tray of a home that was just opened; after this it has none.
///
/// # Errors
/// [`crate::trouble::Kind::Disk`] when the store cannot answer.
pub(crate) fn emptied(vault: &mut Vault) -> Result<Vec<(RelayAddr, Reply)>, Trouble> {
    let Some(row) = vault.row(TRAY, b"")?.map(Zeroizing::new) else { return Ok(Vec::new()) };
    let Some((first, padlock)) = keys_of(&row) else { return Ok(Vec::new()) };
    let pieces = vault.tray(&first)?;
    vault.commit(&[Change::Delete { table: TRAY, key: Vec::new() }])?;
    // What does not open is at the relay still.
    let opened = |piece: Vec<u8>| match &padlock {
        Some(key) => key.open(&piece).ok(),
        None => Some(piece),
    };
    Ok(pieces.into_iter().filter_map(opened).filter_map(|piece| parse(&piece)).collect())
}

fn keys_of(row: &[u8]) -> Option<(TrayKey, Option<PadlockKey>)> {
    let (first, rest) = row.split_at_checked(32)?;
    let padlock = match rest {
        [] => None,
        key => Some(PadlockKey::restore(key)?),
    };
    Some((TrayKey::restore(first)?, padlock))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sogon_vault::{Cost, Passphrase, Size};
    use sogon_wire::{Fingerprint, STEPS, SealedBox};

    use super::*;

    fn relay() -> RelayAddr {
        RelayAddr::new("relay.example", 443, Fingerprint([1; 32])).unwrap()
    }

    fn reply(from: Seq) -> Reply {
        let boxes = vec![SealedBox::parse(&[7; STEPS[0]]).unwrap(); 2];
        Reply::Entries { log: LogName([3; 16]), from, head: from.saturating_add(1), boxes }
    }

    fn passphrase() -> Passphrase {
        Passphrase::new("암호 문구").unwrap()
    }

    fn made(path: &Path) -> Vault {
        Vault::create(path, &passphrase(), Size::SMALLEST, Cost::NONE_FOR_TESTS).unwrap()
    }

    fn opened(path: &Path) -> Vault {
        Vault::open(path, &passphrase(), Cost::NONE_FOR_TESTS).unwrap()
    }

    /// A home that was locked, and its tray at work.
    fn locked(home: &Home) -> Waiting {
        let logs = Watched::from([((relay(), LogName([3; 16])), 0)]);
        let waiting = Waiting::close(made(&home.container()), logs, Ways::Any).unwrap();
        waiting.take(home);
        waiting
    }

    #[test]
    fn what_a_locked_home_has_in_memory_opens_nothing_of_its_tray() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_path_buf());
        let waiting = locked(&home);
        assert!(waiting.keep(&relay(), &reply(1)) && waiting.keep(&relay(), &reply(3)));
        assert!(waiting.keep(&relay(), &reply(3)), "what is there is there");
        waiting.release();
        let mut vault = opened(&home.container());
        let row = vault.row(TRAY, b"").unwrap().unwrap();
        let (first, key) = keys_of(&row).unwrap();
        // Even who had the tray's key from the first moment on has closed pieces.
        let closed = vault.tray(&first).unwrap();
        assert_eq!(closed.len(), 2);
        let boxes = [7; 32];
        for piece in &closed {
            assert_eq!(parse(piece), None);
            assert!(!piece.windows(boxes.len()).any(|bytes| bytes == boxes));
            assert!(parse(&key.as_ref().unwrap().open(piece).unwrap()).is_some());
        }
        let brought = emptied(&mut vault).unwrap();
        assert_eq!(brought, [(relay(), reply(1)), (relay(), reply(3))]);
        assert!(emptied(&mut vault).unwrap().is_empty(), "once");
    }

    #[test]
    fn once_somebody_else_opened_the_home_nothing_more_is_laid_into_its_tray() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_path_buf());
        let waiting = locked(&home);
        assert!(waiting.keep(&relay(), &reply(1)));
        waiting.release();
        // A wrong passphrase opens nothing.
        let wrong = Passphrase::new("아무 말").unwrap();
        assert!(Vault::enter(&home.container(), &wrong, 7).is_err());
        waiting.take(&home);
        assert!(waiting.keep(&relay(), &reply(3)));
        waiting.release();
        drop(opened(&home.container()));
        waiting.take(&home);
        assert!(!waiting.keep(&relay(), &reply(5)));
        // Nor is the file held for it.
        assert_eq!(emptied(&mut opened(&home.container())).unwrap().len(), 2);
    }

    #[test]
    fn a_tray_that_an_earlier_version_left_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home");
        let mut vault = made(&path);
        let key = TrayKey::random().unwrap();
        let value = key.bytes().to_vec();
        vault.commit(&[Change::Put { table: TRAY, key: Vec::new(), value }]).unwrap();
        vault.reseal().unwrap();
        let mut tray = vault.close_with_tray(&key).unwrap();
        tray.take(&path).unwrap();
        assert!(tray.put(&piece_of(&relay(), &reply(9))).unwrap());
        tray.release();
        assert_eq!(emptied(&mut opened(&path)).unwrap(), [(relay(), reply(9))]);
    }

    #[test]
    fn what_was_changed_or_forged_in_a_tray_is_passed_over_and_the_rest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_path_buf());
        let waiting = locked(&home);
        assert!(waiting.keep(&relay(), &reply(1)));
        // By somebody who took the tray's key out of memory, but is no relay.
        let forged = [piece_of(&relay(), &reply(70)), vec![5; 3], vec![6; 2_000]];
        for piece in forged {
            assert!(waiting.tray.borrow_mut().put(&piece).unwrap());
        }
        assert!(waiting.put(b"closed, and no piece").unwrap());
        assert!(waiting.keep(&relay(), &reply(3)));
        waiting.release();
        let mut vault = opened(&home.container());
        assert_eq!(emptied(&mut vault).unwrap(), [(relay(), reply(1)), (relay(), reply(3))]);
        for row in [vec![], vec![1; 31], vec![1; 33], vec![1; 63], vec![1; 65]] {
            assert!(keys_of(&row).is_none());
        }
    }

    #[test]
    fn a_piece_of_the_tray_says_where_it_came_from() {
        let (relay, reply) = (relay(), reply(4));
        let piece = piece_of(&relay, &reply);
        assert_eq!(parse(&piece), Some((relay, reply)));
        for cut in [0, 1, 2, 30, piece.len() - 1] {
            assert_eq!(parse(&piece[..cut]), None);
        }
    }
}
