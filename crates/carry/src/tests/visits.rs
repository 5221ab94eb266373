//! Visits that go well, and what they cost.

use std::sync::Arc;

use sogon_engine::Arrival;
use sogon_relay::{Config, Relay};
use sogon_wire::{LogName, Reply, Request};

use super::{
    between::Between,
    people::{Person, Writer, boxed, relay, soon},
};
use crate::Memory;

#[tokio::test]
async fn what_alice_appends_bob_is_told() {
    let (relay, writer) = (relay().await, Writer::new(1));
    let (mut alice, mut bob) = (Person::new(), Person::new());
    bob.ask(&relay.addr(), 7, &Request::Watch { log: writer.log(), after: 0 });
    let (tag, first) = bob.reply().await;
    let empty = Reply::Entries { log: writer.log(), from: 1, head: 0, boxes: vec![] };
    assert_eq!((tag, first), (7, empty));
    for place in 1..=3 {
        alice.append(&relay.addr(), &writer, &boxed(place, 300)).await;
        let (tag, told) = bob.reply().await;
        let seq = u64::from(place);
        let boxes = vec![boxed(place, 300)];
        let expected = Reply::Entries { log: writer.log(), from: seq, head: seq, boxes };
        assert_eq!((tag, told), (7, expected));
    }
    assert_eq!(alice.links.meter().read().connections, 1, "one connection, kept");
    alice.links.hang_up().await;
    bob.links.hang_up().await;
    relay.stop().await;
}

#[tokio::test]
async fn a_second_visit_resumes_sends_at_once_and_carries_no_post_quantum_share() {
    let (relay, writer) = (relay().await, Writer::new(1));
    let mut alice = Person::new();
    let full = alice.burst(&relay.addr(), &writer, &boxed(1, 300)).await;
    assert_eq!((full.sessions_full, full.sessions_resumed, full.early_bytes), (1, 0, 0));
    assert!(full.bytes_up > 1_184 && full.bytes_down > 1_088, "ML-KEM both ways: {full:?}");
    assert_eq!(full.round_trips, 3, "TCP, handshake, answer");

    // A process started anew, with the same home.
    let mut alice = Person::remembering(alice.memory);
    let resumed = alice.burst(&relay.addr(), &writer, &boxed(2, 300)).await;
    assert_eq!((resumed.sessions_full, resumed.sessions_resumed), (0, 1));
    assert_eq!(resumed.early_bytes, 6 + 96 + 352, "the whole question left early");
    assert!(resumed.bytes_up < 1_000 && resumed.bytes_down < 800, "{resumed:?}");
    assert_eq!(resumed.round_trips, 2, "TCP, answer");
    relay.stop().await;
}

