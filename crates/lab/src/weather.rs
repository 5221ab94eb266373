//! Weather: a poor link between two addresses, in user space.
//!
//! A [`Weather`] says what a link does to packets; a [`Link`] is one, on this machine, for UDP and
//! for TCP, with no rights of a system administrator. Every packet crosses a [`Pipe`] in each
//! direction: a pure state machine whose clock is an argument and whose chance is a seed, so that
//! the n-th packet of a seed always meets the same fate.
//!
//! TCP is no exception: a proxy cannot drop a kernel's segments, so a stream crosses the link
//! between two TCP stacks of its own, whose IP packets meet the weather as any others do.
//! Handshake, loss, retransmission and congestion are real. What this cannot show is in the
//! README of the lab.

mod datagrams;
mod fate;
mod lane;
mod link;
mod pipe;
mod settings;
mod stack;
mod streams;
mod tally;
#[cfg(test)]
mod tests;
mod way;

use std::time::Duration;

pub use lane::Lane;
pub use link::{Counters, Link};
pub use pipe::Pipe;
pub use settings::SettingFault;
pub use tally::Tally;
pub use way::{Loss, Outages, Way};

/// What a link does to what crosses it, each way, and the seed of its chance.
#[derive(Clone, Debug)]
pub struct Weather {
    /// From those who come to the link towards its target.
    pub up: Way,
    /// From the target back.
    pub down: Way,
    /// The seed: up and down have streams of their own in it.
    pub seed: u64,
}

impl Weather {
    /// The same both ways, with seed 0.
    #[must_use]
    pub fn both(way: Way) -> Self {
        Self { up: way.clone(), down: way, seed: 0 }
    }

    /// The weather with this seed.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// 10 Mbit/s, 20 ms each way, no loss.
    #[must_use]
    pub fn good() -> Self {
        Self::both(Way::of(10_000_000, 20, 0.0, 262_144))
    }

    /// 50 kbit/s, 300 ms each way, 5 % lost each way.
    #[must_use]
    pub fn edge() -> Self {
        Self::both(Way::of(50_000, 300, 0.05, 49_152))
    }

    /// 20 kbit/s, 500 ms each way, 15 % lost each way.
    #[must_use]
    pub fn gprs() -> Self {
        Self::both(Way::of(20_000, 500, 0.15, 24_576))
    }

    /// 50 kbit/s, 300 ms each way, 30 % lost each way.
    #[must_use]
    pub fn thirty() -> Self {
        Self::both(Way::of(50_000, 300, 0.30, 49_152))
    }

    /// [`Weather::edge`] that is there for 10 s and gone for 20 s.
    #[must_use]
    pub fn outage() -> Self {
        let outages = Outages {
            up: Duration::from_secs(10),
            down: Duration::from_secs(20),
            begin: Duration::ZERO,
        };
        let edge = Self::edge();
        Self::both(Way { outages: Some(outages), ..edge.up })
    }

    /// 64 kbit/s and 250 ms each way, 1 % lost, for everybody who comes through the link together.
    #[must_use]
    pub fn shared64() -> Self {
        Self::both(Way::of(64_000, 250, 0.01, 65_536))
    }

    /// The weathers that have a name.
    pub const NAMES: [&str; 6] = ["good", "edge", "gprs", "thirty", "outage", "shared64"];

    /// The weather of a name out of [`Weather::NAMES`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "good" => Some(Self::good()),
            "edge" => Some(Self::edge()),
            "gprs" => Some(Self::gprs()),
            "thirty" => Some(Self::thirty()),
            "outage" => Some(Self::outage()),
            "shared64" => Some(Self::shared64()),
            _ => None,
        }
    }

    /// The pipes of this weather: up, and down.
    #[must_use]
    pub fn pipes<P: Clone>(&self) -> (Pipe<P>, Pipe<P>) {
        let seed = self.seed.wrapping_mul(2);
        (Pipe::new(self.up.clone(), seed), Pipe::new(self.down.clone(), seed.wrapping_add(1)))
    }
}
