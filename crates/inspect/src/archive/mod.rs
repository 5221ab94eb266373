//! Archives, read with suspicion: what a header says is believed only as far as it can be checked.

pub mod backup;
pub mod tar;
pub mod zip;
