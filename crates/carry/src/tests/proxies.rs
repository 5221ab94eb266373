//! Relays behind a proxy, and traps beside it.
#![cfg(test)]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use sogon_engine::Loss;
use sogon_wire::{RelayAddr, Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinHandle,
};

use super::people::{Person, Writer, boxed, relay, soon};
use crate::{Memory, Proxy, RelayLinks, Ways, lookup::asked, memory::Forgetful};

/// What somebody asked of a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    login: (Vec<u8>, Vec<u8>),
    host: Vec<u8>,
    port: u16,
}

/// A SOCKS5 proxy that leads to one place, whatever is asked.
struct Socks {
    address: SocketAddr,
    wanted: Arc<Mutex<Vec<Wanted>>>,
    task: JoinHandle<()>,
}

impl Socks {
    /// Answers requests with this code; 0 is success.
    async fn to(place: SocketAddr, code: u8) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let wanted = Arc::<Mutex<Vec<Wanted>>>::default();
        let notes = Arc::clone(&wanted);
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let notes = Arc::clone(&notes);
                tokio::spawn(async move { serve(client, place, code, &notes).await });
            }
        });
        Self { address, wanted, task }
    }

    fn proxy(&self) -> Proxy {
        format!("socks5://{}", self.address).parse().unwrap()
    }

    fn wanted(&self) -> Vec<Wanted> {
        self.wanted.lock().unwrap().clone()
    }
}

impl Drop for Socks {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn bytes(client: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    client.read_exact(&mut bytes).await.unwrap();
    bytes
}

async fn word(client: &mut TcpStream) -> Vec<u8> {
    let count = client.read_u8().await.unwrap();
    bytes(client, count.into()).await
}

/// RFC 1928 and 1929, the server's side; it insists on a login and on a name.
async fn serve(mut client: TcpStream, to: SocketAddr, code: u8, notes: &Mutex<Vec<Wanted>>) {
    assert_eq!(client.read_u8().await.unwrap(), 5);
    assert!(word(&mut client).await.contains(&2));
    client.write_all(&[5, 2]).await.unwrap();
    assert_eq!(client.read_u8().await.unwrap(), 1);
    let login = (word(&mut client).await, word(&mut client).await);
    client.write_all(&[1, 0]).await.unwrap();
    let head = bytes(&mut client, 4).await;
    assert_eq!(head[..3], [5, 1, 0]);
    let host = match head[3] {
        1 => bytes(&mut client, 4).await,
        3 => word(&mut client).await,
        kind => panic!("address type {kind}"),
    };
    let port = client.read_u16().await.unwrap();
    notes.lock().unwrap().push(Wanted { login, host, port });
    client.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    if code == 0 {
        let mut target = TcpStream::connect(to).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut client, &mut target).await;
    }
}

/// Where nobody may come: by UDP or TCP, at one port.
struct Trap {
    udp: UdpSocket,
    tcp: TcpListener,
}

impl Trap {
    async fn new() -> Self {
        loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                return Self { udp, tcp };
            }
        }
    }

    fn port(&self) -> u16 {
        self.tcp.local_addr().unwrap().port()
    }

    /// Whether somebody came before us.
    async fn caught(&self) -> bool {
        let we = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        we.send_to(b"us", self.udp.local_addr().unwrap()).await.unwrap();
        let (_, sender) = soon(self.udp.recv_from(&mut [0; 2_048])).await.unwrap();
        let call = TcpStream::connect(self.tcp.local_addr().unwrap()).await.unwrap();
        let (_, caller) = soon(self.tcp.accept()).await.unwrap();
        sender != we.local_addr().unwrap() || caller != call.local_addr().unwrap()
    }
}

fn place(relay: &RelayAddr) -> SocketAddr {
    format!("{}:{}", relay.host(), relay.port()).parse().unwrap()
}

fn through(socks: &Socks, memory: &Arc<Forgetful>) -> Person {
    let memory = Arc::clone(memory);
    let ways = Ways::Through(socks.proxy());
    Person { links: RelayLinks::new(Arc::clone(&memory) as Arc<dyn Memory>, ways), memory }
}

