//! Whether the content of a copy is that of its source: pictures by their points, everything else
//! by what a walk can tell of their content.

use std::io::Cursor;

use image::{
    AnimationDecoder, ImageDecoder, ImageReader, Limits, codecs::gif::GifDecoder,
    codecs::png::PngDecoder, codecs::webp::WebPDecoder,
};

use crate::clean::{Kind, View, anew, audit::walk};

/// Larger pictures are compared by what codes them.
const BYTES_MAX: u64 = 64 << 20;
/// A picture that says to have more points than this, and more bytes of them than so many for each
/// byte of the file, is nearly empty, or a bomb: it is compared by what codes it.
const POINTS_BYTES_MAX: u64 = 32 << 20;
const POINTS_BYTES_PER_BYTE: u64 = 1_000;
const FRAMES_MAX: usize = 2_000;
/// So many bytes of a moving picture are compared point by point.
const MOVING_BYTES_MAX: usize = 256 << 20;

pub(super) fn same(kind: Kind, old: &mut View<'_>, new: &mut View<'_>) -> Result<(), String> {
    let failed = |_| "it cannot be read".to_owned();
    if anew::format(kind).is_none() || old.len() > BYTES_MAX {
        return walk::same(kind, old, new);
    }
    let bytes = old.all().map_err(failed)?;
    let fair = fair(&bytes);
    if points(kind, &bytes).is_some_and(|points| points > fair) {
        return walk::same(kind, old, new);
    }
    // What no decoder of ours reads is compared as it is coded.
    let Ok(before) = anew::decode_within(kind, &bytes, fair) else {
        return walk::same(kind, old, new);
    };
    let (old, new) = (bytes, new.all().map_err(failed)?);
    let after = anew::decode_within(kind, &new, fair)
        .map_err(|_| "it does not decode any more".to_owned())?;
    match before == after && moving(kind, &old, fair) == moving(kind, &new, fair) {
        true => Ok(()),
        false => Err("its points changed".to_owned()),
    }
}

/// So many bytes of points are decoded of a file of this size.
fn fair(bytes: &[u8]) -> u64 {
    let fair = (bytes.len() as u64).saturating_mul(POINTS_BYTES_PER_BYTE);
    fair.max(POINTS_BYTES_MAX)
}

/// How many bytes of points a picture says to have.
fn points(kind: Kind, bytes: &[u8]) -> Option<u64> {
    let reader = ImageReader::with_format(Cursor::new(bytes), anew::format(kind)?);
    let (wide, high) = reader.into_dimensions().ok()?;
    Some(u64::from(wide).saturating_mul(high.into()).saturating_mul(4))
}

/// A sum over all frames of a moving picture.
fn moving(kind: Kind, bytes: &[u8], fair: u64) -> Option<u32> {
    let input = Cursor::new(bytes);
    // A frame may say that it is larger than the picture.
    let mut limits = Limits::default();
    limits.max_alloc = Some(fair);
    let frames = match kind {
        Kind::Gif => {
            let mut gif = GifDecoder::new(input).ok()?;
            gif.set_limits(limits).ok()?;
            gif.into_frames()
        }
        Kind::Png => PngDecoder::with_limits(input, limits).ok()?.apng().ok()?.into_frames(),
        Kind::WebP => {
            WebPDecoder::new(input).ok().filter(WebPDecoder::has_animation)?.into_frames()
        }
        _ => return None,
    };
    let mut sum = crc32fast::Hasher::new();
    let mut left = MOVING_BYTES_MAX.min(usize::try_from(fair).unwrap_or(usize::MAX));
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
