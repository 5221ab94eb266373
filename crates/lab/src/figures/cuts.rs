//! Part 16: what a cut costs a file, what a program holds while it sends a large one, what pieces cost
//! to compute, and what a card costs over its boxes.

use std::{io::Write, time::Instant};

use sha2::{Digest, Sha256};
use sogon_engine::{Act, Answer, ConversationId, Form, Input, view};
use sogon_lab::{
    SeededEntropy, files, hands,
    home::Mutant,
    world::{Weather, World},
};
use sogon_relay::{Config, Relay};
use sogon_seal::{FileKeys, PIECE_STEPS, Piece, piece_bytes};
use sogon_wire::Uses;
use tokio::runtime::Runtime;

use super::{
    memory,
    programs::{Programs, Someone},
    table,
};

/// Of 3.2 MB.
const PIECES: u64 = 196;
const MIB: u64 = 1_048_576;

/// An odd number: there is a middle one.
const ROUNDS: usize = 21;

pub(crate) fn run(programs: &Programs, quick: bool) {
    table::part(
        "16. Files, cut",
        "pieces of 16 KiB that leave twice when the line is cut and the program killed; beside: all",
    );
    for percent in [1, 50, 99] {
        let again = cut(percent);
        let what = format!("cut at {percent} %: pieces left twice");
        table::amounts(&what, again as f64, "the file's", PIECES as f64, "");
    }
    table::part(
        "16. Files, memory",
        "the most a program held while it took a file in and sent it; beside: the file",
    );
    for mib in if quick { vec![16] } else { vec![64, 2_047] } {
        let (most, seconds, disk) = held(programs, mib);
        table::amounts(&format!("send {mib} MiB: memory"), most, "the file", mib as f64, "MiB");
        table::amounts(
            &format!("send {mib} MiB: home on disk"),
            disk,
            "the file",
            mib as f64,
            "MiB",
        );
        let rate = mib as f64 / seconds;
        table::amounts(&format!("send {mib} MiB: a second"), rate, "one MiB", 1.0, "MiB");
    }
    computed();
    table::part(
        "16. By hand",
        "bytes of a card, of codes, of words; beside: the boxes on it; ratio: less is better",
    );
    for texts in [1, 10, 100, 1_000] {
        by_hand(texts);
    }
    for kib in if quick { vec![45, 1_024] } else { vec![45, 1_024, 8_192, 32_768] } {
        film(kib);
    }
}

/// What pieces cost to compute: sealed and signed by one, opened by the other.
fn computed() {
    table::part(
        "16. Files, computed",
        "a core's time for a megabyte in pieces; beside: the same bytes hashed, with SHA-256; ratio: \
         less is better",
    );
    let keys = FileKeys::draw(&SeededEntropy::new(16)).unwrap();
    let file = files::bytes_of(16, 1_000_000);
    for step in PIECE_STEPS {
        let size = piece_bytes(step).unwrap();
        let (mut sealing, mut opening) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let _ = Sha256::digest(&file);
            let hashed = begun.elapsed().as_secs_f64();
            let begun = Instant::now();
            let each = (0..).zip(file.chunks(size));
            let sealed: Vec<_> = each.map(|(at, part)| keys.seal(at, part).unwrap()).collect();
            sealing.push((begun.elapsed().as_secs_f64(), hashed));
            let begun = Instant::now();
            for posting in &sealed {
                Piece::open(keys.key(), posting.boxed()).unwrap();
            }
            opening.push((begun.elapsed().as_secs_f64(), hashed));
        }
        let kib = size.div_ceil(1_024);
        table::times(&format!("seal 1 MB in pieces of {kib} KiB"), "SHA-256", &sealing);
        table::times(&format!("open 1 MB in pieces of {kib} KiB"), "SHA-256", &opening);
    }
}

/// A file on cards: how many bytes they have, and how long it takes to open them with a third lost.
fn film(kib: usize) {
    let (mut world, to) = met();
    world.offline.fill(true);
    let bytes = files::bytes_of(9, kib * 1_024);
    files::send(&mut world, 0, to, &bytes, None).unwrap();
    let begun = Instant::now();
    let blocks = hands::carry_out(&mut world, 0, &[], Form::Card).unwrap();
    let made = begun.elapsed().as_secs_f64();
    let card = hands::card(&blocks[blocks.len() / 3..]);
    let what = format!("a file of {kib} KiB as a card");
    table::amounts(&what, (blocks.len() * 1_024) as f64, "its bytes", bytes.len() as f64, "B");
    let begun = Instant::now();
    let taken = hands::take_card(&mut world, 1, &card);
    let opened = begun.elapsed().as_secs_f64();
    assert_eq!(taken.missing, 0);
    let what = format!("a file of {kib} KiB: made, and opened with a third lost");
    table::amounts(&what, made * 1e3, "opened", opened * 1e3, "ms");
}

