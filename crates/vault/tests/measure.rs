#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, clippy::print_stderr, reason = "numbers of a test")]
//! Figures for people, on a real file. Run with `--ignored --nocapture`, optimised.

mod world;

use std::time::Instant;

use sogon_engine::Shelf;
use sogon_vault::{Passphrase, Size, Vault};
use world::{COST, Dice, Ram, index, passphrase, put};

#[test]
#[ignore = "prints figures, asserts nothing"]
fn figures() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("home");
    let passphrase: Passphrase = passphrase();
    let words =
        "내일 저녁 여섯 시 역 앞에서 만나자 우산 비밀 편지 가져와 지난번 사진 고마워 그래 알았어";
    let words: Vec<&str> = words.split(' ').collect();
    let started = Instant::now();
    drop(Vault::create(&path, &passphrase, Size::STANDARD, COST).unwrap());
    eprintln!("create 128 MiB: {:?}", started.elapsed());
    let session = |vault: &mut Vault, count: u64| {
        let mut dice = Dice(1);
        let mut state = dice.bytes(2_000);
        for n in 0..count {
            let text: Vec<&str> = (0..8)
                .map(|_| words[usize::try_from(dice.roll(words.len() as u64)).unwrap()])
                .collect();
            let text = text.join(" ");
            state[usize::try_from(n % 1_900).unwrap()] ^= 1;
            let batch = [
                put(1, &n.to_be_bytes(), &[&dice.bytes(60), text.as_bytes()].concat()),
                put(2, b"cursor", &n.to_be_bytes()),
                put(3, b"ratchet", &state),
                index(n, &text),
            ];
            if let Err(error) = vault.commit(&batch) {
                eprintln!("after {n} messages: {error}");
                return;
            }
        }
    };
    let count = 2_000;
    let mut vault = Vault::open(&path, &passphrase, COST).unwrap();
    let started = Instant::now();
    session(&mut vault, count);
    eprintln!("commit of a message: {:?}", started.elapsed() / u32::try_from(count).unwrap());
    let started = Instant::now();
    eprintln!("found {} in {:?}", vault.search("비밀", 50).unwrap().len(), started.elapsed());
    let started = Instant::now();
    eprintln!("found {} in {:?}", vault.search("역", 50).unwrap().len(), started.elapsed());
    let image = std::fs::read(&path).unwrap();
    let started = Instant::now();
    vault.close().unwrap();
    eprintln!("close: {:?}", started.elapsed());
    let started = Instant::now();
    let vault = Vault::open(&path, &passphrase, COST).unwrap();
    eprintln!("open, closed before: {:?}", started.elapsed());
    drop(vault);
    let killed = Ram::of(image);
    let started = Instant::now();
    drop(killed.open().unwrap());
    eprintln!("open and close, killed before: {:?}", started.elapsed());
    let ram = Ram::default();
    let disk = Box::new(ram.clone());
    let mut vault = Vault::create_on(disk, &passphrase, Size::slot_mib(8), COST).unwrap();
    let (sectors, syncs) = (ram.written(), ram.syncs());
    session(&mut vault, count);
    let (sectors, syncs) = (ram.written() - sectors, ram.syncs() - syncs);
    let each = |number: usize| number as f64 / count as f64;
    let disk = Box::new(Ram::default());
    let mut small = Vault::create_on(disk, &passphrase, Size::slot_mib(4), COST).unwrap();
    session(&mut small, 1_000_000);
    eprintln!("(of {} bytes for pages)", (1024 - 2 - 128 - 32) * 4096);
    eprintln!("{} sectors and {} syncs for each message", each(sectors), each(syncs));
}
