//! The seal room: plain text to sealed box and back.

mod entropy;
mod posting;
pub mod shelf;

pub use entropy::Entropy;
pub use posting::{NotAPosting, Posting, WriteKey};
