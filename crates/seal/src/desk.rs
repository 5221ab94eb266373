//! The desk of one step: reads go through what the step itself has written so far.

use std::{cell::RefCell, collections::BTreeMap, fmt};

use crate::shelf::{Batch, Change, Order, Row, Shelf, ShelfFault, Table};

type Place = (Table, Vec<u8>);

/// A shelf with the writes of one step laid over it. Nothing is stored until the batch is.
pub struct Desk<'a> {
    shelf: &'a dyn Shelf,
    staged: RefCell<BTreeMap<Place, Option<Vec<u8>>>>,
    words: RefCell<BTreeMap<u64, Option<String>>>,
}

/// The state of a desk before something that may have to be undone.
#[derive(Debug)]
pub struct Mark {
    staged: BTreeMap<Place, Option<Vec<u8>>>,
    words: BTreeMap<u64, Option<String>>,
}

impl fmt::Debug for Desk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Desk({} rows written)", self.staged.borrow().len())
    }
}

impl<'a> Desk<'a> {
    /// An empty desk over `shelf`.
    #[must_use]
    pub fn new(shelf: &'a dyn Shelf) -> Self {
        Self { shelf, staged: RefCell::default(), words: RefCell::default() }
    }

    /// Writes a row.
    pub fn put(&self, table: Table, key: &[u8], value: Vec<u8>) {
        self.staged.borrow_mut().insert((table, key.to_vec()), Some(value));
    }

    /// Deletes a row.
    pub fn delete(&self, table: Table, key: &[u8]) {
        self.staged.borrow_mut().insert((table, key.to_vec()), None);
    }

    /// Makes the words of `text` lead to `id`.
    pub fn index(&self, id: u64, text: String) {
        self.words.borrow_mut().insert(id, Some(text));
    }

    /// Makes no words lead to `id` any more.
    pub fn unindex(&self, id: u64) {
        self.words.borrow_mut().insert(id, None);
    }

    /// The state now, to come back to with [`Desk::undo`].
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { staged: self.staged.borrow().clone(), words: self.words.borrow().clone() }
    }

    /// Forgets everything written since `mark`: a library that failed half-way has done nothing.
    pub fn undo(&self, mark: Mark) {
        *self.staged.borrow_mut() = mark.staged;
        *self.words.borrow_mut() = mark.words;
    }

    /// What the step wrote, to be stored whole or not at all.
    #[must_use]
    pub fn into_batch(self) -> Batch {
        let rows = self.staged.into_inner().into_iter().map(|((table, key), value)| match value {
            Some(value) => Change::Put { table, key, value },
            None => Change::Delete { table, key },
        });
        let words = self.words.into_inner().into_iter().map(|(id, text)| match text {
            Some(text) => Change::Index { id, text },
            None => Change::Unindex { id },
        });
        rows.chain(words).collect()
    }
}

impl Shelf for Desk<'_> {
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault> {
        match self.staged.borrow().get(&(table, key.to_vec())) {
            Some(value) => Ok(value.clone()),
            None => self.shelf.row(table, key),
        }
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
        let staged = self.staged.borrow();
        let own: BTreeMap<&[u8], &Option<Vec<u8>>> = staged
            .iter()
            .filter(|((its, key), _)| *its == table && key.starts_with(prefix) && beyond(key))
            .map(|((_, key), value)| (key.as_slice(), value))
            .collect();
        // Each staged row can hide at most one stored row, so this many are enough.
        let wanted = limit.saturating_add(own.len());
        let stored = self.shelf.scan(table, prefix, after, wanted, order)?;
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = stored.into_iter().collect();
        for (key, value) in own {
            match value {
                Some(value) => rows.insert(key.to_vec(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(match order {
            Order::Up => rows.into_iter().take(limit).collect(),
            Order::Down => rows.into_iter().rev().take(limit).collect(),
        })
    }

    fn search(&self, words: &str, limit: usize) -> Result<Vec<u64>, ShelfFault> {
        self.shelf.search(words, limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shelf in memory.
    struct Rows(BTreeMap<Place, Vec<u8>>);

    impl Shelf for Rows {
        fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault> {
            Ok(self.0.get(&(table, key.to_vec())).cloned())
        }

        fn scan(
            &self,
            table: Table,
            prefix: &[u8],
            after: Option<&[u8]>,
            limit: usize,
            order: Order,
        ) -> Result<Vec<Row>, ShelfFault> {
            let fits = |key: &[u8]| match (after, order) {
                (None, _) => true,
                (Some(after), Order::Up) => key > after,
                (Some(after), Order::Down) => key < after,
            };
            let mut rows: Vec<Row> = self
                .0
                .iter()
                .filter(|((its, key), _)| *its == table && key.starts_with(prefix) && fits(key))
                .map(|((_, key), value)| (key.clone(), value.clone()))
                .collect();
            if order == Order::Down {
                rows.reverse();
            }
            rows.truncate(limit);
            Ok(rows)
        }

        fn search(&self, _: &str, _: usize) -> Result<Vec<u64>, ShelfFault> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn a_scan_sees_what_the_step_wrote_and_deleted() {
        let table = Table(1);
        let keys = |rows: Vec<Row>| rows.into_iter().map(|(key, _)| key[0]).collect::<Vec<_>>();
        let stored = [1, 3, 5, 7].map(|key| ((table, vec![key]), vec![0]));
        let rows = Rows(stored.into_iter().collect());
        let desk = Desk::new(&rows);
        desk.put(table, &[4], vec![1]);
        desk.delete(table, &[3]);
        desk.delete(table, &[7]);
        assert_eq!(keys(desk.scan(table, &[], None, 9, Order::Up).unwrap()), [1, 4, 5]);
        assert_eq!(keys(desk.scan(table, &[], None, 2, Order::Down).unwrap()), [5, 4]);
        assert_eq!(keys(desk.scan(table, &[], Some(&[1]), 1, Order::Up).unwrap()), [4]);
        let mark = desk.mark();
        desk.delete(table, &[1]);
        desk.undo(mark);
        assert_eq!(desk.row(table, &[1]), Ok(Some(vec![0])));
        assert_eq!(desk.row(table, &[3]), Ok(None));
        assert_eq!(desk.into_batch().len(), 3);
    }
}
