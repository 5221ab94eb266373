//! What a locked home still does: it fetches boxes it cannot open and lays them into its tray.
//!
//! In memory are the names of logs, the relays they are on, how far they were read, and the tray's
//! present key, which opens nothing that was laid there before.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc, time::Duration};

use sogon_carry::{Carrier, Forgetful, RelayLinks, Ways};
use sogon_engine::{Arrival, Ask, Change, Shelf, Table, Transmit};
use sogon_vault::{Tray, TrayKey, Vault};
use sogon_wire::{Frame, LogName, RelayAddr, Reply, Seq, Tag};

use crate::{home::Home, trouble::Trouble};

/// The key of the tray, while there is one. The program's own tables are 200 to 219.
const TRAY: Table = Table(202);
/// Before a relay that was lost is asked again.
const REST: Duration = Duration::from_secs(30);

/// Logs that are watched, and how far each was read.
pub(crate) type Watched = BTreeMap<(RelayAddr, LogName), Seq>;

/// A locked home's tray, and what is to be laid into it.
#[derive(Debug)]
pub(crate) struct Waiting {
    tray: RefCell<Tray>,
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
        let value = key.bytes().to_vec();
        vault.commit(&[Change::Put { table: TRAY, key: Vec::new(), value }])?;
        vault.reseal()?;
        let tray = RefCell::new(vault.close_with_tray(&key)?);
        Ok(Self { tray, logs: RefCell::new(logs), ways })
    }

    /// Lets go of the file, for somebody to try to open the home.
    pub(crate) fn release(&self) {
        self.tray.borrow_mut().release();
    }

    /// Takes the file again. Without it nothing is kept, and nothing is lost: it is at the relay.
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

    /// False when there is no room.
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
        let kept = self.tray.borrow_mut().put(&piece_of(relay, reply));
        if kept == Ok(true) {
            *after = last;
        }
        kept == Ok(true)
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
    let Some(key) = vault.row(TRAY, b"")?.and_then(|row| TrayKey::restore(&row)) else {
        return Ok(Vec::new());
    };
    let pieces = vault.tray(&key)?;
    vault.commit(&[Change::Delete { table: TRAY, key: Vec::new() }])?;
    Ok(pieces.iter().filter_map(|piece| parse(piece)).collect())
}

#[cfg(test)]
mod tests {
    use sogon_wire::{Fingerprint, STEPS, SealedBox};

    use super::*;

    #[test]
    fn a_piece_of_the_tray_says_where_it_came_from() {
        let relay = RelayAddr::new("relay.example", 443, Fingerprint([1; 32])).unwrap();
        let boxes = vec![SealedBox::parse(&[7; STEPS[0]]).unwrap(); 2];
        let reply = Reply::Entries { log: LogName([3; 16]), from: 4, head: 5, boxes };
        let piece = piece_of(&relay, &reply);
        assert_eq!(parse(&piece), Some((relay, reply)));
        for cut in [0, 1, 2, 30, piece.len() - 1] {
            assert_eq!(parse(&piece[..cut]), None);
        }
    }
}
