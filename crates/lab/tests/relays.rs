//! What relays let happen: conversations that know several go on when one is gone and learn of new
//! ones, and many are heard where few may be watched.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use sogon_engine::{Act, Answer, view};
use sogon_lab::{home::Mutant, world::World};
use sogon_wire::Uses;

/// People who met at the first of two relays, calm and up to date.
fn met_at_two(seed: u64, names: &[&str]) -> World {
    let mut world = World::with_relays(seed, names, Mutant::None, 2);
    world.acquaint();
    world.calm(4);
    world
}

fn only(world: &World, home: usize) -> view::Conversation {
    view::conversations(world.homes[home].store.shelf()).unwrap().remove(0)
}

fn say(world: &mut World, home: usize, text: &str) {
    let to = only(world, home).id;
    world.act(home, Act::Send { to, text: text.to_owned(), reply_to: None }).unwrap();
}

/// The texts of others a home shows, in order.
fn heard(world: &World, home: usize) -> Vec<String> {
    let shelf = world.homes[home].store.shelf();
    let all = view::messages(shelf, only(world, home).id, 0, 99).unwrap();
    let texts = all.into_iter().filter(|m| m.kind == view::Kind::Text && m.from.is_some());
    texts.map(|m| m.text).collect()
}

fn moves(world: &World, home: usize) -> usize {
    let (alerts, whole) = view::alerts(world.homes[home].store.shelf()).unwrap();
    assert!(whole);
    alerts.iter().filter(|alert| alert.kind == view::AlertKind::Moved).count()
}

#[test]
fn a_conversation_goes_on_at_its_second_relay_when_the_first_is_gone() {
    let mut world = met_at_two(21, &["Mina", "Joon"]);
    say(&mut world, 0, "before");
    world.calm(2);
    world.kill(0, true);
    say(&mut world, 0, "one");
    for _ in 0..2 {
        world.burst(0);
        assert_eq!(moves(&world, 0), 0, "a relay may be away for a while");
    }
    for _ in 0..3 {
        world.burst(0);
        world.burst(1);
    }
    assert_eq!(heard(&world, 1), ["before", "one"]);
    assert_eq!((moves(&world, 0), moves(&world, 1)), (1, 1));
    say(&mut world, 1, "two");
    world.calm(3);
    assert_eq!(heard(&world, 0), ["two"]);
    // The old one comes back, and nobody minds.
    world.kill(0, false);
    say(&mut world, 0, "three");
    world.calm(4);
    assert_eq!(heard(&world, 1), ["before", "one", "three"]);
    assert_eq!((moves(&world, 0), moves(&world, 1)), (1, 1));
    assert!(world.homes.iter().all(|home| home.faults.is_empty()));
}

/// Joon cannot reach the first relay, Mina can: she finds his move there, and what she had written
/// at the first one, which he never read, arrives all the same.
#[test]
fn who_still_reaches_the_first_relay_follows_who_does_not() {
    let mut world = met_at_two(22, &["Mina", "Joon"]);
    world.bar(1, 0, true);
    say(&mut world, 0, "you cannot read this there");
    world.burst(0);
    say(&mut world, 1, "the line to it is cut here");
    for _ in 0..6 {
        world.burst(1);
        world.burst(0);
    }
    assert_eq!(heard(&world, 0), ["the line to it is cut here"]);
    assert_eq!(heard(&world, 1), ["you cannot read this there"]);
    say(&mut world, 0, "and now");
    world.calm(3);
    assert_eq!(heard(&world, 1), ["you cannot read this there", "and now"]);
    assert_eq!((moves(&world, 0), moves(&world, 1)), (1, 1));
}

/// Both move at once, and each to where the other one did not look yet.
#[test]
fn who_move_at_the_same_time_end_in_one_conversation() {
    let mut world = met_at_two(23, &["Mina", "Joon"]);
    world.kill(0, true);
    say(&mut world, 0, "from Mina");
    say(&mut world, 1, "from Joon");
    for _ in 0..4 {
        let _ = world.input(0, sogon_engine::Input::Burst);
        let _ = world.input(1, sogon_engine::Input::Burst);
        let until = world.tick.after_ms(120_000);
        world.run_until(until);
    }
    world.calm(4);
    assert_eq!(heard(&world, 0), ["from Joon"]);
    assert_eq!(heard(&world, 1), ["from Mina"]);
    let keys = [0, 1].map(|home| world.homes[home].commitment(only(&world, home).id).unwrap());
    assert_eq!(keys[0], keys[1]);
}

