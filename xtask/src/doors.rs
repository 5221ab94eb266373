//! The table of allowed doors. Everything `cargo xtask walls` knows about the house stands here.

/// One room of the house.
#[derive(Debug)]
pub(crate) struct Room {
    /// Its name in reports.
    pub(crate) name: &'static str,
    /// Its package.
    pub(crate) package: &'static str,
    /// The rooms it may import.
    pub(crate) imports: &'static [&'static str],
    /// The rooms it may link through those, without naming them.
    pub(crate) through: &'static [&'static str],
    /// The rooms its tests may import besides.
    pub(crate) tests: &'static [&'static str],
    /// Whether it may touch the world.
    pub(crate) air: Air,
}

/// Whether a room may have sockets, files, threads, clocks and randomness of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Air {
    /// Bytes in, bytes out, and the clock is an argument.
    Pure,
    /// It touches the world, and its own `clippy.toml` says why.
    World,
}

use Air::{Pure, World};

const EVERY_ROOM: &[&str] = &[
    "wire", "seal", "engine", "vault", "packet", "carry", "call", "opus", "relay", "inspect",
    "update", "app", "sogon",
];

/// The doors. A room that stands in nobody's row (`lab`, `sogon`, `xtask`) is imported by nobody
/// but `lab`, which is never shipped.
#[rustfmt::skip]
pub(crate) const ROOMS: &[Room] = &[
    Room { name: "wire",    package: "sogon-wire",    imports: &[],                 through: &[],               tests: &[], air: Pure },
    Room { name: "seal",    package: "sogon-seal",    imports: &["wire"],           through: &[],               tests: &[], air: Pure },
    Room { name: "engine",  package: "sogon-engine",  imports: &["seal", "wire"],   through: &[],               tests: &[], air: Pure },
    Room { name: "vault",   package: "sogon-vault",   imports: &["engine", "door"], through: &["seal", "wire"], tests: &[], air: World },
    Room { name: "door",    package: "sogon-vault-door", imports: &[],              through: &[],               tests: &[], air: World },
    Room { name: "packet",  package: "sogon-packet",  imports: &[],                 through: &[],               tests: &[], air: Pure },
    Room { name: "carry",   package: "sogon-carry",   imports: &["engine", "wire", "packet"], through: &["seal"], tests: &["relay"], air: World },
    Room { name: "call",    package: "sogon-call",    imports: &["opus"],           through: &[],               tests: &[], air: Pure },
    Room { name: "opus",    package: "sogon-call-opus", imports: &[],               through: &[],               tests: &[], air: Pure },
    Room { name: "relay",   package: "sogon-relay",   imports: &["wire", "packet"], through: &[],               tests: &[], air: World },
    Room { name: "inspect", package: "sogon-inspect", imports: &[],                 through: &[],               tests: &[], air: World },
    Room { name: "update",  package: "sogon-update",  imports: &[],                 through: &[],               tests: &[], air: World },
    Room { name: "app",     package: "sogon-app",     imports: &["engine", "wire"], through: &["seal"],         tests: &[], air: World },
    Room { name: "lab",     package: "sogon-lab",     imports: EVERY_ROOM,          through: &["door"],               tests: &[], air: World },
    Room { name: "sogon",   package: "sogon",         imports: &["engine", "vault", "carry", "wire", "relay", "call", "inspect", "update", "app"],
                                                                                    through: &["seal", "door", "packet", "opus"], tests: &[], air: World },
    Room { name: "xtask",   package: "xtask",         imports: &[],                 through: &[],               tests: EVERY_ROOM, air: World },
];

/// Crates of others that only some rooms may name in their manifest.
#[derive(Debug)]
pub(crate) struct Naming {
    /// The crates; a star at the end stands for any ending.
    pub(crate) crates: &'static [&'static str],
    /// The rooms that may name them.
    pub(crate) rooms: &'static [&'static str],
    /// The features that make the crate matter (`default` among them); none: it always matters.
    pub(crate) features: &'static [&'static str],
    /// Whether tests are bound too.
    pub(crate) bound: Bound,
    /// Why, as the second half of a sentence.
    pub(crate) why: &'static str,
}

/// Which dependencies a rule binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// What is shipped: normal and build dependencies.
    Shipped,
    /// Those and dev-dependencies.
    Everything,
}

