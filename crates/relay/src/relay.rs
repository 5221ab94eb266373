//! A relay in this process: started, asked for its address, stopped.

use std::{
    fmt, fs,
    io::{self, ErrorKind},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use rustls::ServerConfig;
use sogon_wire::{About, RelayAddr};
use tokio::{
    net::{TcpListener, UdpSocket},
    sync::watch,
    task::JoinSet,
};

use crate::{
    accept::accept,
    admin,
    bells::Bells,
    clock::Clock,
    committer::{self, Queue},
    config::{Config, Place, StartFault},
    datagram::{self, Chains, Greetings},
    event::Event,
    figures::Figures,
    identity::Identity,
    limits::Limits,
    rooms::Rooms,
    sessions::Sessions,
    store::{EmbeddedStore, Expired, Keep, MemoryStore, Seconds, Store, StoreFault},
    tls, web,
};

/// The version of the frames this relay speaks.
const FRAMES_VERSION: u16 = 1;
/// How often it looks for boxes that expired.
const SWEEP_S: u64 = 60;
/// How often the system is asked for a port that is free for both TCP and UDP.
const PORT_TRIES: usize = 16;
/// How long an orderly stop waits for clients to take their answers.
const GRACE: Duration = Duration::from_secs(10);

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) queue: Queue,
    pub(crate) bells: Arc<Bells>,
    pub(crate) tls: Arc<ServerConfig>,
    pub(crate) chains: Arc<Chains>,
    /// Sessions that are being agreed by datagrams.
    pub(crate) greetings: Greetings,
    /// Who is in which call.
    pub(crate) rooms: Arc<Rooms>,
    /// Where datagrams come and go.
    pub(crate) socket: UdpSocket,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    /// What strangers read.
    pub(crate) page: web::Page,
    pub(crate) about: About,
    pub(crate) figures: Figures,
    pub(crate) tell: Arc<dyn Fn(Event) + Send + Sync>,
    fault: watch::Sender<Option<StoreFault>>,
}

impl Shared {
    /// Notes that the store failed; told once.
    pub(crate) fn failed(&self, fault: StoreFault) {
        let first =
            |known: &mut Option<StoreFault>| known.is_none() && known.replace(fault).is_none();
        if self.fault.send_if_modified(first) {
            (self.tell)(Event::StoreFailed(fault));
        }
    }
}

/// Starts relays.
#[derive(Debug)]
pub struct Relay;

impl Relay {
    /// Opens the store, listens, and serves until [`Running::stop`]. Needs a tokio runtime.
    ///
    /// # Errors
    /// Any [`StartFault`].
    pub async fn start(config: Config) -> Result<Running, StartFault> {
        let (listener, socket) = bind(config.listen).await.map_err(listen_fault)?;
        let Opened { store, identity, sessions, chains, directory } =
            open(&config.place, config.keep).await?;
        let identity = match &config.certificate {
            Some(files) => identity.certified(files)?,
            None => identity,
        };
        let addr = addr(&config, &listener, &identity)?;
        let bells = Arc::new(Bells::default());
        let tls = tls::config(&identity, Arc::clone(&sessions))?;
        let (print, sessions_to) = (identity.fingerprint(), Arc::clone(&tls));
        let greetings = Greetings::new(print, sessions_to, &config.limits);
        let (queue, committer) =
            committer::start(Arc::clone(&store), Arc::clone(&bells), Arc::clone(&config.clock))?;
        let about = About {
            version: FRAMES_VERSION,
            keep_s: u32::try_from(config.keep.boxes_s).unwrap_or(u32::MAX),
            log_boxes_max: config.keep.log_boxes_max,
            watches_max: config.limits.watches_max,
        };
        let shared = Arc::new(Shared {
            store: Arc::clone(&store),
            queue,
            bells,
            tls,
            chains: Arc::clone(&chains),
            greetings,
            rooms: Arc::default(),
            socket,
            clock: Arc::clone(&config.clock),
            limits: config.limits,
            page: config.page.map(Into::into),
            about,
            figures: Figures::default(),
            tell: Arc::clone(&config.tell),
            fault: watch::Sender::new(None),
        });
        let fault = shared.fault.subscribe();
        let stop = watch::Sender::new(false);
        let mut helpers = JoinSet::new();
        if let Some(metrics) = config.metrics {
            let listener = TcpListener::bind(metrics).await.map_err(listen_fault)?;
            helpers.spawn(admin::serve_metrics(listener, Arc::clone(&shared)));
        }
        if let Some(directory) = &directory {
            admin::spawn_socket(directory, &shared, &mut helpers);
        }
        let sweep = Sweep { store, clock: config.clock, tell: Arc::clone(&config.tell) };
        helpers.spawn(sweep.clone().run(Arc::clone(&shared)));
        let packets = datagram::serve(Arc::clone(&shared), stop.subscribe());
        let connections = accept(listener, shared, stop.subscribe());
        let accepting = tokio::spawn(async move {
            tokio::join!(packets, connections);
        });
        (config.tell)(Event::Serving);
        Ok(Running {
            addr,
            stop,
            accepting: Some(accepting),
            helpers,
            committer: Some(committer),
            sessions,
            chains,
            directory,
            sweep,
            tell: config.tell,
            fault: Mutex::new(fault),
        })
    }
}

/// A relay that serves. Dropping it ends it less orderly than [`Running::stop`]; acknowledged
/// boxes are safe either way.
pub struct Running {
    addr: RelayAddr,
    stop: watch::Sender<bool>,
    accepting: Option<tokio::task::JoinHandle<()>>,
    helpers: JoinSet<()>,
    committer: Option<JoinHandle<()>>,
    sessions: Arc<Sessions>,
    chains: Arc<Chains>,
    directory: Option<PathBuf>,
    sweep: Sweep,
    tell: Arc<dyn Fn(Event) + Send + Sync>,
    fault: Mutex<watch::Receiver<Option<StoreFault>>>,
}

