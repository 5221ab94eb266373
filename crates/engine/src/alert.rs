//! The owner's log: what happened to their security, in a hash chain only they can read (P8).

use sha2::{Digest, Sha256};
use sogon_seal::{
    Desk,
    shelf::{Order, Shelf},
};

use crate::{
    EngineError, WallClock,
    rows::{ALERTS, AlertRow, COUNTERS, decode, encode, number_of, read},
    view::AlertKind,
};

const COUNT: &[u8] = b"alerts";

/// How many entries there are: a shortened log is as broken as a changed one.
pub(crate) fn count(shelf: &dyn Shelf) -> Result<u64, EngineError> {
    Ok(shelf.row(COUNTERS, COUNT)?.map_or(0, |bytes| number_of(&bytes)))
}

/// How far back a repetition is looked for.
const RECENT: usize = 16;

/// Adds an entry, unless one of the latest says the same: others cannot fill the log by repeating
/// themselves.
pub(crate) fn tell_once(
    desk: &Desk<'_>,
    wall: WallClock,
    kind: AlertKind,
    detail: String,
) -> Result<bool, EngineError> {
    for (_, bytes) in desk.scan(ALERTS, b"", None, RECENT, Order::Down)? {
        let row: AlertRow = decode(&bytes)?;
        if row.kind == kind && row.detail == detail {
            return Ok(false);
        }
    }
    tell(desk, wall, kind, detail).map(|()| true)
}

/// The chain after `row` when it was `before`.
pub(crate) fn link(before: &[u8; 32], row: &AlertRow) -> [u8; 32] {
    let bare = AlertRow { chain: [0; 32], ..row.clone() };
    let bytes = encode(&bare).unwrap_or_default();
    Sha256::new()
        .chain_update(b"sogon alert 1")
        .chain_update(before)
        .chain_update(bytes)
        .finalize()
        .into()
}

/// Adds an entry.
pub(crate) fn tell(
    desk: &Desk<'_>,
    wall: WallClock,
    kind: AlertKind,
    detail: String,
) -> Result<(), EngineError> {
    let count = count(desk)?;
    let before = match read::<AlertRow>(desk, ALERTS, &count.to_be_bytes())? {
        Some(row) => row.chain,
        None => [0; 32],
    };
    let mut row = AlertRow { at_s: wall.0, kind, detail, chain: [0; 32] };
    row.chain = link(&before, &row);
    let next = count.saturating_add(1);
    desk.put(ALERTS, &next.to_be_bytes(), encode(&row)?);
    desk.put(COUNTERS, COUNT, next.to_be_bytes().to_vec());
    Ok(())
}

#[cfg(test)]
mod tests {
    use sogon_seal::shelf::{Row, ShelfFault, Table};

    use super::*;
    use crate::view;

    /// A store with nothing in it.
    struct Nothing;

    impl Shelf for Nothing {
        fn row(&self, _: Table, _: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault> {
            Ok(None)
        }

        fn scan(
            &self,
            _: Table,
            _: &[u8],
            _: Option<&[u8]>,
            _: usize,
            _: Order,
        ) -> Result<Vec<Row>, ShelfFault> {
            Ok(Vec::new())
        }

        fn search(&self, _: &str, _: usize) -> Result<Vec<u64>, ShelfFault> {
            Ok(Vec::new())
        }
    }

    fn told(desk: &Desk<'_>) {
        let kinds = [AlertKind::UnlockFailed, AlertKind::Fork, AlertKind::PassphraseChanged];
        for (kind, at) in kinds.into_iter().zip(100..) {
            tell(desk, WallClock(at), kind, "미나".to_owned()).unwrap();
        }
    }

    #[test]
    fn an_entry_that_was_changed_moved_or_removed_breaks_the_chain() {
        let store = Nothing;
        let whole = |change: &dyn Fn(&Desk<'_>)| {
            let desk = Desk::new(&store);
            told(&desk);
            change(&desk);
            view::alerts(&desk).unwrap().1
        };
        assert!(whole(&|_| {}));
        for place in 1_u64..=3 {
            let key = place.to_be_bytes();
            assert!(!whole(&|desk| desk.delete(ALERTS, &key)), "removed {place}");
            let rewritten = |desk: &Desk<'_>| {
                let mut row: AlertRow = read(desk, ALERTS, &key).unwrap().unwrap();
                row.at_s = 1;
                desk.put(ALERTS, &key, encode(&row).unwrap());
            };
            assert!(!whole(&rewritten), "changed {place}");
            let row = |desk: &Desk<'_>| desk.row(ALERTS, &key).unwrap().unwrap();
            assert!(!whole(&|desk| desk.put(ALERTS, &9_u64.to_be_bytes(), row(desk))), "added");
        }
        let swapped = |desk: &Desk<'_>| {
            let [one, two] = [1_u64, 2].map(|place| place.to_be_bytes());
            let rows = [one, two].map(|key| desk.row(ALERTS, &key).unwrap().unwrap());
            let [first, second] = rows;
            desk.put(ALERTS, &one, second);
            desk.put(ALERTS, &two, first);
        };
        assert!(!whole(&swapped));
        let shortened = |desk: &Desk<'_>| {
            desk.delete(ALERTS, &3_u64.to_be_bytes());
            desk.put(COUNTERS, COUNT, 2_u64.to_be_bytes().to_vec());
        };
        // Whoever can rewrite the count too has the keys of the home, and with them everything.
        assert!(whole(&shortened));
    }

    #[test]
    fn what_somebody_repeats_is_told_once_for_a_while() {
        let store = Nothing;
        let desk = Desk::new(&store);
        let once = |at: u64, who: &str| {
            tell_once(&desk, WallClock(at), AlertKind::Refused, who.to_owned()).unwrap()
        };
        assert!(once(1, "미나") && once(2, "준"));
        assert!(!once(3, "미나") && !once(4, "준"));
        for at in 0..RECENT as u64 {
            tell(&desk, WallClock(at), AlertKind::Fork, String::new()).unwrap();
        }
        assert!(once(5, "미나"), "long ago");
        let (alerts, whole) = view::alerts(&desk).unwrap();
        assert!(whole && alerts.len() == RECENT + 3);
    }
}
