//! The command line. A doc comment here is the help.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use sogon_wire::RelayAddr;

use crate::measures::{Bytes, Seconds};

/// Keeps logs of sealed boxes for people who use Sogon. It can read none of them.
#[derive(Debug, Parser)]
#[command(name = "sogon-relay", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until interrupted. Prints one line when ready: the address to give to people.
    Serve(Serve),
    /// See whether a relay answers and has the key of its address.
    Check {
        /// The address: sogon-relay://HOST:PORT#FINGERPRINT
        relay: RelayAddr,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// What the relay that runs on this machine keeps and counts.
    Stats {
        /// Its store.
        #[arg(long, default_value = DEFAULT_STORE, value_parser = parse_store)]
        store: Store,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// What an authority signs so that browsers believe the relay: a certificate signing request
    /// for its key, on standard output, in PEM.
    Csr {
        /// The names people reach it by, for example relay.example.
        #[arg(required = true, value_name = "HOST")]
        names: Vec<String>,
        /// Its store, which may be empty yet.
        #[arg(long, default_value = DEFAULT_STORE, value_parser = parse_store)]
        store: Store,
    },
    /// Completions for a shell, on standard output.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// The manual page, on standard output.
    Man,
}

const DEFAULT_STORE: &str = "embedded:sogon-relay";

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Where to listen, for example 0.0.0.0:443; port 0 takes any free one.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// Where to keep the logs and the relay's key.
    #[arg(long, default_value = DEFAULT_STORE, value_parser = parse_store)]
    pub(crate) store: Store,
    /// How long to keep a box: 90s, 15m, 12h, 30d.
    #[arg(long, value_name = "D", default_value = "30d")]
    pub(crate) keep: Seconds,
    /// The most bytes of boxes to keep: a number, or 512MiB, 16GiB, 2TiB.
    #[arg(long, value_name = "SIZE", default_value = "16GiB")]
    pub(crate) quota: Bytes,
    /// The most boxes in one log.
    #[arg(long, value_name = "N", default_value_t = 65_536)]
    pub(crate) log_boxes: u32,
    /// The most connections at one time.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) connections: usize,
    /// Serve figures for Prometheus at http://ADDR/metrics. Keep it off the internet.
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,
    /// A certificate for the relay's key that browsers believe, with its chain, in PEM; have it made
    /// for what `csr` prints. Without it the relay shows one of its own making.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's key, when that is another one: ECDSA on P-256, PKCS#8 in PEM. The relay's
    /// address then names this key, and people need the new address.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// An HTML file to show to browsers at /; otherwise they find nothing.
    #[arg(long, value_name = "FILE")]
    pub(crate) page: Option<PathBuf>,
    /// The host and port that people reach it at, when it cannot know them itself.
    #[arg(long, value_name = "HOST:PORT", value_parser = parse_public)]
    pub(crate) public: Option<(String, u16)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Store {
    Embedded(PathBuf),
    Nats,
}

fn parse_store(text: &str) -> Result<Store, &'static str> {
    match text.split_once(':') {
        Some(("embedded", directory)) if !directory.is_empty() => {
            Ok(Store::Embedded(directory.into()))
        }
        Some(("nats", _)) => Ok(Store::Nats),
        _ => Err("expected embedded:DIR"),
    }
}

fn parse_public(text: &str) -> Result<(String, u16), &'static str> {
    let (host, port) = text.rsplit_once(':').ok_or("expected HOST:PORT")?;
    let port = port.parse().map_err(|_| "expected a port after the colon")?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Ok((host.to_owned(), port))
}
