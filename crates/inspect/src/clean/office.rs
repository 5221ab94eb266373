//! Documents.

pub(crate) mod epub;
pub(crate) mod odf;
pub(crate) mod ooxml;
mod package;
pub(crate) mod pdf;
