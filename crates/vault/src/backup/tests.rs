#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use std::io::Cursor;

use sogon_engine::{Change, Table};

use super::*;

fn passphrase() -> Passphrase {
    Passphrase::new("예비 열쇠는 처마 밑에").unwrap()
}

fn batch(rows: u32) -> Batch {
    let value = |n: u32| format!("쪽지 {n} ").repeat(60).into_bytes();
    let put =
        |n: u32| Change::Put { table: Table(1), key: n.to_be_bytes().to_vec(), value: value(n) };
    let index = Change::Index { id: 1, text: "쪽지".to_owned() };
    (0..rows).map(put).chain([index]).collect()
}

fn written(rows: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    Backup::write(&mut out, &batch(rows), &passphrase(), Cost::NONE_FOR_TESTS).unwrap();
    out.into_inner()
}

fn read(bytes: &[u8]) -> Result<Backup, VaultError> {
    Backup::read(&mut Cursor::new(bytes), &passphrase())
}

fn dice(seed: &mut u64, below: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap() % below
}

#[test]
fn a_backup_comes_back_with_its_passphrase_only() {
    let bytes = written(2_000);
    let backup = read(&bytes).unwrap();
    assert_eq!(backup.batch, batch(2_000));
    assert_eq!(backup.condition.repaired, 0);
    assert_eq!(backup.condition.sectors * SECTOR, bytes.len() as u64);
    let other = Passphrase::new("다른 열쇠").unwrap();
    let error = Backup::read(&mut Cursor::new(&bytes), &other).unwrap_err();
    assert_eq!(error, VaultError::WrongPassphrase);
    for nothing in [vec![], vec![0; 100], vec![7; 500_000]] {
        assert_eq!(read(&nothing).unwrap_err(), VaultError::WrongPassphrase);
    }
}

#[test]
fn a_sixth_of_it_may_be_lost_in_one_piece_anywhere_or_at_the_end() {
    let bytes = written(2_000);
    let scratch = bytes.len() / 6;
    for at in (0..bytes.len() - scratch).step_by(bytes.len() / 12) {
        let mut damaged = bytes.clone();
        damaged[at..at + scratch].fill(0xff);
        let backup = read(&damaged).unwrap_or_else(|error| panic!("at {at}: {error}"));
        assert_eq!(backup.batch, batch(2_000), "at {at}");
        assert!(backup.condition.repaired > 0);
    }
    let backup = read(&bytes[..bytes.len() - scratch]).unwrap();
    assert_eq!(backup.batch, batch(2_000), "cut short");
}

#[test]
fn single_bits_all_over_it_are_made_good() {
    let bytes = written(2_000);
    for seed in 0..5_u64 {
        let mut damaged = bytes.clone();
        let mut state = seed;
        for _ in 0..bytes.len() / SECTOR_BYTES / 12 {
            let at = dice(&mut state, bytes.len());
            damaged[at] ^= 1 << dice(&mut state, 8);
        }
        let backup = read(&damaged).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(backup.batch, batch(2_000));
        assert!(backup.condition.repaired > 20);
    }
}

#[test]
fn too_much_damage_is_said_and_never_half_a_backup() {
    let bytes = written(2_000);
    for lost in [3, 2] {
        let mut damaged = bytes.clone();
        let from = bytes.len() / 4;
        damaged[from..from + bytes.len() / lost].fill(0);
        assert_eq!(read(&damaged).unwrap_err(), VaultError::Damaged);
    }
    // Sectors in each other's places are as good as gone.
    let mut swapped = bytes.clone();
    let (front, back) = swapped.split_at_mut(40 * SECTOR_BYTES);
    front[SECTOR_BYTES..2 * SECTOR_BYTES].swap_with_slice(&mut back[..SECTOR_BYTES]);
    let backup = read(&swapped).unwrap();
    assert_eq!((backup.batch == batch(2_000), backup.condition.repaired), (true, 2));
}

#[test]
fn a_backup_is_noise() {
    let bytes = written(2_000);
    let mut counts = [0_f64; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1.0);
    let expected = bytes.len() as f64 / 256.0;
    let chi: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
    assert!((chi - 255.0).abs() < 5.0 * 510_f64.sqrt(), "{chi}");
    let mut pieces: Vec<&[u8]> = bytes.chunks(16).collect();
    pieces.sort_unstable();
    assert!(pieces.windows(2).all(|two| two[0] != two[1]), "the same 16 bytes twice");
    let again = written(2_000);
    assert!(again.chunks(16).zip(bytes.chunks(16)).all(|(one, other)| one != other));
}
