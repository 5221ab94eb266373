//! Pictures decoded and encoded anew, when asked for: the last resort against invisible marks.

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, ImageReader, Limits,
    codecs::{bmp::BmpEncoder, jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder},
};

use crate::clean::{Job, Kind, Plan, Refusal, View, What};

/// A little below what cameras use: enough for eyes, and not what the maker used.
const JPEG_QUALITY: u8 = 88;
const POINTS_BYTES_MAX: u64 = 512 << 20;

/// The picture that `plan` would make, encoded anew and cleaned once more.
pub(crate) fn encode(
    kind: Kind,
    plan: Plan,
    view: &mut View<'_>,
    job: &mut Job<'_>,
) -> Result<Plan, Refusal> {
    if !matches!(kind, Kind::Jpeg | Kind::Png | Kind::WebP | Kind::Bmp) {
        return Ok(plan);
    }
    let bytes = plan.bytes(&view.all()?)?;
    if moving(kind, &bytes) {
        return Err(kind.odd("a moving picture, which cannot be encoded anew"));
    }
    let picture = decode(kind, &bytes)?;
    again(kind, &bytes, &picture, job)
}

/// The picture that `plan` would make, no longer than `side`; as it is when it is short enough.
pub(crate) fn fit(
    kind: Kind,
    plan: Plan,
    view: &mut View<'_>,
    job: &mut Job<'_>,
    side: u32,
) -> Result<Plan, Refusal> {
    if !matches!(kind, Kind::Jpeg | Kind::Png | Kind::WebP | Kind::Bmp) {
        return Ok(plan);
    }
    let bytes = plan.bytes(&view.all()?)?;
    if moving(kind, &bytes) {
        return Ok(plan);
    }
    let picture = decode(kind, &bytes)?;
    if picture.width().max(picture.height()) <= side {
        return Ok(plan);
    }
    let drawn = picture.thumbnail(side, side);
    drop(picture);
    again(kind, &bytes, &drawn, job)
}

/// These points, encoded and cleaned once more.
fn again(
    kind: Kind,
    bytes: &[u8],
    picture: &DynamicImage,
    job: &mut Job<'_>,
) -> Result<Plan, Refusal> {
    let fresh = write(kind, picture)?;
    job.removed(What::Encoding, bytes.len());
    // What the encoder wrote is held to the same rules; which way up the picture is was in the copy.
    let options = crate::clean::Options { pictures: crate::clean::Pictures::Exact, ..*job.options };
    let mut again = Job::new(&options);
    let fresh = turned(kind, bytes, fresh);
    let (_, clean) = crate::clean::nested(fresh, "picture", &mut again)?;
    Ok(Plan::of(clean))
}

fn moving(kind: Kind, bytes: &[u8]) -> bool {
    let head = bytes.get(..4096).unwrap_or(bytes);
    match kind {
        Kind::Png => crate::clean::reader::holds(head, b"acTL"),
        Kind::WebP => crate::clean::reader::holds(head, b"ANIM"),
        _ => false,
    }
}

pub(crate) fn format(kind: Kind) -> Option<ImageFormat> {
    Some(match kind {
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Png => ImageFormat::Png,
        Kind::WebP => ImageFormat::WebP,
        Kind::Gif => ImageFormat::Gif,
        Kind::Bmp => ImageFormat::Bmp,
        Kind::Tiff => ImageFormat::Tiff,
        _ => return None,
    })
}

/// The points of a picture.
pub(crate) fn decode(kind: Kind, bytes: &[u8]) -> Result<DynamicImage, Refusal> {
    decode_within(kind, bytes, POINTS_BYTES_MAX)
}

/// The points of a picture that takes no more memory than this.
pub(crate) fn decode_within(
    kind: Kind,
    bytes: &[u8],
    bytes_max: u64,
) -> Result<DynamicImage, Refusal> {
    let format = format(kind).ok_or(kind.odd("no decoder for it"))?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(bytes_max.min(POINTS_BYTES_MAX));
    reader.limits(limits);
    reader.decode().map_err(|_| kind.damaged("a picture that does not decode"))
}

fn write(kind: Kind, picture: &DynamicImage) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::new();
    let (wide, high) = (picture.width(), picture.height());
    let failed = |_| kind.odd("a picture that cannot be encoded anew");
    match kind {
        Kind::Jpeg => JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY).encode_image(picture),
        Kind::WebP => {
            let alpha = picture.color().has_alpha();
            let color = if alpha { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
            let points = match alpha {
                true => picture.to_rgba8().into_raw(),
                false => picture.to_rgb8().into_raw(),
            };
            WebPEncoder::new_lossless(&mut out).write_image(&points, wide, high, color)
        }
        Kind::Bmp => BmpEncoder::new(&mut out).encode(
            picture.to_rgb8().as_raw(),
            wide,
            high,
            ExtendedColorType::Rgb8,
        ),
        _ => picture.write_with_encoder(PngEncoder::new(&mut out)),
    }
    .map_err(failed)?;
    Ok(out)
}

/// A JPEG's word on which way up it is, carried over.
fn turned(kind: Kind, old: &[u8], fresh: Vec<u8>) -> Vec<u8> {
    const EXIF: &[u8] = b"\xFF\xE1\0\x22Exif\0\0";
    let at = crate::clean::reader::find(old.get(..256).unwrap_or(old), EXIF);
    let block = at.and_then(|at| old.get(at..at.saturating_add(36)));
    match (kind, block, fresh.split_at_checked(2)) {
        (Kind::Jpeg, Some(block), Some((soi, rest))) => [soi, block, rest].concat(),
        _ => fresh,
    }
}
