//! What chance has in store for the n-th packet.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

use super::way::{Loss, Way};

/// The stream of fates of one direction.
#[derive(Clone, Debug)]
pub(super) struct Fates {
    stream: ChaCha8Rng,
    bad_air: bool,
}

/// What happens to one packet on the air.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fate {
    pub(super) lost: bool,
    pub(super) doubled: bool,
    pub(super) held: bool,
    /// From -1 to 1.
    pub(super) jitter: f64,
}

impl Fates {
    pub(super) fn new(seed: u64) -> Self {
        Self { stream: ChaCha8Rng::seed_from_u64(seed), bad_air: false }
    }

    /// The next one. Each takes the same number of draws, so that the n-th does not depend on
    /// what became of those before it.
    pub(super) fn next(&mut self, way: &Way) -> Fate {
        let [turn, loss, doubled, held, jitter] = std::array::from_fn(|_| self.draw());
        let lost = match way.loss {
            Loss::Each(share) => loss < share,
            Loss::Bursts { worse, better, in_good, in_bad } => {
                self.bad_air = if self.bad_air { turn >= better } else { turn < worse };
                loss < if self.bad_air { in_bad } else { in_good }
            }
        };
        let (doubled, held) = (doubled < way.doubled, held < way.held);
        Fate { lost, doubled, held, jitter: jitter * 2.0 - 1.0 }
    }

    /// From 0 to below 1.
    fn draw(&mut self) -> f64 {
        // 53 bits are what a double holds exactly.
        #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
        let numerator = (self.stream.next_u64() >> 11) as f64;
        numerator / 9_007_199_254_740_992.0
    }
}
