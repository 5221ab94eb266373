//! First keys by datagrams, to a relay that is real: through whatever is lost, and never from
//! anybody else.

use std::{net::SocketAddr, sync::Arc};

use sogon_engine::{Arrival, Loss};
use sogon_wire::{RelayAddr, Reply, Request};
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
};

use super::people::{Person, Writer, boxed, relay, soon};
use crate::Carrier;

/// Passes datagrams on, but for those whose bit is set in the order they come, either way, and those
/// that are too large. Nobody takes connections there.
struct Sieve {
    addr: RelayAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Sieve {
    async fn before(relay: &RelayAddr, lost: u32) -> Self {
        let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        Self::with(near, relay, lost, usize::MAX).await
    }

    async fn with(near: UdpSocket, relay: &RelayAddr, lost: u32, largest: usize) -> Self {
        let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        far.connect(("127.0.0.1", relay.port())).await.unwrap();
        let port = near.local_addr().unwrap().port();
        let addr = RelayAddr::new("127.0.0.1", port, relay.fingerprint()).unwrap();
        let task = tokio::spawn(async move {
            let (mut out, mut back) = ([0; 2_048], [0; 2_048]);
            let (mut home, mut number): (Option<SocketAddr>, u32) = (None, 0);
            loop {
                let passes = lost.checked_shr(number).unwrap_or(0) & 1 == 0;
                tokio::select! {
                    Ok((bytes, from)) = near.recv_from(&mut out) => {
                        home = Some(from);
                        if passes && bytes <= largest {
                            far.send(&out[..bytes]).await.unwrap();
                        }
                    }
                    Ok(bytes) = far.recv(&mut back) => if passes && bytes <= largest {
                        near.send_to(&back[..bytes], home.unwrap()).await.unwrap();
                    },
                }
                number = number.saturating_add(1);
            }
        });
        Self { addr, task }
    }
}

impl Drop for Sieve {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_of_the_first_packets_is_lost_keys_are_agreed_and_the_text_arrives() {
    let running = relay().await;
    let mut visits = JoinSet::new();
    for lost in 0..64u32 {
        let addr = running.addr();
        visits.spawn(async move {
            let sieve = Sieve::before(&addr, lost).await;
            let mut person = Person::any_way(Arc::default());
            let writer = Writer::new(u8::try_from(lost).unwrap());
            person.append(&sieve.addr, &writer, &boxed(lost, 3_072)).await;
            soon(person.links.hang_up()).await;
            let reading = person.links.meter().read();
            assert_eq!((reading.sessions_full, reading.connections), (1, 0), "{lost:b}");
        });
    }
    soon(async { while visits.join_next().await.transpose().unwrap().is_some() {} }).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_visit_gives_tickets_for_the_first_connection() {
    let running = relay().await;
    let mut person = Person::any_way(Arc::default());
    let writer = Writer::new(1);
    person.append(&running.addr(), &writer, &boxed(0, 352)).await;
    soon(person.links.hang_up()).await;
    let mut person = Person::remembering(person.memory);
    person.append(&running.addr(), &writer, &boxed(1, 352)).await;
    soon(person.links.hang_up()).await;
    let reading = person.links.meter().read();
    assert_eq!((reading.sessions_full, reading.sessions_resumed), (0, 1), "{reading:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_visit_by_datagrams_takes_so_many_bytes_and_no_more() {
    let running = relay().await;
    let (mut up, mut down) = (u64::MAX, u64::MAX);
    // A machine that stalls makes a visit repeat itself; not all five.
    for number in 0..5 {
        let mut person = Person::any_way(Arc::default());
        let writer = Writer::new(number);
        person.append(&running.addr(), &writer, &boxed(0, 352)).await;
        soon(person.links.hang_up()).await;
        let reading = person.links.meter().read();
        (up, down) = (up.min(reading.bytes_up), down.min(reading.bytes_down));
    }
    assert!(up < 2_110 && down < 2_230, "{up} up, {down} down");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_looked_at_by_datagrams_before_a_connection_watches_it() {
    let running = relay().await;
    let mut person = Person::any_way(Arc::default());
    let (mut other, writer) = (Person::new(), Writer::new(1));
    other.append(&running.addr(), &writer, &boxed(1, 352)).await;
    person.ask(&running.addr(), 5, &Request::Watch { log: writer.log(), after: 0 });
    let reply = person.reply().await;
    let (5, Reply::Entries { from: 1, head: 1, boxes, .. }) = reply else { panic!("{reply:?}") };
    assert_eq!(boxes, [boxed(1, 352)]);
    assert_eq!(person.links.meter().read().connections, 0, "a look needs none");
    // What was seen is not told again, and what comes then is.
    other.append(&running.addr(), &writer, &boxed(2, 352)).await;
    loop {
        let reply = person.reply().await;
        let (5, Reply::Entries { boxes, .. }) = reply else { panic!("{reply:?}") };
        assert!(boxes.is_empty() || boxes == [boxed(2, 352)], "{boxes:?}");
        if !boxes.is_empty() {
            break;
        }
    }
    let reading = person.links.meter().read();
    assert_eq!((reading.connections, reading.sessions_full), (1, 1), "{reading:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_small_datagrams_pass_a_connection_is_made_and_that_is_remembered() {
    let running = relay().await;
    let (listener, near) = loop {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        if let Ok(near) = UdpSocket::bind(listener.local_addr().unwrap()).await {
            break (listener, near);
        }
    };
    let sieve = Sieve::with(near, &running.addr(), 0, 600).await;
    let there = running.addr();
    let forwarding = tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let there = (there.host().to_owned(), there.port());
            tokio::spawn(async move {
                let mut there = TcpStream::connect(there).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
            });
        }
    });
    let mut person = Person::any_way(Arc::default());
    let writer = Writer::new(1);
    for round in 1..=2 {
        person.append(&sieve.addr, &writer, &boxed(round, 3_072)).await;
        soon(person.links.hang_up()).await;
    }
    let reading = person.links.meter().read();
    assert_eq!((reading.sessions_full, reading.connections), (1, 2), "{reading:?}");
    forwarding.abort();
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_takes_connections_a_watched_log_is_looked_at_again_and_again() {
    let running = relay().await;
    let sieve = Sieve::before(&running.addr(), 0).await;
    let mut person = Person::any_way(Arc::default());
    let (mut other, writer) = (Person::new(), Writer::new(1));
    person.ask(&sieve.addr, 5, &Request::Watch { log: writer.log(), after: 0 });
    let reply = person.reply().await;
    assert!(matches!(reply, (5, Reply::Entries { head: 0, .. })), "{reply:?}");
    for number in 1..=2 {
        other.append(&running.addr(), &writer, &boxed(number, 352)).await;
        loop {
            let reply = person.reply().await;
            let (5, Reply::Entries { from, boxes, .. }) = reply else { panic!("{reply:?}") };
            if !boxes.is_empty() {
                assert_eq!((from, boxes), (number.into(), vec![boxed(number, 352)]));
                break;
            }
        }
    }
    assert_eq!(person.links.meter().read().connections, 0);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_with_another_key_is_told_by_a_connection_and_gets_no_keys() {
    let (running, other) = (relay().await, relay().await);
    let addr = RelayAddr::new("127.0.0.1", running.addr().port(), other.addr().fingerprint());
    let mut person = Person::any_way(Arc::default());
    person.ask(&addr.unwrap(), 1, &Writer::new(1).append(&boxed(1, 352)));
    let lost = soon(person.links.next()).await;
    assert!(matches!(lost, Arrival::Lost { why: Loss::WrongKey, .. }), "{lost:?}");
    assert_eq!(person.links.meter().read().sessions_full, 0);
    running.stop().await;
    other.stop().await;
}
