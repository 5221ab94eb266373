//! Answers, with the headers that every one of them has.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use hyper::{
    Response, StatusCode,
    body::{Body, Bytes, Frame, SizeHint},
    header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{home::Refusal, parcel::Ticket};

pub(crate) type Answer = Response<Said>;

/// What is said: all at once, or as it comes out of the home.
#[derive(Debug)]
pub(crate) enum Said {
    Whole(Option<Bytes>),
    Flow { left: u64, from: mpsc::Receiver<Bytes> },
}

impl Body for Said {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Flow { left: 0, .. } => Poll::Ready(None),
            Self::Flow { left, from } => {
                let bytes = ready!(from.poll_recv(context));
                let count = bytes.as_ref().and_then(|bytes| u64::try_from(bytes.len()).ok());
                // What ends early breaks the connection: a part is never taken for the whole.
                let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
                Poll::Ready(Some(match (bytes, count.and_then(|count| left.checked_sub(count))) {
                    (Some(bytes), Some(after)) => {
                        *left = after;
                        Ok(Frame::data(bytes))
                    }
                    _ => Err(broken()),
                }))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None) | Self::Flow { left: 0, .. })
    }

    fn size_hint(&self) -> SizeHint {
        let bytes = match self {
            Self::Whole(bytes) => bytes.as_ref().map_or(0, Bytes::len) as u64,
            Self::Flow { left, .. } => *left,
        };
        SizeHint::with_exact(bytes)
    }
}

/// What every answer says, beside the policy of the page.
const ALWAYS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// The header that says which devices a page may ask for.
pub(crate) const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// The microphone is for the page, and for nothing else that is served.
pub(crate) fn devices(page: bool) -> &'static str {
    if page {
        "camera=(self), microphone=(self), geolocation=(), usb=(), serial=(), \
         display-capture=(), browsing-topics=()"
    } else {
        "camera=(), microphone=(), geolocation=(), usb=(), serial=(), display-capture=(), \
         browsing-topics=()"
    }
}

/// The policy of the page: its own scripts, styles and questions and nothing else; no markup out of
/// strings. With `frames` it may hold, and be held by, pages of its own.
pub(crate) fn policy(host: &str, frames: bool) -> String {
    let frames = if frames { "'self'" } else { "'none'" };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self' ws://{host}; frame-src {frames}; frame-ancestors {frames}; \
         base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'"
    )
}

/// An answer with a body of this kind.
pub(crate) fn with(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    dressed(status, kind, Said::Whole(Some(body.into())))
}

/// A file that its owner takes out: to be kept under its name, and never to be shown as a page.
pub(crate) fn taken_out(ticket: Ticket) -> Answer {
    let Ticket { name, bytes, from, .. } = ticket;
    let kind = "application/octet-stream";
    let mut answer = dressed(StatusCode::OK, kind, Said::Flow { left: bytes, from });
    let how = format!("attachment; filename*=UTF-8''{}", escaped(&name));
    if let Ok(how) = HeaderValue::from_str(&how) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, how);
    }
    answer
}

/// A name as a header has it (RFC 5987): everything but letters and digits by number.
fn escaped(name: &str) -> String {
    let mut all = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                all.push(char::from(byte));
            }
            other => all.push_str(&format!("%{other:02X}")),
        }
    }
    all
}

fn dressed(status: StatusCode, kind: &'static str, body: Said) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // Nothing of a conversation stays behind in the browser.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    answer
}

pub(crate) fn no(status: StatusCode) -> Answer {
    with(status, "text/plain; charset=utf-8", Bytes::new())
}

pub(crate) fn json(value: &Value) -> Answer {
    with(StatusCode::OK, "application/json", value.to_string())
}

pub(crate) fn refused(refusal: Refusal) -> Answer {
    let count = match refusal {
        Refusal::Wait(count) | Refusal::NoRoom(count) => count,
        _ => 0,
    };
    let status = match refusal {
        Refusal::Locked => StatusCode::LOCKED,
        Refusal::Disk | Refusal::Bug => StatusCode::INTERNAL_SERVER_ERROR,
        Refusal::Full | Refusal::NoRoom(_) => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let object = json!({ "refused": refusal.name(), "count": count });
    with(status, "application/json", object.to_string())
}
