//! TCP across a link: the kernel's sockets at both ends, and between them a stream of our own.

use std::{
    collections::BTreeSet,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{
    link::{Streams, Tasks},
    stack::{Reset, Stack, Stream, opens},
};

/// How long Linux tries to connect.
const CONNECT_MAX: Duration = Duration::from_secs(130);
/// What a client may write before its stream is agreed.
const EARLY_BYTES_MAX: usize = 65_536;
const READ_BYTES: usize = 8_192;

/// Takes those who connect, for ever.
pub(super) async fn accept(
    listener: TcpListener,
    stack: Arc<Stack>,
    counts: Arc<Streams>,
    tasks: Arc<Tasks>,
) {
    loop {
        let Ok((kernel, _)) = listener.accept().await else {
            // Out of files: those who are here may leave meanwhile.
            tokio::task::yield_now().await;
            continue;
        };
        let _ = kernel.set_nodelay(true);
        let Some(stream) = stack.connect() else {
            reset(&kernel);
            continue;
        };
        let counts = Arc::clone(&counts);
        tasks.spawn(async move {
            near(kernel, stream, &counts).await;
        });
    }
}

/// One client, from the moment its kernel believes that it is connected.
async fn near(mut kernel: TcpStream, stream: Stream, counts: &Streams) {
    Streams::add(&counts.begun);
    match timeout(CONNECT_MAX, opening(&mut kernel, &stream)).await {
        Ok(Opening::Open(early)) => {
            Streams::add(&counts.opened);
            if stream.write_all(&early).await.is_err() {
                Streams::add(&counts.reset);
                return reset(&kernel);
            }
            if bridge(kernel, &stream).await.is_err() {
                Streams::add(&counts.reset);
            }
        }
        Ok(Opening::Refused) => {
            Streams::add(&counts.refused);
            reset(&kernel);
        }
        Ok(Opening::GivenUp) | Err(_) => {
            Streams::add(&counts.given_up);
            stream.abort();
            reset(&kernel);
        }
    }
}

enum Opening {
    /// Agreed; what the client wrote meanwhile.
    Open(Vec<u8>),
    Refused,
    /// The client closed its socket first, as one does who tried several ways at once. A kernel
    /// would now send no more.
    GivenUp,
}

async fn opening(kernel: &mut TcpStream, stream: &Stream) -> Opening {
    let mut early = Vec::new();
    let mut bytes = vec![0; READ_BYTES];
    let opened = stream.opened();
    tokio::pin!(opened);
    loop {
        let room = (EARLY_BYTES_MAX - early.len()).min(READ_BYTES);
        tokio::select! {
            opened = &mut opened => return match opened {
                Ok(()) => Opening::Open(early),
                Err(Reset) => Opening::Refused,
            },
            read = kernel.read(&mut bytes[..room]), if room > 0 => match read {
                Ok(count @ 1..) => early.extend_from_slice(&bytes[..count]),
                Ok(0) | Err(_) => return Opening::GivenUp,
            },
        }
    }
}

/// The end where the target is.
pub(super) struct Far {
    pub(super) stack: Arc<Stack>,
    pub(super) target: SocketAddr,
    pub(super) tasks: Arc<Tasks>,
    /// Ports whose first packet waits until the target has answered.
    pub(super) dialling: Mutex<BTreeSet<u16>>,
}

impl Far {
    /// Takes a packet off the link. One that opens a stream is answered only when the target has
    /// taken ours, so that a refusal is a refusal.
    pub(super) fn deliver(self: &Arc<Self>, packet: Vec<u8>) {
        let Some(port) = opens(&packet).filter(|port| !self.stack.knows(*port)) else {
            return self.stack.deliver(packet);
        };
        if self.dialling.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
            let far = Arc::clone(self);
            self.tasks.spawn(async move { far.dial(port, packet).await });
        }
    }

    async fn dial(self: Arc<Self>, port: u16, first: Vec<u8>) {
        let dialled = TcpStream::connect(self.target).await;
        let stream = dialled.as_ref().ok().and_then(|_| self.stack.listen(port));
        self.dialling.lock().unwrap_or_else(PoisonError::into_inner).remove(&port);
        match (dialled, stream) {
            (Ok(kernel), Some(stream)) => {
                self.stack.deliver(first);
                let _ = kernel.set_nodelay(true);
                if let Ok(Ok(())) = timeout(CONNECT_MAX, stream.opened()).await {
                    let _ = bridge(kernel, &stream).await;
                } else {
                    stream.abort();
                    reset(&kernel);
                }
            }
            // Nobody listens at that port, and the stack says so.
            (Err(error), _) if error.kind() == io::ErrorKind::ConnectionRefused => {
                self.stack.deliver(first);
            }
            // Silence: the packet comes again.
            _ => {}
        }
    }
}

/// Carries bytes both ways until both have finished, or one has reset.
async fn bridge(mut kernel: TcpStream, stream: &Stream) -> Result<(), Reset> {
    let (mut reader, mut writer) = kernel.split();
    let into = async {
        let mut bytes = vec![0; READ_BYTES];
        loop {
            match reader.read(&mut bytes).await {
                Ok(0) => {
                    stream.finish();
                    return Ok(());
                }
                Ok(count) => stream.write_all(&bytes[..count]).await?,
                Err(_) => return Err(Reset),
            }
        }
    };
    let out = async {
        let mut bytes = vec![0; READ_BYTES];
        loop {
            match stream.read(&mut bytes).await? {
                0 => return writer.shutdown().await.map_err(|_| Reset),
                count => writer.write_all(&bytes[..count]).await.map_err(|_| Reset)?,
            }
        }
    };
    let ended = tokio::try_join!(into, out).map(|((), ())| ());
    if ended.is_err() {
        stream.abort();
        reset(&kernel);
    }
    ended
}

/// Has the kernel send a reset when the socket is dropped.
fn reset(kernel: &TcpStream) {
    let _ = socket2::SockRef::from(kernel).set_linger(Some(Duration::ZERO));
}
