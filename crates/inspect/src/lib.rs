//! The inspector: what surveillance software has tagged, logged and stored, shown to its owner and
//! taken off before a file travels.
//!
//! It imports no other room of the house, so that it can be shipped alone. [`tags`] knows the marks a
//! device puts into files; [`clean`] writes a copy of a file without what would betray its sender.

pub mod clean;
mod numbers;
pub mod source;
pub mod tags;

pub use source::Source;
