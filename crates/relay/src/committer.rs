//! Group commit: everything that waits goes to the store together, and one fsync serves all.

use std::{
    collections::BTreeSet,
    sync::Arc,
    thread::{self, JoinHandle},
};

use sogon_wire::Tag;
use tokio::sync::mpsc;

use crate::{
    bells::Bells,
    clock::Clock,
    store::{Appending, Placed, Store, StoreFault},
};

/// The most boxes that wait for the committer; beyond it askers are told to come back.
const WAITING_MAX: usize = 8_192;
/// The most boxes and bytes in one commit.
const GROUP_MAX: usize = 2_048;
const GROUP_BYTES_MAX: u64 = 16 << 20;

/// A box to be placed, and who wants to know.
pub(crate) struct Job {
    pub(crate) new: Appending,
    pub(crate) tag: Tag,
    pub(crate) answer: mpsc::UnboundedSender<Answer>,
}

/// What became of a [`Job`].
pub(crate) type Answer = (Tag, Result<Placed, StoreFault>);

/// The queue to the committer. It ends when the last clone is dropped.
pub(crate) type Queue = mpsc::Sender<Job>;

/// Starts the thread that commits.
pub(crate) fn start(
    store: Arc<dyn Store>,
    bells: Arc<Bells>,
    clock: Clock,
) -> std::io::Result<(Queue, JoinHandle<()>)> {
    let (queue, mut jobs) = mpsc::channel::<Job>(WAITING_MAX);
    let thread = thread::Builder::new().name("committer".to_owned()).spawn(move || {
        while let Some(first) = jobs.blocking_recv() {
            let group = gather(first, &mut jobs);
            commit(&*store, &bells, &clock, group);
        }
    })?;
    Ok((queue, thread))
}

fn gather(first: Job, jobs: &mut mpsc::Receiver<Job>) -> Vec<Job> {
    let mut bytes = first.new.bytes();
    let mut group = vec![first];
    while group.len() < GROUP_MAX && bytes < GROUP_BYTES_MAX {
        let Ok(job) = jobs.try_recv() else { break };
        bytes = bytes.saturating_add(job.new.bytes());
        group.push(job);
    }
    group
}

fn commit(store: &dyn Store, bells: &Bells, clock: &Clock, group: Vec<Job>) {
    let (boxes, askers): (Vec<_>, Vec<_>) =
        group.into_iter().map(|Job { new, tag, answer }| (new, (tag, answer))).unzip();
    let placed = store.append(clock(), &boxes);
    if let Ok(placed) = &placed {
        let new = |(placed, _): &(&Placed, &Appending)| matches!(placed, Placed::New(_));
        let grown: BTreeSet<_> =
            placed.iter().zip(&boxes).filter(new).map(|(_, new)| new.log).collect();
        bells.ring(&grown);
    }
    for (place, (tag, answer)) in askers.into_iter().enumerate() {
        let result = match &placed {
            Ok(placed) => placed.get(place).copied().ok_or(StoreFault::Broken),
            Err(fault) => Err(*fault),
        };
        // An asker that hung up learns it when it asks again: the same bytes keep their place.
        let _ = answer.send((tag, result));
    }
}
