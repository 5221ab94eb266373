//! The first ten segments of a stream, which leave at once (RFC 6928), as the kernel's do.
//!
//! The stack's own congestion control begins with two kilobytes, which would charge every short
//! stream round trips that no system of today pays. So a socket begins without it, is given no
//! more than ten segments, and is put under control when they have left, or earlier when nothing
//! was acknowledged for nearly as long as it takes the timer of the stack to repeat something.

use smoltcp::time::{Duration, Instant};

/// RFC 6928: ten segments, of 1,460 bytes each.
const BYTES: usize = 14_600;
/// The stack repeats nothing before a second has passed (RFC 6298, 2.4).
const SILENCE_MAX: Duration = Duration::from_millis(900);

#[derive(Debug, Default)]
pub(super) struct FirstWindow {
    given: usize,
    /// What waited for an acknowledgement at the last look,
    waiting: usize,
    /// and since when no less.
    since: Option<Instant>,
}

impl FirstWindow {
    pub(super) fn room(&self) -> usize {
        BYTES - self.given
    }

    pub(super) fn gave(&mut self, bytes: usize) {
        self.given += bytes;
    }

    /// Whether acknowledgements fail to come.
    pub(super) fn is_stalled(&mut self, waiting: usize, now: Instant) -> bool {
        if waiting == 0 {
            self.since = None;
        } else if waiting < self.waiting || self.since.is_none() {
            self.since = Some(now);
        }
        self.waiting = waiting;
        self.since.is_some_and(|since| now - since >= SILENCE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stalls_only_while_something_waits_and_nothing_is_acknowledged() {
        let mut first = FirstWindow::default();
        let mut stalled = |waiting, ms| first.is_stalled(waiting, Instant::from_millis(ms));
        assert!(!stalled(0, 0));
        assert!(!stalled(500, 5_000));
        assert!(!stalled(900, 5_800), "more waits");
        assert!(!stalled(400, 5_899), "some was acknowledged");
        assert!(!stalled(400, 6_798));
        assert!(stalled(400, 6_799));
        assert!(!stalled(0, 6_800));
        assert!(!stalled(10, 9_000));
    }
}