/// One that takes every question and says nothing holds a burst up for a few times as long as it
/// took anyway, and only because somebody may have moved there; what is written goes at once.
#[test]
fn a_relay_that_swallows_every_question_holds_a_burst_up_for_a_little_only() {
    let mut world = met_at_two(25, &["Mina", "Joon"]);
    world.mute[1] = true;
    say(&mut world, 0, "at once");
    let begun = world.tick;
    world.burst(0);
    let took_ms = world.tick.0 - begun.0;
    assert!((2_000..4_000).contains(&took_ms), "{took_ms} ms");
    world.mute[1] = false;
    world.burst(1);
    assert_eq!(heard(&world, 1), ["at once"]);
}

/// A relay nobody needs does not hold up a burst, and costs nothing most of the time.
#[test]
fn a_dead_relay_that_nobody_needs_is_seldom_asked() {
    let mut world = met_at_two(24, &["Mina", "Joon"]);
    world.kill(1, true);
    let mut lost = 0;
    for _ in 0..16 {
        world.burst(0);
        let unreached =
            |event: &sogon_engine::Event| matches!(event, sogon_engine::Event::Unreached { .. });
        lost += world.homes[0].told.iter().filter(|event| unreached(event)).count();
        world.homes[0].told.clear();
    }
    assert!((3..=5).contains(&lost), "asked {lost} times in 16 bursts");
}

/// Whoever knows more people than a relay lets one watch hears from all of them, and what is written
/// leaves at once.
#[test]
fn more_conversations_than_a_relay_lets_one_watch_are_all_heard() {
    let names: Vec<String> = (0..9).map(|n| format!("Person {n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::new(27, &names, Mutant::None);
    world.acquaint();
    world.calm(4);
    // Two of sixteen logs, and a place for what is lively.
    world.relays[0].watches_max = Some(3);
    world.input(0, sogon_engine::Input::Live).unwrap();
    let pass = |world: &mut World, span_ms| world.run_until(world.tick.after_ms(span_ms));
    pass(&mut world, 1_000);
    let to = view::conversations(world.homes[0].store.shelf()).unwrap()[0].id;
    let text = "while others are not watched".to_owned();
    world.act(0, Act::Send { to, text: text.clone(), reply_to: None }).unwrap();
    pass(&mut world, 1_000);
    for other in 1..names.len() {
        say(&mut world, other, "for you");
        world.burst(other);
    }
    let got = |world: &World| {
        let shelf = world.homes[0].store.shelf();
        let all = view::conversations(shelf).unwrap();
        let texts = all.iter().flat_map(|its| view::messages(shelf, its.id, 0, 99).unwrap());
        texts.filter(|m| m.kind == view::Kind::Text && m.from.is_some()).count()
    };
    assert_eq!((1..names.len()).filter(|its| heard(&world, *its) == [text.as_str()]).count(), 1);
    pass(&mut world, 25_000);
    assert_eq!(got(&world), names.len() - 1);
    // Where something was said lately somebody listens.
    let last = names.len() - 1;
    say(&mut world, last, "again");
    world.burst(last);
    pass(&mut world, 21_000);
    assert_eq!(got(&world), names.len());
    assert!(world.homes.iter().all(|home| home.faults.is_empty()));
}

/// Everybody met at one relay, and there is a second one that nobody knows.
fn met_at_one(seed: u64, names: &[&str]) -> World {
    let mut world = World::new(seed, names, Mutant::None);
    world.acquaint();
    world.calm(4);
    world.add_relay();
    world
}

#[test]
fn a_relay_that_was_added_in_time_carries_on_when_the_first_is_cut_off() {
    let mut world = met_at_one(41, &["Mina", "Joon"]);
    let added = Act::AddRelay { relay: world.addrs[1].clone(), first: true };
    world.act(0, added).unwrap();
    world.burst(0);
    let (alerts, _) = view::alerts(world.homes[1].store.shelf()).unwrap();
    assert!(alerts.is_empty());
    world.burst(1);
    // Whoever did not ask for it is told.
    let (alerts, _) = view::alerts(world.homes[1].store.shelf()).unwrap();
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].kind, view::AlertKind::RelaysChanged);
    say(&mut world, 1, "before");
    world.calm(2);
    world.kill(0, true);
    say(&mut world, 1, "from Joon, who added nothing");
    say(&mut world, 0, "from Mina");
    for _ in 0..5 {
        world.burst(1);
        world.burst(0);
    }
    assert_eq!(heard(&world, 0), ["before", "from Joon, who added nothing"]);
    assert_eq!(heard(&world, 1), ["from Mina"]);
    // What is new begins at the new one, also when the old one is dead.
    let Ok(Answer::Invited { invite }) = world.act(0, Act::Invite { uses: Uses::One }) else {
        panic!("an invitation")
    };
    assert_eq!(invite.relay, world.addrs[1]);
    assert!(world.homes.iter().all(|home| home.faults.is_empty()));
}

