//! tar: ustar, GNU long names, pax paths and sizes.

/// A block.
pub const BLOCK_BYTES: usize = 512;

/// A name that comes in an entry of its own is no longer than this.
const NAME_BYTES_MAX: u64 = 64 << 10;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header {
    /// The archive ends.
    End,
    /// A file of so many bytes.
    File {
        /// Its path.
        path: String,
        /// Its size.
        size: u64,
        /// When it was changed, in seconds since 1970.
        changed: Option<u64>,
    },
    /// The bytes that follow are about the next header.
    About {
        /// Its size.
        size: u64,
        /// They are pax records, not a bare path.
        pax: bool,
    },
    /// A folder, link or device; so many bytes follow all the same.
    Other {
        /// Its size.
        size: u64,
    },
    /// It is no header.
    Broken,
}

/// What came before a header and is about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    path: Option<String>,
    size: Option<u64>,
}

impl Ahead {
    /// Takes the bytes of a [`Header::About`].
    pub fn take(&mut self, bytes: &[u8], pax: bool) {
        if !pax {
            let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
            self.path = Some(String::from_utf8_lossy(text).into_owned());
            return;
        }
        let mut rest = bytes;
        while let Some((key, value, next)) = pax_record(rest) {
            match key {
                b"path" => self.path = Some(String::from_utf8_lossy(value).into_owned()),
                b"size" => self.size = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok()),
                _ => {}
            }
            rest = next;
        }
    }
}

/// Key, value and what follows.
fn pax_record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = bytes.iter().take(8).position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(bytes.get(..blank)?).ok()?.parse().ok()?;
    let record = bytes.get(blank.checked_add(1)?..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    let value = record.get(equals.checked_add(1)?..)?;
    Some((record.get(..equals)?, value, bytes.get(length..)?))
}

/// Reads a header; `ahead` is used up.
#[must_use]
pub fn header(block: &[u8; BLOCK_BYTES], ahead: &mut Ahead) -> Header {
    if block.iter().all(|byte| *byte == 0) {
        return Header::End;
    }
    let (Some(size), true) = (number(block.get(124..136)), sum_holds(block)) else {
        return Header::Broken;
    };
    let kind = block.get(156).copied().unwrap_or(0);
    match kind {
        b'L' | b'x' if size <= NAME_BYTES_MAX => return Header::About { size, pax: kind == b'x' },
        b'0' | 0 | b'7' => {}
        _ => return Header::Other { size },
    }
    let ahead = std::mem::take(ahead);
    let size = ahead.size.unwrap_or(size);
    let path = ahead.path.unwrap_or_else(|| {
        let (name, prefix) = (text(block.get(..100)), text(block.get(345..500)));
        let ustar = block.get(257..263) == Some(b"ustar\0");
        if ustar && !prefix.is_empty() { format!("{prefix}/{name}") } else { name }
    });
    Header::File { path, size, changed: number(block.get(136..148)) }
}

fn text(field: Option<&[u8]>) -> String {
    let bytes = field.and_then(|field| field.split(|byte| *byte == 0).next()).unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}

/// Octal digits, or with the first bit set a binary number.
fn number(field: Option<&[u8]>) -> Option<u64> {
    let field = field?;
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        return rest.iter().try_fold(u64::from(first & 0x7F), |number, byte| {
            number.checked_mul(256)?.checked_add(u64::from(*byte))
        });
    }
    let digits = field.iter().filter(|byte| !matches!(byte, b' ' | 0));
    digits.into_iter().try_fold(0_u64, |number, digit| {
        let digit = char::from(*digit).to_digit(8)?;
        number.checked_mul(8)?.checked_add(u64::from(digit))
    })
}

fn sum_holds(block: &[u8; BLOCK_BYTES]) -> bool {
    let sum = block.iter().enumerate().fold(0_u64, |sum, (at, byte)| {
        let byte = if (148..156).contains(&at) { b' ' } else { *byte };
        sum.saturating_add(u64::from(byte))
    });
    number(block.get(148..156)) == Some(sum)
}

/// Bytes up to the next block.
#[must_use]
pub fn padding(size: u64) -> u64 {
    let block = BLOCK_BYTES as u64;
    size.checked_next_multiple_of(block).map_or(0, |end| end.saturating_sub(size))
}
