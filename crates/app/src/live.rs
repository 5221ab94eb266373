//! What is pushed to a page: each change, as soon as it is stored.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::{
    Request, StatusCode,
    body::Incoming,
    header::{CONNECTION, HeaderName, HeaderValue, UPGRADE},
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sogon_engine::{ConversationId, Event, MessageId, view};
use tokio::sync::{
    broadcast::{self, error::TryRecvError},
    watch,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message, handshake::derive_accept_key, protocol::Role, protocol::WebSocketConfig,
    },
};

use crate::{
    answer::{self, Answer},
    app::{App, WATCHER},
    home::Home,
    shape, speaking,
};

/// How long a page may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a page may say at once: its secret.
const SAID_BYTES_MAX: usize = 1_024;
/// Events looked at together; when more came the page looks at everything again.
const TOGETHER_MAX: usize = 64;

const KEY: HeaderName = HeaderName::from_static("sec-websocket-key");
const ACCEPT: HeaderName = HeaderName::from_static("sec-websocket-accept");

pub(crate) type Line = WebSocketStream<TokioIo<Upgraded>>;

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Talk {
    /// Changes are pushed.
    Changes,
    /// A call.
    Call,
}

/// Takes a request for a line.
pub(crate) fn greet<H: Home>(app: &App<H>, mut request: Request<Incoming>, talk: Talk) -> Answer {
    let headers = request.headers();
    let asked = headers.get(UPGRADE).and_then(|value| value.to_str().ok());
    let asked = asked.is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    let key = headers.get(KEY).filter(|_| asked).map(|key| derive_accept_key(key.as_bytes()));
    let Some(accept) = key.and_then(|key| HeaderValue::from_str(&key).ok()) else {
        return answer::no(StatusCode::BAD_REQUEST);
    };
    let upgraded = hyper::upgrade::on(&mut request);
    let app = app.clone();
    tokio::task::spawn_local(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let config = WebSocketConfig::default()
            .max_message_size(Some(SAID_BYTES_MAX))
            .max_frame_size(Some(SAID_BYTES_MAX));
        let io = TokioIo::new(upgraded);
        let mut line = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        match talk {
            Talk::Call => speaking::carry(&app, &mut line).await,
            Talk::Changes => {
                if let Some(seat) = introduced(&app, &mut line).await {
                    // A page that is gone has nobody to be told.
                    let _ = push(&app, seat, &mut line).await;
                }
            }
        }
        let _ = line.close(None).await;
    });
    let mut answer = answer::no(StatusCode::SWITCHING_PROTOCOLS);
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(ACCEPT, accept);
    answer
}

/// The seat of a page that says its secret first and in time.
async fn introduced<H: Home>(app: &App<H>, line: &mut Line) -> Option<usize> {
    let said = tokio::time::timeout(PATIENCE, line.next()).await.ok()??.ok()?;
    let said: Value = serde_json::from_str(said.to_text().ok()?).ok()?;
    let seat = app.0.passes.borrow().seat(said.get("secret")?.as_str()?)?;
    (seat != WATCHER).then_some(seat)
}

/// What woke the line.
enum Woken {
    Home,
    Stirred(Stirred),
    Gone,
}

/// What happened since it was last looked.
pub(crate) enum Stirred {
    /// These, none of them twice.
    Events(Vec<Event>),
    /// More than is told one by one: look at everything again.
    Missed,
}

/// The next events, with those that are there already; `None` when the home was closed.
pub(crate) async fn together(events: &mut broadcast::Receiver<Event>) -> Option<Stirred> {
    let first = match events.recv().await {
        Ok(event) => event,
        Err(broadcast::error::RecvError::Lagged(_)) => return Some(Stirred::Missed),
        Err(broadcast::error::RecvError::Closed) => return None,
    };
    let mut together = vec![first];
    while together.len() <= TOGETHER_MAX {
        match events.try_recv() {
            Ok(event) if together.contains(&event) => {}
            Ok(event) => together.push(event),
            Err(TryRecvError::Lagged(_)) => return Some(Stirred::Missed),
            Err(TryRecvError::Empty | TryRecvError::Closed) => {
                return Some(Stirred::Events(together));
            }
        }
    }
    Some(Stirred::Missed)
}

async fn push<H: Home>(app: &App<H>, seat: usize, line: &mut Line) -> Option<()> {
    let mut homes = app.0.places.get(seat)?.home.subscribe();
    loop {
        let home = homes.borrow_and_update().clone();
        let Some(home) = home else {
            say(line, &json!({ "is": "locked" })).await?;
            if !changed(&mut homes, line).await {
                return None;
            }
            continue;
        };
        let mut events = home.events();
        say(line, &json!({ "is": "open" })).await?;
        loop {
            match woken(&mut homes, &mut events, line).await {
                Woken::Home => break,
                Woken::Gone => return None,
                Woken::Stirred(Stirred::Missed) => say(line, &json!({ "is": "missed" })).await?,
                Woken::Stirred(Stirred::Events(events)) => {
                    for event in events {
                        if let Some(told) = told(&home, event).await {
                            say(line, &told).await?;
                        }
                    }
                }
            }
        }
    }
}

/// Waits for the home to come or go; false when the page went.
async fn changed<H>(homes: &mut watch::Receiver<Option<H>>, line: &mut Line) -> bool {
    loop {
        tokio::select! {
            changed = homes.changed() => return changed.is_ok(),
            said = line.next() => match said {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
                Some(Ok(_)) => {}
            },
        }
    }
}

async fn woken<H>(
    homes: &mut watch::Receiver<Option<H>>,
    events: &mut broadcast::Receiver<Event>,
    line: &mut Line,
) -> Woken {
    loop {
        tokio::select! {
            changed = homes.changed() => {
                return if changed.is_ok() { Woken::Home } else { Woken::Gone };
            }
            stirred = together(events) => match stirred {
                Some(stirred) => return Woken::Stirred(stirred),
                // The home is about to be closed.
                None => {
                    return if homes.changed().await.is_ok() { Woken::Home } else { Woken::Gone };
                }
            },
            said = line.next() => match said {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Woken::Gone,
                Some(Ok(_)) => {}
            },
        }
    }
}

pub(crate) async fn told<H: Home>(home: &H, event: Event) -> Option<Value> {
    Some(match event {
        Event::Received { conversation, message } => {
            stored(home, conversation, message, "received").await?
        }
        Event::Progress { conversation, message } | Event::File { conversation, message } => {
            stored(home, conversation, message, "progress").await?
        }
        Event::Changed { conversation } => {
            json!({ "is": "changed", "conversation": conversation.to_string() })
        }
        Event::Alerted => json!({ "is": "alerted" }),
        Event::Reached { relay } => json!({ "is": "reached", "host": relay.host() }),
        Event::Unreached { relay, .. } => json!({ "is": "unreached", "host": relay.host() }),
        Event::Settled => json!({ "is": "settled" }),
        Event::Hauled => return None,
    })
}

async fn stored<H: Home>(
    home: &H,
    conversation: ConversationId,
    id: MessageId,
    is: &str,
) -> Option<Value> {
    let message = home.look(move |shelf| {
        let found = view::message(shelf, conversation, id)?;
        found.map(|found| shape::message(shelf, &found)).transpose()
    });
    let message = message.await.ok()??;
    Some(json!({ "is": is, "conversation": conversation.to_string(), "message": message }))
}

async fn say(line: &mut Line, value: &Value) -> Option<()> {
    line.send(Message::text(value.to_string())).await.ok()
}
