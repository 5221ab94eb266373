//! Planted breaches in source text.

use super::*;
use crate::doors::ROOMS;

fn room(name: &str) -> &'static Room {
    ROOMS.iter().find(|room| room.name == name).unwrap()
}

fn found(name: &str, text: &str) -> Vec<(Rule, usize)> {
    let path = PathBuf::from("src/lib.rs");
    let (sources, unreadable) = read(vec![(path, text.to_owned())]);
    let mut breaches = unreadable;
    breaches.extend(sources.iter().flat_map(|source| check(room(name), source)));
    breaches
        .iter()
        .map(|breach| (breach.rule, breach.place.rsplit(':').next().unwrap().parse().unwrap()))
        .collect()
}

#[test]
fn every_word_of_the_world_is_seen_in_a_pure_room_and_nowhere_else() {
    for word in WORDS {
        let text = format!("fn a() {{\n    let _ = {}::b();\n}}", word.path);
        assert_eq!(found("engine", &text), [(Rule::Word, 2)], "{}", word.path);
        assert_eq!(found("carry", &text), [], "{}", word.path);
    }
}

#[test]
fn a_word_hidden_in_an_import_is_seen() {
    for text in [
        "use std::{fmt, fs};",
        "use std::{collections::BTreeMap, time::{Duration, Instant}};",
        "use std::fs as paper;",
        "use ::std::net::{self, IpAddr};",
        "use {std::thread, std::fmt};",
        "use std::*;",
        "use std::time::*;",
        "fn a() { b::<std::fs::File>() }",
        "fn a() -> [u8; 4] { c!(rand::random()) }",
        "pub(crate) use rand_core::OsRng as Dice;",
        "fn a(now: r#std::time::Instant) {}",
    ] {
        let rules: Vec<Rule> = found("wire", text).iter().map(|(rule, _)| *rule).collect();
        assert!(rules.contains(&Rule::Word), "{text}: {rules:?}");
    }
}

#[test]
fn a_word_hidden_behind_a_name_is_seen() {
    for text in [
        "use std::time;\nfn a() { time::Instant::now(); }",
        "use std as s;\nfn a() { s::fs::read(b); }",
        "extern crate std as s;\nfn a() { s::env::var(b); }",
        "use std as s;\nuse s::time as t;\nfn a() -> t::Instant { b() }",
    ] {
        assert_eq!(found("seal", text).last().map(|(rule, _)| *rule), Some(Rule::Word), "{text}");
    }
}

#[test]
fn harmless_text_is_left_alone() {
    for text in [
        "//! std::fs would be wrong\n/// `std::time::Instant`\nfn a() -> &'static str { \"std::fs\" }",
        "use std::time::Duration;\nfn a(tick: Duration) {}",
        "use std::{fmt, collections::BTreeMap};",
        "struct Instant(u64);\nfn a() -> Instant { Instant(1) }",
        "fn a(b: u8) -> u32 { b as u32 * 2 }",
        "#![allow(clippy::needless_pass_by_value)]",
        "#![forbid(unsafe_code)]",
    ] {
        assert_eq!(found("engine", text), [], "{text}");
    }
}

#[test]
fn tests_may_say_what_the_room_may_not() {
    for text in [
        "#[cfg(test)]\nmod tests { use std::fs; }",
        "#[cfg(all(test, unix))]\nuse std::fs;",
        "#[test]\nfn a() { std::thread::yield_now(); }",
        "#![cfg(test)]\nuse std::fs;",
        "#[cfg(test)]\n#[allow(dead_code)]\npub(crate) fn a() { std::fs::read(b); }",
    ] {
        assert_eq!(found("engine", text), [], "{text}");
    }
}

