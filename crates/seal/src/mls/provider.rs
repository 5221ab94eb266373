//! What the library is given: cryptography, randomness and a place to write.

use std::fmt;

use openmls_libcrux_crypto::CryptoProvider;
use openmls_traits::{OpenMlsProvider, random::OpenMlsRand};

use crate::{Desk, Entropy, SealError};

/// The library's cryptography, made once. Encapsulation inside HPKE draws from the operating
/// system; every other random byte comes from the [`Entropy`] of the step.
pub struct Library(pub(crate) CryptoProvider);

impl Library {
    /// Starts it.
    ///
    /// # Errors
    /// [`SealError::Bug`] when the operating system gives no randomness.
    pub fn new() -> Result<Self, SealError> {
        CryptoProvider::new().map(Self).map_err(|_| SealError::Bug)
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Library(..)")
    }
}

/// The sealing room at work in one step.
#[derive(Clone, Copy)]
pub struct Sealer<'a> {
    pub(crate) library: &'a Library,
    pub(crate) desk: &'a Desk<'a>,
    pub(crate) dice: Dice<'a>,
}

impl<'a> Sealer<'a> {
    /// Puts together what a step needs.
    #[must_use]
    pub fn new(library: &'a Library, desk: &'a Desk<'a>, entropy: &'a dyn Entropy) -> Self {
        Self { library, desk, dice: Dice(entropy) }
    }

    /// The randomness of the step.
    #[must_use]
    pub fn entropy(&self) -> &'a dyn Entropy {
        self.dice.0
    }
}

impl fmt::Debug for Sealer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

/// [`Entropy`] in the form the library asks for.
#[derive(Clone, Copy)]
pub struct Dice<'a>(pub(crate) &'a dyn Entropy);

impl fmt::Debug for Dice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dice(..)")
    }
}

impl OpenMlsRand for Dice<'_> {
    type Error = std::convert::Infallible;

    fn random_array<const N: usize>(&self) -> Result<[u8; N], Self::Error> {
        Ok(crate::entropy::random(self.0))
    }

    fn random_vec(&self, len: usize) -> Result<Vec<u8>, Self::Error> {
        let mut bytes = vec![0; len];
        self.0.fill(&mut bytes);
        Ok(bytes)
    }
}

impl<'a> OpenMlsProvider for Sealer<'a> {
    type CryptoProvider = CryptoProvider;
    type RandProvider = Dice<'a>;
    type StorageProvider = Desk<'a>;

    fn storage(&self) -> &Self::StorageProvider {
        self.desk
    }

    fn crypto(&self) -> &Self::CryptoProvider {
        &self.library.0
    }

    fn rand(&self) -> &Self::RandProvider {
        &self.dice
    }
}
