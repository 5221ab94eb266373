//! Carrying by hand: what waits goes on a card, in codes or in words, and arrives once.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, reason = "a test")]

use sogon_engine::{Act, ConversationId, Form, view};
use sogon_lab::{
    hands::{self, TakenIn},
    home::{Mutant, Store},
    rows::MemoryRows,
    world::World,
};
use sogon_wire::bundle;

#[test]
fn everybody_reads_everything_once_whether_it_came_by_hand_or_by_relay() {
    for seed in 0..24 {
        let faults = hands::live(seed, |_| Store::Memory(MemoryRows::default()));
        assert!(faults.is_empty(), "seed {seed}: {}", faults.join("\n"));
    }
}

/// People who met in pairs with the first of them, calm and up to date.
fn met(names: &[&str]) -> World {
    let mut world = World::new(7, names, Mutant::None);
    world.acquaint();
    world.calm(4);
    world
}

fn conversation(world: &World, home: usize) -> ConversationId {
    let all = view::conversations(world.homes[home].store.shelf()).unwrap();
    all.iter().find(|c| c.group).unwrap_or(&all[0]).id
}

fn write(world: &mut World, home: usize, text: &str) {
    let to = conversation(world, home);
    world.act(home, Act::Send { to, text: text.to_owned(), reply_to: None }).unwrap();
}

fn texts(world: &World, home: usize) -> Vec<String> {
    let id = conversation(world, home);
    let all = view::messages(world.homes[home].store.shelf(), id, 0, 1_000).unwrap();
    all.into_iter()
        .filter(|message| message.kind == view::Kind::Text)
        .map(|message| message.text)
        .collect()
}

fn deliveries(world: &World, home: usize) -> Vec<view::Delivery> {
    let id = conversation(world, home);
    let all = view::messages(world.homes[home].store.shelf(), id, 0, 1_000).unwrap();
    all.into_iter().filter_map(|message| message.delivery).collect()
}

fn carry(world: &mut World, from: usize, to: usize) -> TakenIn {
    let blocks = hands::carry_out(world, from, &[], Form::Card).unwrap();
    hands::take_card(world, to, &hands::card(&blocks))
}

#[test]
fn two_homes_write_to_each_other_without_any_relay() {
    let mut world = met(&["Mina", "Joon"]);
    world.offline.fill(true);
    for text in ["one", "two", "three"] {
        write(&mut world, 0, text);
    }
    let taken = carry(&mut world, 0, 1);
    assert_eq!((taken.unknown, taken.missing), (0, 0), "{taken:?}");
    assert_eq!(texts(&world, 1), ["one", "two", "three"]);
    assert_eq!(deliveries(&world, 0), [view::Delivery::Queued; 3]);
    write(&mut world, 1, "four");
    assert!(carry(&mut world, 1, 0).accepted > 0);
    assert_eq!(texts(&world, 0), ["one", "two", "three", "four"]);
    assert_eq!(deliveries(&world, 0), [view::Delivery::Delivered; 3]);
    // The third card says that the fourth text came; then nothing waits any more.
    let _ = carry(&mut world, 0, 1);
    assert_eq!(deliveries(&world, 1), [view::Delivery::Delivered]);
    world.offline.fill(false);
    world.calm(4);
    for home in [0, 1] {
        assert_eq!(texts(&world, home), ["one", "two", "three", "four"]);
        assert_eq!(view::waiting(world.homes[home].store.shelf()), Ok(0));
    }
}

#[test]
fn a_card_may_lose_a_third_of_its_blocks_and_stand_in_any_order() {
    let mut world = met(&["Mina", "Joon"]);
    world.offline.fill(true);
    for number in 0..60 {
        write(&mut world, 0, &format!("{number} {}", "말".repeat(300)));
    }
    let blocks = hands::carry_out(&mut world, 0, &[], Form::Card).unwrap();
    assert!(blocks.len().is_power_of_two(), "{}", blocks.len());
    let chance = world.chance.clone();
    for round in 0..6 {
        let mut card: Vec<_> = blocks.clone();
        for place in (1..card.len()).rev() {
            card.swap(place, chance.below(place as u64 + 1) as usize);
        }
        card.truncate(card.len() * 2 / 3);
        let opened = world.homes[1].open_card(&hands::card(&card));
        assert_eq!(opened.missing, 0, "round {round}");
        let few = world.homes[1].open_card(&hands::card(&card[..20]));
        assert!(few.missing > 0 && few.brought.is_empty());
    }
    let taken = hands::take_card(&mut world, 1, &hands::card(&blocks[blocks.len() / 3..]));
    assert_eq!((taken.unknown, texts(&world, 1).len()), (0, 60), "{taken:?}");
}

