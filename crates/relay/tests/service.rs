#![cfg(test)]
//! What a relay promises its clients, over TLS.

mod people;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use people::{Client, Writer, boxed, number, soon};
use sogon_relay::{Config, DAY_S, Limits, Probe, ProbeFault, Relay};
use sogon_wire::{Fingerprint, Frame, LogName, Refusal, RelayAddr, Reply, Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn what_one_appends_another_reads_and_a_third_is_told() {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let (writer, addr) = (Writer::new(1), relay.addr());
    let mut alice = Client::connect(&addr).await;
    let mut carol = Client::connect(&addr).await;
    let watch = Request::Watch { log: writer.log(), after: 0 };
    let empty = Reply::Entries { log: writer.log(), from: 1, head: 0, boxes: vec![] };
    assert_eq!(carol.answer(&watch).await, empty);

    for place in 1..=3 {
        assert_eq!(alice.append(&writer, &boxed(place, 320)).await, u64::from(place));
        let (tag, told) = carol.next().await.unwrap();
        let Reply::Entries { from, head, boxes, .. } = told else { panic!("{told:?}") };
        assert_eq!((tag, from, head), (7, u64::from(place), u64::from(place)));
        assert_eq!(boxes.iter().map(number).collect::<Vec<_>>(), [place]);
    }
    let mut bob = Client::connect(&addr).await;
    assert_eq!(bob.numbers(writer.log(), 0).await, [1, 2, 3]);
    assert_eq!(bob.numbers(writer.log(), 2).await, [3]);

    carol.ask(9, &Request::Unwatch { log: writer.log() }).await;
    assert!(matches!(carol.answer(&Request::About).await, Reply::About(_)));
    alice.append(&writer, &boxed(4, 320)).await;
    let about = carol.answer(&Request::About).await;
    assert!(matches!(about, Reply::About(_)), "told of a log no longer watched: {about:?}");
    drop((alice, carol, bob));
    relay.stop().await;
}

#[tokio::test]
async fn a_watch_tells_everything_there_was_before_what_comes() {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let writer = Writer::new(1);
    let mut alice = Client::connect(&relay.addr()).await;
    for place in 0..12 {
        alice.append(&writer, &boxed(place, 16_384)).await;
    }
    let mut bob = Client::connect(&relay.addr()).await;
    bob.ask(3, &Request::Watch { log: writer.log(), after: 1 }).await;
    let mut numbers = Vec::new();
    let mut pieces = 0;
    while numbers.len() < 12 {
        let (tag, Reply::Entries { from, boxes, .. }) = bob.next().await.unwrap() else { panic!() };
        assert_eq!((tag, from), (3, u64::try_from(numbers.len()).unwrap() + 2));
        numbers.extend(boxes.iter().map(number));
        pieces += 1;
        if numbers.len() == 11 {
            alice.append(&writer, &boxed(12, 16_384)).await;
        }
    }
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
    assert!(pieces > 3, "in pieces, so that other logs have their turn");
    drop((alice, bob));
    relay.stop().await;
}

#[tokio::test]
async fn a_retry_of_the_same_bytes_is_stored_once() {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let writer = Writer::new(1);
    let mut alice = Client::connect(&relay.addr()).await;
    let first = alice.append(&writer, &boxed(1, 512)).await;
    let mut again = Client::connect(&relay.addr()).await;
    assert_eq!(again.append(&writer, &boxed(1, 512)).await, first);
    assert_eq!(again.numbers(writer.log(), 0).await, [1]);
    drop((alice, again));
    relay.stop().await;
}

#[tokio::test]
async fn only_the_holder_of_the_write_key_appends() {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let (alice, eve) = (Writer::new(1), Writer::new(2));
    let mut client = Client::connect(&relay.addr()).await;
    let (Request::Append(forged), Request::Append(own)) =
        (eve.append(&boxed(1, 320)), alice.append(&boxed(2, 320)))
    else {
        panic!()
    };
    let refused = Reply::Refused { why: Refusal::Signature, wait_s: 0 };
    let mut stolen = forged.clone();
    stolen.key = own.key;
    assert_eq!(client.answer(&Request::Append(stolen)).await, refused);
    let mut moved = own.clone();
    moved.boxed = forged.boxed;
    assert_eq!(client.answer(&Request::Append(moved)).await, refused);
    assert_eq!(client.numbers(alice.log(), 0).await, [0; 0]);
    drop(client);
    relay.stop().await;
}

#[tokio::test]
async fn many_questions_in_one_flight_are_all_answered() {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let writer = Writer::new(1);
    let mut client = Client::connect(&relay.addr()).await;
    let flight: Vec<u8> =
        (0..1_000).flat_map(|tag| writer.append(&boxed(tag.into(), 320)).encode(tag)).collect();
    client.send(&flight).await.unwrap();
    let mut answered = vec![false; 1_000];
    for _ in 0..1_000 {
        let (tag, reply) = client.next().await.unwrap();
        assert_eq!(reply, Reply::Appended { seq: u64::from(tag) + 1 });
        assert!(!std::mem::replace(&mut answered[usize::from(tag)], true));
    }
    drop(client);
    relay.stop().await;
}

#[tokio::test]
async fn boxes_expire_by_the_relays_own_clock() {
    let now = Arc::new(AtomicU64::new(100 * DAY_S));
    let clock = Arc::clone(&now);
    let config =
        Config { clock: Arc::new(move || clock.load(Ordering::SeqCst)), ..Config::memory() };
    let relay = Relay::start(config).await.unwrap();
    let writer = Writer::new(1);
    let mut client = Client::connect(&relay.addr()).await;
    client.append(&writer, &boxed(1, 320)).await;
    now.fetch_add(20 * DAY_S, Ordering::SeqCst);
    client.append(&writer, &boxed(2, 320)).await;
    now.fetch_add(11 * DAY_S, Ordering::SeqCst);
    assert_eq!(relay.expire().await.unwrap().boxes, 1);
    let read = Request::Read { log: writer.log(), after: 0, bytes_max: 9_999 };
    let Reply::Entries { from, head, boxes, .. } = client.answer(&read).await else { panic!() };
    assert_eq!((from, head, boxes.len()), (2, 2, 1));
    drop(client);
    relay.stop().await;
}

#[tokio::test]
async fn a_restart_keeps_the_key_and_the_logs() {
    let directory = tempfile::tempdir().unwrap();
    let writer = Writer::new(1);
    let mut fingerprint = None;
    for round in 0..3 {
        let relay = Relay::start(Config::directory(directory.path())).await.unwrap();
        let known = *fingerprint.get_or_insert(relay.addr().fingerprint());
        assert_eq!(relay.addr().fingerprint(), known);
        let mut client = Client::connect(&relay.addr()).await;
        assert_eq!(client.numbers(writer.log(), 0).await, (0..round).collect::<Vec<_>>());
        client.append(&writer, &boxed(round, 320)).await;
        relay.stop().await;
        assert_eq!(client.next().await, Err(ProbeFault::HungUp));
    }
    use std::os::unix::fs::PermissionsExt;
    for file in ["relay.key", "sessions"] {
        let mode = directory.path().join(file).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn another_key_than_the_addresss_is_noticed() {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let addr = relay.addr();
    let wrong = RelayAddr::new(addr.host(), addr.port(), Fingerprint([1; 32])).unwrap();
    assert_eq!(soon(Probe::connect(&wrong)).await.unwrap_err(), ProbeFault::WrongKey);
    relay.stop().await;
}

#[tokio::test]
async fn who_asks_too_much_is_told_to_wait() {
    let limits = Limits { requests_per_s: 1, watches_max: 2, ..Limits::default() };
    let relay = Relay::start(Config { limits, ..Config::memory() }).await.unwrap();
    let mut client = Client::connect(&relay.addr()).await;
    for number in 0..3u8 {
        let watch = Request::Watch { log: LogName([number; 16]), after: 0 };
        let told = client.answer(&watch).await;
        let refused = matches!(told, Reply::Refused { why: Refusal::Busy, wait_s: 1.. });
        assert_eq!(refused, number == 2, "{told:?}");
    }
    let mut refused = 0;
    for _ in 0..40 {
        if let Reply::Refused { why, wait_s } = client.answer(&Request::About).await {
            assert_eq!(why, Refusal::Busy);
            assert!((1..=2).contains(&wait_s));
            refused += 1;
        }
    }
    assert!(refused > 10, "{refused}");
    drop(client);
    relay.stop().await;
}

#[tokio::test]
async fn a_full_log_says_so_and_others_go_on() {
    let mut config = Config::memory();
    config.keep.log_boxes_max = 2;
    let relay = Relay::start(config).await.unwrap();
    let (full, other) = (Writer::new(1), Writer::new(2));
    let mut client = Client::connect(&relay.addr()).await;
    client.append(&full, &boxed(1, 320)).await;
    client.append(&full, &boxed(2, 320)).await;
    let third = client.answer(&full.append(&boxed(3, 320))).await;
    assert!(matches!(third, Reply::Refused { why: Refusal::Full, wait_s: 1.. }), "{third:?}");
    assert_eq!(client.append(&other, &boxed(1, 320)).await, 1);
    drop(client);
    relay.stop().await;
}

#[tokio::test]
async fn more_connections_than_allowed_are_turned_away_until_one_leaves() {
    let limits = Limits { connections_max: 2, ..Limits::default() };
    let relay = Relay::start(Config { limits, ..Config::memory() }).await.unwrap();
    let (first, _second) =
        (Client::connect(&relay.addr()).await, Client::connect(&relay.addr()).await);
    assert_eq!(soon(Probe::connect(&relay.addr())).await.unwrap_err(), ProbeFault::HungUp);
    drop(first);
    let again = async {
        while Probe::connect(&relay.addr()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    soon(again).await;
    relay.stop().await;
}

#[tokio::test]
async fn who_takes_nothing_is_dropped_and_costs_no_memory_meanwhile() {
    let limits = Limits { stall_max: Duration::from_millis(300), ..Limits::default() };
    let relay = Relay::start(Config { limits, ..Config::memory() }).await.unwrap();
    let writer = Writer::new(1);
    let mut alice = Client::connect(&relay.addr()).await;
    for number in 0..40 {
        alice.append(&writer, &boxed(number, 65_536)).await;
    }
    let mut slow = Client::connect(&relay.addr()).await;
    let bytes_max = sogon_wire::ENTRIES_BYTES_MAX;
    let read = Request::Read { log: writer.log(), after: 0, bytes_max };
    let asked = async {
        while slow.send(&read.encode(1)).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    soon(asked).await;
    assert_eq!(alice.append(&writer, &boxed(40, 65_536)).await, 41, "the others go on");
    drop((alice, slow));
    relay.stop().await;
}

#[tokio::test]
async fn a_strangers_bytes_neither_crash_nor_hang_it() {
    let limits = Limits { handshake_max: Duration::from_millis(300), ..Limits::default() };
    let relay = Relay::start(Config { limits, ..Config::memory() }).await.unwrap();
    let addr = relay.addr();
    let endless = vec![0x16; 300_000];
    let strange: [&[u8]; 9] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00",
        b"\x16\x03\x01\x00\x05hello",
        b"\x16\x03\x01\xff\xff",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x16",
        &endless,
        b"",
    ];
    for bytes in strange {
        let mut socket = TcpStream::connect((addr.host(), addr.port())).await.unwrap();
        let _ = socket.write_all(bytes).await;
        let _ = soon(socket.read_to_end(&mut Vec::new())).await;
    }
    let hostile: [&[u8]; 4] = [
        b"\x00\x00\x00\x00\x00\x00",
        b"\x01\x00\x00\xff\xff\xff",
        b"\x01\x00\x00\x00\x00\x02ab",
        &[0x82; 4_000],
    ];
    for bytes in hostile {
        let mut client = Client::connect(&addr).await;
        client.send(bytes).await.unwrap();
        assert_eq!(client.next().await, Err(ProbeFault::NotARelay), "as a web server objects");
        // Whoever has spoken as a client before is no stranger any more, and is cut off.
        let mut client = Client::connect(&addr).await;
        client.ask(1, &Request::About).await;
        assert!(client.next().await.is_ok());
        client.send(bytes).await.unwrap();
        assert_eq!(client.next().await, Err(ProbeFault::HungUp));
    }
    let mut browser = Client::connect(&addr).await;
    browser.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(browser.next().await, Err(ProbeFault::NotARelay), "a page, not a frame");

    let mut alice = Client::connect(&addr).await;
    assert_eq!(alice.append(&Writer::new(1), &boxed(1, 320)).await, 1, "it still serves");
    drop((browser, alice));
    relay.stop().await;
}

#[tokio::test]
async fn a_stop_answers_what_was_asked_before() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(Config::directory(directory.path())).await.unwrap();
    let writer = Writer::new(1);
    let mut client = Client::connect(&relay.addr()).await;
    client.append(&writer, &boxed(0, 320)).await;
    for tag in 1..200 {
        client.ask(tag, &writer.append(&boxed(tag.into(), 320))).await;
    }
    let stopping = relay.stop();
    let answers = async {
        let mut durable = 1;
        while let Ok((_, reply)) = client.next().await {
            match reply {
                Reply::Appended { .. } => durable += 1,
                other => assert!(matches!(other, Reply::Refused { .. }), "{other:?}"),
            }
        }
        durable
    };
    let ((), durable) = tokio::join!(stopping, answers);
    let relay = Relay::start(Config::directory(directory.path())).await.unwrap();
    let kept = Client::connect(&relay.addr()).await.numbers(writer.log(), 0).await;
    assert!(kept.len() >= durable, "acknowledged {durable}, kept {}", kept.len());
    relay.stop().await;
}
