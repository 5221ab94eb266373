//! One direction of a link, as a state machine: packets in, packets out, and the clock is an
//! argument.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use super::{
    fate::{Fate, Fates},
    tally::Tally,
    way::Way,
};

/// One direction of a link. Time is counted from when the link began, and never runs backwards.
#[derive(Clone, Debug)]
pub struct Pipe<P> {
    way: Way,
    fates: Fates,
    /// When the packets that are still to be sent will have left, and their bytes.
    leaving: VecDeque<(Duration, usize)>,
    waiting_bytes: usize,
    /// When the last of them will have left.
    free_at: Duration,
    /// The latest arrival so far; later packets do not arrive before it, unless it was held back.
    latest: Duration,
    /// What is on the air, by the time of its arrival and the order in which it left.
    flying: BTreeMap<(Duration, u64), (P, usize)>,
    sent: u64,
    tally: Tally,
}

impl<P: Clone> Pipe<P> {
    /// A direction that does what `way` says, by the chance of `seed`.
    #[must_use]
    pub fn new(way: Way, seed: u64) -> Self {
        Self {
            way,
            fates: Fates::new(seed),
            leaving: VecDeque::new(),
            waiting_bytes: 0,
            free_at: Duration::ZERO,
            latest: Duration::ZERO,
            flying: BTreeMap::new(),
            sent: 0,
            tally: Tally::default(),
        }
    }

    /// Takes a packet of so many bytes on the wire.
    pub fn push(&mut self, packet: P, bytes: usize, now: Duration) {
        let fate = self.fates.next(&self.way);
        self.tally.offered_packets += 1;
        self.tally.offered_bytes += bytes as u64;
        self.forget_gone(now);
        if bytes > self.way.mtu {
            self.tally.oversize_packets += 1;
            return;
        }
        if !self.leaving.is_empty() && self.waiting_bytes + bytes > self.way.queue_bytes {
            self.tally.overflowed_packets += 1;
            return;
        }
        let begins = self.free_at.max(now);
        let ends = begins + self.way.sending_time(bytes);
        self.free_at = ends;
        self.leaving.push_back((ends, bytes));
        self.waiting_bytes += bytes;
        self.tally.sent_packets += 1;
        self.tally.sent_bytes += bytes as u64;
        self.tally.busy += ends - begins;
        if self.way.outages.is_some_and(|outages| outages.touch(begins, ends)) {
            self.tally.cut_packets += 1;
        } else if fate.lost {
            self.tally.lost_packets += 1;
        } else {
            self.fly(packet, bytes, ends, fate);
        }
    }

    /// The next packet that has arrived by now.
    pub fn pop(&mut self, now: Duration) -> Option<P> {
        let first = self.flying.first_entry().filter(|first| first.key().0 <= now)?;
        let (packet, bytes) = first.remove();
        self.tally.arrived_packets += 1;
        self.tally.arrived_bytes += bytes as u64;
        Some(packet)
    }

    /// When the next packet arrives.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        self.flying.keys().next().map(|(at, _)| *at)
    }

    /// What crossed it so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    fn fly(&mut self, packet: P, bytes: usize, left: Duration, fate: Fate) {
        let on_time = left + self.way.delay;
        let off = self.way.jitter.mul_f64(fate.jitter.abs());
        let jittered = if fate.jitter < 0.0 { on_time.saturating_sub(off) } else { on_time + off };
        let mut arrives = jittered.max(left).max(self.latest);
        if fate.held {
            self.tally.held_packets += 1;
            arrives += self.way.held_back;
        } else {
            self.latest = arrives;
        }
        if fate.doubled {
            self.tally.doubled_packets += 1;
            self.flying.insert((arrives, self.sent), (packet.clone(), bytes));
            self.sent += 1;
        }
        self.flying.insert((arrives, self.sent), (packet, bytes));
        self.sent += 1;
    }

    fn forget_gone(&mut self, now: Duration) {
        while let Some((left, bytes)) = self.leaving.front().copied()
            && left <= now
        {
            self.leaving.pop_front();
            self.waiting_bytes -= bytes;
        }
    }
}
