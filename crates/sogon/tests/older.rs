//! Homes as released versions left them: today's program opens them, shows what is in them, and goes
//! on in their conversations.
//!
//! `tests/homes/VERSION/NAME` holds the sectors of a home that are more than noise: a number of four
//! bytes, little-endian, then the sector, and so on; the rest of the container is noise by chance.
//! `SOGON_KEEP_HOMES=1 cargo test -p sogon --test older` keeps those of the present version there, which
//! is done once, when it is released.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

mod cast;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use cast::{Person, World, noise};
use sogon_vault::{Cost, Passphrase, SECTOR_BYTES, Vault};

/// The salt, and two copies of a key block at each of four places.
const HEAD_SECTORS: u32 = 9;
/// A container of the smallest size: four slots of a mebibyte behind its head.
const SECTORS: u32 = HEAD_SECTORS + 4 * 256;
const PEOPLE: [&str; 2] = ["Mina", "Joon"];
const BEFORE: [&str; 3] = ["see you at nine", "뒷문으로 오세요", "I will bring bread"];

fn homes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/homes")
}

/// The sectors of somebody's home that open, and those at its head.
fn living(person: &Person) -> Vec<u8> {
    let data = person.home.join("data");
    let typed = fs::read_to_string(&person.passphrase).unwrap();
    let passphrase = Passphrase::new(typed.trim_end()).unwrap();
    let vault = Vault::open(&data, &passphrase, Cost::NONE_FOR_TESTS).unwrap();
    // Every sector has a zero somewhere at its end.
    let marks = vault.sectors_with(&[0]).unwrap();
    drop(vault);
    let mut living = Vec::new();
    for (number, sector) in (0..).zip(fs::read(&data).unwrap().chunks(SECTOR_BYTES)) {
        if number < HEAD_SECTORS || marks.iter().any(|mark| sector.starts_with(mark)) {
            living.extend(number.to_le_bytes());
            living.extend(sector);
        }
    }
    living
}

/// Somebody with the home that was kept.
fn again(world: &World, version: &Path, name: &str) -> Person {
    let person = world.stranger(name);
    let mut sectors = BTreeMap::new();
    for kept in fs::read(version.join(name)).unwrap().chunks(4 + SECTOR_BYTES) {
        let (number, sector) = kept.split_first_chunk().unwrap();
        sectors.insert(u32::from_le_bytes(*number), sector.to_vec());
    }
    let mut bytes = noise(7, SECTORS as usize * SECTOR_BYTES);
    for (number, sector) in sectors {
        let at = number as usize * SECTOR_BYTES;
        bytes[at..at + SECTOR_BYTES].copy_from_slice(&sector);
    }
    fs::create_dir_all(&person.home).unwrap();
    fs::write(person.home.join("data"), bytes).unwrap();
    person
}

/// The homes that were kept open, and their conversation goes on.
fn go_on(version: &Path) {
    let world = World::new();
    let [mina, joon] = PEOPLE.map(|name| again(&world, version, name));
    for person in [&mina, &joon] {
        assert_eq!(person.texts(), BEFORE, "{}", version.display());
        assert_eq!(person.objects(&["search", "뒷문"]).len(), 1);
        assert_eq!(person.objects(&["alerts"]).last().unwrap()["chain"], "whole");
    }
    assert_eq!(mina.object(&["contacts"])["contacts"][0]["verified"], true);
    assert_eq!(mina.objects(&["read"])[0]["state"], "delivered");
    assert_eq!(mina.objects(&["alerts"])[0]["kind"], "passphrase-changed");
    // The relay of then is gone: what goes on goes by hand.
    let card = world.folder.path().join("card");
    let card = card.to_str().unwrap();
    mina.done(&["send", "Joon", "still here"]);
    mina.done(&["carry", "out", card]);
    joon.done(&["carry", "in", card]);
    assert_eq!(joon.texts().last().unwrap(), "still here");
}

#[test]
fn homes_of_every_released_version_open_and_their_conversations_go_on() {
    let versions: Vec<_> = fs::read_dir(homes()).unwrap().map(|one| one.unwrap().path()).collect();
    assert!(!versions.is_empty());
    versions.iter().for_each(|version| go_on(version));
}

#[test]
fn homes_of_the_present_version_can_be_kept() {
    let world = World::new();
    let (mina, joon) = world.pair(PEOPLE[0], PEOPLE[1]);
    mina.done(&["send", "Joon", BEFORE[0]]);
    joon.done(&["sync"]);
    joon.done(&["send", "Mina", BEFORE[1]]);
    mina.done(&["sync"]);
    mina.done(&["send", "Joon", BEFORE[2]]);
    mina.done(&["verify-contact", "Joon", "--mark"]);
    let same = mina.passphrase.to_str().unwrap();
    mina.done(&["passwd", "--new-passphrase-file", same]);
    for person in [&joon, &mina, &joon, &mina] {
        person.done(&["sync"]);
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = match std::env::var_os("SOGON_KEEP_HOMES") {
        Some(_) => homes().join(env!("CARGO_PKG_VERSION")),
        None => elsewhere.path().to_owned(),
    };
    fs::create_dir_all(&folder).unwrap();
    for person in [&mina, &joon] {
        person.done(&["read"]);
        person.done(&["mode", "quiet"]);
        fs::write(folder.join(&person.name), living(person)).unwrap();
    }
    go_on(&folder);
}
