//! One record of a chain: the machine that wrote it, known by the serial number of its disk.
//!
//! Layout and key: public study of Red Star OS 3.0 (ERNW, 32C3), measured again.

use des::{
    Des,
    cipher::{BlockCipherDecrypt, KeyInit},
};

use crate::numbers::{array, u32_le};

/// Bytes of a record.
pub const RECORD_BYTES: usize = 24;

/// The key every copy of the system has.
const KEY: [u8; 8] = [7, 6, 5, 4, 3, 2, 1, 0];

/// What the last eight bytes of every known record are.
pub const RECORD_END: [u8; 8] = [0x5A, 0x13, 0xA0, 0xE6, 0x29, 0x4B, 0x75, 0xB1];

/// The id a machine takes whose disk says no serial number.
pub const FALLBACK_ID: &str = "3BCH496784712";

const ID_BYTES: usize = 13;

/// A machine in a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The disk id: 13 characters made from the serial number of the machine's disk.
    pub disk: String,
    /// The record ends as all known ones do: not a chance hit.
    pub certain: bool,
    /// The number behind the id; 0 in every known file.
    pub extra: u32,
}

/// What a chain tells the next machine to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The file is to be deleted when it is seen.
    Delete,
    /// The file is approved and is not to be tagged any more.
    Approved,
}

impl Machine {
    /// Reads a record of 24 bytes; `None` when it is none.
    #[must_use]
    pub fn read(record: &[u8]) -> Option<Self> {
        let sealed: [u8; RECORD_BYTES] = array(record, 0)?;
        let cipher = Des::new(&KEY.into());
        let mut clear = Vec::with_capacity(RECORD_BYTES);
        for block in sealed.chunks_exact(8) {
            let mut block: [u8; 8] = block.try_into().ok()?;
            cipher.decrypt_block((&mut block).into());
            clear.extend_from_slice(&block);
        }
        let text = clear.strip_prefix(b"WM")?.get(..ID_BYTES)?;
        let disk = id_text(text)?;
        Some(Self { disk, certain: sealed.ends_with(&RECORD_END), extra: u32_le(&clear, 20)? })
    }

    /// The order hidden in the place of the id.
    #[must_use]
    pub fn order(&self) -> Option<Order> {
        if self.disk.contains("cba") {
            Some(Order::Delete)
        } else if self.disk.contains("abc") {
            Some(Order::Approved)
        } else {
            None
        }
    }
}

/// The characters of an id up to the first NUL; `None` when something else stands there.
pub(super) fn id_text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (text, rest) = bytes.split_at_checked(end)?;
    let plain = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    let holds = !text.is_empty() && text.iter().all(plain) && rest.iter().all(|byte| *byte == 0);
    holds.then(|| String::from_utf8_lossy(text).into_owned())
}

/// The disk id that the system makes of a serial number: so that somebody can compare their disk
/// with a tag. An empty serial gives [`FALLBACK_ID`].
#[must_use]
pub fn disk_id(serial: &str) -> String {
    let serial = serial.trim().to_ascii_uppercase();
    let serial: Vec<u8> = serial.bytes().take(20).collect();
    if serial.is_empty() {
        return FALLBACK_ID.to_owned();
    }
    let digits = serial.strip_prefix(b"WD-W").map_or(serial.as_slice(), |_| {
        // The prefix has four characters and five are skipped.
        serial.get(5..).unwrap_or_default()
    });
    let mut folded = 0_u64;
    for byte in digits {
        if *byte == b'-' {
            continue;
        }
        let digit = char::from(*byte).to_digit(36).unwrap_or(0);
        folded = folded.wrapping_mul(36).wrapping_add(u64::from(digit));
    }
    let text = format!("{:05X}{:08X}", folded >> 32, folded & 0xFFFF_FFFF);
    text.replace('0', "Z").chars().take(ID_BYTES).collect()
}
