//! The seal room: plain text to sealed box and back.

mod posting;
pub mod shelf;

pub use posting::{NotAPosting, Posting, WriteKey};
