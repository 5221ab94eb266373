//! First keys by datagrams, to a relay that is real: through whatever is lost, and never from
//! anybody else.

use std::{net::SocketAddr, sync::Arc};

use sogon_engine::{Arrival, Loss};
use sogon_wire::{RelayAddr, Reply, Request};
use tokio::{net::UdpSocket, task::JoinSet};

use super::people::{Person, Writer, boxed, relay, soon};
use crate::Carrier;

/// Passes datagrams on, but for those whose bit is set in the order they come, either way. Nobody
/// takes connections there.
struct Sieve {
    addr: RelayAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Sieve {
    async fn before(relay: &RelayAddr, lost: u32) -> Self {
        let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
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
                        if passes {
                            far.send(&out[..bytes]).await.unwrap();
                        }
                    }
                    Ok(bytes) = far.recv(&mut back) => if passes {
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
