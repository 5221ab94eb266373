//! A TCP stack in user space at one end of a link: its IP packets are bytes like any others, and
//! meet the weather.

mod first_window;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use smoltcp::{
    iface::{Config, Interface, PollResult, SocketHandle, SocketSet},
    phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken},
    socket::tcp::{CongestionControl, RecvError, Socket, SocketBuffer, State},
    time::Instant as StackInstant,
    wire::{HardwareAddress, IpAddress, IpCidr, IpListenEndpoint},
};
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

use first_window::FirstWindow;

/// What one socket holds each way: the window that Linux begins with.
const BUFFER_BYTES: usize = 65_535;
/// A peer that acknowledges nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(900);
const PORT_MIN: u16 = 10_000;

/// Which end of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Near,
    Far,
}

impl End {
    fn address(self) -> IpAddress {
        match self {
            Self::Near => IpAddress::v4(10, 0, 0, 1),
            Self::Far => IpAddress::v4(10, 0, 0, 2),
        }
    }
}

/// The other end reset the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reset;

/// A stack, and where its packets go.
pub(super) struct Stack {
    end: End,
    inner: Mutex<Inner>,
    nudged: Notify,
    begun: Instant,
    send: Box<dyn Fn(Vec<Vec<u8>>) + Send + Sync>,
}

struct Inner {
    interface: Interface,
    sockets: SocketSet<'static>,
    wire: Wire,
    /// Sockets nobody holds any more, until they have said goodbye.
    left: Vec<(u16, SocketHandle)>,
    ports: BTreeSet<u16>,
    /// Sockets that have not sent their first window yet.
    first: BTreeMap<u16, FirstWindow>,
    next_port: u16,
}

impl Stack {
    pub(super) fn new(
        end: End,
        mtu: usize,
        seed: u64,
        send: impl Fn(Vec<Vec<u8>>) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let mut wire = Wire { arrived: VecDeque::new(), leaving: Vec::new(), mtu };
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let mut interface = Interface::new(config, &mut wire, StackInstant::ZERO);
        interface.update_ip_addrs(|addresses| {
            let pushed = addresses.push(IpCidr::new(end.address(), 24));
            assert!(pushed.is_ok(), "an interface has room for one address");
        });
        let inner = Inner {
            interface,
            sockets: SocketSet::new(Vec::new()),
            wire,
            left: Vec::new(),
            ports: BTreeSet::new(),
            first: BTreeMap::new(),
            next_port: PORT_MIN,
        };
        let (inner, nudged, begun) = (Mutex::new(inner), Notify::new(), Instant::now());
        Arc::new(Self { end, inner, nudged, begun, send: Box::new(send) })
    }

    /// Runs the stack, for ever.
    pub(super) async fn run(self: Arc<Self>) {
        loop {
            match self.turn() {
                None => self.nudged.notified().await,
                Some(wait) => {
                    let _ = timeout(wait, self.nudged.notified()).await;
                }
            }
        }
    }

    /// Takes a packet off the link.
    pub(super) fn deliver(&self, packet: Vec<u8>) {
        self.lock().wire.arrived.push_back(packet);
        self.nudged.notify_one();
    }

    /// Begins a stream to the other end, from a port that is free there too, to the same port.
    pub(super) fn connect(self: &Arc<Self>) -> Option<Stream> {
        let mut inner = self.lock();
        let port = inner.free_port()?;
        let mut socket = socket();
        let to = (End::Far.address(), port);
        socket.connect(inner.interface.context(), to, port).ok()?;
        Some(self.hold(&mut inner, port, socket))
    }

    /// Expects a stream at this port.
    pub(super) fn listen(self: &Arc<Self>, port: u16) -> Option<Stream> {
        let mut inner = self.lock();
        let mut socket = socket();
        socket.listen(IpListenEndpoint { addr: Some(self.end.address()), port }).ok()?;
        Some(self.hold(&mut inner, port, socket))
    }

    /// Whether a stream is at this port, or was a moment ago.
    pub(super) fn knows(&self, port: u16) -> bool {
        self.lock().ports.contains(&port)
    }

