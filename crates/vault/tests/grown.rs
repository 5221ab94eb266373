#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! A home that began small and grew takes texts like any other.

mod world;

use sogon_engine::{Change, Shelf};
use sogon_vault::{Size, Vault};
use world::{COST, index, passphrase};

#[test]
fn a_small_home_that_grew_takes_every_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let mut vault = Vault::create(&path, &passphrase(), Size::SMALLEST, COST).unwrap();
    vault.grow(200).unwrap();
    let mut id = 0u64;
    let mut text = || {
        id += 1;
        let (one, two, three) = (id * 7_919 % 10_007, id % 1_009, id * 31 % 5_003);
        index(id, &format!("{one} 저녁에 시장 {two} 뒤에서 보자 {three}"))
    };
    // Left to itself the index would merge more at once than the log of a small home takes, and no
    // text could be stored any more.
    for number in 0..1_000 {
        let batch: Vec<Change> = (0..100).map(|_| text()).collect();
        vault.commit(&batch).unwrap_or_else(|error| panic!("batch {number}: {error}"));
    }
    for number in 0..500 {
        vault.commit(&[text()]).unwrap_or_else(|error| panic!("text {number}: {error}"));
    }
    assert_eq!(vault.search("시장 31 뒤에서", 3).unwrap().len(), 3);
    assert_eq!(vault.search("뒤에서", 2).unwrap(), [100_500, 100_499]);
    vault.check().unwrap();
}
