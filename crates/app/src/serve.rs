//! Requests: who asks, for what, and whether they may.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Limited};
use hyper::{
    Method, Request, StatusCode,
    body::{Bytes, Incoming},
    header::{AUTHORIZATION, CONTENT_SECURITY_POLICY, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::Semaphore};

use crate::{
    answer::{self, Answer},
    app::{App, WATCHER},
    assets, calls,
    guard::{self, Door},
    home::{Home, Refusal},
    live::{self, Talk},
    parcel::HANDED_BYTES_MAX,
    scan, seen, spoken, words,
};

/// Connections at the same time: a browser opens six, and other programs may knock.
const CONNECTIONS_MAX: usize = 64;
/// How long a request may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);
/// A question in JSON: the longest text, every letter of it escaped.
const CALL_BYTES_MAX: usize = 262_144;

pub(crate) async fn run<H: Home>(app: &App<H>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        // Whoever went away while they waited was no guest.
        let accepted = match app.0.listeners.as_slice() {
            [one, other, ..] => tokio::select! {
                accepted = one.accept() => accepted,
                accepted = other.accept() => accepted,
            },
            [one] => one.accept().await,
            [] => return,
        };
        let Ok((stream, _)) = accepted else { continue };
        let app = app.clone();
        tokio::task::spawn_local(async move {
            connection(app, stream).await;
            drop(permit);
        });
    }
}

