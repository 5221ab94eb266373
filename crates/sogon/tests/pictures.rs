//! Golden sessions of pictures and of rules about files: drawn small behind walls, sent no larger than
//! the link bears, taken from whom the owner takes them.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, reason = "a test")]

mod cast;

use std::{fs, io::Write, path::Path};

use cast::{Person, World};
use flate2::{Compression, write::ZlibEncoder};
use serde_json::Value;

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 * (sum & 1)))
    })
}

/// A PNG whose head says `wide` and `high`, with these rows of points behind it (RFC 2083).
fn png(wide: u32, high: u32, rows: &[u8]) -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let body = [kind, data].concat();
        [&(data.len() as u32).to_be_bytes(), body.as_slice(), &crc(&body).to_be_bytes()].concat()
    };
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(rows).unwrap();
    let head = [wide.to_be_bytes().as_slice(), &high.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let chunks = [chunk(b"IHDR", &head), chunk(b"IDAT", &packed.finish().unwrap())].concat();
    [b"\x89PNG\r\n\x1a\n".as_slice(), &chunks, &chunk(b"IEND", &[])].concat()
}

/// A picture with something to see in it.
fn picture(wide: u32, high: u32) -> Vec<u8> {
    let mut rows = Vec::new();
    for y in 0..high {
        rows.push(0);
        for x in 0..wide {
            let rough = (x * 7 + y * 13) ^ (x * y / 97);
            rows.extend([(x / 9) as u8, (y / 7) as u8, rough as u8 & 0x1f]);
        }
    }
    png(wide, high, &rows)
}

