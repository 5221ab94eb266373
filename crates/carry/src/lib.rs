//! The carry room.
