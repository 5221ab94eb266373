//! The datagram form (SPEC 10): single sealed datagrams, repeated until they are answered.
//!
//! [`Exchange`] decides what leaves and when; it has no socket and takes the time as an argument.
//! [`by_datagrams`] gives it both. Where there are no keys yet a [`Greeting`] comes before it, and
//! a connection is dialled [`Beside`] either when nobody answers. [`Words`] go beside a connection that is
//! there.

#[cfg(doc)]
use {beside::Beside, exchange::Exchange, greeting::Greeting};

mod air;
mod aside;
mod beside;
mod exchange;
mod greet;
mod greeting;
mod rate;
mod reading;
#[cfg(test)]
mod simulated;
mod socket;
mod steady;
mod task;
mod timing;
mod watches;
mod window;

pub(crate) use aside::{Aside, Words};
pub(crate) use socket::{DatagramEnd, by_datagrams};
pub(crate) use steady::steadily;
pub(crate) use timing::Timing;
pub(crate) use watches::fits_datagrams;
