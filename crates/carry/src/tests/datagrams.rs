//! Visits by datagrams, to a relay that is real.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use sogon_engine::Arrival;
use sogon_wire::{ENTRIES_BYTES_MAX, RelayAddr, Reply, Request};
use tokio::{net::UdpSocket, sync::Notify};

use super::people::{Person, Writer, boxed, relay, soon};
use crate::{Carrier, Ways};

/// Somebody who was at this relay before.
async fn acquainted(relay: &RelayAddr) -> Person {
    let mut person = Person::any_way(Arc::default());
    person.append(relay, &Writer::new(1), &boxed(0, 352)).await;
    soon(person.links.hang_up()).await;
    let reading = person.links.meter().read();
    assert_eq!((reading.sessions_full, reading.connections), (1, 0));
    Person::any_way(person.memory)
}

fn read(writer: &Writer, after: u64) -> Request {
    Request::Read { log: writer.log(), after, bytes_max: ENTRIES_BYTES_MAX }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_and_what_is_new_need_no_connection() {
    let running = relay().await;
    let mut person = acquainted(&running.addr()).await;
    let (writer, other) = (Writer::new(1), Writer::new(2));
    person.ask(&running.addr(), 1, &read(&writer, 1));
    person.ask(&running.addr(), 2, &read(&other, 0));
    person.ask(&running.addr(), 3, &writer.append(&boxed(1, 352)));
    let mut replies = [person.reply().await, person.reply().await, person.reply().await];
    replies.sort_by_key(|(tag, _)| *tag);
    let [(1, first), (2, second), (3, Reply::Appended { seq: 2 })] = &replies else {
        panic!("{replies:?}")
    };
    // The box was not there yet when the log was read, or it was: both are true answers.
    assert!(matches!(first, Reply::Entries { from: 2, head: 1 | 2, .. }), "{first:?}");
    assert!(matches!(second, Reply::Entries { from: 1, head: 0, .. }), "{second:?}");
    soon(person.links.hang_up()).await;
    let reading = person.links.meter().read();
    assert_eq!(reading.connections, 0, "{reading:?}");
    assert!(reading.round_trips >= 1 && reading.bytes_up > 400, "{reading:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_session_gives_keys_for_datagrams_too() {
    let running = relay().await;
    let person = acquainted(&running.addr()).await;
    let writer = Writer::new(1);
    let mut person = Person::remembering(person.memory);
    person.append(&running.addr(), &writer, &boxed(1, 352)).await;
    soon(person.links.hang_up()).await;
    assert_eq!(person.links.meter().read().sessions_resumed, 1);
    let mut person = Person::any_way(person.memory);
    for round in 2..9 {
        person.append(&running.addr(), &writer, &boxed(round, 352)).await;
        soon(person.links.hang_up()).await;
    }
    assert_eq!(person.links.meter().read().connections, 0);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boxes_of_every_size_go_up_and_come_down() {
    let running = relay().await;
    let mut person = acquainted(&running.addr()).await;
    let writer = Writer::new(3);
    let sizes = [352, 65_536, 512, 16_384, 3_072, 1_024, 4_608, 6_144, 352];
    for (place, size) in (1..).zip(sizes) {
        person.append(&running.addr(), &writer, &boxed(place, size)).await;
    }
    person.ask(&running.addr(), 7, &read(&writer, 0));
    let reply = person.reply().await;
    let (7, Reply::Entries { from: 1, head: 9, boxes, .. }) = reply else { panic!("{reply:?}") };
    let expected: Vec<_> = (1..).zip(sizes).map(|(place, size)| boxed(place, size)).collect();
    assert_eq!(boxes, expected);
    assert_eq!(person.links.meter().read().connections, 0);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_boxes_are_fetched_page_after_page() {
    let running = relay().await;
    let mut person = acquainted(&running.addr()).await;
    let writer = Writer::new(4);
    for place in 1..=300u32 {
        let tag = u16::try_from(place).unwrap();
        person.ask(&running.addr(), tag, &writer.append(&boxed(place, 352)));
    }
    for _ in 1..=300 {
        let (tag, Reply::Appended { seq }) = person.reply().await else { panic!("not appended") };
        assert_eq!(u64::from(tag), seq, "in the order they were asked for");
    }
    person.ask(&running.addr(), 7, &read(&writer, 0));
    let (7, Reply::Entries { from: 1, head: 300, boxes, .. }) = person.reply().await else {
        panic!("no entries")
    };
    assert_eq!(boxes.len(), 300);
    assert_eq!(person.links.meter().read().connections, 0);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_in_the_middle_of_a_visit_is_a_look_and_then_a_connection() {
    let running = relay().await;
    let mut person = acquainted(&running.addr()).await;
    let writer = Writer::new(1);
    person.append(&running.addr(), &writer, &boxed(1, 352)).await;
    assert_eq!(person.links.meter().read().connections, 0);
    person.ask(&running.addr(), 5, &Request::Watch { log: writer.log(), after: 0 });
    let (5, Reply::Entries { boxes, .. }) = person.reply().await else { panic!("no entries") };
    assert_eq!(boxes.len(), 2);
    assert_eq!(person.links.meter().read().connections, 0);
    let (5, Reply::Entries { boxes, .. }) = person.reply().await else { panic!("no entries") };
    assert!(boxes.is_empty(), "nothing is told twice");
    assert_eq!(person.links.meter().read().connections, 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_datagrams_are_swallowed_a_connection_is_made_and_remembered() {
    let running = relay().await;
    let addr = running.addr();
    let person = acquainted(&addr).await;
    // The same relay, seen through a door that lets only TCP through.
    let door = Door::open(addr.clone()).await;
    person.move_memory(&addr, &door.addr);
    let mut person = Person::any_way(person.memory);
    let writer = Writer::new(1);
    for round in 1..=3 {
        person.append(&door.addr, &writer, &boxed(round, 352)).await;
        soon(person.links.hang_up()).await;
    }
    let reading = person.links.meter().read();
    assert_eq!(reading.connections, 3, "{reading:?}");
    drop(door);
    running.stop().await;
}

/// TCP goes to the relay, datagrams go nowhere.
struct Door {
    addr: RelayAddr,
    _swallow: UdpSocket,
    forwarding: tokio::task::JoinHandle<()>,
}

impl Door {
    async fn open(relay: RelayAddr) -> Self {
        let (listener, swallow) = loop {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port: SocketAddr = listener.local_addr().unwrap();
            if let Ok(socket) = UdpSocket::bind(port).await {
                break (listener, socket);
            }
        };
        let port = listener.local_addr().unwrap().port();
        let addr = RelayAddr::new("127.0.0.1", port, relay.fingerprint()).unwrap();
        let forwarding = tokio::spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let relay = (relay.host().to_owned(), relay.port());
                tokio::spawn(async move {
                    let mut there = tokio::net::TcpStream::connect(relay).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
                });
            }
        });
        Self { addr, _swallow: swallow, forwarding }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.forwarding.abort();
    }
}

/// Every datagram that passed between a home and a relay: when, which way, how large.
#[tokio::test(flavor = "multi_thread")]
async fn a_steady_link_looks_the_same_whatever_is_said() {
    const EVERY: Duration = Duration::from_millis(20);
    let running = relay().await;
    let eye = Eye::before(&running.addr()).await;
    let person = acquainted(&running.addr()).await;
    person.move_memory(&running.addr(), &eye.addr(&running.addr()));
    let mut person = Person::by(person.memory, Ways::Steady(EVERY));
    let (through, writer, other) = (eye.addr(&running.addr()), Writer::new(1), Writer::new(2));
    person.ask(&through, 1, &Request::Watch { log: other.log(), after: 0 });
    let (1, Reply::Entries { from: 1, head: 0, .. }) = person.reply().await else {
        panic!("an empty log")
    };
    // Quiet for a while, then texts, a large box and what others write.
    eye.saw(30).await;
    for place in 1..=20 {
        person.ask(&through, 100 + place, &writer.append(&boxed(place.into(), 352)));
    }
    person.ask(&through, 130, &writer.append(&boxed(99, 16_384)));
    let mut left = 21;
    let mut somebody = Person::new();
    let theirs = [boxed(7, 512), boxed(8, 16_384)];
    for boxed in &theirs {
        somebody.append(&running.addr(), &other, boxed).await;
    }
    let mut pushed = Vec::new();
    while left > 0 || pushed.len() < 2 {
        match person.reply().await {
            (1, Reply::Entries { from, boxes, .. }) => {
                assert_eq!(from, pushed.len() as u64 + 1);
                pushed.extend(boxes);
            }
            (101..=130, Reply::Appended { .. }) => left -= 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pushed, theirs);
    eye.saw(30).await;
    let seen = eye.seen();
    let sizes = |up: bool| -> BTreeSet<usize> {
        seen.iter().filter(|its| its.up == up).map(|its| its.bytes).collect()
    };
    assert_eq!((sizes(true).len(), sizes(false).len()), (1, 1), "one size each way");
    let count = |up: bool| seen.iter().filter(|its| its.up == up).count();
    let (asked, answered) = (count(true), count(false));
    assert!(asked >= 60 && asked - answered <= 4, "each is answered by one: {asked} {answered}");
    soon(person.links.hang_up()).await;
    assert_eq!(person.links.meter().read().connections, 0);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steady_link_gets_its_first_keys_by_a_connection_that_says_nothing() {
    let running = relay().await;
    let mut person = Person::by(Arc::default(), Ways::Steady(Duration::from_millis(20)));
    let writer = Writer::new(1);
    person.append(&running.addr(), &writer, &boxed(0, 352)).await;
    soon(person.links.hang_up()).await;
    let reading = person.links.meter().read();
    assert_eq!((reading.sessions_full, reading.connections, reading.early_bytes), (1, 1, 0));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_gone_is_lost_at_once_however_much_waits() {
    let running = relay().await;
    let mut person = acquainted(&running.addr()).await;
    let (addr, writer) = (running.addr(), Writer::new(1));
    running.stop().await;
    let four_losses = async {
        for visit in 0..4 {
            // More than one packet: the second hears of the first one's refusal.
            for place in 1..=4 {
                let boxed = boxed(visit * 10 + u32::from(place), 1_024);
                person.ask(&addr, place, &writer.append(&boxed));
            }
            let lost = person.links.next().await;
            assert!(matches!(lost, Arrival::Lost { .. }), "{lost:?}");
        }
    };
    // A relay that is only silent is given 45 seconds each time.
    soon(four_losses).await;
}

/// What an observer of a link sees.
#[derive(Clone, Copy, Debug)]
struct Glimpse {
    up: bool,
    bytes: usize,
}

/// Somebody between one home and a relay who passes datagrams on and takes notes.
struct Eye {
    port: u16,
    notes: Arc<Mutex<Vec<Glimpse>>>,
    more: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Eye {
    async fn before(relay: &RelayAddr) -> Self {
        let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        far.connect(("127.0.0.1", relay.port())).await.unwrap();
        let port = near.local_addr().unwrap().port();
        let (notes, more) = (Arc::<Mutex<Vec<Glimpse>>>::default(), Arc::<Notify>::default());
        let (noted, told) = (Arc::clone(&notes), Arc::clone(&more));
        let task = tokio::spawn(async move {
            let (mut out, mut back) = ([0; 2_048], [0; 2_048]);
            let mut home: Option<SocketAddr> = None;
            loop {
                let glimpse = tokio::select! {
                    Ok((bytes, from)) = near.recv_from(&mut out) => {
                        home = Some(from);
                        far.send(&out[..bytes]).await.unwrap();
                        Glimpse { up: true, bytes }
                    }
                    Ok(bytes) = far.recv(&mut back) => {
                        near.send_to(&back[..bytes], home.unwrap()).await.unwrap();
                        Glimpse { up: false, bytes }
                    }
                };
                noted.lock().unwrap().push(glimpse);
                told.notify_waiters();
            }
        });
        Self { port, notes, more, task }
    }

    fn addr(&self, relay: &RelayAddr) -> RelayAddr {
        RelayAddr::new("127.0.0.1", self.port, relay.fingerprint()).unwrap()
    }

    fn seen(&self) -> Vec<Glimpse> {
        self.notes.lock().unwrap().clone()
    }

    /// So many more datagrams passed.
    async fn saw(&self, count: usize) {
        let wanted = self.seen().len().saturating_add(count);
        loop {
            let more = self.more.notified();
            if self.seen().len() >= wanted {
                return;
            }
            soon(more).await;
        }
    }
}

impl Drop for Eye {
    fn drop(&mut self) {
        self.task.abort();
    }
}
