//! The relay's own clock, handed in so that a test can turn it.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::store::Seconds;

/// Says what time it is, in seconds since 1970.
pub type Clock = Arc<dyn Fn() -> Seconds + Send + Sync>;

/// The clock of this machine.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}
