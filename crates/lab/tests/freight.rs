//! Files by hand: pieces go onto cards behind words, over as many cards as it takes, in any order and
//! damaged; nothing comes twice by two ways, and a death costs a card and no byte.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, reason = "a test")]

use sogon_engine::{Act, ConversationId, Form, Input, MessageId, view};
use sogon_lab::{
    SeededEntropy, files,
    hands::{self, TakenIn},
    home::Mutant,
    world::{Weather, World},
};
use sogon_seal::CarryKey;
use sogon_wire::{Freight, SealedBox, bundle};

/// People who met in pairs with the first of them, calm and up to date; nobody reaches a relay.
fn met(seed: u64, names: &[&str]) -> World {
    let mut world = World::new(seed, names, Mutant::None);
    world.acquaint();
    world.calm(4);
    world.offline.fill(true);
    world
}

fn conversation(world: &World, home: usize) -> ConversationId {
    let all = view::conversations(world.homes[home].store.shelf()).unwrap();
    all.iter().find(|c| c.group).unwrap_or(&all[0]).id
}

fn card(world: &mut World, home: usize, room: u32) -> Vec<SealedBox> {
    hands::carry_out_of(world, home, &[], Form::Card, room).expect("something to carry")
}

fn carry(world: &mut World, from: usize, to: usize, room: u32) -> TakenIn {
    let blocks = card(world, from, room);
    hands::take_card(world, to, &hands::card(&blocks))
}

fn about(world: &World, home: usize, file: MessageId) -> view::File {
    let shown = files::shown(world, home, file);
    assert_eq!(shown.len(), 1, "shown once");
    shown[0].file.clone().unwrap()
}

/// The file is here, and it is these bytes.
fn has(world: &World, home: usize, file: MessageId, bytes: &[u8]) -> bool {
    let shown = files::shown(world, home, file);
    let shelf = world.homes[home].store.shelf();
    shown.first().is_some_and(|its| files::read(shelf, its).is_some_and(|read| read == bytes))
}

fn want(world: &mut World, home: usize, message: MessageId) {
    let conversation = conversation(world, home);
    world.act(home, Act::MoveFile { conversation, message }).unwrap();
}

