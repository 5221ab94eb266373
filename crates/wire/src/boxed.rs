//! Boxes: the only thing that travels.

use std::fmt;

use crate::WireError;

/// The sizes a box may have, in bytes (SPEC 2). Few, so that a size says little.
///
/// 352 holds a text of 50 Korean syllables, 3072 a key package, 4608 a Welcome or a commit between two people.
pub const STEPS: [usize; 8] = [352, 512, 1024, 3072, 4608, 6144, 16_384, 65_536];

/// The largest box, in bytes.
pub const BOX_BYTES_MAX: usize = 65_536;

/// The smallest step that holds `bytes`, if any does.
#[must_use]
pub fn step_for(bytes: usize) -> Option<usize> {
    STEPS.into_iter().find(|step| *step >= bytes)
}

/// A sealed, padded blob of one of the [`STEPS`]; nobody but its readers can tell what is in it.
///
/// Having one proves its size and nothing else: what may leave a home is a posting, which only
/// the sealing room can make.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealedBox(Box<[u8]>);

impl SealedBox {
    /// Takes bytes that came from elsewhere or were just sealed.
    ///
    /// # Errors
    /// [`WireError::Size`] when the length is none of the [`STEPS`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        if STEPS.contains(&bytes.len()) { Ok(Self(bytes.into())) } else { Err(WireError::Size) }
    }

    /// The bytes as they travel.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The place of its size in [`STEPS`], as frames carry it.
    #[must_use]
    pub fn step(&self) -> u8 {
        let place = STEPS.iter().position(|step| *step == self.0.len()).unwrap_or_default();
        u8::try_from(place).unwrap_or_default()
    }
}

impl fmt::Debug for SealedBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedBox({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_of_another_size_is_refused() {
        for step in STEPS {
            assert!(SealedBox::parse(&vec![0; step]).is_ok());
            assert_eq!(SealedBox::parse(&vec![0; step - 1]), Err(WireError::Size));
            assert_eq!(SealedBox::parse(&vec![0; step + 1]), Err(WireError::Size));
        }
        assert_eq!(SealedBox::parse(&[]), Err(WireError::Size));
    }

    #[test]
    fn the_step_names_the_size() {
        for (place, step) in STEPS.into_iter().enumerate() {
            let boxed = SealedBox::parse(&vec![7; step]).unwrap();
            assert_eq!(usize::from(boxed.step()), place);
            assert_eq!(step_for(step), Some(step));
        }
        assert_eq!(step_for(0), Some(352));
        assert_eq!(step_for(BOX_BYTES_MAX + 1), None);
    }
}
