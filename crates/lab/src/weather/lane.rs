//! A pipe in real time: one direction of a link that runs.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use super::{pipe::Pipe, tally::Tally};

/// A [`Pipe`] on tokio's clock.
pub struct Lane<P> {
    pipe: Mutex<Pipe<P>>,
    nudged: Notify,
    begun: Instant,
}

impl<P: Clone> Lane<P> {
    /// Begins at this moment.
    #[must_use]
    pub fn new(pipe: Pipe<P>, begun: Instant) -> Self {
        Self { pipe: Mutex::new(pipe), nudged: Notify::new(), begun }
    }

    /// Sends packets, each with its bytes on the wire.
    pub fn push(&self, packets: impl IntoIterator<Item = (P, usize)>) {
        let now = self.begun.elapsed();
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        for (packet, bytes) in packets {
            pipe.push(packet, bytes, now);
        }
        drop(pipe);
        self.nudged.notify_one();
    }

    /// The next packet that arrives, when it does. For one who waits, and no other.
    pub async fn next(&self) -> P {
        loop {
            let deadline = {
                let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(packet) = pipe.pop(self.begun.elapsed()) {
                    return packet;
                }
                pipe.next_deadline()
            };
            match deadline {
                None => self.nudged.notified().await,
                // Tokio's timers are no finer than a millisecond, and fire after it.
                Some(deadline) => {
                    let _ = timeout_at(self.begun + deadline, self.nudged.notified()).await;
                }
            }
        }
    }

    /// What crossed it so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner).tally()
    }
}

impl<P> fmt::Debug for Lane<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lane(..)")
    }
}