/// One conversation in a burst is told of it, and none twice.
#[test]
fn many_conversations_learn_of_a_relay_one_burst_after_the_other() {
    let mut world = met_at_one(42, &["Mina", "Joon", "Sora", "Hana"]);
    let boxes = |world: &World| world.relays[0].seen.len();
    let before = boxes(&world);
    let relay = world.addrs[1].clone();
    world.act(0, Act::AddRelay { relay: relay.clone(), first: false }).unwrap();
    let mut told = Vec::new();
    for _ in 0..6 {
        let last = boxes(&world);
        world.burst(0);
        // The commit and the note beside the old log.
        told.push(boxes(&world) - last);
    }
    assert_eq!(told.iter().filter(|count| **count > 0).count(), 3, "{told:?}");
    assert!(boxes(&world) - before <= 6, "{told:?}");
    world.act(0, Act::AddRelay { relay, first: true }).unwrap();
    let last = boxes(&world);
    world.burst(0);
    assert_eq!(boxes(&world), last, "everybody knows it already");
    world.calm(2);
    for home in 1..4 {
        say(&mut world, home, "still here");
    }
    world.calm(2);
    assert!(world.homes.iter().all(|home| home.faults.is_empty()));
}

/// Both add another one at the same time, to a conversation whose commits cross.
#[test]
fn relays_that_two_add_at_once_are_both_known() {
    let mut world = met_at_one(43, &["Mina", "Joon"]);
    world.add_relay();
    for home in [0, 1] {
        let relay = world.addrs[1 + home].clone();
        world.act(home, Act::AddRelay { relay, first: false }).unwrap();
    }
    for _ in 0..4 {
        let _ = world.input(0, sogon_engine::Input::Burst);
        let _ = world.input(1, sogon_engine::Input::Burst);
        let until = world.tick.after_ms(60_000);
        world.run_until(until);
    }
    for gone in [0, 1] {
        world.kill(gone, true);
        say(&mut world, gone, &format!("relay {gone} is gone"));
        for _ in 0..6 {
            world.burst(0);
            world.burst(1);
        }
    }
    assert_eq!(heard(&world, 1), ["relay 0 is gone"]);
    assert_eq!(heard(&world, 0), ["relay 1 is gone"]);
    assert!(world.homes.iter().all(|home| home.faults.is_empty()));
}

/// Four are the most. A dead one makes room; one that lives does not.
#[test]
fn a_fifth_relay_takes_the_place_of_a_dead_one_only() {
    let mut world = World::with_relays(44, &["Mina", "Joon"], Mutant::None, 4);
    world.acquaint();
    world.calm(4);
    world.add_relay();
    let fifth = world.addrs[4].clone();
    let add = Act::AddRelay { relay: fifth.clone(), first: false };
    assert_eq!(world.act(0, add.clone()), Err(sogon_engine::EngineError::TooLarge));
    let gone = world.addrs[2].clone();
    world.act(0, Act::RemoveRelay { relay: gone }).unwrap();
    world.act(0, add.clone()).unwrap();
    let before = world.relays[0].seen.len();
    world.burst(0);
    assert_eq!(world.relays[0].seen.len(), before, "all four live");
    world.kill(2, true);
    for _ in 0..4 {
        world.burst(0);
    }
    world.act(0, add).unwrap();
    world.calm(2);
    for gone in [0, 1, 3] {
        world.kill(gone, true);
    }
    say(&mut world, 1, "at the fifth");
    for _ in 0..6 {
        world.burst(1);
        world.burst(0);
    }
    assert_eq!(heard(&world, 0), ["at the fifth"]);
    let one = Act::RemoveRelay { relay: fifth };
    world.act(0, one.clone()).unwrap();
    assert_eq!(world.act(0, one), Err(sogon_engine::EngineError::Unknown));
    for left in [0, 1] {
        let relay = world.addrs[left].clone();
        world.act(0, Act::RemoveRelay { relay }).unwrap();
    }
    let last = Act::RemoveRelay { relay: world.addrs[3].clone() };
    assert_eq!(world.act(0, last), Err(sogon_engine::EngineError::NoRelay));
}
