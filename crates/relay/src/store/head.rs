//! What the embedded store remembers of a log: its last place, and where its boxes lie.

use sogon_wire::Seq;

use super::Seconds;

/// The last place of a log and, per time step in which boxes were appended, the first place of
/// that step, oldest first. As bytes: `head u64`, then `step u64 | first u64` for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) last: Seq,
    pub(crate) steps: Vec<(Seconds, Seq)>,
}

impl Head {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (last, rest) = bytes.split_first_chunk::<8>()?;
        let (pairs, trailing) = rest.as_chunks::<16>();
        let number = |bytes: &[u8]| bytes.first_chunk::<8>().map(|b| u64::from_be_bytes(*b));
        let steps = pairs
            .iter()
            .map(|pair| {
                let (step, first) = pair.split_at_checked(8)?;
                Some((number(step)?, number(first)?))
            })
            .collect::<Option<Vec<_>>>()?;
        trailing.is_empty().then_some(Self { last: u64::from_be_bytes(*last), steps })
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.last.to_be_bytes().to_vec();
        for (step, first) in &self.steps {
            bytes.extend(step.to_be_bytes());
            bytes.extend(first.to_be_bytes());
        }
        bytes
    }

    /// Gives out the next place, in this step.
    pub(crate) fn next(&mut self, step: Seconds) -> Seq {
        self.last = self.last.saturating_add(1);
        if self.steps.last().is_none_or(|(newest, _)| *newest != step) {
            self.steps.push((step, self.last));
        }
        self.last
    }

    /// The place of the oldest box kept; beyond the last when none is.
    pub(crate) fn first(&self) -> Seq {
        self.steps.first().map_or(self.last.saturating_add(1), |(_, first)| *first)
    }

    /// How many boxes are kept.
    pub(crate) fn kept(&self) -> u64 {
        self.last.saturating_add(1).saturating_sub(self.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_comes_back_as_it_was_and_rubbish_does_not() {
        let mut head = Head::default();
        assert_eq!((head.next(10), head.next(10), head.next(20)), (1, 2, 3));
        assert_eq!(head.steps, [(10, 1), (20, 3)]);
        assert_eq!((head.first(), head.kept()), (1, 3));
        let bytes = head.to_bytes();
        assert_eq!(Head::parse(&bytes), Some(head));
        for cut in (0..bytes.len()).filter(|cut| cut % 16 != 8) {
            assert_eq!(Head::parse(&bytes[..cut]), None);
        }
    }

    #[test]
    fn a_log_whose_boxes_expired_goes_on_where_it_was() {
        let mut head = Head { last: 7, steps: vec![] };
        assert_eq!((head.first(), head.kept()), (8, 0));
        assert_eq!(head.next(50), 8);
        assert_eq!((head.first(), head.kept()), (8, 1));
    }
}
