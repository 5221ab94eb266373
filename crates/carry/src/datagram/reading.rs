//! One question for the boxes of a log, until what was promised is whole.

use std::collections::BTreeMap;

use sogon_wire::{
    LogName, Reply, STEPS, SealedBox, Seq, Tag,
    packet::{Holdings, PIECE_BYTES, Pieces, Question, all_pieces, pieces_of},
};

/// A box on its way.
enum Got {
    Whole(SealedBox),
    Pieces { size: usize, have: Pieces, bytes: Vec<u8> },
}

/// What has come of a read.
pub(crate) struct Reading {
    tag: Tag,
    log: LogName,
    after: Seq,
    bytes_max: u32,
    got: BTreeMap<Seq, Got>,
    /// The first place the relay has; known with the first answer.
    first: Option<Seq>,
    /// The last place promised so far.
    till: Seq,
    head: Seq,
    stopped: bool,
    /// The relay answered.
    heard: bool,
    /// Boxes laid down in this visit, at places that were not promised yet.
    laid: BTreeMap<Seq, SealedBox>,
}

/// What is still to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wanted {
    /// Whatever comes after the last place promised.
    On(Seq),
    /// The places after the first up to the second.
    Gap(Seq, Seq),
    /// Pieces of the box at a place.
    Pieces(Seq, Pieces),
}

impl Reading {
    pub(crate) fn new(tag: Tag, log: LogName, after: Seq, bytes_max: u32) -> Self {
        Self {
            tag,
            log,
            after,
            bytes_max,
            got: BTreeMap::new(),
            first: None,
            till: after,
            head: 0,
            stopped: false,
            heard: false,
            laid: BTreeMap::new(),
        }
    }

    pub(crate) fn log(&self) -> LogName {
        self.log
    }

    /// The relay was asked and has answered.
    pub(crate) fn is_heard(&self) -> bool {
        self.heard
    }

    /// A box that this visit laid down has this place: it need not be fetched.
    pub(crate) fn laid(&mut self, seq: Seq, boxed: SealedBox) {
        if seq > self.after {
            self.laid.insert(seq, boxed);
            self.take_laid();
        }
    }

    fn take_laid(&mut self) {
        while let Some((seq, boxed)) = self.laid.pop_first() {
            let next = self.till.saturating_add(1);
            if seq > next || (seq == next && self.stopped) {
                self.laid.insert(seq, boxed);
                return;
            }
            if seq == next {
                self.first.get_or_insert(seq);
                self.till = seq;
                self.head = self.head.max(seq);
            }
            if self.is_wanted(seq) {
                self.put(seq, boxed);
            }
        }
    }

    /// The relay says where its log stands.
    pub(crate) fn promised(&mut self, held: Holdings) {
        self.heard = true;
        self.head = self.head.max(held.head);
        let next = self.till.saturating_add(1);
        match self.first {
            None => {
                let first = held.first.max(next);
                self.first = Some(first);
                self.till = first.saturating_sub(1);
            }
            // What stands between has expired since the last answer: the engine asks on from there.
            Some(_) if held.first > next => self.stopped = true,
            Some(_) => {}
        }
        if !self.stopped {
            self.till = self.till.max(held.till);
        }
        self.take_laid();
    }

    /// Takes boxes; true when some are new.
    pub(crate) fn boxes(&mut self, held: Holdings, from: Seq, boxes: Vec<SealedBox>) -> bool {
        self.promised(held);
        let mut grew = false;
        for (seq, boxed) in (from..).zip(boxes) {
            if self.is_wanted(seq) {
                self.put(seq, boxed);
                grew = true;
            }
        }
        grew
    }

    /// Takes a piece of a box; true when it is new.
    pub(crate) fn piece(
        &mut self,
        held: Holdings,
        seq: Seq,
        step: u8,
        index: u8,
        bytes: &[u8],
    ) -> bool {
        self.promised(held);
        let Some(size) = STEPS.get(usize::from(step)).copied() else { return false };
        if !self.is_wanted(seq) {
            return false;
        }
        let begun = self.got.entry(seq).or_insert_with(|| Got::Pieces {
            size,
            have: 0,
            bytes: vec![0; size],
        });
        let Got::Pieces { size: known, have, bytes: whole } = begun else { return false };
        let begin = usize::from(index).saturating_mul(PIECE_BYTES);
        let place = whole.get_mut(begin..begin.saturating_add(bytes.len()));
        let (true, Some(place)) = (*known == size, place) else { return false };
        place.copy_from_slice(bytes);
        let mark = 1u64.checked_shl(index.into()).unwrap_or_default();
        let grew = *have & mark == 0;
        *have |= mark;
        if *have == all_pieces(pieces_of(size))
            && let Ok(boxed) = SealedBox::parse(whole)
        {
            self.put(seq, boxed);
        }
        grew
    }