impl Running {
    /// Where its clients find it.
    #[must_use]
    pub fn addr(&self) -> RelayAddr {
        self.addr.clone()
    }

    /// Drops what expired by now. It also does so by itself, once a minute.
    ///
    /// # Errors
    /// Any [`StoreFault`].
    pub async fn expire(&self) -> Result<Expired, StoreFault> {
        self.sweep.once().await
    }

    /// Waits until the store fails, which may be never. Then it should be stopped and started
    /// again: nothing is acknowledged any more.
    pub async fn failed(&self) -> StoreFault {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match fault.wait_for(Option::is_some).await.map(|fault| *fault) {
            Ok(Some(fault)) => fault,
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Takes no more requests, answers what was asked, writes everything down.
    pub async fn stop(mut self) {
        (self.tell)(Event::Stopping);
        self.stop.send_replace(true);
        if let Some(mut accepting) = self.accepting.take()
            && tokio::time::timeout(GRACE, &mut accepting).await.is_err()
        {
            accepting.abort();
            let _ = accepting.await;
        }
        self.helpers.shutdown().await;
        // The last connection is gone, and with it the committer's queue.
        if let Some(committer) = self.committer.take() {
            let _ = tokio::task::spawn_blocking(move || committer.join()).await;
        }
        if let Some(directory) = &self.directory {
            admin::remove_socket(directory);
            let kept = self.sessions.save(directory).and(self.chains.save(directory));
            if kept.is_err() {
                (self.tell)(Event::SessionsNotKept);
            }
        }
        (self.tell)(Event::Stopped);
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running(..)")
    }
}

/// Drops what expired.
#[derive(Clone)]
struct Sweep {
    store: Arc<dyn Store>,
    clock: Clock,
    tell: Arc<dyn Fn(Event) + Send + Sync>,
}

impl Sweep {
    async fn once(&self) -> Result<Expired, StoreFault> {
        let (store, now): (_, Seconds) = (Arc::clone(&self.store), (self.clock)());
        let swept = tokio::task::spawn_blocking(move || store.expire(now));
        let expired = swept.await.unwrap_or(Err(StoreFault::Broken))?;
        if expired != Expired::default() {
            (self.tell)(Event::Expired(expired));
        }
        Ok(expired)
    }

    async fn run(self, shared: Arc<Shared>) {
        let mut ticks = tokio::time::interval(Duration::from_secs(SWEEP_S));
        loop {
            ticks.tick().await;
            shared.chains.expire((self.clock)());
            if let Err(fault) = self.once().await {
                shared.failed(fault);
            }
        }
    }
}

/// A place, ready to be served from.
struct Opened {
    store: Arc<dyn Store>,
    identity: Identity,
    sessions: Arc<Sessions>,
    chains: Arc<Chains>,
    directory: Option<PathBuf>,
}

async fn open(place: &Place, keep: Keep) -> Result<Opened, StartFault> {
    let Place::Directory(directory) = place else {
        let (store, identity) = (Arc::new(MemoryStore::new(keep)), Identity::fresh()?);
        let (sessions, chains) = (Arc::default(), Arc::default());
        return Ok(Opened { store, identity, sessions, chains, directory: None });
    };
    make_private(directory)?;
    let logs = directory.join("logs");
    // Opening reads the whole journal: not on a thread others wait for.
    let opening = tokio::task::spawn_blocking(move || EmbeddedStore::open(&logs, keep));
    let store = Arc::new(opening.await.unwrap_or(Err(StoreFault::Broken))?);
    let identity = Identity::keep(directory)?;
    let sessions = Arc::new(Sessions::load(directory).unwrap_or_default());
    let chains = Arc::new(Chains::load(directory).unwrap_or_default());
    Ok(Opened { store, identity, sessions, chains, directory: Some(directory.clone()) })
}

/// The same port for TCP and UDP. Where the system chooses it, another may hold it for UDP: then
/// the system chooses again.
async fn bind(listen: SocketAddr) -> io::Result<(TcpListener, UdpSocket)> {
    for _ in 0..PORT_TRIES {
        let listener = TcpListener::bind(listen).await?;
        match UdpSocket::bind(listener.local_addr()?).await {
            Ok(socket) => return Ok((listener, socket)),
            Err(error) if listen.port() != 0 => return Err(error),
            Err(_) => {}
        }
    }
    Err(ErrorKind::AddrInUse.into())
}

/// Where clients find it.
fn addr(
    config: &Config,
    listener: &TcpListener,
    identity: &Identity,
) -> Result<RelayAddr, StartFault> {
    let local = listener.local_addr().map_err(StartFault::Listen)?;
    let (host, port) = match &config.public {
        Some((host, port)) => (host.clone(), *port),
        None if local.ip().is_unspecified() => ("127.0.0.1".to_owned(), local.port()),
        None => (local.ip().to_string(), local.port()),
    };
    RelayAddr::new(&host, port, identity.fingerprint()).map_err(|_| StartFault::Public)
}

fn listen_fault(error: io::Error) -> StartFault {
    match error.kind() {
        ErrorKind::AddrInUse => StartFault::PortInUse,
        ErrorKind::PermissionDenied => StartFault::NotPermitted,
        _ => StartFault::Listen(error),
    }
}

fn make_private(directory: &Path) -> Result<(), StartFault> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            StartFault::Store(StoreFault::NotPermitted)
        }
        ErrorKind::StorageFull => StartFault::Store(StoreFault::DiskFull),
        _ => StartFault::System(error),
    })
}
