//! Randomness for the engine, from the operating system.

use sogon_engine::Entropy;

use crate::trouble::{Kind, Trouble};

/// The operating system's generator.
#[derive(Debug)]
pub(crate) struct System(());

impl System {
    /// Makes sure once that the generator answers.
    ///
    /// # Errors
    /// [`Kind::System`] when it does not.
    pub(crate) fn new() -> Result<Self, Trouble> {
        getrandom::fill(&mut [0; 32]).map(|()| Self(())).map_err(|_| Kind::System.into())
    }
}

impl Entropy for System {
    fn fill(&self, out: &mut [u8]) {
        if getrandom::fill(out).is_err() {
            // Going on would mean keys anybody can guess. Everything acknowledged is saved.
            std::process::abort();
        }
    }
}
