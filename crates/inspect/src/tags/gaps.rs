//! The mark in plain text and HTML: 160 bits in the gaps between words.
//!
//! Bit `i` is in the gap `i`: one blank more than usual is a 1 (before a line's end: a blank at
//! all). Blanks are the same byte in ASCII, CP949 and UTF-8; UTF-16LE is read by its units.
//! That a text has double blanks says nothing; that they spell "WM" and an id does.

use super::machine::id_text;
use crate::numbers::{array, u16_le};

/// Gaps that carry the mark.
pub const GAPS: usize = 160;

/// A text larger than this is not looked at: its first gaps are what counts, but words may be long.
pub const TEXT_BYTES_MAX: usize = 4 << 20;

/// A mark in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapMark {
    /// The disk id of the machine.
    pub disk: String,
    /// The number behind it.
    pub extra: u32,
    /// Offset of the first gap and of the end of the last one.
    pub span: (u64, u64),
    /// Blanks that are one too many: offset and bytes of each.
    surplus: Vec<(usize, usize)>,
}

/// How a text is counted: two readings of what a gap is where lines are empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counting {
    /// Everything between two words is one gap.
    Words,
    /// Every line's end is a gap.
    Lines,
}

/// A gap: whether it has the extra blank, and where.
struct Gap {
    at: usize,
    end: usize,
    surplus: Option<usize>,
}

impl GapMark {
    /// Reads the mark of a text; `None` when there is none.
    #[must_use]
    pub fn read(text: &[u8]) -> Option<Self> {
        let text = text.get(..text.len().min(TEXT_BYTES_MAX))?;
        let (unit, start) = if text.starts_with(&[0xFF, 0xFE]) { (2, 2) } else { (1, 0) };
        [Counting::Words, Counting::Lines].into_iter().find_map(|counting| {
            let gaps = gaps(text, unit, start, counting);
            decode(&gaps, unit)
        })
    }

    /// How many blanks are one too many.
    #[must_use]
    pub fn blanks(&self) -> usize {
        self.surplus.len()
    }

    /// The text with the surplus blanks taken out.
    #[must_use]
    pub fn strip(&self, text: &[u8]) -> Vec<u8> {
        let mut clean = Vec::with_capacity(text.len());
        let mut at = 0;
        for (blank, bytes) in &self.surplus {
            clean.extend_from_slice(text.get(at..*blank).unwrap_or_default());
            at = blank.saturating_add(*bytes);
        }
        clean.extend_from_slice(text.get(at..).unwrap_or_default());
        clean
    }
}

fn decode(gaps: &[Gap], unit: usize) -> Option<GapMark> {
    let gaps = gaps.get(..GAPS)?;
    let mut bytes = [0_u8; GAPS / 8];
    for (byte, eight) in bytes.iter_mut().zip(gaps.chunks_exact(8)) {
        for gap in eight.iter().rev() {
            *byte = (*byte << 1) | u8::from(gap.surplus.is_some());
        }
    }
    let id = bytes.strip_prefix(b"WM")?.get(..14)?;
    // The id fills its place and ends with NUL: 16 bytes that chance does not write.
    let disk = id_text(id).filter(|disk| disk.len() == 13)?;
    let extra = u32::from_le_bytes(array(&bytes, 16)?);
    let span = (gaps.first()?.at as u64, gaps.last()?.end as u64);
    let surplus = gaps.iter().filter_map(|gap| Some((gap.surplus?, unit))).collect();
    Some(GapMark { disk, extra, span, surplus })
}

/// The first gaps of a text, no more than the mark has.
fn gaps(text: &[u8], unit: usize, start: usize, counting: Counting) -> Vec<Gap> {
    let mut gaps = Vec::with_capacity(GAPS);
    let mut at = start;
    let mut words = false;
    while gaps.len() < GAPS {
        let Some(symbol) = symbol(text, unit, at) else { break };
        if !matches!(symbol, b' ' | b'\r' | b'\n') {
            at = at.saturating_add(unit);
            words = true;
            continue;
        }
        let begin = at;
        let mut blanks = 0_usize;
        while self::symbol(text, unit, at) == Some(b' ') {
            blanks = blanks.saturating_add(1);
            at = at.saturating_add(unit);
        }
        let line_end = matches!(self::symbol(text, unit, at), Some(b'\r' | b'\n'));
        let usual = usize::from(!line_end);
        let surplus = (blanks > usual).then_some(begin);
        let mut end = at;
        if line_end {
            end = after_line(text, unit, at, counting);
            at = end;
        }
        // Blanks before the first word are not between words.
        if words || counting == Counting::Lines {
            gaps.push(Gap { at: begin, end, surplus });
        }
    }
    gaps
}

/// Behind the line's end; in the words' counting behind all blanks and ends that follow.
fn after_line(text: &[u8], unit: usize, mut at: usize, counting: Counting) -> usize {
    if symbol(text, unit, at) == Some(b'\r') {
        at = at.saturating_add(unit);
    }
    if symbol(text, unit, at) == Some(b'\n') {
        at = at.saturating_add(unit);
    }
    while counting == Counting::Words
        && matches!(symbol(text, unit, at), Some(b' ' | b'\r' | b'\n'))
    {
        at = at.saturating_add(unit);
    }
    at
}

/// The unit at `at` when it is one of ours, else any other.
fn symbol(text: &[u8], unit: usize, at: usize) -> Option<u8> {
    if unit == 1 {
        return text.get(at).copied();
    }
    let wide = u16_le(text, at)?;
    Some(u8::try_from(wide).unwrap_or(b'?'))
}
