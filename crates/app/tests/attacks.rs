//! Each attack on a page that a machine serves to its owner, tried: other names, other ports, other
//! pages, other programs, and whoever found a link too late.
#![cfg(test)]

mod house;

use house::{House, OWN, in_a_house};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The same headers with one of them changed, or left out.
fn with<'a>(name: &str, line: Option<&'a str>) -> Vec<&'a str> {
    let others = OWN.into_iter().filter(|own| !own.starts_with(name));
    others.chain(line).collect()
}

#[test]
fn a_link_works_once_and_the_token_is_no_secret_of_a_session() {
    in_a_house(|house| async move {
        let token = house.token();
        let body = format!("{{\"token\":\"{token}\"}}");
        assert_eq!(house.asks("POST /session", &OWN, &body).await.status, 200);
        assert_eq!(house.asks("POST /session", &OWN, &body).await.status, 401, "a second use");
        assert_eq!(house.calls("/api/hello", &token, "{}").await.status, 401);
        for wrong in ["{}", "{\"token\":\"\"}", "{\"token\":null}", "{\"token\":[1]}"] {
            assert_eq!(house.asks("POST /session", &OWN, wrong).await.status, 401, "{wrong}");
        }
        assert_eq!(house.asks("POST /session", &OWN, "not json").await.status, 422);
    });
}

#[test]
fn a_name_that_was_rebound_to_this_machine_gets_nothing() {
    in_a_house(|house| async move {
        let secret = house.session().await;
        let bearer = format!("Authorization: Bearer {secret}");
        for name in
            ["evil.example", "127.0.0.1", "localhost", "[::1]", "s0000000000000000.localhost"]
        {
            let line = format!("Host: {name}:{}", house.port);
            for path in [
                "GET /",
                "GET /main.js",
                "GET /words/ko",
                "POST /session",
                "POST /api/hello",
                "GET /live",
                "GET /speak",
            ] {
                let mut headers = with("Host", Some(&line));
                headers.push(&bearer);
                let heard = house.asks(path, &headers, "{}").await;
                assert_eq!((heard.status, heard.body.as_str()), (403, ""), "{name} {path}");
            }
        }
        assert_eq!(house.asks("GET /", &with("Host", None), "").await.status, 403, "no host");
    });
}

