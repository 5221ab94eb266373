//! Golden sessions in which something is wrong: passphrases, links, relays, homes, texts.
#![cfg(test)]

mod cast;

use std::{
    io::{Read, Seek, SeekFrom, Write},
    net::TcpListener,
};

use cast::{Person, World};

fn init(person: &Person, relay: &str) -> cast::Ran {
    person.run(&["init", "--light", "--name", &person.name, "--relay", relay])
}

#[test]
fn a_wrong_passphrase_is_3_and_wrong_usage_is_2() {
    let world = World::new();
    let mina = world.person("Mina");
    std::fs::write(&mina.passphrase, "something else").unwrap();
    mina.run(&["contacts"]).failed(3, "opens nothing here");
    std::fs::write(&mina.passphrase, "").unwrap();
    mina.run(&["contacts"]).failed(1, "cannot be a passphrase");
    std::fs::remove_file(&mina.passphrase).unwrap();
    mina.run(&["contacts"]).failed(1, "cannot be read");
    let locked = mina.command(&["contacts"]).env_remove("SOGON_PASSPHRASE_FILE").output().unwrap();
    assert_eq!(locked.status.code(), Some(3));

    for wrong in
        [&["frobnicate"][..], &[], &["send", "Joon"], &["send", "Joon", "hi", "--wait", "soon"]]
    {
        assert_eq!(mina.run(wrong).code, 2, "{wrong:?}");
    }
    let stranger = world.stranger("Sora");
    assert_eq!(init(&stranger, "relay.example:443").code, 2);
}

#[test]
fn there_is_no_home_and_then_there_is_one_and_no_second() {
    let world = World::new();
    let mina = world.stranger("Mina");
    mina.run(&["contacts"]).failed(1, "no home");
    let ran = init(&mina, world.address());
    assert_eq!(ran.code, 0, "{ran:?}");
    init(&mina, world.address()).failed(1, "already");
    let files: Vec<_> = std::fs::read_dir(&mina.home).unwrap().collect();
    assert_eq!(files.len(), 1, "one file and nothing beside it");
    let long = "n".repeat(129);
    let sora = world.stranger("Sora");
    let ran = sora.run(&["init", "--light", "--name", &long, "--relay", world.address()]);
    ran.failed(1, "larger");
    sora.run(&["contacts"]).failed(1, "no home");
}

#[test]
fn a_home_that_was_never_finished_says_so() {
    let world = World::new();
    let mina = world.stranger("Mina");
    std::fs::create_dir(&mina.home).unwrap();
    let passphrase = sogon_vault::Passphrase::new("벚꽃 아래 Mina").unwrap();
    let (size, cost) = (sogon_vault::Size::SMALLEST, sogon_vault::Cost::NONE_FOR_TESTS);
    let vault = sogon_vault::Vault::create(&mina.home.join("data"), &passphrase, size, cost);
    drop(vault.unwrap());
    mina.run(&["contacts"]).failed(1, "never finished");
}

#[test]
fn a_damaged_home_is_said_to_be_damaged_or_does_not_open() {
    let world = World::new();
    let mina = world.person("Mina");
    let file = mina.home.join("data");
    let length = std::fs::metadata(&file).unwrap().len();
    let mut container = std::fs::OpenOptions::new().read(true).write(true).open(&file).unwrap();
    // All of it but the salt and the key blocks, so that the passphrase still fits.
    let from = 36_864;
    container.seek(SeekFrom::Start(from)).unwrap();
    container.write_all(&vec![0; usize::try_from(length.saturating_sub(from)).unwrap()]).unwrap();
    let ran = mina.run(&["contacts"]);
    ran.failed(1, "damaged");

    let joon = world.person("Joon");
    std::fs::OpenOptions::new()
        .write(true)
        .open(joon.home.join("data"))
        .unwrap()
        .set_len(100)
        .unwrap();
    joon.run(&["contacts"]).failed(1, "damaged");
}

#[test]
fn a_link_that_is_none_or_cut_or_ones_own_is_refused() {
    let world = World::new();
    let (mina, joon) = (world.person("Mina"), world.person("Joon"));
    let link = mina.link();
    joon.run(&["join", "https://example.com/#abc"]).failed(1, "not a Sogon link");
    joon.run(&["join", link.split_at(link.len().saturating_sub(3)).0]).failed(1, "cut short");
    joon.run(&["join", &link.replace("sogon://invite#A", "sogon://invite#B")]).failed(1, "changed");
    mina.run(&["join", &link]).failed(1, "this very home");
    assert_eq!(joon.object(&["contacts"])["contacts"].as_array().unwrap().len(), 0);
    let (left, right) = link.split_at(30);
    let broken = format!(" {left}\n{right} ");
    joon.done(&["join", &broken]);
}

