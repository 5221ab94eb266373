//! Wrong passphrases that were tried while nothing had the home open: found in the container by
//! whoever opens it next, and told to its owner once.

use sogon_engine::{Act, Change, Shelf, Table, view::AlertKind};
use sogon_vault::{Tried, Vault};

use crate::{moment, tries::Met, trouble::Trouble};

/// How many of the present count were told, between that and the beginning of the next: a row that is
/// there only when something went wrong in between. The program's own tables are 200 to 219.
const TOLD: Table = Table(205);

/// An entry for the owner's log, and the row that says that it was made: one commit, so that a crash
/// behind it tells nothing twice and one before it loses nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Telling {
    pub(crate) note: Act,
    pub(crate) told: Option<Change>,
}

/// What is to be told: first of those that this process met, then of what else the container counted.
///
/// # Errors
/// What the store says.
pub(crate) fn untold(vault: &Vault, met: Met) -> Result<Vec<Telling>, Trouble> {
    let row = vault.row(TOLD, b"")?;
    let tried = vault.tried().filter(|tried| tried.count > 0);
    let before = |tried: &Tried| row.as_deref().and_then(|row| told_of(row, tried)).unwrap_or(0);
    let told = |tried: &Tried| before(tried).saturating_add(met.counted).min(tried.count);
    let mut all = Vec::new();
    if met.wrong > 0 {
        let note = Act::Note { kind: AlertKind::UnlockFailed, detail: met.wrong.to_string() };
        all.push(Telling { note, told: tried.map(|tried| put(&tried, told(&tried))) });
    }
    if let Some((tried, new)) = tried.map(|tried| (tried, tried.count.saturating_sub(told(&tried))))
        && new > 0
    {
        let note = Act::Note { kind: AlertKind::TriedWhileClosed, detail: detail(&tried, new) };
        all.push(Telling { note, told: Some(put(&tried, tried.count)) });
    }
    Ok(all)
}

/// Counts from nothing again, once all is told.
///
/// # Errors
/// What the store says; then the row says next time what was told.
pub(crate) fn forget(vault: &mut Vault) -> Result<(), Trouble> {
    if vault.tried().is_some_and(|tried| tried.count > 0) {
        vault.forget_tried()?;
    }
    if vault.row(TOLD, b"")?.is_some() {
        vault.commit(&[Change::Delete { table: TOLD, key: Vec::new() }])?;
    }
    Ok(())
}

