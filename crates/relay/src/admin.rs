//! Figures for the operator: a socket beside the store, and a page for Prometheus.

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UnixListener},
    task::JoinSet,
    time::timeout,
};

use crate::{event::Event, relay::Shared};

const FILE: &str = "admin.sock";
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves `stats` on a socket only its owner may use.
pub(crate) fn spawn_socket(directory: &Path, shared: &Arc<Shared>, helpers: &mut JoinSet<()>) {
    match bind(directory) {
        Ok(listener) => {
            helpers.spawn(serve_socket(listener, Arc::clone(shared)));
        }
        Err(_) => (shared.tell)(Event::NoAdminSocket),
    }
}

/// Takes the socket's name away.
pub(crate) fn remove_socket(directory: &Path) {
    let _ = fs::remove_file(directory.join(FILE));
}

/// Asks the relay that has this directory open for its figures, as one JSON object.
///
/// # Errors
/// When no relay answers there.
pub async fn ask(directory: &Path) -> io::Result<String> {
    let mut socket = tokio::net::UnixStream::connect(directory.join(FILE)).await?;
    let mut json = String::new();
    socket.read_to_string(&mut json).await?;
    Ok(json)
}

fn bind(directory: &Path) -> io::Result<UnixListener> {
    // The store is locked by now: a name that is still there is one a crash left behind.
    remove_socket(directory);
    let path = directory.join(FILE);
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn serve_socket(listener: UnixListener, shared: Arc<Shared>) {
    while let Ok((mut socket, _)) = listener.accept().await {
        let json = shared.figures.json(shared.store.holdings());
        let _ = timeout(PATIENCE, socket.write_all(json.as_bytes())).await;
    }
}

/// Serves the figures to whoever asks for `/metrics`.
pub(crate) async fn serve_metrics(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((mut socket, _)) = listener.accept().await {
        let text = shared.figures.prometheus(shared.store.holdings());
        let answer = async {
            let mut asked = [0; 1_024];
            let read = socket.read(&mut asked).await?;
            let found = asked.get(..read).is_some_and(|asked| asked.starts_with(b"GET /metrics"));
            let (status, body) =
                if found { ("200 OK", text) } else { ("404 Not Found", String::new()) };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            socket.write_all(head.as_bytes()).await?;
            socket.write_all(body.as_bytes()).await?;
            socket.shutdown().await
        };
        let _ = timeout(PATIENCE, answer).await;
    }
}
