//! What a raw image of the disk holds after the program removed a message: by hand, because its
//! time was over, or because it was seen once. Neither the sectors that held it, anywhere on the
//! disk, nor a sector of the home that holds it now.
//!
//! With the right to mount, the home lies on a file system of its own, in a file, and all of that is
//! searched, its journal and free space too; without, the file of the home is.
#![cfg(test)]
#![cfg(target_os = "linux")]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

mod cast;

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use cast::{Person, World};
use sogon_vault::{Cost, Passphrase, Vault};
use tempfile::TempDir;

/// How long what is due may take to go, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(180);

/// A disk with a home on it.
struct Image {
    folder: TempDir,
    mounted: bool,
}

impl Image {
    fn new() -> Self {
        let mut image = Self { folder: tempfile::tempdir().unwrap(), mounted: false };
        fs::create_dir(image.place()).unwrap();
        fs::File::create(image.raw()).unwrap().set_len(48 << 20).unwrap();
        let raw = image.raw();
        let made = run("mkfs.ext4", &["-q", "-F", raw.to_str().unwrap()]);
        image.mounted = made && image.mount();
        image
    }

    fn raw(&self) -> PathBuf {
        self.folder.path().join("raw")
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("mnt")
    }

    fn mount(&self) -> bool {
        let (raw, place) = (self.raw(), self.place());
        run("mount", &["-o", "loop", raw.to_str().unwrap(), place.to_str().unwrap()])
    }

    /// A child that another test makes has all that is open here, until it is another program.
    fn unmount(&self) {
        let place = self.place();
        assert!((0..200).any(|_| run("umount", &[place.to_str().unwrap()])));
    }

    /// Every byte of the disk, as somebody who took it finds it.
    fn bytes(&self, home: &Person) -> Vec<u8> {
        if !self.mounted {
            return fs::read(home.home.join("data")).unwrap();
        }
        self.unmount();
        let bytes = fs::read(self.raw()).unwrap();
        assert!(self.mount());
        bytes
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if self.mounted {
            run("umount", &["-l", self.place().to_str().unwrap()]);
        }
    }
}

fn run(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

/// The marks of the sectors of somebody's home that hold a text, by a copy of it.
fn marks(person: &Person, text: &str) -> Vec<[u8; 24]> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    fs::copy(person.home.join("data"), &copy).unwrap();
    let typed = fs::read_to_string(&person.passphrase).unwrap();
    let passphrase = Passphrase::new(typed.trim_end()).unwrap();
    let vault = Vault::open(&copy, &passphrase, Cost::NONE_FOR_TESTS).unwrap();
    vault.sectors_with(text.as_bytes()).unwrap()
}

fn found(image: &[u8], marks: &[[u8; 24]]) -> usize {
    let marks: BTreeSet<_> = marks.iter().collect();
    image.chunks(512).filter_map(|piece| piece.first_chunk()).filter(|m| marks.contains(m)).count()
}

#[test]
fn a_raw_image_holds_nothing_of_what_was_deleted_expired_or_seen_once() {
    let image = Image::new();
    let world = World::new();
    let joon = world.person("Joon");
    let mina = Person { home: image.place().join("home"), ..world.stranger("Mina") };
    mina.done(&["init", "--light", "--name", "Mina", "--relay", world.address()]);
    mina.meets(&joon);
    let texts =
        ["뷁뛟 손으로 지울 글", "뷁뛟 곧 사라질 글", "뷁뛟 한 번만 볼 글", "뷁뛟 내가 쓴 글"];
    joon.done(&["send", "Mina", texts[0]]);
    joon.done(&["send", "Mina", texts[1], "--expires", "1s"]);
    joon.done(&["send", "Mina", texts[2], "--once"]);
    mina.done(&["sync"]);
    let mut held: Vec<_> = texts[..3].iter().flat_map(|text| marks(&mina, text)).collect();
    assert!(held.len() >= 3, "each lies somewhere");
    // One's own begins to go when it is written: on a slow machine it may be gone before one looks.
    let own = ["1s", "4s", "16s", "64s"].iter().find_map(|span| {
        mina.done(&["send", "Joon", texts[3], "--expires", span]);
        Some(marks(&mina, texts[3])).filter(|marks| !marks.is_empty())
    });
    held.extend(own.expect("it lies somewhere"));
    held.extend(texts[..3].iter().flat_map(|text| marks(&mina, text)));
    assert!(found(&image.bytes(&mina), &held) > 0, "the search finds what is there");

    // Seen, for those that go after being seen.
    let shown = mina.texts();
    // One's own began to go when it was written, and may be gone by now.
    assert!(texts[..3].iter().all(|text| shown.iter().any(|its| its == text)), "{shown:?}");
    let id =
        mina.objects(&["read"]).iter().find(|message| message["text"] == texts[0]).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
    held.extend(texts.iter().flat_map(|text| marks(&mina, text)));
    mina.done(&["delete", "Joon", &id]);
    // Every command looks whether something is due.
    let begun = Instant::now();
    while mina.texts().iter().any(|text| texts.contains(&text.as_str())) {
        mina.done(&["sync"]);
        assert!(begun.elapsed() < PATIENCE, "they stay: {:?}", mina.texts());
    }
    assert_eq!(found(&image.bytes(&mina), &held), 0, "of {} sectors", held.len());
    for text in texts {
        assert!(marks(&mina, text).is_empty(), "{text}");
    }
}

#[test]
fn a_raw_image_holds_nothing_of_a_file_that_was_opened_once() {
    let image = Image::new();
    let world = World::new();
    let joon = world.person("Joon");
    let mina = Person { home: image.place().join("home"), ..world.stranger("Mina") };
    mina.done(&["init", "--light", "--name", "Mina", "--relay", world.address()]);
    mina.meets(&joon);
    let words = "뷁뛟 파일 속의 글";
    let path = world.folder.path().join("words.txt");
    fs::write(&path, format!("{words}\n").repeat(400)).unwrap();
    let sent = joon.object(&["file", "send", "Mina", path.to_str().unwrap(), "--once"]);
    mina.done(&["sync"]);
    let held = marks(&mina, words);
    assert!(!held.is_empty(), "it lies somewhere");
    assert!(found(&image.bytes(&mina), &held) > 0, "the search finds what is there");
    let out = world.folder.path().join("out.txt");
    let id = sent["id"].as_str().unwrap();
    mina.done(&["file", "save", id, "-o", out.to_str().unwrap()]);
    assert_eq!(fs::read(&out).unwrap(), fs::read(&path).unwrap());
    mina.done(&["sync"]);
    assert_eq!(found(&image.bytes(&mina), &held), 0, "of {} sectors", held.len());
    assert!(marks(&mina, words).is_empty());
}
