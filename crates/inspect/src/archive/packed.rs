//! Ways of packing one stream of bytes, unpacked as it comes by, in bounded memory.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder};
use lzma_rust2::{Lzma2Stream, LzmaReader, XzStream};
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use super::{bzip2::Bzip2, stepped::Stepped};

/// A way of packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// gzip, also several one behind the other (RFC 1952).
    Gzip,
    /// Deflate without a head (RFC 1951).
    Deflate,
    /// xz.
    Xz,
    /// Zstandard (RFC 8878).
    Zstd,
    /// bzip2.
    Bzip2,
    /// LZ4 in frames.
    Lz4,
}

impl Packing {
    /// The endings files packed so have, beside those of archives.
    #[must_use]
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Gzip => &[".gz", ".tgz"],
            Self::Deflate => &[],
            Self::Xz => &[".xz", ".txz"],
            Self::Zstd => &[".zst", ".tzst"],
            Self::Bzip2 => &[".bz2", ".tbz2"],
            Self::Lz4 => &[".lz4"],
        }
    }
}

/// Memory a packed stream may ask for before it says anything: a lying head does not get more.
pub(crate) const DICTIONARY_BYTES_MAX: u32 = 128 << 20;

const BUFFER_BYTES: usize = 1 << 16;

/// A stream of unpacked bytes.
#[must_use]
pub fn unpack<'a>(packing: Packing, packed: Box<dyn Read + 'a>) -> Box<dyn Read + 'a> {
    let packed = BufReader::with_capacity(BUFFER_BYTES, packed);
    match packing {
        Packing::Gzip => Box::new(MultiGzDecoder::new(packed)),
        Packing::Deflate => Box::new(DeflateDecoder::new(packed)),
        Packing::Xz => {
            let steps = XzStream::new_mem_limit(true, DICTIONARY_BYTES_MAX >> 10);
            Box::new(Stepped::new(steps, packed))
        }
        Packing::Zstd => Box::new(Frames::new(packed)),
        Packing::Bzip2 => Box::new(Bzip2::new(packed)),
        Packing::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(packed)),
    }
}

/// Bytes packed with LZMA whose properties stand elsewhere; the size too, where it is known.
///
/// # Errors
/// Properties that make no sense, or ask for too much memory.
pub(crate) fn lzma<'a>(
    properties: &[u8],
    size: Option<u64>,
    packed: Box<dyn Read + 'a>,
) -> io::Result<Box<dyn Read + 'a>> {
    let (Some(first), Some(dictionary)) =
        (properties.first(), crate::numbers::u32_le(properties, 1))
    else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    if dictionary > DICTIONARY_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it asks for too much memory"));
    }
    let packed = BufReader::with_capacity(BUFFER_BYTES, packed);
    let size = size.unwrap_or(u64::MAX);
    Ok(Box::new(LzmaReader::new_with_props(packed, size, *first, dictionary, None)?))
}

/// Bytes packed with LZMA2; the property says how large the dictionary is.
///
/// # Errors
/// It asks for too much memory.
pub(crate) fn lzma2<'a>(
    property: u8,
    packed: Box<dyn Read + 'a>,
) -> io::Result<Box<dyn Read + 'a>> {
    let bits = u32::from(property >> 1).saturating_add(11);
    let dictionary = u32::from(2 | property & 1).checked_shl(bits).unwrap_or(u32::MAX);
    if property > 40 || dictionary > DICTIONARY_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it asks for too much memory"));
    }
    let packed = BufReader::with_capacity(BUFFER_BYTES, packed);
    Ok(Box::new(Stepped::new(Lzma2Stream::new(dictionary.max(1 << 12)), packed)))
}

/// Zstandard frames one behind the other, with frames to be skipped between them.
struct Frames<R> {
    from: R,
    frame: FrameDecoder,
    begun: bool,
}

impl<R: BufRead> Frames<R> {
    fn new(from: R) -> Self {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(u64::from(DICTIONARY_BYTES_MAX));
        Self { from, frame, begun: false }
    }

    /// Begins the next frame; `false` when there is none.
    fn next(&mut self) -> io::Result<bool> {
        loop {
            if self.from.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.frame.reset(&mut self.from) {
                Ok(()) => {
                    self.begun = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let skipped = (&mut self.from).take(u64::from(length));
                    io::copy(&mut { skipped }, &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error.to_string())),
            }
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.begun && self.frame.can_collect() > 0 {
                return self.frame.read(buffer);
            }
            if !self.begun || self.frame.is_finished() {
                if !self.next()? {
                    return Ok(0);
                }
                continue;
            }
            let one = BlockDecodingStrategy::UptoBlocks(1);
            self.frame
                .decode_blocks(&mut self.from, one)
                .map_err(|error| io::Error::other(error.to_string()))?;
        }
    }
}
