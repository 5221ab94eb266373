//! What a relay shows of a log at once.

use sogon_wire::{LogName, SealedBox, Seq};

/// Boxes of a log at the places `from`, `from + 1`, ...
pub(crate) struct Page {
    pub(crate) log: LogName,
    pub(crate) from: Seq,
    pub(crate) head: Seq,
    pub(crate) boxes: Vec<SealedBox>,
}

impl Page {
    fn places(&self) -> impl Iterator<Item = (Seq, &SealedBox)> {
        // Not `from..`: a relay may name the last place there is.
        let place = |index: usize| self.from.saturating_add(index as u64);
        self.boxes.iter().enumerate().map(move |(index, boxed)| (place(index), boxed))
    }

    /// The boxes after `cursor`.
    pub(crate) fn after(&self, cursor: Seq) -> Vec<(Seq, SealedBox)> {
        self.places().filter(|(seq, _)| *seq > cursor).map(|(seq, b)| (seq, b.clone())).collect()
    }
}