fn written(world: &World, name: &str, bytes: &[u8]) -> String {
    let path = world.folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

fn place(world: &World, name: &str) -> String {
    world.folder.path().join(name).display().to_string()
}

/// Two people who can write to each other, with room for files.
fn roomy(world: &World) -> (Person, Person) {
    let both = world.pair("Mina", "Joon");
    for person in [&both.0, &both.1] {
        person.done(&["grow", "--mib", "12"]);
    }
    both
}

fn newest(person: &Person) -> Value {
    person.objects(&["file", "list"]).pop().unwrap()
}

fn id(file: &Value) -> String {
    file["id"].as_str().unwrap().to_owned()
}

fn sample(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inspect/tests/samples");
    folder.join(name).display().to_string()
}

#[test]
fn a_picture_has_a_preview_on_both_sides_and_a_trap_costs_no_more_than_that() {
    let world = World::new();
    let (mina, joon) = roomy(&world);
    mina.done(&["file", "send", "Joon", &sample("still.jpg")]);
    joon.done(&["sync"]);
    for (person, name) in [(&mina, "hers.jpg"), (&joon, "his.jpg")] {
        let to = place(&world, name);
        let drawn = person.object(&["file", "preview", &id(&newest(person)), "-o", &to]);
        let bytes = fs::read(&to).unwrap();
        assert_eq!(drawn["bytes"], bytes.len());
        assert!(bytes.len() <= 65_536 && bytes.starts_with(b"\xFF\xD8\xFF"), "{}", bytes.len());
        person
            .run(&["file", "preview", &id(&newest(person)), "-o", &to])
            .failed(1, "there already");
    }
    // Forty thousand by forty thousand points, of which none is there; and a text.
    let bomb = written(&world, "bomb.png", &png(40_000, 40_000, &[0; 64]));
    let text = written(&world, "words.txt", b"no picture at all");
    for path in [&bomb, &text] {
        mina.done(&["file", "send", "Joon", path, "--keep-metadata", "--keep-name"]);
        joon.done(&["sync"]);
        let to = place(&world, "never.jpg");
        let run = joon.run(&["file", "preview", &id(&newest(&joon)), "-o", &to]);
        run.failed(1, "This is no picture");
        assert!(!Path::new(&to).exists());
    }
    assert_eq!(joon.objects(&["read"]).len(), 3, "the home goes on");
    mina.done(&["file", "send", "Joon", &sample("still.jpg"), "--once"]);
    joon.done(&["sync"]);
    let to = place(&world, "once.jpg");
    joon.run(&["file", "preview", &id(&newest(&joon)), "-o", &to]).failed(5, "not be saved");
    // What is to fade fades from when it was seen, small too.
    mina.done(&["file", "send", "Joon", &sample("still.jpg"), "--expires", "1s"]);
    joon.done(&["sync"]);
    let fading = id(&newest(&joon));
    joon.done(&["file", "preview", &fading, "-o", &place(&world, "fades.jpg")]);
    let mut tries = 0..50;
    while joon.objects(&["file", "list"]).iter().any(|file| id(file) == fading) {
        assert!(tries.next().is_some(), "it is still there");
        joon.done(&["sync"]);
    }
}

#[test]
fn a_large_picture_leaves_no_larger_than_the_link_bears_unless_told() {
    let world = World::new();
    let (mina, joon) = roomy(&world);
    let large = picture(2_400, 1_500);
    let path = written(&world, "large.png", &large);
    let sent = mina.object(&["file", "send", "Joon", &path]);
    let bytes = sent["bytes"].as_u64().unwrap();
    assert!(bytes < large.len() as u64, "{bytes} of {}", large.len());
    let removed = sent["removed"].as_array().unwrap();
    assert!(removed.iter().any(|one| one["what"] == "encoding"), "{sent}");
    let original = mina.object(&["file", "send", "Joon", &path, "--original"]);
    assert_eq!(original["bytes"].as_u64(), Some(large.len() as u64));
    joon.done(&["sync"]);
    let ids: Vec<String> = joon.objects(&["file", "list"]).iter().map(id).collect();
    joon.done(&["file", "fetch", &ids[0]]);
    let to = place(&world, "came.png");
    joon.done(&["file", "save", &ids[0], "-o", &to]);
    let came = fs::read(&to).unwrap();
    let side = |at: usize| u32::from_be_bytes(came[at..at + 4].try_into().unwrap());
    let longest = side(16).max(side(20));
    assert!([1_024, 1_280, 1_600, 2_048].contains(&longest), "{longest}");
    // A small one is what it was.
    let small = picture(200, 100);
    let path = written(&world, "small.png", &small);
    let sent = mina.object(&["file", "send", "Joon", &path]);
    assert_eq!(sent["bytes"].as_u64(), Some(small.len() as u64), "{sent}");
}

#[test]
fn files_are_taken_from_whom_the_owner_takes_them_and_sent_as_the_owner_sends_them() {
    let world = World::new();
    let (mina, joon) = roomy(&world);
    let path = written(&world, "note.bin", &[7; 20_000]);
    let send = || mina.done(&["file", "send", "Joon", &path, "--keep-metadata"]);
    joon.done(&["file", "rule", "Mina", "--take", "no"]);
    send();
    joon.done(&["sync"]);
    let refused = newest(&joon);
    assert_eq!((&refused["state"], &refused["here"]), (&"refused".into(), &false.into()));
    joon.run(&["file", "fetch", &id(&refused)]).failed(5, "Your own rule");
    let rule = joon.object(&["file", "rule", "Mina", "--take", "yes", "--most", "10K"]);
    assert_eq!((&rule["take"], &rule["most"]), (&true.into(), &10_240.into()), "{rule}");
    joon.run(&["file", "fetch", &id(&refused)]).failed(5, "Your own rule");
    joon.done(&["file", "rule", "Mina", "--reset"]);
    joon.done(&["file", "fetch", &id(&refused)]);
    assert_eq!(newest(&joon)["state"], "here");
    // On a metered link nothing comes by itself, unless a rule says so.
    assert_eq!(joon.object(&["file", "metered", "yes"])["metered"], true);
    send();
    joon.done(&["sync"]);
    assert_eq!(newest(&joon)["state"], "offered");
    joon.done(&["file", "rule", "Mina", "--auto-metered", "yes"]);
    send();
    joon.done(&["sync"]);
    assert_eq!(newest(&joon)["state"], "here");
    joon.done(&["file", "metered", "no"]);
    // One's own: once, and not to be saved, whatever the command says.
    mina.done(&["file", "rule", "--once", "yes", "--no-saving", "yes"]);
    send();
    joon.done(&["sync"]);
    let once = newest(&joon);
    assert_eq!((&once["expires_s"], &once["no_saving"]), (&0.into(), &true.into()), "{once}");
    mina.done(&["file", "rule", "Joon", "--once", "no"]);
    send();
    joon.done(&["sync"]);
    let kept = newest(&joon);
    assert_eq!((&kept["expires_s"], &kept["no_saving"]), (&Value::Null, &true.into()), "{kept}");
}