#[test]
fn another_page_on_this_machine_cannot_ask_even_with_the_secret() {
    in_a_house(|house| async move {
        let secret = house.session().await;
        assert_eq!(house.calls("/api/hello", &secret, "{}").await.status, 200);
        let bearer = format!("Authorization: Bearer {secret}");
        let other = format!("Origin: http://127.0.0.1:{}", house.port);
        let changed = [
            with("Origin", Some(&other)),
            with("Origin", Some("Origin: null")),
            with("Origin", None),
            with("Sec-Fetch-Site", Some("Sec-Fetch-Site: same-site")),
            with("Sec-Fetch-Site", Some("Sec-Fetch-Site: cross-site")),
            with("Sec-Fetch-Site", Some("Sec-Fetch-Site: none")),
            with("Content-Type", Some("Content-Type: text/plain")),
            with("Content-Type", Some("Content-Type: application/x-www-form-urlencoded")),
            with("Content-Type", None),
        ];
        for mut headers in changed {
            headers.push(&bearer);
            let heard = house.asks("POST /api/hello", &headers, "{}").await;
            assert_eq!((heard.status, heard.body.as_str()), (403, ""), "{headers:?}");
        }
        for part in ["GET /main.js", "GET /words/ko", "GET /app.css"] {
            let headers = ["Host: HOST", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: script"];
            assert_eq!(house.asks(part, &headers, "").await.status, 403, "{part}");
        }
        let framed = ["Host: HOST", "Sec-Fetch-Site: same-site", "Sec-Fetch-Dest: iframe"];
        assert_eq!(house.asks("GET /", &framed, "").await.status, 403);
    });
}

#[test]
fn another_program_without_the_secret_hears_nothing_and_is_not_listened_to() {
    in_a_house(|house| async move {
        for name in ["hello", "list", "messages", "send", "lock", "unlock", "invite", "nothing"] {
            let path = format!("/api/{name}");
            for secret in ["", "0", &"0".repeat(64)] {
                let heard = house.calls(&path, secret, "{}").await;
                assert_eq!((heard.status, heard.body.as_str()), (401, ""), "{name}");
            }
        }
        assert_eq!(house.asks("POST /api/hello", &OWN, "{}").await.status, 401);
        let picture = with("Content-Type", Some("Content-Type: application/octet-stream"));
        assert_eq!(house.asks("POST /scan", &picture, "123456789").await.status, 401);
        // The body of a question without a pass is not waited for.
        let head = format!(
            "POST /api/send HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\n\
             Content-Type: application/json\r\nContent-Length: 900000000\r\n\r\n{{",
            house.host
        );
        let mut stream = TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 401");
    });
}

/// A request for a line, and what comes back on it.
async fn line(house: &House, path: &str, origin: &str) -> (TcpStream, String) {
    let host = &house.host;
    let mut stream = TcpStream::connect(("127.0.0.1", house.port)).await.unwrap();
    let ask = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (stream, String::from_utf8(head).unwrap())
}

/// A frame with a text, masked with zeros as a client's are.
fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    assert!(length < 126);
    [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
}

#[test]
fn the_line_is_for_the_page_itself_and_says_nothing_before_the_secret() {
    in_a_house(|house| async move {
        let secret = house.session().await;
        for path in ["/live", "/speak"] {
            for origin in ["null", "http://localhost:1", "http://evil.example"] {
                let (_, head) = line(&house, path, origin).await;
                assert!(head.starts_with("HTTP/1.1 403"), "{origin}: {head}");
            }
        }
        let own = format!("http://{}", house.host);
        let wrong = ["{}", "{\"secret\":\"\"}", "{\"secret\":\"0000\"}", "hello"];
        for (path, wrong) in wrong.into_iter().flat_map(|one| [("/live", one), ("/speak", one)]) {
            let (mut stream, head) = line(&house, path, &own).await;
            assert!(head.starts_with("HTTP/1.1 101"), "{head}");
            stream.write_all(&frame(wrong)).await.unwrap();
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
            assert_eq!(rest.first(), Some(&0x88), "only its end is said: {rest:?}");
            assert!(rest.len() <= 4, "{rest:?}");
        }
        // A call that nobody took has no sound, whoever asks.
        let (mut stream, _) = line(&house, "/speak", &own).await;
        let asked = format!("{{\"secret\":\"{secret}\"}}");
        stream.write_all(&frame(&asked)).await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(said.contains("\"refused\":\"bad-input\""), "{said}");
        let (mut stream, _) = line(&house, "/live", &own).await;
        stream.write_all(&frame(&format!("{{\"secret\":\"{secret}\"}}"))).await.unwrap();
        let mut said = [0; 15];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(&said[2..], b"{\"is\":\"open\"}");
        house.seat.close();
        let mut said = [0; 17];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(&said[2..], b"{\"is\":\"locked\"}");
    });
}

#[test]
fn the_microphone_is_for_the_page_and_for_nothing_else() {
    in_a_house(|house| async move {
        let devices = async |path: &str| {
            let heard = house.asks(&format!("GET {path}"), &["Host: HOST"], "").await;
            let found = heard.header("permissions-policy").unwrap_or_default().to_owned();
            found.contains("microphone=(self)")
        };
        assert!(devices("/").await);
        for path in ["/main.js", "/callworklet.js", "/words/ko", "/icon.svg", "/not-there"] {
            assert!(!devices(path).await, "{path}");
        }
    });
}

#[test]
fn nothing_is_kept_no_cookie_is_set_and_no_other_place_may_take_part() {
    in_a_house(|house| async move {
        let secret = house.session().await;
        let heard = [
            house.asks("GET /", &["Host: HOST"], "").await,
            house.asks("GET /main.js", &["Host: HOST"], "").await,
            house.asks("GET /words/zh-Hans", &["Host: HOST"], "").await,
            house.asks("GET /not-there", &["Host: HOST"], "").await,
            house.asks("GET /", &["Host: elsewhere"], "").await,
            house.asks("POST /session", &OWN, "{}").await,
            house.calls("/api/hello", &secret, "{}").await,
            house.calls("/api/list", &secret, "{\"from\":0,\"count\":9,\"filter\":\"\"}").await,
            house.calls("/api/nothing", &secret, "{}").await,
        ];
        for heard in &heard {
            assert_eq!(heard.header("cache-control"), Some("no-store"), "{heard:?}");
            assert_eq!(heard.header("set-cookie"), None);
            assert_eq!(heard.header("access-control-allow-origin"), None);
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-embedder-policy", "require-corp"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(heard.header(name), Some(value), "{heard:?}");
            }
            let policy = heard.header("content-security-policy").unwrap();
            let line = format!("connect-src 'self' ws://{}", house.host);
            for part in [
                "default-src 'none'",
                "script-src 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
                "form-action 'none'",
                "require-trusted-types-for 'script'",
                "trusted-types 'none'",
                line.as_str(),
            ] {
                assert!(policy.split("; ").any(|its| its == part), "{part}: {policy}");
            }
            assert!(!policy.contains("unsafe") && !policy.contains("https:"), "{policy}");
        }
    });
}

