//! Bytes said in order that come in parts, in any order and more than once.

use std::{collections::BTreeMap, ops::Range};

/// The most parts kept that something is missing before.
const PARTS_MAX: usize = 64;

/// What was heard of what the other side says.
#[derive(Debug, Default)]
pub struct Flow {
    /// Without a gap, from the beginning.
    whole: Vec<u8>,
    /// Those behind a gap, by where they begin.
    parts: BTreeMap<u16, Vec<u8>>,
    /// How much there is, as the other side says.
    end: u16,
}

impl Flow {
    /// Takes a part, and how much there is in all as of now; the bytes that have none missing
    /// before them any more.
    pub fn take(&mut self, end: u16, offset: u16, part: &[u8]) -> Vec<u8> {
        self.end = self.end.max(end);
        let before = self.whole.len();
        if !part.is_empty() && (self.parts.len() < PARTS_MAX || usize::from(offset) <= before) {
            let kept = self.parts.entry(offset).or_default();
            if part.len() > kept.len() {
                *kept = part.to_vec();
            }
        }
        while let Some(entry) = self.parts.first_entry() {
            let Some(known) = self.whole.len().checked_sub((*entry.key()).into()) else { break };
            let part = entry.remove();
            self.whole.extend(part.get(known..).unwrap_or_default());
        }
        self.whole.get(before..).unwrap_or_default().to_vec()
    }

    /// The first bytes that are missing; empty when none are.
    #[must_use]
    pub fn wanted(&self) -> Range<u16> {
        let from = u16::try_from(self.whole.len()).unwrap_or(u16::MAX);
        let till = self.parts.first_key_value().map_or(self.end, |(next, _)| *next);
        from..till.max(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_in_any_order_make_the_whole_once() {
        let bytes: Vec<u8> = (0..100).collect();
        for seed in 0..500u32 {
            let mut flow = Flow::default();
            let mut heard = Vec::new();
            let mut chance = seed.wrapping_mul(2_654_435_761);
            let mut rounds = 0;
            while heard.len() < bytes.len() {
                chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let offset = usize::try_from(chance >> 24).unwrap() % 100;
                let length = (usize::try_from(chance >> 16 & 0xff).unwrap() % 40).min(100 - offset);
                let part = &bytes[offset..offset + length];
                heard.extend(flow.take(100, u16::try_from(offset).unwrap(), part));
                assert_eq!(heard, bytes[..heard.len()]);
                let wanted = flow.wanted();
                assert_eq!(usize::from(wanted.start), heard.len());
                assert!(wanted.end <= 100 && wanted.is_empty() == (heard.len() == 100));
                rounds += 1;
                assert!(rounds < 10_000, "seed {seed}");
            }
        }
    }

    #[test]
    fn what_is_missing_is_named_up_to_what_is_here() {
        let mut flow = Flow::default();
        assert!(flow.wanted().is_empty());
        assert!(flow.take(50, 20, &[2; 10]).is_empty());
        assert_eq!(flow.wanted(), 0..20);
        assert_eq!(flow.take(50, 0, &[1; 20]).len(), 30);
        assert_eq!(flow.wanted(), 30..50);
        assert_eq!(flow.take(50, 25, &[3; 25]), [3; 20], "what is known stays as it came first");
    }

    #[test]
    fn parts_far_ahead_do_not_pile_up() {
        let mut flow = Flow::default();
        for offset in (1..=16_000).step_by(2) {
            flow.take(16_384, offset, &[1]);
        }
        assert_eq!(flow.parts.len(), PARTS_MAX);
        assert_eq!(flow.take(16_384, 0, &[1]), [1; 2], "what comes next is always taken");
    }
}
