//! Golden sessions of a program that is killed, and of disks that are full.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

mod cast;

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use cast::{Person, World};

/// Goes on with something else for a while that is longer the larger the number.
fn meanwhile(number: usize) {
    for _ in 0..number * 60 {
        assert!(fs::read("/proc/self/stat").is_ok_and(|bytes| !bytes.is_empty()));
    }
}

fn count(person: &Person, text: &str) -> usize {
    person.texts().iter().filter(|known| known.as_str() == text).count()
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_killed_at_any_moment_loses_nothing_it_acknowledged_and_sends_nothing_twice() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let mut acknowledged = Vec::new();
    let rounds = 24;
    for round in 0..rounds {
        let text = format!("text {round}");
        let mut command = mina.command(&["--json", "send", "Joon", &text]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        meanwhile(round);
        // Too late for some: they are done.
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        acknowledged.push(output.status.success());
        let health = mina.object(&["doctor"]);
        let checks = health["checks"].as_array().unwrap();
        let vault = checks.iter().find(|check| check["name"] == "vault").unwrap();
        assert_eq!(vault["ok"], true, "round {round}: {health}");
    }
    for person in [&mina, &joon, &mina, &joon] {
        person.done(&["sync"]);
    }
    for (round, was_acknowledged) in acknowledged.iter().enumerate() {
        let text = format!("text {round}");
        let (here, there) = (count(&mina, &text), count(&joon, &text));
        assert_eq!(here, there, "round {round}: what is kept here arrives, once");
        assert!(here <= 1 && (here == 1 || !was_acknowledged), "round {round}");
    }
    let mut files: Vec<_> =
        fs::read_dir(&mina.home).unwrap().map(|e| e.unwrap().file_name()).collect();
    files.retain(|name| name != ".door");
    assert_eq!(files, ["data"], "nothing else is left behind");
    assert_noise(&fs::read(mina.home.join("data")).unwrap());
}

/// Bytes, and bytes beside each other, as even as chance makes them.
fn assert_noise(bytes: &[u8]) {
    let count = bytes.len() as f64;
    let mut counts = [0_f64; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1.0);
    let expected = count / 256.0;
    let chi: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
    assert!((chi - 255.0).abs() < 5.0 * 510_f64.sqrt(), "chi-square {chi}");
    // Knuth, TAOCP 3.3.2 K: zero but for chance, whose deviation is one over the root of the count.
    for lag in [1, 2, 16, 512, 4_096] {
        let pairs = bytes.iter().zip(bytes.iter().skip(lag));
        let (mut product, mut sum, mut square) = (0.0, 0.0, 0.0);
        for (one, other) in pairs {
            let (one, other) = (f64::from(*one), f64::from(*other));
            product += one * other;
            sum += one;
            square += one * one;
        }
        let n = count - lag as f64;
        let correlation = (n * product - sum * sum) / (n * square - sum * sum);
        assert!(correlation.abs() < 5.0 / n.sqrt(), "lag {lag}: {correlation}");
    }
    assert!(shortened(bytes) <= 0, "a compressor finds something");
}

/// How many bytes fewer the best compressor here needs: the one that is built in, and those that
/// this machine has.
fn shortened(bytes: &[u8]) -> i64 {
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    deflate.write_all(bytes).unwrap();
    let mut best = deflate.finish().unwrap().len();
    let programs: [&[&str]; 3] =
        [&["gzip", "-9c"], &["xz", "-9ec"], &["zstd", "-19", "--long=27", "-c"]];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy");
    fs::write(&file, bytes).unwrap();
    for program in programs {
        let output = Command::new(program[0]).args(&program[1..]).arg(&file).output();
        best = output.map_or(best, |output| best.min(output.stdout.len().max(1)));
    }
    i64::try_from(bytes.len()).unwrap() - i64::try_from(best).unwrap()
}

/// A small disk of its own, where this user may mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(bytes: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={bytes}");
        let place = folder.path().to_str().unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none", place]).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l", self.0.path().to_str().unwrap()]).output();
    }
}

#[test]
fn a_full_disk_is_said_and_what_was_there_is_there_still() {
    let world = World::new();
    // Without the right to mount, the disk of the test, which is not full.
    let small = SmallDisk::new("5m");
    let folder = small.as_ref().map_or(world.folder.path(), |small| small.0.path());
    let here = |person: Person, place: &str| Person { home: folder.join(place), ..person };
    let mina = here(world.stranger("Mina"), "mina");
    mina.done(&["init", "--light", "--name", "Mina", "--relay", world.address()]);
    let joon = world.person("Joon");
    mina.meets(&joon);
    if small.is_some() {
        let sora = here(world.stranger("Sora"), "sora");
        let init = ["init", "--light", "--name", "Sora", "--relay", world.address()];
        sora.run(&init).failed(1, "disk is full");
        assert!(!sora.home.join("data").exists(), "nothing half is left");
        let filler = vec![7; 16 << 20];
        assert!(fs::write(folder.join("film"), filler).is_err(), "it is full");
        mina.run(&["grow", "--mib", "1"]).failed(1, "disk is full");
        let card = folder.join("card");
        let secret = mina.passphrase.to_str().unwrap();
        let backup =
            ["backup", card.to_str().unwrap(), "--light", "--backup-passphrase-file", secret];
        mina.run(&backup).failed(1, "disk is full");
        assert!(!card.exists(), "no half of a backup");
    }
    // All room there is was taken when the home was made.
    mina.done(&["send", "Joon", "still here"]);
    joon.done(&["sync"]);
    assert_eq!(joon.texts(), ["still here"]);
    assert_eq!(mina.object(&["doctor"])["checks"][3]["ok"], true);
}
