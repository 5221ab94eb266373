//! Looks for a code in a picture that the page took: from a camera, or from a file.
//!
//! The picture may come from a stranger, so its size is bounded and it is looked at in a thread of
//! its own, which ends when the look is over.

use crate::home::Refusal;

/// The longest side of a picture.
pub(crate) const SIDE_MAX: usize = 1_280;
/// Width and height, four bytes each, before the pixels.
const HEAD_BYTES: usize = 8;
/// The longest text of a code.
const TEXT_BYTES_MAX: usize = 4_096;

/// The bytes a picture may have.
pub(crate) const PICTURE_BYTES_MAX: usize = HEAD_BYTES + SIDE_MAX * SIDE_MAX;

/// The text of the first code that is found in `width (4, big-endian) | height (4) | grey pixels`.
///
/// # Errors
/// [`Refusal::BadInput`] for what is no picture, [`Refusal::TooLarge`].
pub(crate) fn find(bytes: &[u8]) -> Result<Option<String>, Refusal> {
    let (head, pixels) = bytes.split_first_chunk::<HEAD_BYTES>().ok_or(Refusal::BadInput)?;
    let [a, b, c, d, e, f, g, h] = *head;
    let side = |four| usize::try_from(u32::from_be_bytes(four)).unwrap_or(usize::MAX);
    let (width, height) = (side([a, b, c, d]), side([e, f, g, h]));
    if width > SIDE_MAX || height > SIDE_MAX {
        return Err(Refusal::TooLarge);
    }
    if width == 0 || width.checked_mul(height) != Some(pixels.len()) {
        return Err(Refusal::BadInput);
    }
    let grey = |x: usize, y: usize| {
        let at = y.saturating_mul(width).saturating_add(x);
        pixels.get(at).copied().unwrap_or(255)
    };
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let codes = picture.detect_grids();
    let texts = codes.into_iter().filter_map(|code| code.decode().ok());
    Ok(texts.map(|(_, text)| text).find(|text| text.len() <= TEXT_BYTES_MAX))
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::arithmetic_side_effects,
    reason = "small numbers of a test"
)]
mod tests {
    use super::*;

    /// The picture of a code, each square `scale` pixels wide, with a white edge.
    fn picture(text: &str, scale: usize) -> Vec<u8> {
        let squares = crate::qr::squares(text);
        let rows: Vec<&str> =
            squares["rows"].as_array().unwrap().iter().map(|row| row.as_str().unwrap()).collect();
        let side = (rows.len() + 8) * scale;
        let mut bytes = [(side as u32).to_be_bytes(), (side as u32).to_be_bytes()].concat();
        for y in 0..side {
            for x in 0..side {
                let (row, column) = ((y / scale).wrapping_sub(4), (x / scale).wrapping_sub(4));
                let dark = rows.get(row).and_then(|row| row.as_bytes().get(column)) == Some(&b'1');
                bytes.push(if dark { 20 } else { 240 });
            }
        }
        bytes
    }

    #[test]
    fn a_code_shown_here_is_found_here() {
        for text in ["sogon:?", "한글도 됩니다", &"x".repeat(400)] {
            assert_eq!(find(&picture(text, 4)), Ok(Some(text.to_owned())));
        }
    }

    #[test]
    fn what_is_no_picture_is_refused_and_noise_holds_no_code() {
        for bytes in [&b""[..], b"short", &[0; 8], &[0, 0, 0, 1, 0, 0, 0, 1, 0, 0]] {
            assert_eq!(find(bytes), Err(Refusal::BadInput));
        }
        let huge = [2_000_u32.to_be_bytes(), 1_u32.to_be_bytes()].concat();
        assert_eq!(find(&huge), Err(Refusal::TooLarge));
    }

    #[test]
    fn a_damaged_code_is_read_rightly_or_not_at_all() {
        let whole = picture("a link to somebody", 4);
        let mut state = 7_u32;
        for round in 0..200 {
            let mut damaged = whole.clone();
            for _ in 0..(round * 20) {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = 8 + (state >> 8) as usize % (damaged.len() - 8);
                damaged[at] = (state & 0xff) as u8;
            }
            let found = find(&damaged).unwrap();
            assert!(found.is_none() || found.as_deref() == Some("a link to somebody"), "{found:?}");
        }
    }
}
