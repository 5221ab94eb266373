//! Golden sessions with one home and several processes.
#![cfg(test)]

mod cast;

use std::os::unix::fs::{FileTypeExt, PermissionsExt};

use cast::World;

#[test]
fn a_home_that_is_open_takes_the_commands_of_others() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let mut open = mina.stays(&["open"]);
    assert_eq!(open.next()["ready"], true);
    let door = mina.home.join(".door");
    let about = std::fs::metadata(&door).unwrap();
    assert!(about.file_type().is_socket());
    assert_eq!(about.permissions().mode() & 0o777, 0o600);

    // The guest needs no passphrase: whoever can knock is the one who opened the home.
    std::fs::remove_file(&mina.passphrase).unwrap();
    let sent = mina.object(&["send", "Joon", "from a second process"]);
    assert_eq!(sent["state"], "handed");
    assert_eq!(open.next()["text"], "from a second process");
    assert_eq!(mina.run_with(&["send", "Joon", "-"], "and its input").code, 0);
    assert_eq!(open.next()["text"], "and its input");
    mina.run(&["send", "Nobody", "hi"]).failed(1, "nobody and nothing called Nobody");
    mina.run(&["--lang", "ko", "send", "Nobody", "hi"]).failed(1, "여기에 없습니다");
    assert_eq!(mina.run(&["send"]).code, 2);

    joon.done(&["sync"]);
    assert_eq!(joon.texts(), ["from a second process", "and its input"]);
    joon.done(&["send", "Mina", "got it"]);
    assert_eq!(open.next()["text"], "got it", "it arrives while the home is open");
    assert_eq!(mina.object(&["sync", "--once"])["waiting"], 0);

    assert_eq!(open.interrupt().code, 130);
    assert!(!door.exists());
}

#[test]
fn the_door_of_a_process_that_crashed_is_replaced() {
    let world = World::new();
    let mina = world.person("Mina");
    let mut open = mina.stays(&["open"]);
    open.next();
    open.crash();
    assert!(mina.home.join(".door").exists(), "left behind");
    mina.done(&["contacts"]);
    let mut open = mina.stays(&["open"]);
    assert_eq!(open.next()["ready"], true);
    open.interrupt();
}

#[test]
fn a_home_with_a_long_path_has_its_door_elsewhere() {
    let world = World::new();
    let mut mina = world.stranger("Mina");
    mina.home = world.folder.path().join("a".repeat(150));
    mina.done(&["init", "--light", "--name", "Mina", "--relay", world.address()]);
    let mut open = mina.stays(&["open"]);
    open.next();
    std::fs::remove_file(&mina.passphrase).unwrap();
    mina.done(&["contacts"]);
    open.interrupt();
}

#[test]
fn many_commands_at_once_all_come_in() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let sending: Vec<_> = (0..6)
        .map(|number| {
            let mut command = mina.command(&["send", "Joon", &format!("number {number}")]);
            command.stdout(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in sending {
        assert!(child.wait().unwrap().success());
    }
    joon.done(&["sync"]);
    let mut texts = joon.texts();
    texts.sort();
    assert_eq!(texts, (0..6).map(|number| format!("number {number}")).collect::<Vec<_>>());
}

#[test]
fn two_who_follow_share_a_home_and_the_guest_ends_with_the_host() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let mut open = mina.stays(&["open"]);
    open.next();
    mina.done(&["send", "Joon", "first"]);
    assert_eq!(open.next()["text"], "first");
    let mut follow = mina.stays(&["read", "--follow"]);
    assert_eq!(follow.next()["text"], "first");
    joon.done(&["send", "Mina", "second"]);
    assert_eq!(open.next()["text"], "second");
    assert_eq!(follow.next()["text"], "second");
    assert_eq!(open.interrupt().code, 130);
    follow.end().failed(1, "ended before");
}

#[test]
fn waiting_for_arrival_ends_when_it_has_arrived() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let mut open = joon.stays(&["open"]);
    open.next();
    let mut waiting = mina.stays(&["send", "Joon", "hello", "--wait", "120s"]);
    assert_eq!(open.next()["text"], "hello");
    // A receipt alone goes late; with an answer it goes at once.
    joon.done(&["send", "Mina", "got it"]);
    assert_eq!(waiting.next()["state"], "delivered");
    assert_eq!(waiting.end().code, 0);
    open.interrupt();
}
