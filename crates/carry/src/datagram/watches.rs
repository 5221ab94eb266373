//! Logs that are to be watched, while there are datagrams only: each is looked at once, and the rest
//! waits for a connection. So what lies there is seen a round trip after it was asked for.

use std::collections::BTreeMap;

use sogon_wire::{ENTRIES_BYTES_MAX, Frame, LogName, Reply, Request, Tag};

use crate::link::{Asked, Rank};

/// To look at more logs, and then to watch them, costs more than a connection at once.
pub(crate) const LOOKS_MAX: usize = 8;

/// What waits for a connection.
#[derive(Debug, Default)]
pub(super) struct Watches(BTreeMap<Tag, Watch>);

#[derive(Debug)]
struct Watch {
    rank: Rank,
    log: LogName,
    after: u64,
}

impl Watches {
    /// What is asked now; [`None`] when that is nothing.
    pub(super) fn look(&mut self, asked: &Asked) -> Option<Request> {
        match (&asked.request, asked.tag) {
            (Request::Watch { log, after }, Some(tag)) if self.0.len() < LOOKS_MAX => {
                let (log, after) = (*log, *after);
                self.0.insert(tag, Watch { rank: asked.rank, log, after });
                Some(Request::Read { log, after, bytes_max: ENTRIES_BYTES_MAX })
            }
            (Request::Unwatch { log }, _) => {
                self.0.retain(|_, watch| watch.log != *log);
                None
            }
            (request, _) => Some(request.clone()),
        }
    }

    /// What was said is not asked for again; a log that is refused is not watched.
    pub(super) fn told(&mut self, tag: Tag, reply: &Reply) {
        match reply {
            Reply::Entries { from, boxes, .. } => {
                if let Some(watch) = self.0.get_mut(&tag) {
                    let count = u64::try_from(boxes.len()).unwrap_or(u64::MAX);
                    let last = from.saturating_add(count).saturating_sub(1);
                    watch.after = watch.after.max(last);
                }
            }
            Reply::Refused { .. } => {
                self.0.remove(&tag);
            }
            _ => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, tag: Tag) -> bool {
        self.0.contains_key(&tag)
    }

    /// What a connection is to be asked.
    pub(super) fn take(&mut self) -> Vec<Asked> {
        let ask = |(tag, Watch { rank, log, after }): (Tag, Watch)| {
            let request = Request::Watch { log, after };
            Asked { rank, bytes: request.encode(tag), request, tag: Some(tag) }
        };
        std::mem::take(&mut self.0).into_iter().map(ask).collect()
    }
}
