//! One sealed sector: nonce, ciphertext, tag.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use zeroize::{Zeroize, Zeroizing};

use crate::error::VaultError;
use crate::keys::Key;

/// The unit of reading and writing, in bytes.
pub const SECTOR_BYTES: usize = 4096;

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// What sealing adds to a text.
pub(crate) const OVERHEAD_BYTES: usize = NONCE_BYTES + TAG_BYTES;

/// What one sector holds in plain form.
pub(crate) const TEXT_BYTES: usize = SECTOR_BYTES - NONCE_BYTES - TAG_BYTES;

/// A sector as it lies on the disk.
pub(crate) type Sector = [u8; SECTOR_BYTES];

/// The plain content of a sector, zeroed on drop; behind a pointer, so that moving leaves no copy.
pub(crate) struct Text(Box<[u8; TEXT_BYTES]>);

impl Text {
    pub(crate) fn zeros() -> Self {
        Self(Box::new([0; TEXT_BYTES]))
    }

    pub(crate) fn bytes(&self) -> &[u8; TEXT_BYTES] {
        &self.0
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; TEXT_BYTES] {
        &mut self.0
    }
}

impl Clone for Text {
    fn clone(&self) -> Self {
        Self(Box::new(*self.0))
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

/// Seals and opens the sectors of one purpose. The cipher is made anew for each, so that the key has
/// no copy that stays anywhere but in locked memory; it zeroes its own on drop.
pub(crate) struct Sealer<'a>(&'a Key);

impl<'a> Sealer<'a> {
    pub(crate) fn new(key: &'a Key) -> Self {
        Self(key)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.0.bytes().into())
    }

    /// Seals `text` for the place that `place` names, under a fresh random nonce.
    pub(crate) fn seal(&self, text: &Text, place: &[u8]) -> Result<Box<Sector>, VaultError> {
        let mut sector = Box::new([0; SECTOR_BYTES]);
        self.seal_into(text.bytes(), place, sector.as_mut_slice())?;
        Ok(sector)
    }

    /// As [`Sealer::seal`], for a text of any length.
    pub(crate) fn seal_bytes(&self, text: &[u8], place: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut sealed = vec![0; text.len().saturating_add(OVERHEAD_BYTES)];
        self.seal_into(text, place, &mut sealed)?;
        Ok(sealed)
    }

    /// `out` is longer than the text by [`OVERHEAD_BYTES`].
    fn seal_into(&self, text: &[u8], place: &[u8], out: &mut [u8]) -> Result<(), VaultError> {
        let body_end = out.len().checked_sub(TAG_BYTES).ok_or(VaultError::Bug)?;
        let (front, tag_out) = out.split_at_mut(body_end);
        let (nonce_out, body) = front.split_at_mut_checked(NONCE_BYTES).ok_or(VaultError::Bug)?;
        getrandom::fill(nonce_out).map_err(|_| VaultError::NoRandomness)?;
        let nonce = XNonce::try_from(&*nonce_out).map_err(|_| VaultError::Bug)?;
        body.copy_from_slice(text);
        let tag = self
            .cipher()
            .encrypt_inout_detached(&nonce, place, body.into())
            .map_err(|_| VaultError::Bug)?;
        tag_out.copy_from_slice(&tag);
        Ok(())
    }

    /// Opens a sector read from `place`; `None` when it was not sealed with this key for it.
    pub(crate) fn open(&self, sector: &Sector, place: &[u8]) -> Option<Text> {
        let mut text = Text::zeros();
        self.open_into(sector, place, text.bytes_mut())?;
        Some(text)
    }

    /// As [`Sealer::open`], for what [`Sealer::seal_bytes`] sealed.
    pub(crate) fn open_bytes(&self, sealed: &[u8], place: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let length = sealed.len().checked_sub(OVERHEAD_BYTES)?;
        let mut text = Zeroizing::new(vec![0; length]);
        self.open_into(sealed, place, &mut text)?;
        Some(text)
    }

    fn open_into(&self, sealed: &[u8], place: &[u8], text: &mut [u8]) -> Option<()> {
        let (front, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG_BYTES)?)?;
        let (nonce, body) = front.split_at_checked(NONCE_BYTES)?;
        let nonce = XNonce::try_from(nonce).ok()?;
        let tag = Tag::try_from(tag).ok()?;
        text.copy_from_slice(body);
        self.cipher().decrypt_inout_detached(&nonce, place, text.into(), &tag).ok()
    }
}

/// Bytes that say nothing, to be written where something was.
pub(crate) fn noise(sectors: usize) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let mut bytes = Zeroizing::new(vec![0; sectors.saturating_mul(SECTOR_BYTES)]);
    getrandom::fill(&mut bytes).map_err(|_| VaultError::NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sector_opens_at_its_place_only_and_only_whole() {
        let key = Key::random().unwrap();
        let sealer = Sealer::new(&key);
        let mut text = Text::zeros();
        text.bytes_mut()[..5].copy_from_slice(b"hello");
        let mut sector = sealer.seal(&text, b"here").unwrap();
        assert_eq!(sealer.open(&sector, b"here").unwrap().bytes(), text.bytes());
        assert!(sealer.open(&sector, b"there").is_none());
        assert!(Sealer::new(&Key::random().unwrap()).open(&sector, b"here").is_none());
        for at in [0, 30, SECTOR_BYTES - 1] {
            sector[at] ^= 1;
            assert!(sealer.open(&sector, b"here").is_none());
            sector[at] ^= 1;
        }
    }

    #[test]
    fn the_same_text_never_looks_the_same_twice() {
        let key = Key::random().unwrap();
        let sealer = Sealer::new(&key);
        let text = Text::zeros();
        assert_ne!(sealer.seal(&text, b"x").unwrap(), sealer.seal(&text, b"x").unwrap());
    }
}
