//! Files: every byte arrives once, words go first, and no death or cut costs more than what was
//! under way.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use sogon_lab::{files, home::Store, rows::MemoryRows};

#[test]
fn every_byte_of_every_file_arrives_whatever_the_weather_and_the_homes_do() {
    for seed in 0..12 {
        let faults = files::live(seed, |_| Store::Memory(MemoryRows::default()));
        assert!(faults.is_empty(), "seed {seed}: {}", faults.join("\n"));
    }
}
