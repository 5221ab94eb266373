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

/// The detail of an alert for people: of such a one with the last moment by the clock where they are.
pub(crate) fn of_kind(kind: &str, detail: String) -> String {
    if kind == AlertKind::TriedWhileClosed.name() { in_words(&detail) } else { detail }
}

fn in_words(detail: &str) -> String {
    match detail.split_once(' ') {
        Some((count, at)) => match moment::since(at, 0) {
            Some(at_s) => format!("{count} ({})", moment::local(at_s)),
            None => detail.to_owned(),
        },
        None => detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use sogon_engine::view;
    use sogon_vault::{Cost, Passphrase, SECTOR_BYTES, Size};
    use sogon_wire::{Fingerprint, RelayAddr};

    use super::*;
    use crate::entropy::System;

    fn passphrase() -> Passphrase {
        Passphrase::new("암호 문구").unwrap()
    }

    fn home(path: &Path) {
        let relay = RelayAddr::new("relay.example", 443, Fingerprint([1; 32])).unwrap();
        let (batch, _) = Engine::set_up("Mina", &[relay], &System::new().unwrap()).unwrap();
        let mut vault =
            Vault::create(path, &passphrase(), Size::SMALLEST, Cost::NONE_FOR_TESTS).unwrap();
        vault.commit(&batch).unwrap();
        vault.close().unwrap();
    }

    fn try_wrong(path: &Path, at_s: u64) {
        let wrong = Passphrase::new("something else").unwrap();
        assert!(Vault::enter(path, &wrong, at_s).is_err());
    }

    /// What the owner's log says after one more opening.
    fn log(path: &Path, here: u32) -> Vec<String> {
        let (mut vault, _) = Vault::enter(path, &passphrase(), 0).unwrap();
        let mut engine = Engine::open(&vault, Box::new(System::new().unwrap())).unwrap();
        tell(&mut vault, &mut engine, here).unwrap();
        assert_eq!(vault.row(TOLD, b"").unwrap(), None);
        let (alerts, whole) = view::alerts(&vault).unwrap();
        assert!(whole);
        alerts.into_iter().map(|alert| alert.detail).collect()
    }

    #[test]
    fn a_crash_between_telling_and_forgetting_tells_nothing_twice_and_forgets_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home");
        home(&path);
        assert!(log(&path, 0).is_empty());
        for at_s in [10, 20, 30] {
            try_wrong(&path, at_s);
        }
        let (vault, _) = Vault::enter(&path, &passphrase(), 0).unwrap();
        let row = row_of(&vault.tried().unwrap());
        drop(vault);
        let ground = |bytes: &[u8]| bytes[bytes.len().saturating_sub(SECTOR_BYTES)..].to_vec();
        let before = ground(&fs::read(&path).unwrap());
        let first = "3 1970-01-01T00:00:30Z";
        assert_eq!(log(&path, 0), [first]);
        // As it was when the alert and the row were one commit, and nothing after it was done.
        let (mut vault, _) = Vault::enter(&path, &passphrase(), 0).unwrap();
        vault.commit(&[Change::Put { table: TOLD, key: Vec::new(), value: row }]).unwrap();
        vault.close().unwrap();
        let mut crashed = fs::read(&path).unwrap();
        let end = crashed.len().saturating_sub(SECTOR_BYTES);
        crashed[end..].copy_from_slice(&before);
        fs::write(&path, &crashed).unwrap();
        assert_eq!(log(&path, 0), [first]);
        // And the same with one more try behind it.
        fs::write(&path, &crashed).unwrap();
        try_wrong(&path, 40);
        assert_eq!(log(&path, 0), [first, "1 1970-01-01T00:00:40Z"]);
        // A row of another count counts for nothing.
        try_wrong(&path, 50);
        try_wrong(&path, 60);
        assert_eq!(log(&path, 2).len(), 2, "this process tells them itself");
    }

    #[test]
    fn details_are_read_by_people_and_survive_any_clock() {
        assert!(in_words("3 2025-01-31T12:00:00Z").starts_with("3 (2025-"));
        for odd in ["10000+", "", "3 then", "3 9999-99-99T00:00:00Z"] {
            assert_eq!(in_words(odd), odd);
        }
        let tried = |count, last_s| Tried { count, last_s, mark: [0; 24] };
        assert_eq!(detail(&tried(Tried::COUNT_MAX, None), Tried::COUNT_MAX), "10000+");
        let late = detail(&tried(2, Some(u64::MAX)), 2);
        assert!(late.starts_with("2 9999-") && in_words(&late).starts_with("2 ("), "{late}");
    }
}
