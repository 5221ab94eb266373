//! How a relay is started, and why it may not start.

use std::{fmt, io, net::SocketAddr, path::PathBuf, sync::Arc};

use crate::{
    clock::{Clock, system_clock},
    event::Event,
    identity::{CertificateFiles, IdentityFault},
    limits::Limits,
    store::{Keep, StoreFault},
};

/// Where a relay keeps its logs.
#[derive(Clone, Debug)]
pub enum Place {
    /// In memory, under a key that ends with the process: for trials and tests.
    Memory,
    /// In this directory, with its key.
    Directory(PathBuf),
}

/// How to start a relay.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 for any free one.
    pub listen: SocketAddr,
    /// The host and port its clients know, when these are others.
    pub public: Option<(String, u16)>,
    /// Where to keep the logs.
    pub place: Place,
    /// How long and how much to keep.
    pub keep: Keep,
    /// What clients may ask.
    pub limits: Limits,
    /// What time it is.
    pub clock: Clock,
    /// Where to serve figures in the text format of Prometheus, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// The certificate of a web server, if it has one of somebody whom browsers believe.
    pub certificate: Option<CertificateFiles>,
    /// The HTML that a browser is shown at `/`; without it everything is not found.
    pub page: Option<String>,
    /// Who is told of events.
    pub tell: Arc<dyn Fn(Event) + Send + Sync>,
}

impl Config {
    /// A relay on a free port of this machine that forgets everything when it stops.
    #[must_use]
    pub fn memory() -> Self {
        Self::new(Place::Memory)
    }

    /// A relay on a free port of this machine that keeps its logs in `directory`.
    #[must_use]
    pub fn directory(directory: impl Into<PathBuf>) -> Self {
        Self::new(Place::Directory(directory.into()))
    }

    fn new(place: Place) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public: None,
            place,
            keep: Keep::default(),
            limits: Limits::default(),
            clock: system_clock(),
            metrics: None,
            certificate: None,
            page: None,
            tell: Arc::new(|_| ()),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keep, limits, .. } = self;
        f.debug_struct("Config").field("keep", keep).field("limits", limits).finish_non_exhaustive()
    }
}

/// Why a relay did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// Somebody else listens there: choose another port, or stop the other program.
    #[error("the port is in use: choose another with --listen, or stop the other program")]
    PortInUse,
    /// The operating system does not allow it: use a port above 1023, or other rights.
    #[error("not permitted to listen there: use a port above 1023, or give the program the right")]
    NotPermitted,
    /// It cannot listen there.
    #[error("cannot listen there: {0}")]
    Listen(io::Error),
    /// The public host is not one: letters, digits, dots and hyphens.
    #[error("the public address is not HOST:PORT")]
    Public,
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The key cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityFault),
    /// The machine gives no thread or file.
    #[error("the system refused: {0}")]
    System(#[from] io::Error),
}
