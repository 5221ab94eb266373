//! What is known of coded samples, whatever file they lie in: where coders sign them.

use crate::clean::{
    Kind, Refusal,
    av::nal::{self, Codec},
    image::jpeg,
};

/// How samples are coded, as far as something in them must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Units with a length in front of so many bytes.
    Units(Codec, u8),
    /// Units with start codes.
    Starts(Codec),
    /// MPEG-4 part 2: words between start codes.
    Mpeg4,
    /// AAC: filling in front.
    Aac,
    /// MP3, whose coders sign between frames: one sample alone does not show where.
    Mp3,
    /// ProRes: four letters of the coder in the head of each picture.
    ProRes,
    /// Single JPEG pictures.
    Jpeg,
    /// Nothing in them is known to tell of their coder.
    Other,
}

impl Coding {
    /// Samples are carried over unread.
    pub(crate) fn plain(self) -> bool {
        matches!(self, Self::Other | Self::Mp3)
    }

    /// A sample without its coder's name; `None` when it is that already.
    pub(crate) fn sample(self, bytes: &[u8], kind: Kind) -> Result<Option<Vec<u8>>, Refusal> {
        match self {
            Self::Units(codec, size) => nal::sample(bytes, codec, size, kind),
            Self::Starts(codec) => Ok(nal::starts(bytes, codec)),
            Self::Mpeg4 => Ok(mpeg4(bytes)),
            Self::Aac => Ok(aac(bytes)),
            Self::Jpeg => Ok(Some(jpeg::frame(bytes)?).filter(|fresh| fresh != bytes)),
            Self::ProRes => Ok(prores(bytes)),
            Self::Other | Self::Mp3 => Ok(None),
        }
    }

    /// The settings of a decoder, without the coder's name.
    pub(crate) fn header(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Mpeg4 => mpeg4(bytes).unwrap_or_else(|| bytes.to_vec()),
            _ => bytes.to_vec(),
        }
    }
}

/// The head of a picture (SMPTE RDD 36, 5.1): after its mark, size and version, who coded it.
fn prores(bytes: &[u8]) -> Option<Vec<u8>> {
    let coder = bytes.get(12..16).filter(|_| bytes.get(4..8) == Some(b"icpf"))?;
    if coder == [0; 4] {
        return None;
    }
    let mut out = bytes.to_vec();
    out.get_mut(12..16)?.fill(0);
    Some(out)
}

/// User data between start codes goes, but for two names by which decoders know old faults.
fn mpeg4(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut changed = false;
    for (code, body) in nal::split(bytes) {
        let user = body.first() == Some(&0xB2) && !code.is_empty();
        let hint = body.get(1..5).is_some_and(|name| name == b"DivX" || name == b"XviD");
        if user && !hint {
            changed = true;
            continue;
        }
        out.extend(code);
        out.extend(body);
    }
    changed.then_some(out)
}

/// Filling and data elements before the sound (ISO/IEC 14496-3, 4.5.2): their bytes become zero,
/// their length stays.
fn aac(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.to_vec();
    let mut at = 0_usize;
    let bit = |out: &[u8], at: usize| {
        out.get(at / 8).map(|byte| usize::from(byte >> (7_usize.saturating_sub(at % 8)) & 1))
    };
    let number = |out: &[u8], at: usize, count: usize| {
        (at..at.saturating_add(count)).try_fold(0_usize, |all, at| Some(all << 1 | bit(out, at)?))
    };
    // So many elements in front of the sound are already strange.
    for _ in 0..8 {
        let (body, len) = match number(&out, at, 3)? {
            6 => {
                let count = number(&out, at.saturating_add(3), 4)?;
                match count {
                    15 => {
                        let more = number(&out, at.saturating_add(7), 8)?;
                        (at.saturating_add(15), more.saturating_add(14))
                    }
                    _ => (at.saturating_add(7), count),
                }
            }
            4 => {
                let aligned = number(&out, at.saturating_add(7), 1)? == 1;
                let count = number(&out, at.saturating_add(8), 8)?;
                let (start, count) = match count {
                    255 => {
                        let more = number(&out, at.saturating_add(16), 8)?;
                        (at.saturating_add(24), count.saturating_add(more))
                    }
                    _ => (at.saturating_add(16), count),
                };
                (if aligned { start.next_multiple_of(8) } else { start }, count)
            }
            _ => break,
        };
        let end = body.saturating_add(len.saturating_mul(8));
        // Types 0 and 1 are filling; others (13, 14: spectral band replication) are sound.
        let sound = number(&out, at, 3)? == 6 && len > 0 && number(&out, body, 4)? > 1;
        if end.div_ceil(8) > out.len() || sound {
            break;
        }
        for place in body..end {
            if let Some(byte) = out.get_mut(place / 8) {
                *byte &= !(0x80_u8 >> (place % 8));
            }
        }
        at = end;
    }
    (out != bytes).then_some(out)
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of the tests' own"
)]
mod tests {
    use super::*;

    #[test]
    fn filling_in_front_of_the_sound_becomes_zero_and_nothing_else() {
        // FIL, count 15 + 4 - 1, type 0, then bytes; then a channel element.
        let mut text = String::from("110") + "1111" + "00000100";
        text += &"0".repeat(4);
        text += &"10110111".repeat(17);
        text += "1111";
        text += "0010101011";
        text += &"0".repeat(8 - text.len() % 8);
        let bytes: Vec<u8> = text
            .as_bytes()
            .chunks(8)
            .map(|b| u8::from_str_radix(std::str::from_utf8(b).unwrap(), 2).unwrap())
            .collect();
        let fresh = aac(&bytes).unwrap();
        let bits: String = fresh.iter().map(|b| format!("{b:08b}")).collect();
        let (was, is) = (text.as_bytes(), bits.as_bytes());
        assert_eq!(is[..15], was[..15]);
        assert_eq!(is[15..15 + 18 * 8], [b'0'; 18 * 8]);
        assert_eq!(is[15 + 18 * 8..], was[15 + 18 * 8..]);
        assert_eq!(aac(&fresh), None);
    }

    #[test]
    fn a_coders_word_in_mpeg4_goes_and_a_hint_for_decoders_stays() {
        let lavc = b"\0\0\x01\xB2Lavc58\0\0\x01\xB6picture";
        assert_eq!(mpeg4(lavc).unwrap(), b"\0\0\x01\xB6picture");
        assert_eq!(mpeg4(b"\0\0\x01\xB2XviD0050\0\0\x01\xB6picture"), None);
    }
}
