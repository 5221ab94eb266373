//! Part 5: from the start of `sogon send` to its end, beside the one part that is slow on purpose.

use std::time::Instant;

use sogon_relay::{Config, Relay};
use sogon_vault::{Cost, Passphrase, Size, Vault, VaultError};
use tokio::runtime::Runtime;

use super::{
    KOREAN,
    disk::Ram,
    programs::{Programs, Someone},
    table,
};

const RUNS: usize = 5;

pub(crate) fn run(programs: &Programs) {
    table::part(
        "5. `sogon send` from start to end",
        "median of 5 pairs, a home of full cost and a relay on this machine; ratio: less is better",
    );
    let (runtime, place) = (Runtime::new().unwrap(), programs.place());
    let config = Config::directory(place.path().join("relay"));
    let relay = runtime.block_on(Relay::start(config)).unwrap();
    let addr = relay.addr().to_string();
    let mina = Someone::new(programs, place.path(), "Mina", &addr, &[]);
    let joon = Someone::new(programs, place.path(), "Joon", &addr, &["--light"]);
    mina.meets(&joon);
    let argon = Argon::new();
    let mut pairs = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        mina.does(&["send", "Joon", KOREAN]);
        pairs.push((begun.elapsed().as_secs_f64(), argon.once()));
    }
    table::times("send, the whole process, acknowledged", "Argon2id, 256 MiB, 3 passes", &pairs);
    let light: Vec<_> = (0..RUNS).map(|_| light(&joon, programs)).collect();
    table::times("send, the whole process, a home without Argon2id", "`sogon --version`", &light);
    runtime.block_on(relay.stop());
}

/// The same from a home whose Argon2id takes no time, and a process that does nothing.
fn light(joon: &Someone<'_>, programs: &Programs) -> (f64, f64) {
    let begun = Instant::now();
    joon.does(&["send", "Mina", KOREAN]);
    let send = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    assert!(programs.command("sogon").arg("--version").output().unwrap().status.success());
    (send, begun.elapsed().as_secs_f64())
}

/// A container in memory and a wrong passphrase: what it takes to say no is one Argon2id and eight
/// sectors that do not open, which take microseconds.
struct Argon(Ram);

impl Argon {
    fn new() -> Self {
        let (disk, right) = (Ram::default(), Passphrase::new("벚꽃").unwrap());
        let boxed = Box::new(disk.clone());
        drop(Vault::create_on(boxed, &right, Size::SMALLEST, Cost::NONE_FOR_TESTS).unwrap());
        Self(disk)
    }

    fn once(&self) -> f64 {
        let wrong = Passphrase::new("매화").unwrap();
        let begun = Instant::now();
        let opened = Vault::open_on(Box::new(self.0.clone()), &wrong, Cost::STANDARD);
        assert_eq!(opened.unwrap_err(), VaultError::WrongPassphrase);
        begun.elapsed().as_secs_f64()
    }
}
