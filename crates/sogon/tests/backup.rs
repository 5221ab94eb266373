//! Golden sessions of a device that is lost and one that takes its place.
#![cfg(test)]

mod cast;

use std::{fs, path::PathBuf};

use cast::{Person, World, holds};

fn passphrase(world: &World) -> PathBuf {
    let path = world.folder.path().join("passphrase of the backup");
    fs::write(&path, "처마 밑 화분 아래").unwrap();
    path
}

/// The same person with nothing but a backup.
fn on_a_new_device(world: &World, person: &Person) -> Person {
    let new = world.stranger(&format!("new {}", person.name));
    Person { name: person.name.clone(), ..new }
}

#[test]
fn a_new_device_has_people_and_history_and_every_conversation_goes_on() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let sora = world.person("Sora");
    mina.meets(&sora);
    mina.done(&["group", "new", "Walk", "Joon", "Sora"]);
    for person in [&joon, &sora, &mina, &joon, &sora] {
        person.done(&["sync"]);
    }
    mina.done(&["verify-contact", "Joon", "--mark"]);
    mina.done(&["send", "Joon", "before the river"]);
    mina.done(&["send", "Walk", "to all of you"]);
    joon.done(&["sync"]);
    joon.done(&["send", "Mina", "I see"]);
    mina.done(&["sync"]);

    let file = world.folder.path().join("card");
    let (card, secret) = (file.to_str().unwrap(), passphrase(&world));
    let with = ["--backup-passphrase-file", secret.to_str().unwrap()];
    let made = mina.object(&[&["backup", card, "--light"][..], &with].concat());
    assert_eq!((made["conversations"].as_u64(), made["repaired"].as_u64()), (Some(3), Some(0)));
    let again = mina.run(&[&["backup", card, "--light"][..], &with].concat());
    again.failed(1, "never overwrites");
    assert!(!holds(world.folder.path(), "before the river"));
    // Written after the backup: Mina's new device never saw it.
    joon.done(&["send", "Mina", "after the backup"]);
    mina.done(&["sync"]);
    fs::remove_dir_all(&mina.home).unwrap();

    // The card has a scratch.
    let mut bytes = fs::read(&file).unwrap();
    let scratch = bytes.len() / 8;
    bytes[scratch..2 * scratch].fill(0);
    fs::write(&file, bytes).unwrap();
    let new = on_a_new_device(&world, &mina);
    let checked = new.object(&[&["backup", "--check", card][..], &with].concat());
    assert!(checked["repaired"].as_u64().unwrap() > 0, "{checked}");
    assert!(!new.home.exists(), "it touches no home");
    let restored = new.object(&[&["restore", card, "--light"][..], &with].concat());
    assert_eq!(restored["messages"], made["messages"]);
    let texts = new.texts();
    assert!(texts.contains(&"before the river".to_owned()) && texts.contains(&"I see".to_owned()));
    assert_eq!(new.objects(&["search", "river"]).len(), 1);
    let contacts = new.object(&["contacts"]);
    let joons = contacts["contacts"].as_array().unwrap().iter().find(|c| c["name"] == "Joon");
    assert_eq!(joons.unwrap()["verified"], true);
    assert_eq!(joons.unwrap()["safety_number"], safety_number(&joon, "Mina"));
    let kinds: Vec<_> = new.objects(&["alerts"]).iter().map(|a| a["kind"].clone()).collect();
    assert!(kinds.contains(&"restored".into()), "{kinds:?}");

    new.done(&["send", "Joon", "it is me again"]);
    for _ in 0..4 {
        for person in [&joon, &sora, &new] {
            person.done(&["sync"]);
        }
    }
    joon.done(&["send", "Mina", "welcome back"]);
    new.done(&["send", "Walk", "all of you, I am back"]);
    for _ in 0..2 {
        for person in [&new, &joon, &sora] {
            person.done(&["sync"]);
        }
    }
    let count = |person: &Person, text: &str| {
        person.texts().iter().filter(|known| known.as_str() == text).count()
    };
    assert_eq!(count(&joon, "it is me again"), 1);
    assert_eq!(count(&new, "welcome back"), 1);
    for person in [&joon, &sora] {
        assert_eq!(count(person, "all of you, I am back"), 1, "{}", person.name);
        assert_eq!(count(person, "to all of you"), 1, "nothing is shown twice");
    }
    assert_eq!(count(&joon, "before the river"), 1, "nothing is shown twice");
    let others = joon.object(&["contacts"]);
    assert_eq!(others["contacts"].as_array().unwrap().len(), 1, "she is who she was");
}

fn safety_number(person: &Person, of: &str) -> serde_json::Value {
    let contacts = person.object(&["contacts"]);
    let found = contacts["contacts"].as_array().unwrap().iter().find(|c| c["name"] == of);
    found.unwrap()["safety_number"].clone()
}

#[test]
fn a_backup_that_is_none_makes_no_home() {
    let world = World::new();
    let mina = world.person("Mina");
    let secret = passphrase(&world);
    let with = ["--backup-passphrase-file", secret.to_str().unwrap()];
    let file = world.folder.path().join("card");
    let card = file.to_str().unwrap();
    let new = on_a_new_device(&world, &mina);
    let restore = [&["restore", card, "--light"][..], &with].concat();
    new.run(&restore).failed(1, "cannot be used");
    fs::write(&file, vec![9; 700_000]).unwrap();
    new.run(&restore).failed(3, "opens nothing");
    fs::remove_file(&file).unwrap();
    mina.done(&[&["backup", card, "--light"][..], &with].concat());
    let wrong = ["--backup-passphrase-file", mina.passphrase.to_str().unwrap()];
    new.run(&[&["restore", card][..], &wrong].concat()).failed(3, "opens nothing");
    let mut bytes = fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes[..half].fill(0);
    fs::write(&file, bytes).unwrap();
    new.run(&restore).failed(1, "Use another copy");
    assert!(fs::read_dir(&new.home).map_or(0, Iterator::count) == 0, "nothing is left over");
    mina.run(&restore).failed(1, "a home at this place");
}
