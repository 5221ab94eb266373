//! The first ten segments of a stream, which leave at once (RFC 6928), as the kernel's do.
//!
//! The stack's own congestion control begins with two kilobytes, which would charge every short
//! stream round trips that no system of today pays. So a socket begins without it, is given no
//! more than ten segments, and is put under control when they have left, or when acknowledgements
//! fail to come for about as long as it takes the stack's timer to repeat something.

use smoltcp::{
    iface::SocketHandle,
    time::{Duration, Instant},
};

/// RFC 6928: ten segments, of 1,460 bytes each.
const BYTES: usize = 14_600;
/// The stack repeats nothing before a second has passed (RFC 6298, 2.4).
const SILENCE_MIN: Duration = Duration::from_millis(950);

#[derive(Debug)]
pub(super) struct FirstWindow {
    pub(super) handle: SocketHandle,
    given: usize,
    begun: Instant,
    /// How long the stream took to be agreed.
    trip: Option<Duration>,
    /// What waited for an acknowledgement at the last look,
    waiting: usize,
    /// and since when no less.
    since: Option<Instant>,
}

impl FirstWindow {
    pub(super) fn new(handle: SocketHandle, begun: Instant) -> Self {
        Self { handle, given: 0, begun, trip: None, waiting: 0, since: None }
    }

    /// How much more the socket may be given.
    pub(super) fn room(&self) -> usize {
        BYTES - self.given
    }

    pub(super) fn gave(&mut self, bytes: usize) {
        self.given += bytes;
    }

    /// Whether all of it was given, and some acknowledged; or acknowledgements fail to come.
    pub(super) fn is_over(&mut self, waiting: usize, agreed: bool, now: Instant) -> bool {
        if agreed && self.trip.is_none() {
            self.trip = Some(now - self.begun);
        }
        let less = waiting < self.waiting;
        if waiting == 0 {
            self.since = None;
        } else if less || self.since.is_none() {
            self.since = Some(now);
        }
        self.waiting = waiting;
        let patience = self.trip.map_or(SILENCE_MIN, |trip| SILENCE_MIN.max(trip * 3 / 2));
        let silent = self.since.is_some_and(|since| now - since >= patience);
        silent || less && self.given >= BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_all_was_given_and_some_acknowledged_or_nothing_is() {
        let at = Instant::from_millis;
        let mut first = FirstWindow::new(SocketHandle::default(), at(0));
        assert!(!first.is_over(0, false, at(0)));
        assert!(!first.is_over(0, true, at(20)));
        first.gave(500);
        assert!(!first.is_over(500, true, at(5_000)));
        first.gave(400);
        assert!(!first.is_over(900, true, at(5_800)), "more waits");
        assert!(!first.is_over(400, true, at(5_899)), "some was acknowledged");
        assert!(!first.is_over(400, true, at(6_848)));
        assert!(first.is_over(400, true, at(6_849)));
        assert!(!first.is_over(0, true, at(6_850)));
        first.gave(BYTES - 900);
        assert_eq!(first.room(), 0);
        assert!(!first.is_over(BYTES - 900, true, at(7_000)));
        assert!(first.is_over(BYTES - 2_000, true, at(7_100)));
        // On a long way it is patient.
        let mut far = FirstWindow::new(SocketHandle::default(), at(0));
        assert!(!far.is_over(0, true, at(1_000)));
        far.gave(500);
        assert!(!far.is_over(500, true, at(2_000)));
        assert!(!far.is_over(500, true, at(3_499)));
        assert!(far.is_over(500, true, at(3_500)));
    }
}