#[test]
fn what_goes_by_hand_and_by_relay_at_once_arrives_once() {
    for hand_first in [true, false] {
        let mut world = met(&["Mina", "Joon"]);
        world.offline[0] = true;
        write(&mut world, 0, "both ways");
        let blocks = hands::carry_out(&mut world, 0, &[], Form::Card).unwrap();
        world.offline[0] = false;
        if hand_first {
            assert!(hands::take_card(&mut world, 1, &hands::card(&blocks)).accepted > 0);
        }
        world.burst(0);
        world.burst(1);
        let late = hands::take_card(&mut world, 1, &hands::card(&blocks));
        assert_eq!((late.accepted, late.unknown), (0, 0), "{late:?}");
        // A receipt rides along with the answer.
        write(&mut world, 1, "it came");
        world.calm(3);
        assert_eq!(texts(&world, 1), ["both ways", "it came"]);
        assert_eq!(deliveries(&world, 0), [view::Delivery::Delivered]);
    }
}

#[test]
fn whoever_comes_to_the_relay_first_hands_in_what_was_carried_for_the_others() {
    let mut world = met(&["Mina", "Joon", "Sora"]);
    let members = view::contacts(world.homes[0].store.shelf()).unwrap();
    let members = members.iter().map(|contact| contact.id).collect();
    world.act(0, Act::NewGroup { title: "Moon".to_owned(), members }).unwrap();
    world.calm(6);
    world.offline[0] = true;
    write(&mut world, 0, "from far away");
    assert!(carry(&mut world, 0, 1).accepted > 0);
    world.burst(1);
    world.burst(2);
    assert_eq!(texts(&world, 2), ["from far away"]);
    // Mina still says that it waits; when she is back it is not shown again.
    assert_eq!(deliveries(&world, 0), [view::Delivery::Queued]);
    world.offline[0] = false;
    world.calm(3);
    for home in [1, 2] {
        assert_eq!(texts(&world, home), ["from far away"]);
        write(&mut world, home, "we have it");
    }
    world.calm(3);
    assert_eq!(texts(&world, 0), ["from far away", "we have it", "we have it"]);
    assert_eq!(deliveries(&world, 0), [view::Delivery::Delivered]);
}

#[test]
fn a_card_that_comes_after_the_keys_turned_brings_nothing_and_loses_nothing() {
    let mut world = met(&["Mina", "Joon"]);
    world.offline[0] = true;
    write(&mut world, 0, "under the old keys");
    let blocks = hands::carry_out(&mut world, 0, &[], Form::Card).unwrap();
    for number in 0..60 {
        write(&mut world, 1, &number.to_string());
        world.burst(1);
    }
    world.burst(1);
    world.burst(1);
    let id = conversation(&world, 1);
    let (epoch, _) = world.homes[1].commitment(id).unwrap();
    assert!(epoch > 1, "Joon's keys turned: {epoch}");
    let taken = hands::take_card(&mut world, 1, &hands::card(&blocks));
    assert_eq!((taken.accepted, texts(&world, 1).len()), (0, 60), "{taken:?}");
    world.offline[0] = false;
    world.calm(4);
    let count = texts(&world, 1).iter().filter(|text| *text == "under the old keys").count();
    assert_eq!(count, 1);
    assert_eq!(texts(&world, 0).len(), 61);
}

/// Whoever is in a relay's reach writes until the keys turned so many times.
fn turn(world: &mut World, home: usize, times: u64) {
    let id = conversation(world, home);
    let (before, _) = world.homes[home].commitment(id).unwrap();
    let mut number = 0;
    while world.homes[home].commitment(id).unwrap().0 < before + times {
        write(world, home, &format!("{before} {number}"));
        world.burst(home);
        // Keys turn when no words are in the way.
        world.burst(home);
        number += 1;
        assert!(number < 100 * times, "the keys turn");
    }
}

