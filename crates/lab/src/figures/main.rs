//! The numbers of the README, measured again: every figure beside a floor or a peer of the same run.
//!
//! `figures [--quick] [--built] [1 … 12] [15] [16]`: all parts, or the named ones. `--quick` leaves out the
//! hundred thousand messages, and the second voice beside Mumble; `--built` takes the programs as they
//! were built last. Part 8 takes the names of links (`GPRS`), and `first` for first contact alone or
//! `open` for a text with the app open; part 11 takes `line`, `computed`, `understood`, `notes` and
//! `Mumble`, and asks judges and peers of others where they are installed. Each part is a file beside
//! this one.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a measurement: it prints, and ends at the first surprise"
)]

mod appends;
mod calls;
mod cuts;
mod disk;
mod full;
mod images;
mod links;
mod memory;
mod olm;
mod people;
mod programs;
mod rooms;
mod speed;
mod start;
mod stoi;
mod store;
mod table;
mod wire;
mod writes;

use programs::Programs;

/// Fifty characters, as people write them.
const KOREAN: &str =
    "내일 저녁 여섯 시에 역 앞에서 만나자. 비가 온다니 우산도 챙기고, 늦으면 꼭 말해 줘.";
/// The same in English, as far as fifty characters go.
const ENGLISH: &str = "See you at six by the station, bring your umbrella";

/// The texts with their names.
const TEXTS: [(&str, &str); 2] = [("Korean", KOREAN), ("English", ENGLISH)];

/// A process with a runtime and nothing to do, which the figures start as a peer.
const IDLE: &str = "--idle";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    if has(IDLE) {
        return memory::idle();
    }
    for (name, text) in TEXTS {
        assert_eq!(text.chars().count(), 50, "{name}");
    }
    let parts: Vec<u8> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let wanted = |part: u8| parts.is_empty() || parts.contains(&part);
    let named = |word: &&String| !word.starts_with("--") && word.parse::<u8>().is_err();
    let named: Vec<String> = words.iter().filter(named).cloned().collect();
    table::conditions("begin");
    let programs = [4, 5, 6, 16].into_iter().any(wanted).then(|| Programs::find(!has("--built")));
    if wanted(1) {
        speed::run();
    }
    if wanted(2) {
        wire::run();
    }
    if wanted(3) {
        writes::run();
    }
    if let Some(programs) = &programs {
        if wanted(4) {
            appends::run(programs);
        }
        if wanted(5) {
            start::run(programs);
        }
        if wanted(6) {
            memory::run(programs);
        }
    }
    if wanted(7) {
        store::run(has("--quick"));
    }
    if wanted(8) {
        links::run(has("--quick"), &named);
    }
    if wanted(9) {
        full::run(has("--quick"));
    }
    if wanted(10) {
        images::run();
    }
    if wanted(11) {
        calls::run(has("--quick"), &named);
    }
    if wanted(12) {
        calls::at_relay();
    }
    if wanted(15) {
        links::files::run(has("--quick"), &named);
    }
    if let Some(programs) = programs.as_ref().filter(|_| wanted(16)) {
        cuts::run(programs, has("--quick"));
    }
    table::conditions("end");
}
