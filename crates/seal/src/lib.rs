//! The seal room: plain text to sealed box and back.
//!
//! The only room that names MLS or a cipher for messages. It holds no state of its own: a step
//! reads keys through a [`shelf::Shelf`] and what it changes lies on the [`Desk`] until the step's
//! batch is stored.

mod call;
mod carry;
mod desk;
mod entropy;
mod envelope;
mod error;
mod files;
mod identity;
mod keys;
mod mls;
mod padlock;
mod posting;
pub mod shelf;

pub use call::{CallKeys, DirectCall};
pub use carry::CarryKey;
pub use desk::{Desk, Mark};
pub use entropy::Entropy;
pub use envelope::{ENVELOPE_BYTES, Kind, PAYLOAD_BYTES_MAX};
pub use error::SealError;
pub use files::{FileKeys, PIECE_OVERHEAD_BYTES, PIECE_STEPS, Piece, piece_bytes};
pub use identity::{Identity, PublicIdentity, safety_number};
pub use keys::{Closing, InviteKeys, LogKeys};
pub use mls::{
    charter::{Charter, MIRRORS_MAX},
    conversation::{
        Change, Committed, Conversation, GroupName, LogHead, MESSAGE_BYTES_MAX, Member, Opened,
        Rescue, Staged, ask_rescue_anew,
    },
    key_package::{KeyPackage, PackageUse},
    provider::{Library, Sealer},
};
pub use padlock::{Padlock, PadlockKey};
pub use posting::{NotAPosting, Posting, WriteKey};
