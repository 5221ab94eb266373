//! The head of an `adb backup` (four lines of text), before a tar that may be packed.

/// How the tar is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// As it is.
    Plain,
    /// Packed by zlib.
    Packed,
    /// Encrypted with a passphrase.
    Encrypted,
}

/// How the tar is kept and where it begins.
#[must_use]
pub fn head(bytes: &[u8]) -> Option<(Kept, usize)> {
    let mut at = 0_usize;
    let mut line = || {
        let rest = bytes.get(at..)?.get(..64.min(bytes.len().saturating_sub(at)))?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        at = at.checked_add(end)?.checked_add(1)?;
        std::str::from_utf8(rest.get(..end)?).ok()
    };
    (line()? == "ANDROID BACKUP").then_some(())?;
    line()?.parse::<u32>().ok()?;
    let packed = line()? == "1";
    let kept = match (line()?, packed) {
        ("none", true) => Kept::Packed,
        ("none", false) => Kept::Plain,
        _ => Kept::Encrypted,
    };
    Some((kept, at))
}
