//! A link on this machine: whoever sends to it is carried to its target, through the weather.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::{
    net::{TcpListener, TcpSocket, UdpSocket},
    task::JoinSet,
    time::Instant,
};

use super::{
    Weather,
    datagrams::{self, Clients},
    lane::Lane,
    stack::{End, Stack},
    streams::{self, Far},
    tally::Tally,
};

/// Bytes the kernel takes from a client beyond what the link has taken.
const CLIENT_AHEAD_BYTES: u32 = 16_384;

/// What crosses a link.
#[derive(Clone)]
pub(super) enum Parcel {
    /// Of the UDP client at this address, or for it.
    Datagram { client: SocketAddr, bytes: Vec<u8> },
    /// An IP packet between the two TCP stacks.
    Segment(Vec<u8>),
}

/// A running link. Dropped, it is gone, with all that crosses it.
pub struct Link {
    addr: SocketAddr,
    up: Arc<Lane<Parcel>>,
    down: Arc<Lane<Parcel>>,
    streams: Arc<Streams>,
    tasks: Arc<Tasks>,
}

/// What crossed a link so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// From its clients to its target.
    pub up: Tally,
    /// From its target to its clients.
    pub down: Tally,
    /// TCP connections that clients began.
    pub streams_begun: u64,
    /// That were agreed across the link.
    pub streams_opened: u64,
    /// That the target refused.
    pub streams_refused: u64,
    /// That the client closed before they were agreed, or that never were.
    pub streams_given_up: u64,
    /// That ended with a reset from either side.
    pub streams_reset: u64,
}

impl Counters {
    /// What came to these counts since `earlier` ones.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            up: self.up.since(&earlier.up),
            down: self.down.since(&earlier.down),
            streams_begun: self.streams_begun - earlier.streams_begun,
            streams_opened: self.streams_opened - earlier.streams_opened,
            streams_refused: self.streams_refused - earlier.streams_refused,
            streams_given_up: self.streams_given_up - earlier.streams_given_up,
            streams_reset: self.streams_reset - earlier.streams_reset,
        }
    }
}

impl Link {
    /// Starts a link on a free port of this machine, the same for UDP and for TCP.
    ///
    /// # Errors
    /// When the machine gives no sockets.
    pub async fn start(weather: Weather, target: SocketAddr) -> io::Result<Self> {
        Self::start_at(weather, (Ipv4Addr::LOCALHOST, 0).into(), target).await
    }

    /// Starts a link at this address; port 0 takes any that is free for both.
    ///
    /// # Errors
    /// When the machine gives no sockets there.
    pub async fn start_at(
        weather: Weather,
        listen: SocketAddr,
        target: SocketAddr,
    ) -> io::Result<Self> {
        let (listener, socket) = bind(listen).await?;
        let (addr, begun) = (listener.local_addr()?, Instant::now());
        let (up, down) = weather.pipes();
        let (up, down) = (Arc::new(Lane::new(up, begun)), Arc::new(Lane::new(down, begun)));
        let mtu = weather.up.mtu.min(weather.down.mtu);
        let stack = |end, lane: &Arc<Lane<Parcel>>| {
            let lane = Arc::clone(lane);
            Stack::new(end, mtu, weather.seed, move |packets| {
                lane.push(packets.into_iter().map(|packet| {
                    let bytes = packet.len();
                    (Parcel::Segment(packet), bytes)
                }));
            })
        };
        let (near, far) = (stack(End::Near, &up), stack(End::Far, &down));
        let (streams, tasks) = (Arc::<Streams>::default(), Arc::<Tasks>::default());
        let far_end = Arc::new(Far {
            stack: Arc::clone(&far),
            target,
            tasks: Arc::clone(&tasks),
            dialling: Mutex::default(),
        });
        let clients = Arc::new(Clients {
            target,
            down: Arc::clone(&down),
            tasks: Arc::clone(&tasks),
            sockets: Mutex::default(),
            begun,
        });
        let socket = Arc::new(socket);
        tasks.spawn(Arc::clone(&near).run());
        tasks.spawn(far.run());
        tasks.spawn(datagrams::hear(Arc::clone(&socket), Arc::clone(&up)));
        let (counts, crew) = (Arc::clone(&streams), Arc::clone(&tasks));
        tasks.spawn(streams::accept(listener, Arc::clone(&near), counts, crew));
        let lane = Arc::clone(&up);
        tasks.spawn(async move {
            loop {
                match lane.next().await {
                    Parcel::Segment(packet) => far_end.deliver(packet),
                    Parcel::Datagram { client, bytes } => clients.deliver(client, &bytes).await,
                }
            }
        });
        let lane = Arc::clone(&down);
        tasks.spawn(async move {
            loop {
                match lane.next().await {
                    Parcel::Segment(packet) => near.deliver(packet),
                    Parcel::Datagram { client, bytes } => {
                        let _ = socket.send_to(&bytes, client).await;
                    }
                }
            }
        });
        Ok(Self { addr, up, down, streams, tasks })
    }

    /// Where to send, by UDP or TCP.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What crossed it so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let read = |count: &AtomicU64| count.load(Relaxed);
        Counters {
            up: self.up.tally(),
            down: self.down.tally(),
            streams_begun: read(&self.streams.begun),
            streams_opened: read(&self.streams.opened),
            streams_refused: read(&self.streams.refused),
            streams_given_up: read(&self.streams.given_up),
            streams_reset: read(&self.streams.reset),
        }
    }

    /// Ends it, and says what crossed it.
    pub async fn stop(self) -> Counters {
        let counters = self.counters();
        let mut tasks = {
            let mut tasks = self.tasks.0.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.take().unwrap_or_default()
        };
        tasks.shutdown().await;
        counters
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.tasks.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("addr", &self.addr).finish_non_exhaustive()
    }
}

/// What became of TCP connections.
#[derive(Default)]
pub(super) struct Streams {
    pub(super) begun: AtomicU64,
    pub(super) opened: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) given_up: AtomicU64,
    pub(super) reset: AtomicU64,
}

impl Streams {
    pub(super) fn add(count: &AtomicU64) {
        count.fetch_add(1, Relaxed);
    }
}

/// All that runs for one link; nothing once it has stopped.
pub(super) struct Tasks(Mutex<Option<JoinSet<()>>>);

impl Default for Tasks {
    fn default() -> Self {
        Self(Mutex::new(Some(JoinSet::new())))
    }
}

impl Tasks {
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tasks) = &mut *tasks {
            while tasks.try_join_next().is_some() {}
            tasks.spawn(task);
        }
    }
}

/// A port that is free for both.
async fn bind(at: SocketAddr) -> io::Result<(TcpListener, UdpSocket)> {
    let mut tries = 0;
    loop {
        let tcp = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        tcp.set_recv_buffer_size(CLIENT_AHEAD_BYTES)?;
        tcp.bind(at)?;
        let listener = tcp.listen(1_024)?;
        match UdpSocket::bind(listener.local_addr()?).await {
            Ok(socket) => return Ok((listener, socket)),
            Err(error) if at.port() != 0 || tries > 100 => return Err(error),
            Err(_) => tries += 1,
        }
    }
}
