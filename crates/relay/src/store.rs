//! What a relay keeps: logs of boxes, behind one small trait.

mod embedded;
mod head;
mod memory;

use std::fmt;

use sha2::{Digest, Sha256};
use sogon_wire::{LogName, SealedBox, Seq};

pub use embedded::EmbeddedStore;
pub use memory::MemoryStore;

/// Seconds since 1970 by the relay's own clock.
pub type Seconds = u64;

/// Keeps logs of boxes. Calls may block: the relay makes them from threads of its own.
///
/// Every implementation passes `tests/store.rs`.
pub trait Store: Send + Sync + 'static {
    /// Puts the boxes at the ends of their logs, all in one durable commit, and says where each
    /// one stands. When this returns, nothing that is said to be placed can be lost.
    ///
    /// The same bytes in the same log are placed once, as long as they are kept.
    ///
    /// # Errors
    /// Any [`StoreFault`]: then none of the boxes is placed.
    fn append(&self, now: Seconds, group: &[Appending]) -> Result<Vec<Placed>, StoreFault>;

    /// The boxes of a log after a place, oldest first, as many as fit `bytes_max`.
    ///
    /// # Errors
    /// Any [`StoreFault`].
    fn read_after(&self, log: LogName, after: Seq, bytes_max: u32) -> Result<Page, StoreFault>;

    /// The last place each log has given out; 0 for a log never written to.
    ///
    /// # Errors
    /// Any [`StoreFault`].
    fn heads(&self, logs: &[LogName]) -> Result<Vec<Seq>, StoreFault>;

    /// Drops what was kept long enough, and gives its space back.
    ///
    /// # Errors
    /// Any [`StoreFault`].
    fn expire(&self, now: Seconds) -> Result<Expired, StoreFault>;

    /// How much is kept.
    fn holdings(&self) -> Holdings;
}

/// A box on its way into a log. Its signature was checked before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appending {
    /// Which log.
    pub log: LogName,
    /// What is appended.
    pub boxed: SealedBox,
}

impl Appending {
    /// By what a retry of the same bytes is known.
    pub(crate) fn mark(&self) -> Mark {
        let hash: [u8; 32] = Sha256::new()
            .chain_update(self.log.0)
            .chain_update(self.boxed.as_bytes())
            .finalize()
            .into();
        *hash.first_chunk::<16>().unwrap_or(&[0; 16])
    }

    pub(crate) fn bytes(&self) -> u64 {
        u64::try_from(self.boxed.as_bytes().len()).unwrap_or(u64::MAX)
    }
}

pub(crate) type Mark = [u8; 16];

/// What became of a box handed to [`Store::append`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It stands here now.
    New(Seq),
    /// It has stood here since it was first appended.
    Known(Seq),
    /// There is no room: its log, or the store, holds all it may.
    Full,
}

/// A piece of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The place of the first box: `after + 1`, or later when what was between has expired.
    pub from: Seq,
    /// The last place the log has given out.
    pub head: Seq,
    /// The boxes at `from`, `from + 1`, ...
    pub boxes: Vec<SealedBox>,
}

/// What [`Store::expire`] dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// How many boxes.
    pub boxes: u64,
    /// How many bytes of boxes.
    pub bytes: u64,
}

/// How much a store keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Boxes.
    pub boxes: u64,
    /// Logs whose last place is remembered; one written to for longer than 100 days may count twice.
    pub logs: u64,
    /// Bytes of boxes, without what the store adds.
    pub bytes: u64,
}

/// How long and how much a store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// How long a box is kept at least, in seconds.
    pub boxes_s: Seconds,
    /// How long after its last box a log's last place is remembered at least, in seconds.
    pub heads_s: Seconds,
    /// The most boxes in one log.
    pub log_boxes_max: u32,
    /// The most bytes of boxes in all.
    pub bytes_max: u64,
    /// The most logs in all.
    pub logs_max: u64,
}

/// One day, in seconds.
pub const DAY_S: Seconds = 86_400;

impl Default for Keep {
    fn default() -> Self {
        Self {
            boxes_s: 30 * DAY_S,
            heads_s: 400 * DAY_S,
            log_boxes_max: 65_536,
            bytes_max: 16 << 30,
            logs_max: 50_000_000,
        }
    }
}

impl Keep {
    /// Boxes expire in steps of this length: a thirtieth of the time they are kept.
    pub(crate) fn step_s(&self) -> Seconds {
        self.boxes_s.div_euclid(30).max(1)
    }

    /// Heads expire in steps of this length: a quarter of the time they are kept.
    pub(crate) fn period_s(&self) -> Seconds {
        self.heads_s.div_euclid(4).max(1)
    }
}

/// Why a store did not do what was asked. Holds nothing that was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// Another process has it open: stop that one, or use another directory.
    #[error("the store is open in another process")]
    Locked,
    /// The operating system does not allow it: run as the store's owner.
    #[error("not permitted to use the store's directory")]
    NotPermitted,
    /// The disk is full: make room, then start again.
    #[error("the disk is full")]
    DiskFull,
    /// It was written by a newer version, or is not a store: use that version, or another directory.
    #[error("not a store this version can read")]
    Unreadable,
    /// Reading or writing failed: look at the disk, then start again.
    #[error("the store could not be read or written")]
    Broken,
}

/// A log's name may not end in a log line by way of its store.
pub(crate) struct Veiled;

impl fmt::Debug for Veiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}
