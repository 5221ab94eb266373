#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! The power goes at any moment: what was acknowledged is there, the rest whole or not at all.

mod world;

use sogon_engine::{Change, Row, Shelf};
use sogon_vault::{Passphrase, SECTOR_BYTES, Vault, VaultError};
use world::{COST, Dice, Ram, delete, index, passphrase, put, rows};

/// What a person sees of a home: the rows, and where two words lead.
type Seen = (Vec<Vec<Row>>, Vec<u64>, Vec<u64>);

fn seen(vault: &Vault) -> Seen {
    (rows(vault), vault.search("비밀", 99).unwrap(), vault.search("우산", 99).unwrap())
}

/// A session that uses everything: small and large rows, growth, deletion, words.
fn batches(seed: u64) -> Vec<Vec<Change>> {
    let mut dice = Dice(seed);
    let large = dice.bytes(30_000);
    let mut changed = large.clone();
    changed[9_000..9_200].fill(9);
    let huge = dice.bytes(120_000);
    let mut batches = vec![
        vec![put(1, b"a", b"first"), index(1, "비밀번호")],
        vec![put(2, b"large", &large), put(1, b"a", b"second")],
        vec![put(2, b"large", &changed), index(2, "우산과 비밀")],
        vec![put(3, b"huge", &huge), put(1, b"b", b"")],
        vec![delete(2, b"large"), index(1, "우산")],
        vec![put(2, b"again", &large), Change::Unindex { id: 2 }],
        vec![delete(3, b"huge"), put(3, b"small", b"s")],
    ];
    for round in 0..4_u64 {
        let key = [u8::try_from(dice.roll(4)).unwrap()];
        let size = usize::try_from(dice.roll(2_000)).unwrap();
        let text = if dice.roll(2) == 0 { "비밀" } else { "우산" };
        batches.push(vec![put(4, &key, &dice.bytes(size)), index(round, text)]);
    }
    batches
}

/// Runs the session until the power goes, settling now and then; says how many were acknowledged.
fn run(ram: &Ram, batches: &[Vec<Change>]) -> usize {
    let Ok(mut vault) = ram.open() else { return 0 };
    for (done, batch) in batches.iter().enumerate() {
        if vault.commit(batch).is_err() {
            return done;
        }
        if done % 5 == 3 && vault.settle().is_err() {
            return done + 1;
        }
    }
    let _ = vault.close();
    batches.len()
}

/// What is seen after each number of batches.
fn history(home: &Ram, batches: &[Vec<Change>]) -> Vec<Seen> {
    let mut vault = Ram::of(home.image()).open().unwrap();
    let mut history = vec![seen(&vault)];
    for batch in batches {
        vault.commit(batch).unwrap();
        history.push(seen(&vault));
    }
    history
}

#[test]
fn a_power_cut_at_every_write_loses_nothing_acknowledged() {
    let home = Ram::with_home();
    let batches = batches(1);
    let history = history(&home, &batches);
    let whole = Ram::of(home.image());
    assert_eq!(run(&whole, &batches), batches.len());
    assert!(whole.written() > 150);
    for cut in 1..=whole.written() {
        let ram = Ram::of(home.image());
        ram.cut_power_at(cut);
        let acknowledged = run(&ram, &batches);
        for seed in 0..1 {
            let after = ram.after_power_loss(cut as u64 * 10 + seed);
            let vault = after.open().unwrap_or_else(|error| panic!("cut {cut}: {error}"));
            let now = seen(&vault);
            let next = (acknowledged + 1).min(batches.len());
            assert!(
                now == history[acknowledged] || now == history[next],
                "cut {cut} seed {seed}: {acknowledged} batches were acknowledged"
            );
            vault.check().unwrap_or_else(|error| panic!("cut {cut}: {error}"));
        }
    }
}

#[test]
fn power_cuts_during_recovery_and_after_it_lose_nothing_either() {
    let home = Ram::with_home();
    let batches = batches(2);
    let history = history(&home, &batches);
    let total = {
        let ram = Ram::of(home.image());
        run(&ram, &batches);
        ram.written()
    };
    for seed in 0..400_u64 {
        let mut dice = Dice(seed);
        let mut ram = Ram::of(home.image());
        ram.cut_power_at(1 + usize::try_from(dice.roll(total as u64)).unwrap());
        let mut done = run(&ram, &batches);
        for _ in 0..4 {
            ram = ram.after_power_loss(dice.roll(u64::MAX));
            ram.cut_power_at(1 + usize::try_from(dice.roll(60)).unwrap());
            let vault = match ram.open() {
                Ok(vault) => vault,
                Err(error) => {
                    assert!(ram.is_off(), "seed {seed}: cut off only, it must open: {error:?}");
                    continue;
                }
            };
            let now = seen(&vault);
            let next = (done + 1).min(batches.len());
            assert!(now == history[done] || now == history[next], "seed {seed}");
            done = if now == history[done] { done } else { next };
            drop(vault);
            done += run(&ram, &batches[done..]);
        }
        let vault = ram.after_power_loss(dice.roll(u64::MAX)).open().unwrap();
        let now = seen(&vault);
        assert!(now == history[done] || now == history[(done + 1).min(batches.len())]);
        vault.check().unwrap();
    }
}

