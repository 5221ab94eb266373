//! The datagram form (SPEC 10): single sealed datagrams, repeated until they are answered.
//!
//! [`Exchange`] decides what leaves and when; it has no socket and takes the time as an argument.
//! [`by_datagrams`] gives it both.

mod air;
mod exchange;
mod rate;
mod reading;
#[cfg(test)]
mod simulated;
mod socket;
mod steady;
mod task;
mod timing;
mod window;

pub(crate) use socket::{DatagramEnd, by_datagrams, fits_datagrams};
pub(crate) use steady::steadily;
pub(crate) use timing::Timing;
