#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! The disk cannot read a sector, as after a power cut that tore it: what is there twice opens and
//! heals, what is there once is said, and nothing else is harmed.

mod world;

use std::collections::BTreeSet;
use std::io::ErrorKind;

use sogon_engine::{Order, Row, Shelf, Table};
use sogon_vault::{Passphrase, SECTOR_BYTES, Vault, VaultError};
use world::{COST, Deed, Dice, Ram, index, passphrase, put, rows};

const REFUSED: VaultError = VaultError::Io(ErrorKind::Other);
/// Key blocks: two copies at each of four places.
const BLOCKS: std::ops::Range<usize> = 1..9;
/// Of each slot of the smallest size: two headers, the log, spare copies; then pages.
const BEFORE_PAGES: usize = 2 + 32 + 9;

type Rows = Vec<Vec<Row>>;

/// Which sector of its slot a sector is.
fn within_slot(sector: usize) -> usize {
    (sector - 9) / 256 * 64 + (sector - 9) % 64
}

/// Everything readable; `None` where the disk refuses.
fn try_rows(vault: &Vault) -> Option<Rows> {
    vault.search("비밀", 99).ok()?;
    (0..10).map(|t| vault.scan(Table(t), b"", None, usize::MAX, Order::Up).ok()).collect()
}

/// A home after some batches, settled once between them: killed or closed, and what it held after
/// each. The last step takes one sector of the log.
fn after_session(closed: bool) -> (Ram, Vec<Rows>) {
    let ram = Ram::with_home();
    let mut vault = ram.open().unwrap();
    let mut dice = Dice(9);
    let mut history = Vec::new();
    for n in 0..8_u8 {
        let size = if n == 7 { 200 } else { 200 + usize::from(n) * 2_000 };
        let text = index(u64::from(n), "비밀 우산");
        vault.commit(&[put(n % 3, &[n], &dice.bytes(size)), text]).unwrap();
        history.push(rows(&vault));
        if n == 4 {
            vault.settle().unwrap();
        }
    }
    let killed = Ram::of(ram.image());
    vault.close().unwrap();
    (if closed { ram } else { killed }, history)
}

/// Makes each sector unreadable in turn. Says which keep the home closed, and how often it opened
/// with the state before the last step.
fn spoil_each(whole: &Ram, history: &[Rows]) -> (BTreeSet<usize>, usize) {
    let (mut refused, mut behind) = (BTreeSet::new(), 0);
    for sector in 0..whole.image().len() / SECTOR_BYTES {
        let ram = Ram::of(whole.image());
        ram.spoil(sector);
        let opened = ram.open();
        let touched = ram.deeds().iter().any(|deed| match deed {
            Deed::Read { sector: at, .. } | Deed::Write { sector: at, .. } => *at == sector,
            Deed::Sync => false,
        });
        let seen = opened.map(|vault| try_rows(&vault).ok_or_else(|| vault.why()));
        match seen {
            Ok(Ok(rows)) if Some(&rows) == history.last() => {
                if !touched {
                    continue;
                }
                let headed = sector < 9 || within_slot(sector) < BEFORE_PAGES;
                assert!(!(headed && ram.is_spoilt()), "{sector} has not healed");
            }
            Ok(Ok(rows)) => {
                assert!(rows == history[history.len() - 2], "{sector}: a state that never was");
                behind += 1;
                continue;
            }
            Ok(Err(why)) => assert_eq!(why, REFUSED, "{sector}"),
            Err(why) => {
                assert_eq!(why, REFUSED, "{sector}");
                refused.insert(sector);
            }
        }
        // Nothing else was harmed: were it readable again, all would be there.
        let again = Ram::of(ram.image()).open().unwrap();
        assert!(Some(&rows(&again)) == history.last(), "{sector}");
        again.check().unwrap();
    }
    (refused, behind)
}

