//! Voice: recordings, notes and calls as bytes. No sockets, no clock, no randomness of its own.

mod error;
pub mod note;
mod resample;
pub mod speech;
pub mod wav;

pub use error::CallError;
pub use sogon_call_opus::RATE_HZ;