    fn is_wanted(&self, seq: Seq) -> bool {
        let promised = self.first.is_some_and(|first| (first..=self.till).contains(&seq));
        promised && !matches!(self.got.get(&seq), Some(Got::Whole(_)))
    }

    fn put(&mut self, seq: Seq, boxed: SealedBox) {
        self.got.insert(seq, Got::Whole(boxed));
    }

    /// How many bytes what was promised has, as far as that is known: of boxes of which nothing came
    /// yet, as many as the largest that did.
    fn promised_bytes(&self) -> u32 {
        let sizes = self.got.values().map(|got| match got {
            Got::Whole(boxed) => boxed.as_bytes().len(),
            Got::Pieces { size, .. } => *size,
        });
        let (mut sum, mut largest, mut begun) = (0_usize, 0_usize, 0_u64);
        for size in sizes {
            (sum, largest, begun) =
                (sum.saturating_add(size), largest.max(size), begun.saturating_add(1));
        }
        let places =
            self.first.map_or(0, |first| self.till.saturating_add(1).saturating_sub(first));
        let unseen = usize::try_from(places.saturating_sub(begun)).unwrap_or(usize::MAX);
        let all = sum.saturating_add(unseen.saturating_mul(largest));
        u32::try_from(all).unwrap_or(u32::MAX)
    }

    /// Whether everything promised is here.
    fn is_whole(&self) -> bool {
        let places = self.first.map(|first| self.till.saturating_add(1).saturating_sub(first));
        places == u64::try_from(self.got.len()).ok()
            && self.got.values().all(|got| matches!(got, Got::Whole(_)))
    }

    /// Whether there is more to ask for beyond what was promised.
    pub(crate) fn goes_on(&self) -> bool {
        let room = self.promised_bytes() < self.bytes_max;
        !self.heard || !self.stopped && self.till < self.head && room
    }

    /// What goes to the engine, once it is complete.
    pub(crate) fn done(&mut self) -> Option<Reply> {
        let done = !self.goes_on() && self.is_whole();
        done.then(|| self.so_far()).flatten()
    }

    /// The boxes without a gap from the first on; [`None`] when nothing was heard.
    pub(crate) fn so_far(&mut self) -> Option<Reply> {
        let from = self.first?;
        let mut boxes = Vec::new();
        for (seq, (place, got)) in (from..).zip(std::mem::take(&mut self.got)) {
            match got {
                Got::Whole(boxed) if seq == place => boxes.push(boxed),
                _ => break,
            }
        }
        Some(Reply::Entries { log: self.log, from, head: self.head, boxes })
    }

    /// The answer "nothing new".
    pub(crate) fn quiet(&mut self) -> Reply {
        self.heard = true;
        if let Some(reply) = self.so_far() {
            return reply;
        }
        let (log, from) = (self.log, self.after.saturating_add(1));
        Reply::Entries { log, from, head: self.after, boxes: Vec::new() }
    }

    /// What to ask for beyond the promise.
    pub(crate) fn on(&self) -> Wanted {
        Wanted::On(self.till)
    }

    /// What was promised and has not come.
    pub(crate) fn gaps(&self) -> Vec<Wanted> {
        let Some(first) = self.first else { return Vec::new() };
        let mut gaps = Vec::new();
        let mut expected = first;
        for (seq, got) in &self.got {
            if *seq > expected {
                gaps.push(Wanted::Gap(expected.saturating_sub(1), seq.saturating_sub(1)));
            }
            if let Got::Pieces { size, have, .. } = got {
                gaps.push(Wanted::Pieces(*seq, all_pieces(pieces_of(*size)) & !have));
            }
            expected = seq.saturating_add(1);
        }
        if expected <= self.till {
            gaps.push(Wanted::Gap(expected.saturating_sub(1), self.till));
        }
        gaps
    }

    /// The question for what is wanted, for at most so many bytes.
    pub(crate) fn question(&self, wanted: Wanted, bytes_max: u32) -> Question {
        let (tag, log) = (self.tag, self.log);
        let left = self.bytes_max.saturating_sub(self.promised_bytes());
        match wanted {
            Wanted::On(after) => {
                let after = after.max(self.till);
                // What was laid down behind a gap is here already.
                let till = self.laid.keys().next().map_or(0, |seq| seq.saturating_sub(1));
                Question::Read { tag, log, after, till, bytes_max: bytes_max.min(left) }
            }
            Wanted::Gap(after, till) => Question::Read { tag, log, after, till, bytes_max },
            Wanted::Pieces(seq, wanted) => {
                let most = usize::try_from(bytes_max).unwrap_or(usize::MAX).div_euclid(PIECE_BYTES);
                Question::Missing { tag, log, seq, wanted: first_of(wanted, most) }
            }
        }
    }
}

