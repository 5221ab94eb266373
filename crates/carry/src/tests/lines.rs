//! Lines of calls through a real relay.
#![allow(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

use std::{sync::Arc, time::Duration};

use ed25519_dalek::{Signer, SigningKey};
use sogon_engine::Loss;
use sogon_relay::{Config, Relay, Running};
use sogon_wire::{Pass, PublicWriteKey, RelayAddr, WriteSignature};

use super::between::Between;
use crate::{CallLine, Direct, Forgetful, RelayLinks, Way, Ways, Word};

async fn relay() -> Running {
    Relay::start(Config::memory()).await.unwrap()
}

fn pass(seed: u8) -> Pass {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let public = PublicWriteKey(key.verifying_key().to_bytes());
    let signature = key.sign(&Pass::signed_bytes(&public)).to_bytes();
    Pass { key: public, signature: WriteSignature(signature) }
}

fn enter(relay: &RelayAddr, pass: Pass, ways: Ways) -> CallLine {
    CallLine::enter(relay.clone(), pass, Arc::<Forgetful>::default(), ways, None)
}

/// The same of one who chose that calls go directly.
fn enter_directly(relay: &RelayAddr, pass: Pass, direct: &Direct) -> CallLine {
    let (memory, direct) = (Arc::<Forgetful>::default(), Some(direct.clone()));
    CallLine::enter(relay.clone(), pass, memory, Ways::Any, direct)
}

