//! Walks through clean files that share nothing with the rewriters: each knows what a clean file
//! may hold, names the first stranger, and must end where the file ends.

mod ebml;
mod film;
mod packed;
mod page;
mod paper;
mod riff;
mod sound;
mod still;

use crate::clean::{Kind, Refusal, View};

/// Why a copy is not clean, or cannot be read.
pub(super) type Strange = String;

/// Objects to everything that may not be in a clean file.
pub(super) fn strict(kind: Kind, view: &mut View<'_>) -> Result<(), Strange> {
    match kind {
        Kind::Jpeg => still::jpeg(&all(view)?),
        Kind::Png => still::png(&all(view)?),
        Kind::Gif => still::gif(&all(view)?),
        Kind::Bmp => still::bmp(&all(view)?),
        Kind::Tiff => still::tiff(&all(view)?),
        Kind::WebP | Kind::Wav | Kind::Avi => riff::strict(kind, view),
        Kind::Heif | Kind::Mp4 => film::boxes(view),
        Kind::Matroska => ebml::strict(view),
        Kind::Mp3 => sound::mp3(view),
        Kind::Flac => sound::flac(view),
        Kind::Ogg => sound::ogg(view),
        Kind::Svg => paper::svg(&all(view)?),
        Kind::Html => page::strict(&all(view)?),
        Kind::Pdf => paper::pdf(&all(view)?),
        Kind::Ooxml | Kind::Odf | Kind::Epub | Kind::Zip => packed::zip(kind, view),
        Kind::Tar => packed::tar(view),
        Kind::Text | Kind::Any => Ok(()),
    }
}

/// Whether the content of a copy is its source's, as far as it can be told without a decoder.
pub(super) fn same(kind: Kind, old: &mut View<'_>, new: &mut View<'_>) -> Result<(), Strange> {
    match kind {
        Kind::Wav => riff::same(old, new),
        Kind::Mp3 => sound::same_mp3(old, new),
        Kind::Flac => sound::same_flac(old, new),
        Kind::Ogg => sound::same_ogg(old, new),
        Kind::Mp4 => film::same_mp4(old, new),
        Kind::Matroska => ebml::same(old, new),
        Kind::Avi => riff::same_avi(old, new),
        Kind::Tiff => still::same_tiff(&all(old)?, &all(new)?),
        Kind::Html => page::same(&all(old)?, &all(new)?),
        _ => Ok(()),
    }
}

fn all(view: &mut View<'_>) -> Result<Vec<u8>, Strange> {
    view.all().map_err(unread)
}

fn unread(why: Refusal) -> Strange {
    why.to_string()
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn name(bytes: &[u8]) -> String {
    bytes.iter().take(8).map(|byte| char::from(*byte)).collect::<String>().escape_debug().collect()
}