#[test]
fn who_has_only_cards_comes_along_when_keys_turn() {
    for (times, damage) in [(1, 0), (3, 6), (7, 0)] {
        let mut world = met(&["Mina", "Joon"]);
        world.offline[0] = true;
        write(&mut world, 0, "before");
        let early = hands::carry_out(&mut world, 0, &[], Form::Card).unwrap();
        turn(&mut world, 1, times);
        let said = texts(&world, 1).len();
        let id = conversation(&world, 1);
        let (epoch, keys) = world.homes[1].commitment(id).unwrap();
        // Mina's card is of keys that are over; Joon is told so, and loses nothing.
        let late = hands::take_card(&mut world, 1, &hands::card(&early));
        assert!(late.late && late.accepted == 0, "{late:?}");
        let blocks = hands::carry_out(&mut world, 1, &[], Form::Card).unwrap();
        let card = hands::card(&blocks);
        let chance = world.chance.clone();
        let card = if damage > 0 { hands::damaged(&card, damage, &chance) } else { card };
        let taken = hands::take_card(&mut world, 0, &card);
        assert_eq!((taken.missing, taken.unknown), (0, 0), "{taken:?}");
        let here = world.homes[0].commitment(conversation(&world, 0)).unwrap();
        assert_eq!(here, (epoch, keys), "{times} turns");
        // Of what the old logs still hold a card takes 256; the rest is said to be missing.
        assert_eq!(texts(&world, 0).len(), said.min(256) + 1);
        // The way back, in keys both have; and the relay later brings nothing twice.
        write(&mut world, 0, "after");
        assert!(carry(&mut world, 0, 1).accepted > 0);
        let all = texts(&world, 1);
        assert!(all.contains(&"before".to_owned()) && all.contains(&"after".to_owned()));
        // What both followed is not carried any more.
        let again = hands::carry_out(&mut world, 1, &[], Form::Card).unwrap();
        assert!(again.len() <= 256, "{}", again.len());
        world.offline[0] = false;
        world.calm(6);
        for home in [0, 1] {
            assert_eq!(texts(&world, home).len(), said + 2, "home {home}");
            assert!(world.homes[home].faults.is_empty(), "{:?}", world.homes[home].faults);
        }
        let (alerts, _) = view::alerts(world.homes[0].store.shelf()).unwrap();
        assert!(alerts.iter().all(|its| its.kind != view::AlertKind::Fork), "{alerts:?}");
        write(&mut world, 1, "on the line");
        world.calm(3);
        assert!(texts(&world, 0).contains(&"on the line".to_owned()));
    }
}

#[test]
fn a_death_at_any_output_while_keys_turn_by_card_loses_nothing() {
    for fuse in 0..40 {
        let mut world = met(&["Mina", "Joon"]);
        world.offline[0] = true;
        write(&mut world, 0, "before");
        turn(&mut world, 1, 2);
        let said = texts(&world, 1).len();
        world.fuse = Some(fuse);
        for _ in 0..3 {
            for (from, to) in [(1, 0), (0, 1)] {
                if let Some(blocks) = hands::carry_out(&mut world, from, &[], Form::Card) {
                    let _ = hands::take_card(&mut world, to, &hands::card(&blocks));
                }
            }
        }
        let burnt = world.fuse.is_none();
        world.fuse = None;
        for home in [0, 1] {
            assert_eq!(texts(&world, home).len(), said + 1, "home {home}, fuse {fuse}");
        }
        world.offline[0] = false;
        world.calm(4);
        assert_eq!(texts(&world, 0).len(), said + 1, "fuse {fuse}");
        if !burnt {
            assert!(fuse > 8, "{fuse}");
            return;
        }
    }
}

