//! Two small files of a handset: who it is, and which signatures are called back.

use super::natisign::Natisign;
use crate::numbers::{array, u32_le};

/// IMEI and IMSI, as `legalref.dat` holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The handset's number.
    pub imei: String,
    /// The SIM's number.
    pub imsi: String,
    /// The last digit of the IMEI is the one it must be (Luhn).
    pub luhn: bool,
}

impl Identity {
    /// Reads the 16 bytes of the file.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let whole: [u8; 16] = bytes.try_into().ok()?;
        let imei = digits(&array(&whole, 0)?, 15)?;
        let imsi = digits(&array(&whole, 8)?, 14)?;
        let luhn = luhn(&imei);
        Some(Self { imei, imsi, luhn })
    }
}

/// Packed digits: the first in the upper half of the first byte, then pairs, low half first; an
/// IMSI of 14 digits ends with a filler.
fn digits(packed: &[u8; 8], digits_min: usize) -> Option<String> {
    let (first, rest) = packed.split_first()?;
    if !matches!(first & 15, 9 | 10) {
        return None;
    }
    let halves = rest.iter().flat_map(|byte| [byte & 15, byte >> 4]);
    let mut halves: Vec<u8> = std::iter::once(first >> 4).chain(halves).collect();
    if halves.last() == Some(&15) {
        halves.pop();
    }
    let text: Option<String> =
        halves.iter().map(|half| char::from_digit(u32::from(*half), 10)).collect();
    text.filter(|text| text.len() >= digits_min && text.bytes().any(|digit| digit != b'0'))
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .chars()
        .rev()
        .zip([1_u32, 2].into_iter().cycle())
        .filter_map(|(digit, weight)| Some(digit.to_digit(10)?.saturating_mul(weight)))
        .map(|product| if product > 9 { product.saturating_sub(9) } else { product })
        .fold(0, u32::saturating_add);
    sum.is_multiple_of(10)
}

/// An entry of the revocation list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The ending it is for.
    pub ending: String,
    /// The two words of the header that are called back.
    pub words: (u32, u32),
}

impl Revoked {
    /// Whether it calls a mark back: both words are the same, and so is the ending where it has one.
    #[must_use]
    pub fn names(&self, mark: &Natisign) -> bool {
        let ending = self.ending.is_empty() || self.ending.eq_ignore_ascii_case(&mark.ending);
        self.words == mark.revocation && ending
    }
}

/// As many entries as are read.
pub const REVOKED_MAX: usize = 100_000;

/// Reads `pattern.dat`; `None` when it is not a run of whole records with endings.
#[must_use]
pub fn revocations(bytes: &[u8]) -> Option<Vec<Revoked>> {
    if bytes.is_empty() || !bytes.len().is_multiple_of(24) {
        return None;
    }
    let read = |record: &[u8]| {
        let ending: [u8; 8] = array(record, 8)?;
        let end = ending.iter().position(|byte| *byte == 0).unwrap_or(8);
        let (shown, rest) = ending.split_at_checked(end)?;
        let holds = shown.iter().all(u8::is_ascii_graphic) && rest.iter().all(|byte| *byte == 0);
        let ending = String::from_utf8_lossy(shown).into_owned();
        let words = (u32_le(record, 16)?, u32_le(record, 20)?);
        holds.then_some(Revoked { ending, words })
    };
    bytes.chunks_exact(24).take(REVOKED_MAX).map(read).collect()
}
