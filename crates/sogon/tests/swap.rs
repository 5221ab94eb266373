//! What of an open home may be written to swap, where a program may lock little memory.
#![cfg(test)]
#![cfg(target_os = "linux")]

mod cast;
mod mapped;
mod secrets;

use std::process::Command;

use cast::{Person, Staying, World};
use mapped::{Mapping, mappings};
use secrets::{found_in, secrets};

/// A shell that runs a command which may lock so many KiB and no more.
fn limited(kib: u32) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -l {kib} && exec \"$@\""), "sh"]);
    shell
}

/// Opens the home in a program that may lock so many KiB and no more.
fn opens_with(person: &Person, kib: u32) -> Staying {
    let open = person.command(&["--json", "open"]);
    let mut limited = limited(kib);
    limited.arg(open.get_program()).args(open.get_args()).env_clear();
    limited.envs(open.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut open = Staying::of(limited.stdin(std::process::Stdio::null()));
    assert_eq!(open.next()["ready"], true);
    open
}

/// What the doctor says of memory, to programs.
fn doctor(person: &Person) -> String {
    let report = person.object(&["doctor"]);
    let checks = report["checks"].as_array().unwrap();
    let memory = checks.iter().find(|check| check["name"] == "memory").unwrap();
    assert_eq!(memory["ok"], true, "it is no fault of the home");
    memory["detail"].as_str().unwrap().to_owned()
}

/// Texts that come and go, are listed and looked for.
fn talk(open: &mut Staying, mina: &Person, joon: &Person, texts: [&str; 2]) {
    mina.done(&["send", "Joon", texts[0]]);
    joon.done(&["sync"]);
    joon.done(&["send", "Mina", texts[1]]);
    while open.next()["text"] != texts[1] {}
    mina.done(&["group", "new", "Walk", "Joon"]);
    mina.done(&["search", "뒷문으로"]);
    mina.done(&["read"]);
}

#[test]
fn texts_and_keys_of_an_open_home_lie_in_locked_memory_where_a_program_may_lock_eight_mebibytes() {
    if !limited(8_192).arg("true").status().unwrap().success() {
        // Whoever runs this may not even lock so much.
        return;
    }
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let mut open = opens_with(&mina, 8_192);
    let texts = ["뷁쏉 여덟 시에 뒷문으로", "쫿뎳 아무에게도 말하지 마"];
    talk(&mut open, &mina, &joon, texts);
    let [own, mls] = secrets(&mina);
    let keys = own.union(&mls).cloned().collect();
    // Whoever is not root does not get to see the memory at all.
    if let Some(mappings) = mappings(open.pid()) {
        let (locked, others): (Vec<_>, Vec<_>) = mappings.iter().partition(|one| one.locked);
        for text in texts {
            let in_locked: usize = locked.iter().map(|one| one.count(text)).sum();
            assert!(in_locked > 0, "the search finds what is there: {text}");
            let astray: Vec<_> = others.iter().filter(|one| one.count(text) > 0).collect();
            let astray: Vec<_> = astray.iter().map(|one: &&&Mapping| &one.title).collect();
            assert!(astray.is_empty(), "{text} in {astray:?}");
        }
        assert!(!found_in(locked, &keys).is_empty(), "the search finds what is there");
        let astray = found_in(others, &keys);
        let lengths: Vec<_> = astray.iter().map(Vec::len).collect();
        assert!(astray.is_empty(), "keys of these lengths: {lengths:?}");
    }
    let said = doctor(&mina);
    assert!(
        said.contains("; 6592 KiB for texts, ") && said.ends_with(", 0 found no room"),
        "{said}"
    );
    open.interrupt();
}

#[test]
fn where_a_program_may_lock_next_to_nothing_a_home_works_and_the_doctor_says_so() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    for (kib, texts) in [
        (0, ["first, 뒷문으로", "then, at the gate"]),
        (64, ["another, 뒷문으로", "then, at the bakery"]),
    ] {
        let mut open = opens_with(&mina, kib);
        talk(&mut open, &mina, &joon, texts);
        let said = doctor(&mina);
        assert!(said.ends_with("; 0 KiB for texts, 0 used at most, 0 found no room"), "{said}");
        open.interrupt();
    }
}
