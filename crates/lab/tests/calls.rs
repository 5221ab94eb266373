//! Calls in worlds of a seed: they ring, are taken or not, and end, whatever the weather and however
//! often homes die.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use sogon_engine::{Act, Answer, ConversationId, MessageId, view};
use sogon_lab::{home::Mutant, world::World};
use sogon_wire::Uses;

/// Two people who met.
fn met(seed: u64) -> (World, [ConversationId; 2]) {
    let mut world = World::new(seed, &["Mina", "Joon"], Mutant::None);
    let Ok(Answer::Invited { invite }) = world.act(0, Act::Invite { uses: Uses::One }) else {
        panic!("no invitation")
    };
    world.act(1, Act::Join { invite, name: None }).unwrap();
    world.calm(4);
    let ids = [0, 1]
        .map(|home: usize| view::conversations(world.homes[home].store.shelf()).unwrap()[0].id);
    (world, ids)
}

/// How a call stands with each; empty for one that does not know it.
fn stands(world: &World, ids: [ConversationId; 2], call: MessageId) -> [String; 2] {
    [0, 1].map(|home: usize| {
        let entry = view::message(world.homes[home].store.shelf(), ids[home], call).unwrap();
        entry.map(|entry| entry.text).unwrap_or_default()
    })
}

fn rings(world: &mut World, ids: [ConversationId; 2]) -> MessageId {
    let Ok(Answer::Queued { message }) = world.act(0, Act::Call { to: ids[0] }) else {
        panic!("no call")
    };
    message
}

#[test]
fn a_call_may_go_directly_when_both_chose_so_and_in_no_other_case() {
    for (seed, chose) in
        [[false, false], [true, false], [false, true], [true, true]].iter().enumerate()
    {
        let (mut world, ids) = met(90 + seed as u64);
        for home in [0, 1] {
            world.homes[home].allow_direct(true);
            let direct = chose[home];
            world.act(home, Act::DirectCalls { conversation: ids[home], direct }).unwrap();
            let known = view::conversation(world.homes[home].store.shelf(), ids[home]).unwrap();
            assert_eq!(known.unwrap().direct, direct);
        }
        let call = rings(&mut world, ids);
        world.calm(2);
        let keys = |world: &World| {
            [0, 1].map(|home: usize| world.homes[home].direct_keys(ids[home], call).unwrap())
        };
        assert_eq!(keys(&world), [None, None], "nobody has taken it");
        world.act(1, Act::TakeCall { conversation: ids[1], call }).unwrap();
        world.calm(2);
        let [hers, his] = keys(&world);
        let both = *chose == [true, true];
        assert_eq!([hers.is_some(), his.is_some()], [both, both], "{chose:?}");
        let (Some(hers), Some(his)) = (hers, his) else { continue };
        assert_eq!((&hers.secret, hers.epoch), (&his.secret, his.epoch));
        assert_eq!([hers.called, his.called], [true, false]);
        // Who changes their mind, or sets a proxy, meanwhile goes through the relay.
        world.homes[1].allow_direct(false);
        world.act(0, Act::DirectCalls { conversation: ids[0], direct: false }).unwrap();
        assert_eq!(keys(&world), [None, None]);
    }
}

#[test]
fn whoever_chose_it_and_is_behind_a_proxy_does_not_say_that_they_did() {
    for behind in [0, 1] {
        let (mut world, ids) = met(95 + behind as u64);
        for home in [0, 1] {
            world.homes[home].allow_direct(home != behind);
            world.act(home, Act::DirectCalls { conversation: ids[home], direct: true }).unwrap();
        }
        let call = rings(&mut world, ids);
        world.calm(2);
        world.act(1, Act::TakeCall { conversation: ids[1], call }).unwrap();
        world.calm(2);
        world.homes[behind].allow_direct(true);
        for home in [0, 1] {
            assert_eq!(world.homes[home].direct_keys(ids[home], call).unwrap(), None);
        }
    }
}

