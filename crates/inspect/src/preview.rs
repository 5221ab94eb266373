//! A picture of a picture, small or as large as a screen: decoded by a worker without files or network,
//! drawn within limits, and written anew. A picture that is a bomb costs its preview and nothing else.

use std::{
    fs::File,
    io::{Cursor, Read},
    time::Duration,
};

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage,
    codecs::jpeg::JpegEncoder,
};
use serde::{Deserialize, Serialize};

use crate::{
    clean::Workshop,
    worker::{ANSWER_BYTES_MAX, Hired, Task, Walls, late, receive, send_with},
};

/// The largest picture that is read.
pub const PICTURE_BYTES_MAX: u64 = 64 << 20;
/// The largest preview.
pub const PREVIEW_BYTES_MAX: usize = 65_536;
/// The largest picture that is drawn for a screen: with the worker's way to write it in an answer,
/// still less than an answer may have.
pub const LARGE_BYTES_MAX: usize = 786_432;
/// The most points of a picture that is decoded: what cameras of today make.
const POINTS_MAX: u64 = 120_000_000;
/// What decoding may take.
const DECODED_BYTES_MAX: u64 = 512 << 20;
/// What the worker may take in all.
const MEMORY_BYTES_MAX: u64 = 1 << 30;
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How large a picture is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extent {
    /// At most 512 points a side and [`PREVIEW_BYTES_MAX`] bytes.
    Small,
    /// At most 2,048 points a side and [`LARGE_BYTES_MAX`] bytes.
    Large,
}

impl Extent {
    fn bytes_max(self) -> usize {
        match self {
            Self::Small => PREVIEW_BYTES_MAX,
            Self::Large => LARGE_BYTES_MAX,
        }
    }

    /// Longest sides and qualities, tried in this order until one is small enough.
    fn tries(self) -> [(u32, u8); 4] {
        match self {
            Self::Small => [(512, 80), (512, 60), (320, 60), (160, 50)],
            Self::Large => [(2_048, 80), (2_048, 60), (1_280, 60), (640, 50)],
        }
    }
}

/// A preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Points from side to side of the picture itself, the right way up.
    pub wide: u32,
    /// And from top to bottom.
    pub high: u32,
    /// A JPEG without any metadata, of no more bytes than its [`Extent`] has.
    pub bytes: Vec<u8>,
    /// The walls that stood around whoever drew it.
    pub walls: Walls,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum NoPreview {
    /// No picture of a kind that is drawn: JPEG, PNG, WebP, GIF, BMP, TIFF.
    #[error("no picture that is drawn here")]
    NotAPicture,
    /// More bytes or points than are decoded.
    #[error("a picture that is too large")]
    TooLarge,
    /// It does not decode.
    #[error("a damaged picture")]
    Damaged,
    /// Whoever drew it crashed, took too long or could not be started.
    #[error("drawing it did not end well")]
    Fell,
}

/// What a worker that draws is told first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Sitting {
    pub(crate) memory_bytes_max: u64,
    pub(crate) extent: Extent,
}

/// Draws a preview of an open file, in a worker of the workshop.
///
/// # Errors
/// Why there is none.
pub fn preview(file: &File, extent: Extent, workshop: &Workshop) -> Result<Preview, NoPreview> {
    let size = file.metadata().map_err(|_| NoPreview::Fell)?.len();
    if size > PICTURE_BYTES_MAX {
        return Err(NoPreview::TooLarge);
    }
    let memory_bytes_max = workshop.memory_bytes_max.min(MEMORY_BYTES_MAX);
    let task = Task::Draw(Sitting { memory_bytes_max, extent });
    let patience = workshop.patience.min(PATIENCE);
    let hired = Hired::start(&workshop.worker, &task, patience).map_err(|_| NoPreview::Fell)?;
    let walls = hired.ready.walls;
    let asked = send_with(&hired.socket, &(), &[file]);
    let answer = asked.and_then(|()| receive(&hired.socket, ANSWER_BYTES_MAX));
    let answer: Result<Preview, NoPreview> = match answer {
        Ok(answer) => answer,
        Err(error) if late(&error) => return Err(NoPreview::TooLarge),
        Err(_) => return Err(NoPreview::Fell),
    };
    // What a worker that was taken over says is held to the same limits.
    let sound = |its: &Preview| its.bytes.len() <= extent.bytes_max() && is_jpeg(&its.bytes);
    let drawn = answer?;
    if sound(&drawn) { Ok(Preview { walls, ..drawn }) } else { Err(NoPreview::Fell) }
}

fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xFF\xD8\xFF") && bytes.ends_with(b"\xFF\xD9")
}

/// What the worker does with the file it was handed.
pub(crate) fn draw_behind_walls(file: File, extent: Extent) -> Result<Preview, NoPreview> {
    let mut bytes = Vec::new();
    let read = file.take(PICTURE_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|_| NoPreview::Fell)?;
    draw(&bytes, extent)
}

