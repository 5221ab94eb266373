//! Visits that go wrong, and what the engine is told.

use sogon_engine::{Arrival, Loss};
use sogon_relay::{Config, Relay};
use sogon_wire::{Fingerprint, RelayAddr, Reply, Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    between::Between,
    people::{Person, Writer, boxed, relay, soon},
};
use crate::Memory;

fn addr_of(listener: &TcpListener) -> RelayAddr {
    let port = listener.local_addr().unwrap().port();
    RelayAddr::new("127.0.0.1", port, Fingerprint([1; 32])).unwrap()
}

/// Something that listens and is no relay.
async fn stranger<F: Future<Output = ()> + Send>(
    act: impl Fn(TcpStream) -> F + Send + 'static,
) -> RelayAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = addr_of(&listener);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            act(socket).await;
        }
    });
    addr
}

#[tokio::test]
async fn where_nobody_listens_it_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = addr_of(&listener);
    drop(listener);
    let mut alice = Person::new();
    alice.ask(&addr, 1, &Request::About);
    assert_eq!(alice.lost().await, Loss::Unreachable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_whose_greeting_nobody_answers_is_made_anew_and_nothing_is_lost() {
    let running = relay().await;
    let relay = running.addr();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let addr = RelayAddr::new("127.0.0.1", port, relay.fingerprint()).unwrap();
    // The first connection is accepted and leads nowhere, as when the line goes just then.
    let between = tokio::spawn(async move {
        let (_silent, _) = listener.accept().await.unwrap();
        let (mut here, _) = listener.accept().await.unwrap();
        let mut there = TcpStream::connect((relay.host(), relay.port())).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
    });
    // The way is known to be short, so that it is soon seen.
    let mut known = Person::new();
    known.append(&running.addr(), &Writer::new(1), &boxed(1, 352)).await;
    soon(known.links.hang_up()).await;
    known.move_memory(&running.addr(), &addr);
    let mut person = Person::remembering(known.memory);
    person.append(&addr, &Writer::new(1), &boxed(2, 352)).await;
    soon(person.links.hang_up()).await;
    assert_eq!(person.links.meter().read().connections, 2);
    between.abort();
    running.stop().await;
}

#[tokio::test]
async fn an_echo_is_not_a_relay() {
    let addr = stranger(|mut socket| async move {
        let (mut reader, mut writer) = socket.split();
        let _ = tokio::io::copy(&mut reader, &mut writer).await;
    })
    .await;
    let mut alice = Person::new();
    alice.ask(&addr, 1, &Request::About);
    assert_eq!(alice.lost().await, Loss::NotARelay);
}

#[tokio::test]
async fn a_web_server_is_not_a_relay() {
    let addr = stranger(|mut socket| async move {
        let mut asked = [0; 64];
        let _ = socket.read(&mut asked).await;
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await;
        while matches!(socket.read(&mut asked).await, Ok(1..)) {}
    })
    .await;
    let mut alice = Person::new();
    alice.ask(&addr, 1, &Request::About);
    assert_eq!(alice.lost().await, Loss::NotARelay);
}

#[tokio::test]
async fn who_takes_the_call_and_puts_the_receiver_down_hung_up() {
    let addr = stranger(|mut socket| async move {
        let _ = socket.read(&mut [0; 4_096]).await;
    })
    .await;
    let mut alice = Person::new();
    alice.ask(&addr, 1, &Request::About);
    assert_eq!(alice.lost().await, Loss::HungUp);
}

#[tokio::test]
async fn another_key_is_the_wrong_key_and_nothing_is_told_to_its_holder() {
    let (relay, writer) = (relay().await, Writer::new(1));
    let wrong = RelayAddr::new("127.0.0.1", relay.addr().port(), Fingerprint([9; 32])).unwrap();
    let mut alice = Person::new();
    alice.ask(&wrong, 1, &writer.append(&boxed(1, 300)));
    assert_eq!(alice.lost().await, Loss::WrongKey);

    let mut bob = Person::new();
    bob.ask(&relay.addr(), 1, &Request::Read { log: writer.log(), after: 0, bytes_max: 999 });
    assert!(matches!(bob.reply().await.1, Reply::Entries { head: 0, .. }));
    bob.links.hang_up().await;
    relay.stop().await;
}

/// A ticket is of the relay that gave it: shown to another relay it opens nothing, and then that
/// one's key is looked at.
#[tokio::test]
async fn a_relay_set_up_anew_is_noticed_by_who_has_a_ticket_of_the_old_one() {
    let (old, new, writer) = (relay().await, relay().await, Writer::new(1));
    let mut alice = Person::new();
    alice.burst(&old.addr(), &writer, &boxed(1, 300)).await;
    let left = alice.memory.recall(&old.addr()).unwrap();
    let moved = RelayAddr::new("127.0.0.1", new.addr().port(), old.addr().fingerprint()).unwrap();
    alice.memory.leave(&moved, &left);
    alice.ask(&moved, 1, &writer.append(&boxed(2, 300)));
    assert_eq!(alice.lost().await, Loss::WrongKey);
    alice.links.hang_up().await;
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn a_relay_that_stops_hung_up_and_the_next_question_dials_again() {
    let directory = tempfile::tempdir().unwrap();
    let first = Relay::start(Config::directory(directory.path())).await.unwrap();
    let (addr, writer) = (first.addr(), Writer::new(1));
    let mut alice = Person::new();
    alice.append(&addr, &writer, &boxed(1, 300)).await;
    alice.ask(&addr, 2, &Request::Watch { log: writer.log(), after: 1 });
    alice.reply().await;
    first.stop().await;
    assert_eq!(alice.lost().await, Loss::HungUp);

    let listen = ([127, 0, 0, 1], addr.port()).into();
    let again = Relay::start(Config { listen, ..Config::directory(directory.path()) }).await;
    let again = again.unwrap();
    alice.append(&addr, &writer, &boxed(2, 300)).await;
    alice.links.hang_up().await;
    again.stop().await;
}

#[tokio::test]
async fn a_line_cut_anywhere_loses_no_box_that_is_asked_again() {
    let (relay, writer) = (relay().await, Writer::new(1));
    let line = Between::before(&relay.addr()).await;
    let mut alice = Person::new();
    let mut acknowledged: u32 = 0;
    let cuts = [100, 700, 1_500, 1_900, 2_300, 2_600, 3_000, usize::MAX, 400, 600, 900, usize::MAX];
    for cut in cuts {
        line.cut_after(cut);
        alice.ask(&line.addr(), 1, &writer.append(&boxed(acknowledged, 300)));
        match alice.next().await {
            Arrival::Reply { reply: Reply::Appended { seq }, .. } => {
                acknowledged += 1;
                assert_eq!(seq, u64::from(acknowledged), "cut after {cut}");
                // Hung up by us, or cut meanwhile.
                soon(alice.links.hang_up()).await;
            }
            Arrival::Lost { why, .. } => {
                assert_ne!(why, Loss::WrongKey);
                assert_ne!(cut, usize::MAX);
            }
            other @ Arrival::Reply { .. } => panic!("{other:?}"),
        }
    }
    assert!(acknowledged >= 2);
    let log = writer.log();
    alice.ask(&relay.addr(), 2, &Request::Read { log, after: 0, bytes_max: 99_999 });
    let Reply::Entries { head, .. } = alice.reply().await.1 else { panic!() };
    let last = u64::from(acknowledged);
    assert!((last..=last + 1).contains(&head), "each once, and at most one not acknowledged");
    alice.links.hang_up().await;
    relay.stop().await;
}

#[tokio::test]
async fn damaged_memory_costs_a_full_session_and_nothing_else() {
    let (relay, writer) = (relay().await, Writer::new(1));
    let mut alice = Person::new();
    alice.burst(&relay.addr(), &writer, &boxed(1, 300)).await;
    let whole = alice.memory.recall(&relay.addr()).unwrap();
    for place in [0, 3, 5, 8, 9, 20, 60, 100, whole.len() - 1] {
        let mut damaged = whole.to_vec();
        damaged[place] ^= 0x55;
        alice.memory.leave(&relay.addr(), &damaged);
        alice.burst(&relay.addr(), &writer, &boxed(2, 300)).await;
    }
    relay.stop().await;
}

#[tokio::test]
async fn too_much_for_one_relay_is_lost_rather_than_kept_without_bound() {
    let addr = stranger(|socket| async move {
        // Takes the connection and nothing from it.
        std::future::pending::<()>().await;
        drop(socket);
    })
    .await;
    let (mut alice, writer) = (Person::new(), Writer::new(1));
    let big = writer.append(&boxed(1, 65_536));
    for tag in 0..200 {
        alice.ask(&addr, tag, &big);
    }
    assert_eq!(alice.lost().await, Loss::HungUp);
}
