//! Who is told when a log grows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sogon_wire::LogName;
use tokio::sync::Notify;

/// One per connection: which of its watched logs grew since it last looked. Bounded by what it
/// watches, however many boxes come.
#[derive(Default)]
pub(crate) struct Bell {
    grown: Mutex<BTreeSet<LogName>>,
    rung: Notify,
}

impl Bell {
    fn ring(&self, log: LogName) {
        locked(&self.grown).insert(log);
        self.rung.notify_one();
    }

    /// Waits until a watched log grew.
    pub(crate) async fn rung(&self) {
        self.rung.notified().await;
    }

    /// The logs that grew since the last call.
    pub(crate) fn take(&self) -> BTreeSet<LogName> {
        std::mem::take(&mut *locked(&self.grown))
    }
}

/// All bells of all connections.
#[derive(Default)]
pub(crate) struct Bells(Mutex<BTreeMap<LogName, Vec<Arc<Bell>>>>);

impl Bells {
    pub(crate) fn hang(&self, log: LogName, bell: &Arc<Bell>) {
        locked(&self.0).entry(log).or_default().push(Arc::clone(bell));
    }

    pub(crate) fn unhang(&self, log: LogName, bell: &Arc<Bell>) {
        let mut bells = locked(&self.0);
        if let Some(hung) = bells.get_mut(&log) {
            hung.retain(|other| !Arc::ptr_eq(other, bell));
            if hung.is_empty() {
                bells.remove(&log);
            }
        }
    }

    pub(crate) fn ring(&self, logs: &BTreeSet<LogName>) {
        let bells = locked(&self.0);
        for log in logs {
            for bell in bells.get(log).into_iter().flatten() {
                bell.ring(*log);
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
