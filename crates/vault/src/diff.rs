//! What changed between two states of a page, as bytes to set.
//!
//! Applying a difference twice, or to a page that already went further, is harmless as long as all
//! later differences follow: recovery leans on that.

use crate::bytes::Reader;
use crate::sector::{TEXT_BYTES, Text};

/// Equal bytes between two changes that are cheaper to repeat than to skip.
const GAP_MAX: usize = 6;
/// Zeros in a row that are worth a run of their own.
const ZEROS_MIN: usize = 8;
const BLOCK_BYTES: usize = 64;
/// Marks a run of zeros in its length field.
const ZEROS: u16 = 0x8000;
/// An offset that no run has: the end of the page's runs.
const END: u16 = u16::MAX;

/// Appends the runs that turn `base` into `new` and says whether there were any.
pub(crate) fn encode(base: &Text, new: &Text, out: &mut Vec<u8>) -> bool {
    let (base, new) = (base.bytes(), new.bytes());
    let mut changed = false;
    let mut at = 0;
    while let Some(start) = next_difference(base, new, at, TEXT_BYTES) {
        let mut end = start.saturating_add(1);
        while let Some(next) = next_difference(base, new, end, end.saturating_add(GAP_MAX)) {
            end = next.saturating_add(1);
        }
        encode_run(new, start, end, out);
        changed = true;
        at = end;
    }
    out.extend_from_slice(&END.to_le_bytes());
    changed
}

/// The first place in `from..to` where the pages differ. Whole blocks are compared at once.
fn next_difference(base: &[u8], new: &[u8], from: usize, to: usize) -> Option<usize> {
    let to = to.min(TEXT_BYTES);
    let mut at = from;
    while at < to {
        let end = at.saturating_add(BLOCK_BYTES).min(to);
        let (old, young) = (base.get(at..end)?, new.get(at..end)?);
        if old != young {
            return old.iter().zip(young).position(|(a, b)| a != b)?.checked_add(at);
        }
        at = end;
    }
    None
}

/// One stretch of changed bytes, with its longer rows of zeros taken out.
fn encode_run(new: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
    let mut from = start;
    let mut at = start;
    while at < end {
        let stretch = new.get(at..end).unwrap_or(&[]);
        let zeros = stretch.iter().take_while(|byte| **byte == 0).count();
        if zeros >= ZEROS_MIN {
            put_run(new, from, at, out);
            put_head(at, zeros, ZEROS, out);
            at = at.saturating_add(zeros);
            from = at;
        } else {
            at = at.saturating_add(zeros.max(1));
        }
    }
    put_run(new, from, end, out);
}

fn put_run(new: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
    if let Some(bytes) = new.get(start..end).filter(|bytes| !bytes.is_empty()) {
        put_head(start, bytes.len(), 0, out);
        out.extend_from_slice(bytes);
    }
}

fn put_head(start: usize, count: usize, kind: u16, out: &mut Vec<u8>) {
    // A sector's text is shorter than 2^15 bytes, so both numbers fit.
    let start = u16::try_from(start).unwrap_or(END);
    let count = u16::try_from(count).unwrap_or(0);
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&(count | kind).to_le_bytes());
}

/// Sets the bytes that the runs name; `None` when they are not runs.
pub(crate) fn apply(text: &mut Text, runs: &mut Reader<'_>) -> Option<()> {
    loop {
        let start = runs.u16()?;
        if start == END {
            return Some(());
        }
        let head = runs.u16()?;
        let count = usize::from(head & !ZEROS);
        let start = usize::from(start);
        let target = text.bytes_mut().get_mut(start..start.checked_add(count)?)?;
        if head & ZEROS == 0 {
            target.copy_from_slice(runs.take(count)?);
        } else {
            target.fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(base: &Text, new: &Text) -> usize {
        let mut out = Vec::new();
        let changed = encode(base, new, &mut out);
        assert_eq!(changed, base.bytes() != new.bytes());
        let mut text = base.clone();
        for _ in 0..2 {
            apply(&mut text, &mut Reader::new(&out)).unwrap();
            assert_eq!(text.bytes(), new.bytes());
        }
        out.len()
    }

    #[test]
    fn a_difference_leads_from_one_page_to_the_other() {
        let mut base = Text::zeros();
        getrandom::fill(base.bytes_mut()).unwrap();
        let mut new = base.clone();
        assert_eq!(there_and_back(&base, &new), 2);
        new.bytes_mut()[0] ^= 1;
        new.bytes_mut()[TEXT_BYTES - 1] ^= 1;
        assert_eq!(there_and_back(&base, &new), 12);
        new.bytes_mut()[100..1000].fill(0);
        new.bytes_mut()[1000..1004].fill(7);
        assert!(there_and_back(&base, &new) < 60);
        new.bytes_mut().fill(0);
        assert!(there_and_back(&base, &new) < 80);
        assert!(there_and_back(&new, &base) < TEXT_BYTES + 80);
    }

    #[test]
    fn many_small_random_changes_survive() {
        let mut base = Text::zeros();
        for round in 0..200_u16 {
            let mut new = base.clone();
            let mut dice = [0; 64];
            getrandom::fill(&mut dice).unwrap();
            for pair in dice.chunks(4) {
                let at = usize::from(u16::from_le_bytes([pair[0], pair[1]])) % TEXT_BYTES;
                let len = usize::from(pair[2] % 40).min(TEXT_BYTES - at);
                new.bytes_mut()[at..at + len].fill(if round % 2 == 0 { pair[3] } else { 0 });
            }
            there_and_back(&base, &new);
            base = new;
        }
    }

    #[test]
    fn rubbish_is_not_applied_beyond_the_page() {
        let mut text = Text::zeros();
        assert!(apply(&mut text, &mut Reader::new(&[0xd0, 0x0f, 0xff, 0x7f])).is_none());
        assert!(apply(&mut text, &mut Reader::new(&[])).is_none());
    }
}
