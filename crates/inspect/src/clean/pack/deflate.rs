//! Deflated bytes (RFC 1950, RFC 1951), unfolded within limits; and where they really end.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::clean::{Kind, Refusal};

/// How deflated bytes are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrap {
    /// Not at all, as in ZIP.
    Raw,
    /// With a head and a checksum, as in PNG and PDF.
    Zlib,
}

/// Unfolds `packed` in steps for `taker`; gives how many packed bytes the stream really has.
pub(crate) fn unfold(
    packed: &[u8],
    wrap: Wrap,
    bytes_max: u64,
    kind: Kind,
    mut taker: impl FnMut(&[u8]),
) -> Result<usize, Refusal> {
    let mut engine = Decompress::new(wrap == Wrap::Zlib);
    let mut block = vec![0; 64 << 10];
    loop {
        let used = usize::try_from(engine.total_in()).unwrap_or(usize::MAX);
        let before = engine.total_out();
        let rest = packed.get(used..).unwrap_or_default();
        let status = engine
            .decompress(rest, &mut block, FlushDecompress::None)
            .map_err(|_| kind.damaged("compressed bytes that do not unfold"))?;
        let made = engine.total_out().saturating_sub(before);
        taker(usize::try_from(made).ok().and_then(|made| block.get(..made)).unwrap_or_default());
        if engine.total_out() > bytes_max {
            return Err(kind.large("it unfolds to more bytes than are allowed"));
        }
        let now = usize::try_from(engine.total_in()).unwrap_or(usize::MAX);
        match status {
            Status::StreamEnd => return Ok(now),
            _ if made == 0 && now == used => {
                return Err(kind.damaged("compressed bytes that end too early"));
            }
            _ => {}
        }
    }
}

/// Folds bytes, always in the same way.
pub(crate) fn fold(bytes: &[u8], wrap: Wrap) -> Vec<u8> {
    let mut engine = Compress::new(Compression::default(), wrap == Wrap::Zlib);
    let mut out = Vec::with_capacity((bytes.len() / 2).saturating_add(64));
    loop {
        let used = usize::try_from(engine.total_in()).unwrap_or(usize::MAX);
        out.reserve(64 << 10);
        let rest = bytes.get(used..).unwrap_or_default();
        // Folding into memory that is there cannot fail.
        match engine.compress_vec(rest, &mut out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) | Err(_) => return out,
            Ok(_) => {}
        }
    }
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
    fn what_is_folded_unfolds_and_its_end_is_known() {
        for wrap in [Wrap::Raw, Wrap::Zlib] {
            let text: Vec<u8> = (0..300_000_u32).map(|n| (n / 7 % 251) as u8).collect();
            let mut packed = fold(&text, wrap);
            let end = packed.len();
            packed.extend(b"behind the end");
            let mut out = Vec::new();
            let used = unfold(&packed, wrap, 1 << 20, Kind::Zip, |some| out.extend(some)).unwrap();
            assert_eq!((used, out), (end, text));
            assert!(unfold(&packed, wrap, 1 << 10, Kind::Zip, |_| ()).is_err());
            assert!(unfold(&packed[..end - 9], wrap, 1 << 20, Kind::Zip, |_| ()).is_err());
        }
    }
}