/// The preview of a picture.
///
/// # Errors
/// Why there is none.
pub fn draw(bytes: &[u8], extent: Extent) -> Result<Preview, NoPreview> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > PICTURE_BYTES_MAX {
        return Err(NoPreview::TooLarge);
    }
    let picture = decode(bytes)?;
    let (wide, high) = (picture.width(), picture.height());
    for (side, quality) in extent.tries() {
        let bytes = write(&fitted(&picture, side), quality)?;
        if bytes.len() <= extent.bytes_max() {
            return Ok(Preview { wide, high, bytes, walls: Walls::default() });
        }
    }
    Err(NoPreview::TooLarge)
}

/// The points of a picture, the right way up.
fn decode(bytes: &[u8]) -> Result<DynamicImage, NoPreview> {
    let format = image::guess_format(bytes).map_err(|_| NoPreview::NotAPicture)?;
    let drawn = [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
    ];
    if !drawn.contains(&format) {
        return Err(NoPreview::NotAPicture);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| NoPreview::Damaged)?;
    let (wide, high) = decoder.dimensions();
    if u64::from(wide).saturating_mul(u64::from(high)) > POINTS_MAX || wide == 0 || high == 0 {
        return Err(NoPreview::TooLarge);
    }
    let turn = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|why| match why {
        image::ImageError::Limits(_) => NoPreview::TooLarge,
        _ => NoPreview::Damaged,
    })?;
    if let Some(turn) = turn {
        picture.apply_orientation(turn);
    }
    Ok(picture)
}

/// Its points in a picture of at most this side; what can be seen through is white.
fn fitted(picture: &DynamicImage, side: u32) -> RgbImage {
    let small = picture.width() <= side && picture.height() <= side;
    let points = if small { picture.to_rgba8() } else { picture.thumbnail(side, side).to_rgba8() };
    let mut flat = RgbImage::new(points.width(), points.height());
    for (to, from) in flat.pixels_mut().zip(points.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        let over = |value: u32| {
            let white = 255_u32.saturating_sub(alpha).saturating_mul(255);
            let mixed = value.saturating_mul(alpha).saturating_add(white).div_euclid(255);
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        to.0 = [over(red), over(green), over(blue)];
    }
    flat
}

fn write(picture: &RgbImage, quality: u8) -> Result<Vec<u8>, NoPreview> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    encoder.encode_image(picture).map_err(|_| NoPreview::Damaged)?;
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, reason = "a test")]
mod tests {
    use super::*;

    fn png(wide: u32, high: u32, point: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
        let picture = image::RgbaImage::from_fn(wide, high, |x, y| image::Rgba(point(x, y)));
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_preview_is_small_and_says_how_large_the_picture_is() {
        let noise = |x: u32, y: u32| {
            let its = x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503).rotate_left(11);
            let [a, b, c, _] = its.wrapping_mul(its | 1).to_le_bytes();
            [a, b, c, 255]
        };
        let drawn = draw(&png(1_500, 900, noise), Extent::Small).unwrap();
        assert_eq!((drawn.wide, drawn.high), (1_500, 900));
        assert!(drawn.bytes.len() <= PREVIEW_BYTES_MAX && is_jpeg(&drawn.bytes));
        let small = image::load_from_memory(&drawn.bytes).unwrap();
        assert!(small.width() <= 512 && small.width() * 9 / 15 <= small.height() + 1);
        let large = draw(&png(1_500, 900, noise), Extent::Large).unwrap();
        assert!(large.bytes.len() <= LARGE_BYTES_MAX && large.bytes.len() > PREVIEW_BYTES_MAX);
        let drawn = draw(&png(10, 20, |_, _| [0, 0, 0, 0]), Extent::Small).unwrap();
        let shown = image::load_from_memory(&drawn.bytes).unwrap().to_rgb8();
        assert_eq!(shown.dimensions(), (10, 20));
        assert!(shown.pixels().all(|point| point.0.iter().all(|value| *value > 250)), "white");
    }

    #[test]
    fn what_is_no_picture_or_a_bomb_has_no_preview() {
        for bytes in [&b""[..], b"GIF89", b"%PDF-1.7", b"<svg></svg>", &[0; 4_096]] {
            assert!(draw(bytes, Extent::Small).is_err());
        }
        // A head that promises forty thousand by forty thousand points.
        let mut bomb = png(2, 2, |_, _| [1, 2, 3, 255]);
        bomb[16..24].copy_from_slice(&[0, 0, 0x9c, 0x40, 0, 0, 0x9c, 0x40]);
        let sum = crc32fast::hash(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(draw(&bomb, Extent::Small), Err(NoPreview::TooLarge));
        let whole = png(300, 300, |x, y| [x as u8, y as u8, 7, 255]);
        for cut in (8..whole.len()).step_by(97) {
            assert!(draw(&whole[..cut], Extent::Small).is_err() || cut + 16 > whole.len(), "{cut}");
        }
    }
}
