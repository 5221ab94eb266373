//! Appends of one visit get their places in the order they were asked for, whatever order their
//! packets come in: people write one sentence after the other.

use std::collections::BTreeMap;

use sogon_wire::{Append, LogName, Tag, packet::UNORDERED};

/// The most appends of one visit that wait for an earlier one; 60 kB of small boxes.
const WAITING_MAX: usize = 128;

/// Whose turn it is, in each log of a visit.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    next: BTreeMap<LogName, u16>,
    waiting: BTreeMap<(LogName, u16), (Tag, Append)>,
}

impl Turns {
    /// Takes an append; gives those whose turn it is now, in order. One that came before comes
    /// again: its answer may be lost. [`None`] when it has to wait: true for one that does, false
    /// for one there is no room for.
    pub(crate) fn take(
        &mut self,
        tag: Tag,
        order: u16,
        append: Append,
    ) -> Result<Vec<(Tag, Append)>, bool> {
        let log = append.key.log();
        let next = self.next.entry(log).or_default();
        if order < *next || order == UNORDERED {
            return Ok(vec![(tag, append)]);
        }
        if order > *next {
            let room = self.waiting.len() < WAITING_MAX || self.waiting.contains_key(&(log, order));
            if room {
                self.waiting.insert((log, order), (tag, append));
            }
            return Err(room);
        }
        let mut ready = vec![(tag, append)];
        *next = next.saturating_add(1);
        while let Some(after) = self.waiting.remove(&(log, *next)) {
            ready.push(after);
            *next = next.saturating_add(1);
        }
        Ok(ready)
    }
}

#[cfg(test)]
mod tests {
    use sogon_wire::{PublicWriteKey, SealedBox, WriteSignature};

    use super::*;

    fn append(log: u8) -> Append {
        Append {
            key: PublicWriteKey([log; 32]),
            signature: WriteSignature([0; 64]),
            boxed: SealedBox::parse(&[0; 352]).unwrap(),
        }
    }

    fn tags(result: Result<Vec<(Tag, Append)>, bool>) -> Result<Vec<Tag>, bool> {
        result.map(|ready| ready.into_iter().map(|(tag, _)| tag).collect())
    }

    #[test]
    fn each_log_has_its_own_turns() {
        let mut turns = Turns::default();
        assert_eq!(tags(turns.take(12, 2, append(1))), Err(true));
        assert_eq!(tags(turns.take(11, 1, append(1))), Err(true));
        assert_eq!(tags(turns.take(20, 0, append(2))), Ok(vec![20]));
        assert_eq!(tags(turns.take(10, 0, append(1))), Ok(vec![10, 11, 12]));
        assert_eq!(tags(turns.take(10, 0, append(1))), Ok(vec![10]), "asked again");
        assert_eq!(tags(turns.take(13, 3, append(1))), Ok(vec![13]));
        assert!(turns.waiting.is_empty());
    }

    #[test]
    fn so_many_wait_and_no_more() {
        let mut turns = Turns::default();
        let waiting = (1..=1_000).filter(|order| turns.take(1, *order, append(1)) == Err(true));
        assert_eq!(waiting.count(), WAITING_MAX);
        assert_eq!(turns.take(1, 0, append(1)).unwrap().len(), WAITING_MAX + 1);
    }
}
