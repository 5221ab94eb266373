//! When a home speaks to relays: always connected, at a steady pace, or only when told.

use std::time::Duration;

use clap::ValueEnum;
use sogon_engine::{Change, Shelf, ShelfFault};

use crate::own_relay::SETTINGS;

const MODE: &[u8] = b"mode";

/// How a home speaks to relays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Whenever there is something to say; `open` stays connected.
    #[default]
    Live,
    /// Only when told to, by `sync`.
    Quiet,
    /// While `open` runs, one packet every so long, full or empty.
    Steady(Duration),
}

/// What `sogon mode` is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    /// Speak when there is something to say; `open` stays connected
    Live,
    /// Speak only on `sync`
    Quiet,
    /// While `open` runs, one packet of the same size both ways every so long, full or empty
    Steady,
}

impl Mode {
    /// Its name, for programs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Quiet => "quiet",
            Self::Steady(_) => "steady",
        }
    }

    /// The pace of steady mode.
    pub(crate) fn every(self) -> Option<Duration> {
        match self {
            Self::Steady(every) => Some(every),
            Self::Live | Self::Quiet => None,
        }
    }

    /// What the home remembers. One whose row cannot be read is quiet: it must not speak by mistake.
    ///
    /// # Errors
    /// When the home cannot be read.
    pub(crate) fn load(shelf: &dyn Shelf) -> Result<Self, ShelfFault> {
        let Some(row) = shelf.row(SETTINGS, MODE)? else { return Ok(Self::Live) };
        let pace = row.strip_prefix(b"steady ").and_then(|ms| std::str::from_utf8(ms).ok());
        let pace = pace.and_then(|ms| ms.parse().ok()).filter(|ms| *ms > 0);
        Ok(pace.map_or(Self::Quiet, |ms| Self::Steady(Duration::from_millis(ms))))
    }

    /// The row that remembers it.
    pub(crate) fn row(self) -> Change {
        let (table, key) = (SETTINGS, MODE.to_vec());
        let value = match self {
            Self::Live => return Change::Delete { table, key },
            Self::Quiet => b"quiet".to_vec(),
            Self::Steady(every) => format!("steady {}", every.as_millis()).into_bytes(),
        };
        Change::Put { table, key, value }
    }
}