#[tokio::test]
async fn tickets_come_again_before_they_run_out() {
    let (relay, writer) = (relay().await, Writer::new(1));
    let mut alice = Person::new();
    for visit in 0..10 {
        let cost = alice.burst(&relay.addr(), &writer, &boxed(visit, 300)).await;
        let expected = if visit == 0 { (1, 0) } else { (0, 1) };
        assert_eq!((cost.sessions_full, cost.sessions_resumed), expected, "visit {visit}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_that_forgot_its_sessions_gets_a_full_one_and_nothing_is_lost() {
    let (directory, writer) = (tempfile::tempdir().unwrap(), Writer::new(1));
    let start = || Relay::start(Config::directory(directory.path()));
    let first = start().await.unwrap();
    let line = Between::before(&first.addr()).await;
    let mut alice = Person::new();
    alice.burst(&first.addr(), &writer, &boxed(1, 300)).await;
    let (left, old_addr) = (alice.memory.recall(&first.addr()).unwrap(), first.addr());
    first.stop().await;
    drop(line);

    std::fs::remove_file(directory.path().join("sessions")).unwrap();
    let second = start().await.unwrap();
    assert_eq!(second.addr().fingerprint(), old_addr.fingerprint());
    alice.memory.leave(&second.addr(), &left);
    for tag in 0..20 {
        alice.ask(&second.addr(), tag, &writer.append(&boxed(100 + u32::from(tag), 300)));
    }
    for _ in 0..20 {
        assert!(matches!(alice.reply().await.1, Reply::Appended { seq: 2.. }));
    }
    let cost = alice.links.meter().read();
    assert_eq!((cost.connections, cost.sessions_full, cost.sessions_resumed), (3, 2, 0));
    assert_eq!(cost.early_bytes, 0);
    alice.ask(&second.addr(), 5, &Request::Read { log: writer.log(), after: 0, bytes_max: 99_999 });
    let Reply::Entries { head, .. } = alice.reply().await.1 else { panic!() };
    assert_eq!(head, 21, "each once");
    alice.links.hang_up().await;
    second.stop().await;
}

#[tokio::test]
async fn a_restarted_relay_still_resumes() {
    let (directory, writer) = (tempfile::tempdir().unwrap(), Writer::new(1));
    let start = || Relay::start(Config::directory(directory.path()));
    let first = start().await.unwrap();
    let mut alice = Person::new();
    alice.burst(&first.addr(), &writer, &boxed(1, 300)).await;
    let left = alice.memory.recall(&first.addr()).unwrap();
    first.stop().await;
    let second = start().await.unwrap();
    alice.memory.leave(&second.addr(), &left);
    let cost = alice.burst(&second.addr(), &writer, &boxed(2, 300)).await;
    assert_eq!((cost.sessions_full, cost.sessions_resumed), (0, 1));
    second.stop().await;
}

#[tokio::test]
async fn everything_that_waits_leaves_in_one_flight_and_is_answered() {
    let (relay, writer) = (relay().await, Writer::new(1));
    let mut alice = Person::new();
    alice.burst(&relay.addr(), &writer, &boxed(0, 300)).await;
    for tag in 0..50 {
        alice.ask(&relay.addr(), tag, &writer.append(&boxed(1 + u32::from(tag), 300)));
    }
    let mut tags = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let (tag, Reply::Appended { .. }) = alice.reply().await else { panic!() };
        tags.insert(tag);
    }
    assert_eq!(tags.len(), 50);
    let cost = alice.links.meter().read();
    assert_eq!(cost.early_bytes, 50 * (6 + 96 + 352));
    assert_eq!(cost.sessions_resumed, 1);
    alice.links.hang_up().await;
    relay.stop().await;
}

#[tokio::test]
async fn more_than_a_first_flight_holds_arrives_whole_and_in_order() {
    let (relay, writer) = (relay().await, Writer::new(1));
    let mut alice = Person::new();
    alice.burst(&relay.addr(), &writer, &boxed(0, 300)).await;
    for tag in 0..40 {
        alice.ask(&relay.addr(), tag, &writer.append(&boxed(1 + u32::from(tag), 65_536)));
    }
    for _ in 0..40 {
        let (tag, Reply::Appended { seq }) = alice.reply().await else { panic!() };
        assert_eq!(seq, u64::from(tag) + 2, "in the order they were asked");
    }
    alice.links.hang_up().await;
    relay.stop().await;
}

#[tokio::test]
async fn hanging_up_lets_go_what_was_asked_and_the_next_question_dials_again() {
    let (relay, writer) = (relay().await, Writer::new(1));
    let (mut alice, mut bob) = (Person::new(), Person::new());
    bob.ask(&relay.addr(), 1, &Request::Watch { log: writer.log(), after: 0 });
    bob.reply().await;
    alice.ask(&relay.addr(), 1, &writer.append(&boxed(1, 300)));
    soon(alice.links.hang_up()).await;
    assert!(matches!(bob.reply().await.1, Reply::Entries { head: 1, .. }), "it had left");
    alice.ask(&relay.addr(), 9, &Request::About);
    let about = loop {
        match alice.next().await {
            Arrival::Reply { tag: 9, reply, .. } => break reply,
            Arrival::Reply { reply, .. } => assert_eq!(reply, Reply::Appended { seq: 1 }),
            Arrival::Lost { why, .. } => panic!("{why:?}"),
        }
    };
    assert!(matches!(about, Reply::About(_)));
    alice.links.hang_up().await;
    bob.links.hang_up().await;
    relay.stop().await;
}

#[tokio::test]
async fn several_relays_have_a_link_each() {
    let (one, two, writer) = (relay().await, relay().await, Writer::new(1));
    let mut alice = Person::new();
    alice.ask(&one.addr(), 1, &writer.append(&boxed(1, 300)));
    alice.ask(&two.addr(), 1, &writer.append(&boxed(1, 300)));
    let mut relays = Vec::new();
    for _ in 0..2 {
        let Arrival::Reply { relay, .. } = alice.next().await else { panic!() };
        relays.push(relay);
    }
    relays.sort();
    let mut both = vec![one.addr(), two.addr()];
    both.sort();
    assert_eq!(relays, both);
    alice.links.hang_up().await;
    one.stop().await;
    two.stop().await;
}

/// What a watcher of the line can look for: the bytes of a box, names and keys of logs, hosts.
#[tokio::test]
async fn a_watcher_of_the_line_sees_no_box_no_log_and_no_name() {
    let (relay, writer) = (relay().await, Writer::new(1));
    let line = Between::before(&relay.addr()).await;
    let noise: Vec<u8> = (0..352u32).map(|n| n.wrapping_mul(167).to_be_bytes()[3]).collect();
    let sealed = sogon_wire::SealedBox::parse(&noise).unwrap();
    let mut alice = Person::new();
    for _ in 0..2 {
        alice.append(&line.addr(), &writer, &sealed).await;
        alice.ask(&line.addr(), 2, &Request::Watch { log: writer.log(), after: 0 });
        let (_, Reply::Entries { boxes, .. }) = alice.reply().await else { panic!() };
        assert_eq!(boxes.len(), 1);
        soon(alice.links.hang_up()).await;
    }
    assert_eq!(alice.links.meter().read().sessions_resumed, 1, "a first flight was seen too");
    let seen = line.seen();
    let LogName(log) = writer.log();
    let print = relay.addr().fingerprint().0;
    for (what, secret) in [("box", &noise[40..56]), ("log", &log), ("key", &print[..8])] {
        assert!(!seen.windows(secret.len()).any(|bytes| bytes == secret), "{what} in clear");
    }
    assert!(seen.windows(8).any(|bytes| bytes == b"http/1.1"), "as any browser says");
    relay.stop().await;
}

#[tokio::test]
async fn debug_output_names_no_relay() {
    let relay = relay().await;
    let mut alice = Person::new();
    alice.ask(&relay.addr(), 1, &Request::About);
    alice.reply().await;
    let text = format!("{:?} {:?}", alice.links, Arc::clone(&alice.memory));
    assert!(!text.contains("127.0.0.1"), "{text}");
    alice.links.hang_up().await;
    relay.stop().await;
}