#[test]
fn one_sector_that_cannot_be_read_keeps_a_closed_home_closed_only_where_it_is_there_once() {
    let (whole, history) = after_session(true);
    let (refused, behind) = spoil_each(&whole, &history);
    assert_eq!(behind, 0);
    let once = |sector: usize| sector == 0 || sector >= 9 && within_slot(sector) >= BEFORE_PAGES;
    assert!(refused.contains(&0), "the salt");
    assert!(refused.into_iter().all(once));
}

#[test]
fn after_a_kill_one_sector_that_cannot_be_read_costs_at_most_the_last_step() {
    let (whole, history) = after_session(false);
    let (refused, behind) = spoil_each(&whole, &history);
    // As a flipped bit there: a step that cannot be read is one that was never finished.
    assert_eq!(behind, 1);
    let twice = |sector: usize| BLOCKS.contains(&sector) || within_slot(sector) < 2;
    assert!(!refused.into_iter().skip_while(|sector| *sector == 0).any(twice));
}

#[test]
fn two_steps_in_a_row_that_cannot_be_read_are_not_forgotten() {
    let ram = Ram::with_home();
    let mut vault = ram.open().unwrap();
    vault.commit(&[put(1, b"a", b"first")]).unwrap();
    ram.deeds();
    vault.commit(&[put(1, b"b", b"second")]).unwrap();
    vault.commit(&[put(1, b"c", b"third")]).unwrap();
    let written: Vec<usize> = ram
        .deeds()
        .into_iter()
        .filter_map(|deed| match deed {
            Deed::Write { sector, .. } => Some(sector),
            _ => None,
        })
        .collect();
    assert_eq!(written.len(), 2, "one sector for each step");
    let killed = Ram::of(ram.image());
    written.iter().for_each(|sector| killed.spoil(*sector));
    assert_eq!(killed.open().unwrap_err(), REFUSED);
    let again = Ram::of(killed.image()).open().unwrap();
    assert_eq!(rows(&again)[1].len(), 3);
}

#[test]
fn a_settling_cut_short_and_a_header_or_a_spare_that_cannot_be_read_lose_nothing_together() {
    let (whole, history) = after_session(false);
    let settled = Ram::of(whole.image());
    drop(settled.open().unwrap());
    let read = settled.deeds().into_iter().filter_map(|deed| match deed {
        Deed::Read { sector, .. } if sector >= 9 => Some(sector),
        _ => None,
    });
    let log = 2..BEFORE_PAGES - 9;
    let twice: BTreeSet<usize> = read
        .filter(|at| within_slot(*at) < BEFORE_PAGES && !log.contains(&within_slot(*at)))
        .collect();
    assert_eq!(twice.len(), 2 + 9);
    for cut in 10..=settled.written() {
        let ram = Ram::of(whole.image());
        ram.cut_power_at(cut);
        drop(ram.open());
        let after = ram.after_power_loss(cut as u64 * 10 + 1);
        for sector in &twice {
            let told = format!("cut {cut}, sector {sector}");
            let spoilt = Ram::of(after.image());
            spoilt.spoil(*sector);
            // What the cut tore has no other copy now. That is said, and not made worse.
            match spoilt.open() {
                Ok(vault) => assert!(Some(&rows(&vault)) == history.last(), "{told}"),
                Err(why) if within_slot(*sector) < 2 => assert_eq!(why, REFUSED, "{told}"),
                Err(why) => assert!([REFUSED, VaultError::Damaged].contains(&why), "{told}"),
            }
            let again = Ram::of(spoilt.image()).open();
            let again = again.unwrap_or_else(|why| panic!("{told}: {why}"));
            assert!(Some(&rows(&again)) == history.last(), "{told}");
            again.check().unwrap();
        }
    }
}

fn decoy() -> Passphrase {
    Passphrase::new("여름 휴가 사진").unwrap()
}

fn duress() -> Passphrase {
    Passphrase::new("겨울 휴가 사진").unwrap()
}

fn open(ram: &Ram, with: &Passphrase) -> Result<Vault, VaultError> {
    Vault::open_on(Box::new(ram.clone()), with, COST)
}

