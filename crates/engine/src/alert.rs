//! The owner's log: what happened to their security, in a hash chain only they can read (P8).

use sha2::{Digest, Sha256};
use sogon_seal::{Desk, shelf::Shelf};

use crate::{
    EngineError, WallClock,
    rows::{ALERTS, AlertRow, COUNTERS, encode, number_of, read},
    view::AlertKind,
};

const COUNT: &[u8] = b"alerts";

/// How many entries there are: a shortened log is as broken as a changed one.
pub(crate) fn count(shelf: &dyn Shelf) -> Result<u64, EngineError> {
    Ok(shelf.row(COUNTERS, COUNT)?.map_or(0, |bytes| number_of(&bytes)))
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
