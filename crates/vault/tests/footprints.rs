#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! Wrong passphrases at a closed home: counted, told to who opens next, and noise to all others.

mod world;

use sogon_vault::{Passphrase, SECTOR_BYTES, Tried, Vault, VaultError};
use world::{COST, Deed, Ram, passphrase, put};

/// Behind nine sectors at the head and four slots of 256.
const GROUND: usize = 9 + 4 * 256;

fn decoy() -> Passphrase {
    Passphrase::new("여름 휴가").unwrap()
}

fn duress() -> Passphrase {
    Passphrase::new("겨울 휴가").unwrap()
}

fn three() -> Ram {
    let ram = Ram::with_home();
    let disk = Box::new(ram.clone());
    let vault = Vault::add_on(disk, &[&passphrase()], &decoy(), Some(&duress()), COST).unwrap();
    vault.close().unwrap();
    ram
}

fn enter(ram: &Ram, with: &Passphrase) -> Result<Vault, VaultError> {
    let entered = Vault::enter_on(Box::new(ram.clone()), with, 0);
    entered.map(|(vault, _)| vault).map_err(VaultError::from)
}

/// Somebody tries what opens nothing, at this moment by their clock. Whether it was counted.
fn try_wrong(ram: &Ram, at_s: u64) -> bool {
    let wrong = Passphrase::new(&format!("wrong at {at_s}")).unwrap();
    let refused = Vault::enter_on(Box::new(ram.clone()), &wrong, at_s).map(drop).unwrap_err();
    assert_eq!(refused.why, VaultError::WrongPassphrase);
    refused.counted
}

fn count(tried: Option<Tried>) -> u32 {
    tried.unwrap().count
}

/// What a home hears when it is opened, which forgets it then.
fn heard(ram: &Ram, with: &Passphrase) -> (u32, Option<u64>) {
    let mut vault = enter(ram, with).unwrap();
    let tried = vault.tried().unwrap();
    vault.forget_tried().unwrap();
    vault.close().unwrap();
    (tried.count, tried.last_s)
}

#[test]
fn whoever_opens_next_hears_how_many_there_were_and_when_the_last_was() {
    let ram = Ram::with_home();
    let size = ram.image().len();
    assert_eq!(heard(&ram, &passphrase()).0, 0);
    for at_s in [70, 90, 80] {
        try_wrong(&ram, at_s);
    }
    assert_eq!(heard(&ram, &passphrase()), (3, Some(80)));
    assert_eq!(heard(&ram, &passphrase()).0, 0, "once");
    try_wrong(&ram, 100);
    // Who opens it and tells nobody has not forgotten.
    for _ in 0..2 {
        assert_eq!(count(enter(&ram, &passphrase()).unwrap().tried()), 1);
    }
    try_wrong(&ram, 110);
    let tried = enter(&ram, &passphrase()).unwrap().tried().unwrap();
    assert_eq!((tried.count, tried.last_s), (2, Some(110)));
    assert_eq!(ram.image().len(), size);
}

#[test]
fn a_decoy_hears_what_a_home_alone_would_hear_of_tries_since_any_home_was_told() {
    let alone = Ram::with_home();
    for (ram, shown) in [(alone, passphrase()), (three(), decoy()), (three(), duress())] {
        // Long ago, and told to nobody who opens the home that is shown.
        try_wrong(&ram, 5);
        heard(&ram, &passphrase());
        for at_s in [70, 80] {
            try_wrong(&ram, at_s);
        }
        assert_eq!(heard(&ram, &shown), (2, Some(80)));
        assert_eq!(heard(&ram, &shown).0, 0);
    }
}

#[test]
fn a_wrong_passphrase_writes_one_sector_whichever_homes_there_are() {
    let mut traces = Vec::new();
    for ram in [Ram::with_home(), three()] {
        let before = ram.image();
        ram.deeds();
        try_wrong(&ram, 7);
        traces.push(ram.deeds());
        let after = ram.image();
        let changed = before.chunks(SECTOR_BYTES).zip(after.chunks(SECTOR_BYTES));
        let changed: Vec<usize> =
            changed.enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect();
        assert_eq!(changed, [GROUND]);
    }
    assert_eq!(traces[0], traces[1]);
    let writes = traces[0].iter().filter(|deed| !matches!(deed, Deed::Read { .. }));
    let writes: Vec<_> = writes.copied().collect();
    assert_eq!(writes, [Deed::Write { sector: GROUND, sectors: 1 }, Deed::Sync]);
}

