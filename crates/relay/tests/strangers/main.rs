//! Those who come to a relay and are no clients: browsers, scanners, censors.
#![cfg(test)]

mod certificates;
mod probing;
mod reference;

use probing::{Groups, Heard, end_early, handshake, raw, say};
use reference::Reference;
use sogon_relay::{Config, Probe, Relay};
use sogon_wire::{Frame, LogName, Reply, Request};

const PAGE: &str = "<!doctype html><title>Haru's bicycles</title><p>Open on Saturdays.</p>";

/// A relay that shows a page, and a web server that shows the same and is nothing else.
async fn both() -> (sogon_relay::Running, Reference) {
    let config = Config { page: Some(PAGE.to_owned()), ..Config::memory() };
    (Relay::start(config).await.unwrap(), Reference::start(PAGE).await)
}

fn requests() -> Vec<Vec<u8>> {
    let long = |head: &str, bytes: usize, tail: &str| {
        [head.as_bytes(), &vec![b'a'; bytes], tail.as_bytes()].concat()
    };
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let mut all: Vec<Vec<u8>> =
        ["/", "/index.html", "/?a=b", "/favicon.ico", "/wp-login.php", "/../etc"]
            .iter()
            .map(|path| get(path).into_bytes())
            .collect();
    let texts = [
        "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /no HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "DELETE /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "CONNECT a:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET http://other/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\n: nothing\r\n\r\n",
        "get / http/1.1\r\n\r\n",
        "GET /\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "EHLO example\r\n",
        "\0\0\0\0\0\0",
        "\u{1}\0\0\u{7f}",
        "\u{5}\0\0\0\0\u{1}",
        "\u{16}\u{3}\u{1}\0\u{5}hello",
    ];
    all.extend(texts.map(|text| text.as_bytes().to_vec()));
    all.push(vec![0x82; 4_000]);
    all.push(vec![0xff; 300]);
    all.push(long("GET /", 100_000, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    all.push(long("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-A: ", 20_000, "\r\n\r\n"));
    all.push(long("GET / HTTP/1.1\r\nHost: x\r\nX-A: ", 600_000, "\r\n\r\n"));
    all
}

#[tokio::test]
async fn a_stranger_hears_from_a_relay_what_a_web_server_says() {
    let (relay, reference) = both().await;
    let port = relay.addr().port();
    for (number, request) in requests().iter().enumerate() {
        for groups in [Groups::Hybrid, Groups::Classical] {
            let ours = say(port, groups, request).await;
            let theirs = say(reference.port, groups, request).await;
            assert_eq!(ours, theirs, "{number}: {:?}", String::from_utf8_lossy(request).get(..60));
        }
    }
    let page = say(port, Groups::Hybrid, &requests()[0]).await;
    assert!(page.text.starts_with("HTTP/1.1 200 OK\r\n") && page.text.ends_with(PAGE), "{page:?}");
    let nothing = say(port, Groups::Hybrid, &requests()[4]).await;
    assert!(nothing.text.starts_with("HTTP/1.1 404 Not Found\r\n"), "{nothing:?}");
    relay.stop().await;
}

#[tokio::test]
async fn whoever_speaks_no_tls_or_another_one_hears_what_any_server_says() {
    let (relay, reference) = both().await;
    let port = relay.addr().port();
    let mut silent = 0;
    for bytes in [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\x00\x00\x00\x00\x00\x00\x00",
        b"\x16\x03\x01\x00\x05hello",
        b"\x16\x03\x01\xff\xff\x01\x00",
        b"\x17\x03\x03\x00\x05hello",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10",
        b"",
    ] {
        let (ours, theirs) = (raw(port, bytes).await, raw(reference.port, bytes).await);
        assert_eq!(ours, theirs, "{bytes:?}");
        silent += usize::from(ours.is_empty());
    }
    assert!(silent < 5, "an alert, where there is one to be sent");
    for protocols in [&[b"h2".as_slice()][..], &[b"acme-tls/1"], &[b"h2", b"http/1.1"], &[]] {
        let ours = handshake(port, protocols).await;
        assert_eq!(ours, handshake(reference.port, protocols).await, "{protocols:?}");
    }
    assert_eq!(handshake(port, &[b"h2", b"http/1.1"]).await.unwrap(), Some(b"http/1.1".to_vec()));
    relay.stop().await;
}

#[tokio::test]
async fn who_ends_without_a_word_or_in_the_middle_of_one_is_let_go_like_anybody() {
    let (relay, reference) = both().await;
    for first in [b"".as_slice(), b"GE", b"GET / HTTP/1.1\r\nHost", b"\x01", b"\x01\x00\x00\x00"] {
        let ours = end_early(relay.addr().port(), first).await;
        assert_eq!(ours, end_early(reference.port, first).await, "{first:?}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn who_speaks_as_a_client_without_post_quantum_keys_is_a_stranger() {
    let (relay, reference) = both().await;
    let log = LogName([1; 16]);
    for request in [Request::About, Request::Read { log, after: 0, bytes_max: 1 }] {
        let frame = request.encode(1);
        let ours = say(relay.addr().port(), Groups::Classical, &frame).await;
        assert_eq!(ours, say(reference.port, Groups::Classical, &frame).await);
        assert!(ours.text.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{ours:?}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_client_is_served_beside_strangers_however_its_first_bytes_are_cut() {
    let (relay, _) = both().await;
    for cut in 1..6 {
        let mut probe = Probe::connect(&relay.addr()).await.unwrap();
        let frame = Request::Read { log: LogName([1; 16]), after: 0, bytes_max: 1_000 }.encode(7);
        let (one, two) = frame.split_at(cut);
        probe.send(one).await.unwrap();
        tokio::task::yield_now().await;
        probe.send(two).await.unwrap();
        let (tag, reply) = probe.next().await.unwrap();
        assert!(tag == 7 && matches!(reply, Reply::Entries { .. }), "{reply:?}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_without_a_page_has_nothing_to_show() {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let Heard { text, .. } = say(relay.addr().port(), Groups::Hybrid, &requests()[0]).await;
    assert_eq!(
        text,
        "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\ndate: now\r\n\r\n"
    );
    relay.stop().await;
}
