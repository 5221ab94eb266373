//! The vault: a home on a disk that looks like random bytes to everybody without its passphrase.
//!
//! A container is one file of fixed size with four equal slots, used or not; a passphrase opens at
//! most one of them. A [`Vault`] is an open slot. It takes batches of changes, each stored whole or
//! not at all, and answers as a [`sogon_engine::Shelf`]. It knows rows and words, not what they mean.

mod backup;
mod blank;
mod bytes;
mod commit;
mod container;
mod database;
mod diff;
mod disk;
mod dubeolsik;
mod error;
mod fault;
mod footprints;
mod header;
mod keyblock;
mod keys;
#[cfg(test)]
mod leftovers;
mod locked;
pub mod memory;
#[cfg(test)]
mod memory_test;
mod neighbours;
#[cfg(test)]
mod older_test;
mod pages;
mod passphrase;
mod proof;
#[cfg(test)]
mod raw_test;
mod record;
mod remains;
mod rows;
mod search;
mod sector;
mod slot;
mod spare;
mod stack;
mod strength;
mod tray;
mod vault;
mod words;

pub use backup::{Backup, Condition};
pub use container::{SLOTS, Size};
pub use disk::Disk;
pub use error::VaultError;
pub use footprints::{Refused, Tried};
pub use keys::Cost;
pub use neighbours::wipe_all;
pub use passphrase::{Chip, ChipFault, Device, DeviceSecret, Passphrase};
pub use sector::SECTOR_BYTES;
pub use stack::overwrite_deeply;
pub use strength::{Attack, Strength};
pub use tray::{Tray, TrayKey};
pub use vault::Vault;
pub use words::WordList;
