//! Logs that are to be watched, while there are datagrams only: each is looked at once, and the rest
//! waits for a connection. So what lies there is seen a round trip after it was asked for.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use sogon_wire::{ENTRIES_BYTES_MAX, Frame, LogName, Reply, Request, Tag};

use super::timing::Timing;
use crate::link::{Asked, Order, Rank};

/// To look at more logs, and then to watch them, costs more than a connection at once.
const LOOKS_MAX: usize = 8;

/// Whether all of this can begin by datagrams.
pub(crate) fn fits_datagrams(orders: &[Order], timing: &Timing) -> bool {
    let is_watch =
        |order: &&Order| matches!(order, Order::Ask(Asked { request: Request::Watch { .. }, .. }));
    let fits = |order: &Order| match order {
        Order::Ask(asked) => !asked.is_long(timing),
        Order::HangUp => true,
    };
    orders.iter().all(fits) && orders.iter().filter(is_watch).count() <= LOOKS_MAX
}

/// What waits for a connection.
#[derive(Debug, Default)]
pub(super) struct Watches {
    logs: BTreeMap<Tag, Watch>,
    /// Since when there are any.
    since: Option<Instant>,
}

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
            (Request::Watch { log, after }, Some(tag)) if self.logs.len() < LOOKS_MAX => {
                let (log, after) = (*log, *after);
                self.logs.insert(tag, Watch { rank: asked.rank, log, after });
                self.since.get_or_insert_with(Instant::now);
                Some(Request::Read { log, after, bytes_max: ENTRIES_BYTES_MAX })
            }
            (Request::Unwatch { log }, _) => {
                self.logs.retain(|_, watch| watch.log != *log);
                None
            }
            (request, _) => Some(request.clone()),
        }
    }

    /// Looks at all of them again.
    pub(super) fn looks(&self) -> Vec<(Tag, Rank, Request)> {
        let look = |(tag, Watch { rank, log, after }): (&Tag, &Watch)| {
            let (log, after, bytes_max) = (*log, *after, ENTRIES_BYTES_MAX);
            (*tag, *rank, Request::Read { log, after, bytes_max })
        };
        self.logs.iter().map(look).collect()
    }

    /// How long one waits for a connection already.
    pub(super) fn waited(&self, now: Instant) -> Duration {
        let since = self.since.filter(|_| !self.is_empty());
        since.map(|since| now.saturating_duration_since(since)).unwrap_or_default()
    }

    /// What was said is not asked for again; a log that is refused is not watched.
    pub(super) fn told(&mut self, tag: Tag, reply: &Reply) {
        match reply {
            Reply::Entries { from, boxes, .. } => {
                if let Some(watch) = self.logs.get_mut(&tag) {
                    let count = u64::try_from(boxes.len()).unwrap_or(u64::MAX);
                    let last = from.saturating_add(count).saturating_sub(1);
                    watch.after = watch.after.max(last);
                }
            }
            Reply::Refused { .. } => {
                self.logs.remove(&tag);
            }
            _ => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }

    /// What a connection is to be asked.
    pub(super) fn take(&mut self) -> Vec<Asked> {
        let ask = |(tag, Watch { rank, log, after }): (Tag, Watch)| {
            let request = Request::Watch { log, after };
            Asked { rank, bytes: request.encode(tag), request, tag: Some(tag) }
        };
        std::mem::take(&mut self.logs).into_iter().map(ask).collect()
    }
}
