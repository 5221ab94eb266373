//! Wrong passphrases that were tried while nothing had the home open: found in the container by
//! whoever opens it next, and told to its owner once.

use sogon_engine::{
    Act, Change, Engine, Input, Now, Output, Shelf, Step, Table, Tick, WallClock, view::AlertKind,
};
use sogon_vault::{Tried, Vault};

use crate::{moment, trouble::Trouble};

/// How many of the present count were told, between that and the beginning of the next: a row that is
/// there only when something went wrong in between. The program's own tables are 200 to 219.
const TOLD: Table = Table(205);

/// Writes an alert for what the container counted, but for what this process tells by itself.
///
/// # Errors
/// What the store says; then nothing was told, and is counted on.
pub(crate) fn tell(vault: &mut Vault, engine: &mut Engine, here: u32) -> Result<(), Trouble> {
    let Some(tried) = vault.tried().filter(|tried| tried.count > 0) else { return Ok(()) };
    let told = vault.row(TOLD, b"")?;
    let before = told.as_deref().and_then(|row| told_of(row, &tried)).unwrap_or(0);
    let new = tried.count.saturating_sub(before).saturating_sub(here);
    if new > 0 {
        let note = Act::Note { kind: AlertKind::TriedWhileClosed, detail: detail(&tried, new) };
        let now = Now { tick: Tick(0), wall: WallClock(moment::now_s()) };
        let Step { outputs, .. } = engine.handle(now, Input::Act(note), &*vault)?;
        for output in outputs {
            if let Output::Save(mut batch) = output {
                // Both or none: a crash behind it tells nothing twice.
                batch.push(Change::Put { table: TOLD, key: Vec::new(), value: row_of(&tried) });
                vault.commit(&batch)?;
            }
        }
    }
    // Where that fails, the row says next time what was told.
    if vault.forget_tried().is_ok() && (new > 0 || told.is_some()) {
        vault.commit(&[Change::Delete { table: TOLD, key: Vec::new() }])?;
    }
    Ok(())
}

fn row_of(tried: &Tried) -> Vec<u8> {
    [tried.mark.as_slice(), &tried.count.to_be_bytes()].concat()
}

/// How many of this count the row says were told.
fn told_of(row: &[u8], tried: &Tried) -> Option<u32> {
    let count = row.strip_prefix(tried.mark.as_slice())?;
    count.try_into().ok().map(u32::from_be_bytes)
}

fn detail(tried: &Tried, new: u32) -> String {
    let more = if tried.count >= Tried::COUNT_MAX { "+" } else { "" };
    match tried.last_s {
        Some(at_s) => format!("{new}{more} {}", moment::utc(at_s)),
        None => format!("{new}{more}"),
    }
}

/// The detail of such an alert for people: with the last moment by the clock where they are.
pub(crate) fn in_words(detail: &str) -> String {
    match detail.split_once(' ') {
        Some((count, at)) => match moment::since(at, 0) {
            Some(at_s) => format!("{count} ({})", moment::local(at_s)),
            None => detail.to_owned(),
        },
        None => detail.to_owned(),
    }
}
