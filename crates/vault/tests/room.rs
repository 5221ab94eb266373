//! What an open home keeps in memory, where a program may lock little of it.
#![cfg(test)]
#![cfg(target_os = "linux")]

use sogon_engine::{Change, Order, Shelf, Table};
use sogon_vault::{Cost, Passphrase, Size, Vault, memory};

/// As the program has it.
#[global_allocator]
static MEMORY: zeroizing_alloc::ZeroAlloc<memory::Arena> =
    zeroizing_alloc::ZeroAlloc(memory::Arena);

const BLOCK_BYTES: usize = 6 << 20;
/// More bytes of rows than the block has.
const ROWS: u32 = 12_000;
const TOGETHER: usize = 150;

#[test]
fn a_home_larger_than_the_locked_block_finds_room_in_it() {
    if !memory::furnish(BLOCK_BYTES) {
        // Whoever runs this may not even lock so much.
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let passphrase = Passphrase::new("벚꽃").unwrap();
    let mut vault =
        Vault::create(&path, &passphrase, Size::SMALLEST, Cost::NONE_FOR_TESTS).unwrap();
    vault.grow(16).unwrap();
    // Rows of years, and at last some of each year again.
    let numbers: Vec<u32> = (0..ROWS).chain((0..ROWS).step_by(7)).collect();
    let put = |number: u32| Change::Put {
        table: Table(1),
        key: number.to_be_bytes().to_vec(),
        value: vec![7; 690],
    };
    for together in numbers.chunks(TOGETHER) {
        let batch: Vec<_> = together.iter().copied().map(put).collect();
        vault.commit(&batch).unwrap();
    }
    let mut after = Vec::new();
    let mut count = 0;
    loop {
        let page = vault.scan(Table(1), b"", Some(&after), 256, Order::Up).unwrap();
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        count += page.len();
    }
    assert_eq!(count, ROWS as usize);
    let account = memory::account();
    assert!(account.missed == 0 && account.peak_bytes > BLOCK_BYTES / 4, "{account:?}");
    vault.close().unwrap();
}
