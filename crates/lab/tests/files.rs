//! Files: every byte arrives once, words go first, and no death or cut costs more than what was
//! under way.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, clippy::print_stderr, reason = "numbers of a test")]

use sogon_engine::{Act, Answer, ConversationId, Input, MessageId, view};
use sogon_lab::{
    files,
    home::{Mutant, Store},
    rows::MemoryRows,
    world::{Weather, World},
};
use sogon_vault::{Cost, Passphrase, Size, Vault};

/// Pieces under way at the same time, at most.
const UNDER_WAY_MAX: u64 = 16;

#[test]
fn every_byte_of_every_file_arrives_whatever_the_weather_and_the_homes_do() {
    for seed in 0..24 {
        let faults = files::live(seed, |_| Store::Memory(MemoryRows::default()));
        assert!(faults.is_empty(), "seed {seed}: {}", faults.join("\n"));
    }
}

#[test]
fn files_live_in_real_stores_too() {
    for seed in [3, 4] {
        let folder = tempfile::tempdir().unwrap();
        let faults = files::live(seed, |place| {
            let path = folder.path().join(place.to_string());
            let passphrase = Passphrase::new("a lab has nothing to hide").unwrap();
            let size = Size::slot_mib(16);
            let vault = Vault::create(&path, &passphrase, size, Cost::NONE_FOR_TESTS).unwrap();
            Store::Vault(Box::new(vault))
        });
        assert!(faults.is_empty(), "seed {seed}: {}", faults.join("\n"));
    }
}

/// People who met in pairs with the first of them, calm and up to date.
fn met(seed: u64, names: &[&str]) -> World {
    let mut world = World::new(seed, names, Mutant::None);
    world.acquaint();
    world.calm(3);
    world
}

fn conversation(world: &World, home: usize) -> ConversationId {
    let all = view::conversations(world.homes[home].store.shelf()).unwrap();
    all.iter().find(|c| c.group).unwrap_or(&all[0]).id
}

fn whole(world: &World, home: usize, file: MessageId) -> Option<Vec<u8>> {
    let shown = files::shown(world, home, file);
    assert!(shown.len() <= 1, "shown once");
    files::read(world.homes[home].store.shelf(), shown.first()?)
}

