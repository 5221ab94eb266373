//! Bytes that cross a boundary: boxes, relay frames, relay addresses, invite links, and what is
//! carried by hand.
//!
//! Everything here parses and prints; nothing here holds a key or opens a box. All integers are
//! big-endian. `docs/SPEC.md` gives the tables, `vectors/` the bytes.

mod boxed;
pub mod bundle;
mod frame;
mod freight;
mod invite;
mod log;
pub mod packet;
mod reader;
mod relay;

pub use boxed::{BOX_BYTES_MAX, STEPS, SealedBox, step_for};
pub use frame::{
    About, Append, ENTRIES_BYTES_MAX, FRAME_BODY_BYTES_MAX, FRAME_HEAD_BYTES, Frame, Pass, Refusal,
    Reply, Request, SPEECH_BYTES_MAX, Tag,
};
pub use freight::{FREIGHT_HEAD_BYTES, FREIGHT_ITEM_BYTES, Freight};
pub use invite::{Invite, InviteSecret, Uses};
pub use log::{LogName, PublicWriteKey, Seq, WriteSignature};
pub use relay::{Fingerprint, RelayAddr};

/// Bytes or text that are not what they should be; says what was wrong, never what was in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The input ends before the object does: read more, or ask for it again.
    #[error("cut short")]
    Short,
    /// The input goes on after the object: refuse all of it.
    #[error("bytes after the end")]
    Trailing,
    /// A length or count is above its limit: refuse and hang up.
    #[error("larger than allowed")]
    TooLarge,
    /// A box has none of the sizes of SPEC 2: refuse it.
    #[error("not one of the box sizes")]
    Size,
    /// A kind byte nobody gave a meaning to yet: a newer version is needed.
    #[error("unknown kind")]
    Kind,
    /// A version this build does not know: a newer version is needed.
    #[error("unknown version")]
    Version,
    /// Text that is not a link or address of ours: ask for it again, whole.
    #[error("not a Sogon link or relay address")]
    Form,
    /// The link's check does not fit: a character was lost or changed on the way.
    #[error("the link was damaged on the way")]
    Damaged,
}
