//! Part 3: what one message writes to the store.

use std::cell::RefCell;

use sogon_engine::{Batch, Change, Order, Shelf, Table};
use sogon_lab::{home::Store, rows::MemoryRows};
use sogon_vault::{Cost, Passphrase, SECTOR_BYTES, Size, Vault};

use super::{
    KOREAN,
    disk::{Ram, Written},
    people::{Circle, in_memory},
    table,
};

/// Texts counted, both people writing in turns.
const TEXTS: usize = 100;

pub(crate) fn run() {
    table::part(
        "3. Writes for one message of 50 Korean characters",
        "means of 100, both writing in turns, a receipt in each; ratio: less is better",
    );
    for count in [2, 10] {
        rows(count);
        sectors(count);
    }
}

/// Rows changed and bytes of what they hold.
#[derive(Clone, Copy, Default)]
struct Rows {
    rows: usize,
    bytes: usize,
}

impl Rows {
    fn add(&mut self, batch: &Batch) {
        self.rows += batch.len();
        let bytes = batch.iter().map(|change| match change {
            Change::Put { key, value, .. } => key.len() + value.len(),
            Change::Delete { key, .. } => key.len(),
            Change::Index { text, .. } => 8 + text.len(),
            Change::Unindex { .. } => 8,
        });
        self.bytes += bytes.sum::<usize>();
    }
}

fn rows(count: usize) {
    let mut circle = Circle::of(count, in_memory);
    warm(&mut circle);
    let (mut send, mut handed, mut arrive) = <(Rows, Rows, Rows)>::default();
    for place in 0..TEXTS {
        let passed = circle.pass(place % 2, KOREAN);
        send.add(&passed.send.batch);
        passed.handed.iter().for_each(|done| handed.add(&done.batch));
        arrive.add(&passed.arrive.batch);
    }
    let floor = KOREAN.len() as f64;
    for (what, of) in [("send", send), ("its place from the relay", handed), ("arrival", arrive)] {
        let mean = |sum: usize| sum as f64 / TEXTS as f64;
        let what = format!("{count} members: {what}");
        table::amounts(&format!("{what}, changes"), mean(of.rows), "one row", 1.0, "");
        table::amounts(&format!("{what}, bytes"), mean(of.bytes), "the text", floor, "B");
    }
}

fn sectors(count: usize) {
    let disks = RefCell::new(Vec::new());
    let mut circle = Circle::of(count, |rows| {
        let disk = Ram::default();
        disks.borrow_mut().push(disk.clone());
        Store::Vault(Box::new(vault_of(&rows, disk)))
    });
    warm(&mut circle);
    let disks = disks.into_inner();
    let (mut sent, mut read) = <(Written, Written)>::default();
    for place in 0..TEXTS {
        let from = place % 2;
        let before = [disks[from].written(), disks[1 - from].written()];
        circle.pass(from, KOREAN);
        sent.add(before[0], disks[from].written());
        read.add(before[1], disks[1 - from].written());
    }
    for (what, of) in [("send until it has its place", sent), ("arrival", read)] {
        let mean = |sum: u64| sum as f64 / TEXTS as f64;
        let (sectors, syncs) = (mean(of.sectors), mean(of.syncs));
        let what = format!("{count} members: {what}, vault");
        table::amounts(&format!("{what}, sectors"), sectors, "one sector", 1.0, "");
        table::amounts(&format!("{what}, fdatasyncs"), syncs, "one", 1.0, "");
        let bytes = sectors * SECTOR_BYTES as f64;
        table::amounts(&format!("{what}, bytes"), bytes, "the text", KOREAN.len() as f64, "B");
    }
}

/// The first texts of a conversation do what later ones need not.
fn warm(circle: &mut Circle) {
    for place in 0..10 {
        circle.pass(place % 2, "안녕");
    }
}

/// A vault with these rows in it.
fn vault_of(rows: &MemoryRows, disk: Ram) -> Vault {
    let passphrase = Passphrase::new("벚꽃 아래에서 만나자").unwrap();
    let size = Size::slot_mib(16);
    let cost = Cost::NONE_FOR_TESTS;
    let mut vault = Vault::create_on(Box::new(disk), &passphrase, size, cost).unwrap();
    for table in (0..=u8::MAX).map(Table) {
        let all = rows.scan(table, b"", None, usize::MAX, Order::Up).unwrap();
        let puts = all.into_iter().map(|(key, value)| Change::Put { table, key, value });
        vault.commit(&puts.collect::<Batch>()).unwrap();
    }
    vault
}
