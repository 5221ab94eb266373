#![cfg(test)]
//! The program `sogon-relay`, as a process of its own.

mod people;

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use people::{Client, Writer, boxed};
use sogon_wire::{ENTRIES_BYTES_MAX, RelayAddr, Reply, Request};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sogon-relay"))
}

/// A relay process; killed when the test is over, however it ends.
struct Process {
    child: Child,
    addr: RelayAddr,
}

impl Process {
    fn serve(store: &Path, more: &[&str]) -> Self {
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--store"])
            .arg(format!("embedded:{}", store.display()))
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let addr = line.trim_end().strip_prefix("relay ready ").expect("the one line").parse();
        Self { child, addr: addr.unwrap() }
    }

    /// Sends SIGTERM and gives the exit code and everything it wrote to standard error.
    fn terminate(mut self) -> (Option<i32>, String) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let mut lines = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut lines).unwrap();
        (self.child.wait().unwrap().code(), lines)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn killed_in_the_middle_it_keeps_every_box_it_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = vec![0u64; 8];
    for round in 0..3u32 {
        let mut relay = Process::serve(directory.path(), &[]);
        let mut clients = Vec::new();
        for seed in 0..8u8 {
            let (writer, mut client) = (Writer::new(seed), Client::connect(&relay.addr).await);
            clients.push(tokio::spawn(async move {
                let mut last = 0;
                for number in 0.. {
                    let append = writer.append(&boxed(round * 1_000_000 + number, 512));
                    if client.send(&sogon_wire::Frame::encode(&append, 1)).await.is_err() {
                        break;
                    }
                    match client.next().await {
                        Ok((_, Reply::Appended { seq })) => last = seq,
                        Ok(other) => panic!("{other:?}"),
                        Err(_) => break,
                    }
                }
                last
            }));
        }
        let mut other = Client::connect(&relay.addr).await;
        // In the middle: after some hundred boxes of others are durable.
        let wanted = acknowledged[0] + 100;
        other.ask(9, &Request::Watch { log: Writer::new(0).log(), after: acknowledged[0] }).await;
        let middle = async {
            while let Ok((9, Reply::Entries { head, .. })) = other.next().await {
                if head >= wanted {
                    return;
                }
            }
            panic!("it ended before its time");
        };
        people::soon(middle).await;
        relay.child.kill().unwrap();
        for (seed, client) in clients.into_iter().enumerate() {
            acknowledged[seed] = client.await.unwrap();
        }
        let _ = relay.child.wait();

        let relay = Process::serve(directory.path(), &[]);
        let mut client = Client::connect(&relay.addr).await;
        for (seed, last) in (0..8u8).zip(&acknowledged) {
            let log = Writer::new(seed).log();
            let kept = client.numbers(log, 0).await.len();
            let read = Request::Read { log, after: 0, bytes_max: ENTRIES_BYTES_MAX };
            let Reply::Entries { from, head, .. } = client.answer(&read).await else { panic!() };
            assert_eq!((from, head), (1, u64::try_from(kept).unwrap()), "contiguous from 1");
            assert!(head >= *last, "acknowledged {last}, kept {head}");
        }
        let (code, lines) = relay.terminate();
        assert_eq!(code, Some(0), "{lines}");
    }
}

