//! A passphrase, in the one form every keyboard's spelling of it leads to.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::keys::Key;
use crate::locked::Locked;

const BYTES_MAX: usize = 1024;

/// What the owner types; kept in NFC, so that composed and decomposed Hangul are the same
/// passphrase. Zeroed on drop, never printed.
///
/// ```compile_fail
/// let passphrase = sogon_vault::Passphrase::new("벚꽃 아래").unwrap();
/// println!("{passphrase}");
/// ```
pub struct Passphrase {
    words: Locked,
    length: usize,
    device: Device,
}

/// What a passphrase is of use together with only.
#[derive(Clone, Default)]
pub enum Device {
    /// Nothing: whoever has the home can guess.
    #[default]
    None,
    /// 32 bytes that are kept elsewhere.
    Secret(DeviceSecret),
    /// A chip that is asked for each guess.
    Chip(Arc<dyn Chip>),
}

/// A chip of this device, such as a TPM, that answers each question the same way every time and
/// whose answers nobody else can compute. It is asked once for each guess of a passphrase, after
/// Argon2id: so a guess needs this chip, and takes at least as long as the chip does.
pub trait Chip: Send + Sync {
    /// Its answer to a question.
    ///
    /// # Errors
    /// [`ChipFault`] when it does not answer, or not as it should.
    fn answer(&self, question: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, ChipFault>;
}

/// A chip did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chip does not answer")]
pub struct ChipFault;

/// 32 random bytes kept somewhere else than the home: a copy of the home alone is then of no use,
/// whatever the passphrase. Zeroed on drop, never printed.
pub struct DeviceSecret(Key);

impl DeviceSecret {
    /// A new one.
    ///
    /// # Errors
    /// [`VaultError::NoRandomness`].
    pub fn random() -> Result<Self, VaultError> {
        Key::random().map(Self)
    }

    /// One that was kept.
    ///
    /// # Errors
    /// [`VaultError::BadPassphrase`] unless there are 32 bytes.
    pub fn restore(bytes: &[u8]) -> Result<Self, VaultError> {
        Key::from_slice(bytes).map(Self).ok_or(VaultError::BadPassphrase)
    }

    /// What is to be kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        self.0.bytes()
    }
}

impl Clone for DeviceSecret {
    fn clone(&self) -> Self {
        Self(Key::from_slice(self.0.bytes()).unwrap_or_else(Key::empty))
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Device(..)")
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
        // The worst growth of NFC is a factor of three, for which there is room.
        let mut words = Locked::zeros();
        let mut length = 0_usize;
        for letter in typed.nfc() {
            let end = length.checked_add(letter.len_utf8()).ok_or(VaultError::BadPassphrase)?;
            let room = words.bytes_mut().get_mut(length..end).ok_or(VaultError::BadPassphrase)?;
            letter.encode_utf8(room);
            length = end;
        }
        Ok(Self { words, length, device: Device::None })
    }

    /// The same, of use only together with this.
    #[must_use]
    pub fn with(self, device: Device) -> Self {
        Self { device, ..self }
    }

    /// Whether these are the same words.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.words.bytes().get(..self.length).unwrap_or(&[])
    }

    /// The secret, or nothing.
    pub(crate) fn device(&self) -> &[u8] {
        match &self.device {
            Device::Secret(secret) => secret.bytes(),
            Device::None | Device::Chip(_) => &[],
        }
    }

    /// The chip that is asked for each guess.
    pub(crate) fn chip(&self) -> Option<&dyn Chip> {
        match &self.device {
            Device::Chip(chip) => Some(chip.as_ref()),
            Device::None | Device::Secret(_) => None,
        }
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
