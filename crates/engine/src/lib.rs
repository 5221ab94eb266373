//! The engine: what a client decides. One loop, no clock, no I/O, no cipher.
//!
//! `handle(now, input, shelf)` reads the store through a [`Shelf`] and answers with outputs in the
//! order Save, Transmit, Tell, Wake. Everything it must remember is in the batch it asks to be
//! saved; what it holds in memory (open questions, deadlines) can be lost at any time.

mod alert;
mod api;
mod carrier;
mod carry;
mod content;
mod engine;
mod file_hash;
mod file_rows;
mod ids;
mod links;
mod membership;
mod message_row;
mod names;
mod portable;
mod rows;
mod spread;
mod step;
mod time;
pub mod view;
mod view_files;
mod view_rows;

pub use api::{Act, Answer, EngineError, Event, FileInfo, FileRule, Input, Output, Reach, Step};
pub use carrier::{Arrival, Ask, Loss, Transmit};
pub use carry::{Brought, Form, Found, Opened, Portion, SORTED_MAX, Sorter, open_card, open_words};
pub use engine::Engine;
pub use file_hash::FileHash;
pub use ids::{ContactId, ConversationId, MessageId, NotAnId};
pub use sogon_seal::shelf::{Batch, Change, Order, Row, Shelf, ShelfFault, Table};
pub use sogon_seal::{CallKeys, DirectCall, Entropy, Padlock, PadlockKey};
pub use time::{Now, Tick, WallClock};

/// The longest text, in bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 32_768;
/// The longest name of a person or group, in bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 128;
/// The longest reaction, in bytes of UTF-8.
pub const FACE_BYTES_MAX: usize = 32;
/// The largest file, in bytes: 2 GiB.
pub const FILE_BYTES_MAX: u64 = 2_147_483_648;
/// The longest name of a file, in bytes of UTF-8.
pub const FILE_NAME_BYTES_MAX: usize = 255;
/// The largest preview of a picture, in bytes.
pub const PREVIEW_BYTES_MAX: usize = 65_536;
/// The most bytes of a file taken in one [`Act::AddPieces`].
pub const PIECES_BYTES_MAX: usize = 1_048_576;
/// The most relays of a home, and of a conversation.
pub const RELAYS_MAX: usize = sogon_seal::MIRRORS_MAX + 1;
/// The most members of a group, the owner included.
pub const GROUP_MEMBERS_MAX: usize = 50;
