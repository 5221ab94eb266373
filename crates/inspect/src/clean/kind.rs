//! What a file is, by its first bytes and never by its name.

mod wordy;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clean::{Refusal, source::View};

/// A format that can be cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
#[allow(missing_docs, reason = "their names are the formats' own")]
pub enum Kind {
    Jpeg,
    Png,
    WebP,
    Gif,
    Heif,
    Tiff,
    Bmp,
    Svg,
    Mp3,
    Flac,
    Ogg,
    Wav,
    Mp4,
    Avi,
    Matroska,
    Pdf,
    Ooxml,
    Odf,
    Epub,
    Zip,
    Tar,
    Html,
    Text,
    /// A file of any kind, of which only marks are taken off.
    Any,
}

impl Kind {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Jpeg,
        Self::Png,
        Self::WebP,
        Self::Gif,
        Self::Heif,
        Self::Tiff,
        Self::Bmp,
        Self::Svg,
        Self::Mp3,
        Self::Flac,
        Self::Ogg,
        Self::Wav,
        Self::Mp4,
        Self::Avi,
        Self::Matroska,
        Self::Pdf,
        Self::Ooxml,
        Self::Odf,
        Self::Epub,
        Self::Zip,
        Self::Tar,
        Self::Html,
        Self::Text,
    ];

    /// The name people know.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Heif => "HEIC/AVIF",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Svg => "SVG",
            Self::Mp3 => "MP3",
            Self::Flac => "FLAC",
            Self::Ogg => "Ogg",
            Self::Wav => "WAV",
            Self::Mp4 => "MP4/MOV",
            Self::Avi => "AVI",
            Self::Matroska => "MKV/WebM",
            Self::Pdf => "PDF",
            Self::Ooxml => "OOXML",
            Self::Odf => "ODF",
            Self::Epub => "EPUB",
            Self::Zip => "ZIP",
            Self::Tar => "tar",
            Self::Html => "HTML",
            Self::Text => "text",
            Self::Any => "file",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Formats that are known and not cleaned: what they begin with, their name, and what to convert to.
const NOT_YET: &[(&[u8], &str, &str)] = &[
    (b"8BPS", "a Photoshop document", "PNG"),
    (
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        "an old office document (DOC, XLS, PPT, HWP)",
        "DOCX or PDF",
    ),
    (b"Rar!\x1A\x07", "a RAR archive", "ZIP"),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive", "ZIP"),
    (b"\x1F\x8B", "a gzip file", "ZIP"),
    (b"BZh", "a bzip2 file", "ZIP"),
    (b"\xFD7zXZ\x00", "an xz file", "ZIP"),
    (b"\x30\x26\xB2\x75\x8E\x66\xCF\x11", "WMV or WMA", "MP4"),
    (b".RMF", "RealMedia", "MP4"),
    (b"FWS", "Flash", "MP4"),
    (b"CWS", "Flash", "MP4"),
    (b"FLV\x01", "Flash video", "MP4"),
    (b"\x00\x00\x01\xBA", "an MPEG programme stream", "MP4"),
    (b"#!AMR", "AMR", "Opus"),
    (b"II\x2B\x00", "BigTIFF", "PNG"),
    (b"MM\x00\x2B", "BigTIFF", "PNG"),
    (b"\x00\x00\x00\x0CjP  ", "JPEG 2000", "JPEG"),
    (b"\xFF\x0A", "JPEG XL", "JPEG"),
    (b"{\\rtf", "RTF", "DOCX or PDF"),
];

/// What it is.
pub(crate) fn detect(view: &mut View<'_>) -> Result<Kind, Refusal> {
    let head = view.bytes(0, view.len().min(1024))?;
    let is = |magic: &[u8]| head.starts_with(magic);
    let form = |at: usize, word: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(word));
    for (magic, name, instead) in NOT_YET {
        if is(magic) {
            return Err(Refusal::Unsupported { name: (*name).into(), instead: (*instead).into() });
        }
    }
    let kind = if is(b"\xFF\xD8\xFF") {
        Kind::Jpeg
    } else if is(b"\x89PNG\r\n\x1A\n") {
        Kind::Png
    } else if is(b"GIF87a") || is(b"GIF89a") {
        Kind::Gif
    } else if is(b"RIFF") && form(8, b"WEBP") {
        Kind::WebP
    } else if is(b"RIFF") && form(8, b"WAVE") {
        Kind::Wav
    } else if is(b"RIFF") && form(8, b"AVI ") {
        Kind::Avi
    } else if is(b"II\x2A\x00") || is(b"MM\x00\x2A") {
        Kind::Tiff
    } else if is(b"fLaC") {
        Kind::Flac
    } else if is(b"OggS") {
        Kind::Ogg
    } else if is(b"\x1A\x45\xDF\xA3") {
        Kind::Matroska
    } else if is(b"%PDF-") {
        Kind::Pdf
    } else if is(b"PK\x03\x04") || is(b"PK\x05\x06") {
        zip(view)
    } else if form(4, b"ftyp") {
        if head.get(8..).is_some_and(picture_brand) { Kind::Heif } else { Kind::Mp4 }
    } else if [b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"].iter().any(|b| form(4, *b)) {
        Kind::Mp4
    } else if form(257, b"ustar") {
        Kind::Tar
    } else if is(b"ID3") || mpeg_audio(&head) {
        Kind::Mp3
    } else if is(b"BM") && bitmap(&head) {
        Kind::Bmp
    } else {
        return wordy::detect(view, &head);
    };
    Ok(kind)
}

/// Brands of pictures (ISO/IEC 23008-12, AVIF); sequences come with `msf1` or `avis` and a film.
fn picture_brand(brands: &[u8]) -> bool {
    const ALL: [&[u8; 4]; 11] = [
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2", b"avif",
        b"avis",
    ];
    brands.first_chunk().is_some_and(|brand| ALL.contains(&brand))
}

/// An MPEG audio frame: sync, layer III, rates that exist.
fn mpeg_audio(head: &[u8]) -> bool {
    match head {
        [0xFF, b, c, ..] => {
            b & 0xE0 == 0xE0 && b & 0x18 != 0x08 && b & 6 == 2 && c >> 4 != 15 && c & 0x0C != 0x0C
        }
        _ => false,
    }
}

fn bitmap(head: &[u8]) -> bool {
    matches!(head.get(14..18), Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
}

/// A ZIP file's kind is told by a member that each office format must have.
fn zip(view: &mut View<'_>) -> Kind {
    crate::clean::pack::zip::flavour(view).unwrap_or(Kind::Zip)
}
