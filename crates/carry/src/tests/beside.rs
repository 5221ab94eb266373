//! Words beside a connection that watches: what a stream that stands still does not hold up, and in
//! which order it all arrives.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use sogon_engine::{Arrival, Loss};
use sogon_wire::{RelayAddr, Reply, Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream, UdpSocket,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

use super::people::{Person, Writer, boxed, relay};
use crate::{Carrier, Memory, record::Record};

/// A way on which the stream may stand still, and datagrams may be swallowed.
struct Way {
    addr: RelayAddr,
    still: watch::Sender<bool>,
    /// So many more datagrams of the client are swallowed.
    swallows: Arc<AtomicUsize>,
    /// So many came.
    came: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Way {
    async fn to(relay: &RelayAddr) -> Self {
        let (listener, near) = loop {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            if let Ok(near) = UdpSocket::bind(listener.local_addr().unwrap()).await {
                break (listener, near);
            }
        };
        let port = listener.local_addr().unwrap().port();
        let addr = RelayAddr::new("127.0.0.1", port, relay.fingerprint()).unwrap();
        let still = watch::Sender::new(false);
        let (swallows, came): (Arc<AtomicUsize>, Arc<AtomicUsize>) = Default::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(streams(listener, relay.port(), still.subscribe()));
        tasks.spawn(datagrams(near, relay.port(), Arc::clone(&swallows), Arc::clone(&came)));
        Self { addr, still, swallows, came, _tasks: tasks }
    }

    fn swallow(&self, count: usize) {
        self.swallows.store(count, Relaxed);
    }

    /// How many datagrams came, all that have left until now among them: a byte that left after them
    /// comes back.
    async fn came(&self) -> usize {
        let asking = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        asking.send_to(&[1], ("127.0.0.1", self.addr.port())).await.unwrap();
        asking.recv(&mut [0]).await.unwrap();
        self.came.load(Relaxed)
    }
}

async fn streams(listener: TcpListener, port: u16, still: watch::Receiver<bool>) {
    let mut passing = JoinSet::new();
    while let Ok((here, _)) = listener.accept().await {
        let there = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let ((here_in, here_out), (there_in, there_out)) = (here.into_split(), there.into_split());
        passing.spawn(pass(here_in, there_out, still.clone()));
        passing.spawn(pass(there_in, here_out, still.clone()));
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut still: watch::Receiver<bool>) {
    let mut bytes = [0; 4_096];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let _ = still.wait_for(|still| !*still).await;
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

async fn datagrams(near: UdpSocket, port: u16, swallows: Arc<AtomicUsize>, came: Arc<AtomicUsize>) {
    let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    far.connect(("127.0.0.1", port)).await.unwrap();
    let (mut out, mut back) = ([0; 2_048], [0; 2_048]);
    let mut home: Option<SocketAddr> = None;
    loop {
        tokio::select! {
            Ok((bytes, from)) = near.recv_from(&mut out) => {
                if bytes == 1 {
                    near.send_to(&[1], from).await.unwrap();
                    continue;
                }
                home = Some(from);
                came.fetch_add(1, Relaxed);
                let less = |left: usize| left.checked_sub(1);
                if swallows.fetch_update(Relaxed, Relaxed, less).is_err() {
                    far.send(&out[..bytes]).await.unwrap();
                }
            }
            Ok(bytes) = far.recv(&mut back) => {
                near.send_to(&back[..bytes], home.unwrap()).await.unwrap();
            }
        }
    }
}

/// Somebody who knows that much is lost on this way, and watches a log over a connection.
async fn watching(way: &Way, writer: &Writer) -> Person {
    let mut person = Person::any_way(Arc::default());
    person.append(&way.addr, &Writer::new(9), &boxed(1, 352)).await;
    person.links.hang_up().await;
    let mut record = Record::parse(&person.memory.recall(&way.addr).unwrap());
    record.timing.loss_permille = 300;
    person.memory.leave(&way.addr, &record.to_bytes());
    let mut person = Person::any_way(person.memory);
    person.ask(&way.addr, 5, &Request::Watch { log: writer.log(), after: 0 });
    // A look, and then what the connection says.
    for _ in 0..2 {
        let reply = person.reply().await;
        assert!(matches!(reply, (5, Reply::Entries { head: 0, .. })), "{reply:?}");
    }
    assert_eq!(person.links.meter().read().connections, 1);
    // And the relay has all of the session: it answers what came after the greeting.
    person.ask(&way.addr, 6, &Request::About);
    let reply = person.reply().await;
    assert!(matches!(reply, (6, Reply::About(_))), "{reply:?}");
    person
}

/// The place a box got; what is watched is passed over.
async fn place(person: &mut Person, tag: u16) -> u64 {
    loop {
        match person.reply().await {
            (of, Reply::Appended { seq }) if of == tag => return seq,
            (5, Reply::Entries { .. }) => {}
            reply => panic!("{reply:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_arrive_while_the_stream_that_watches_stands_still() {
    let running = relay().await;
    let (way, writer) = (Way::to(&running.addr()).await, Writer::new(1));
    let mut person = watching(&way, &writer).await;
    way.still.send_replace(true);
    for number in 1..=3 {
        // The first datagrams of each are lost.
        way.swallow(2);
        person.ask(&way.addr, 7, &writer.append(&boxed(number, 352)));
        assert_eq!(place(&mut person, 7).await, u64::from(number));
    }
    way.still.send_replace(false);
    let mut watched = Vec::new();
    while watched.len() < 3 {
        match person.reply().await {
            (5, Reply::Entries { boxes, .. }) => watched.extend(boxes),
            reply => panic!("{reply:?}"),
        }
    }
    assert_eq!(watched, [1, 2, 3].map(|number| boxed(number, 352)));
    assert_eq!(person.links.meter().read().connections, 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_dead_is_lost_though_words_do_without_it() {
    let running = relay().await;
    let (way, writer) = (Way::to(&running.addr()).await, Writer::new(1));
    let mut person = watching(&way, &writer).await;
    way.still.send_replace(true);
    person.ask(&way.addr, 7, &writer.append(&boxed(1, 352)));
    assert_eq!(place(&mut person, 7).await, 1);
    // It is asked when words are over, and has as long to answer as any.
    let lost = tokio::time::timeout(Duration::from_secs(180), person.links.next()).await.unwrap();
    assert!(matches!(lost, Arrival::Lost { why: Loss::HungUp, .. }), "{lost:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_answers_datagrams_words_go_on_the_stream_in_their_order() {
    let running = relay().await;
    let (way, writer) = (Way::to(&running.addr()).await, Writer::new(1));
    let mut person = watching(&way, &writer).await;
    way.swallow(usize::MAX);
    for number in 1..=3 {
        person.ask(&way.addr, 10 + number, &writer.append(&boxed(number.into(), 352)));
    }
    for number in 1..=3 {
        assert_eq!(place(&mut person, 10 + number).await, u64::from(number));
    }
    // And the next one at once.
    let came = way.came().await;
    person.ask(&way.addr, 14, &writer.append(&boxed(4, 352)));
    assert_eq!(place(&mut person, 14).await, 4);
    assert_eq!(way.came().await, came);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boxes_of_one_log_get_their_places_in_order_whichever_way_they_go() {
    let running = relay().await;
    let (way, writer) = (Way::to(&running.addr()).await, Writer::new(1));
    let mut person = watching(&way, &writer).await;
    // Small ones go beside the stream, large ones on it; and the first packets are lost.
    way.swallow(3);
    let sizes = [352, 352, 65_536, 352, 16_384, 352];
    for (size, number) in sizes.into_iter().zip(1..) {
        person.ask(&way.addr, 20 + number, &writer.append(&boxed(number.into(), size)));
    }
    for (number, _) in (1..).zip(sizes) {
        assert_eq!(place(&mut person, 20 + number).await, u64::from(number));
    }
    // A text that leaves before a goodbye arrives.
    way.swallow(1);
    person.ask(&way.addr, 30, &writer.append(&boxed(30, 352)));
    super::people::soon(person.links.hang_up()).await;
    let mut other = Person::new();
    other.ask(&running.addr(), 1, &Request::Watch { log: writer.log(), after: 6 });
    loop {
        let (1, Reply::Entries { boxes, .. }) = other.reply().await else { panic!("no entries") };
        if !boxes.is_empty() {
            assert_eq!(boxes, [boxed(30, 352)]);
            break;
        }
    }
    running.stop().await;
}
