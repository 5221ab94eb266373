//! UDP across a link: one socket towards the target for each address that sends through it.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    net::UdpSocket,
    time::{Instant, timeout},
};

use super::{
    lane::Lane,
    link::{Parcel, Tasks},
};

/// What an IPv4 header without options and a UDP header take.
pub(super) const HEADER_BYTES: usize = 28;
/// The largest payload UDP has.
const DATAGRAM_BYTES_MAX: usize = 65_507;
const CLIENTS_MAX: usize = 1_024;
/// Routers forget a silent client earlier.
const IDLE_MAX: Duration = Duration::from_secs(180);

/// Hears those who send through the link, for ever.
pub(super) async fn hear(socket: Arc<UdpSocket>, up: Arc<Lane<Parcel>>) {
    let mut bytes = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        // A refusal of something sent earlier is nobody's error here.
        let Ok((count, client)) = socket.recv_from(&mut bytes).await else { continue };
        let datagram = Parcel::Datagram { client, bytes: bytes[..count].to_vec() };
        up.push([(datagram, count + HEADER_BYTES)]);
    }
}

/// The end where the target is.
pub(super) struct Clients {
    pub(super) target: SocketAddr,
    pub(super) down: Arc<Lane<Parcel>>,
    pub(super) tasks: Arc<Tasks>,
    pub(super) sockets: Mutex<BTreeMap<SocketAddr, Client>>,
    pub(super) begun: Instant,
}

/// One who sends through the link.
#[derive(Clone)]
pub(super) struct Client {
    socket: Arc<UdpSocket>,
    /// When a datagram of theirs last passed, in milliseconds since the link began.
    last_ms: Arc<AtomicU64>,
}

impl Clients {
    /// Takes a datagram off the link.
    pub(super) async fn deliver(self: &Arc<Self>, from: SocketAddr, bytes: &[u8]) {
        let known = self.lock().get(&from).cloned();
        let client = match known {
            Some(client) => client,
            None => match self.admit(from).await {
                Ok(client) => client,
                Err(_) => return,
            },
        };
        client.last_ms.store(self.now_ms(), Relaxed);
        // The first try may report that an earlier datagram was refused.
        if client.socket.send(bytes).await.is_err() {
            let _ = client.socket.send(bytes).await;
        }
    }

    async fn admit(self: &Arc<Self>, from: SocketAddr) -> io::Result<Client> {
        let any = match self.target {
            SocketAddr::V4(_) => SocketAddr::from(([0, 0, 0, 0], 0)),
            SocketAddr::V6(_) => SocketAddr::from(([0_u16; 8], 0)),
        };
        let socket = Arc::new(UdpSocket::bind(any).await?);
        socket.connect(self.target).await?;
        let client = Client { socket, last_ms: Arc::new(AtomicU64::new(self.now_ms())) };
        let mut sockets = self.lock();
        if sockets.len() >= CLIENTS_MAX {
            let longest = sockets.iter().min_by_key(|(_, client)| client.last_ms.load(Relaxed));
            if let Some(longest) = longest.map(|(address, _)| *address) {
                sockets.remove(&longest);
            }
        }
        sockets.insert(from, client.clone());
        drop(sockets);
        let (clients, heard) = (Arc::clone(self), client.clone());
        self.tasks.spawn(async move { clients.answers(from, heard).await });
        Ok(client)
    }

    /// Sends the target's answers back, until nothing passed for a while.
    async fn answers(self: Arc<Self>, to: SocketAddr, client: Client) {
        let mut bytes = vec![0; DATAGRAM_BYTES_MAX];
        loop {
            match timeout(IDLE_MAX, client.socket.recv(&mut bytes)).await {
                Ok(Ok(count)) => {
                    client.last_ms.store(self.now_ms(), Relaxed);
                    let datagram = Parcel::Datagram { client: to, bytes: bytes[..count].to_vec() };
                    self.down.push([(datagram, count + HEADER_BYTES)]);
                }
                // Refused: the target may listen again later.
                Ok(Err(_)) => {}
                Err(_) => {
                    let silent_ms = self.now_ms().saturating_sub(client.last_ms.load(Relaxed));
                    if u128::from(silent_ms) >= IDLE_MAX.as_millis() {
                        break;
                    }
                }
            }
            let ours =
                self.lock().get(&to).is_some_and(|now| Arc::ptr_eq(&now.socket, &client.socket));
            if !ours {
                return;
            }
        }
        self.lock().remove(&to);
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<SocketAddr, Client>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
