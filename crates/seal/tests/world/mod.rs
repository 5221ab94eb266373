//! A home of the sealing room: rows in memory and seeded randomness.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use sogon_seal::{
    Desk, Entropy, Identity, Library, Sealer,
    shelf::{Change, Order, Row, Shelf, ShelfFault, Table},
};

#[derive(Default)]
pub(crate) struct Rows(RefCell<BTreeMap<Place, Vec<u8>>>);

type Place = (Table, Vec<u8>);

impl Shelf for Rows {
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault> {
        Ok(self.0.borrow().get(&(table, key.to_vec())).cloned())
    }

    fn scan(
        &self,
        _: Table,
        _: &[u8],
        _: Option<&[u8]>,
        _: usize,
        _: Order,
    ) -> Result<Vec<Row>, ShelfFault> {
        unreachable!("the sealing room never scans")
    }

    fn search(&self, _: &str, _: usize) -> Result<Vec<u64>, ShelfFault> {
        unreachable!("the sealing room never searches")
    }
}

pub(crate) struct Seeded(Cell<u64>);

impl Entropy for Seeded {
    fn fill(&self, out: &mut [u8]) {
        for byte in out {
            // SplitMix64: enough for a test, and never used outside of one.
            self.0.set(self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15));
            let mut z = self.0.get();
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = z.to_be_bytes()[0];
        }
    }
}

pub(crate) struct Home {
    pub(crate) identity: Identity,
    pub(crate) library: Library,
    rows: Rows,
    entropy: Seeded,
    pub(crate) writes: Cell<usize>,
    pub(crate) bytes: Cell<usize>,
}

impl Home {
    pub(crate) fn new(seed: u64) -> Self {
        let entropy = Seeded(Cell::new(seed));
        Self {
            identity: Identity::generate(&entropy),
            library: Library::new().unwrap(),
            rows: Rows::default(),
            entropy,
            writes: Cell::new(0),
            bytes: Cell::new(0),
        }
    }

    /// One step: what it writes is stored, and counted, when it is done.
    pub(crate) fn step<T>(&self, f: impl for<'a> FnOnce(Sealer<'a>) -> T) -> T {
        let desk = Desk::new(&self.rows);
        let result = f(Sealer::new(&self.library, &desk, &self.entropy));
        let batch = desk.into_batch();
        let mut rows = self.rows.0.borrow_mut();
        self.writes.set(batch.len());
        self.bytes.set(0);
        for change in batch {
            match change {
                Change::Put { table, key, value } => {
                    self.bytes.set(self.bytes.get() + value.len());
                    rows.insert((table, key), value);
                }
                Change::Delete { table, key } => drop(rows.remove(&(table, key))),
                Change::Index { .. } | Change::Unindex { .. } => {}
            }
        }
        result
    }
}
