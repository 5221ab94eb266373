//! What a stranger meets: a small web server, and a real one (hyper), so that every oddity of its
//! answers is one that many servers have.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    header::{CONTENT_TYPE, HeaderValue},
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1,
    service::service_fn,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex},
    net::tcp::{ReadHalf, WriteHalf},
    sync::watch,
    time::{Instant, sleep, timeout},
};

use crate::tls::Tls;

/// What may wait between the socket and the web server, each way.
const WAITING_BYTES_MAX: usize = 65_536;
const READ_BYTES: usize = 8_192;
/// A stranger who says and takes nothing for so long is gone.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(75);
/// However busy, no stranger stays longer.
const STAY_MAX: Duration = Duration::from_secs(600);
/// How long a stranger may take to say goodbye too.
const GOODBYE: Duration = Duration::from_secs(2);

/// The front page, if there is one. Everything else is not found.
pub(crate) type Page = Option<Bytes>;

/// Serves a stranger inside a TLS session, who began with these bytes.
pub(crate) async fn serve(
    (mut reader, mut writer): (ReadHalf<'_>, WriteHalf<'_>),
    mut tls: Tls,
    first: Vec<u8>,
    page: Page,
    mut stop: watch::Receiver<bool>,
) {
    let (ours, theirs) = duplex(WAITING_BYTES_MAX);
    let (mut answers, mut asks) = tokio::io::split(ours);
    let site = service_fn(move |request| std::future::ready(answer(&request, page.as_ref())));
    let ended = Arc::<AtomicBool>::default();
    let joint = Joint { stream: theirs, ended: Arc::clone(&ended) };
    let mut server = Some(Box::pin(http1::Builder::new().serve_connection(joint, site)));
    let begun = Instant::now();
    let (mut active, mut asked, mut over) = (begun, first, false);
    let (mut heard, mut said) = (vec![0; READ_BYTES], vec![0; READ_BYTES]);
    // Nothing more comes from the stranger; what was asked is still answered.
    let mut finished = false;
    loop {
        if over && tls.out.is_empty() {
            break;
        }
        if finished && asked.is_empty() {
            let _ = asks.shutdown().await;
        }
        let waits = SILENCE_MAX
            .saturating_sub(active.elapsed())
            .min(STAY_MAX.saturating_sub(begun.elapsed()));
        tokio::select! {
            read = reader.read(&mut heard), if !finished && !over && asked.is_empty() => {
                active = Instant::now();
                let bytes = heard.get(..read.unwrap_or_default()).unwrap_or_default();
                match tls.hear(bytes) {
                    Ok(more) if !bytes.is_empty() => {
                        asked = more.plain;
                        finished = more.closed;
                    }
                    Ok(_) => finished = true,
                    Err(_) => over = true,
                }
            }
            wrote = asks.write(&asked), if !asked.is_empty() => match wrote {
                Ok(count @ 1..) => {
                    asked.drain(..count);
                }
                _ => asked.clear(),
            },
            read = answers.read(&mut said), if !over && tls.out.len() < WAITING_BYTES_MAX => {
                match said.get(..read.unwrap_or_default()) {
                    Some(bytes @ [_, ..]) => tls.say(bytes),
                    // The web server is done with it.
                    _ => over = true,
                }
            }
            () = run(&mut server) => {}
            wrote = writer.write(&tls.out), if !tls.out.is_empty() => match wrote {
                Ok(count @ 1..) => {
                    active = Instant::now();
                    tls.out.drain(..count);
                }
                _ => return,
            },
            _ = stop.changed() => break,
            () = sleep(waits) => break,
        }
    }
    if !over || ended.load(Relaxed) {
        tls.say_goodbye();
    }
    let goodbye = async {
        let _ = writer.write_all(&tls.out).await;
        let _ = writer.shutdown().await;
        // A socket closed with bytes unread takes back what its peer has not read yet.
        while matches!(reader.read(&mut heard).await, Ok(1..)) {}
    };
    let _ = timeout(GOODBYE, goodbye).await;
}

/// Runs the web server to its end, and then is never ready again. Its end of the joint goes with
/// it.
async fn run<F: Future + Unpin>(server: &mut Option<F>) {
    match server {
        Some(running) => {
            running.await;
            *server = None;
        }
        None => std::future::pending().await,
    }
}

fn answer(request: &Request<Incoming>, page: Option<&Bytes>) -> Result<Response<Text>, Infallible> {
    let front = matches!(request.uri().path(), "/" | "/index.html");
    let read = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = Response::new(Text(None));
    match page {
        Some(page) if front && read => {
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, kind);
            *response.body_mut() = Text(Some(page.clone()));
        }
        _ => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    Ok(response)
}

/// A body of one piece, or none.
struct Text(Option<Bytes>);

impl Body for Text {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let bytes = self.0.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

/// The web server's end of the stream between it and the session.
struct Joint {
    stream: DuplexStream,
    /// The web server ended the stream in good order: the session is to be ended so too. Where it
    /// does not, others send no close notify either.
    ended: Arc<AtomicBool>,
}

impl Read for Joint {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut to: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let mut bytes = vec![0; to.remaining().min(READ_BYTES)];
        let mut read = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
        to.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl Write for Joint {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        self.ended.store(true, Relaxed);
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
