//! How fast appends become durable, beside a bare fsync loop on the same disk in the same run.
//!
//! `cargo run --release -p sogon-relay --example appends [DIRECTORY]`
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "a measurement, run by hand: it prints, and ends at the first surprise"
)]

use std::{
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use ed25519_dalek::{Signer, SigningKey};
use sogon_relay::{Appending, Config, EmbeddedStore, Keep, Limits, Probe, Relay, Store};
use sogon_wire::{
    Append, LogName, PublicWriteKey, Reply, Request, STEPS, SealedBox, WriteSignature,
};

const SPAN: Duration = Duration::from_secs(4);

fn main() {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let place = tempfile::Builder::new().prefix("appends-").tempdir_in(directory).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("per second, and as multiples of one fsync after each box, on this disk in this run");
    println!(
        "{:>8} {:>10} {:>20} {:>26}",
        "writers", "fsync", "store, one commit", "relay, over TLS, signed"
    );
    for writers in [1, 16, 256] {
        let floor = fsyncs(place.path());
        let store = store(place.path(), writers);
        let relay = runtime.block_on(relay(place.path(), writers));
        println!(
            "{writers:>8} {floor:>10.0} {store:>12.0} x{:<6.1} {relay:>18.0} x{:<6.1}",
            store / floor,
            relay / floor
        );
    }
}

/// Writes a box and calls fsync, one after another.
fn fsyncs(place: &Path) -> f64 {
    let mut file = File::create(place.join("floor")).unwrap();
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < SPAN {
        file.write_all(&[count as u8; STEPS[1]]).unwrap();
        file.sync_all().unwrap();
        count += 1;
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

/// Commits groups of so many boxes, each to a log of its own.
fn store(place: &Path, writers: u32) -> f64 {
    let store =
        EmbeddedStore::open(&place.join(format!("store-{writers}")), Keep::default()).unwrap();
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < SPAN {
        let group: Vec<_> = (0..writers)
            .map(|writer| {
                let mut log = [0; 16];
                log[..4].copy_from_slice(&writer.to_be_bytes());
                Appending { log: LogName(log), boxed: boxed(count + writer) }
            })
            .collect();
        store.append(1, &group).unwrap();
        count += writers;
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

/// So many connections, each appending and waiting for the acknowledgement, one after another.
async fn relay(place: &Path, writers: u32) -> f64 {
    let limits = Limits { requests_per_s: 1_000_000, arrivals_per_s: 100_000, ..Limits::default() };
    let config = Config { limits, ..Config::directory(place.join(format!("relay-{writers}"))) };
    let relay = Relay::start(config).await.unwrap();
    let mut connections = Vec::new();
    for writer in 0..writers {
        connections.push((writer, Probe::connect(&relay.addr()).await.unwrap()));
    }
    let begun = Instant::now();
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|(writer, probe)| tokio::spawn(append(writer, probe, begun)))
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    relay.stop().await;
    rate
}

async fn append(writer: u32, mut probe: Probe, begun: Instant) -> u32 {
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&writer.to_be_bytes());
    let key = SigningKey::from_bytes(&seed);
    let mut count = 0;
    while begun.elapsed() < SPAN {
        let boxed = boxed(count);
        let signature = WriteSignature(key.sign(&Append::signed_bytes(&boxed)).to_bytes());
        let public = PublicWriteKey(key.verifying_key().to_bytes());
        probe.ask(1, &Request::Append(Append { key: public, signature, boxed })).await.unwrap();
        let (_, reply) = probe.next().await.unwrap();
        assert!(matches!(reply, Reply::Appended { .. }), "{reply:?}");
        count += 1;
    }
    count
}

fn boxed(number: u32) -> SealedBox {
    let bytes: Vec<u8> = (0..STEPS[1] as u32)
        .map(|place| (place ^ number).wrapping_mul(0x9e37_79b9).to_be_bytes()[0])
        .collect();
    let mut bytes = bytes;
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    SealedBox::parse(&bytes).unwrap()
}
