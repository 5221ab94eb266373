//! What proves that something is gone: the sectors that held it, by marks that no other sector has.

use crate::error::VaultError;
use crate::vault::Vault;

impl Vault {
    /// The first 24 bytes (the nonces) of all sectors of this home that hold these bytes in plain
    /// form, log and spare copies included. Whoever takes them before something is removed can look
    /// for them afterwards in a raw image of the disk. Reads the whole slot.
    ///
    /// # Errors
    /// [`VaultError::Io`] when the disk refuses.
    pub fn sectors_with(&self, bytes: &[u8]) -> Result<Vec<[u8; 24]>, VaultError> {
        let mut pages = self.pages();
        let slot = pages.slot();
        let number = slot.parts().1.block.slot;
        let mut marks = Vec::new();
        for at in 0..slot.sectors() {
            let Some(text) = slot.read(at)? else { continue };
            let length = bytes.len().max(1);
            if text.bytes().windows(length).any(|window| window == bytes) {
                let raw = slot.parts().0.read_slot(number, u64::from(at))?;
                marks.extend(raw.first_chunk::<24>().copied());
            }
        }
        Ok(marks)
    }
}
