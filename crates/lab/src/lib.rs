//! The lab: seeded worlds in which everything is tried. Never shipped.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a fault of the lab is a failed test, and its numbers are small"
)]

mod chance;
pub mod files;
pub mod hands;
pub mod home;
pub mod model;
pub mod prey;
pub mod relay;
pub mod rows;
pub mod story;
pub mod weather;
pub mod world;

pub use chance::{Chance, SeededEntropy};
