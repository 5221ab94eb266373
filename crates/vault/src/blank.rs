//! The first page of an empty database.
//!
//! SQLite writes it by itself, but only we can ask it to leave the last 40 bytes of every page
//! alone: there the nonce and the tag go, so that one page is one sector.

use crate::sector::{SECTOR_BYTES, TEXT_BYTES, Text};

/// Bytes at the end of each page that SQLite does not use.
const RESERVED: u8 = 40;
const _: () = assert!(TEXT_BYTES + RESERVED as usize == SECTOR_BYTES);

/// The page, as the SQLite file format (section 1.3) wants it: 4,096 bytes, rollback journal, no
/// tables.
pub(crate) fn page() -> Text {
    let mut text = Text::zeros();
    let [high, low] = u16::try_from(TEXT_BYTES).unwrap_or(0).to_be_bytes();
    let fields: [(usize, &[u8]); 4] = [
        (0, b"SQLite format 3\0\x10\x00\x01\x01"),
        (20, &[RESERVED, 64, 32, 32, 0, 0, 0, 0, 0, 0, 0, 1]),
        // The root of the schema: an empty leaf (13) whose cells would begin at the page's end.
        (100, &[13]),
        (105, &[high, low]),
    ];
    for (at, bytes) in fields {
        let rest = text.bytes_mut().get_mut(at..).unwrap_or(&mut []);
        rest.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    }
    text
}
