#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! What a change costs in sectors and syncs: small changes stay small.

mod world;

use sogon_engine::{Shelf, Table};
use sogon_vault::{Size, Vault};
use world::{COST, Dice, Ram, index, passphrase, put};

#[test]
fn two_hundred_changed_bytes_of_a_large_value_cost_one_or_two_sectors() {
    let ram = Ram::with_home();
    let mut vault = ram.open().unwrap();
    let mut value = Dice(1).bytes(110_000);
    vault.commit(&[put(1, b"group", &value)]).unwrap();
    vault.settle().unwrap();
    let before = ram.written();
    value[50_000..50_200].fill(1);
    vault.commit(&[put(1, b"group", &value)]).unwrap();
    let in_log = ram.written() - before;
    assert!(in_log <= 2, "{in_log} sectors");
    vault.settle().unwrap();
    // Two copies of at most two pages and page 1, the list, two headers, and the noise over them.
    let settled = ram.written() - before;
    assert!(settled <= 16, "{settled} sectors");
    assert_eq!(vault.row(Table(1), b"group").unwrap().unwrap(), value);
}

#[test]
fn a_message_costs_one_sync_and_a_few_sectors() {
    let ram = Ram::default();
    let disk = Box::new(ram.clone());
    let mut vault = Vault::create_on(disk, &passphrase(), Size::slot_mib(4), COST).unwrap();
    let mut dice = Dice(2);
    let mut state = dice.bytes(300);
    vault.settle().unwrap();
    let (sectors, syncs) = (ram.written(), ram.syncs());
    for n in 0..50_u64 {
        state[usize::try_from(n).unwrap()] ^= 1;
        let batch = [
            put(1, &n.to_be_bytes(), &dice.bytes(160)),
            put(2, b"cursor", &n.to_be_bytes()),
            put(3, b"ratchet", &state),
            index(n, "내일 저녁 여섯 시에 역 앞에서 만나자"),
        ];
        vault.commit(&batch).unwrap();
    }
    assert_eq!(ram.syncs() - syncs, 50);
    let sectors = ram.written() - sectors;
    assert!(sectors < 50 * 4, "{sectors} sectors");
}

#[test]
fn a_batch_that_changes_nothing_writes_nothing() {
    let ram = Ram::with_home();
    let mut vault = ram.open().unwrap();
    vault.commit(&[put(1, b"a", b"b"), index(1, "같은 말")]).unwrap();
    let before = ram.written();
    vault.commit(&[]).unwrap();
    vault.commit(&[index(1, "같은 말")]).unwrap();
    assert_eq!(ram.written(), before);
}
