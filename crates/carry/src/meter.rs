//! What travelling costs: bytes, time on the air, round trips.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Counts what a carrier does. Clones share the counters.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    bytes_up: AtomicU64,
    bytes_down: AtomicU64,
    connections: AtomicU64,
    sessions_full: AtomicU64,
    sessions_resumed: AtomicU64,
    early_bytes: AtomicU64,
    air_us: AtomicU64,
    round_trips: AtomicU64,
}

/// What a [`Meter`] stands at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Bytes sent, TLS included, TCP and IP not.
    pub bytes_up: u64,
    /// Bytes received, TLS included, TCP and IP not.
    pub bytes_down: u64,
    /// TCP connections made.
    pub connections: u64,
    /// TLS sessions agreed in full, with a post-quantum key agreement.
    pub sessions_full: u64,
    /// TLS sessions resumed from an earlier one.
    pub sessions_resumed: u64,
    /// Bytes of requests that left in a first flight.
    pub early_bytes: u64,
    /// From the first packet of each connection to its last byte so far, in milliseconds.
    pub air_ms: u64,
    /// Times an answer had to be waited for, TCP's own included.
    pub round_trips: u64,
}

impl Meter {
    /// What it stands at now.
    #[must_use]
    pub fn read(&self) -> Reading {
        let Counters {
            bytes_up,
            bytes_down,
            connections,
            sessions_full,
            sessions_resumed,
            early_bytes,
            air_us,
            round_trips,
        } = &*self.0;
        Reading {
            bytes_up: bytes_up.load(Relaxed),
            bytes_down: bytes_down.load(Relaxed),
            connections: connections.load(Relaxed),
            sessions_full: sessions_full.load(Relaxed),
            sessions_resumed: sessions_resumed.load(Relaxed),
            early_bytes: early_bytes.load(Relaxed),
            air_ms: air_us.load(Relaxed).div_euclid(1_000),
            round_trips: round_trips.load(Relaxed),
        }
    }

    pub(crate) fn connected(&self) {
        self.0.connections.fetch_add(1, Relaxed);
        self.0.round_trips.fetch_add(1, Relaxed);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.0.bytes_up.fetch_add(count(bytes), Relaxed);
    }

    pub(crate) fn heard(&self, bytes: usize) {
        self.0.bytes_down.fetch_add(count(bytes), Relaxed);
    }

    pub(crate) fn turned(&self) {
        self.0.round_trips.fetch_add(1, Relaxed);
    }

    pub(crate) fn full_session(&self) {
        self.0.sessions_full.fetch_add(1, Relaxed);
    }

    pub(crate) fn resumed_session(&self, early_bytes: usize) {
        self.0.sessions_resumed.fetch_add(1, Relaxed);
        self.0.early_bytes.fetch_add(count(early_bytes), Relaxed);
    }

    pub(crate) fn on_air(&self, time: Duration) {
        let time_us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.0.air_us.fetch_add(time_us, Relaxed);
    }
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