fn met() -> (World, ConversationId) {
    let mut world = World::new(5, &["Mina", "Joon"], Mutant::None);
    let Ok(Answer::Invited { invite }) = world.act(0, Act::Invite { uses: Uses::One }) else {
        panic!("an invitation")
    };
    world.act(1, Act::Join { invite, name: None }).unwrap();
    world.calm(3);
    let to = view::conversations(world.homes[0].store.shelf()).unwrap()[0].id;
    (world, to)
}

fn cut(percent: u64) -> u64 {
    let (mut world, to) = met();
    let bytes = files::bytes_of(3, 3_200_000);
    world.weather = Weather { delay_ms_max: 400, ..Weather::CALM };
    files::send(&mut world, 0, to, &bytes, None).unwrap();
    let _ = world.input(0, Input::Haul);
    while world.relays[0].laid() < PIECES * percent / 100 {
        let soon = world.tick.after_ms(20);
        world.run_until(soon);
    }
    world.offline[0] = true;
    world.homes[0].restart();
    let later = world.tick.after_ms(10_000);
    world.run_until(later);
    world.offline[0] = false;
    world.haul(0);
    assert_eq!(world.relays[0].laid(), PIECES);
    world.pieces_left - PIECES
}

/// MiB held at the most, seconds, and MiB of the home afterwards.
fn held(programs: &Programs, mib: u64) -> (f64, f64, f64) {
    let (runtime, place) = (Runtime::new().unwrap(), programs.place());
    let relay = Config::directory(place.path().join("relay"));
    let relay = runtime.block_on(Relay::start(relay)).unwrap();
    let addr = relay.addr().to_string();
    let mina = Someone::new(programs, place.path(), "Mina", &addr, &["--light"]);
    let joon = Someone::new(programs, place.path(), "Joon", &addr, &["--light"]);
    mina.meets(&joon);
    let path = place.path().join("film.bin");
    let mut film = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    for number in 0..mib {
        film.write_all(&files::bytes_of(number, MIB as usize)).unwrap();
    }
    film.flush().unwrap();
    drop(film);
    mina.does(&["grow", "--mib", &(mib + mib / 16 + 16).to_string()]);
    let path = path.display().to_string();
    let begun = Instant::now();
    let most = memory::most(|| mina.command(&["file", "send", "Joon", &path, "--keep-metadata"]));
    let seconds = begun.elapsed().as_secs_f64();
    let homes = std::fs::read_dir(place.path().join("Mina")).unwrap();
    let disk: u64 = homes.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    runtime.block_on(relay.stop());
    (most, seconds, disk as f64 / MIB as f64)
}

fn by_hand(texts: usize) {
    let (mut world, to) = met();
    world.offline.fill(true);
    for _ in 0..texts {
        let text = super::KOREAN.to_owned();
        world.act(0, Act::Send { to, text, reply_to: None }).unwrap();
    }
    let mut bytes = |form| -> f64 {
        let blocks = hands::carry_out(&mut world, 0, &[], form).unwrap();
        blocks.iter().map(|block| block.as_bytes().len()).sum::<usize>() as f64
    };
    let boxes = bytes(Form::Words);
    for (name, form) in [("a card", Form::Card), ("codes", Form::Frames)] {
        let what = format!("{texts} texts as {name}");
        table::amounts(&what, bytes(form), "their boxes", boxes, "B");
    }
    let blocks = hands::carry_out(&mut world, 0, &[], Form::Card).unwrap();
    let begun = Instant::now();
    let opened = world.homes[1].open_card(&hands::card(&blocks[blocks.len() / 3..]));
    assert_eq!(opened.missing, 0);
    let ms = begun.elapsed().as_secs_f64() * 1e3;
    table::amounts(&format!("{texts} texts, a third lost: opened in"), ms, "a blink", 150.0, "ms");
}
