//! Archives, and what packs them.

pub(crate) mod deflate;
pub(crate) mod tar;
pub(crate) mod zip;
