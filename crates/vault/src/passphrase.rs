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
pub struct Passphrase {
    words: Zeroizing<String>,
    device: Option<DeviceSecret>,
}

/// 32 random bytes kept somewhere else than the home: a copy of the home alone is then of no use,
/// whatever the passphrase. Zeroed on drop, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceSecret(Zeroizing<[u8; 32]>);

impl DeviceSecret {
    /// A new one.
    ///
    /// # Errors
    /// [`VaultError::NoRandomness`].
    pub fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| VaultError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// One that was kept.
    ///
    /// # Errors
    /// [`VaultError::BadPassphrase`] unless there are 32 bytes.
    pub fn restore(bytes: &[u8]) -> Result<Self, VaultError> {
        let bytes = bytes.try_into().map_err(|_| VaultError::BadPassphrase)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// What is to be kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DeviceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceSecret(..)")
    }
}

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
        Ok(Self { words: normal, device: None })
    }

    /// The same, of use only together with this secret.
    #[must_use]
    pub fn with(self, device: Option<DeviceSecret>) -> Self {
        Self { device, ..self }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.words.as_bytes()
    }

    /// The secret, or nothing.
    pub(crate) fn device(&self) -> &[u8] {
        self.device.as_ref().map_or(&[], |device| device.bytes())
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
