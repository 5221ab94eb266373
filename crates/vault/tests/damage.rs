#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! Somebody changed the container: the last state is there, or the home says that it is damaged.

mod world;

use sogon_engine::{Change, Order, Row, Shelf, Table};
use sogon_vault::{SECTOR_BYTES, Vault, VaultError};
use world::{COST, Dice, Ram, index, passphrase, put, rows};

fn batches() -> Vec<Vec<Change>> {
    let mut dice = Dice(9);
    (0..12_u8)
        .map(|n| {
            let size = 200 + usize::from(n) * 2_000;
            vec![put(n % 3, &[n], &dice.bytes(size)), index(u64::from(n), "비밀 우산")]
        })
        .collect()
}

/// Everything readable; `None` where the home says that it cannot read.
fn try_rows(vault: &Vault) -> Option<Vec<Vec<Row>>> {
    vault.search("비밀", 99).ok()?;
    (0..10).map(|t| vault.scan(Table(t), b"", None, usize::MAX, Order::Up).ok()).collect()
}

/// A home after its session: closed, or as a kill leaves it.
fn after_session(closed: bool) -> (Vec<u8>, Vec<Vec<Vec<Row>>>) {
    let ram = Ram::with_home();
    let mut vault = ram.open().unwrap();
    let mut history = Vec::new();
    for (n, batch) in batches().iter().enumerate() {
        vault.commit(batch).unwrap();
        history.push(rows(&vault));
        if n == 5 {
            vault.settle().unwrap();
        }
    }
    let killed = ram.image();
    vault.close().unwrap();
    (if closed { ram.image() } else { killed }, history)
}

/// Flips a bit in every sector before the slots and every third one in them, one at a time.
fn flip_everywhere(closed: bool) -> (usize, usize) {
    let (image, history) = after_session(closed);
    let mut dice = Dice(77);
    let (mut refused, mut behind) = (0, 0);
    let sectors = image.len() / SECTOR_BYTES;
    for sector in (0..9).chain((9..sectors).skip(usize::from(closed)).step_by(3)) {
        let mut image = image.clone();
        let at = match sector {
            // Only the salt counts in the first sector.
            0 => dice.roll(32),
            _ => dice.roll(SECTOR_BYTES as u64),
        };
        image[sector * SECTOR_BYTES + usize::try_from(at).unwrap()] ^= 1 << dice.roll(8);
        match Ram::of(image).open() {
            Err(VaultError::Damaged | VaultError::WrongPassphrase) => refused += 1,
            Err(other) => panic!("sector {sector}: {other}"),
            Ok(mut vault) => match try_rows(&vault) {
                None => {
                    assert_eq!(vault.check(), Err(VaultError::Damaged), "sector {sector}");
                    refused += 1;
                }
                Some(rows) if Some(&rows) == history.last() => {
                    // A commit may meet the damage; it must not make it worse.
                    let _ = vault.commit(&[put(9, b"more", b"x")]);
                }
                Some(rows) if history.contains(&rows) => behind += 1,
                Some(_) => panic!("sector {sector}: a state that never was"),
            },
        }
    }
    (refused, behind)
}

#[test]
fn a_flipped_bit_in_a_closed_home_is_healed_or_noticed() {
    let (refused, behind) = flip_everywhere(true);
    assert!(refused > 8, "{refused}");
    assert_eq!(behind, 0);
}

#[test]
fn a_flipped_bit_after_a_kill_costs_at_most_the_last_step() {
    let (refused, behind) = flip_everywhere(false);
    assert!(refused > 8, "{refused}");
    // The last record of the log, torn, cannot be told from one that was never finished. It has
    // 24 kB here, and each of its sectors brings back the state before it.
    assert!(behind < 10, "{behind}");
}

#[test]
fn both_copies_of_key_block_and_header_must_be_gone_before_the_home_is() {
    let (image, history) = after_session(true);
    let without = |gone: &[usize]| {
        let mut image = image.clone();
        gone.iter().for_each(|at| image[at * SECTOR_BYTES..(at + 1) * SECTOR_BYTES].fill(0));
        Ram::of(image).open()
    };
    // Whichever of the four slots is the home's.
    let headers = [0, 1, 2, 3].map(|slot| [9 + slot * 64, 10 + slot * 64]);
    for sector in (1..9).chain(headers.into_iter().flatten()) {
        let vault = without(&[sector]).unwrap();
        assert_eq!(Some(&rows(&vault)), history.last(), "{sector}");
    }
    let blocks: Vec<usize> = (1..9).collect();
    assert_eq!(without(&blocks).unwrap_err(), VaultError::WrongPassphrase);
    let gone = headers.map(|both| without(&both).map(drop));
    let gone: Vec<_> = gone.into_iter().filter_map(Result::err).collect();
    assert_eq!(gone, [VaultError::Damaged]);
}

#[test]
fn a_container_cut_short_is_noticed() {
    let (image, history) = after_session(true);
    let end = image.len() - SECTOR_BYTES;
    for keep in [0, 1, 31, 4096, 9 * 4096, 100_000, end / 2, end - 1] {
        let opened = Ram::of(image[..keep].to_vec()).open();
        assert_eq!(opened.unwrap_err(), VaultError::Damaged, "{keep}");
    }
    // The last sector holds nothing of a home.
    for keep in [end, end + 1, image.len() - 1] {
        let ram = Ram::of(image[..keep].to_vec());
        assert_eq!(Some(&rows(&ram.open().unwrap())), history.last(), "{keep}");
        assert_eq!(ram.image().len(), image.len(), "{keep}");
    }
}

#[test]
fn a_file_that_is_no_container_opens_nothing() {
    let mut dice = Dice(1);
    for bytes in [vec![], b"hello".to_vec(), dice.bytes(70_000), vec![0; 5_000_000]] {
        let error = Ram::of(bytes).open().unwrap_err();
        assert!(matches!(error, VaultError::Damaged | VaultError::WrongPassphrase));
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(Vault::open(folder.path(), &passphrase(), COST).is_err());
}
