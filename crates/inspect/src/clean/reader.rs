//! Bytes read one after the other; what is not there is an error of the format's.

use crate::clean::{Kind, Refusal};

/// What is left of some bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'b> {
    rest: &'b [u8],
    all: usize,
    kind: Kind,
}

macro_rules! numbers {
    ($($name:ident: $type:ty, $from:ident;)+) => {
        $(pub(crate) fn $name(&mut self) -> Result<$type, Refusal> {
            Ok(<$type>::$from(self.array()?))
        })+
    };
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8], kind: Kind) -> Self {
        Self { rest: bytes, all: bytes.len(), kind }
    }

    /// How many bytes were read.
    pub(crate) fn at(&self) -> usize {
        self.all.saturating_sub(self.rest.len())
    }

    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn rest(&self) -> &'b [u8] {
        self.rest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'b [u8], Refusal> {
        let short = self.kind.damaged("a part ends too early");
        let (now, later) = self.rest.split_at_checked(len).ok_or(short)?;
        self.rest = later;
        Ok(now)
    }

    /// As many bytes as a number of the file says.
    pub(crate) fn take32(&mut self, len: u32) -> Result<&'b [u8], Refusal> {
        self.take(usize::try_from(len).unwrap_or(usize::MAX))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let bytes = self.take(N)?;
        bytes.first_chunk().copied().ok_or_else(|| self.kind.damaged("a part ends too early"))
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Refusal> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    numbers! {
        be16: u16, from_be_bytes;
        be32: u32, from_be_bytes;
        be64: u64, from_be_bytes;
        le16: u16, from_le_bytes;
        le32: u32, from_le_bytes;
    }
}

/// Whether `needle` stands in `hay`.
pub(crate) fn holds(hay: &[u8], needle: &[u8]) -> bool {
    find(hay, needle).is_some()
}

/// Where `needle` stands first in `hay`.
pub(crate) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len().max(1)).position(|window| window == needle)
}