async fn connection<H: Home>(app: App<H>, stream: TcpStream) {
    // A page that is small and asks often waits for nothing.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let app = app.clone();
        async move { Ok::<_, Infallible>(serve(&app, request).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(65_536);
    // Whoever hangs up has nobody to be told.
    let _ = server.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

async fn serve<H: Home>(app: &App<H>, request: Request<Incoming>) -> Answer {
    // One of two names, and from here on that one only.
    let host = guard::asked_for(request.headers(), &app.0.hosts).clone();
    let is_page = matches!(request.uri().path(), "/" | "/try");
    let mut answer = route(app, &host, request).await;
    let policy = answer::policy(&host, app.0.watcher.is_some());
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    let devices = answer::devices(is_page);
    answer.headers_mut().insert(answer::PERMISSIONS, HeaderValue::from_static(devices));
    answer
}

async fn route<H: Home>(app: &App<H>, host: &str, request: Request<Incoming>) -> Answer {
    let path = request.uri().path().to_owned();
    let get = *request.method() == Method::GET;
    let door = match path.as_str() {
        "/" | "/try" => Door::Page,
        "/live" | "/speak" => Door::Live,
        "/scan" => Door::Picture,
        "/session" | "/hear" | "/see" => Door::Call,
        other if other.starts_with("/api/") => Door::Call,
        other if other.starts_with("/in/") || other.starts_with("/speak/") => Door::Picture,
        _ => Door::Part,
    };
    if guard::judge(door, request.method(), request.headers(), host).is_err() {
        return answer::no(StatusCode::FORBIDDEN);
    }
    match (door, get) {
        (Door::Part, true) if path.starts_with("/out/") => out(app, &path),
        (Door::Page | Door::Part, true) => part(app, &path),
        (Door::Live, true) if path == "/speak" => live::greet(app, request, Talk::Call),
        (Door::Live, true) => live::greet(app, request, Talk::Changes),
        (Door::Call, false) => call(app, host, &path, request).await,
        (Door::Picture, false) if path == "/scan" => picture(app, request).await,
        (Door::Picture, false) => bytes(app, &path, request).await,
        _ => answer::no(StatusCode::METHOD_NOT_ALLOWED),
    }
}

fn part<H: Home>(app: &App<H>, path: &str) -> Answer {
    if let Some(table) = path.strip_prefix("/words/").and_then(words::table) {
        return answer::with(StatusCode::OK, "application/json", table);
    }
    let shown = app.0.watcher.is_some() || !path.starts_with("/try");
    match assets::at(path).filter(|_| shown) {
        Some(asset) => answer::with(StatusCode::OK, asset.kind, Bytes::from_static(asset.bytes)),
        None => answer::no(StatusCode::NOT_FOUND),
    }
}

/// The seat whose secret the request bears.
fn seat<H: Home>(app: &App<H>, request: &Request<Incoming>) -> Option<usize> {
    let bearer = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    app.0.passes.borrow().seat(bearer.strip_prefix("Bearer ")?)
}

async fn body(request: Request<Incoming>, bytes_max: usize) -> Option<Bytes> {
    let whole = Limited::new(request.into_body(), bytes_max).collect();
    let whole = tokio::time::timeout(PATIENCE, whole).await.ok()?.ok()?;
    Some(whole.to_bytes())
}

async fn call<H: Home>(app: &App<H>, host: &str, path: &str, request: Request<Incoming>) -> Answer {
    let seat = seat(app, &request);
    let name = path.strip_prefix("/api/");
    // A question without a pass is not read at all.
    if path != "/session" && seat.is_none() {
        return answer::no(StatusCode::UNAUTHORIZED);
    }
    let Some(bytes) = body(request, CALL_BYTES_MAX).await else {
        return answer::no(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let Ok(asked) = serde_json::from_slice::<Value>(&bytes) else {
        return answer::refused(Refusal::BadInput);
    };
    let (Some(name), Some(seat)) = (name, seat) else {
        return match seat {
            Some(seat) if path != "/session" => sense(app, seat, path, &asked).await,
            _ => session(app, &asked),
        };
    };
    let done = match seat {
        WATCHER => calls::watch(app, host, name, &asked).await,
        seat => match app.0.places.get(seat) {
            Some(place) => calls::run(place, name, &asked).await,
            None => Err(Refusal::Bug),
        },
    };
    match done {
        Ok(value) => answer::json(&value),
        Err(refusal) => answer::refused(refusal),
    }
}

/// `/hear`, `/see`: what is heard of a note, what is seen of a picture.
async fn sense<H: Home>(app: &App<H>, seat: usize, path: &str, asked: &Value) -> Answer {
    let Some(place) = app.0.places.get(seat) else { return answer::no(StatusCode::NOT_FOUND) };
    let sensed = match path {
        "/hear" => spoken::hear(place, asked).await,
        _ => seen::see(place, asked).await,
    };
    match sensed {
        Ok(bytes) => answer::with(StatusCode::OK, "application/octet-stream", bytes),
        Err(refusal) => answer::refused(refusal),
    }
}

/// A token out of a link, for the secret of a session.
fn session<H: Home>(app: &App<H>, asked: &Value) -> Answer {
    let token = asked.get("token").and_then(Value::as_str).unwrap_or_default();
    let now = std::time::Instant::now();
    match app.0.passes.borrow_mut().redeem(token, now) {
        Some((secret, _)) => answer::json(&json!({ "secret": secret.as_str() })),
        None => answer::no(StatusCode::UNAUTHORIZED),
    }
}

/// `/in/PARCEL/OFFSET`: the next bytes of a file; `/speak/SPEECH/SAMPLES`: the next second of speech.
async fn bytes<H: Home>(app: &App<H>, path: &str, request: Request<Incoming>) -> Answer {
    let Some(seat) = seat(app, &request) else { return answer::no(StatusCode::UNAUTHORIZED) };
    let Some(place) = app.0.places.get(seat) else { return answer::no(StatusCode::NOT_FOUND) };
    let Some(bytes) = body(request, HANDED_BYTES_MAX).await else {
        return answer::no(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let mut words = path.split('/').skip(1);
    let (Some(what), Some(id), Some(Ok(at)), None) =
        (words.next(), words.next(), words.next().map(str::parse), words.next())
    else {
        return answer::no(StatusCode::NOT_FOUND);
    };
    let taken = match what {
        "in" => place.tray.take(id, at, &bytes),
        _ => spoken::listen(place, id, at, &bytes).await,
    };
    match taken {
        Ok(taken) => answer::json(&json!({ "taken": taken })),
        Err(refusal) => answer::refused(refusal),
    }
}

/// `/out/TICKET`: a file that its owner takes out, once. The ticket is the pass: a browser that
/// fetches a file sends none of the page's headers.
fn out<H: Home>(app: &App<H>, path: &str) -> Answer {
    let id = path.strip_prefix("/out/").unwrap_or_default();
    match app.0.places.iter().find_map(|place| place.tray.redeem(id)) {
        Some(ticket) => answer::taken_out(ticket),
        None => answer::no(StatusCode::NOT_FOUND),
    }
}

async fn picture<H: Home>(app: &App<H>, request: Request<Incoming>) -> Answer {
    if seat(app, &request).is_none() {
        return answer::no(StatusCode::UNAUTHORIZED);
    }
    let Some(bytes) = body(request, scan::PICTURE_BYTES_MAX).await else {
        return answer::no(StatusCode::PAYLOAD_TOO_LARGE);
    };
    match tokio::task::spawn_blocking(move || scan::find(&bytes)).await {
        Ok(Ok(text)) => answer::json(&json!({ "text": text })),
        Ok(Err(refusal)) => answer::refused(refusal),
        Err(_) => answer::refused(Refusal::BadInput),
    }
}
