//! The command line of what a home is told once.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sogon_wire::RelayAddr;

use super::home::relay_address;
use crate::{mode, proxy::Choice, span::Span};

/// Make room in a home that is full.
///
/// The file of the home becomes larger, by four times as much as is asked for: it has four parts,
/// and nobody is to see which of them are in use.
#[derive(Debug, Args)]
pub(crate) struct Grow {
    /// How much more room, in MiB
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub(crate) mib: u32,
}

/// Reach relays through a SOCKS5 proxy, for example Tor, or show which.
///
/// From then on nothing of this home goes around it: no datagram, and no name of a relay asked of
/// anybody else. Each relay gets a user and password of its own, which Tor takes as a wish for a
/// path of its own. When the proxy is off, nothing leaves.
#[derive(Debug, Args)]
pub(crate) struct ProxySetting {
    /// socks5://ADDRESS:PORT, socks5://USER:PASSWORD@ADDRESS:PORT, or none
    #[arg(value_name = "ADDR", value_parser = Choice::parse)]
    pub(crate) choice: Option<Choice>,
}

/// Use other relays, or show which.
///
/// Links and groups made from now on begin at the first of them. Every conversation is told of a new
/// one, at one of your next syncs, and goes on there when the relay it is at falls silent; what is
/// at a relay stays there. Add another one before the one you use is cut off.
#[derive(Debug, Args)]
pub(crate) struct RelaySetting {
    #[command(subcommand)]
    pub(crate) change: Option<RelayChange>,
}

/// What becomes of the list of relays.
#[derive(Debug, Subcommand)]
pub(crate) enum RelayChange {
    /// Use one more, four at most; one that is there already gets its new place
    Add {
        /// What `sogon-relay serve` printed after `relay ready`
        #[arg(value_name = "ADDR", value_parser = relay_address)]
        relay: RelayAddr,
        /// Before all others
        #[arg(long)]
        first: bool,
    },
    /// Use one no more for what is new; conversations that are there go on there
    Remove {
        /// As `sogon relay` shows it
        #[arg(value_name = "ADDR", value_parser = relay_address)]
        relay: RelayAddr,
    },
}

/// Say when this home speaks to relays, or show it.
///
/// Live: a command that has something to say goes out with it, and `open` stays connected. Quiet:
/// nothing leaves until `sync`. Steady: while `open` runs, one packet goes to each relay in use
/// every so long and one of the same size comes back, whether there is something to say or not; who
/// watches the line learns that it is on, and nothing else. It takes datagrams (UDP): where they do
/// not get through nothing leaves, and through a proxy it cannot be.
#[derive(Debug, Args)]
pub(crate) struct ModeSetting {
    /// live, quiet or steady
    #[arg(value_enum)]
    pub(crate) choice: Option<mode::Choice>,
    /// The pace of steady mode, 1s to 60s; without it 2s
    #[arg(long, value_name = "SPAN")]
    pub(crate) every: Option<Span>,
}

/// What travelling cost: bytes both ways and time on the air, today, this week and this month.
///
/// Bytes are those of packets and of TLS, without what IP, UDP and TCP add: 28 to 60 for each packet.
#[derive(Debug, Args)]
pub(crate) struct Usage {
    /// Show so many of the days in which something travelled, too
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) days: usize,
}

/// Draw a passphrase by chance, and say what passphrases are worth.
///
/// Prints words of a list of 2,048, each worth eleven bits, and what it costs to guess such a
/// passphrase on a copy of a home, beside others. No program can make whoever has a copy wait.
#[derive(Debug, Args)]
pub(crate) struct Words {
    /// How many words
    #[arg(short = 'n', long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(3..=24))]
    pub(crate) count: u32,
    /// Judge the passphrase in the first line of this file instead of drawing one
    #[arg(long, value_name = "FILE")]
    pub(crate) judge: Option<PathBuf>,
}
