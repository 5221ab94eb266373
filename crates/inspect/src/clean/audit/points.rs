//! Whether the content of a copy is that of its source: pictures by their points, everything else
//! by what a walk can tell of their content.

use std::io::Cursor;

use image::{
    AnimationDecoder, codecs::gif::GifDecoder, codecs::png::PngDecoder, codecs::webp::WebPDecoder,
};

use crate::clean::{Kind, View, anew, audit::walk};

/// Larger pictures are compared by what codes them.
const BYTES_MAX: u64 = 64 << 20;
const FRAMES_MAX: usize = 2_000;
/// So many bytes of a moving picture are compared point by point.
const MOVING_BYTES_MAX: usize = 256 << 20;

pub(super) fn same(kind: Kind, old: &mut View<'_>, new: &mut View<'_>) -> Result<(), String> {
    let failed = |_| "it cannot be read".to_owned();
    if anew::format(kind).is_none() || old.len() > BYTES_MAX {
        return walk::same(kind, old, new);
    }
    let bytes = old.all().map_err(failed)?;
    // What no decoder of ours reads is compared as it is coded.
    let Ok(before) = anew::decode(kind, &bytes) else { return walk::same(kind, old, new) };
    let (old, new) = (bytes, new.all().map_err(failed)?);
    let after = anew::decode(kind, &new).map_err(|_| "it does not decode any more".to_owned())?;
    match before == after && moving(kind, &old) == moving(kind, &new) {
        true => Ok(()),
        false => Err("its points changed".to_owned()),
    }
}

/// A sum over all frames of a moving picture.
fn moving(kind: Kind, bytes: &[u8]) -> Option<u32> {
    let input = Cursor::new(bytes);
    let frames = match kind {
        Kind::Gif => GifDecoder::new(input).ok()?.into_frames(),
        Kind::Png => PngDecoder::new(input).ok()?.apng().ok()?.into_frames(),
        Kind::WebP => {
            WebPDecoder::new(input).ok().filter(WebPDecoder::has_animation)?.into_frames()
        }
        _ => return None,
    };
    let mut sum = crc32fast::Hasher::new();
    let mut left = MOVING_BYTES_MAX;
    for frame in frames.take(FRAMES_MAX) {
        let frame = frame.ok()?;
        // A small file can say that it has a thousand frames of a gigabyte.
        let Some(rest) = left.checked_sub(frame.buffer().as_raw().len()) else { break };
        left = rest;
        let (numerator, denominator) = frame.delay().numer_denom_ms();
        sum.update(&numerator.to_le_bytes());
        sum.update(&denominator.to_le_bytes());
        sum.update(frame.buffer().as_raw());
    }
    Some(sum.finalize())
}
