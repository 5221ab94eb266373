//! Rows: what a room that keeps nothing itself asks of the store beneath it.
//!
//! A step reads through a [`Shelf`] and answers with a [`Batch`]. The batch is stored whole or not
//! at all, so the library's key schedule and our own rows can never disagree after a crash.

use std::fmt;

/// A family of rows; the number is part of the stored form and is never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table(pub u8);

/// One change to the store.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// Row `key` of `table` holds `value` from now on.
    Put {
        /// The family of the row.
        table: Table,
        /// Its name there, at most 255 bytes.
        key: Vec<u8>,
        /// What it holds, at most 16 MiB.
        value: Vec<u8>,
    },
    /// Row `key` of `table` is gone and its bytes are overwritten.
    Delete {
        /// The family of the row.
        table: Table,
        /// Its name there.
        key: Vec<u8>,
    },
    /// The words of `text` lead to document `id`; replaces what led there before.
    Index {
        /// The number under which [`Shelf::search`] answers.
        id: u64,
        /// What a person wrote.
        text: String,
    },
    /// No words lead to document `id` any more.
    Unindex {
        /// The number given to [`Change::Index`].
        id: u64,
    },
}

impl fmt::Debug for Change {
    /// Names the place only: values are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Put { table, .. } => write!(f, "Put({table:?})"),
            Change::Delete { table, .. } => write!(f, "Delete({table:?})"),
            Change::Index { id, .. } => write!(f, "Index({id})"),
            Change::Unindex { id } => write!(f, "Unindex({id})"),
        }
    }
}

/// Changes that become durable together, applied in order.
pub type Batch = Vec<Change>;

/// The direction of a [`Shelf::scan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest key first.
    Up,
    /// Largest key first.
    Down,
}

/// The store could not answer; the step is given up and the home opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store could not be read")]
pub struct ShelfFault;

/// A key with its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// A store of rows, read.
pub trait Shelf {
    /// The value of one row, if it is there.
    ///
    /// # Errors
    /// [`ShelfFault`] when the store cannot answer.
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault>;

    /// Rows whose keys begin with `prefix`, strictly beyond `after` in the direction of `order`,
    /// at most `limit` of them.
    ///
    /// # Errors
    /// [`ShelfFault`] when the store cannot answer.
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
        order: Order,
    ) -> Result<Vec<Row>, ShelfFault>;

    /// Documents in which every one of `words` occurs, newest (largest id) first.
    ///
    /// # Errors
    /// [`ShelfFault`] when the store cannot answer.
    fn search(&self, words: &str, limit: usize) -> Result<Vec<u64>, ShelfFault>;
}
