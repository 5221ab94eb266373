//! Archives, read with suspicion: what a header says is believed only as far as it can be checked.

pub mod backup;
mod bzip2;
pub mod packed;
pub mod seven;
mod stepped;
pub mod tar;
pub mod zip;