    fn hold(self: &Arc<Self>, inner: &mut Inner, port: u16, socket: Socket<'static>) -> Stream {
        inner.ports.insert(port);
        let handle = inner.sockets.add(socket);
        let begun = self.now();
        inner.first.insert(port, FirstWindow::new(handle, begun));
        self.nudged.notify_one();
        Stream { stack: Arc::clone(self), handle, port }
    }

    /// Lets the stack do what is due, and says how long until more is.
    fn turn(&self) -> Option<Duration> {
        let mut inner = self.lock();
        let now = self.now();
        let Inner { interface, sockets, wire, first, .. } = &mut *inner;
        // Before what is due may be repeated, and after what has arrived is acknowledged.
        control(first, sockets, now);
        while interface.poll(now, wire, sockets) == PollResult::SocketStateChanged {}
        control(first, sockets, now);
        let packets = std::mem::take(&mut wire.leaving);
        let wait = interface.poll_delay(now, sockets);
        inner.forget_gone();
        drop(inner);
        if !packets.is_empty() {
            (self.send)(packets);
        }
        wait.map(Duration::from)
    }

    fn now(&self) -> StackInstant {
        let micros = i64::try_from(self.begun.elapsed().as_micros()).unwrap_or(i64::MAX);
        StackInstant::from_micros(micros)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn free_port(&mut self) -> Option<u16> {
        for _ in PORT_MIN..u16::MAX {
            let port = self.next_port;
            self.next_port = port.checked_add(1).unwrap_or(PORT_MIN);
            if !self.ports.contains(&port) {
                return Some(port);
            }
        }
        None
    }

    fn write(
        &mut self,
        stream: &Stream,
        bytes: &[u8],
        context: &mut Context<'_>,
    ) -> Poll<Result<usize, Reset>> {
        let socket = self.sockets.get_mut::<Socket<'_>>(stream.handle);
        let room = self.first.get(&stream.port).map_or(bytes.len(), FirstWindow::room);
        match socket.send_slice(bytes.get(..room).unwrap_or(bytes)) {
            Ok(0) => {
                socket.register_send_waker(context.waker());
                Poll::Pending
            }
            Ok(count) => {
                if let Some(first) = self.first.get_mut(&stream.port) {
                    first.gave(count);
                }
                Poll::Ready(Ok(count))
            }
            Err(_) => Poll::Ready(Err(Reset)),
        }
    }

    fn forget_gone(&mut self) {
        let Self { left, sockets, ports, first, .. } = self;
        left.retain(|(port, handle)| {
            let socket = sockets.get::<Socket<'_>>(*handle);
            // A socket that was aborted forgets its peer when its reset has left.
            let gone = !socket.is_open() && socket.remote_endpoint().is_none();
            if gone {
                sockets.remove(*handle);
                first.remove(port);
                ports.remove(port);
            }
            !gone
        });
    }
}

/// Puts the sockets whose first window is over under congestion control. Only between polls, when
/// all that they were given is on its way: the stack starts its timer with the last packet that it
/// may send, and a socket put under control before that would have none.
fn control(
    first: &mut BTreeMap<u16, FirstWindow>,
    sockets: &mut SocketSet<'static>,
    now: StackInstant,
) {
    first.retain(|_, first| {
        let socket = sockets.get_mut::<Socket<'_>>(first.handle);
        let over = first.is_over(socket.send_queue(), socket.may_send(), now);
        if over {
            socket.set_congestion_control(CongestionControl::Cubic);
        }
        !over
    });
}

/// Like the kernel's: timestamps in every segment, as they cost their 12 bytes there too.
fn socket() -> Socket<'static> {
    let buffer = || SocketBuffer::new(vec![0; BUFFER_BYTES]);
    let mut socket = Socket::new(buffer(), buffer());
    socket.set_congestion_control(CongestionControl::None);
    socket.set_nagle_enabled(false);
    socket.set_timeout(Some(PATIENCE.into()));
    socket.set_tsval_generator(Some(timestamp));
    socket
}