#[test]
fn a_locked_home_answers_nothing_but_that_it_is_locked() {
    in_a_house(|house| async move {
        let secret = house.session().await;
        house.seat.close();
        let calls = [
            "list",
            "messages",
            "send",
            "read",
            "delete",
            "memo",
            "search",
            "conversation",
            "contacts",
            "contact",
            "rename",
            "verify",
            "block",
            "invite",
            "join",
            "group-new",
            "setting",
            "sync",
            "tally",
            "alerts",
            "facts",
            "lock",
            "here",
            "pace",
            "edit",
            "react",
            "file-begin",
            "file-how",
            "file-look",
            "file-send",
            "file-forget",
            "file-move",
            "file-pause",
            "file-drop",
            "file-save",
            "file-below",
            "files",
            "speech-begin",
            "speech-send",
            "speech-throw",
            "speech-heard",
        ];
        for name in calls {
            let heard = house.calls(&format!("/api/{name}"), &secret, "{}").await;
            assert_eq!(heard.status, 423, "{name}");
            assert_eq!(heard.body, "{\"count\":0,\"refused\":\"locked\"}");
        }
        let hello = house.calls("/api/hello", &secret, "{}").await;
        assert_eq!(hello.body, "{\"locked\":true,\"unlocks\":true}");
        let unlock = house.calls("/api/unlock", &secret, "{\"passphrase\":\"x\"}").await;
        assert_eq!(unlock.body, "{\"count\":0,\"refused\":\"wrong-passphrase\"}");
    });
}

