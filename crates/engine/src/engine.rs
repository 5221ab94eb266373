//! Stub.
use std::fmt;

use sogon_seal::Entropy;
use sogon_wire::RelayAddr;

use crate::{Batch, ConversationId, EngineError, Input, Now, Shelf, Step};

/// The client's mind: one input in, outputs out in order.
pub struct Engine {}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine(..)")
    }
}

impl Engine {
    /// The first batch of a new home, and its owner's fingerprint in hex.
    ///
    /// # Errors
    /// [`EngineError::TooLarge`] for a name above [`crate::NAME_BYTES_MAX`].
    pub fn set_up(
        _name: &str,
        _relays: &[RelayAddr],
        _entropy: &dyn Entropy,
    ) -> Result<(Batch, String), EngineError> {
        Err(EngineError::Bug)
    }

    /// Opens the engine on a store that [`Engine::set_up`] began.
    ///
    /// # Errors
    /// [`EngineError::Shelf`] or [`EngineError::Bug`] when the store is not one of ours.
    pub fn open(
        _shelf: &dyn Shelf,
        _entropy: Box<dyn Entropy + Send>,
    ) -> Result<Self, EngineError> {
        Err(EngineError::Bug)
    }

    /// One step of the loop. When a step's batch cannot be saved, drop the engine and open a new
    /// one on the store as it is.
    ///
    /// # Errors
    /// Any [`EngineError`]; then nothing has changed and nothing goes out.
    pub fn handle(
        &mut self,
        _now: Now,
        _input: Input,
        _shelf: &dyn Shelf,
    ) -> Result<Step, EngineError> {
        Err(EngineError::Bug)
    }

    /// The epoch of a conversation and a commitment to its keys (from the exporter): equal for two
    /// homes exactly when they can read each other. For tests and the doctor.
    ///
    /// # Errors
    /// [`EngineError::Unknown`] for a conversation that is not here.
    pub fn commitment(
        &self,
        _conversation: ConversationId,
        _shelf: &dyn Shelf,
    ) -> Result<(u64, [u8; 32]), EngineError> {
        Err(EngineError::Bug)
    }
}