#[test]
fn a_second_home_costs_the_first_nothing_whichever_copy_was_torn_and_whenever_power_goes() {
    let image = Ram::with_home().image();
    let second = Passphrase::new("여름 휴가 사진").unwrap();
    // One of them is the home's own; nobody else knows which.
    for block in 1..9 {
        let mut torn = image.clone();
        torn[block * SECTOR_BYTES..][..512].fill(0);
        for (cut, seed) in (1..=3).flat_map(|cut| (0..6).map(move |seed| (cut, seed))) {
            let ram = Ram::of(torn.clone());
            ram.cut_power_at(cut);
            let disk = Box::new(ram.clone());
            let _ = Vault::add_on(disk, &[&passphrase()], &second, None, COST);
            let opened = ram.after_power_loss(seed).open();
            opened.unwrap_or_else(|error| panic!("block {block}, cut {cut} {seed}: {error}"));
        }
    }
}

#[test]
fn a_full_disk_is_said_so_and_loses_nothing() {
    let home = Ram::with_home();
    let batches = batches(3);
    let history = history(&home, &batches);
    let total = {
        let ram = Ram::of(home.image());
        run(&ram, &batches);
        ram.written()
    };
    for full_at in (0..total).step_by(3) {
        let ram = Ram::of(home.image());
        ram.fill_up_at(Some(full_at));
        let Ok(mut vault) = ram.open() else { continue };
        for (done, batch) in batches.iter().enumerate() {
            if done % 5 == 4 {
                let settled = vault.settle();
                assert!(matches!(settled, Ok(()) | Err(VaultError::DiskFull)), "at {full_at}");
            }
            let Err(error) = vault.commit(batch) else { continue };
            assert!(matches!(error, VaultError::DiskFull | VaultError::Reopen), "at {full_at}");
            // After a settling that stopped half way the home may ask to be opened again.
            if error == VaultError::Reopen {
                drop(vault);
                ram.fill_up_at(None);
                vault = ram.open().unwrap();
            }
            assert!(seen(&vault) == history[done], "at {full_at}");
            // Somebody deletes a film, and writing goes on.
            ram.fill_up_at(None);
            vault.commit(batch).unwrap_or_else(|error| panic!("at {full_at}: {error}"));
            assert!(seen(&vault) == history[done + 1], "at {full_at}");
        }
        drop(vault);
        ram.fill_up_at(None);
        assert!(seen(&ram.open().unwrap()) == history[batches.len()], "at {full_at}");
    }
}

#[test]
fn a_full_home_is_said_so_and_loses_nothing() {
    let ram = Ram::with_home();
    let mut vault = ram.open().unwrap();
    let mut dice = Dice(4);
    let mut stored = 0_u32;
    let error = loop {
        let batch = [put(1, &stored.to_be_bytes(), &dice.bytes(20_000)), put(2, b"n", &[1; 90])];
        match vault.commit(&batch) {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, VaultError::HomeFull);
    assert!(stored > 30, "{stored}");
    assert_eq!(rows(&vault)[1].len(), stored as usize);
    vault.commit(&[delete(1, &0_u32.to_be_bytes())]).unwrap();
    vault.commit(&[put(1, b"x", &dice.bytes(15_000))]).unwrap();
    let before = rows(&vault);
    vault.close().unwrap();
    let mut vault = ram.open().unwrap();
    assert!(rows(&vault) == before);
    vault.check().unwrap();
    // A larger container gives every home more room.
    let error = vault.commit(&[put(1, b"y", &vec![5; 200_000])]).unwrap_err();
    assert_eq!(error, VaultError::HomeFull);
    vault.grow(1).unwrap();
    vault.commit(&[put(1, b"y", &vec![5; 200_000])]).unwrap();
    vault.close().unwrap();
    ram.open().unwrap().check().unwrap();
}

#[test]
fn a_batch_too_large_for_one_step_is_refused_and_loses_nothing() {
    let ram = Ram::with_home();
    let mut vault = ram.open().unwrap();
    let mut dice = Dice(6);
    vault.commit(&[put(1, b"a", &dice.bytes(300_000))]).unwrap();
    let before = rows(&vault);
    // The same pages with other bytes: they cannot be written where they belong before the log.
    let error = vault.commit(&[put(1, b"a", &dice.bytes(300_000))]).unwrap_err();
    assert_eq!(error, VaultError::BatchTooLarge);
    assert!(rows(&vault) == before);
    vault.commit(&[put(1, b"b", b"x")]).unwrap();
    drop(vault);
    let vault = ram.open().unwrap();
    assert!(rows(&vault)[1][0] == before[1][0]);
}
