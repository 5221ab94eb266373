#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! A home keeps what it was given, whole.

mod world;

use sogon_engine::{Change, Order, Shelf, Table};
use sogon_vault::{Cost, Passphrase, Size, Vault, VaultError};
use world::{COST, Dice, Ram, delete, index, passphrase, put, rows};

#[test]
fn what_was_committed_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let mut vault = Vault::create(&path, &passphrase(), Size::SMALLEST, COST).unwrap();
    let large = Dice(1).bytes(110_000);
    vault
        .commit(&[put(1, b"a", b"one"), put(1, b"b", &large), put(2, b"", b""), put(1, b"c", b"x")])
        .unwrap();
    vault.commit(&[delete(1, b"c"), put(1, b"a", b"two")]).unwrap();
    let check = |vault: &Vault| {
        assert_eq!(vault.row(Table(1), b"a").unwrap().unwrap(), b"two");
        assert_eq!(vault.row(Table(1), b"b").unwrap().unwrap(), large);
        assert_eq!(vault.row(Table(2), b"").unwrap().unwrap(), b"");
        assert_eq!(vault.row(Table(1), b"c").unwrap(), None);
        assert_eq!(vault.row(Table(3), b"a").unwrap(), None);
        vault.check().unwrap();
    };
    check(&vault);
    drop(vault);
    let vault = Vault::open(&path, &passphrase(), COST).unwrap();
    check(&vault);
    vault.close().unwrap();
    check(&Vault::open(&path, &passphrase(), COST).unwrap());
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_only_and_is_the_only_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let mut vault = Vault::create(&path, &passphrase(), Size::SMALLEST, COST).unwrap();
    vault.commit(&[put(1, b"a", &[7; 500_000])]).unwrap();
    vault.search("아무 것도 아닌", 9).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_missing_home_and_one_that_is_there_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    assert_eq!(Vault::open(&path, &passphrase(), COST).unwrap_err(), VaultError::NotThere);
    drop(Vault::create(&path, &passphrase(), Size::SMALLEST, COST).unwrap());
    let again = Vault::create(&path, &passphrase(), Size::SMALLEST, COST);
    assert_eq!(again.unwrap_err(), VaultError::AlreadyThere);
    Vault::open(&path, &passphrase(), COST).unwrap();
}

#[test]
fn a_home_open_elsewhere_is_busy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let vault = Vault::create(&path, &passphrase(), Size::SMALLEST, COST).unwrap();
    assert_eq!(Vault::open(&path, &passphrase(), COST).unwrap_err(), VaultError::Busy);
    drop(vault);
    Vault::open(&path, &passphrase(), COST).unwrap();
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_neither_does_a_wrong_cost() {
    let ram = Ram::with_home();
    let wrong = Passphrase::new("벚꽃 아래에서 만나지").unwrap();
    let opened = Vault::open_on(Box::new(ram.clone()), &wrong, COST);
    assert_eq!(opened.unwrap_err(), VaultError::WrongPassphrase);
    let opened = Vault::open_on(Box::new(ram.clone()), &passphrase(), Cost::SMALL_DEVICE);
    assert_eq!(opened.unwrap_err(), VaultError::WrongPassphrase);
    ram.open().unwrap();
}

#[test]
fn a_batch_is_stored_whole_or_not_at_all() {
    let mut vault = Ram::with_home().open().unwrap();
    vault.commit(&[put(1, b"a", b"one"), index(5, "하나")]).unwrap();
    let before = rows(&vault);
    let too_long = put(1, &[0; 256], b"x");
    for last in [too_long, put(1, b"x", &vec![0; 16 * 1024 * 1024 + 1])] {
        let batch =
            [put(1, b"a", b"two"), delete(1, b"a"), put(1, b"b", &[1; 9000]), index(5, "둘"), last];
        assert_eq!(vault.commit(&batch), Err(VaultError::TooLong));
        assert_eq!(rows(&vault), before);
        assert_eq!(vault.search("하나", 9).unwrap(), [5]);
        assert!(vault.search("둘", 9).unwrap().is_empty());
    }
    vault.commit(&[]).unwrap();
    vault.commit(&[put(1, b"a", b"two"), delete(1, b"a"), put(1, b"a", b"three")]).unwrap();
    assert_eq!(vault.row(Table(1), b"a").unwrap().unwrap(), b"three");
}

