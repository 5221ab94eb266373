//! Somebody on the line before a relay: passes on TCP and UDP, writes down every datagram, and may
//! cut the line.

use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Instant,
};

use sogon_wire::RelayAddr;
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    runtime::Runtime,
};

/// Where a datagram went, when it passed, and its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed {
    pub(crate) up: bool,
    pub(crate) at: Instant,
    pub(crate) bytes: usize,
}

/// What passed, and who waits for more.
#[derive(Default)]
struct Seen {
    passed: Mutex<Vec<Passed>>,
    more: Condvar,
    /// Where datagrams came from.
    from: Mutex<BTreeSet<SocketAddr>>,
}

impl Seen {
    fn note(&self, up: bool, bytes: usize) {
        self.passed.lock().unwrap().push(Passed { up, at: Instant::now(), bytes });
        self.more.notify_all();
    }
}

pub(crate) struct Tap {
    runtime: Option<Runtime>,
    addr: RelayAddr,
    seen: Arc<Seen>,
    cut: Arc<AtomicBool>,
}

impl Tap {
    /// A tap before this relay.
    pub(crate) fn before(relay: &str) -> Self {
        let relay: RelayAddr = relay.parse().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (listener, socket) = runtime.block_on(async {
            loop {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()).await {
                    return (listener, Arc::new(socket));
                }
            }
        });
        let port = listener.local_addr().unwrap().port();
        let addr = RelayAddr::new("127.0.0.1", port, relay.fingerprint()).unwrap();
        let (seen, cut) = (Arc::<Seen>::default(), Arc::<AtomicBool>::default());
        let to: SocketAddr = ([127, 0, 0, 1], relay.port()).into();
        runtime.spawn(streams(listener, to, Arc::clone(&cut)));
        runtime.spawn(datagrams(socket, to, Arc::clone(&seen), Arc::clone(&cut)));
        Self { runtime: Some(runtime), addr, seen, cut }
    }

    pub(crate) fn address(&self) -> String {
        self.addr.to_string()
    }

    /// What passed since the last time.
    pub(crate) fn take(&self) -> Vec<Passed> {
        std::mem::take(&mut self.seen.passed.lock().unwrap())
    }

    /// Waits until so many datagrams passed since the last time.
    pub(crate) fn wait_for(&self, datagrams: usize) {
        let mut passed = self.seen.passed.lock().unwrap();
        while passed.len() < datagrams {
            passed = self.seen.more.wait(passed).unwrap();
        }
    }

    /// Where datagrams came from since the last time.
    pub(crate) fn sources(&self) -> BTreeSet<SocketAddr> {
        std::mem::take(&mut self.seen.from.lock().unwrap())
    }

    /// From now on nothing passes, and streams are broken.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Relaxed);
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn streams(listener: TcpListener, to: SocketAddr, cut: Arc<AtomicBool>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let cut = Arc::clone(&cut);
        tokio::spawn(async move {
            let Ok(mut server) = TcpStream::connect(to).await else { return };
            let broken = async {
                let mut looks = tokio::time::interval(std::time::Duration::from_millis(20));
                while !cut.load(Relaxed) {
                    looks.tick().await;
                }
            };
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                () = broken => {}
            }
        });
    }
}

async fn datagrams(socket: Arc<UdpSocket>, to: SocketAddr, seen: Arc<Seen>, cut: Arc<AtomicBool>) {
    let mut ways: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let mut bytes = [0; 2_048];
    while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
        if cut.load(Relaxed) {
            continue;
        }
        seen.from.lock().unwrap().insert(from);
        seen.note(true, length);
        let way = match ways.get(&from) {
            Some(way) => Arc::clone(way),
            None => {
                let way = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
                way.connect(to).await.unwrap();
                ways.insert(from, Arc::clone(&way));
                let (back, out) = (Arc::clone(&way), Arc::clone(&socket));
                let (seen, cut) = (Arc::clone(&seen), Arc::clone(&cut));
                tokio::spawn(async move {
                    let mut bytes = [0; 2_048];
                    while let Ok(length) = back.recv(&mut bytes).await {
                        if cut.load(Relaxed) {
                            continue;
                        }
                        seen.note(false, length);
                        let _ = out.send_to(bytes.get(..length).unwrap_or_default(), from).await;
                    }
                });
                way
            }
        };
        let _ = way.send(bytes.get(..length).unwrap_or_default()).await;
    }
}
