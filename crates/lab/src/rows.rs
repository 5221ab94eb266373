//! A store in memory with the same promise as the real one: a batch is there whole or not at all.

use std::collections::BTreeMap;

use sogon_engine::{Change, Order, Row, Shelf, ShelfFault, Table};

/// Rows and words in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryRows {
    rows: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
    words: BTreeMap<u64, String>,
}

impl MemoryRows {
    /// Stores a batch.
    pub fn commit(&mut self, batch: &[Change]) {
        for change in batch.iter().cloned() {
            match change {
                Change::Put { table, key, value } => {
                    self.rows.insert((table, key), value);
                }
                Change::Delete { table, key } => {
                    self.rows.remove(&(table, key));
                }
                Change::Index { id, text } => {
                    self.words.insert(id, text);
                }
                Change::Unindex { id } => {
                    self.words.remove(&id);
                }
            }
        }
    }
}

impl Shelf for MemoryRows {
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault> {
        Ok(self.rows.get(&(table, key.to_vec())).cloned())
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
        order: Order,
    ) -> Result<Vec<Row>, ShelfFault> {
        let beyond = |key: &[u8]| match (after, order) {
            (None, _) => true,
            (Some(after), Order::Up) => key > after,
            (Some(after), Order::Down) => key < after,
        };
        let fits = self
            .rows
            .range((table, prefix.to_vec())..)
            .take_while(|((its, key), _)| *its == table && key.starts_with(prefix))
            .filter(|((_, key), _)| beyond(key))
            .map(|((_, key), value)| (key.clone(), value.clone()));
        Ok(match order {
            Order::Up => fits.take(limit).collect(),
            Order::Down => {
                let mut all: Vec<Row> = fits.collect();
                all.reverse();
                all.truncate(limit);
                all
            }
        })
    }

    fn search(&self, words: &str, limit: usize) -> Result<Vec<u64>, ShelfFault> {
        let all = self.words.iter().rev();
        let hit = |text: &str| words.split_whitespace().all(|word| text.contains(word));
        Ok(all.filter(|(_, text)| hit(text)).map(|(id, _)| *id).take(limit).collect())
    }
}