#[tokio::test]
async fn a_relay_only_the_proxy_can_find_is_reached_by_its_name() {
    let running = relay().await;
    let socks = Socks::to(place(&running.addr()), 0).await;
    let print = running.addr().fingerprint();
    let hidden = RelayAddr::new("hidden.invalid", 443, print).unwrap();
    let writer = Writer::new(1);
    let memory = Arc::default();
    for visit in 0..3 {
        let mut mina = through(&socks, &memory);
        mina.append(&hidden, &writer, &boxed(visit, 200)).await;
        soon(mina.links.hang_up()).await;
    }
    let wanted = socks.wanted();
    assert_eq!(wanted.len(), 3);
    for each in &wanted {
        assert_eq!((each.host.as_slice(), each.port), (b"hidden.invalid".as_slice(), 443));
    }
    assert!(!asked::includes("hidden.invalid"));
    // Another relay, another login.
    let other = RelayAddr::new("hidden.invalid", 444, print).unwrap();
    let mut mina = through(&socks, &memory);
    mina.append(&other, &writer, &boxed(9, 200)).await;
    assert_ne!(socks.wanted()[3].login, wanted[0].login);
    assert_eq!(wanted[0].login, wanted[2].login);
    // Without the proxy the name is asked for: the note above would have shown it.
    let mut joon = Person::new();
    joon.ask(&RelayAddr::new("found.invalid", 443, print).unwrap(), 1, &Request::About);
    assert_eq!(joon.lost().await, Loss::Unreachable);
    assert!(asked::includes("found.invalid"));
}

#[tokio::test]
async fn nothing_goes_around_the_proxy_even_when_datagrams_would_serve() {
    let running = relay().await;
    let trap = Trap::new().await;
    let socks = Socks::to(place(&running.addr()), 0).await;
    let relay = RelayAddr::new("127.0.0.1", trap.port(), running.addr().fingerprint()).unwrap();
    let (memory, writer) = (Arc::<Forgetful>::default(), Writer::new(1));
    for visit in 0..3 {
        let mut mina = through(&socks, &memory);
        mina.append(&relay, &writer, &boxed(visit, 200)).await;
        soon(mina.links.hang_up()).await;
    }
    assert_eq!(socks.wanted().len(), 3);
    assert!(!trap.caught().await);
    // Whoever remembers the same without a proxy walks into the trap at once.
    let mut joon = Person {
        links: RelayLinks::new(Arc::clone(&memory) as Arc<dyn Memory>, Ways::Any),
        memory: Arc::clone(&memory),
    };
    joon.ask(&relay, 1, &Request::About);
    let mut bytes = [0; 2_048];
    soon(trap.udp.recv_from(&mut bytes)).await.unwrap();
}

#[tokio::test]
async fn a_proxy_that_is_gone_or_none_is_not_gone_around() {
    let running = relay().await;
    let trap = Trap::new().await;
    let relay = RelayAddr::new("127.0.0.1", trap.port(), running.addr().fingerprint()).unwrap();
    // Off.
    let socks = Socks::to(place(&running.addr()), 0).await;
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nowhere: Proxy = format!("socks5://{}", held.local_addr().unwrap()).parse().unwrap();
    // Something else: it speaks first and says hello.
    let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let strange: Proxy = format!("socks5://{}", web.local_addr().unwrap()).parse().unwrap();
    let speaking = tokio::spawn(async move {
        let (mut client, _) = web.accept().await.unwrap();
        let _ = client.write_all(b"220 hello\r\n").await;
        let _ = client.read(&mut [0; 64]).await;
    });
    for proxy in [nowhere, strange] {
        let links = RelayLinks::new(Arc::<Forgetful>::default(), Ways::Through(proxy));
        let mut mina = Person { links, memory: Arc::default() };
        mina.ask(&relay, 1, &Request::About);
        assert_eq!(mina.lost().await, Loss::NoProxy);
    }
    speaking.await.unwrap();
    // A proxy that cannot reach the relay says so.
    for code in [1, 2, 3, 4, 5, 6] {
        let socks = Socks::to(place(&running.addr()), code).await;
        let mut mina = through(&socks, &Arc::default());
        mina.ask(&relay, 1, &Request::About);
        assert_eq!(mina.lost().await, Loss::Unreachable, "code {code}");
    }
    assert_eq!(socks.wanted(), []);
    assert!(!trap.caught().await);
}