/// Who may name which crate.
pub(crate) const NAMINGS: &[Naming] = &[
    Naming {
        crates: &["openmls*", "hpke*", "libcrux*", "x-wing", "ml-kem*", "x25519-dalek", "snow"],
        rooms: &["seal"],
        features: &[],
        bound: Bound::Everything,
        why: "the MLS library and its key agreement are seal's affair",
    },
    Naming {
        crates: &["mls-rs*"],
        rooms: &["seal", "lab"],
        features: &[],
        bound: Bound::Everything,
        why: "another MLS library is at most the lab's independent peer",
    },
    Naming {
        crates: &[
            "aes*",
            "aead*",
            "ascon*",
            "crypto_box*",
            "crypto_secretbox",
            "dryoc",
            "libsodium*",
            "orion",
            "age",
        ],
        rooms: &["seal"],
        features: &[],
        bound: Bound::Everything,
        why: "message ciphers are seal's affair",
    },
    Naming {
        crates: &["chacha20*", "hkdf"],
        rooms: &["seal", "vault", "packet"],
        features: &[],
        bound: Bound::Everything,
        why: "seal closes messages, vault its container and packet single datagrams; nobody else has a cipher",
    },
    Naming {
        crates: &["sframe*"],
        rooms: &["call"],
        features: &[],
        bound: Bound::Everything,
        why: "frames of a call are sealed in one place",
    },
    Naming {
        crates: &["opusic*", "audiopus*", "opus*"],
        rooms: &["opus"],
        features: &[],
        bound: Bound::Everything,
        why: "one small room speaks to the voice codec",
    },
    Naming {
        crates: &["argon2*", "scrypt", "pbkdf2"],
        rooms: &["vault"],
        features: &[],
        bound: Bound::Everything,
        why: "only the vault is opened with a passphrase",
    },
    Naming {
        crates: &["rustls*", "aws-lc*", "ring", "quinn*", "tokio-rustls"],
        rooms: &["carry", "relay", "lab"],
        features: &[],
        bound: Bound::Everything,
        why: "transport security belongs to the two ends of a link",
    },
    Naming {
        crates: &["getrandom", "fastrand"],
        rooms: OWN_RANDOMNESS,
        features: &[],
        bound: Bound::Shipped,
        why: "randomness is handed in",
    },
    Naming {
        crates: &["rand"],
        rooms: OWN_RANDOMNESS,
        features: &["default", "std", "os_rng", "sys_rng", "thread_rng", "getrandom"],
        bound: Bound::Shipped,
        why: "randomness is handed in: take `rand` without default features",
    },
    Naming {
        crates: &["rand_core"],
        rooms: OWN_RANDOMNESS,
        features: &["std", "os_rng", "sys_rng", "getrandom"],
        bound: Bound::Shipped,
        why: "randomness is handed in: take `rand_core` without the system's generator",
    },
];

const OWN_RANDOMNESS: &[&str] =
    &["vault", "door", "carry", "relay", "app", "sogon", "lab", "xtask"];

/// Crates that bring sockets, files, threads or a runtime: no pure room links one, however far.
pub(crate) const WORLDLY: &[&str] = &[
    // -- runtimes and sockets
    "tokio*",
    "mio",
    "socket2",
    "polling",
    "async-std",
    "async-io",
    "async-executor",
    "smol*",
    "futures-executor",
    "rustls",
    "native-tls",
    "openssl*",
    "quinn*",
    "reqwest",
    "hyper*",
    "h2",
    "ureq",
    "curl*",
    "tungstenite",
    // -- files and stores
    "rusqlite",
    "libsqlite3-sys",
    "fjall",
    "sled",
    "redb",
    "rocksdb",
    "tempfile",
    "fs-err",
    "walkdir",
    "memmap2",
    "notify",
    "dirs*",
    // -- threads
    "rayon*",
    "crossbeam*",
    "threadpool",
    // -- clocks
    "web-time",
    "instant",
    "quanta",
    "chrono",
];

/// A worldly crate that cannot be avoided today.
#[derive(Debug)]
pub(crate) struct Excuse {
    /// The crate of others that names it.
    pub(crate) from: &'static str,
    /// What it names.
    pub(crate) to: &'static str,
    /// Why it is borne.
    pub(crate) why: &'static str,
    /// Until when (year-month-day). After that walls reminds, but does not fail: a checkout of
    /// today must still build in ten years.
    pub(crate) until: &'static str,
}

/// What is borne, by the edge and not by the crate: any other way to it still fails.
pub(crate) const EXCUSES: &[Excuse] = &[Excuse {
    from: "openmls",
    to: "rayon",
    why: "openmls encrypts tree paths with rayon and has no feature without it; the result does \
          not depend on the order, so a seed's run stays the same",
    until: "2027-06-30",
}];

/// A word that no pure room may say outside its tests.
#[derive(Debug)]
pub(crate) struct Word {
    /// A path; it is found under any import, alias or glob.
    pub(crate) path: &'static str,
    /// What to do.
    pub(crate) advice: &'static str,
}

const FILES: &str = "Only the vault has files: take the bytes as an argument.";
const SOCKETS: &str = "Only carriers have sockets: answer with a Transmit.";
const THREADS: &str = "A pure room has no threads: `&mut self` is the concurrency model.";
const CLOCK: &str = "Time is an argument: take a Tick.";
const CHANCE: &str = "Randomness is handed in: take a generator as an argument.";
const SETTINGS: &str = "Settings are arguments; only the program ends the program.";
const SCREEN: &str = "A pure room speaks to nobody: answer with a Tell.";
const RUNTIME: &str = "Async lives in carry, relay and sogon: one input in, outputs out.";

