//! What one connection, and all of them, may ask of a relay.

use std::time::Duration;

/// Bounds that keep a relay standing whatever its clients do. All are generous: on the links its
/// people have, a client that is silent for minutes is a client that is waiting for a train.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at one time; more are closed at once.
    pub connections_max: usize,
    /// New connections per second, after a burst of twice as many.
    pub arrivals_per_s: u32,
    /// How long a TLS handshake may take.
    pub handshake_max: Duration,
    /// How long a connection that watches nothing may say nothing.
    pub idle_max: Duration,
    /// How long a connection that watches something may say nothing.
    pub idle_watching_max: Duration,
    /// How long somebody in a call may say nothing: everybody speaks all the time.
    pub idle_in_call_max: Duration,
    /// How long a client may take nothing of what waits for it.
    pub stall_max: Duration,
    /// Requests per second on one connection, after a burst of twenty times as many.
    pub requests_per_s: u32,
    /// Logs watched by one connection.
    pub watches_max: u32,
    /// Appends of one connection that wait for the disk; more wait in its socket.
    pub appends_waiting_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            arrivals_per_s: 200,
            handshake_max: Duration::from_secs(90),
            idle_max: Duration::from_secs(15 * 60),
            idle_watching_max: Duration::from_secs(2 * 3_600),
            idle_in_call_max: Duration::from_secs(60),
            stall_max: Duration::from_secs(180),
            requests_per_s: 200,
            watches_max: 1_024,
            appends_waiting_max: 256,
        }
    }
}

/// Bytes of answers that may wait for a client before it is asked anything more.
pub(crate) const ANSWERS_BYTES_HIGH: usize = 65_536;
/// Bytes of boxes in one push to a watcher, so that pushes of several logs take turns.
pub(crate) const PUSH_BYTES_MAX: u32 = 65_536;
