//! A store without a disk: for tests, trials and labs.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sogon_wire::{LogName, SealedBox, Seq};

use super::{
    Appending, Expired, Holdings, Keep, Mark, Page, Placed, Seconds, Store, StoreFault, Veiled,
};

/// Keeps everything in memory, by the same rules as a store on disk.
pub struct MemoryStore {
    keep: Keep,
    logs: Mutex<BTreeMap<LogName, Log>>,
}

#[derive(Default)]
struct Log {
    head: Seq,
    touched: Seconds,
    boxes: VecDeque<Kept>,
    marks: BTreeMap<Mark, Seq>,
}

struct Kept {
    at: Seconds,
    mark: Mark,
    boxed: SealedBox,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new(keep: Keep) -> Self {
        Self { keep, logs: Mutex::default() }
    }

    fn logs(&self) -> MutexGuard<'_, BTreeMap<LogName, Log>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("keep", &self.keep).field("logs", &Veiled).finish()
    }
}

impl Store for MemoryStore {
    fn append(&self, now: Seconds, group: &[Appending]) -> Result<Vec<Placed>, StoreFault> {
        let mut logs = self.logs();
        let mut bytes: u64 = logs.values().flat_map(|log| &log.boxes).map(size).sum();
        Ok(group
            .iter()
            .map(|appending| {
                let count = u64::try_from(logs.len()).unwrap_or(u64::MAX);
                let room = logs.contains_key(&appending.log) || count < self.keep.logs_max;
                let grown = bytes.saturating_add(appending.bytes());
                if !room {
                    return Placed::Full;
                }
                let log = logs.entry(appending.log).or_default();
                let placed = log.place(now, appending, &self.keep, grown);
                if let Placed::New(_) = placed {
                    bytes = grown;
                }
                placed
            })
            .collect())
    }

    fn read_after(&self, log: LogName, after: Seq, bytes_max: u32) -> Result<Page, StoreFault> {
        let logs = self.logs();
        let Some(log) = logs.get(&log) else {
            return Ok(Page { from: after.saturating_add(1), head: 0, boxes: Vec::new() });
        };
        let from = after.saturating_add(1).max(log.first());
        let skipped = usize::try_from(from.saturating_sub(log.first())).unwrap_or(usize::MAX);
        let mut room = u64::from(bytes_max);
        let fitting = |kept: &&Kept| {
            let left = room.checked_sub(size(kept));
            room = left.unwrap_or_default();
            left.is_some()
        };
        let boxes = log.boxes.iter().skip(skipped).take_while(fitting);
        let boxes = boxes.map(|kept| kept.boxed.clone()).collect();
        Ok(Page { from, head: log.head, boxes })
    }

    fn heads(&self, names: &[LogName]) -> Result<Vec<Seq>, StoreFault> {
        let logs = self.logs();
        Ok(names.iter().map(|name| logs.get(name).map_or(0, |log| log.head)).collect())
    }

    fn expire(&self, now: Seconds) -> Result<Expired, StoreFault> {
        let mut logs = self.logs();
        let mut expired = Expired::default();
        for log in logs.values_mut() {
            while let Some(kept) = log.boxes.front() {
                if kept.at.saturating_add(self.keep.boxes_s) > now {
                    break;
                }
                expired.boxes = expired.boxes.saturating_add(1);
                expired.bytes = expired.bytes.saturating_add(size(kept));
                log.marks.remove(&kept.mark);
                log.boxes.pop_front();
            }
        }
        logs.retain(|_, log| log.touched.saturating_add(self.keep.heads_s) > now);
        Ok(expired)
    }

    fn holdings(&self) -> Holdings {
        let logs = self.logs();
        let sizes = logs.values().flat_map(|log| &log.boxes).map(size);
        Holdings {
            boxes: u64::try_from(sizes.clone().count()).unwrap_or(u64::MAX),
            logs: u64::try_from(logs.len()).unwrap_or(u64::MAX),
            bytes: sizes.sum(),
        }
    }
}

impl Log {
    fn place(&mut self, now: Seconds, new: &Appending, keep: &Keep, grown: u64) -> Placed {
        let mark = new.mark();
        if let Some(seq) = self.marks.get(&mark) {
            return Placed::Known(*seq);
        }
        let kept = u32::try_from(self.boxes.len()).unwrap_or(u32::MAX);
        if kept >= keep.log_boxes_max || grown > keep.bytes_max {
            return Placed::Full;
        }
        self.head = self.head.saturating_add(1);
        self.touched = now;
        self.marks.insert(mark, self.head);
        self.boxes.push_back(Kept { at: now, mark, boxed: new.boxed.clone() });
        Placed::New(self.head)
    }

    /// The place of the oldest box kept; beyond the head when none is.
    fn first(&self) -> Seq {
        let kept = u64::try_from(self.boxes.len()).unwrap_or(u64::MAX);
        self.head.saturating_sub(kept).saturating_add(1)
    }
}

fn size(kept: &Kept) -> u64 {
    u64::try_from(kept.boxed.as_bytes().len()).unwrap_or(u64::MAX)
}
