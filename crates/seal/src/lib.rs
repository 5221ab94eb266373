//! The seal room: plain text to sealed box and back.

pub mod shelf;
