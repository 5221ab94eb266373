//! Everything a world leaves to chance comes from its seed.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{Arc, Mutex},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use sogon_engine::Entropy;

/// A stream of chance.
#[derive(Clone, Debug)]
pub struct Chance(Rc<RefCell<ChaCha8Rng>>);

impl Chance {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Rc::new(RefCell::new(ChaCha8Rng::seed_from_u64(seed))))
    }

    /// A number below `bound` (0 when that is 0).
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        self.0.borrow_mut().next_u64().checked_rem(bound).unwrap_or(0)
    }

    /// True once in `one_in` times.
    #[must_use]
    pub fn once_in(&self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    /// One of `items`.
    ///
    /// # Panics
    /// When there are none.
    #[must_use]
    pub fn pick<'a, T>(&self, items: &'a [T]) -> &'a T {
        let place = usize::try_from(self.below(items.len() as u64)).unwrap_or(0);
        items.get(place).expect("somebody to pick from")
    }
}

/// The randomness of one home: seeded, so that a world replays.
#[derive(Clone, Debug)]
pub struct SeededEntropy(Arc<Mutex<ChaCha8Rng>>);

impl SeededEntropy {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(ChaCha8Rng::seed_from_u64(seed))))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, out: &mut [u8]) {
        if let Ok(mut stream) = self.0.lock() {
            stream.fill_bytes(out);
        }
    }
}
