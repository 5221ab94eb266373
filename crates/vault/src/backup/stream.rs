//! Changes as one run of bytes: version, entries, an end with the hash of all before.

use sha2::{Digest, Sha256};
use sogon_engine::{Batch, Change, Table};
use zeroize::Zeroizing;

use crate::bytes::Reader;
use crate::error::VaultError;

const VERSION: u8 = 1;
const PUT: u8 = 1;
const INDEX: u8 = 2;
const END: u8 = 0;

/// Only what is stored: a backup deletes nothing.
pub(super) fn write(batch: &Batch) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let mut size = 64_usize;
    for change in batch {
        size = size.saturating_add(match change {
            Change::Put { key, value, .. } => key.len().saturating_add(value.len()),
            Change::Index { text, .. } => text.len(),
            _ => 0,
        });
        size = size.saturating_add(16);
    }
    // One piece from the start: a vector that grows leaves copies behind.
    let mut out = Zeroizing::new(Vec::with_capacity(size));
    out.push(VERSION);
    for change in batch {
        match change {
            Change::Put { table, key, value } => {
                out.extend_from_slice(&[PUT, table.0]);
                let length = u16::try_from(key.len()).map_err(|_| VaultError::TooLong)?;
                out.extend_from_slice(&length.to_le_bytes());
                out.extend_from_slice(key);
                put_long(&mut out, value)?;
            }
            Change::Index { id, text } => {
                out.push(INDEX);
                out.extend_from_slice(&id.to_le_bytes());
                put_long(&mut out, text.as_bytes())?;
            }
            Change::Delete { .. } | Change::Unindex { .. } => return Err(VaultError::Bug),
        }
    }
    out.push(END);
    let hash = Sha256::digest(&out);
    out.extend_from_slice(&hash);
    Ok(out)
}

fn put_long(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), VaultError> {
    let length = u32::try_from(bytes.len()).map_err(|_| VaultError::TooLong)?;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// `None` unless it is whole. What follows the end is filling.
pub(super) fn read(bytes: &[u8]) -> Option<Batch> {
    let mut fields = Reader::new(bytes);
    let mut read = 1_usize;
    let [VERSION] = fields.array()? else { return None };
    let mut batch = Batch::new();
    loop {
        let [kind] = fields.array()?;
        read = read.checked_add(1)?;
        match kind {
            PUT => {
                let [table] = fields.array()?;
                let length = usize::from(fields.u16()?);
                let key = fields.take(length)?.to_vec();
                let value = take_long(&mut fields)?.to_vec();
                read = read.checked_add(7)?.checked_add(length)?.checked_add(value.len())?;
                batch.push(Change::Put { table: Table(table), key, value });
            }
            INDEX => {
                let id = fields.u64()?;
                let text = std::str::from_utf8(take_long(&mut fields)?).ok()?.to_owned();
                read = read.checked_add(12)?.checked_add(text.len())?;
                batch.push(Change::Index { id, text });
            }
            END => {
                let hash: [u8; 32] = fields.array()?;
                let whole = Sha256::digest(bytes.get(..read)?).as_slice() == hash;
                return whole.then_some(batch);
            }
            _ => return None,
        }
    }
}

fn take_long<'a>(fields: &mut Reader<'a>) -> Option<&'a [u8]> {
    let length = usize::try_from(fields.u32()?).ok()?;
    fields.take(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_back_whole_or_not_at_all() {
        let batch = vec![
            Change::Put { table: Table(7), key: vec![1, 2], value: vec![9; 300] },
            Change::Index { id: 5, text: "비밀".to_owned() },
            Change::Put { table: Table(8), key: vec![], value: vec![] },
        ];
        let bytes = write(&batch).unwrap();
        assert_eq!(read(&bytes), Some(batch.clone()));
        assert_eq!(read(&[bytes.as_slice(), &[0; 90]].concat()), Some(batch));
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes[..cut]), None, "{cut}");
        }
        for at in 0..bytes.len() {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= 1;
            assert_eq!(read(&bytes), None, "{at}");
        }
        assert!(write(&vec![Change::Unindex { id: 1 }]).is_err());
    }
}