#[test]
fn an_unlock_writes_the_same_whether_there_is_something_to_be_told_or_not() {
    let whole = three();
    let traces: Vec<_> = [false, true]
        .into_iter()
        .map(|tried| {
            let ram = Ram::of(whole.image());
            if tried {
                try_wrong(&ram, 7);
            }
            ram.deeds();
            let vault = enter(&ram, &decoy()).unwrap();
            let deeds = ram.deeds();
            drop(vault);
            deeds
        })
        .collect();
    assert_eq!(traces[0], traces[1]);
}

#[test]
fn power_that_goes_while_a_wrong_passphrase_is_counted_harms_nobody_and_counts_none_twice() {
    let whole = three();
    try_wrong(&whole, 1);
    let ram = Ram::of(whole.image());
    ram.cut_power_at(1);
    try_wrong(&ram, 2);
    for seed in 0..20 {
        let after = ram.after_power_loss(seed);
        for with in [passphrase(), decoy(), duress()] {
            let after = Ram::of(after.image());
            let tried = enter(&after, &with).unwrap().tried().unwrap();
            let known = [(1, Some(1)), (2, Some(2))];
            assert!(known.contains(&(tried.count, tried.last_s)), "{tried:?}");
        }
    }
}

#[test]
fn power_that_goes_while_it_is_told_counts_none_twice() {
    let whole = three();
    for at_s in 1..=3 {
        try_wrong(&whole, at_s);
    }
    let mark = enter(&Ram::of(whole.image()), &decoy()).unwrap().tried().unwrap().mark;
    for cut in 1..=10 {
        for seed in 0..6 {
            let ram = Ram::of(whole.image());
            ram.cut_power_at(cut);
            if let Ok(mut vault) = enter(&ram, &passphrase()) {
                let _ = vault.forget_tried();
            }
            let after = ram.after_power_loss(seed);
            let tried = enter(&after, &decoy()).unwrap().tried().unwrap();
            // Another mark is another count.
            let expected = if tried.mark == mark { 3 } else { 0 };
            assert_eq!(tried.count, expected, "cut {cut} {seed}");
            assert!(enter(&after, &passphrase()).is_ok());
        }
    }
}

#[test]
fn a_disk_that_is_full_or_refuses_opens_what_it_did_and_nothing_else() {
    let ram = three();
    ram.fill_up_at(Some(ram.written()));
    assert!(!try_wrong(&ram, 1));
    assert_eq!(count(enter(&ram, &passphrase()).unwrap().tried()), 0, "it could not be written");
    ram.fill_up_at(None);
    assert!(try_wrong(&ram, 2));
    ram.fill_up_at(Some(ram.written()));
    let mut vault = enter(&ram, &passphrase()).unwrap();
    assert_eq!(count(vault.tried()), 1);
    assert_eq!(vault.forget_tried().unwrap_err(), VaultError::DiskFull);
    assert_eq!(count(vault.tried()), 1);
    drop(vault);
    ram.fill_up_at(None);
    assert_eq!(heard(&ram, &passphrase()), (1, Some(2)));
}

