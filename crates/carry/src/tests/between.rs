//! Somebody on the line between a client and a relay: sees every byte, and may cut it.

use std::sync::{Arc, Mutex};

use sogon_wire::RelayAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
    task::JoinHandle,
};

/// Passes everything on, and writes it down.
pub(crate) struct Between {
    addr: RelayAddr,
    seen: Arc<Mutex<Vec<u8>>>,
    cut_after: watch::Sender<usize>,
    task: JoinHandle<()>,
}

impl Between {
    pub(crate) async fn before(relay: &RelayAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let addr = RelayAddr::new("127.0.0.1", port, relay.fingerprint()).unwrap();
        let seen = Arc::<Mutex<Vec<u8>>>::default();
        let cut_after = watch::Sender::new(usize::MAX);
        let (to, notes, limit) =
            ((relay.host().to_owned(), relay.port()), Arc::clone(&seen), cut_after.subscribe());
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let Ok(server) = TcpStream::connect((to.0.as_str(), to.1)).await else { continue };
                let (client_in, client_out) = client.into_split();
                let (server_in, server_out) = server.into_split();
                let up = pass(client_in, server_out, Arc::clone(&notes), limit.clone());
                let down = pass(server_in, client_out, Arc::clone(&notes), limit.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = up => {}
                        () = down => {}
                    }
                });
            }
        });
        Self { addr, seen, cut_after, task }
    }

    /// Where clients reach the relay through it.
    pub(crate) fn addr(&self) -> RelayAddr {
        self.addr.clone()
    }

    /// Every byte so far, both ways.
    pub(crate) fn seen(&self) -> Vec<u8> {
        self.seen.lock().unwrap().clone()
    }

    /// Cuts each direction of a connection after it passed so many bytes.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.cut_after.send_replace(bytes);
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    seen: Arc<Mutex<Vec<u8>>>,
    limit: watch::Receiver<usize>,
) {
    let mut bytes = vec![0; 4_096];
    let mut passed: usize = 0;
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        passed = passed.saturating_add(count);
        if passed > *limit.borrow() {
            return;
        }
        seen.lock().unwrap().extend_from_slice(&bytes[..count]);
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
    // The other direction may still have something to say.
    std::future::pending::<()>().await;
}
