//! Links between real sockets.
#![cfg(test)]

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::yield_now,
    time::timeout,
};

use super::{Counters, Link, Loss, Outages, Way, Weather};

/// Waits, but not for ever.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(120), what).await.expect("it takes too long")
}

/// Waits until the link has counted something.
async fn until(link: &Link, counted: impl Fn(&Counters) -> bool) {
    soon(async {
        while !counted(&link.counters()) {
            yield_now().await;
        }
    })
    .await;
}

/// Fast, and short.
fn brisk() -> Way {
    Way::of(20_000_000, 3, 0.0, 1 << 20)
}

fn gone() -> Way {
    let outages =
        Outages { up: Duration::ZERO, down: Duration::from_secs(1), begin: Duration::ZERO };
    Way { outages: Some(outages), ..brisk() }
}

fn bytes(count: usize, seed: u8) -> Vec<u8> {
    (0..count).map(|at| (at % 251) as u8 ^ (at / 251 % 256) as u8 ^ seed).collect()
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// A stream through a link, with both its ends.
async fn stream(weather: Weather) -> (Link, TcpStream, TcpStream) {
    let (listener, target) = listener().await;
    let link = Link::start(weather, target).await.unwrap();
    let client = TcpStream::connect(link.addr()).await.unwrap();
    let (server, _) = soon(listener.accept()).await.unwrap();
    (link, client, server)
}

async fn udp() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

async fn heard(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut bytes = [0; 2_048];
    let (count, from) = soon(socket.recv_from(&mut bytes)).await.unwrap();
    (bytes[..count].to_vec(), from)
}

#[tokio::test]
async fn datagrams_cross_both_ways_and_each_client_gets_its_own_answers() {
    let server = udp().await;
    let link = Link::start(Weather::both(brisk()), server.local_addr().unwrap()).await.unwrap();
    let (mina, joon) = (udp().await, udp().await);
    mina.send_to(b"mina", link.addr()).await.unwrap();
    joon.send_to(b"joon!", link.addr()).await.unwrap();
    let mut from = Vec::new();
    for _ in 0..2 {
        let (said, client) = heard(&server).await;
        server.send_to(&[b"hello ", said.as_slice()].concat(), client).await.unwrap();
        from.push(client);
    }
    assert_ne!(from[0], from[1]);
    assert_eq!(heard(&mina).await, (b"hello mina".to_vec(), link.addr()));
    assert_eq!(heard(&joon).await, (b"hello joon!".to_vec(), link.addr()));
    // A client who sends again is the same one to the server.
    mina.send_to(b"mina", link.addr()).await.unwrap();
    assert!(from.contains(&heard(&server).await.1));
    let counters = link.stop().await;
    assert_eq!((counters.up.sent_packets, counters.up.sent_bytes), (3, 4 + 5 + 4 + 3 * 28));
    assert_eq!((counters.down.arrived_packets, counters.down.arrived_bytes), (2, 21 + 2 * 28));
}

#[tokio::test]
async fn datagrams_meet_the_fate_of_their_seed() {
    let lossy = Weather::both(Way { loss: Loss::Each(0.5), ..brisk() });
    let mut runs = Vec::new();
    for seed in [3, 3, 4] {
        let server = udp().await;
        let weather = Weather { down: brisk(), ..lossy.clone().seed(seed) };
        let link = Link::start(weather, server.local_addr().unwrap()).await.unwrap();
        let client = udp().await;
        for number in 0..100_u8 {
            client.send_to(&[number], link.addr()).await.unwrap();
        }
        until(&link, |counters| counters.up.offered_packets == 100).await;
        let lost = link.counters().up.lost_packets;
        let mut arrived = Vec::new();
        for _ in lost..100 {
            arrived.push(heard(&server).await.0[0]);
        }
        runs.push(arrived);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert!((20..80).contains(&runs[0].len()));
}

#[tokio::test]
async fn a_stream_crosses_bad_weather_whole_in_order_and_once() {
    let way = Way {
        loss: Loss::Each(0.03),
        doubled: 0.02,
        held: 0.02,
        held_back: Duration::from_millis(4),
        ..brisk()
    };
    let (link, mut client, mut server) = stream(Weather::both(way).seed(5)).await;
    let (up, down) = (bytes(150_000, 1), bytes(90_000, 2));
    let mut got = (Vec::new(), Vec::new());
    let (mut client_in, mut client_out) = client.split();
    let (mut server_in, mut server_out) = server.split();
    let all = async {
        tokio::join!(
            async {
                client_out.write_all(&up).await.unwrap();
                client_out.shutdown().await.unwrap();
            },
            async {
                server_out.write_all(&down).await.unwrap();
                server_out.shutdown().await.unwrap();
            },
            async { server_in.read_to_end(&mut got.0).await.unwrap() },
            async { client_in.read_to_end(&mut got.1).await.unwrap() },
        )
    };
    soon(all).await;
    assert!(got.0 == up && got.1 == down);
    let counters = link.counters();
    assert_eq!((counters.streams_opened, counters.streams_reset), (1, 0));
    assert!(counters.up.lost_packets > 0 && counters.down.lost_packets > 0, "{counters:?}");
    // Headers, acknowledgements and what was lost: more than was said, and not absurdly more.
    assert!((155_000..400_000).contains(&counters.up.sent_bytes), "{counters:?}");
}

#[tokio::test]
async fn one_side_may_finish_while_the_other_still_speaks() {
    let (_link, mut client, mut server) = stream(Weather::both(brisk())).await;
    client.write_all(b"ask").await.unwrap();
    let mut asked = [0; 3];
    soon(server.read_exact(&mut asked)).await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(soon(server.read(&mut [0])).await.unwrap(), 0);
    server.write_all(b"answer").await.unwrap();
    drop(server);
    let mut answer = Vec::new();
    soon(client.read_to_end(&mut answer)).await.unwrap();
    assert_eq!((&asked, answer.as_slice()), (b"ask", b"answer".as_slice()));
}

#[tokio::test]
async fn what_a_client_says_before_the_stream_is_agreed_is_not_lost() {
    let (listener, target) = listener().await;
    let link = Link::start(Weather::both(brisk()), target).await.unwrap();
    let mut client = TcpStream::connect(link.addr()).await.unwrap();
    client.write_all(b"at once").await.unwrap();
    let (mut server, _) = soon(listener.accept()).await.unwrap();
    let mut said = [0; 7];
    soon(server.read_exact(&mut said)).await.unwrap();
    assert_eq!(&said, b"at once");
}

#[tokio::test]
async fn a_refusal_is_passed_on() {
    // Held, so that nobody else gets it, and not listening.
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let target = held.local_addr().unwrap();
    let link = Link::start(Weather::both(brisk()), target).await.unwrap();
    let mut client = TcpStream::connect(link.addr()).await.unwrap();
    let read = soon(client.read(&mut [0])).await;
    assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    let counters = link.counters();
    assert_eq!((counters.streams_refused, counters.streams_opened), (1, 0));
    // A SYN, and the reset that answers it.
    assert_eq!((counters.up.sent_packets, counters.down.arrived_packets), (1, 1));
}

#[tokio::test]
async fn a_reset_of_either_side_is_passed_on() {
    for server_resets in [true, false] {
        let (link, client, server) = stream(Weather::both(brisk())).await;
        let (mut stays, goes) = if server_resets { (client, server) } else { (server, client) };
        // Both have spoken, so that the stream is agreed at both ends.
        stays.write_all(b"here").await.unwrap();
        let mut here = [0; 4];
        let mut goes = goes;
        soon(goes.read_exact(&mut here)).await.unwrap();
        socket2::SockRef::from(&goes).set_linger(Some(Duration::ZERO)).unwrap();
        drop(goes);
        let read = soon(stays.read(&mut [0])).await;
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        until(&link, |counters| counters.streams_reset == 1).await;
    }
}

#[tokio::test]
async fn nothing_crosses_a_link_that_is_gone_and_who_gives_up_sends_no_more() {
    let (_listener, target) = listener().await;
    let link = Link::start(Weather::both(gone()), target).await.unwrap();
    let sender = udp().await;
    sender.send_to(b"anybody", link.addr()).await.unwrap();
    let mut client = TcpStream::connect(link.addr()).await.unwrap();
    client.write_all(b"anybody").await.unwrap();
    until(&link, |counters| counters.up.cut_packets == 2).await;
    drop(client);
    until(&link, |counters| counters.streams_given_up == 1).await;
    let counters = link.stop().await;
    assert_eq!((counters.up.arrived_packets, counters.down.offered_packets), (0, 0));
}

#[tokio::test]
async fn streams_share_the_link_and_do_not_mix() {
    let (listener, target) = listener().await;
    let link = Link::start(Weather::both(brisk()).seed(2), target).await.unwrap();
    let serving = tokio::spawn(async move {
        for _ in 0..20 {
            let (mut server, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut reader, mut writer) = server.split();
                tokio::io::copy(&mut reader, &mut writer).await.unwrap();
            });
        }
    });
    let clients = (0..20_u8).map(|seed| {
        let addr = link.addr();
        tokio::spawn(async move {
            let mut client = TcpStream::connect(addr).await.unwrap();
            let said = bytes(5_000, seed);
            client.write_all(&said).await.unwrap();
            let mut heard = vec![0; said.len()];
            soon(client.read_exact(&mut heard)).await.unwrap();
            assert!(heard == said);
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    serving.await.unwrap();
    assert_eq!(link.counters().streams_opened, 20);
}

#[tokio::test]
async fn a_stopped_link_is_gone() {
    let (link, mut client, _server) = stream(Weather::both(brisk())).await;
    let addr = link.addr();
    link.stop().await;
    assert!(matches!(soon(client.read(&mut [0])).await, Ok(0) | Err(_)));
    assert!(TcpStream::connect(addr).await.is_err());
}

#[test]
fn every_name_has_its_weather() {
    for name in Weather::NAMES {
        assert!(Weather::named(name).is_some(), "{name}");
    }
    assert!(Weather::named("sunshine").is_none());
}