#[test]
fn a_container_that_grows_or_was_cut_short_goes_on_counting() {
    let ram = Ram::with_home();
    let mut vault = enter(&ram, &passphrase()).unwrap();
    vault.grow(1).unwrap();
    vault.commit(&[put(1, b"a", b"after")]).unwrap();
    vault.close().unwrap();
    assert_eq!(ram.image().len(), (GROUND + 4 * 256 + 1) * SECTOR_BYTES);
    try_wrong(&ram, 3);
    assert_eq!(heard(&ram, &passphrase()), (1, Some(3)));
    // A growth with no room for all of it.
    let mut vault = enter(&ram, &passphrase()).unwrap();
    ram.fill_up_at(Some(ram.written() + 300));
    assert_eq!(vault.grow(1).unwrap_err(), VaultError::DiskFull);
    ram.fill_up_at(None);
    drop(vault);
    drop(enter(&ram, &passphrase()).unwrap());
    try_wrong(&ram, 4);
    assert_eq!(heard(&ram, &passphrase()), (1, Some(4)));
    // A copy that lost its last sector.
    let mut short = ram.image();
    let stripes = (short.len() / SECTOR_BYTES - 9) / 256;
    short.truncate((9 + stripes * 256) * SECTOR_BYTES);
    let ram = Ram::of(short);
    try_wrong(&ram, 5);
    assert_eq!(enter(&ram, &passphrase()).unwrap().tried(), None);
    try_wrong(&ram, 6);
    assert_eq!(heard(&ram, &passphrase()), (1, Some(6)));
}

#[test]
fn what_is_not_told_yet_is_there_after_a_growth_and_after_one_that_fails() {
    let ram = three();
    try_wrong(&ram, 1);
    for room in [0, 1, 300, 600] {
        let mut vault = enter(&ram, &passphrase()).unwrap();
        ram.end_at(Some(GROUND + 1 + room));
        assert_eq!(vault.grow(1).unwrap_err(), VaultError::DiskFull);
        vault.commit(&[put(1, b"a", b"as before")]).unwrap();
        drop(vault);
        ram.end_at(None);
        assert_eq!(enter(&ram, &decoy()).unwrap().tried().unwrap().last_s, Some(1), "{room}");
    }
    let mut vault = enter(&ram, &passphrase()).unwrap();
    vault.grow(1).unwrap();
    assert_eq!(count(vault.tried()), 1);
    drop(vault);
    try_wrong(&ram, 2);
    assert_eq!(heard(&ram, &passphrase()), (2, Some(2)));
    assert_eq!(heard(&ram, &passphrase()).0, 0);
}

#[test]
fn a_sector_of_footprints_that_cannot_be_read_heals_and_keeps_nothing_from_being_wiped() {
    let ram = three();
    try_wrong(&ram, 1);
    ram.spoil(GROUND);
    assert!(!try_wrong(&ram, 2));
    assert_eq!(enter(&ram, &passphrase()).unwrap().tried(), None);
    assert!(try_wrong(&ram, 3));
    assert_eq!(heard(&ram, &decoy()), (1, Some(3)));
    let vault = enter(&ram, &passphrase()).unwrap();
    ram.spoil(GROUND);
    let before = ram.image();
    vault.wipe_container().unwrap();
    let after = ram.image();
    let kept = before.chunks(SECTOR_BYTES).zip(after.chunks(SECTOR_BYTES));
    let kept: Vec<usize> =
        kept.enumerate().filter(|(_, (a, b))| a == b).map(|(at, _)| at).collect();
    assert_eq!(kept, [0], "the salt alone");
}

#[test]
fn wrong_passphrases_of_two_processes_are_counted_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let vault = Vault::create(&path, &passphrase(), sogon_vault::Size::SMALLEST, COST).unwrap();
    let wrong = Passphrase::new("no").unwrap();
    // Nothing is tried, and nothing written, while somebody has it open.
    let refused = Vault::enter(&path, &wrong, 1).map(drop).unwrap_err();
    assert_eq!(refused, VaultError::Busy.into());
    vault.close().unwrap();
    let enter = |with: &Passphrase, at_s| loop {
        match Vault::enter(&path, with, at_s) {
            Err(refused) if refused.why == VaultError::Busy => std::thread::yield_now(),
            other => return other,
        }
    };
    std::thread::scope(|scope| {
        for at_s in [11, 12] {
            let (enter, wrong) = (&enter, &wrong);
            scope.spawn(move || (0..2).for_each(|_| drop(enter(wrong, at_s))));
        }
    });
    let (vault, cost) = enter(&passphrase(), 99).unwrap();
    assert_eq!((count(vault.tried()), cost), (4, COST));
}