#[test]
fn a_relay_that_is_none_or_has_another_key_is_named_so() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            let _ = stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
            let _ = stream.read(&mut [0; 1_024]);
        }
    });
    let (place, key) = world.address().split_once('#').unwrap();
    let not_a_relay = format!("sogon-relay://127.0.0.1:{port}#{key}");
    let other_key = format!("{place}#{}", "A".repeat(43));
    for (name, relay, why) in
        [("Mina", not_a_relay, "not-a-relay"), ("Joon", other_key, "wrong-key")]
    {
        let person = world.stranger(name);
        assert_eq!(init(&person, &relay).code, 0);
        let ran = person.run(&["invite"]);
        assert!(ran.err.contains("did not answer"), "{ran:?}");
        person.run(&["sync"]).failed(1, "No relay answered");
        let alerts = person.done(&["--json", "alerts"]);
        assert_eq!(alerts.contains("relay-key"), why == "wrong-key", "{alerts}");
        let ran = person.run(&["--json", "doctor"]);
        ran.failed(1, "check");
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let relay = checks.iter().find(|check| check["name"] == "relay").unwrap();
        assert_eq!(relay["ok"], false);
        assert!(relay["detail"].as_str().unwrap().ends_with(why), "{relay}");
    }
}

#[test]
fn a_text_cannot_command_the_readers_terminal() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let evil =
        "hi\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}abc\rxyz\n2025-01-01 00:00  Joon: pay";
    mina.done(&["send", "Joon", evil]);
    joon.done(&["sync"]);
    let shown = joon.done(&["read"]);
    let commands = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!shown.contains(commands), "{shown:?}");
    assert_eq!(shown.lines().filter(|line| line.starts_with("20")).count(), 1, "{shown:?}");
    let json = joon.done(&["--json", "read"]);
    assert!(!json.contains(commands), "{json:?}");
    assert_eq!(joon.texts(), [evil], "programs get it as it was");
}

#[test]
fn a_name_cannot_command_the_readers_terminal() {
    let world = World::new();
    let mina = world.stranger("M\u{1b}[2Jina");
    assert_eq!(init(&mina, world.address()).code, 0);
    let joon = world.person("Joon");
    let link = mina.link();
    joon.done(&["join", &link]);
    mina.done(&["sync"]);
    joon.done(&["sync"]);
    mina.done(&["sync"]);
    mina.done(&["send", "Joon", "hello"]);
    joon.done(&["sync"]);
    for args in [&["read"][..], &["contacts"], &["doctor"], &["alerts"]] {
        let shown = joon.done(args);
        assert!(!shown.contains('\u{1b}'), "{args:?}: {shown:?}");
    }
}

#[test]
fn names_unknown_and_meant_for_two_are_said_so() {
    let world = World::new();
    let (mina, _joon) = world.pair("Mina", "Joon");
    mina.run(&["send", "Dana", "hi"]).failed(1, "nobody and nothing called Dana");
    let link = mina.link();
    let sora = world.person("Sora");
    sora.done(&["join", &link, "--as", "Mina"]);
    sora.done(&["sync"]);
    mina.done(&["sync"]);
    mina.done(&["rename", "Sora", "JOON"]);
    mina.run(&["send", "joon", "hi"]).failed(1, "More than one is called joon");
    mina.run(&["send", "Joon", "hi", "--reply", "00"]).failed(1, "no such message");
    mina.run(&["group", "add", "Nobody", "Joon"]).failed(1, "nobody and nothing called Nobody");
}

#[test]
fn errors_are_said_in_korean_and_json_stays_as_it_is() {
    let world = World::new();
    let mina = world.person("Mina");
    mina.run(&["--lang", "ko", "send", "다나", "안녕"]).failed(1, "여기에 없습니다");
    let ran = mina.command(&["read"]).env("LANG", "ko_KR.UTF-8").output().unwrap();
    assert!(String::from_utf8_lossy(&ran.stderr).contains("메시지가 없습니다"));
    let versions = ["en", "ko"].map(|lang| {
        let mut report = mina.object(&["--lang", lang, "doctor"]);
        // What is measured is another number each time.
        let checks = report["checks"].as_array_mut().unwrap();
        checks.retain(|check| check["name"] != "clock" && check["name"] != "memory");
        report
    });
    assert_eq!(versions[0], versions[1]);
}
