//! Answers, with the headers that every one of them has.

use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::{Value, json};

use crate::home::Refusal;

pub(crate) type Answer = Response<Full<Bytes>>;

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
    let mut answer = Response::new(Full::new(body.into()));
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
    let minutes = match refusal {
        Refusal::Wait(minutes) => minutes,
        _ => 0,
    };
    let status = match refusal {
        Refusal::Locked => StatusCode::LOCKED,
        Refusal::Disk | Refusal::Bug => StatusCode::INTERNAL_SERVER_ERROR,
        Refusal::Full => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let object = json!({ "refused": refusal.name(), "count": minutes });
    with(status, "application/json", object.to_string())
}
