//! Numbers of variable length, as QUIC writes them (RFC 9000, 16): the first two bits say whether
//! 1, 2, 4 or 8 bytes hold the rest.

use crate::{WireError, reader::Reader};

/// The largest number there is room for.
pub(crate) const VARINT_MAX: u64 = (1 << 62) - 1;

/// Writes a number in the fewest bytes. What does not fit is written as the largest that does.
pub(crate) fn put(bytes: &mut Vec<u8>, number: u64) {
    let number = number.min(VARINT_MAX);
    let long = number.to_be_bytes();
    let (count, mark) = match number {
        0..0x40 => (1usize, 0x00),
        0x40..0x4000 => (2, 0x40),
        0x4000..0x4000_0000 => (4, 0x80),
        _ => (8, 0xc0),
    };
    let written = long.get(long.len().saturating_sub(count)..).unwrap_or_default();
    let first = written.first().copied().unwrap_or_default() | mark;
    bytes.push(first);
    bytes.extend(written.iter().skip(1));
}

/// Reads a number; one written in more bytes than it needs is refused, so that there is one way.
pub(crate) fn take(reader: &mut Reader<'_>) -> Result<u64, WireError> {
    let first = reader.u8()?;
    let (rest, least): (usize, u64) = match first >> 6 {
        0 => (0, 0),
        1 => (1, 0x40),
        2 => (3, 0x4000),
        _ => (7, 0x4000_0000),
    };
    let number = reader
        .take(rest)?
        .iter()
        .fold(u64::from(first & 0x3f), |number, byte| number << 8 | u64::from(*byte));
    if number < least { Err(WireError::Form) } else { Ok(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_are_read_and_written() {
        let examples: [(&[u8], u64); 4] = [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
        ];
        for (bytes, number) in examples {
            assert_eq!(take(&mut Reader::new(bytes)), Ok(number));
            let mut written = Vec::new();
            put(&mut written, number);
            assert_eq!(written, bytes);
        }
        assert_eq!(take(&mut Reader::new(&[0x40, 0x25])), Err(WireError::Form), "37 in two bytes");
    }
}