#[test]
fn a_call_is_taken_and_hung_up_by_either() {
    for (seed, who) in [(1, 0), (2, 1)] {
        let (mut world, ids) = met(seed);
        let call = rings(&mut world, ids);
        world.calm(2);
        assert_eq!(stands(&world, ids, call), ["ringing", "ringing"]);
        world.act(1, Act::TakeCall { conversation: ids[1], call }).unwrap();
        world.calm(2);
        assert_eq!(stands(&world, ids, call), ["talking", "talking"]);
        world.act(who, Act::HangUp { conversation: ids[who], call }).unwrap();
        world.calm(2);
        assert_eq!(stands(&world, ids, call), ["ended", "ended"]);
        // What is over stays over.
        world.act(1 - who, Act::HangUp { conversation: ids[1 - who], call }).unwrap();
        world.act(1, Act::TakeCall { conversation: ids[1], call }).unwrap_err();
        world.calm(2);
        assert_eq!(stands(&world, ids, call), ["ended", "ended"]);
        let keys = [0, 1].map(|home: usize| world.homes[home].call_keys(ids[home], call).unwrap());
        assert_eq!(keys[0].1.base, keys[1].1.base);
        assert_eq!(keys[0].1.pass, keys[1].1.pass);
    }
}

#[test]
fn a_call_is_declined_or_missed() {
    let (mut world, ids) = met(3);
    let declined = rings(&mut world, ids);
    world.calm(2);
    world.act(1, Act::HangUp { conversation: ids[1], call: declined }).unwrap();
    world.calm(2);
    assert_eq!(stands(&world, ids, declined), ["declined", "declined"]);
    // Given up before the other side was there at all.
    let missed = rings(&mut world, ids);
    world.act(0, Act::HangUp { conversation: ids[0], call: missed }).unwrap();
    world.calm(3);
    assert_eq!(stands(&world, ids, missed), ["unanswered", "missed"]);
    let unread = view::conversation(world.homes[1].store.shelf(), ids[1]).unwrap().unwrap().unread;
    assert_eq!(unread, 2, "calls nobody has seen count as unread");
    // Somebody else's call cannot be taken by its own maker.
    let own = rings(&mut world, ids);
    world.act(0, Act::TakeCall { conversation: ids[0], call: own }).unwrap_err();
    world.act(0, Act::TakeCall { conversation: ids[0], call: MessageId([9; 8]) }).unwrap_err();
}

#[test]
fn a_death_after_any_output_leaves_a_call_that_ends() {
    for fuse in 0..60 {
        let (mut world, ids) = met(4);
        world.fuse = Some(fuse);
        // A program that died before it had saved anything is asked again.
        let call = (0..3).find_map(|_| match world.act(0, Act::Call { to: ids[0] }) {
            Ok(Answer::Queued { message }) => {
                let [hers, _] = stands(&world, ids, message);
                (!hers.is_empty()).then_some(message)
            }
            _ => None,
        });
        let Some(call) = call else { continue };
        for _ in 0..3 {
            world.burst(0);
            world.burst(1);
        }
        let _ = world.act(1, Act::TakeCall { conversation: ids[1], call });
        let _ = world.act(1, Act::TakeCall { conversation: ids[1], call });
        let taken = stands(&world, ids, call)[1] == "talking";
        for _ in 0..3 {
            world.burst(1);
            world.burst(0);
        }
        for home in [0, 1] {
            let _ = world.act(home, Act::HangUp { conversation: ids[home], call });
            let _ = world.act(home, Act::HangUp { conversation: ids[home], call });
        }
        world.fuse = None;
        world.calm(4);
        let [hers, his] = stands(&world, ids, call);
        assert!(!["ringing", "talking", ""].contains(&hers.as_str()), "fuse {fuse}: {hers} {his}");
        assert!(!["ringing", "talking"].contains(&his.as_str()), "fuse {fuse}: {hers} {his}");
        assert!(!taken || hers == "ended" || his == "ended", "fuse {fuse}: {hers} {his}");
        for home in &world.homes {
            assert!(home.faults.is_empty(), "fuse {fuse}: {:?}", home.faults);
        }
    }
}
