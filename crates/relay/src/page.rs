//! What a stranger's browser gets: what any new web server would say.

/// Whether these first bytes are a web request.
pub(crate) fn is_web_request(bytes: &[u8]) -> bool {
    [b"GET ".as_slice(), b"HEAD", b"POST", b"PUT ", b"OPTI", b"DELE", b"PATC", b"CONN", b"TRAC"]
        .iter()
        .any(|verb| bytes.starts_with(verb))
}

/// The answer to a web request inside TLS.
pub(crate) const PAGE: &[u8] = b"HTTP/1.1 404 Not Found\r\n\
Content-Type: text/html\r\nContent-Length: 91\r\nConnection: close\r\n\r\n\
<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>\r\n";

/// The answer to a web request outside TLS.
pub(crate) const PLAIN_PAGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
Content-Type: text/html\r\nContent-Length: 95\r\nConnection: close\r\n\r\n\
<html><head><title>400 Bad Request</title></head><body><h1>400 Bad Request</h1></body></html>\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_are_as_long_as_they_say() {
        for page in [PAGE, PLAIN_PAGE] {
            let text = std::str::from_utf8(page).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(
                head.contains(&format!("Content-Length: {}\r\n", body.len())),
                "{}",
                body.len()
            );
        }
    }
}
