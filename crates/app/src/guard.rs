//! Whom the app listens to. Other pages in the same browser, other programs on the same port range
//! and names that were rebound to this machine all meet these lines first.

use hyper::{
    Method,
    header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, ORIGIN},
};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// A request that gets no answer but "no".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Not the name of this start: a rebound name, another port, a guess.
    Host,
    /// A page of somebody else asks, or nobody says which.
    Origin,
    /// The browser says that somebody else's page caused this.
    Site,
    /// A frame of somebody else's page.
    Frame,
    /// A body that any form could send.
    ContentType,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// A page somebody goes to: empty until it has a token.
    Page,
    /// A part of the page.
    Part,
    /// A question in JSON.
    Call,
    /// Bytes: a picture to look for a code in, a piece of a file, a second of speech.
    Picture,
    /// A line: that over which changes are pushed, or that of a call.
    Live,
}

/// Judges a request by its headers alone.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn judge(
    door: Door,
    method: &Method,
    headers: &HeaderMap,
    host: &str,
) -> Result<(), Denied> {
    if one(headers, &HOST) != Some(host) {
        return Err(Denied::Host);
    }
    let ours = format!("http://{host}");
    let asks = !matches!(door, Door::Page | Door::Part) || *method != Method::GET;
    match (headers.contains_key(ORIGIN), one(headers, &ORIGIN)) {
        (true, Some(origin)) if origin == ours => {}
        (false, _) if !asks => {}
        _ => return Err(Denied::Origin),
    }
    match (door, one(headers, &FETCH_SITE)) {
        // Somebody followed a link or typed it. The page holds nothing until it has a token, and a
        // page elsewhere that opened it gets no handle on it.
        (Door::Page, _) => {}
        // A browser too old to say is still held to its origin.
        (_, None) if !headers.contains_key(FETCH_SITE) => {}
        (_, Some("same-origin")) => {}
        _ => return Err(Denied::Site),
    }
    let framed = matches!(one(headers, &FETCH_DEST), Some("iframe" | "frame" | "embed" | "object"));
    if door == Door::Page && framed && one(headers, &FETCH_SITE) != Some("same-origin") {
        return Err(Denied::Frame);
    }
    let wanted = match door {
        Door::Call => "application/json",
        Door::Picture => "application/octet-stream",
        _ => return Ok(()),
    };
    if one(headers, &CONTENT_TYPE) != Some(wanted) {
        return Err(Denied::ContentType);
    }
    Ok(())
}

/// The name of ours that is asked for; the first where it is none of them, which is refused then.
pub(crate) fn asked_for<'a>(headers: &HeaderMap, hosts: &'a [String; 2]) -> &'a String {
    let [name, plain] = hosts;
    if one(headers, &HOST) == Some(plain) { plain } else { name }
}

/// A header that stands there once and is text.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST_NAME: &str = "s0123456789abcdef.localhost:4321";

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        headers
    }

    fn call(lines: &[(&'static str, &str)]) -> Result<(), Denied> {
        judge(Door::Call, &Method::POST, &headers(lines), HOST_NAME)
    }

    #[test]
    fn a_question_of_the_page_itself_passes() {
        let origin = format!("http://{HOST_NAME}");
        let all = [
            ("host", HOST_NAME),
            ("origin", origin.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/json"),
        ];
        assert_eq!(call(&all), Ok(()));
        let with = |name: &'static str, value: &'static str| {
            let changed = all.map(|(its, old)| (its, if its == name { value } else { old }));
            call(&changed)
        };
        let without =
            |name| call(&all.into_iter().filter(|(its, _)| *its != name).collect::<Vec<_>>());
        for host in [
            "localhost:4321",
            "127.0.0.1:4321",
            "evil.example:4321",
            "s0123456789abcdef.localhost:4322",
            "s0123456789abcdef.localhost",
        ] {
            assert_eq!(with("host", host), Err(Denied::Host), "{host}");
        }
        for origin in [
            "null",
            "http://127.0.0.1:4321",
            "http://s0123456789abcdef.localhost:80",
            "https://s0123456789abcdef.localhost:4321",
        ] {
            assert_eq!(with("origin", origin), Err(Denied::Origin), "{origin}");
        }
        assert_eq!(without("origin"), Err(Denied::Origin));
        for site in ["cross-site", "same-site", "none", ""] {
            assert_eq!(with("sec-fetch-site", site), Err(Denied::Site), "{site}");
        }
        assert_eq!(without("sec-fetch-site"), Ok(()), "a browser too old to say");
        for kind in
            ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8"]
        {
            assert_eq!(with("content-type", kind), Err(Denied::ContentType), "{kind}");
        }
        let twice = [&all[..], &[("host", "evil.example")]].concat();
        assert_eq!(call(&twice), Err(Denied::Host), "a second host is no host");
    }

    #[test]
    fn a_page_is_gone_to_from_anywhere_and_framed_by_nobody_else() {
        let page = |lines: &[(&'static str, &str)]| {
            judge(Door::Page, &Method::GET, &headers(lines), HOST_NAME)
        };
        let (host, dest) = (("host", HOST_NAME), "sec-fetch-dest");
        assert_eq!(page(&[host]), Ok(()));
        assert_eq!(page(&[host, ("sec-fetch-site", "cross-site"), (dest, "document")]), Ok(()));
        for frame in ["iframe", "frame", "embed", "object"] {
            let framed = page(&[host, ("sec-fetch-site", "cross-site"), (dest, frame)]);
            assert_eq!(framed, Err(Denied::Frame));
        }
        let part = judge(
            Door::Part,
            &Method::GET,
            &headers(&[host, ("sec-fetch-site", "same-site")]),
            HOST_NAME,
        );
        assert_eq!(part, Err(Denied::Site), "another local port takes no part of it");
    }
}
