//! What a device recorded about its owner.

pub mod alerts;
pub(crate) mod rhythm;
