//! Passphrases by chance: words of the lists of BIP-39, whose first letters tell them apart.

use bip39::Language;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::error::VaultError;

/// A list of 2,048 words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordList {
    /// Korean, as written in the south; composed.
    Korean,
    /// English.
    English,
}

impl WordList {
    /// So many words by chance with a space between them, each worth eleven bits.
    ///
    /// # Errors
    /// [`VaultError::NoRandomness`].
    pub fn draw(self, count: u32) -> Result<Zeroizing<String>, VaultError> {
        let words = match self {
            Self::Korean => Language::Korean,
            Self::English => Language::English,
        };
        let words = words.word_list();
        // The longest word has 8 letters of 3 bytes, or 9 jamo before it is composed.
        let room = usize::try_from(count).unwrap_or(0).saturating_mul(32);
        let mut drawn = Zeroizing::new(String::with_capacity(room));
        for nth in 0..count {
            let dice = getrandom::u32().map_err(|_| VaultError::NoRandomness)?;
            let at = usize::try_from(dice & 0x7ff).map_err(|_| VaultError::Bug)?;
            if nth > 0 {
                drawn.push(' ');
            }
            drawn.extend(words.get(at).ok_or(VaultError::Bug)?.nfc());
        }
        Ok(drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_drawn_from_the_whole_list_and_never_the_same_twice() {
        for list in [WordList::Korean, WordList::English] {
            let drawn = list.draw(4_000).unwrap();
            let words: Vec<&str> = drawn.split(' ').collect();
            assert_eq!(words.len(), 4_000);
            let different: std::collections::BTreeSet<_> = words.iter().collect();
            // Of 2,048 words, 4,000 draws leave one in seven out.
            assert!((1_650..1_900).contains(&different.len()), "{}", different.len());
            assert!(drawn.nfc().eq(drawn.chars()), "composed");
            assert_ne!(list.draw(6).unwrap(), list.draw(6).unwrap());
        }
        assert!(WordList::Korean.draw(9).unwrap().chars().any(|c| ('가'..='힣').contains(&c)));
        assert_eq!(WordList::English.draw(0).unwrap().as_str(), "");
    }
}
