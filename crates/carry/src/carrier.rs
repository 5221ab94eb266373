//! What every way of travelling has in common.

use sogon_engine::{Arrival, Transmit};

/// A way boxes travel.
pub trait Carrier {
    /// Takes a question on its way. It never waits and never fails: what cannot be carried comes
    /// back as [`Arrival::Lost`], and the engine decides when to try again.
    fn transmit(&mut self, transmit: Transmit);

    /// Waits for the next arrival; for ever when nothing is on its way. May be dropped and called
    /// again without losing one.
    fn next(&mut self) -> impl Future<Output = Arrival> + Send;
}
