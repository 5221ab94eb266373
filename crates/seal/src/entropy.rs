//! Randomness, handed in.

/// A source of random bytes: the operating system's in the program, a seeded one in the lab.
pub trait Entropy {
    /// Fills `out`.
    fn fill(&self, out: &mut [u8]);
}

/// `N` random bytes.
pub(crate) fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}
