//! How long a relay's store takes to open after its process died in the middle of appends.
//!
//! `cargo run --release -p sogon-relay --example recovery DIRECTORY [BOXES]`
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "a measurement, run by hand: it prints, and ends at the first surprise"
)]

use std::{path::Path, process::Command, time::Instant};

use sogon_relay::{Appending, EmbeddedStore, Keep, Store};
use sogon_wire::{LogName, STEPS, SealedBox};

const GROUP: u32 = 1_024;
const LOG_BOXES: u32 = 100;

fn main() {
    let mut words = std::env::args().skip(1);
    let directory = words.next().unwrap();
    let boxes: u32 = words.next().map_or(1_000_000, |count| count.parse().unwrap());
    if words.next().is_some() {
        fill(Path::new(&directory), boxes);
    }
    let place = tempfile::Builder::new().prefix("recovery-").tempdir_in(directory).unwrap();
    let begun = Instant::now();
    let filled = Command::new(std::env::current_exe().unwrap())
        .args([place.path().to_str().unwrap(), &boxes.to_string(), "and die"])
        .status()
        .unwrap();
    assert!(!filled.success(), "it should have died");
    println!("{boxes} boxes in {:.1} s", begun.elapsed().as_secs_f64());

    let begun = Instant::now();
    let store = EmbeddedStore::open(place.path(), keep()).unwrap();
    println!("open after it died: {:.2} s", begun.elapsed().as_secs_f64());
    assert_eq!(store.holdings().boxes, u64::from(boxes));
    let last = boxes - 1;
    let page = store.read_after(log(last), 0, u32::MAX).unwrap();
    assert_eq!(page.boxes.last().unwrap(), &boxed(last), "the last box it acknowledged");
    drop(store);

    let begun = Instant::now();
    drop(EmbeddedStore::open(place.path(), keep()).unwrap());
    println!("open after an orderly end: {:.2} s", begun.elapsed().as_secs_f64());
}

/// Appends in groups, over thirty days, and dies without a word.
fn fill(place: &Path, boxes: u32) -> ! {
    let store = EmbeddedStore::open(place, keep()).unwrap();
    let mut next = 0;
    while next < boxes {
        let end = boxes.min(next + GROUP);
        let group: Vec<_> = (next..end)
            .map(|number| Appending { log: log(number), boxed: boxed(number) })
            .collect();
        let now = 30 * 86_400 * u64::from(next) / u64::from(boxes);
        store.append(now, &group).unwrap();
        next = end;
    }
    std::process::abort()
}

fn keep() -> Keep {
    Keep { bytes_max: u64::MAX, ..Keep::default() }
}

fn log(number: u32) -> LogName {
    let mut name = [0; 16];
    name[..4].copy_from_slice(&(number / LOG_BOXES).wrapping_mul(0x9e37_79b9).to_be_bytes());
    LogName(name)
}

fn boxed(number: u32) -> SealedBox {
    let mut bytes: Vec<u8> = (0..STEPS[1] as u32)
        .map(|place| ((place + number) ^ number).wrapping_mul(0x9e37_79b9).to_be_bytes()[0])
        .collect();
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    SealedBox::parse(&bytes).unwrap()
}
