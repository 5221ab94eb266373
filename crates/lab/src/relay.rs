//! A relay in memory that can be honest or lie.

use std::collections::{BTreeMap, BTreeSet};

use sogon_wire::{About, LogName, Refusal, Reply, Request, SealedBox, Seq};

/// How a relay treats its logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vices {
    /// Shows the boxes of a log in different orders to different homes.
    pub equivocates: bool,
    /// Hides the newest boxes from some homes for a while.
    pub withholds: bool,
    /// Appends old boxes of the log again.
    pub replays: bool,
    /// Appends boxes of random bytes.
    pub jams: bool,
    /// Says that boxes stand behind places it never shows.
    pub boasts: bool,
}

#[derive(Clone, Debug, Default)]
struct Log {
    /// The place before the first kept box.
    expired: Seq,
    boxes: Vec<SealedBox>,
}

impl Log {
    fn head(&self) -> Seq {
        self.expired.saturating_add(self.boxes.len() as u64)
    }
}

/// The logs, in as many versions as the relay shows.
#[derive(Clone, Debug, Default)]
pub struct LabRelay {
    /// One version for each face; an honest relay has one.
    faces: Vec<BTreeMap<LogName, Log>>,
    /// What it does wrong at the moment.
    pub vices: Vices,
    /// Every box it was ever given, for the watcher's eye.
    pub seen: Vec<SealedBox>,
    /// How many logs a connection may watch, if there is a limit.
    pub watches_max: Option<usize>,
    /// Those that came as pieces of files. A relay cannot tell; the world can.
    pub(crate) pieces: BTreeSet<(LogName, SealedBox)>,
    /// How many of them it gave to somebody.
    read: u64,
}

impl LabRelay {
    /// An empty, honest one.
    #[must_use]
    pub fn new() -> Self {
        Self { faces: vec![BTreeMap::new()], ..Self::default() }
    }

    /// From now on it keeps two versions: appends of a home go to its own first, and to the other
    /// ones later.
    pub fn split(&mut self) {
        if let [only] = self.faces.as_slice() {
            let copy = only.clone();
            self.faces.push(copy);
        }
    }

    /// The two versions become one: what the second has and the first does not is appended to it.
    pub fn merge(&mut self) {
        let others: Vec<_> = self.faces.drain(1..).collect();
        let Some(first) = self.faces.first_mut() else { return };
        for (name, log) in others.into_iter().flatten() {
            let mine = first.entry(name).or_default();
            for boxed in log.boxes {
                if !mine.boxes.contains(&boxed) {
                    mine.boxes.push(boxed);
                }
            }
        }
    }

    /// Which version a home is shown.
    fn face(&self, home: usize) -> usize {
        if self.faces.len() > 1 { home % self.faces.len() } else { 0 }
    }

    /// Answers one question of one home. `chance` decides what a vice does.
    pub fn answer(
        &mut self,
        home: usize,
        request: &Request,
        chance: &crate::Chance,
    ) -> Option<Reply> {
        let face = self.face(home);
        let logs = self.faces.get_mut(face)?;
        match request {
            Request::Append(append) => {
                let log = logs.entry(append.key.log()).or_default();
                if let Some(place) = log.boxes.iter().position(|boxed| *boxed == append.boxed) {
                    return Some(Reply::Appended { seq: log.expired + place as u64 + 1 });
                }
                if self.vices.jams && chance.once_in(4) {
                    let rubbish: Vec<u8> = (0..352).map(|_| chance.below(256) as u8).collect();
                    log.boxes.push(SealedBox::parse(&rubbish).ok()?);
                }
                if self.vices.replays && !log.boxes.is_empty() && chance.once_in(4) {
                    let again = chance.pick(&log.boxes).clone();
                    log.boxes.push(again);
                }
                log.boxes.push(append.boxed.clone());
                self.seen.push(append.boxed.clone());
                let ahead = if self.vices.boasts { 5 } else { 0 };
                Some(Reply::Appended { seq: log.head().saturating_add(ahead) })
            }
            Request::Read { log, after, .. } | Request::Watch { log, after } => {
                let name = *log;
                let bytes_max = match request {
                    Request::Read { bytes_max, .. } => *bytes_max as usize,
                    _ => 65_536,
                };
                let log = logs.get(&name).cloned().unwrap_or_default();
                let from = after.saturating_add(1).max(log.expired.saturating_add(1));
                let skip = usize::try_from(from - log.expired - 1).unwrap_or(usize::MAX);
                let mut room = bytes_max;
                let fits = |boxed: &&SealedBox| {
                    let left = room.checked_sub(boxed.as_bytes().len());
                    room = left.unwrap_or(0);
                    left.is_some()
                };
                let boxes = log.boxes.iter().skip(skip).take(8).take_while(fits);
                let mut boxes: Vec<_> = boxes.cloned().collect();
                let of_file = |boxed: &&SealedBox| self.pieces.contains(&(name, (*boxed).clone()));
                self.read += boxes.iter().filter(of_file).count() as u64;
                let mut head = log.head();
                if self.vices.withholds && chance.once_in(2) {
                    let shown = boxes.len() / 2;
                    boxes.truncate(shown);
                    head = from.saturating_sub(1) + shown as u64;
                }
                Some(Reply::Entries { log: name, from, head, boxes })
            }
            Request::Unwatch { .. } | Request::Enter(_) | Request::Speak(_) => None,
            Request::About => Some(Reply::About(About {
                version: 1,
                keep_s: 1,
                log_boxes_max: 1,
                watches_max: 1,
            })),
        }
    }

    /// How many different boxes it holds that came as pieces of files.
    #[must_use]
    pub fn laid(&self) -> u64 {
        self.pieces.len() as u64
    }

    /// How many boxes it gave to somebody that came as pieces of files.
    #[must_use]
    pub fn pieces_read(&self) -> u64 {
        self.read
    }

    /// The pieces of files stand the other way round in their logs.
    pub fn turn_pieces(&mut self) {
        for (name, log) in self.faces.iter_mut().flatten() {
            if log.boxes.iter().any(|boxed| self.pieces.contains(&(*name, boxed.clone()))) {
                log.boxes.reverse();
            }
        }
    }

    /// Everything older than the newest `keep` boxes of each log is gone.
    pub fn expire(&mut self, keep: usize) {
        for log in self.faces.iter_mut().flat_map(BTreeMap::values_mut) {
            let gone = log.boxes.len().saturating_sub(keep);
            log.boxes.drain(..gone);
            log.expired += gone as u64;
        }
    }

    /// Says no.
    #[must_use]
    pub fn refuse() -> Reply {
        Reply::Refused { why: Refusal::Busy, wait_s: 1 }
    }
}
