//! Which way up a picture is: the one thing in Exif that the picture needs.

use crate::clean::{Kind, Refusal, reader::Reader};

const ORIENTATION: u16 = 0x0112;

/// A way up other than the plain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turned(u8);

/// Reads it from a TIFF structure; one that cannot be read turns nothing.
pub(crate) fn turned(tiff: &[u8]) -> Option<Turned> {
    read(tiff).ok().flatten()
}

fn read(tiff: &[u8]) -> Result<Option<Turned>, Refusal> {
    let big = tiff.starts_with(b"MM");
    let word = |r: &mut Reader<'_>| if big { r.be16() } else { r.le16() };
    let long = |r: &mut Reader<'_>| if big { r.be32() } else { r.le32() };
    let mut reader = Reader::new(tiff, Kind::Jpeg);
    reader.take(4)?;
    let ifd = long(&mut reader)?;
    let mut reader = Reader::new(tiff, Kind::Jpeg);
    reader.take32(ifd)?;
    for _ in 0..word(&mut reader)? {
        let (tag, kind, count) = (word(&mut reader)?, word(&mut reader)?, long(&mut reader)?);
        let mut value = Reader::new(reader.take(4)?, Kind::Jpeg);
        if (tag, kind, count) == (ORIENTATION, 3, 1) {
            let value = u8::try_from(word(&mut value)?).unwrap_or(0);
            return Ok((2..=8).contains(&value).then_some(Turned(value)));
        }
    }
    Ok(None)
}

/// A TIFF structure that says this and nothing else (26 bytes, big-endian).
pub(crate) fn tiff(turned: Turned) -> Vec<u8> {
    let mut out = b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    out.push(turned.0);
    out.extend([0; 6]);
    out
}