/// A file of three pieces goes from one to the other; the home that carries out output number `fuse`
/// dies there. Gives whether there was such an output.
fn session(fuse: usize) -> bool {
    let mut world = met(7, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let bytes = files::bytes_of(9, 40_000);
    world.fuse = Some(fuse);
    let mut file = files::send(&mut world, 0, to, &bytes, None);
    let burnt_while_sending = world.fuse.is_none();
    for _ in 0..4 {
        for home in [0, 1] {
            world.haul(home);
            // A person whose program died before it said that the file is sent sends it again.
            let there = file.as_ref().is_ok_and(|id| !files::shown(&world, 0, *id).is_empty());
            if !there {
                file = files::send(&mut world, 0, to, &bytes, None);
            }
        }
    }
    let burnt = world.fuse.is_none();
    world.fuse = None;
    for home in [0, 1, 0] {
        world.haul(home);
    }
    let file = file.unwrap();
    for home in [0, 1] {
        assert_eq!(whole(&world, home, file).as_ref(), Some(&bytes), "home {home}, fuse {fuse}");
        let files = view::files(world.homes[home].store.shelf()).unwrap();
        assert_eq!(files.len(), 1, "home {home}, fuse {fuse}");
        assert!(!view::sweeps(world.homes[home].store.shelf()).unwrap(), "fuse {fuse}");
        assert!(world.homes[home].faults.is_empty(), "{:?}", world.homes[home].faults);
    }
    assert_eq!(world.relays[0].laid(), 3, "a piece is one box, fuse {fuse}");
    assert!(burnt || !burnt_while_sending);
    burnt
}

#[test]
fn a_death_after_any_output_loses_no_byte_and_seals_no_place_twice() {
    let mut fuse = 0;
    while session(fuse) {
        fuse += 1;
    }
    assert!(fuse > 30, "the session has many outputs, not {fuse}");
    eprintln!("{fuse} deaths");
}

#[test]
fn a_cut_costs_no_more_than_what_was_under_way() {
    let bytes = files::bytes_of(3, 3_200_000);
    let pieces = 196;
    for percent in [1, 50, 99] {
        let mut world = met(5, &["Mina", "Joon"]);
        let to = conversation(&world, 0);
        world.weather = Weather { delay_ms_max: 400, ..Weather::CALM };
        let file = files::send(&mut world, 0, to, &bytes, None).unwrap();
        let _ = world.input(0, Input::Haul);
        while world.relays[0].laid() < pieces * percent / 100 {
            let soon = world.tick.after_ms(20);
            world.run_until(soon);
        }
        // The line is cut, and the program killed.
        world.offline[0] = true;
        world.homes[0].restart();
        let later = world.tick.after_ms(10_000);
        world.run_until(later);
        world.offline[0] = false;
        world.haul(0);
        assert_eq!(world.relays[0].laid(), pieces);
        let again = world.pieces_left - pieces;
        eprintln!("cut at {percent} %: {again} of {pieces} pieces left twice");
        assert!(again <= UNDER_WAY_MAX, "{again} pieces left twice after a cut at {percent} %");
        // And the other way: the reader is cut where the sender was.
        world.haul(1);
        files::want_all(&mut world, 1);
        let _ = world.input(1, Input::Haul);
        let done = |world: &World| {
            files::shown(world, 1, file)[0].file.as_ref().map_or(0, |its| its.done_bytes)
        };
        while done(&world) < bytes.len() as u64 * percent / 100 {
            let soon = world.tick.after_ms(20);
            world.run_until(soon);
        }
        let before = done(&world);
        world.offline[1] = true;
        world.homes[1].restart();
        let later = world.tick.after_ms(10_000);
        world.run_until(later);
        assert!(done(&world) >= before, "what came is here");
        world.offline[1] = false;
        world.haul(1);
        assert_eq!(whole(&world, 1, file).as_ref(), Some(&bytes));
    }
}

#[test]
fn words_written_meanwhile_go_before_the_rest_of_a_file() {
    let mut world = met(6, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let bytes = files::bytes_of(4, 2_000_000);
    let file = files::send(&mut world, 0, to, &bytes, None).unwrap();
    world.weather = Weather { delay_ms_max: 900, ..Weather::CALM };
    let _ = world.input(0, Input::Live);
    while world.relays[0].laid() < 20 {
        let soon = world.tick.after_ms(20);
        world.run_until(soon);
    }
    let left = world.pieces_left;
    let text = "before all that".to_owned();
    let Ok(Answer::Queued { message }) = world.act(0, Act::Send { to, text, reply_to: None })
    else {
        panic!("a text")
    };
    let state = |world: &World| {
        let shelf = world.homes[0].store.shelf();
        view::message(shelf, to, message).unwrap().unwrap().delivery
    };
    while state(&world) == Some(view::Delivery::Queued) {
        assert_eq!(world.pieces_left, left, "no piece leaves before the words have their place");
        let soon = world.tick.after_ms(5);
        world.run_until(soon);
    }
    assert!(files::shown(&world, 0, file)[0].file.as_ref().unwrap().done_bytes < 1_000_000);
    let later = world.tick.after_ms(600_000);
    world.run_until(later);
    world.haul(1);
    files::want_all(&mut world, 1);
    world.haul(1);
    assert_eq!(whole(&world, 1, file), Some(bytes));
}

#[test]
fn one_upload_serves_a_group_and_what_expired_is_told() {
    let mut world = met(8, &["Mina", "Joon", "Sora"]);
    let contacts = view::contacts(world.homes[0].store.shelf()).unwrap();
    let members = contacts.iter().map(|contact| contact.id).collect();
    world.act(0, Act::NewGroup { title: "all".into(), members }).unwrap();
    world.calm(6);
    let to = conversation(&world, 0);
    let bytes = files::bytes_of(5, 200_000);
    let file = files::send(&mut world, 0, to, &bytes, None).unwrap();
    world.haul(0);
    let (laid, left) = (world.relays[0].laid(), world.pieces_left);
    for home in [1, 2] {
        world.haul(home);
        let shown = files::shown(&world, home, file);
        let its = shown[0].file.as_ref().unwrap();
        assert_eq!((its.stage, its.done_bytes), (view::Stage::Offered, 0), "nobody asked for it");
    }
    files::want_all(&mut world, 1);
    world.haul(1);
    assert_eq!(whole(&world, 1, file).as_ref(), Some(&bytes));
    assert_eq!((world.relays[0].laid(), world.pieces_left), (laid, left), "one upload");
    // The relay keeps only the newest; who comes now is told so.
    world.relays[0].expire(2);
    files::want_all(&mut world, 2);
    world.haul(2);
    let shown = files::shown(&world, 2, file);
    assert_eq!(shown[0].file.as_ref().unwrap().stage, view::Stage::Missing);
    assert_eq!(whole(&world, 2, file), None);
}

#[test]
fn a_file_to_be_opened_once_leaves_no_piece_on_either_side() {
    let mut world = met(9, &["Mina", "Joon"]);
    let to = conversation(&world, 0);
    let bytes = files::bytes_of(6, 60_000);
    let file = files::send(&mut world, 0, to, &bytes, Some(0)).unwrap();
    assert_eq!(files::shown(&world, 0, file).len(), 1, "nobody has it yet");
    world.haul(0);
    world.haul(1);
    let there = conversation(&world, 1);
    world.act(1, Act::MarkRead { conversation: there }).unwrap();
    assert_eq!(whole(&world, 1, file).as_ref(), Some(&bytes), "an offer that was seen is not it");
    world.act(1, Act::OpenedFile { conversation: there, message: file }).unwrap();
    world.haul(1);
    world.haul(0);
    for home in [0, 1] {
        assert!(files::shown(&world, home, file).is_empty(), "home {home}");
        let shelf = world.homes[home].store.shelf();
        for table in 70..=75 {
            let order = sogon_engine::Order::Up;
            let rows = shelf.scan(sogon_engine::Table(table), b"", None, 999, order).unwrap();
            assert!(rows.is_empty(), "home {home} has {} rows of table {table}", rows.len());
        }
    }
}
