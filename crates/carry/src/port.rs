//! The socket of a call's datagrams. Where nothing goes directly it hears the relay and nobody
//! else: the system drops what others send. Where something may, the same socket speaks with both,
//! so that whatever stands between (an address translator) lets the other side's packets in by the
//! hole this side's made.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket as Plain},
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

/// Addresses that nobody has (RFC 5737, RFC 3849): which of one's own a packet there would carry is
/// asked of this system, and nothing leaves.
const NOBODY: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), 9),
];

/// Whom a socket hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hears {
    /// The relay.
    Relay,
    /// Whoever sends something.
    All,
}

/// A socket, and the relay it speaks with.
#[derive(Debug)]
pub(crate) struct Port {
    socket: UdpSocket,
    relay: SocketAddr,
    hears: Hears,
    /// Addresses of IPv4 are written as those of IPv6 are.
    mapped: bool,
}

impl Port {
    /// A socket for this relay.
    pub(crate) async fn bind(relay: SocketAddr, hears: Hears) -> Option<Self> {
        if hears == Hears::All {
            let relay = canonical(relay);
            let (socket, mapped) = match both_families() {
                Some(socket) => (socket, true),
                None => (UdpSocket::bind(anywhere(relay)).await.ok()?, false),
            };
            return Some(Self { socket, relay, hears, mapped });
        }
        let socket = UdpSocket::bind(anywhere(relay)).await.ok()?;
        socket.connect(relay).await.ok()?;
        Some(Self { socket, relay, hears, mapped: false })
    }

    /// Whether a datagram came from the relay.
    pub(crate) fn is_relay(&self, from: SocketAddr) -> bool {
        from == self.relay
    }

    /// Sends this to the relay. What cannot leave is lost, as anything may be.
    pub(crate) async fn send(&self, datagram: &[u8]) {
        match self.hears {
            Hears::Relay => drop(self.socket.send(datagram).await),
            Hears::All => self.send_to(datagram, self.relay).await,
        }
    }

    /// Sends this to somebody else.
    pub(crate) async fn send_to(&self, datagram: &[u8], to: SocketAddr) {
        let to = match to.ip() {
            IpAddr::V4(host) if self.mapped => (host.to_ipv6_mapped(), to.port()).into(),
            _ => to,
        };
        let _ = self.socket.send_to(datagram, to).await;
    }

    /// The next datagram: its length, and where it came from.
    pub(crate) async fn receive(&self, bytes: &mut [u8]) -> (usize, SocketAddr) {
        loop {
            match self.socket.recv_from(bytes).await {
                Ok((length, from)) => return (length, canonical(from)),
                // Nobody listens there: datagrams are refused, and the session carries on.
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    }

    /// Where this socket may be reached, as far as this system knows: by the address that packets
    /// to the relay carry, and that of the other family.
    pub(crate) fn own(&self) -> Vec<SocketAddr> {
        let Ok(port) = self.socket.local_addr().map(|own| own.port()) else { return Vec::new() };
        let here = self.relay.ip().is_loopback();
        let speaks = |to: &SocketAddr| self.mapped || to.is_ipv4() == self.relay.is_ipv4();
        let others = NOBODY.iter().filter(|to| to.is_ipv4() != self.relay.is_ipv4());
        let routes = std::iter::once(&self.relay).chain(others.filter(|_| !here));
        let found = routes.filter(|to| speaks(to)).filter_map(|to| towards(*to));
        found.filter(|ip| here || !ip.is_loopback()).map(|ip| SocketAddr::new(ip, port)).collect()
    }
}

/// One socket for both families; [`None`] where the system has one only.
fn both_families() -> Option<UdpSocket> {
    let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP)).ok()?;
    socket.set_only_v6(false).ok()?;
    socket.set_nonblocking(true).ok()?;
    let any: SocketAddr = (Ipv6Addr::UNSPECIFIED, 0).into();
    socket.bind(&any.into()).ok()?;
    UdpSocket::from_std(socket.into()).ok()
}

fn anywhere(relay: SocketAddr) -> SocketAddr {
    match relay {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

/// The address that packets there carry. Nothing leaves.
fn towards(to: SocketAddr) -> Option<IpAddr> {
    let socket = Plain::bind(anywhere(to)).ok()?;
    socket.connect(to).ok()?;
    let own = socket.local_addr().ok()?.ip().to_canonical();
    let link = matches!(own, IpAddr::V6(host) if host.is_unicast_link_local());
    (!own.is_unspecified() && !link).then_some(own)
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
