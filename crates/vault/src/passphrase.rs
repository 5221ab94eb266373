//! A passphrase, in the one form every keyboard's spelling of it leads to.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::error::VaultError;

const BYTES_MAX: usize = 1024;

/// What the owner types; kept in NFC, so that composed and decomposed Hangul are the same
/// passphrase. Zeroed on drop, never printed.
///
/// ```compile_fail
/// let passphrase = sogon_vault::Passphrase::new("벚꽃 아래").unwrap();
/// println!("{passphrase}");
/// ```
#[derive(PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase as typed.
    ///
    /// # Errors
    /// [`VaultError::BadPassphrase`] when it is empty or longer than 1,024 bytes.
    pub fn new(typed: &str) -> Result<Self, VaultError> {
        if typed.is_empty() || typed.len() > BYTES_MAX {
            return Err(VaultError::BadPassphrase);
        }
        // Room for the worst growth of NFC (a factor of three): a moved String leaves a copy behind.
        let mut normal = Zeroizing::new(String::with_capacity(typed.len().saturating_mul(3)));
        normal.extend(typed.nfc());
        Ok(Self(normal))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decomposed_hangul_is_the_same_passphrase() {
        let composed = Passphrase::new("비밀").unwrap();
        let decomposed = Passphrase::new("\u{1107}\u{1175}\u{1106}\u{1175}\u{11af}").unwrap();
        assert_eq!(composed.bytes(), decomposed.bytes());
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert_eq!(Passphrase::new("").unwrap_err(), VaultError::BadPassphrase);
        assert_eq!(Passphrase::new(&"a".repeat(1025)).unwrap_err(), VaultError::BadPassphrase);
    }
}
