//! What can go wrong while sealing or opening.

use crate::shelf::ShelfFault;

/// Why something was not sealed or not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It does not open. No reason is given, on purpose: whoever sent it may be listening.
    #[error("it does not open")]
    Unopenable,
    /// The content does not fit the largest box: split it.
    #[error("larger than a box")]
    TooLarge,
    /// There is no such conversation in this home.
    #[error("no such conversation")]
    Unknown,
    /// The owner is no longer a member: nothing can be sealed any more.
    #[error("no longer a member")]
    Over,
    /// A commit of one's own is on its way: wait for it to come back.
    #[error("a commit is on its way")]
    Pending,
    /// The store did not answer: give the step up and open the home again.
    #[error("the store could not be read")]
    Shelf,
    /// A library failed where it cannot: a fault of ours.
    #[error("an internal fault")]
    Bug,
}

impl From<ShelfFault> for SealError {
    fn from(_: ShelfFault) -> Self {
        Self::Shelf
    }
}
