//! The engine: what a client decides.

mod carrier;

pub use carrier::{Arrival, Ask, Loss, Transmit};
pub use sogon_seal::shelf::{Batch, Change, Order, Row, Shelf, ShelfFault, Table};
