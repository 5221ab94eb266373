//! The engine: what a client decides.

pub use sogon_seal::shelf::{Batch, Change, Order, Row, Shelf, ShelfFault, Table};