#[test]
fn rubbish_and_too_much_are_refused_and_the_server_goes_on() {
    in_a_house(|house| async move {
        let secret = house.session().await;
        let long = "x".repeat(300_000);
        let texts = format!("{{\"text\":\"{long}\"}}");
        assert_eq!(house.calls("/api/send", &secret, &texts).await.status, 413);
        for rubbish in ["", "[", "\u{0}", "{\"conversation\":\"../..\"}", "[[[[[[", "null", "\"x\""]
        {
            let heard = house.calls("/api/messages", &secret, rubbish).await;
            assert_eq!(heard.status, 422, "{rubbish:?} {heard:?}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(house.calls("/api/messages", &secret, &deep).await.status, 422);
        for path in [
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "/words/../../x",
            "/words/",
            "//",
            "/try",
            "/try.js",
        ] {
            let heard = house.asks(&format!("GET {path}"), &["Host: HOST"], "").await;
            assert_eq!(heard.status, 404, "{path}");
        }
        for method in ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "HEAD"] {
            let heard = house.asks(&format!("{method} /api/hello"), &OWN, "").await;
            assert!(matches!(heard.status, 401 | 403 | 405), "{method}: {heard:?}");
        }
        for bytes in [&b"\x16\x03\x01\x02\x00"[..], b"GET / HTTP/9\r\n\r\n", b"\r\n\r\n\r\n"] {
            let _ = house.says(&[bytes, b"\r\n\r\n"].concat()).await;
        }
        let many = format!("GET / HTTP/1.1\r\nHost: {}\r\nX: {long}\r\n\r\n", house.host);
        assert_ne!(house.says(many.as_bytes()).await.status, 200);
        assert_eq!(house.calls("/api/hello", &secret, "{}").await.status, 200);
    });
}

#[test]
fn the_plain_address_opens_the_page_and_is_an_origin_of_its_own() {
    in_a_house(|house| async move {
        let link = house.seat.link().unwrap();
        let (page, token) = link.plain.split_once("#t=").unwrap();
        let host = page.strip_prefix("http://").unwrap().trim_end_matches('/');
        let address = host.split(':').next().unwrap();
        let at = (address.parse::<std::net::Ipv4Addr>().unwrap(), house.port);
        assert!(at.0.is_loopback() && link.url.ends_with(token), "one link, two names: {link:?}");
        assert_ne!(at.0, std::net::Ipv4Addr::LOCALHOST, "all of 127.0.0.0/8 is this machine here");
        let says = async |host: &str, origin: &str, body: &str| {
            let mut stream = TcpStream::connect(at).await.unwrap();
            let request = format!(
                "POST /session HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{origin}\r\n\
                 Content-Type: application/json\r\nSec-Fetch-Site: same-origin\r\n\
                 Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut heard = String::new();
            stream.read_to_string(&mut heard).await.unwrap();
            heard
        };
        let body = format!("{{\"token\":\"{token}\"}}");
        // A page of one name is not a page of the other, and other addresses are nobody's.
        for (asked, from) in [
            (host, house.host.as_str()),
            (house.host.as_str(), host),
            (host, &format!("127.0.0.1:{}", house.port)),
            (&format!("127.0.0.1:{}", house.port), host),
        ] {
            assert!(says(asked, from, &body).await.starts_with("HTTP/1.1 403"), "{asked} {from}");
        }
        let heard = says(host, host, &body).await;
        assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
        assert!(heard.contains(&format!("ws://{host};")), "its policy names it: {heard}");
        assert_eq!(
            house.asks("POST /session", &OWN, &body).await.status,
            401,
            "used, whatever name"
        );
    });
}

#[test]
fn a_page_cannot_name_a_place_on_the_disk() {
    in_a_house(|house| async move {
        let secret = house.session().await;
        for name in ["path-begin", "path-save"] {
            let asked = "{\"conversation\":\"0000000000000000\",\"path\":\"/etc/passwd\"}";
            let heard = house.calls(&format!("/api/{name}"), &secret, asked).await;
            assert_eq!(heard.body, "{\"count\":0,\"refused\":\"bad-input\"}", "{name}");
        }
    });
}

/// A file that is about to come, as the page says so.
async fn begun(house: &House, secret: &str, bytes: u64) -> String {
    let asked =
        format!("{{\"conversation\":\"{}\",\"name\":\"a.txt\",\"bytes\":{bytes}}}", "00".repeat(8));
    let heard = house.calls("/api/file-begin", secret, &asked).await;
    assert_eq!(heard.status, 200, "{heard:?}");
    heard.body.split('"').nth(3).unwrap().to_owned()
}

#[test]
fn bytes_of_a_file_are_taken_in_their_order_and_never_more_than_were_announced() {
    in_a_house(|house| async move {
        let secret = house.session().await;
        let parcel = begun(&house, &secret, 10).await;
        let at = |at: &str| format!("/in/{parcel}/{at}");
        let wrong = house.hands(&at("4"), &secret, "xxxx").await;
        assert_eq!(wrong.status, 422, "not the next ones: {wrong:?}");
        assert_eq!(house.hands(&at("0"), &secret, "0123").await.body, "{\"taken\":4}");
        assert_eq!(house.hands(&at("0"), &secret, "0123").await.body, "{\"taken\":4}", "again");
        assert_eq!(house.hands(&at("4"), &secret, "4567890").await.status, 422, "too many");
        let asked = format!("{{\"parcel\":\"{parcel}\"}}");
        let early = house.calls("/api/file-look", &secret, &asked).await;
        assert_eq!(early.status, 422, "not all of it is there");
        for path in
            ["/in/", "/in/x", "/in/x/0/0", "/in/x/-1", "/speak/x", "/in/x/99999999999999999999"]
        {
            let heard = house.hands(path, &secret, "x").await;
            assert_eq!(heard.status, 404, "{path} {heard:?}");
        }
        assert_eq!(house.hands(&at("18446744073709551615"), &secret, "xx").await.status, 422);
        assert_eq!(house.hands("/in/00/0", &secret, "x").await.status, 422, "nobody's");
        assert_eq!(house.hands("/speak/00/0", &secret, "xx").await.status, 422);
        assert_eq!(house.hands(&at("4"), &secret, &"x".repeat(1_100_000)).await.status, 413);
        assert_eq!(house.hands(&at("4"), "0", "4567").await.status, 401, "without the secret");
        let huge = "{\"conversation\":\"0000000000000000\",\"bytes\":2147483649}";
        assert_eq!(house.calls("/api/file-begin", &secret, huge).await.status, 422);
        // What was under way goes with the home.
        house.seat.close();
        assert_eq!(house.hands(&at("4"), &secret, "4567").await.status, 422);
    });
}

#[test]
fn only_so_many_files_are_under_way_and_a_guessed_link_takes_none_out() {
    in_a_house(|house| async move {
        let secret = house.session().await;
        for _ in 0..16 {
            begun(&house, &secret, 1).await;
        }
        let asked = format!("{{\"conversation\":\"{}\",\"bytes\":1}}", "00".repeat(8));
        let heard = house.calls("/api/file-begin", &secret, &asked).await;
        assert_eq!(heard.body, "{\"count\":0,\"refused\":\"busy\"}");
        for guess in ["/out/", "/out/00", "/out/../api/hello", &format!("/out/{}", "0".repeat(32))]
        {
            let heard = house.asks(&format!("GET {guess}"), &["Host: HOST"], "").await;
            assert_eq!((heard.status, heard.body.as_str()), (404, ""), "{guess}");
        }
        let hear = format!("{{\"conversation\":\"{}\"}}", "00".repeat(8));
        assert_eq!(house.calls("/hear", "0", &hear).await.status, 401);
        let heard = house.calls("/hear", &secret, &hear).await;
        assert_eq!(heard.body, "{\"count\":0,\"refused\":\"no-note\"}");
        let see = hear.replace('}', ",\"id\":\"0000000000000000\"}");
        assert_eq!(house.calls("/see", "0", &see).await.status, 401);
        let seen = house.calls("/see", &secret, &see).await;
        assert_eq!(seen.body, "{\"count\":0,\"refused\":\"unknown\"}");
    });
}
