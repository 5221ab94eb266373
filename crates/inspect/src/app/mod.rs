//! Apps: what they are, who signed them, what they could do to their owner.

pub mod axml;
pub mod manifest;
pub mod packages;
pub mod reference;
pub mod signed;
pub mod trust;