#[test]
fn in_a_group_a_card_says_that_the_keys_turned_and_leads_nobody_astray() {
    let mut world = met(&["Mina", "Joon", "Sora"]);
    let members = view::contacts(world.homes[0].store.shelf()).unwrap();
    let members = members.iter().map(|contact| contact.id).collect();
    world.act(0, Act::NewGroup { title: "Moon".to_owned(), members }).unwrap();
    world.calm(6);
    let id = conversation(&world, 1);
    let before = world.homes[1].commitment(id).unwrap();
    world.offline[1] = true;
    turn(&mut world, 0, 1);
    let taken = carry(&mut world, 0, 1);
    assert!(taken.behind, "{taken:?}");
    assert_eq!(world.homes[1].commitment(id).unwrap(), before, "a group's log alone turns it");
    write(&mut world, 1, "from behind");
    assert!(carry(&mut world, 1, 0).late, "and the other side hears of it too");
    world.offline[1] = false;
    world.calm(4);
    let all = texts(&world, 0);
    assert_eq!(texts(&world, 1).len(), all.len());
    assert!(all.contains(&"from behind".to_owned()));
}

#[test]
fn more_boxes_than_a_receipt_names_are_all_known_to_be_opened_in_the_end() {
    let mut world = met(&["Mina", "Joon"]);
    world.offline.fill(true);
    // Each is too long to share its box.
    for number in 0..520 {
        write(&mut world, 0, &format!("{number} {}", "말".repeat(200)));
    }
    let _ = carry(&mut world, 0, 1);
    assert_eq!(texts(&world, 1).len(), 520);
    let delivered = |world: &World| {
        deliveries(world, 0).iter().filter(|its| **its == view::Delivery::Delivered).count()
    };
    let _ = carry(&mut world, 1, 0);
    assert!(delivered(&world) < 520);
    let _ = carry(&mut world, 1, 0);
    assert_eq!(delivered(&world), 520);
}

#[test]
fn words_and_any_sufficient_codes_do_too() {
    let mut world = met(&["Mina", "Joon"]);
    world.offline.fill(true);
    write(&mut world, 0, "short");
    let words = hands::carry_out(&mut world, 0, &[], Form::Words).unwrap();
    assert!(words.len() <= 2, "{}", words.len());
    let text: Vec<String> = words.iter().map(bundle::word).collect();
    let text = format!("Dear J.\n{}\nM.", text.join("\n"));
    assert!(hands::take_words(&mut world, 1, &text).accepted > 0);
    assert_eq!(texts(&world, 1), ["short"]);
    for number in 0..10 {
        write(&mut world, 0, &format!("{number}: {}", "글".repeat(100)));
    }
    let frames = hands::carry_out(&mut world, 0, &[], Form::Frames).unwrap();
    let seen: Vec<String> = frames.iter().skip(frames.len() / 3).map(bundle::code).collect();
    let taken = hands::take_words(&mut world, 1, &seen.join("\n"));
    assert_eq!((taken.missing, texts(&world, 1).len()), (0, 11), "{taken:?}");
}

#[test]
fn a_strangers_home_and_a_finder_learn_the_size_and_nothing_else() {
    let mut world = met(&["Mina", "Joon", "Eve"]);
    world.offline.fill(true);
    let with_joon = view::contacts(world.homes[0].store.shelf()).unwrap();
    let joon = with_joon.iter().find(|contact| contact.name == "Joon").unwrap();
    let to = joon.conversation.unwrap();
    let mut sizes = std::collections::BTreeSet::new();
    for text in ["a", "b b b b b", "something longer that still is one text"] {
        world.act(0, Act::Send { to, text: text.to_owned(), reply_to: None }).unwrap();
        let blocks = hands::carry_out(&mut world, 0, &[to], Form::Card).unwrap();
        sizes.insert(blocks.len());
        let bytes = hands::card(&blocks);
        let opened = world.homes[2].open_card(&bytes);
        assert_eq!((opened.known, opened.brought.len()), (0, 0));
        // As even as chance: the sum of squares of 256 counts stays near its mean.
        let mut counts = [0_f64; 256];
        for byte in &bytes {
            counts[usize::from(*byte)] += 1.0;
        }
        let mean = bytes.len() as f64 / 256.0;
        let chi: f64 = counts.iter().map(|count| (count - mean).powi(2) / mean).sum();
        assert!((150.0..400.0).contains(&chi), "{chi}");
    }
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [16], "the same for one text and for three");
}