fn timestamp() -> u32 {
    static BEGUN: OnceLock<std::time::Instant> = OnceLock::new();
    let ms = BEGUN.get_or_init(std::time::Instant::now).elapsed().as_millis();
    u32::try_from(ms & 0xffff_ffff).unwrap_or(0).wrapping_add(1)
}

/// One TCP stream across the link, at one of its ends. Dropped, it stays until what was written
/// has been acknowledged.
pub(super) struct Stream {
    stack: Arc<Stack>,
    handle: SocketHandle,
    port: u16,
}

impl Stream {
    /// Waits until the stream is agreed.
    pub(super) async fn opened(&self) -> Result<(), Reset> {
        poll_fn(|context| {
            self.with(|socket| match socket.state() {
                State::Closed => Poll::Ready(Err(Reset)),
                State::Listen | State::SynSent | State::SynReceived => {
                    socket.register_recv_waker(context.waker());
                    Poll::Pending
                }
                _ => Poll::Ready(Ok(())),
            })
        })
        .await
    }

    /// Reads some bytes; none when the other end has finished.
    pub(super) async fn read(&self, bytes: &mut [u8]) -> Result<usize, Reset> {
        let read = poll_fn(|context| {
            self.with(|socket| match socket.recv_slice(bytes) {
                Ok(0) => {
                    socket.register_recv_waker(context.waker());
                    Poll::Pending
                }
                Ok(count) => Poll::Ready(Ok(count)),
                Err(RecvError::Finished) => Poll::Ready(Ok(0)),
                Err(RecvError::InvalidState) => Poll::Ready(Err(Reset)),
            })
        });
        let read = read.await;
        // There is more room in the window now.
        self.stack.nudged.notify_one();
        read
    }

    pub(super) async fn write_all(&self, mut bytes: &[u8]) -> Result<(), Reset> {
        while !bytes.is_empty() {
            let wrote = poll_fn(|context| self.stack.lock().write(self, bytes, context));
            let wrote = wrote.await?;
            self.stack.nudged.notify_one();
            bytes = bytes.get(wrote..).unwrap_or_default();
        }
        Ok(())
    }

    /// Says that no more is written.
    pub(super) fn finish(&self) {
        self.with(Socket::close);
        self.stack.nudged.notify_one();
    }

    /// Resets the stream.
    pub(super) fn abort(&self) {
        self.with(Socket::abort);
        self.stack.nudged.notify_one();
    }

    fn with<T>(&self, what: impl FnOnce(&mut Socket<'static>) -> T) -> T {
        what(self.stack.lock().sockets.get_mut::<Socket<'static>>(self.handle))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // What is finished ends by itself, and what was aborted is over.
        let left = (self.port, self.handle);
        self.stack.lock().left.push(left);
        self.stack.nudged.notify_one();
    }
}

/// The port of a packet that opens a stream.
pub(super) fn opens(packet: &[u8]) -> Option<u16> {
    use smoltcp::wire::{IpProtocol, Ipv4Packet, TcpPacket};
    let packet = Ipv4Packet::new_checked(packet).ok()?;
    if packet.next_header() != IpProtocol::Tcp {
        return None;
    }
    let segment = TcpPacket::new_checked(packet.payload()).ok()?;
    (segment.syn() && !segment.ack()).then(|| segment.dst_port())
}

/// The stack's network card.
struct Wire {
    arrived: VecDeque<Vec<u8>>,
    leaving: Vec<Vec<u8>>,
    mtu: usize,
}

struct Arrived(Vec<u8>);

struct Leaving<'a>(&'a mut Vec<Vec<u8>>);

impl RxToken for Arrived {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl TxToken for Leaving<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = vec![0; len];
        let done = f(&mut packet);
        self.0.push(packet);
        done
    }
}

impl Device for Wire {
    type RxToken<'a> = Arrived;
    type TxToken<'a> = Leaving<'a>;

    fn receive(&mut self, _: StackInstant) -> Option<(Arrived, Leaving<'_>)> {
        Some((Arrived(self.arrived.pop_front()?), Leaving(&mut self.leaving)))
    }

    fn transmit(&mut self, _: StackInstant) -> Option<Leaving<'_>> {
        Some(Leaving(&mut self.leaving))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu;
        capabilities
    }
}