#[test]
fn a_file_and_a_voice_note_go_by_card_and_wait_for_their_reader() {
    let mut world = met(1, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let (note, film) = (files::bytes_of(1, 20_000), files::bytes_of(2, 300_000));
    let film_id = files::send(&mut world, 0, to, &film, None).unwrap();
    let note_id = files::send(&mut world, 0, to, &note, None).unwrap();
    world.act(0, Act::Send { to, text: "look".to_owned(), reply_to: None }).unwrap();
    let blocks = card(&mut world, 0, u32::MAX);
    assert!(blocks.len().is_power_of_two() && blocks.len() <= 1_024, "{}", blocks.len());
    let bytes = hands::card(&blocks);
    let taken = hands::take_card(&mut world, 1, &bytes);
    assert_eq!((taken.missing, taken.unknown), (0, 0), "{taken:?}");
    // Small ones are fetched without a question; of the other all is here and nothing is shown.
    assert!(has(&world, 1, note_id, &note));
    let its = about(&world, 1, film_id);
    assert_eq!((its.stage, its.done_bytes, its.whole), (view::Stage::Offered, its.bytes, false));
    assert!(!has(&world, 1, film_id, &film));
    want(&mut world, 1, film_id);
    assert!(has(&world, 1, film_id, &film), "accepting needs no relay");
    let again = hands::take_card(&mut world, 1, &bytes);
    assert_eq!((again.accepted, again.unknown), (0, 0), "{again:?}");
    // The answer says that they are there: nothing of them is laid at a relay any more.
    let _ = carry(&mut world, 1, 0, u32::MAX);
    for file in [note_id, film_id] {
        assert_eq!(about(&world, 0, file).stage, view::Stage::Sent);
    }
    world.offline.fill(false);
    for home in [0, 1, 0] {
        world.haul(home);
    }
    assert_eq!(world.relays[0].laid(), 0);
    let small = card(&mut world, 0, u32::MAX);
    assert!(small.len() <= 32, "the files are not carried again: {}", small.len());
}

#[test]
fn a_file_larger_than_a_card_goes_over_several_in_any_order() {
    let mut world = met(2, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let film = files::bytes_of(3, 800_000);
    let file = files::send(&mut world, 0, to, &film, None).unwrap();
    world.act(0, Act::Send { to, text: "it comes in parts".to_owned(), reply_to: None }).unwrap();
    let mut cards: Vec<_> = (0..8).map(|_| hands::card(&card(&mut world, 0, 256))).collect();
    assert!(cards.iter().all(|card| card.len() == 262_144));
    cards.reverse();
    let mut done = 0;
    for (place, card) in cards.iter().enumerate() {
        // What brings the offer is on each of them.
        let taken = hands::take_card(&mut world, 1, card);
        assert_eq!(taken.missing, 0, "{taken:?}");
        let its = about(&world, 1, file);
        assert!(its.done_bytes > done || its.done_bytes == its.bytes, "card {place}");
        done = its.done_bytes;
    }
    want(&mut world, 1, file);
    assert!(has(&world, 1, file, &film));
}

#[test]
fn what_is_missing_is_carried_when_the_reader_says_so() {
    let mut world = met(3, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let film = files::bytes_of(4, 400_000);
    let file = files::send(&mut world, 0, to, &film, None).unwrap();
    let cards: Vec<_> = (0..4).map(|_| hands::card(&card(&mut world, 0, 256))).collect();
    // The second was lost on the way.
    for card in [&cards[0], &cards[2], &cards[3]] {
        let _ = hands::take_card(&mut world, 1, card);
    }
    let its = about(&world, 1, file);
    let missing = its.bytes - its.done_bytes;
    if missing > 0 {
        let _ = carry(&mut world, 1, 0, u32::MAX);
    }
    let rest = card(&mut world, 0, u32::MAX);
    let most = (missing + 65_536) * 2 * 8 / 5 + 65_536;
    assert!((rest.len() as u64) * 1_024 <= most.next_power_of_two(), "{} blocks", rest.len());
    let _ = hands::take_card(&mut world, 1, &hands::card(&rest));
    want(&mut world, 1, file);
    assert!(has(&world, 1, file, &film));
}

#[test]
fn any_third_of_a_card_with_a_film_may_be_lost() {
    let mut world = met(4, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let film = files::bytes_of(5, 1_000_000);
    let file = files::send(&mut world, 0, to, &film, None).unwrap();
    for number in 0..9 {
        world.act(0, Act::Send { to, text: format!("{number}"), reply_to: None }).unwrap();
    }
    let blocks = card(&mut world, 0, 2_048);
    let chance = world.chance.clone();
    let mut left = blocks.clone();
    for _ in 0..blocks.len() / 3 {
        left.swap_remove(chance.below(left.len() as u64) as usize);
    }
    // A third in one piece, too.
    for some in [&left[..], &blocks[blocks.len() / 3..], &blocks[..blocks.len() * 2 / 3]] {
        let opened = world.homes[1].open_card(&hands::card(some));
        assert_eq!(opened.missing, 0);
    }
    let taken = hands::take_card(&mut world, 1, &hands::card(&left));
    assert_eq!(taken.missing, 0, "{taken:?}");
    want(&mut world, 1, file);
    assert!(has(&world, 1, file, &film));
    // With too little of it nothing is there that should not be, and more of it mends that.
    let mut other = met(4, &["Mina", "Joon"]);
    let file = files::send(&mut other, 0, to, &film, None).unwrap();
    let blocks = card(&mut other, 0, 2_048);
    let (some, rest) = blocks.split_at(blocks.len() / 3);
    let few = hands::take_card(&mut other, 1, &hands::card(some));
    // Words have more to spare than pieces.
    assert!(few.missing > 0 && about(&other, 1, file).done_bytes == 0, "{few:?}");
    let both = hands::take_card(&mut other, 1, &hands::card(&[rest, some].concat()));
    assert_eq!(both.missing, 0, "{both:?}");
    want(&mut other, 1, file);
    assert!(has(&other, 1, file, &film));
}

#[test]
fn what_came_by_card_is_not_fetched_again_and_what_came_by_relay_not_carried_in_twice() {
    let mut world = met(5, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let film = files::bytes_of(6, 900_000);
    let file = files::send(&mut world, 0, to, &film, None).unwrap();
    // More than half of it by card, and then both come to their relay.
    for _ in 0..5 {
        let _ = carry(&mut world, 0, 1, 256);
    }
    let its = about(&world, 1, file);
    let here = its.done_bytes / its.piece_bytes;
    let pieces = u64::from(its.pieces);
    assert!(here > pieces / 2 && here < pieces, "{here} of {pieces}");
    world.offline.fill(false);
    world.weather = Weather { delay_ms_max: 400, ..Weather::CALM };
    world.haul(0);
    assert_eq!(world.relays[0].laid(), pieces);
    let before = world.relays[0].pieces_read();
    want(&mut world, 1, file);
    world.haul(1);
    assert!(has(&world, 1, file, &film));
    let read = world.relays[0].pieces_read() - before;
    assert!(read <= pieces - here + 10, "{read} read of {pieces}, {here} were here");
    // And by relay first: the card brings nothing new, and says so.
    let other = files::send(&mut world, 0, to, &films(7), None).unwrap();
    world.offline[1] = true;
    let blocks = card(&mut world, 0, u32::MAX);
    world.offline[1] = false;
    for home in [0, 1] {
        world.haul(home);
    }
    want(&mut world, 1, other);
    world.haul(1);
    assert!(has(&world, 1, other, &films(7)));
    let late = hands::take_card(&mut world, 1, &hands::card(&blocks));
    assert_eq!((late.accepted, late.unknown, late.missing), (0, 0, 0), "{late:?}");
    assert!(late.duplicates > 10);
}

fn films(seed: u64) -> Vec<u8> {
    files::bytes_of(seed, 200_000)
}

#[test]
fn pieces_that_stand_elsewhere_in_the_log_are_found_all_the_same() {
    let mut world = met(6, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let film = files::bytes_of(8, 600_000);
    let file = files::send(&mut world, 0, to, &film, None).unwrap();
    let _ = carry(&mut world, 0, 1, 512);
    let here = about(&world, 1, file).done_bytes / 16_349;
    assert!((12..30).contains(&here), "{here}");
    world.offline.fill(false);
    world.haul(0);
    // They came to the relay in another order than they were laid.
    world.relays[0].turn_pieces();
    want(&mut world, 1, file);
    world.haul(1);
    assert!(has(&world, 1, file, &film));
}

#[test]
fn a_rule_or_too_little_room_keeps_pieces_out() {
    let mut world = met(7, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let film = files::bytes_of(9, 120_000);
    let rule = sogon_engine::FileRule { takes: Some(false), ..Default::default() };
    world.act(1, Act::RuleFiles { conversation: None, rule }).unwrap();
    let file = files::send(&mut world, 0, to, &film, None).unwrap();
    let blocks = card(&mut world, 0, u32::MAX);
    let _ = hands::take_card(&mut world, 1, &hands::card(&blocks));
    let its = about(&world, 1, file);
    assert_eq!((its.stage, its.done_bytes), (view::Stage::Refused, 0));
    // Without room nothing comes; with room again the same card brings it.
    let rule = sogon_engine::FileRule::default();
    world.act(1, Act::RuleFiles { conversation: None, rule }).unwrap();
    let _ = world.input(1, Input::Room { bytes: 150_000 });
    want(&mut world, 1, file);
    let _ = hands::take_card(&mut world, 1, &hands::card(&blocks));
    let its = about(&world, 1, file);
    assert_eq!((its.stage, its.done_bytes), (view::Stage::NoRoom, 0));
    let _ = world.input(1, Input::Room { bytes: 15_000_000 });
    let _ = hands::take_card(&mut world, 1, &hands::card(&blocks));
    assert!(has(&world, 1, file, &film));
}

#[test]
fn only_the_sender_of_a_file_can_put_a_piece_of_it_on_a_card() {
    let mut world = met(12, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let film = files::bytes_of(13, 70_000);
    let file = files::send(&mut world, 0, to, &film, None).unwrap();
    let card = hands::card(&card(&mut world, 0, u32::MAX));
    // Joon has the offer by now, and with it the key of the pieces, as every member has.
    let words = hands::carry_out(&mut world, 0, &[], Form::Words).unwrap();
    let words: Vec<String> = words.iter().map(bundle::word).collect();
    let _ = hands::take_words(&mut world, 1, &words.join(" "));
    assert_eq!(about(&world, 1, file).done_bytes, 0);
    let keys = hands::piece_keys(world.homes[1].store.shelf());
    let carry = CarryKey::of(&keys[0]).unwrap();
    let honest = hands::freight_on(&card, &carry).unwrap();
    let pieces = honest.items.len() as u64;
    let forged = |change: fn(&mut Freight)| {
        let mut freight = honest.clone();
        change(&mut freight);
        hands::card_of(&freight.encode(), &carry, &SeededEntropy::new(1))
    };
    for change in [
        (|freight| freight.items.iter_mut().for_each(|its| its.0.0[9] ^= 1)) as fn(&mut Freight),
        |freight| freight.key.0[0] ^= 1,
        |freight| {
            let first = freight.items[0].0;
            freight.items.iter_mut().for_each(|its| its.0 = first);
            freight.items.remove(0);
        },
    ] {
        let taken = hands::take_card(&mut world, 1, &forged(change));
        assert!(taken.accepted == 0 && taken.unknown + 1 >= pieces, "{taken:?}");
        assert_eq!(about(&world, 1, file).done_bytes, 0);
    }
    let taken = hands::take_card(&mut world, 1, &forged(|_| ()));
    assert_eq!(taken.accepted, pieces, "the same, unchanged, is taken");
}

/// A film goes over three cards and back; the home that carries out output number `fuse` dies there.
fn session(fuse: usize) -> bool {
    let mut world = met(8, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let film = files::bytes_of(10, 100_000);
    let file = files::send(&mut world, 0, to, &film, None).unwrap();
    world.fuse = Some(fuse);
    for _ in 0..6 {
        // Who died over a card makes another one; a reader who did takes it in again.
        if let Some(blocks) = hands::carry_out_of(&mut world, 0, &[], Form::Card, 128) {
            let bytes = hands::card(&blocks);
            let _ = hands::take_card(&mut world, 1, &bytes);
            let _ = hands::take_card(&mut world, 1, &bytes);
        }
        if let Some(blocks) = hands::carry_out_of(&mut world, 1, &[], Form::Card, 128) {
            let _ = hands::take_card(&mut world, 0, &hands::card(&blocks));
        }
    }
    let burnt = world.fuse.is_none();
    world.fuse = None;
    want(&mut world, 1, file);
    assert!(has(&world, 1, file, &film), "fuse {fuse}");
    assert_eq!(about(&world, 0, file).stage, view::Stage::Sent, "fuse {fuse}");
    for home in &world.homes {
        assert!(home.faults.is_empty(), "{:?}", home.faults);
    }
    burnt
}

#[test]
fn a_death_after_any_output_costs_a_card_and_no_byte() {
    let mut fuse = 0;
    while session(fuse) {
        fuse += 1;
    }
    assert!(fuse > 20, "the session has many outputs, not {fuse}");
}

#[test]
fn in_a_group_each_says_what_they_have_and_the_last_one_ends_it() {
    let mut world = met(9, &["Mina", "Joon", "Sora"]);
    world.offline.fill(false);
    let members = view::contacts(world.homes[0].store.shelf()).unwrap();
    let members = members.iter().map(|contact| contact.id).collect();
    world.act(0, Act::NewGroup { title: "Moon".to_owned(), members }).unwrap();
    world.calm(6);
    world.offline.fill(true);
    let to = conversation(&world, 0);
    let film = files::bytes_of(11, 150_000);
    let file = files::send(&mut world, 0, to, &film, None).unwrap();
    let bytes = hands::card(&card(&mut world, 0, u32::MAX));
    for reader in [1, 2] {
        assert_eq!(about(&world, 0, file).stage, view::Stage::Sending);
        let _ = hands::take_card(&mut world, reader, &bytes);
        want(&mut world, reader, file);
        assert!(has(&world, reader, file, &film));
        let _ = carry(&mut world, reader, 0, u32::MAX);
    }
    assert_eq!(about(&world, 0, file).stage, view::Stage::Sent);
}

#[test]
fn a_voice_note_goes_as_codes_too() {
    let mut world = met(10, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let note = files::bytes_of(12, 30_000);
    let file = files::send(&mut world, 0, to, &note, None).unwrap();
    let frames = hands::carry_out(&mut world, 0, &[], Form::Frames).unwrap();
    assert!(frames.len() < 300, "{}", frames.len());
    let seen: Vec<String> = frames.iter().skip(frames.len() / 3).map(bundle::code).collect();
    let taken = hands::take_words(&mut world, 1, &seen.join("\n"));
    assert_eq!(taken.missing, 0, "{taken:?}");
    assert!(has(&world, 1, file, &note));
}
