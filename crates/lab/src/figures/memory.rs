//! Part 6: what the programs hold in memory, beside a runtime that does nothing.

use std::{io::Read, process::Command};

use sogon_relay::{Config, Probe, Relay};
use sogon_seal::InviteKeys;
use sogon_wire::{InviteSecret, RelayAddr, Reply, Request};
use tokio::runtime::Runtime;

use super::{
    IDLE, KOREAN,
    programs::{Programs, Someone, Staying},
    table,
};

const BOXES: u32 = 10_000;
/// Connections that bring them.
const WRITERS: u32 = 8;
/// What Argon2id takes for a home of full cost.
const ARGON_MIB: f64 = 256.0;

/// The peer: a runtime, a line that says it is there, and nothing else.
pub(crate) fn idle() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(runtime.spawn(async {})).unwrap();
    println!("here");
    let _ = std::io::stdin().read(&mut [0]);
}

/// MiB at the most so far, and now.
#[derive(Clone, Copy, Default)]
struct Held {
    most: f64,
    now: f64,
}

/// `None` for a process that is over.
fn held(process: u32) -> Option<Held> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let mib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kib / 1_024.0)
    };
    Some(Held { most: mib("VmHWM:")?, now: mib("VmRSS:")? })
}

pub(crate) fn run(programs: &Programs) {
    table::part("6. Resident memory", "as the kernel counts it; ratio: less is better");
    if held(std::process::id()).is_none() {
        println!("  left out: this system does not tell it in /proc.");
        return;
    }
    let (runtime, place) = (Runtime::new().unwrap(), programs.place());
    let mut bare = Command::new(std::env::current_exe().unwrap());
    bare.arg(IDLE).stdin(std::process::Stdio::piped());
    let (bare, _) = Staying::begin(bare);
    let bare = held(bare.id()).expect("it waits").now;
    let beside = |what: &str, mib: f64| {
        table::amounts(what, mib, "a runtime that does nothing", bare, "MiB");
    };

    let relay = runtime.block_on(Relay::start(Config::memory())).unwrap();
    let addr = relay.addr().to_string();
    let mina = Someone::new(programs, place.path(), "Mina", &addr, &[]);
    let joon = Someone::new(programs, place.path(), "Joon", &addr, &["--light"]);
    mina.meets(&joon);
    let argon = |what: &str, mib: f64| {
        table::amounts(what, mib, "Argon2id's own", ARGON_MIB, "MiB");
    };
    let send = most(|| mina.command(&["send", "Joon", KOREAN]));
    argon("client: `sogon send`, at most", send);
    let send = most(|| joon.command(&["send", "Mina", KOREAN]));
    beside("client: `sogon send` without Argon2id, at most", send);
    let (mut open, _) = Staying::begin(mina.command(&["--json", "open"]));
    assert!(open.next().contains(KOREAN), "what Joon sent before");
    let open = held(open.id()).expect("it stays");
    argon("client: `sogon open`, at most", open.most);
    beside("client: `sogon open`, connected, after a text came", open.now);
    runtime.block_on(relay.stop());

    let mut serve = programs.command("sogon-relay");
    let store = format!("embedded:{}", place.path().join("relay").display());
    serve.args(["serve", "--listen", "127.0.0.1:0", "--store", &store]);
    let (relay, line) = Staying::begin(serve);
    let addr: RelayAddr = line.strip_prefix("relay ready ").expect("its line").parse().unwrap();
    runtime.block_on(fill(&addr, 0));
    let before = held(relay.id()).expect("it serves");
    beside("relay: after eight visits", before.now);
    let bytes = runtime.block_on(fill(&addr, BOXES));
    let after = held(relay.id()).expect("it serves");
    beside("relay: after 10,000 boxes", after.now);
    beside("relay: after 10,000 boxes, at most", after.most);
    let mib = bytes / 1_048_576.0;
    table::amounts("relay: what they added", after.now - before.now, "the boxes", mib, "MiB");
}

/// The most a process held until it said that it was done.
pub(crate) fn most(command: impl Fn() -> Command) -> f64 {
    for _ in 0..20 {
        let (process, _) = Staying::begin(command());
        // It may be over before it is looked at.
        let held = held(process.id());
        process.end();
        if let Some(held) = held {
            return held.most;
        }
    }
    panic!("it is always over too soon")
}

/// Brings so many boxes to a relay on eight connections; how many bytes they are.
async fn fill(addr: &RelayAddr, boxes: u32) -> f64 {
    let mut bytes = 0;
    for writer in 0..WRITERS {
        let keys = InviteKeys::derive(&InviteSecret([writer as u8; 32])).unwrap().package;
        let entropy = sogon_lab::SeededEntropy::new(u64::from(writer));
        let mut probe = Probe::connect(addr).await.unwrap();
        for _ in 0..boxes / WRITERS / 50 {
            for tag in 0..50 {
                let posting = keys.post_package(&entropy, &[7; 200]).unwrap();
                bytes += posting.boxed().as_bytes().len();
                probe.ask(tag, &Request::Append(posting.append().clone())).await.unwrap();
            }
            for _ in 0..50 {
                let (_, reply) = probe.next().await.unwrap();
                assert!(matches!(reply, Reply::Appended { .. }), "{reply:?}");
            }
        }
    }
    bytes as f64
}