/// Both speak until this is so of them.
async fn both_speak(
    lines: [&mut CallLine; 2],
    packet: &[u8],
    mut until: impl FnMut(usize, usize) -> bool,
) {
    let mut again = tokio::time::interval(Duration::from_millis(20));
    let ([mina, joon], mut heard) = (lines, [0, 0]);
    while !until(heard[0], heard[1]) {
        tokio::select! {
            _ = again.tick() => {
                mina.say(packet.to_vec());
                joon.say(packet.to_vec());
            }
            word = mina.next() => match word {
                Word::Heard(said) => { assert_eq!(said, packet); heard[0] += 1 }
                other => panic!("{other:?}"),
            },
            word = joon.next() => match word {
                Word::Heard(said) => { assert_eq!(said, packet); heard[1] += 1 }
                other => panic!("{other:?}"),
            },
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_both_chose_it_go_from_one_to_the_other_and_back_when_one_stops() {
    let relay = relay().await;
    let [hers, his] = [true, false].map(|called| Direct::new(&[5; 32], called));
    let mut mina = enter_directly(&relay.addr(), pass(1), &hers);
    entered(&mut mina).await;
    let mut joon = enter_directly(&relay.addr(), pass(1), &his);
    entered(&mut joon).await;
    let way = |direct: &Direct| direct.figures().way;
    both_speak([&mut mina, &mut joon], &[0xf3; 155], |_, _| {
        way(&hers) == Way::Direct && way(&his) == Way::Direct
    })
    .await;
    let before = hers.figures();
    both_speak([&mut mina, &mut joon], &[0xf3; 155], |_, _| {
        hers.figures().heard > before.heard + 50
    })
    .await;
    assert!(hers.figures().sent > before.sent);
    // Cut on one side: the call goes on through the room.
    hers.stop();
    let heard_before = his.figures().heard;
    both_speak([&mut mina, &mut joon], &[0xf3; 155], |mine, theirs| {
        way(&his) == Way::Relay && mine > 50 && theirs > 50
    })
    .await;
    assert!(his.figures().heard <= heard_before + 50, "no more comes directly");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_datagrams_nothing_goes_directly_whatever_was_chosen() {
    let relay = relay().await;
    let [hers, his] = [true, false].map(|called| Direct::new(&[5; 32], called));
    let links =
        || RelayLinks::new(Arc::<Forgetful>::default(), Ways::Steady(Duration::from_secs(2)));
    let mut mina = links().call(relay.addr(), pass(1), Some(hers.clone()));
    entered(&mut mina).await;
    let mut joon = links().call(relay.addr(), pass(1), Some(his.clone()));
    entered(&mut joon).await;
    both_speak([&mut mina, &mut joon], &[0xf3; 155], |mine, theirs| mine > 100 && theirs > 100)
        .await;
    assert_eq!((hers.figures().sent, his.figures().sent), (0, 0));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_one_of_them_did_not_choose_it_no_address_is_tried_and_nothing_comes_directly() {
    let relay = relay().await;
    let hers = Direct::new(&[5; 32], true);
    let mut mina = enter_directly(&relay.addr(), pass(1), &hers);
    entered(&mut mina).await;
    let mut joon = enter(&relay.addr(), pass(1), Ways::Any);
    entered(&mut joon).await;
    let mut count = 0;
    let mut again = tokio::time::interval(Duration::from_millis(20));
    // Programs give no such line to whoever has not heard that the other chose it, too; even then
    // no datagram leaves for anybody but the relay.
    while count < 100 {
        tokio::select! {
            _ = again.tick() => {
                mina.say(vec![0xf3; 155]);
                joon.say(vec![0xf3; 155]);
            }
            word = mina.next() => count += usize::from(matches!(word, Word::Heard(_))),
            _ = joon.next() => {}
        }
    }
    assert_eq!((hers.figures().sent, hers.figures().heard), (0, 0));
    relay.stop().await;
}

async fn entered(line: &mut CallLine) -> u8 {
    match line.next().await {
        Word::Entered { others, .. } => others,
        other => panic!("{other:?}"),
    }
}

/// Says something until it is heard, as people do.
async fn reaches(from: &CallLine, to: &mut CallLine, packet: &[u8]) {
    let mut again = tokio::time::interval(Duration::from_millis(20));
    loop {
        tokio::select! {
            _ = again.tick() => from.say(packet.to_vec()),
            word = to.next() => match word {
                Word::Heard(heard) if heard == packet => return,
                Word::Heard(_) => {}
                other => panic!("{other:?}"),
            },
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_says_the_other_hears_by_datagrams_and_without() {
    let relay = relay().await;
    for (room, ways) in [(1, Ways::Any), (2, Ways::Connections)] {
        let mut mina = enter(&relay.addr(), pass(room), ways.clone());
        assert_eq!(entered(&mut mina).await, 0);
        let mut joon = enter(&relay.addr(), pass(room), ways.clone());
        assert_eq!(entered(&mut joon).await, 1);
        reaches(&mina, &mut joon, &[1; 155]).await;
        reaches(&joon, &mut mina, &[2; 155]).await;
        reaches(&mina, &mut joon, &[3; 155]).await;
        // A way that carries datagrams costs less than one that carries frames in a session.
        let up = mina.meter().read().bytes_up;
        assert!(up > 155 * 2);
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_datagrams_are_cut_the_session_carries_what_is_said() {
    let relay = relay().await;
    // Somebody between passes TCP on and knows no UDP.
    let between = Between::before(&relay.addr()).await;
    let mut mina = enter(&between.addr(), pass(1), Ways::Any);
    entered(&mut mina).await;
    let mut joon = enter(&relay.addr(), pass(1), Ways::Any);
    entered(&mut joon).await;
    reaches(&mina, &mut joon, &[1; 155]).await;
    reaches(&joon, &mut mina, &[2; 155]).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_the_seventeenth_stay_outside() {
    let relay = relay().await;
    let mut forged = pass(1);
    forged.signature.0[5] ^= 1;
    assert_eq!(enter(&relay.addr(), forged, Ways::Any).next().await, Word::Refused);
    let mut inside = Vec::new();
    for count in 0..16 {
        let mut line = enter(&relay.addr(), pass(1), Ways::Any);
        assert_eq!(entered(&mut line).await, count);
        inside.push(line);
    }
    assert_eq!(enter(&relay.addr(), pass(1), Ways::Any).next().await, Word::Full);
    let mut other = enter(&relay.addr(), pass(2), Ways::Any);
    assert_eq!(entered(&mut other).await, 0, "another room");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_goes_ends_the_line_and_another_can_be_entered() {
    let relay = relay().await;
    let mut mina = enter(&relay.addr(), pass(1), Ways::Any);
    entered(&mut mina).await;
    relay.stop().await;
    assert_eq!(mina.next().await, Word::Lost(Loss::HungUp));
    assert_eq!(mina.next().await, Word::Lost(Loss::HungUp));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_key_than_the_relays_is_noticed() {
    let (relay, other) = (relay().await, relay().await);
    let addr = RelayAddr::new("127.0.0.1", relay.addr().port(), other.addr().fingerprint());
    let mut mina = enter(&addr.unwrap(), pass(1), Ways::Any);
    assert_eq!(mina.next().await, Word::Lost(Loss::WrongKey));
}
