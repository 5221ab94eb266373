//! What can go wrong with voices.

use sogon_call_opus::OpusFault;

/// Why something about a recording, a note or a call was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// Not a recording that can be taken: hand in a WAV file of up to half an hour.
    #[error("not a WAV file that can be taken")]
    Recording,
    /// Not a voice note, or one that is too long or empty: ask its author for it again.
    #[error("not a voice note")]
    Note,
    /// Nothing more can be sealed with these keys.
    #[error("the keys of this stay in the call are used up")]
    Sealing,
    /// The codec refused what this room handed to it: a bug.
    #[error("a fault in the codec: {0:?}")]
    Codec(OpusFault),
}

impl From<OpusFault> for CallError {
    fn from(fault: OpusFault) -> Self {
        Self::Codec(fault)
    }
}