/// The words.
#[rustfmt::skip]
pub(crate) const WORDS: &[Word] = &[
    Word { path: "std::fs",            advice: FILES },
    Word { path: "std::os",            advice: FILES },
    Word { path: "std::net",           advice: SOCKETS },
    Word { path: "std::thread",        advice: THREADS },
    Word { path: "std::time::Instant", advice: CLOCK },
    Word { path: "SystemTime",         advice: CLOCK },
    Word { path: "UNIX_EPOCH",         advice: CLOCK },
    Word { path: "std::env",           advice: SETTINGS },
    Word { path: "std::process",       advice: SETTINGS },
    Word { path: "std::io::stdin",     advice: SCREEN },
    Word { path: "std::io::stdout",    advice: SCREEN },
    Word { path: "std::io::stderr",    advice: SCREEN },
    Word { path: "OsRng",              advice: CHANCE },
    Word { path: "SysRng",             advice: CHANCE },
    Word { path: "ThreadRng",          advice: CHANCE },
    Word { path: "thread_rng",         advice: CHANCE },
    Word { path: "getrandom",          advice: CHANCE },
    Word { path: "from_os_rng",        advice: CHANCE },
    Word { path: "from_entropy",       advice: CHANCE },
    Word { path: "rand::rng",          advice: CHANCE },
    Word { path: "rand::random",       advice: CHANCE },
    Word { path: "rand::make_rng",     advice: CHANCE },
    Word { path: "RandomState",        advice: CHANCE },
    Word { path: "tokio",              advice: RUNTIME },
    Word { path: "rayon",              advice: THREADS },
];

/// A file that may say `unsafe`, and how often.
#[derive(Debug)]
pub(crate) struct Unsafe {
    /// The room, which repeats the house's lints with `deny` in place of `forbid`.
    pub(crate) room: &'static str,
    /// The file.
    pub(crate) file: &'static str,
    /// How often it says the word at most.
    pub(crate) words_max: usize,
}

/// Where what must be done cannot be said safely: SQLite takes its file system as a table of
/// callbacks, and its memory as another. Without the second every word a home ever showed stays in
/// memory that was freed, also after it was locked. An allocator is a promise that cannot be checked;
/// without one of our own, texts lie where they may be written to swap. The voice codec is a C
/// library. Nowhere else, tests and fuzz targets included.
pub(crate) const UNSAFE: &[Unsafe] = &[
    Unsafe { room: "door", file: "crates/vault/door/src/vfs.rs", words_max: 1 },
    Unsafe { room: "door", file: "crates/vault/door/src/memory.rs", words_max: 5 },
    Unsafe { room: "door", file: "crates/vault/door/src/arena.rs", words_max: 10 },
    Unsafe { room: "opus", file: "crates/call/opus/src/codec.rs", words_max: 8 },
];

/// Something that only some rooms may make.
#[derive(Debug)]
pub(crate) struct Making {
    /// The path of the function that makes it.
    pub(crate) path: &'static str,
    /// The rooms that may say it.
    pub(crate) rooms: &'static [&'static str],
    /// What to do instead.
    pub(crate) advice: &'static str,
}

/// What is guarded.
pub(crate) const MAKINGS: &[Making] = &[Making {
    path: "Posting::sign",
    rooms: &["seal"],
    advice: "Only sealing makes what leaves a home (P1): hand the content to seal.",
}];

/// Lints whose `allow` in a pure room would switch its guard off.
pub(crate) const GUARDS: &[&str] = &["clippy::disallowed_types", "clippy::disallowed_methods"];

/// The room with this folder or package name.
pub(crate) fn room_of_package(package: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.package == package)
}

/// Whether `name` is what `pattern` says; a star at the end stands for any ending.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |stem| name.starts_with(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_ending() {
        assert!(fits("openmls*", "openmls_traits") && fits("openmls*", "openmls"));
        assert!(!fits("rand", "rand_core") && !fits("mio", "miow"));
    }

    #[test]
    fn every_name_in_the_table_is_a_room_of_the_table() {
        for room in ROOMS {
            for name in room.imports.iter().chain(room.through).chain(room.tests) {
                assert!(ROOMS.iter().any(|other| other.name == *name), "{name}");
            }
        }
        for name in NAMINGS.iter().flat_map(|naming| naming.rooms) {
            assert!(ROOMS.iter().any(|room| room.name == *name), "{name}");
        }
    }

    #[test]
    fn the_table_leads_nowhere_it_does_not_say() {
        for room in ROOMS {
            for import in room.imports {
                let next = ROOMS.iter().find(|other| other.name == *import).unwrap();
                for beyond in next.imports.iter().chain(next.through) {
                    assert!(
                        room.imports.contains(beyond) || room.through.contains(beyond),
                        "{} -> {import} -> {beyond}",
                        room.name
                    );
                }
            }
        }
    }

    #[test]
    fn nobody_is_above_the_lab() {
        assert!(ROOMS.iter().all(|room| !room.imports.contains(&"lab")));
        assert!(ROOMS.iter().all(|room| room.name == "lab" || !room.imports.contains(&"sogon")));
    }
}
