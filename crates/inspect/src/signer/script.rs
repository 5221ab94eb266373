//! Signatures of scripts in PowerShell: remarks at the end of the text hold the signature, over the
//! digest of the text before them as UTF-16, least byte first, with the mark at its beginning if it
//! has one.
//!
//! Texts in UTF-8, with and without a mark, and in UTF-16 with one are read. A text without a mark and
//! with letters beyond ASCII may have been signed under an older encoding: where it does not fit, and
//! wherever it is in no encoding of these, it is said that this cannot be checked.

use std::io;

use data_encoding::BASE64;

use super::{
    Said,
    authenticode::{Signed, Stated},
};
use crate::{
    Source,
    app::signed::{BlockTrouble, Signer},
};

/// A longer script is not read.
const SCRIPT_BYTES_MAX: u64 = 16 << 20;
/// Bytes at the end of a longer one in which a signature is looked for.
const TAIL_BYTES: usize = 4_096;

/// {603BCC1F-4B59-4E08-B724-D2C6297EF351}.
const POWERSHELL: [u8; 16] = [
    0x1F, 0xCC, 0x3B, 0x60, 0x59, 0x4B, 0x08, 0x4E, 0xB7, 0x24, 0xD2, 0xC6, 0x29, 0x7E, 0xF3, 0x51,
];

const BEGIN: &str = "# SIG # Begin signature block";
const END: &str = "# SIG # End signature block";
/// What all languages with signatures in their remarks say.
const ANY: &str = "Begin signature block";

/// Who signed it: nothing where it is no text.
pub(super) fn check(file: &dyn Source) -> io::Result<Option<Said>> {
    if file.size() > SCRIPT_BYTES_MAX {
        let tail = file.tail(TAIL_BYTES)?;
        let marked = [text(&tail, 1), text(&tail, 2)].concat().contains("End signature block");
        return Ok(Some(marked.then_some(Err(BlockTrouble::Unknown))));
    }
    let bytes = file.piece(0, usize::try_from(file.size()).unwrap_or(0))?;
    Ok(Text::of(&bytes).map(|text| text.signers()))
}

/// Its plain letters, of so many bytes each, for a look at what cannot be read whole.
fn text(bytes: &[u8], each: usize) -> String {
    bytes.iter().step_by(each).map(|byte| char::from(*byte)).collect()
}

struct Text {
    words: String,
    /// How it is encoded is a guess.
    guessed: bool,
    /// It is not even that: its letters are other ones wherever it runs.
    unread: bool,
}

impl Text {
    fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\xFF\xFE") {
            let (pairs, rest) = bytes.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
            let words = String::from_utf16(&units).ok().filter(|_| rest.is_empty());
            return Some(words.map_or_else(|| Self::unread(bytes), Self::certain));
        }
        if bytes.contains(&0) {
            return None;
        }
        let marked = bytes.starts_with(b"\xEF\xBB\xBF");
        Some(match str::from_utf8(bytes) {
            Ok(words) if marked || words.is_ascii() => Self::certain(words.to_owned()),
            Ok(words) => Self { guessed: true, ..Self::certain(words.to_owned()) },
            Err(_) => Self::unread(bytes),
        })
    }

    fn certain(words: String) -> Self {
        Self { words, guessed: false, unread: false }
    }

    /// Letters of it are not known.
    fn unread(bytes: &[u8]) -> Self {
        let each = if bytes.starts_with(b"\xFF\xFE") { 2 } else { 1 };
        Self { unread: true, ..Self::certain(text(bytes, each)) }
    }

    fn signers(&self) -> Said {
        let Some((before, block)) = self.split() else {
            // Another language, or the same in another way.
            return self.words.contains(ANY).then_some(Err(BlockTrouble::Unknown));
        };
        if self.unread {
            return Some(Err(BlockTrouble::Unknown));
        }
        let signers = signers(before, block);
        let hidden = self.guessed && signers == Err(BlockTrouble::Altered);
        Some(if hidden { Err(BlockTrouble::Unknown) } else { signers })
    }

    /// What was signed, without the end of its last line, and the lines behind it.
    fn split(&self) -> Option<(&str, &str)> {
        let mut at = 0_usize;
        for line in self.words.split_inclusive('\n') {
            if line.trim_end_matches(['\r', '\n']) == BEGIN {
                let (before, block) = self.words.split_at_checked(at)?;
                let before = before.strip_suffix('\n').unwrap_or(before);
                return Some((before.strip_suffix('\r').unwrap_or(before), block));
            }
            at = at.saturating_add(line.len());
        }
        None
    }
}

fn signers(before: &str, block: &str) -> Result<Vec<Signer>, BlockTrouble> {
    let broken = BlockTrouble::Broken;
    let (block, behind) = block.split_once(END).ok_or(broken)?;
    // What stands behind it would run, and nobody signed it.
    if !matches!(behind, "" | "\r\n" | "\n") {
        return Err(BlockTrouble::Altered);
    }
    let mut letters = String::new();
    for line in block.lines().skip(1) {
        letters.push_str(line.strip_prefix("# ").ok_or(broken)?.trim_end());
    }
    let signature = BASE64.decode(letters.as_bytes()).map_err(|_| broken)?;
    let stated = Stated::read(&signature, Signed::Numbered(POWERSHELL))?;
    let units: Vec<u8> = before.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let digest = stated.hash.of(&units);
    stated.of(&digest)
}
