#![cfg(test)]
#![cfg(unix)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! A process is killed while it writes: the lock goes with it, what it acknowledged stays.

mod world;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use sogon_engine::{Order, Shelf, Table};
use sogon_vault::{Size, Vault, VaultError};
use world::{COST, passphrase, put};

const PLACE: &str = "SOGON_TEST_HOME";

/// The process that is killed: it says each number it has stored. Without a place to write to it
/// has nothing to do.
#[test]
#[allow(clippy::disallowed_methods, reason = "how a test tells its child where to write")]
fn child_that_writes_until_it_is_killed() {
    let Ok(path) = std::env::var(PLACE) else { return };
    let mut vault = Vault::open(path.as_ref(), &passphrase(), COST).unwrap();
    let mut out = std::io::stdout();
    for n in 0..1_000_000_u64 {
        let value = vec![7; usize::try_from(n % 7).unwrap() * 900];
        vault
            .commit(&[put(1, &(n % 40).to_be_bytes(), &value), put(2, b"n", &n.to_be_bytes())])
            .unwrap();
        if n % 50 == 49 {
            vault.settle().unwrap();
        }
        writeln!(out, "stored {n}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_killed_process_gives_the_home_free_and_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    drop(Vault::create(&path, &passphrase(), Size::SMALLEST, COST).unwrap());
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_writes_until_it_is_killed", "--nocapture"])
            .env(PLACE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut last = None;
        for line in lines.map_while(Result::ok) {
            // The first line shares its place with the test's own name.
            let Some((_, number)) = line.split_once("stored ") else { continue };
            if last.is_none() {
                let opened = Vault::open(&path, &passphrase(), COST);
                assert_eq!(opened.unwrap_err(), VaultError::Busy);
            }
            last = Some(number.parse::<u64>().unwrap());
            if last == Some(20 + round * 7) {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let vault = Vault::open(&path, &passphrase(), COST).unwrap();
        let stored = vault.row(Table(2), b"n").unwrap().unwrap();
        let stored = u64::from_be_bytes(stored.try_into().unwrap());
        assert!(stored == last.unwrap() || stored == last.unwrap() + 1, "{stored} {last:?}");
        vault.check().unwrap();
        assert!(vault.scan(Table(1), b"", None, 99, Order::Up).unwrap().len() <= 40);
    }
}