#[test]
fn the_room_behind_a_test_is_still_checked() {
    for text in [
        "#[cfg(test)]\nmod tests {}\nuse std::fs;",
        "#[cfg(not(test))]\nuse std::fs;",
        "#[cfg(any(test, fuzzing))]\nuse std::fs;",
        "#[cfg(test)]\nuse a::b;\n\nuse std::fs;",
        "struct A { #[cfg(test)] b: u8, c: std::fs::File }",
        "mod inner { #![cfg(test)] }\nuse std::fs;",
    ] {
        assert_eq!(found("engine", text).len(), 1, "{text}");
    }
}

#[test]
fn a_file_declared_for_tests_is_test_code_and_its_neighbour_is_not() {
    let file = |path: &str, text: &str| (PathBuf::from(path), text.to_owned());
    let (sources, _) = read(vec![
        file("src/lib.rs", "#[cfg(test)]\nmod world;\nmod outbox;"),
        file("src/world.rs", "use std::fs;"),
        file("src/world/deep.rs", "use std::fs;"),
        file("src/outbox.rs", "use std::fs;\n#[cfg(test)]\nmod tests;"),
        file("src/outbox/tests.rs", "use std::fs;"),
        file("src/worlds.rs", "use std::fs;"),
    ]);
    let places: Vec<String> = sources
        .iter()
        .flat_map(|source| check(room("engine"), source))
        .map(|breach| breach.place)
        .collect();
    assert_eq!(places, ["src/outbox.rs:1", "src/worlds.rs:1"]);
}

#[test]
fn unsafe_is_seen_in_every_room_and_in_tests() {
    let text = "#[cfg(test)]\nmod tests {\n    fn a() { unsafe { b() } }\n}";
    for room in ROOMS {
        assert_eq!(found(room.name, text), [(Rule::Unsafe, 3)]);
    }
    assert_eq!(found("wire", "// unsafe\nconst A: &str = \"unsafe\";"), []);
}

#[test]
fn the_one_file_that_may_say_unsafe_says_it_once() {
    for door in UNSAFE {
        for (times, more) in [(door.words_max, 0), (door.words_max + 1, 1)] {
            let text = "fn a() { unsafe { b() } }\n".repeat(times);
            let (sources, _) = read(vec![(PathBuf::from(door.file), text)]);
            assert_eq!(sources.iter().flat_map(unsafe_words).count(), more);
        }
    }
}

#[test]
fn only_seal_makes_what_leaves_a_home() {
    for text in [
        "fn a() { Posting::sign(&key, boxed); }",
        "use sogon_seal::Posting as Letter;\nfn a() { Letter::sign(&key, boxed); }",
        "fn a() -> B { letters.map(sogon_seal::Posting::sign) }",
    ] {
        for room in ROOMS {
            let rules: Vec<Rule> = found(room.name, text).iter().map(|(rule, _)| *rule).collect();
            let expected: &[Rule] = if room.name == "seal" { &[] } else { &[Rule::Making] };
            assert_eq!(rules, expected, "{}: {text}", room.name);
        }
    }
    assert_eq!(found("engine", "fn a(b: &Posting) { Posting::restore(b); }"), []);
}

#[test]
fn a_guard_switched_off_is_seen() {
    for text in [
        "#![allow(clippy::disallowed_types)]",
        "#[expect(clippy::disallowed_methods, reason = \"only once\")]\nfn a() {}",
        "#![cfg_attr(unix, allow(clippy::disallowed_types))]",
    ] {
        assert_eq!(found("wire", text), [(Rule::Guard, 1)], "{text}");
        assert_eq!(found("sogon", text), [], "{text}");
    }
}

#[test]
fn code_borrowed_by_its_path_is_seen() {
    for text in ["#[path = \"../../seal/src/lib.rs\"]\nmod seal;", "include!(\"../../a.rs\");"] {
        assert_eq!(found("relay", text), [(Rule::Guard, 1)], "{text}");
    }
    assert_eq!(found("relay", "const A: &str = include_str!(\"a.txt\");"), []);
}

#[test]
fn a_file_that_is_not_rust_is_said() {
    assert_eq!(found("wire", "fn a() {\n"), [(Rule::Unreadable, 1)]);
}
