//! The logs one connection watches, and which of them it has to be told more of.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use sogon_wire::{LogName, Seq, Tag};

use crate::bells::{Bell, Bells};

/// One watched log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    pub(crate) tag: Tag,
    /// The last place sent.
    pub(crate) sent: Seq,
    /// It has not been answered at all yet: the first answer also comes when there is nothing new.
    pub(crate) first: bool,
}

/// All watches of a connection. Holds places, never boxes: a slow reader costs no memory.
pub(crate) struct Watches {
    bells: Arc<Bells>,
    bell: Arc<Bell>,
    watched: BTreeMap<LogName, Watch>,
    /// Takes turns: a log with much to tell does not hold up the others.
    due: VecDeque<LogName>,
}

impl Watches {
    pub(crate) fn new(bells: Arc<Bells>) -> Self {
        Self { bells, bell: Arc::default(), watched: BTreeMap::new(), due: VecDeque::new() }
    }

    pub(crate) fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }

    pub(crate) fn len(&self) -> usize {
        self.watched.len()
    }

    pub(crate) fn contains(&self, log: LogName) -> bool {
        self.watched.contains_key(&log)
    }

    pub(crate) fn watch(&mut self, log: LogName, tag: Tag, after: Seq) {
        if self.watched.insert(log, Watch { tag, sent: after, first: true }).is_none() {
            self.bells.hang(log, &self.bell);
        }
        self.make_due(log);
    }

    pub(crate) fn unwatch(&mut self, log: LogName) {
        if self.watched.remove(&log).is_some() {
            self.bells.unhang(log, &self.bell);
        }
    }

    pub(crate) fn grew(&mut self, logs: BTreeSet<LogName>) {
        for log in logs {
            if self.watched.contains_key(&log) {
                self.make_due(log);
            }
        }
    }

    /// The next log there may be something to tell of.
    pub(crate) fn next_due(&mut self) -> Option<(LogName, Watch)> {
        while let Some(log) = self.due.pop_front() {
            if let Some(watch) = self.watched.get(&log) {
                return Some((log, *watch));
            }
        }
        None
    }

    /// Notes that everything up to `sent` was told, and whether there is more.
    pub(crate) fn told(&mut self, log: LogName, sent: Seq, more: bool) {
        if let Some(watch) = self.watched.get_mut(&log) {
            watch.sent = sent;
            watch.first = false;
            if more {
                self.make_due(log);
            }
        }
    }

    pub(crate) fn any_due(&self) -> bool {
        !self.due.is_empty()
    }

    fn make_due(&mut self, log: LogName) {
        if !self.due.contains(&log) {
            self.due.push_back(log);
        }
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        for log in self.watched.keys() {
            self.bells.unhang(*log, &self.bell);
        }
    }
}
