//! Golden sessions of files: sent clean, offered, fetched, saved; and what is kept back.
#![cfg(test)]

mod cast;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use cast::{Person, World, holds, noise};
use serde_json::Value;

fn sample(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inspect/tests/samples");
    folder.join(name).display().to_string()
}

/// A file in the world's folder.
fn written(world: &World, name: &str, bytes: &[u8]) -> String {
    let path = world.folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

/// Two people who can write to each other, with room for files.
fn roomy(world: &World) -> (Person, Person) {
    let both = world.pair("Mina", "Joon");
    for person in [&both.0, &both.1] {
        person.done(&["grow", "--mib", "8"]);
    }
    both
}

/// The one file a person has.
fn only(person: &Person) -> Value {
    let files = person.objects(&["file", "list"]);
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

fn id(file: &Value) -> String {
    file["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_picture_leaves_clean_under_a_neutral_name_and_is_saved_as_it_left() {
    let world = World::new();
    let (mina, joon) = roomy(&world);
    let sent = mina.object(&["file", "send", "Joon", &sample("still.jpg")]);
    assert_eq!(sent["state"], "sent", "{sent}");
    let removed = sent["removed"].as_array().unwrap();
    assert!(removed.iter().any(|one| one["what"] == "exif"), "{sent}");
    let name = sent["name"].as_str().unwrap().to_owned();
    assert!(name.starts_with("file-") && name.ends_with(".jpg") && name.len() == 13, "{name}");
    joon.done(&["sync"]);
    let shown = joon.objects(&["read"]);
    assert_eq!((&shown[0]["kind"], &shown[0]["text"]), (&"file".into(), &sent["name"]));
    // A small one comes without a question.
    let file = only(&joon);
    assert_eq!((&file["state"], &file["bytes"]), (&"here".into(), &sent["bytes"]), "{file}");
    let folder = world.folder.path().join("saved");
    fs::create_dir(&folder).unwrap();
    let saved = joon.object(&["file", "save", &id(&file), "-o", &folder.display().to_string()]);
    let path = folder.join(&name);
    assert_eq!(saved["path"], path.display().to_string());
    let about = fs::metadata(&path).unwrap();
    assert_eq!(about.permissions().mode() & 0o777, 0o600);
    assert_eq!(Some(about.len()), sent["bytes"].as_u64());
    // The same picture, cleaned by hand, is the same file.
    let by_hand = world.folder.path().join("by hand.jpg").display().to_string();
    mina.done(&["clean", &sample("still.jpg"), "-o", &by_hand]);
    assert_eq!(fs::read(&by_hand).unwrap(), fs::read(&path).unwrap());
    let to = path.display().to_string();
    joon.run(&["file", "save", &id(&file), "-o", &to]).failed(1, "there already");
    // The relay and both homes hold nothing of it in clear.
    let start = &fs::read(&path).unwrap()[..];
    let middle = String::from_utf8_lossy(&start[20..32]).into_owned();
    for place in [world.folder.path().join("relay"), mina.home.clone(), joon.home.clone()] {
        assert!(!holds(&place, &name) && !holds(&place, &middle), "{}", place.display());
    }
}

#[test]
fn what_cannot_be_cleaned_leaves_only_when_told() {
    let world = World::new();
    let (mina, joon) = roomy(&world);
    let old = written(&world, "my diary.doc", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 an old document");
    let refused = mina.run(&["file", "send", "Joon", &sample("still.png"), &old]);
    refused.failed(5, "--keep-metadata");
    assert!(mina.objects(&["file", "list"]).is_empty(), "none leaves when one is refused");
    let sent = mina.object(&["file", "send", "Joon", &old, "--keep-metadata"]);
    assert_eq!(sent["removed"].as_array().unwrap().len(), 0);
    let name = sent["name"].as_str().unwrap();
    assert!(name.starts_with("file-") && name.ends_with(".doc"), "{name}");
    let named = mina.object(&["file", "send", "Joon", &sample("still.png"), "--keep-name"]);
    assert_eq!(named["name"], "still.png");
    joon.done(&["sync"]);
    assert_eq!(joon.objects(&["file", "list"]).len(), 2);
    mina.run(&["file", "send", "Joon", "/nowhere/at.all"]).failed(1, "could not be read");
    mina.run(&["file", "send", "Joon", "/dev/zero"]).failed(1, "could not be read");
}

#[test]
fn large_files_come_when_they_are_wanted_and_a_home_says_when_it_has_no_room() {
    let world = World::new();
    let (mina, joon) = roomy(&world);
    let bytes = noise(7, 1_500_000);
    let path = written(&world, "noise.bin", &bytes);
    mina.done(&["file", "send", "Joon", &path, "--keep-metadata"]);
    joon.done(&["sync"]);
    let file = only(&joon);
    assert_eq!((&file["state"], &file["done"]), (&"offered".into(), &0.into()));
    let to = world.folder.path().join("noise.out").display().to_string();
    joon.run(&["file", "save", &id(&file), "-o", &to]).failed(1, "sogon file fetch");
    joon.done(&["file", "fetch", &id(&file)]);
    joon.done(&["file", "save", &id(&file), "-o", &to]);
    assert_eq!(fs::read(&to).unwrap(), bytes);
    // A light home holds a few megabytes: what does not fit is not begun.
    let large = written(&world, "large.bin", &noise(8, 60_000_000));
    mina.run(&["file", "send", "Joon", &large, "--keep-metadata"]).failed(1, "sogon grow --mib");
    assert_eq!(mina.objects(&["file", "list"]).len(), 1);
    assert_eq!(joon.object(&["file", "auto", "2M"])["bytes"], 2_097_152);
    mina.done(&["file", "send", "Joon", &path, "--keep-metadata"]);
    joon.done(&["file", "drop", &id(&file)]);
    joon.done(&["sync"]);
    let files = joon.objects(&["file", "list"]);
    assert_eq!(files[1]["state"], "here", "{files:?}");
    assert_eq!(files[0]["state"], "offered", "{files:?}");
}

#[test]
fn programs_are_kept_back_and_the_owner_is_told() {
    let world = World::new();
    let (mina, joon) = roomy(&world);
    let path = written(&world, "holiday.jpg", b"MZ\x90\0 a program in disguise");
    mina.run(&["file", "send", "Joon", &path]).failed(5, "--keep-metadata");
    mina.done(&["file", "send", "Joon", &path, "--keep-metadata", "--keep-name"]);
    joon.done(&["sync"]);
    let file = only(&joon);
    let to = world.folder.path().join("out").display().to_string();
    joon.run(&["file", "save", &id(&file), "-o", &to]).failed(5, "a program for Windows");
    joon.run(&["--lang", "ko", "file", "save", &id(&file), "-o", &to]).failed(5, "윈도 프로그램");
    assert!(!Path::new(&to).exists());
    assert_eq!(only(&joon)["program"], "windows");
    let alerts = joon.objects(&["alerts"]);
    let told: Vec<_> = alerts.iter().filter(|alert| alert["kind"] == "program-came").collect();
    assert_eq!(told.len(), 1, "{alerts:?}");
    assert!(told[0]["detail"].as_str().unwrap().contains("holiday.jpg"));
    joon.done(&["file", "save", &id(&file), "-o", &to, "--allow-program"]);
    assert_eq!(fs::read(&to).unwrap(), b"MZ\x90\0 a program in disguise");
}

#[test]
fn who_signed_a_program_that_is_kept_back_is_said_and_nobody_vouches_for_the_name() {
    let world = World::new();
    let (mina, joon) = roomy(&world);
    let good: &[u8] = include_bytes!("../../inspect/tests/programs/signed.exe");
    let mut changed = good.to_vec();
    changed[0x300] ^= 1;
    // Without the table, and without what says where it is.
    let mut bare = good[..0x600].to_vec();
    bare[0x80 + 168..0x80 + 176].fill(0);
    let to = world.folder.path().join("out").display().to_string();
    let cases: [(&[u8], &str, &str, &str); 3] = [
        (good, "holds", "CN=Mina's Tools, in the signer's own words: nobody vouches", "CN=Mina"),
        (&changed, "broken", "changed after signing", "서명한 뒤에 바뀌었습니다"),
        (&bare, "nobody", "Nobody signed it", "아무도 서명하지 않았습니다"),
    ];
    for (bytes, said, english, korean) in cases {
        let path = written(&world, &format!("{said}.exe"), bytes);
        mina.done(&["file", "send", "Joon", &path, "--keep-metadata"]);
        joon.done(&["sync"]);
        let file =
            joon.objects(&["file", "list"]).into_iter().find(|file| file["program"].is_null());
        let file = file.expect("one that nobody has looked at");
        assert_eq!(file["signer"], Value::Null);
        joon.run(&["file", "save", &id(&file), "-o", &to]).failed(5, english);
        joon.run(&["--lang", "ko", "file", "save", &id(&file), "-o", &to]).failed(5, korean);
        let again = joon.objects(&["file", "list"]).into_iter().find(|its| its["id"] == file["id"]);
        let signer = again.expect("it is still there")["signer"].clone();
        assert_eq!(signer["said"], said);
        let holds = said == "holds";
        assert_eq!(signer["holds"].as_bool(), (said != "nobody").then_some(holds), "{signer}");
        assert_eq!(signer["name"].as_str(), holds.then_some("CN=Mina's Tools"));
        assert_eq!(signer["certificate"].as_str().is_some_and(|hex| hex.len() == 64), holds);
    }
}

#[test]
fn what_is_to_be_opened_once_is_and_what_is_not_to_be_saved_is_not() {
    let world = World::new();
    let (mina, joon) = roomy(&world);
    mina.done(&["file", "send", "Joon", &sample("still.png"), "--once"]);
    joon.done(&["sync"]);
    assert_eq!(joon.objects(&["read"])[0]["expires_s"], 0);
    let file = only(&joon);
    let to = world.folder.path().join("once.png").display().to_string();
    joon.done(&["file", "save", &id(&file), "-o", &to]);
    for person in [&mina, &joon] {
        person.done(&["sync"]);
        assert!(person.objects(&["file", "list"]).is_empty() && person.texts().is_empty());
    }
    mina.done(&["file", "send", "Joon", &sample("still.png"), "--no-saving"]);
    joon.done(&["sync"]);
    let to = world.folder.path().join("kept.png").display().to_string();
    joon.run(&["file", "save", &id(&only(&joon)), "-o", &to]).failed(5, "not be saved");
}

#[test]
fn a_cut_a_crash_and_a_pause_cost_no_piece_that_arrived() {
    let mut world = World::new();
    let (mina, joon) = roomy(&world);
    let bytes = noise(9, 400_000);
    let path = written(&world, "noise.bin", &bytes);
    world.relay_stops();
    let sent = mina.object(&["file", "send", "Joon", &path, "--keep-metadata"]);
    assert_eq!(sent["state"], "sending");
    assert_eq!(only(&mina)["done"], 0);
    // The file itself is not needed any more.
    fs::remove_file(&path).unwrap();
    mina.done(&["file", "pause", &id(&sent)]);
    world.relay_returns();
    mina.done(&["sync"]);
    assert_eq!(only(&mina)["state"], "paused");
    mina.done(&["file", "fetch", &id(&sent)]);
    assert_eq!(only(&mina)["state"], "sent");
    joon.done(&["sync"]);
    world.relay_stops();
    joon.done(&["file", "fetch", &id(&sent)]);
    assert_eq!(only(&joon)["state"], "fetching");
    world.relay_returns();
    joon.done(&["sync"]);
    let to = world.folder.path().join("noise.out").display().to_string();
    joon.done(&["file", "save", &id(&sent), "-o", &to]);
    assert_eq!(fs::read(&to).unwrap(), bytes);
}

#[test]
fn a_voice_note_is_heard_where_it_arrives_and_its_size_says_only_how_long_it_is() {
    let world = World::new();
    let (mina, joon) = roomy(&world);
    let spoken = sogon_call::speech::sentence(3, 4.0);
    let wav = sogon_call::wav::write(&spoken).unwrap();
    let path = written(&world, "spoken.wav", &wav);
    let sent = mina.object(&["voice", "send", "Joon", &path]);
    assert_eq!((&sent["seconds"], &sent["state"]), (&4.into(), &"sent".into()), "{sent}");
    let silence = sogon_call::wav::write(&vec![0; spoken.len()]).unwrap();
    let quiet = mina.object(&["voice", "send", "Joon", &written(&world, "quiet.wav", &silence)]);
    assert_eq!(quiet["bytes"], sent["bytes"], "silence is as long as words");
    joon.done(&["sync"]);
    let files = joon.objects(&["file", "list"]);
    assert_eq!((&files[0]["state"], &files[0]["voice_ms"]), (&"here".into(), &5_000.into()));
    let out = world.folder.path().join("heard.wav");
    joon.done(&["voice", "save", &id(&sent), "-o", &out.display().to_string()]);
    let heard = sogon_call::wav::read(&fs::read(&out).unwrap()).unwrap();
    let likeness = sogon_call::speech::likeness(&spoken, &heard);
    assert!(likeness > 0.8, "{likeness}");
    mina.run(&["voice", "send", "Joon", &sample("still.png")]).failed(1, "WAV");
    mina.done(&["file", "send", "Joon", &sample("still.png")]);
    joon.done(&["sync"]);
    let picture = id(&joon.objects(&["file", "list"])[2]);
    joon.run(&["voice", "save", &picture, "-o", "x.wav"]).failed(1, "not a voice note");
}