fn put(tried: &Tried, told: u32) -> Change {
    let value = [tried.mark.as_slice(), &told.to_be_bytes()].concat();
    Change::Put { table: TOLD, key: Vec::new(), value }
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

    use sogon_engine::{Engine, view};
    use sogon_vault::{Cost, Passphrase, SECTOR_BYTES, Size};
    use sogon_wire::{Fingerprint, RelayAddr};

    use tokio::sync::{broadcast, watch};

    use super::*;
    use crate::{entropy::System, home::Opened, keeper::Keeper};

    const NONE: Met = Met { wrong: 0, counted: 0 };

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

    fn entered(path: &Path) -> (Vault, Cost) {
        Vault::enter(path, &passphrase(), 0).unwrap()
    }

    /// What the owner's log says.
    fn alerts(path: &Path) -> Vec<String> {
        let (vault, _) = entered(path);
        let (alerts, whole) = view::alerts(&vault).unwrap();
        assert!(whole);
        alerts.into_iter().map(|alert| alert.detail).collect()
    }

    fn kept(opened: Opened) -> Keeper {
        let fault = watch::Sender::new(None);
        let said = fault.subscribe();
        let keeper = Keeper::new(opened, None, broadcast::Sender::new(1), fault).unwrap();
        assert!(said.borrow().is_none());
        keeper
    }

    /// What it says after one more opening.
    fn log(path: &Path, met: Met) -> Vec<String> {
        let (vault, cost) = entered(path);
        drop(kept(Opened { vault, cost, met }));
        assert_eq!(entered(path).0.row(TOLD, b"").unwrap(), None);
        alerts(path)
    }

    #[test]
    fn a_crash_between_telling_and_forgetting_tells_nothing_twice_and_forgets_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home");
        home(&path);
        assert!(log(&path, NONE).is_empty());
        for at_s in [10, 20, 30] {
            try_wrong(&path, at_s);
        }
        let row = entered(&path).0.tried().map(|tried| put(&tried, tried.count)).unwrap();
        let ground = |bytes: &[u8]| bytes[bytes.len().saturating_sub(SECTOR_BYTES)..].to_vec();
        let before = ground(&fs::read(&path).unwrap());
        let first = "3 1970-01-01T00:00:30Z";
        assert_eq!(log(&path, NONE), [first]);
        // As it was when the alert and the row were one commit, and nothing after it was done.
        let (mut vault, _) = entered(&path);
        vault.commit(&[row]).unwrap();
        vault.close().unwrap();
        let mut crashed = fs::read(&path).unwrap();
        let end = crashed.len().saturating_sub(SECTOR_BYTES);
        crashed[end..].copy_from_slice(&before);
        fs::write(&path, &crashed).unwrap();
        assert_eq!(log(&path, NONE), [first]);
        // And the same with one more try behind it.
        fs::write(&path, &crashed).unwrap();
        try_wrong(&path, 40);
        assert_eq!(log(&path, NONE), [first, "1 1970-01-01T00:00:40Z"]);
        // A row of another count counts for nothing.
        try_wrong(&path, 50);
        try_wrong(&path, 60);
        let here = Met { wrong: 1, counted: 2 };
        assert_eq!(log(&path, here)[2..], ["1"], "this process tells them itself");
    }

    #[test]
    fn what_this_process_met_is_in_the_container_until_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home");
        home(&path);
        for at_s in [10, 20, 30] {
            try_wrong(&path, at_s);
        }
        let met = Met { wrong: 1, counted: 2 };
        // Killed before it was told, all are somebody's.
        let (vault, _) = entered(&path);
        let tellings = untold(&vault, met).unwrap();
        let kinds = tellings.iter().map(|telling| match &telling.note {
            Act::Note { kind, detail } => (*kind, detail.as_str()),
            other => panic!("{other:?}"),
        });
        let late = "1 1970-01-01T00:00:30Z";
        let expected = [(AlertKind::UnlockFailed, "1"), (AlertKind::TriedWhileClosed, late)];
        assert_eq!(kinds.collect::<Vec<_>>(), expected);
        assert_eq!(untold(&vault, NONE).unwrap().len(), 1);
        drop(vault);
        // Killed between the two, the other is to be told.
        let (mut vault, _) = entered(&path);
        vault.commit(&[tellings[0].told.clone().unwrap()]).unwrap();
        vault.close().unwrap();
        assert_eq!(log(&path, NONE), [late]);
        // Those that the container did not count are told all the same, and hide no others.
        try_wrong(&path, 40);
        let met = Met { wrong: 2, counted: 0 };
        assert_eq!(log(&path, met)[1..], ["2", "1 1970-01-01T00:00:40Z"]);
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
    /// Takes all the room there is, down to the smallest rows.
    fn fill(vault: &mut Vault) {
        for bytes in [60_000_u32, 1_000, 20, 1] {
            for n in 0_u32.. {
                let key = [[0xff; 4], bytes.to_be_bytes(), n.to_be_bytes()].concat();
                let value = vec![7; usize::try_from(bytes).unwrap()];
                // On both sides of the owner's log and of the row: no page has room to spare.
                let changes = [20, 22, 204, 206].map(|table| {
                    let (key, value) = (key.clone(), value.clone());
                    Change::Put { table: Table(table), key, value }
                });
                if vault.commit(&changes).is_err() {
                    break;
                }
            }
        }
    }

    #[tokio::test]
    async fn what_a_full_home_could_not_be_told_it_is_told_when_it_is_made_larger() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home");
        home(&path);
        try_wrong(&path, 10);
        let (mut vault, cost) = entered(&path);
        fill(&mut vault);
        let told = async {
            let (hand, closing) =
                crate::hand::take(Opened { vault, cost, met: NONE }, None).unwrap();
            let before = hand.look(|vault| view::alerts(vault)).await.unwrap();
            assert!(before.0.is_empty(), "{before:?}");
            hand.grow(1).await.unwrap();
            let after = hand.look(|vault| view::alerts(vault)).await.unwrap();
            drop(hand);
            closing.await.unwrap().unwrap();
            after.0.len()
        };
        assert_eq!(tokio::task::LocalSet::new().run_until(told).await, 1);
        assert_eq!(alerts(&path), ["1 1970-01-01T00:00:10Z"]);
        assert_eq!(entered(&path).0.tried().unwrap().count, 0);
    }

    /// How many sectors change while one try is told, with a file to be swept or none.
    fn changed(sweeps: bool) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home");
        home(&path);
        try_wrong(&path, 10);
        let (mut vault, cost) = entered(&path);
        if sweeps {
            let (key, value) = (vec![1; 16], vec![0, 0, 0, 0, 0, 0, 0, 1]);
            vault.commit(&[Change::Put { table: view::SWEPT_FILES, key, value }]).unwrap();
        }
        vault.settle().unwrap();
        let before = fs::read(&path).unwrap();
        let keeper = kept(Opened { vault, cost, met: NONE });
        let after = fs::read(&path).unwrap();
        drop(keeper);
        assert!(!view::sweeps(&entered(&path).0).unwrap());
        let sectors = before.chunks(SECTOR_BYTES).zip(after.chunks(SECTOR_BYTES));
        sectors.filter(|(before, after)| before != after).count()
    }

    #[test]
    fn what_is_to_be_gone_when_it_is_told_is_gone_from_the_log_too() {
        // To settle writes pages, both headers, and noise over the log; a commit writes its records.
        let (alone, with) = (changed(false), changed(true));
        assert!(with >= alone + 3, "{alone} {with}");
    }
}