/// The first so many of these pieces.
fn first_of(pieces: Pieces, most: usize) -> Pieces {
    let marks = (0..Pieces::BITS).map(|place| 1u64.checked_shl(place).unwrap_or_default());
    marks.filter(|mark| pieces & mark != 0).take(most).fold(0, |chosen, mark| chosen | mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(fill: u8) -> SealedBox {
        SealedBox::parse(&[fill; 352]).unwrap()
    }

    fn held(first: Seq, till: Seq, head: Seq) -> Holdings {
        Holdings { first, till, head }
    }

    fn places(reply: Option<Reply>) -> (Seq, Vec<u8>) {
        let Some(Reply::Entries { from, boxes, .. }) = reply else { panic!("no entries") };
        (from, boxes.iter().map(|boxed| boxed.as_bytes()[0]).collect())
    }

    #[test]
    fn boxes_in_any_order_are_given_out_once_and_whole() {
        let mut reading = Reading::new(1, LogName([1; 16]), 3, 196_608);
        assert!(reading.goes_on());
        reading.boxes(held(4, 7, 7), 6, vec![boxed(6), boxed(7)]);
        assert_eq!(reading.done(), None);
        assert_eq!(reading.gaps(), [Wanted::Gap(3, 5)]);
        reading.boxes(held(4, 5, 9), 5, vec![boxed(5)]);
        assert_eq!(reading.gaps(), [Wanted::Gap(3, 4)]);
        assert!(reading.goes_on(), "the log grew meanwhile");
        reading.boxes(held(8, 9, 9), 8, vec![boxed(8), boxed(9)]);
        reading.boxes(held(4, 4, 9), 4, vec![boxed(4)]);
        assert_eq!(places(reading.done()), (4, vec![4, 5, 6, 7, 8, 9]));
    }

    #[test]
    fn what_was_laid_down_behind_a_gap_is_not_asked_for() {
        let mut reading = Reading::new(1, LogName([1; 16]), 80, 65_536);
        for fill in [81, 83, 84] {
            reading.laid(fill.into(), boxed(fill));
        }
        let Wanted::On(after) = reading.on() else { panic!("nothing was heard") };
        let question = reading.question(reading.on(), 12_288);
        assert!(matches!(question, Question::Read { after: 81, till: 82, .. }), "{question:?}");
        assert_eq!(after, 81);
        reading.boxes(held(82, 82, 85), 82, vec![boxed(82)]);
        // And what came behind it is.
        let question = reading.question(reading.on(), 12_288);
        assert!(matches!(question, Question::Read { after: 84, till: 0, .. }), "{question:?}");
        reading.boxes(held(85, 85, 85), 85, vec![boxed(85)]);
        assert_eq!(places(reading.done()), (81, vec![81, 82, 83, 84, 85]));
    }

    #[test]
    fn a_cut_gives_out_what_is_there_without_a_gap() {
        let mut reading = Reading::new(1, LogName([1; 16]), 0, 196_608);
        reading.boxes(held(1, 9, 9), 1, vec![boxed(1), boxed(2)]);
        reading.boxes(held(1, 9, 9), 5, vec![boxed(5)]);
        assert_eq!(reading.gaps(), [Wanted::Gap(2, 4), Wanted::Gap(5, 9)]);
        assert_eq!(places(reading.so_far()), (1, vec![1, 2]));
    }

    #[test]
    fn what_expired_is_passed_over() {
        let mut reading = Reading::new(1, LogName([1; 16]), 0, 196_608);
        reading.boxes(held(5, 6, 6), 5, vec![boxed(5), boxed(6)]);
        assert_eq!(places(reading.done()), (5, vec![5, 6]));
        let mut reading = Reading::new(1, LogName([1; 16]), 0, 196_608);
        reading.boxes(held(7, 6, 6), 7, vec![]);
        assert_eq!(places(reading.done()), (7, vec![]));
    }

    #[test]
    fn a_large_box_is_put_together_from_its_pieces() {
        let mut reading = Reading::new(1, LogName([1; 16]), 0, 196_608);
        let bytes: Vec<u8> = (0..3_072u32).map(|place| (place % 251) as u8).collect();
        let piece = |index| sogon_wire::packet::piece_of(&bytes, index);
        reading.piece(held(1, 1, 1), 1, 3, 2, piece(2));
        reading.piece(held(1, 1, 1), 1, 3, 0, piece(0));
        assert_eq!(reading.gaps(), [Wanted::Pieces(1, 0b010)]);
        assert_eq!(reading.done(), None);
        reading.piece(held(1, 1, 1), 1, 3, 1, piece(1));
        let Some(Reply::Entries { boxes, .. }) = reading.done() else { panic!("not done") };
        assert_eq!(boxes[0].as_bytes(), bytes);
    }
}
