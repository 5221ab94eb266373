//! The first bytes of a client, as everybody on the line reads them (RFC 8446, 4.1.2).
#![cfg(test)]

use std::collections::BTreeMap;

use sogon_wire::{Fingerprint, RelayAddr};

use crate::{tickets::Tickets, tls::Tls};

/// What stands in clear in a ClientHello.
struct Greeting {
    suites: Vec<u16>,
    /// Kinds, and what they say.
    extensions: BTreeMap<u16, Vec<u8>>,
    session_id: usize,
}

/// Takes `count` bytes.
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(count);
    *bytes = rest;
    taken
}

fn number(bytes: &mut &[u8], count: usize) -> usize {
    take(bytes, count).iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

fn sized<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let length = number(bytes, count);
    take(bytes, length)
}

fn greeting(host: &str) -> Greeting {
    let relay = RelayAddr::new(host, 443, Fingerprint([7; 32])).unwrap();
    let mut tls = Tls::start(&relay, &Tickets::new(Vec::new())).unwrap_or_else(|_| panic!("begun"));
    tls.say_early(&[]);
    // It may be cut into records; each has a head of five bytes.
    let (mut records, mut all) = (tls.out.as_slice(), Vec::new());
    while !records.is_empty() {
        assert_eq!(number(&mut records, 1), 0x16);
        take(&mut records, 2);
        all.extend_from_slice(sized(&mut records, 2));
    }
    let mut bytes = all.as_slice();
    assert_eq!(number(&mut bytes, 1), 1, "a ClientHello");
    let mut hello = sized(&mut bytes, 3);
    assert_eq!(number(&mut hello, 2), 0x0303);
    take(&mut hello, 32);
    let session_id = sized(&mut hello, 1).len();
    let suites = sized(&mut hello, 2).chunks(2).map(|two| u16::from_be_bytes([two[0], two[1]]));
    let suites = suites.collect();
    assert_eq!(sized(&mut hello, 1), [0]);
    let mut rest = sized(&mut hello, 2);
    let mut extensions = BTreeMap::new();
    while !rest.is_empty() {
        let kind = u16::try_from(number(&mut rest, 2)).unwrap();
        extensions.insert(kind, sized(&mut rest, 2).to_vec());
    }
    Greeting { suites, extensions, session_id }
}

const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;

#[test]
fn a_relay_with_a_name_is_greeted_by_it_and_one_without_by_none_as_browsers_do() {
    let named = greeting("relay.example");
    assert_eq!(named.extensions[&SERVER_NAME], b"\x00\x10\x00\x00\x0drelay.example");
    for host in ["192.0.2.7", "::1"] {
        assert!(!greeting(host).extensions.contains_key(&SERVER_NAME), "{host}");
    }
}

#[test]
fn the_greeting_offers_what_browsers_offer_and_is_not_theirs() {
    let greeting = greeting("relay.example");
    assert_eq!(greeting.extensions[&ALPN], b"\x00\x0c\x02h2\x08http/1.1");
    // As docs/WATCHERS.md says it: whoever looks can tell it from a browser's by these.
    assert_eq!(greeting.suites, [0x1303, 0x1302], "two suites; browsers offer fifteen and more");
    assert_eq!(greeting.session_id, 32, "as in a browser's, for boxes in between");
    let kinds: Vec<_> = greeting.extensions.keys().copied().collect();
    assert_eq!(kinds, [0, 10, 11, 13, 16, 23, 43, 45, 51], "no GREASE, no ECH, no OCSP");
}
