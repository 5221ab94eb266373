//! The inspector: what surveillance software has tagged, logged and stored, shown to its owner and
//! taken off before a file travels.
//!
//! It imports no other room of the house, so that it can be shipped alone. [`tags`] knows the marks a
//! device puts into files; [`clean`] writes a copy of a file without what would betray its sender.

pub mod app;
pub mod archive;
pub mod clean;
pub mod command;
pub mod finding;
pub mod image;
pub mod look;
mod numbers;
pub mod preview;
pub mod program;
pub mod report;
pub mod rules;
pub mod scan;
pub mod signer;
pub mod source;
pub mod tags;
pub mod times;
pub mod trace;
pub mod words;
pub mod worker;

pub use source::Source;
