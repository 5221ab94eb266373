//! Carrying by hand: what waits goes on a card, in codes or in words, and arrives once.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, reason = "a test")]

use sogon_engine::{Act, Answer, ConversationId, Form, view};
use sogon_lab::{
    hands::{self, TakenIn},
    home::{Mutant, Store},
    rows::MemoryRows,
    world::World,
};
use sogon_wire::{Uses, bundle};

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
    for other in 1..names.len() {
        let Ok(Answer::Invited { invite }) = world.act(0, Act::Invite { uses: Uses::One }) else {
            panic!("an invitation")
        };
        world.act(other, Act::Join { invite, name: None }).unwrap();
    }
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