#[test]
fn a_scan_pages_through_a_prefix_in_order_of_bytes() {
    let mut vault = Ram::with_home().open().unwrap();
    let keys: [&[u8]; 9] =
        [b"", b"a", b"a\0", b"a\0\0", b"a\x7f", b"a\x80", b"a\xff", b"a\xff\xff", b"b"];
    let batch: Vec<Change> = keys.iter().rev().map(|key| put(4, key, key)).collect();
    vault.commit(&batch).unwrap();
    vault.commit(&[put(3, b"a1", b""), put(5, b"a1", b"")]).unwrap();
    let scan = |prefix: &[u8], after: Option<&[u8]>, limit, order| -> Vec<Vec<u8>> {
        let rows = vault.scan(Table(4), prefix, after, limit, order).unwrap();
        rows.into_iter().map(|(key, value)| if key == value { key } else { vec![0xee] }).collect()
    };
    assert_eq!(scan(b"", None, 99, Order::Up), keys);
    assert_eq!(scan(b"a", None, 99, Order::Up), keys[1..8]);
    assert_eq!(scan(b"a\xff", None, 99, Order::Up), keys[6..8]);
    assert_eq!(scan(b"a", Some(b"a\x7f"), 2, Order::Up), keys[5..7]);
    assert_eq!(scan(b"a", Some(b"0"), 1, Order::Up), keys[1..2]);
    assert!(scan(b"a", Some(b"b"), 9, Order::Up).is_empty());
    assert!(scan(b"", None, 0, Order::Up).is_empty());
    let down: Vec<_> = keys.iter().rev().map(|key| key.to_vec()).collect();
    assert_eq!(scan(b"", None, 99, Order::Down), down);
    assert_eq!(scan(b"a", None, 99, Order::Down), down[1..8]);
    assert_eq!(scan(b"a", Some(b"a\x80"), 2, Order::Down), down[4..6]);
    assert_eq!(scan(b"a", Some(b"z"), 1, Order::Down), down[1..2]);
    assert!(scan(b"a", Some(b"a"), 9, Order::Down).is_empty());
    for order in [Order::Up, Order::Down] {
        let mut paged = Vec::new();
        while let Some(key) = scan(b"a", paged.last().map(Vec::as_slice), 1, order).pop() {
            paged.push(key);
        }
        assert_eq!(paged, scan(b"a", None, 99, order));
    }
}

#[test]
fn values_of_every_size_come_back_and_change_size() {
    let mut vault = Ram::with_home().open().unwrap();
    let mut dice = Dice(3);
    let sizes = [0, 1, 699, 700, 701, 3999, 4000, 4001, 8000, 8001, 40_000, 100_000, 5, 50_000];
    for size in sizes {
        let value = dice.bytes(size);
        vault.commit(&[put(1, b"k", &value), put(1, &size.to_le_bytes(), &value)]).unwrap();
        assert_eq!(vault.row(Table(1), b"k").unwrap().unwrap(), value);
    }
    for size in sizes {
        let row = vault.row(Table(1), &size.to_le_bytes()).unwrap().unwrap();
        assert_eq!(row.len(), size);
        vault.commit(&[delete(1, &size.to_le_bytes())]).unwrap();
    }
    vault.check().unwrap();
}

#[test]
fn a_vault_can_move_to_another_thread() {
    fn moves<T: Send>(_: &T) {}
    moves(&Ram::with_home().open().unwrap());
}

#[test]
fn the_largest_value_there_may_be_fits_a_standard_home() {
    let ram = Ram::default();
    let disk = Box::new(ram.clone());
    let mut vault = Vault::create_on(disk, &passphrase(), Size::slot_mib(32), COST).unwrap();
    let mut value = vec![0; 16 * 1024 * 1024];
    getrandom::fill(&mut value).unwrap();
    vault.commit(&[put(1, b"film", &value)]).unwrap();
    assert!(vault.row(Table(1), b"film").unwrap().unwrap() == value);
    vault.commit(&[delete(1, b"film")]).unwrap();
    assert!(vault.row(Table(1), b"film").unwrap().is_none());
    vault.close().unwrap();
}

#[test]
fn ten_thousand_random_changes_agree_with_a_map() {
    let ram = Ram::with_home();
    let mut vault = ram.open().unwrap();
    let mut map = std::collections::BTreeMap::new();
    let mut dice = Dice(11);
    for round in 0..250 {
        let batch: Vec<Change> = (0..dice.roll(40))
            .map(|_| {
                let key = vec![u8::try_from(dice.roll(60)).unwrap()];
                if dice.roll(3) == 0 {
                    map.remove(&key);
                    return delete(1, &key);
                }
                let size = [10, 300, 900, 5000][usize::try_from(dice.roll(4)).unwrap()];
                let value = dice.bytes(size);
                map.insert(key.clone(), value.clone());
                put(1, &key, &value)
            })
            .collect();
        vault.commit(&batch).unwrap();
        match round % 50 {
            10 => vault.settle().unwrap(),
            20 => {
                vault.close().unwrap();
                vault = ram.open().unwrap();
            }
            30 => {
                // The process is killed: nothing is settled.
                let image = ram.image();
                drop(vault);
                assert!(rows(&Ram::of(image).open().unwrap())[1].iter().cloned().eq(map.clone()));
                vault = ram.open().unwrap();
            }
            _ => {}
        }
    }
    assert!(rows(&vault)[1].iter().cloned().eq(map));
    vault.check().unwrap();
}
