//! Golden sessions of what is carried by hand: a card between two homes and no relay, one that is
//! damaged, words and codes, and what does not open.
#![cfg(test)]

mod cast;

use std::{fs, io::Write, process::Stdio};

use cast::{Person, World};
use serde_json::Value;

/// A place in the world's folder.
fn place(world: &World, name: &str) -> String {
    world.folder.path().join(name).display().to_string()
}

fn texts(person: &Person) -> Vec<String> {
    let all = person.objects(&["read"]);
    all.iter().map(|its| its["text"].as_str().unwrap().to_owned()).collect()
}

fn states(person: &Person) -> Vec<Value> {
    person.objects(&["read"]).iter().map(|its| its["state"].clone()).collect()
}

#[test]
fn texts_go_there_and_back_on_cards_while_no_relay_answers() {
    let mut world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    world.relay_stops();
    mina.done(&["mode", "quiet"]);
    joon.done(&["mode", "quiet"]);
    mina.done(&["send", "Joon", "배가 새벽에 떠난다"]);
    let there = place(&world, "there.bin");
    let out = mina.object(&["carry", "out", &there]);
    let size = fs::metadata(&there).unwrap().len();
    assert_eq!((out["bytes"].as_u64(), size), (Some(size), 16_384), "{out}");
    mina.run(&["carry", "out", &there]).failed(1, "there already");
    let taken = joon.object(&["carry", "in", &there]);
    assert_eq!((taken["unknown"].as_u64(), taken["missing"].as_u64()), (Some(0), Some(0)));
    assert_eq!(texts(&joon), ["배가 새벽에 떠난다"]);
    let again = joon.object(&["carry", "in", &there]);
    assert_eq!(again["accepted"], 0, "{again}");
    assert_eq!(again["duplicates"], again["boxes"]);
    joon.done(&["send", "Mina", "기다린다"]);
    let back = place(&world, "back.bin");
    joon.done(&["carry", "out", &back, "--to", "Mina"]);
    mina.done(&["carry", "in", &back]);
    assert_eq!(texts(&mina), ["배가 새벽에 떠난다", "기다린다"]);
    assert_eq!(states(&mina)[0], "delivered");
    // When the relay is back nothing is shown twice.
    world.relay_returns();
    for person in [&mina, &joon, &mina] {
        person.done(&["sync"]);
    }
    assert_eq!(texts(&joon), ["배가 새벽에 떠난다", "기다린다"]);
}

#[test]
fn two_damaged_copies_of_a_card_mend_each_other_and_too_little_says_so() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    mina.done(&["mode", "quiet"]);
    for number in 0..40 {
        mina.done(&["send", "Joon", &format!("{number} {}", "긴 글 ".repeat(150))]);
    }
    let card = place(&world, "card.bin");
    mina.run(&["carry", "out", &card, "--room", "16K"]).failed(1, "do not fit into that");
    mina.done(&["carry", "out", &card]);
    let bytes = fs::read(&card).unwrap();
    let (left, right) = bytes.split_at(bytes.len() / 2 / 1_024 * 1_024);
    let cut = left.len() / 2 / 512 * 512;
    let (first, second) = (place(&world, "first"), place(&world, "second"));
    fs::write(&first, &left[..cut + 300]).unwrap();
    fs::write(&second, right).unwrap();
    joon.run(&["carry", "in", &first]).failed(1, "Too much of it is lost");
    assert!(texts(&joon).is_empty());
    let taken = joon.object(&["carry", "in", &first, &second]);
    assert_eq!((taken["missing"].as_u64(), texts(&joon).len()), (Some(0), 40), "{taken}");
    let other = place(&world, "other");
    fs::write(&other, vec![7; 40_000]).unwrap();
    joon.run(&["carry", "in", &other]).failed(1, "Nothing on it is for this home");
    joon.run(&["carry", "in", "/nowhere/at.all"]).failed(1, "could not be read");
    joon.run(&["carry", "in", "/dev/zero"]).failed(1, "could not be read");
}

#[test]
fn words_and_codes_come_through_a_pipe() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    mina.done(&["mode", "quiet"]);
    mina.run(&["carry", "text"]).failed(1, "Nothing waits");
    mina.done(&["send", "Joon", "short"]);
    let words = mina.object(&["carry", "text"]);
    let words: Vec<&str> =
        words["words"].as_array().unwrap().iter().map(|its| its.as_str().unwrap()).collect();
    assert!(words.iter().all(|word| word.len() == 470), "{words:?}");
    let mut child = joon
        .command(&["carry", "in", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = format!("from M:\n{}\n", words.join("\n"));
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(texts(&joon), ["short"]);
    mina.done(&["send", "Joon", "as codes"]);
    let codes = mina.object(&["carry", "qr"]);
    let codes: Vec<&str> =
        codes["codes"].as_array().unwrap().iter().map(|its| its.as_str().unwrap()).collect();
    let seen = place(&world, "seen.txt");
    fs::write(&seen, codes[codes.len() / 3..].join("\r\n")).unwrap();
    let taken = joon.object(&["carry", "in", &seen]);
    assert_eq!(taken["missing"], 0, "{taken}");
    assert_eq!(texts(&joon), ["short", "as codes"]);
    let shown = mina.run(&["carry", "qr", "--once", "--rate", "20"]);
    assert!(shown.out.lines().count() > 30 * codes.len());
}

#[test]
fn keys_that_turned_while_somebody_had_only_cards_come_by_card() {
    let mut world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    joon.done(&["mode", "quiet"]);
    joon.done(&["send", "Mina", "before the keys turned"]);
    let early = place(&world, "early.bin");
    joon.done(&["carry", "out", &early]);
    for number in 0..52 {
        mina.done(&["send", "Joon", &format!("text {number}")]);
    }
    mina.done(&["sync"]);
    mina.done(&["sync"]);
    world.relay_stops();
    mina.done(&["mode", "quiet"]);
    let late = mina.run(&["carry", "in", &early]);
    assert!(late.out.contains("sealed before the keys turned here"), "{} {}", late.out, late.err);
    let card = place(&world, "card.bin");
    mina.done(&["carry", "out", &card]);
    let taken = joon.object(&["carry", "in", &card]);
    assert_eq!((taken["unknown"].as_u64(), texts(&joon).len()), (Some(0), 53), "{taken}");
    let back = place(&world, "back.bin");
    joon.done(&["carry", "out", &back]);
    let taken = mina.object(&["carry", "in", &back]);
    assert_eq!(taken["late"].as_array().unwrap().len(), 0, "{taken}");
    assert!(texts(&mina).contains(&"before the keys turned".to_owned()));
    world.relay_returns();
    for person in [&mina, &joon, &mina, &joon] {
        person.done(&["sync"]);
    }
    assert_eq!((texts(&mina).len(), texts(&joon).len()), (53, 53));
}