/// A container with a home, a decoy, and a passphrase that wipes.
fn three() -> Ram {
    let ram = Ram::with_home();
    let disk = Box::new(ram.clone());
    drop(Vault::add_on(disk, &[&passphrase()], &decoy(), Some(&duress()), COST).unwrap());
    ram
}

#[test]
fn a_key_block_that_cannot_be_read_costs_no_home_whichever_is_opened_and_heals() {
    let whole = three();
    for (block, first) in BLOCKS.flat_map(|block| [(block, passphrase()), (block, decoy())]) {
        let ram = Ram::of(whole.image());
        ram.spoil(block);
        let wrong = Passphrase::new("아무 말").unwrap();
        assert_eq!(open(&ram, &wrong).unwrap_err(), VaultError::WrongPassphrase);
        drop(open(&ram, &first).unwrap());
        assert!(!ram.is_spoilt(), "block {block}");
        // Healed it counts as a copy: the others open with the other one gone.
        for with in [passphrase(), decoy(), duress()] {
            drop(open(&Ram::of(ram.image()), &with).unwrap());
        }
    }
}

#[test]
fn a_key_block_that_cannot_be_read_does_not_keep_duress_from_ending_the_home() {
    let whole = three();
    for block in BLOCKS {
        let ram = Ram::of(whole.image());
        ram.spoil(block);
        drop(open(&ram, &duress()).unwrap());
        for gone in [passphrase(), decoy()] {
            assert_eq!(open(&ram, &gone).unwrap_err(), VaultError::WrongPassphrase, "{block}");
        }
    }
}

#[test]
fn an_unlock_of_any_home_writes_the_same_where_a_key_block_cannot_be_read() {
    let whole = three();
    for block in BLOCKS {
        let traces: Vec<_> = [passphrase(), decoy(), duress()]
            .iter()
            .map(|with| {
                let ram = Ram::of(whole.image());
                ram.spoil(block);
                let vault = open(&ram, with).unwrap();
                let deeds = ram.deeds();
                drop(vault);
                // Which copy comes first says whether the one of the home's own block was torn.
                let written = deeds.iter().filter_map(|deed| match deed {
                    Deed::Write { sector, sectors } => Some((*sector, *sectors)),
                    _ => None,
                });
                let written: BTreeSet<_> = written.collect();
                let syncs = deeds.iter().filter(|deed| **deed == Deed::Sync).count();
                (written, syncs)
            })
            .collect();
        assert_eq!(traces[0].0.len(), 9, "eight key blocks and the footprints");
        assert_eq!(traces[0], traces[1], "{block}");
        assert_eq!(traces[1], traces[2], "{block}");
    }
}

#[test]
fn where_neither_copy_of_a_key_block_can_be_read_that_is_said_and_nobody_overwrites_it() {
    let whole = three();
    let mut closed = 0;
    for first in BLOCKS.step_by(2) {
        let ram = Ram::of(whole.image());
        ram.spoil(first);
        ram.spoil(first + 1);
        for with in [passphrase(), decoy()] {
            match open(&ram, &with) {
                Ok(vault) => drop(vault),
                // Nobody knows whether it is wrong.
                Err(why) => {
                    assert_eq!(why, REFUSED);
                    closed += 1;
                }
            }
        }
        // The disk reads it again.
        let again = Ram::of(ram.image());
        for with in [passphrase(), decoy(), duress()] {
            drop(open(&again, &with).unwrap());
        }
    }
    assert_eq!(closed, 2, "each at its own place");
}

#[test]
fn a_disk_that_reads_nothing_is_no_wrong_passphrase_and_is_not_written() {
    let ram = three();
    (0..ram.image().len() / SECTOR_BYTES).for_each(|sector| ram.spoil(sector));
    let before = ram.written();
    assert_eq!(ram.open().unwrap_err(), REFUSED);
    assert_eq!(ram.written(), before);
}
