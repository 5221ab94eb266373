//! Golden sessions of files that go by hand: over several cards, with no relay, by programs that are
//! killed.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, clippy::print_stderr, reason = "numbers of a test")]

mod cast;

use std::{fs, path::Path, process::Stdio};

use cast::{Person, World, holds, noise};
use serde_json::Value;

fn place(world: &World, name: &str) -> String {
    world.folder.path().join(name).display().to_string()
}

/// Two people with room for files, whose relay is gone, and a file that one of them sends.
fn without_relay(world: &mut World, bytes: &[u8]) -> (Person, Person) {
    let (mina, joon) = world.pair("Mina", "Joon");
    for person in [&mina, &joon] {
        person.done(&["grow", "--mib", "8"]);
        person.done(&["mode", "quiet"]);
    }
    world.relay_stops();
    let path = place(world, "noise.bin");
    fs::write(&path, bytes).unwrap();
    mina.run(&["file", "send", "Joon", &path, "--keep-metadata"]);
    (mina, joon)
}

/// The one file a person has.
fn only(person: &Person) -> Value {
    let files = person.objects(&["file", "list"]);
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

fn save(joon: &Person, world: &World, name: &str) -> Vec<u8> {
    let to = place(world, name);
    let id = only(joon)["id"].as_str().unwrap().to_owned();
    joon.run(&["file", "fetch", &id]);
    joon.done(&["file", "save", &id, "-o", &to]);
    fs::read(&to).unwrap()
}

#[test]
fn a_film_goes_over_several_cards_and_waits_to_be_wanted() {
    let mut world = World::new();
    let bytes = noise(7, 400_000);
    let (mina, joon) = without_relay(&mut world, &bytes);
    mina.run(&["send", "Joon", "it comes on cards"]);
    let cards = place(&world, "cards");
    fs::create_dir(&cards).unwrap();
    let mut pieces = 0;
    for number in (0..4).rev() {
        let card = format!("{cards}/{number}");
        let out = mina.object(&["carry", "out", &card, "--room", "300K"]);
        assert_eq!(fs::metadata(&card).unwrap().len(), 262_144, "a power of two: {out}");
        pieces += out["files"][0]["pieces"].as_u64().unwrap();
        assert_eq!(out["files"][0]["of"], 25, "{out}");
    }
    assert!(pieces >= 25, "{pieces}");
    let first = joon.object(&["carry", "in", &format!("{cards}/2")]);
    assert_eq!((first["missing"].as_u64(), first["unknown"].as_u64()), (Some(0), Some(0)));
    let its = only(&joon);
    let done = its["done"].as_u64().unwrap();
    assert!(its["state"] == "offered" && done > 90_000 && done < 400_000, "{its}");
    assert_eq!(first["files"][0]["done"].as_u64(), Some(done), "{first}");
    let shown = joon.run(&["carry", "in", &cards]);
    assert!(shown.out.contains("390.6 KiB of 390.6 KiB here"), "{}", shown.out);
    let its = only(&joon);
    assert_eq!((&its["state"], &its["done"]), (&"offered".into(), &400_000.into()), "{its}");
    // Neither cards nor homes hold anything of it in clear.
    assert!(!holds(Path::new(&cards), "it comes on cards"));
    assert!(!holds(&joon.home, "it comes on cards"));
    for card in fs::read_dir(&cards).unwrap() {
        let card = fs::read(card.unwrap().path()).unwrap();
        assert!(!card.windows(16).any(|part| part == &bytes[1_000..1_016]));
    }
    assert!(save(&joon, &world, "saved.bin") == bytes, "no relay is needed to accept it");
    // The way back tells Mina; then nothing of it is carried or sent any more.
    let back = place(&world, "back.bin");
    joon.done(&["carry", "out", &back]);
    mina.done(&["carry", "in", &back]);
    assert_eq!(only(&mina)["state"], "sent");
    world.relay_returns();
    for person in [&mina, &joon, &mina] {
        person.done(&["sync"]);
    }
    mina.run(&["carry", "out", &place(&world, "last.bin")]).failed(1, "Nothing waits");
}

#[test]
fn programs_killed_over_cards_lose_a_card_and_no_byte() {
    let mut world = World::new();
    let bytes = noise(9, 150_000);
    let (mina, joon) = without_relay(&mut world, &bytes);
    let mut cards = Vec::new();
    for round in 0..8_u64 {
        let card = place(&world, &format!("card {round}"));
        killed(&mina, &["carry", "out", &card, "--room", "128K"], round);
        if Path::new(&card).exists() {
            cards.push(card);
        }
        for card in &cards {
            killed(&joon, &["carry", "in", card], round);
        }
    }
    for round in 0..6 {
        let card = place(&world, &format!("whole {round}"));
        mina.done(&["carry", "out", &card, "--room", "128K"]);
        joon.done(&["carry", "in", &card]);
    }
    for person in [&mina, &joon] {
        let health: Value = serde_json::from_str(&person.run(&["doctor", "--json"]).out).unwrap();
        let checks = health["checks"].as_array().unwrap();
        let vault = checks.iter().find(|check| check["name"] == "vault").unwrap();
        assert_eq!(vault["ok"], true, "{health}");
    }
    assert!(save(&joon, &world, "saved.bin") == bytes);
}

/// Lets a command run for a while that is longer the larger the round, and kills it.
fn killed(person: &Person, args: &[&str], round: u64) {
    let mut command = person.command(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    for _ in 0..round * 120 {
        assert!(fs::read("/proc/self/stat").is_ok_and(|bytes| !bytes.is_empty()));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The most memory a command had, in KiB, where the system says it.
#[cfg(target_os = "linux")]
fn peak_kib(person: &Person, args: &[&str]) -> u64 {
    let mut command = person.command(args);
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let said = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(said.unwrap_or(0));
    }
    assert!(child.wait().unwrap().success(), "{args:?}");
    peak
}

#[cfg(target_os = "linux")]
#[test]
fn a_card_of_many_megabytes_is_neither_written_nor_read_in_one() {
    let mut world = World::new();
    let (mina, joon) = without_relay(&mut world, &noise(1, 10));
    for person in [&mina, &joon] {
        person.done(&["grow", "--mib", "24"]);
    }
    let (small, large) = (place(&world, "small"), place(&world, "large"));
    let before_out = peak_kib(&mina, &["carry", "out", &small]);
    let before_in = peak_kib(&joon, &["carry", "in", &small]);
    let film = place(&world, "film.bin");
    fs::write(&film, noise(3, 8_000_000)).unwrap();
    mina.run(&["file", "send", "Joon", &film, "--keep-metadata"]);
    let out = peak_kib(&mina, &["carry", "out", &large]);
    let took = peak_kib(&joon, &["carry", "in", &large]);
    let size = fs::metadata(&large).unwrap().len() / 1_024;
    assert!(size >= 16_384, "{size} KiB");
    eprintln!("out {before_out} to {out} KiB, in {before_in} to {took} KiB, card {size} KiB");
    let most = 15_360;
    assert!(out < before_out + most, "{before_out} KiB, then {out} for a card of {size}");
    assert!(took < before_in + most, "{before_in} KiB, then {took} for a card of {size}");
    let files = joon.objects(&["file", "list"]);
    assert!(files.iter().any(|its| its["done"] == 8_000_000), "{files:?}");
}
