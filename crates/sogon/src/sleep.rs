//! When a home that is open is left alone: nobody asks anything, or the machine slept. That it is
//! about to sleep is said by the system, where it says it (`nap.rs`).

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use crate::nap::Nap;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(2);
/// Two clocks that part by more than this in between: the machine slept.
const SLEPT: Duration = Duration::from_secs(5);

/// Returns when nobody has asked for `idle`, when the machine is about to sleep, or after it slept;
/// never without a reason to look (`None`).
pub(crate) async fn until_unattended(
    idle: Option<Option<Duration>>,
    busy: &Rc<Cell<Instant>>,
    nap: &mut Nap,
) {
    let Some(idle) = idle else { return std::future::pending().await };
    tokio::select! {
        () = left_alone(idle, busy) => {}
        () = nap.comes() => {}
    }
}

async fn left_alone(idle: Option<Duration>, busy: &Rc<Cell<Instant>>) {
    let mut before = Moment::now();
    loop {
        tokio::time::sleep(idle.map_or(LOOK, |idle| idle.min(LOOK))).await;
        let now = Moment::now();
        let left_alone = idle.is_some_and(|idle| busy.get().elapsed() >= idle);
        if left_alone || now.slept_since(before) {
            return;
        }
        before = now;
    }
}

/// A clock that stands still while the machine sleeps, and one that goes on.
#[derive(Clone, Copy, Debug)]
struct Moment {
    awake: Duration,
    all: Duration,
}

impl Moment {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn now() -> Self {
        use rustix::time::{ClockId, clock_gettime};
        let read = |clock| Duration::try_from(clock_gettime(clock)).unwrap_or_default();
        Self { awake: read(ClockId::Monotonic), all: read(ClockId::Boottime) }
    }

    /// Elsewhere the wall clock is all there is; somebody who sets it locks the home.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn now() -> Self {
        use std::time::SystemTime;
        let all = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let awake = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        Self { awake: Duration::try_from(awake).unwrap_or_default(), all }
    }

    fn slept_since(self, before: Self) -> bool {
        let awake = self.awake.saturating_sub(before.awake);
        self.all.saturating_sub(before.all) > awake.saturating_add(SLEPT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_slept_shows_it_in_its_clocks() {
        let at = |awake, all| Moment {
            awake: Duration::from_secs(awake),
            all: Duration::from_secs(all),
        };
        assert!(!at(12, 112).slept_since(at(10, 110)));
        assert!(!at(100, 203).slept_since(at(10, 110)));
        assert!(at(12, 150).slept_since(at(10, 110)));
        assert!(!Moment::now().slept_since(Moment::now()));
    }
}
