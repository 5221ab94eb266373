//! What somebody with the passphrase finds in the sectors of a slot: only what is alive.

#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use sogon_engine::{Change, Table};

use crate::container::Container;
use crate::disk::FileDisk;
use crate::keys::SlotKeys;
use crate::slot::Slot;
use crate::{Cost, Passphrase, Size, Vault, remains};

const COST: Cost = Cost::NONE_FOR_TESTS;

/// How many sectors of the slot, opened one by one, hold these bytes.
fn sectors_with(path: &std::path::Path, passphrase: &Passphrase, needle: &str) -> usize {
    let mut container = Container::open(Box::new(FileDisk::open(path).unwrap())).unwrap();
    let salt = container.salt().unwrap();
    let keys = SlotKeys::derive(passphrase, &salt, COST).unwrap();
    let found = container.find(&keys).unwrap().unwrap();
    let mut slot = Slot::new(container, found);
    let sectors = slot.sectors();
    let holds = |at: &u32| {
        let Some(text) = slot.read(*at).unwrap() else { return false };
        text.bytes().windows(needle.len()).any(|bytes| bytes == needle.as_bytes())
    };
    (0..sectors).filter(holds).count()
}

#[test]
fn what_was_deleted_is_in_no_sector_once_the_home_is_settled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let passphrase = Passphrase::new("암호").unwrap();
    let put = |key: u8, value: &str| Change::Put {
        table: Table(1),
        key: vec![key],
        value: value.as_bytes().to_vec(),
    };
    let index = |id, text: &str| Change::Index { id, text: text.to_owned() };
    let large = "커다란 그림 ".repeat(2_000);

    let mut vault = Vault::create(&path, &passphrase, Size::SMALLEST, COST).unwrap();
    for n in 0..60_u8 {
        let filler = format!("평범한 이야기 {n}");
        vault.commit(&[put(n, &filler), index(u64::from(n), &filler)]).unwrap();
    }
    vault.commit(&[put(100, "위험한 문장"), put(101, &large), index(100, "뷁뛟 위험")]).unwrap();
    vault.commit(&[put(102, "고쳐 쓰기 전")]).unwrap();
    vault.close().unwrap();
    for needle in ["위험한", "커다란", "뷁뛟", "쓰기 전", "평범한"] {
        assert!(sectors_with(&path, &passphrase, needle) > 0, "{needle}");
    }

    let mut vault = Vault::open(&path, &passphrase, COST).unwrap();
    let delete = |key: u8| Change::Delete { table: Table(1), key: vec![key] };
    vault.commit(&[delete(100), delete(101), Change::Unindex { id: 100 }]).unwrap();
    vault.commit(&[put(102, "고쳐 쓴 뒤")]).unwrap();
    vault.close().unwrap();
    for needle in ["위험한", "커다란", "뷁뛟", "위험", "쓰기 전"] {
        assert_eq!(sectors_with(&path, &passphrase, needle), 0, "{needle}");
    }
    assert!(sectors_with(&path, &passphrase, "평범한") > 0);
    Vault::open(&path, &passphrase, COST).unwrap().check().unwrap();
}

#[test]
fn a_text_too_long_to_leave_the_index_at_once_is_in_no_sector_once_the_home_is_settled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let passphrase = Passphrase::new("암호").unwrap();
    let letter = |n: u32| char::from_u32(0xac00 + n * 7_919 % 11_000).unwrap();
    let text = |id: u32| (0..40).map(|n| letter(n * (id % 300 + 1) + id)).collect::<String>();
    let index = |id: u32, text: &str| Change::Index { id: u64::from(id), text: text.to_owned() };

    let mut vault = Vault::create(&path, &passphrase, Size::SMALLEST, COST).unwrap();
    vault.grow(4).unwrap();
    // All over the alphabet, each with a letter that no other text has.
    let long: String = (0..1_500).map(|n| format!("{}힣 ", letter(n))).collect();
    for first in (0..1_500).step_by(50) {
        if first == 500 {
            vault.commit(&[index(5_000, &long)]).unwrap();
        }
        let batch: Vec<_> = (first..first + 50).map(|id| index(id, &text(id))).collect();
        vault.commit(&batch).unwrap();
    }
    vault.close().unwrap();
    assert!(sectors_with(&path, &passphrase, "힣") > 0);
    let mut vault = Vault::open(&path, &passphrase, COST).unwrap();
    vault.commit(&[Change::Unindex { id: 5_000 }]).unwrap();
    assert!(remains::are_left(vault.db().unwrap()).unwrap(), "it was too long for one step");
    vault.close().unwrap();
    assert_eq!(sectors_with(&path, &passphrase, "힣"), 0);
}
