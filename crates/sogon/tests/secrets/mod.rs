//! The secrets of a home, and whether any of them stands in the memory of a process.
#![allow(dead_code, reason = "not every test asks for all of it")]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use std::{
    collections::{BTreeSet, HashMap},
    fs,
};

use minicbor::{Decoder, data::Type};
use sogon_engine::{Order, Shelf, Table};
use sogon_vault::{Cost, Passphrase, Vault};

use crate::{
    cast::Person,
    mapped::{self, Mapping},
};

/// What the MLS library stores, and the kinds of it that are secret: message, epoch and resumption
/// secrets, private keys of signatures, leaves and packages, shared secrets.
const MLS: Table = Table(1);
const MLS_SECRETS: [u8; 8] = [10, 11, 13, 14, 15, 16, 17, 18];
/// The owner's seed; conversations with the keys of their logs; texts; links; tickets of sessions.
const ROWS: [Table; 6] = [Table(10), Table(12), Table(14), Table(17), Table(19), Table(20)];
/// Keys of the tray.
const TRAY: Table = Table(202);
/// Shorter strings are numbers and flags.
const SECRET_BYTES_MIN: usize = 16;
/// As much of a secret as one register holds: so little of it betrays that a copy was there.
const PIECE_BYTES: usize = 8;
/// Keys of a log as a conversation stores them, and where in them the log's name stands: a locked
/// home goes on asking for it.
const LOG_KEYS_BYTES: usize = 80;
const LOG_NAME: std::ops::Range<usize> = 32..48;

/// Every string of bytes in a value, also those that are lists of small numbers.
fn strings(value: &[u8], into: &mut BTreeSet<Vec<u8>>) {
    let mut decoder = Decoder::new(value);
    while decoder.position() < value.len() {
        match decoder.datatype() {
            Ok(Type::Bytes) => {
                // Bytes of another form than a value's: what follows is none either.
                let Ok(bytes) = decoder.bytes().map(<[u8]>::to_vec) else { return };
                // A value within a value.
                strings(&bytes, into);
                into.insert(bytes);
            }
            Ok(Type::Array) => {
                let start = decoder.position();
                let Ok(count) = decoder.array().map(Option::unwrap_or_default) else { return };
                let numbers: Result<Vec<u8>, _> = (0..count).map(|_| decoder.u8()).collect();
                match numbers {
                    Ok(bytes) if !bytes.is_empty() => {
                        into.insert(bytes);
                    }
                    _ => {
                        decoder.set_position(start);
                        if decoder.array().is_err() {
                            return;
                        }
                    }
                }
            }
            Ok(Type::Map) if decoder.map().is_err() => return,
            Ok(Type::Tag) if decoder.tag().is_err() => return,
            Ok(Type::Map | Type::Tag) => {}
            Ok(_) => {
                if decoder.skip().is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

/// A home on a copy of somebody's disk, which is gone with it.
fn copied<T>(person: &Person, look: impl FnOnce(&Vault) -> T) -> T {
    let copy = person.home.with_extension("copy");
    fs::copy(person.home.join("data"), &copy).unwrap();
    let typed = fs::read_to_string(&person.passphrase).unwrap();
    let passphrase = Passphrase::new(typed.trim_end()).unwrap();
    let vault = Vault::open(&copy, &passphrase, Cost::NONE_FOR_TESTS).unwrap();
    let seen = look(&vault);
    drop(vault);
    fs::remove_file(&copy).unwrap();
    seen
}

/// The key that opens what a locked home lays into its tray.
pub(crate) fn tray(person: &Person) -> BTreeSet<Vec<u8>> {
    let row = copied(person, |vault| vault.row(TRAY, b"").unwrap()).expect("it is locked");
    let (_, padlock) = row.split_at(32);
    assert_eq!(padlock.len(), 32);
    BTreeSet::from([padlock.to_vec()])
}

/// The secrets of a home, read from a copy of it: those of its owner, its conversations, and the MLS
/// library's.
pub(crate) fn secrets(person: &Person) -> [BTreeSet<Vec<u8>>; 2] {
    let (mut own, mut mls) = (BTreeSet::new(), BTreeSet::new());
    copied(person, |vault| {
        let rows = |table| vault.scan(table, b"", None, usize::MAX, Order::Up).unwrap();
        for (_, value) in ROWS.into_iter().flat_map(rows) {
            strings(&value, &mut own);
        }
        for (key, value) in rows(MLS) {
            if MLS_SECRETS.contains(&key[0]) {
                strings(&value, &mut mls);
            }
        }
    });
    let long = |mut strings: BTreeSet<Vec<u8>>| {
        // As random as a key: a name or an empty field is none.
        strings.retain(|bytes| {
            let different: BTreeSet<_> = bytes.iter().collect();
            bytes.len() >= SECRET_BYTES_MIN && different.len() > 10
        });
        strings
    };
    [long(own), long(mls)]
}

/// The pieces of secrets, each with what it is a piece of. Names of logs and addresses of relays, which
/// a locked home goes on using, are none; nor is anything that is not as random as a key.
fn pieces(secrets: &BTreeSet<Vec<u8>>) -> HashMap<[u8; PIECE_BYTES], &Vec<u8>> {
    let mut pieces = HashMap::new();
    for secret in secrets {
        for (at, piece) in secret.windows(PIECE_BYTES).enumerate() {
            let different: BTreeSet<_> = piece.iter().collect();
            let name = secret.len() == LOG_KEYS_BYTES
                && at < LOG_NAME.end
                && at + PIECE_BYTES > LOG_NAME.start;
            if different.len() + 1 >= PIECE_BYTES && !name && !piece.is_ascii() {
                pieces.insert(piece.try_into().unwrap(), secret);
            }
        }
    }
    pieces
}

/// Of which of the secrets any piece stands in the memory of a process; `None` when the system shows
/// it to nobody.
pub(crate) fn found(pid: u32, secrets: &BTreeSet<Vec<u8>>) -> Option<BTreeSet<Vec<u8>>> {
    Some(found_in(&mapped::mappings(pid)?, secrets))
}

/// Of which of the secrets any piece stands in some memory.
pub(crate) fn found_in<'a>(
    mappings: impl IntoIterator<Item = &'a Mapping>,
    secrets: &BTreeSet<Vec<u8>>,
) -> BTreeSet<Vec<u8>> {
    let pieces = pieces(secrets);
    let head = |bytes: &[u8]| usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
    let mut heads = vec![false; 65_536];
    pieces.keys().for_each(|piece| heads[head(piece)] = true);
    let mut found = BTreeSet::new();
    for window in mappings.into_iter().flat_map(|mapping| mapping.bytes.windows(PIECE_BYTES)) {
        if heads[head(window)] {
            found.extend(pieces.get(window).map(|secret| (*secret).clone()));
        }
    }
    found
}