#[tokio::test]
async fn it_says_nothing_of_whom_it_serves_and_ends_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Process::serve(directory.path(), &["--keep", "1d", "--quota", "1GiB"]);
    let writer = Writer::new(1);
    let marked = sogon_wire::SealedBox::parse(&[b'Z'; sogon_wire::STEPS[0]]).unwrap();
    let mut client = Client::connect(&relay.addr).await;
    client.append(&writer, &marked).await;
    client.ask(5, &Request::Watch { log: writer.log(), after: 0 }).await;
    assert!(matches!(client.next().await, Ok((5, Reply::Entries { .. }))));
    client.ask(6, &writer.append(&boxed(2, 320))).await;
    // The push to the watcher and the answer to the writer come in either order.
    let mut tags = [client.next().await.unwrap().0, client.next().await.unwrap().0];
    tags.sort_unstable();
    assert_eq!(tags, [5, 6]);
    let Reply::About(about) = client.answer(&Request::About).await else { panic!() };
    assert_eq!(about.keep_s, 86_400);

    let stats = run(&["stats", "--json", "--store", &store(directory.path())]);
    let stats: serde_json::Value = serde_json::from_slice(&stats.stdout).unwrap();
    let smallest = u64::try_from(sogon_wire::STEPS[0]).unwrap();
    let figure = |name: &str| stats[name].as_u64().unwrap();
    assert_eq!((figure("boxes"), figure("logs"), figure("bytes")), (2, 1, 2 * smallest));
    assert_eq!((figure("appends"), figure("refused"), figure("connections")), (2, 0, 1));

    let (code, lines) = relay.terminate();
    assert_eq!(code, Some(0));
    assert!(lines.contains("stopped"));
    let log_name = format!("{:?}", writer.log()).replace("log ", "");
    for secret in ["127.0.0.1", "ZZZZ", &log_name, "log "] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
}

fn store(path: &Path) -> String {
    format!("embedded:{}", path.display())
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

#[tokio::test]
async fn check_tells_a_relay_from_what_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Process::serve(directory.path(), &[]);
    let addr = relay.addr.to_string();
    let good = run(&["check", &addr, "--json"]);
    assert_eq!(good.status.code(), Some(0));
    let about: serde_json::Value = serde_json::from_slice(&good.stdout).unwrap();
    assert_eq!((&about["ok"], &about["version"]), (&true.into(), &1.into()));

    let wrong = RelayAddr::new("127.0.0.1", relay.addr.port(), sogon_wire::Fingerprint([3; 32]));
    let wrong = run(&["check", &wrong.unwrap().to_string()]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("another key"));

    let _ = relay.terminate();
    let gone = run(&["check", &addr]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("nobody answers"));
}

#[tokio::test]
async fn what_cannot_start_says_why_in_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let place = store(directory.path());
    let first = Process::serve(&directory.path().join("open"), &[]);
    let open = store(&directory.path().join("open"));
    fs::write(directory.path().join("file"), b"x").unwrap();
    let file = store(&directory.path().join("file").join("below"));
    let any = "127.0.0.1:0";
    for (listen, place, why) in [
        (port.as_str(), place.as_str(), "port is in use"),
        (any, open.as_str(), "open in another process"),
        (any, "nats://127.0.0.1:4222", "not in this version"),
        (any, file.as_str(), "error: "),
    ] {
        let output = run(&["serve", "--listen", listen, "--store", place]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{why}: {said}");
        assert!(said.contains(why), "{why}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        assert!(output.stdout.is_empty());
    }
    let _ = first.terminate();
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in [
        [].as_slice(),
        &["serve"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--listen", "127.0.0.1:0", "--keep", "soon"],
        &["serve", "--listen", "127.0.0.1:0", "--store", "floppy:a"],
        &["check", "relay.example"],
        &["dance"],
    ] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    for arguments in [["--help"].as_slice(), &["man"], &["completions", "bash"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("serve"));
    }
}

#[tokio::test]
async fn metrics_are_served_where_asked() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let directory = tempfile::tempdir().unwrap();
    let metrics = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let relay = Process::serve(directory.path(), &["--metrics", &metrics.to_string()]);
    Client::connect(&relay.addr).await.append(&Writer::new(1), &boxed(1, 320)).await;
    let mut socket = tokio::net::TcpStream::connect(metrics).await.unwrap();
    socket.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").await.unwrap();
    let mut page = String::new();
    people::soon(socket.read_to_string(&mut page)).await.unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(page.contains("\nsogon_relay_appends_total 1\n"), "{page}");
    let _ = relay.terminate();
}
