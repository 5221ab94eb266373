#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "test numbers"
)]
//! Who signed what is held back: programs for Windows, apps, JAR files.

mod forge;

use forge::{
    Dice, apps,
    archives::{Entry, zip},
    mach::{self, APPLE, ARM, INTEL, Named, PLAIN, Way},
    packages::{self, CABINET_HEAD, Coded, Compound, Node, package_signed, script_signed},
    seals::Key,
    windows::{self, Beside, CODE_AT, Hash, Lies, PE_AT, entry_at, lying, signed, table_at},
};
use sha2::{Digest, Sha256};
use sogon_inspect::{
    program::{Program, judge},
    signer::{Signing, signing},
};

fn who(bytes: &[u8]) -> Option<Signing> {
    let bytes = bytes.to_vec();
    let what = judge("a file", &bytes).unwrap().expect("it is held back");
    signing(what, &bytes).unwrap()
}

/// The name and the certificate of whoever signed it.
fn by(bytes: &[u8]) -> (String, String) {
    match who(bytes) {
        Some(Signing::Holds(by)) => (by.name, by.certificate),
        other => panic!("{other:?}"),
    }
}

fn hash_of(certificate: &[u8]) -> String {
    Sha256::digest(certificate).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where `wanted` stands first.
fn at(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|some| some == wanted).expect("it is there")
}

fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= 1;
    bytes
}

#[test]
fn a_program_for_windows_is_signed_by_whoever_has_the_key() {
    for wide in [false, true] {
        let plain = windows::program(wide);
        assert_eq!(who(&plain), Some(Signing::Nobody));
        for key in [Key::rsa(7), Key::ec(256, 7), Key::ec(384, 7)] {
            let certificate = hash_of(&apps::certificate("Mina", &key.spki()));
            for hash in Hash::ALL {
                let good = signed(&plain, &key, hash, "Mina");
                assert_eq!(by(&good), ("CN=Mina".to_owned(), certificate.clone()), "{hash:?}");
            }
        }
    }
}

#[test]
fn whatever_is_changed_after_signing_is_told() {
    for wide in [false, true] {
        for key in [Key::rsa(7), Key::ec(256, 7)] {
            let good = signed(&windows::program(wide), &key, Hash::Sha256, "Mina");
            let table = table_at(&good);
            let attributes = table + at(&good[table..], &[0x86, 0xF7, 0x0D, 1, 9, 4]);
            let digest = table + at(&good[table..], &[2, 1, 15]) + 40;
            let spki = table + at(&good[table..], &key.spki()) + key.spki().len() - 20;
            let signature = good.len() - 20;
            let beginning = [2, 0x3B, PE_AT + 4, PE_AT + 30, PE_AT + 87, PE_AT + 92];
            let around = [entry_at(wide) - 1, entry_at(wide) + 8, CODE_AT, table - 1];
            let inside = [attributes + 14, digest, spki, signature];
            for place in [&beginning[..], &around, &inside].concat() {
                assert_eq!(who(&flipped(&good, place)), Some(Signing::Broken), "{place}");
            }
            // The checksum is filled in by whoever signs, and is nobody's word.
            let sum = flipped(&good, PE_AT + 88);
            assert!(matches!(who(&sum), Some(Signing::Holds(_))));
            // Behind the table, and behind the signature inside the table.
            assert_eq!(who(&[&good[..], b"more"].concat()), Some(Signing::Broken));
            let mut longer = [&good[..], b"hidden!!"].concat();
            let bytes = (longer.len() - table) as u32;
            longer[entry_at(wide) + 4..entry_at(wide) + 8].copy_from_slice(&bytes.to_le_bytes());
            assert_eq!(who(&longer), Some(Signing::Broken));
        }
    }
}

#[test]
fn a_table_that_is_moved_into_the_program_is_told() {
    for wide in [false, true] {
        let good = signed(&windows::program(wide), &Key::ec(256, 7), Hash::Sha256, "Mina");
        let (code, table) = good.split_at(table_at(&good));
        for place in [CODE_AT, CODE_AT + 8, CODE_AT + 0x100, code.len() - 8, code.len() - 1] {
            // All that is hashed comes in the same order, and stands elsewhere.
            let mut moved = [&code[..place], table, &code[place..]].concat();
            moved[entry_at(wide)..entry_at(wide) + 4]
                .copy_from_slice(&(place as u32).to_le_bytes());
            assert_eq!(who(&moved), Some(Signing::Broken), "{place}");
        }
    }
}

#[test]
fn a_signature_over_something_else_does_not_hold() {
    let (plain, key) = (windows::program(true), Key::ec(256, 7));
    let none = Lies::default();
    for lies in
        [Lies { attribute: true, ..none }, Lies { bare: true, ..none }, Lies { kind: true, ..none }]
    {
        let bad = lying(&plain, &key, Hash::Sha256, "Mina", lies);
        assert_eq!(who(&bad), Some(Signing::Broken), "{lies:?}");
    }
    // The table of one program under another.
    let good = signed(&plain, &key, Hash::Sha256, "Mina");
    let mut other = plain;
    other[CODE_AT + 7] ^= 1;
    let cms = &good[table_at(&good) + 8..];
    assert_eq!(who(&windows::with_table(&other, cms)), Some(Signing::Broken));
}

#[test]
fn what_nobody_signed_beside_a_signature_makes_it_unknown() {
    let (plain, key) = (windows::program(true), Key::ec(256, 7));
    let made = |beside| {
        let lies = Lies { beside, ..Lies::default() };
        who(&lying(&plain, &key, Hash::Sha256, "Mina", lies))
    };
    // Somebody else's word about the time, in three ways, and a second signature.
    let times: [&[u8]; 4] = [
        &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 6],
        &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 3, 3, 1],
        &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 4, 1],
        &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 16, 2, 14],
    ];
    for name in times {
        let said = made(Beside::Attribute(name));
        assert!(matches!(said, Some(Signing::Holds(_))), "{name:?} {said:?}");
    }
    for beside in [
        Beside::Attribute(&[0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 4, 2]),
        Beside::Certificate(&[0x30, 2, 4, 0]),
        Beside::Certificate(&[4, 4, 1, 2, 3, 4]),
        Beside::Certificate(&[0x30]),
        Beside::Signer,
        Beside::Rest(0),
        Beside::Rest(1),
        Beside::Rest(2),
        Beside::Rest(3),
        Beside::Rest(4),
        Beside::Revoked,
        Beside::Parameters,
    ] {
        assert_eq!(made(beside), Some(Signing::Unknown), "{beside:?}");
    }
}

#[test]
fn a_table_that_is_cut_or_lies_about_its_place_is_no_signature_that_holds() {
    let good = signed(&windows::program(true), &Key::ec(256, 7), Hash::Sha256, "Mina");
    for end in table_at(&good)..good.len() {
        let cut = who(&good[..end]);
        assert_eq!(cut, Some(Signing::Broken), "{end}");
    }
    // Shorter in the header and in the file: it says all it has, and that is not enough.
    for end in table_at(&good) + 1..good.len() {
        let mut cut = good[..end].to_vec();
        let bytes = (end - table_at(&good)) as u32;
        cut[entry_at(true) + 4..entry_at(true) + 8].copy_from_slice(&bytes.to_le_bytes());
        let behind = good[end..].iter().any(|byte| *byte != 0);
        assert!(!behind || who(&cut) == Some(Signing::Broken), "{end}");
    }
    for (start, bytes) in [(0, 8), (8, 0), (u32::MAX, u32::MAX), (0x100, 64), (4, u32::MAX)] {
        let mut bad = good.clone();
        let place = [start.to_le_bytes(), bytes.to_le_bytes()].concat();
        bad[entry_at(true)..entry_at(true) + 8].copy_from_slice(&place);
        assert_eq!(who(&bad), Some(Signing::Broken), "{start} {bytes}");
    }
    // Another kind of certificate than the one that is used.
    let mut other = good.clone();
    other[table_at(&good) + 6] = 1;
    assert_eq!(who(&other), Some(Signing::Unknown));
    for end in 3..CODE_AT {
        assert_ne!(who(&windows::program(true)[..end]), Some(Signing::Unknown), "{end}");
    }
}

#[test]
fn a_hash_nobody_trusts_and_a_signature_of_an_unknown_kind_are_called_unknown() {
    let good = signed(&windows::program(true), &Key::rsa(7), Hash::Sha256, "Mina");
    let table = table_at(&good);
    // rsaEncryption in the signer's information becomes RSA-PSS: behind the certificate's own.
    let oid = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 4, 0x82];
    let place = table + at(&good[table..], &oid) + 8;
    let mut pss = good.clone();
    pss[place] = 10;
    assert_eq!(who(&pss), Some(Signing::Unknown));
}

#[test]
fn a_name_in_a_certificate_is_somebody_elses_words() {
    let name = format!("Sogon\u{202e}{}\u{1b}[2J\n", "A".repeat(100));
    let good = signed(&windows::program(true), &Key::ec(256, 7), Hash::Sha256, &name);
    let (name, _) = by(&good);
    assert!(name.starts_with("CN=SogonAAA") && name.chars().count() <= 120, "{name}");
    assert!(!name.chars().any(|c| c.is_control() || c == '\u{202e}'));
}

fn files() -> (Vec<u8>, Vec<u8>) {
    (apps::manifest("org.example.notes", false), Dice(1).file("dex", 60_000))
}

#[test]
fn an_app_is_signed_by_whoever_a_device_would_say() {
    let (manifest, code) = files();
    let entries: [Entry<'_>; 2] =
        [("AndroidManifest.xml", &manifest, false), ("code.dat", &code, true)];
    let plain = zip(&entries);
    assert_eq!(who(&plain), Some(Signing::Nobody));
    let key = apps::Key::ec(7);
    let certificate = hash_of(&apps::certificate("Mina", &key.spki()));
    let wanted = ("CN=Mina".to_owned(), certificate);
    for newer in [false, true] {
        let good = apps::signed(&plain, &key, "Mina", newer);
        assert_eq!(by(&good), wanted);
        assert_eq!(who(&flipped(&good, 80)), Some(Signing::Broken));
    }
    let good = apps::jar_signed(&entries, &key, "Mina");
    assert_eq!(by(&good), wanted);
    assert_eq!(who(&flipped(&good, 80)), Some(Signing::Broken));
    // Signed in both ways by two: the newer one counts.
    let other = apps::Key::ec(9);
    let both = apps::signed(&good, &other, "Hana", true);
    assert_eq!(by(&both).0, "CN=Hana");
}

#[test]
fn a_java_program_is_signed_by_whoever_signed_its_list_of_files() {
    let code = Dice(1).file("class", 9_000);
    let entries: [Entry<'_>; 2] = [("a/Main.class", &code, true), ("a/Other.class", &code, false)];
    let key = apps::Key::rsa(7);
    let good = apps::jar_signed(&entries, &key, "Mina");
    assert_eq!(judge("a.zip", &good).unwrap(), Some(Program::Java));
    assert_eq!(by(&good).0, "CN=Mina");
    let place = at(&good, b"a/Other.class") + 40;
    assert_eq!(who(&flipped(&good, place)), Some(Signing::Broken));
    let empty = zip(&[("META-INF/MANIFEST.MF", b"", false), ("a/Main.class", &code, true)]);
    assert_eq!(who(&empty), Some(Signing::Nobody));
}

#[test]
fn what_is_put_beside_the_signature_of_a_java_program_is_told() {
    let code = Dice(1).file("class", 9_000);
    let key = apps::Key::ec(7);
    let made = |files: &[&str], beside: &[&str]| {
        let files: Vec<Entry<'_>> = files.iter().map(|name| (*name, &code[..], true)).collect();
        let beside: Vec<Entry<'_>> =
            beside.iter().map(|name| (*name, &b"more"[..], true)).collect();
        apps::jar_signed_beside(&files, &beside, &key, "Mina")
    };
    let own = ["a/Main.class", "a/main.class", "META-INF/LICENSE", "META-INF/services/a.B"];
    let signs = ["META-INF/B.SF", "META-INF/b.ec", "META-INF/SIG-B", "META-INF/SIG-B.x1"];
    assert!(holds(&made(&own, &[])));
    assert!(holds(&made(&own, &signs)));
    for more in [
        // Some readers take the last of them, and some any letters.
        "META-INF/MANIFEST.MF",
        "META-INF/manifest.mf",
        "meta-inf/MANIFEST.MF",
        "META-INF/cert.sf",
        "META-INF/license",
        "a/Main.class",
        // A class can be loaded from anywhere.
        "META-INF/Main.class",
        "META-INF/SIG-Main.class",
        "META-INF/more",
        "META-INF/versions/9/a/Main.class",
        "meta-inf/B.SF",
    ] {
        assert_eq!(who(&made(&own, &[more])), Some(Signing::Broken), "{more}");
    }
}

#[test]
fn the_sample_that_the_programs_stories_use_is_what_the_forge_writes() {
    let sample = signed(&windows::program(true), &Key::ec(256, 7), Hash::Sha256, "Mina's Tools");
    let kept: &[u8] = include_bytes!("programs/signed.exe");
    assert!(kept == sample, "write it anew: cargo run -p sogon-inspect --example corpus");
}

#[test]
fn a_package_for_windows_is_signed_by_whoever_has_the_key() {
    let plain = packages::package(9_000);
    assert_eq!(who(&Compound::write(&plain, 512)), Some(Signing::Nobody));
    for key in [Key::rsa(7), Key::ec(256, 7)] {
        let certificate = hash_of(&apps::certificate("Mina", &key.spki()));
        for hash in Hash::ALL {
            for sector in [512, 4_096] {
                let good = package_signed(&plain, &key, hash, "Mina", true);
                let good = Compound::write(&good, sector);
                assert_eq!(judge("a", &good).unwrap(), Some(Program::Package));
                assert_eq!(by(&good), ("CN=Mina".to_owned(), certificate.clone()), "{hash:?}");
            }
        }
    }
    // So large that the head has no room for the places of its tables.
    let large = packages::package(9 << 20);
    let large = package_signed(&large, &Key::ec(256, 7), Hash::Sha256, "Mina", true);
    let large = Compound::write(&large, 512);
    assert_eq!(by(&large).0, "CN=Mina");
    assert_eq!(who(&flipped(&large, 5 << 20)), Some(Signing::Broken));
}

#[test]
fn a_package_with_names_that_nobody_signed_is_unknown() {
    let key = Key::ec(256, 7);
    for hash in Hash::ALL {
        let good = package_signed(&packages::package(9_000), &key, hash, "Mina", false);
        let good = Compound::write(&good, 512);
        assert_eq!(who(&good), Some(Signing::Unknown));
        // What does not hold is told as before.
        let large = packages::package(9_000).streams();
        let large = large.iter().find(|bytes| bytes.len() == 9_000).expect("there is one");
        assert_eq!(who(&flipped(&good, at(&good, large))), Some(Signing::Broken));
    }
    // With the names signed, and the digest of them under another name: it is hashed as before.
    let good = signed_package();
    let name: Vec<u8> = "MsiDigitalSignatureEx".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut renamed = good.clone();
    renamed[at(&good, &name)] = 1;
    assert!(!holds(&renamed));
}

fn holds(bytes: &[u8]) -> bool {
    let bytes = bytes.to_vec();
    let what = judge("a file", &bytes).unwrap();
    let said = what.and_then(|what| signing(what, &bytes).unwrap());
    matches!(said, Some(Signing::Holds(_)))
}

fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// A package in sectors of 512 bytes, signed with its names.
fn signed_package() -> Vec<u8> {
    let plain = packages::package(9_000);
    let good = package_signed(&plain, &Key::ec(256, 7), Hash::Sha256, "Mina", true);
    Compound::write(&good, 512)
}

/// Where the entries that are used stand in it.
fn entries(package: &[u8]) -> Vec<usize> {
    let first = (number(package, 48) + 1) * 512;
    let places = (0..).map(|at| first + at * 128);
    places.take_while(|place| [1, 2, 5].contains(&package[place + 66])).collect()
}

/// What of it a reader goes by: the head, the entries, the tables; and the bytes of its streams.
fn said_by(package: &[u8]) -> Vec<usize> {
    let mut places: Vec<usize> =
        [0..8, 26..34, 44..52, 56..64, 76..80].into_iter().flatten().collect();
    for entry in entries(package) {
        let name = usize::from(package[entry + 64]) - 2;
        let kind = package[entry + 66];
        let part = |part: std::ops::Range<usize>| part.map(move |at| entry + at);
        places.extend(part(64..67));
        if kind != 2 {
            places.extend(part(76..100));
        }
        // What the root is called is nobody's business.
        if kind != 5 {
            places.extend(part(0..name).chain(part(68..76)));
        }
        // The signature says nothing of its own entries but what is in them.
        if kind == 2 && package[entry + 2] != b'D' && package[entry + 2] != b'M' {
            places.extend(part(96..116).chain(part(120..124)));
        }
    }
    let content = packages::package(9_000);
    for node in content.streams() {
        let start = at(package, &node);
        places.extend((start..start + node.len()).step_by(node.len().div_ceil(300)));
    }
    let table = (number(package, 76) + 1) * 512;
    let used = number(package, 76);
    places.extend((0..used).map(|sector| table + sector * 4));
    places
}

#[test]
fn whatever_is_changed_in_a_package_is_told() {
    let good = signed_package();
    assert!(holds(&good));
    for place in said_by(&good) {
        assert!(!holds(&flipped(&good, place)), "{place}");
    }
    // Behind it: other readers look for archives there.
    assert_eq!(who(&[&good[..], b"PK\x05\x06"].concat()), Some(Signing::Broken));
    assert!(holds(&[&good[..], &[0; 300]].concat()));
    for end in (600..(number(&good, 76) + 1) * 512).step_by(211) {
        assert!(!holds(&good[..end]), "{end}");
    }
}

#[test]
fn an_archive_in_room_that_nobody_vouches_for_is_not_told_as_what_somebody_signed() {
    let good = signed_package();
    let hidden = zip(&[("a", b"", true)]);
    // Behind the last bytes of a stream, in its last sector.
    let content = packages::package(9_000).streams();
    let large = content.iter().find(|bytes| bytes.len() == 9_000).expect("there is one");
    let place = at(&good, large) + large.len();
    let put = |hidden: &[u8]| {
        let mut made = good.clone();
        made[place..place + hidden.len()].copy_from_slice(hidden);
        made
    };
    assert_eq!(who(&put(&hidden)), Some(Signing::Unknown));
    // Its directory is where the end says it begins, or before the end.
    let end = hidden.len() - 22;
    let mut absolute = hidden.clone();
    absolute[end + 12..end + 16].copy_from_slice(&[0; 4]);
    absolute[end + 16..end + 20].copy_from_slice(&((place + 31) as u32).to_le_bytes());
    assert_eq!(who(&put(&absolute)), Some(Signing::Unknown));
    // An end without a directory is none.
    assert!(holds(&put(&hidden[end..])));
    assert!(holds(&put(b"PK\x05\x06")));
    let many = b"PK\x05\x06".repeat(40);
    assert!(holds(&put(&many)));
}

#[test]
fn a_package_whose_tables_go_round_or_share_is_broken() {
    let good = signed_package();
    let first = number(&good, 76);
    let table = (first + 1) * 512;
    for sector in 0..first {
        for next in [0, sector, 0xFFFF_FFFF] {
            let mut bad = good.clone();
            bad[table + sector * 4..table + sector * 4 + 4]
                .copy_from_slice(&(next as u32).to_le_bytes());
            assert_eq!(who(&bad), Some(Signing::Broken), "{sector} {next}");
        }
    }
    for entry in entries(&good) {
        for place in [68, 72, 76] {
            for next in [0_u32, 1, 7, 0x7FFF_FFFF] {
                let mut bad = good.clone();
                bad[entry + place..entry + place + 4].copy_from_slice(&next.to_le_bytes());
                let stream = good[entry + 66] == 2 && place == 76;
                let root = good[entry + 66] == 5 && place != 76;
                let same = bad == good;
                assert!(same || stream || root || !holds(&bad), "{entry} {place} {next}");
            }
        }
    }
    let mut deep = Node::storage("a", Vec::new());
    for _ in 0..40 {
        deep = Node::storage("a", vec![deep]);
    }
    let deep =
        Node { class: packages::package(1).class, ..Node::storage("Root Entry", vec![deep]) };
    let deep = package_signed(&deep, &Key::ec(256, 7), Hash::Sha256, "Mina", true);
    assert_eq!(who(&Compound::write(&deep, 512)), Some(Signing::Broken));
}

#[test]
fn a_package_whose_names_are_not_in_order_is_broken() {
    let good = signed_package();
    let mut told = 0;
    for entry in entries(&good) {
        let (left, right) = (entry + 68, entry + 72);
        if number(&good, left) == number(&good, right) {
            continue;
        }
        // What is looked for on the left stands on the right; it is signed as before.
        let mut turned = good.clone();
        turned.copy_within(right..right + 4, left);
        turned[right..right + 4].copy_from_slice(&good[left..left + 4]);
        assert_eq!(who(&turned), Some(Signing::Broken), "{entry}");
        told += 1;
    }
    assert!(told >= 3, "{told}");
}

#[test]
fn a_table_of_small_sectors_that_is_longer_than_they_need_is_broken() {
    let good = signed_package();
    let (first, small) = (number(&good, 76), number(&good, 60));
    let table = (first + 1) * 512;
    let last = number(&good, table + small * 4);
    assert_eq!(last, 0xFFFF_FFFE, "it has one sector");
    // Sectors behind everything, which nobody uses.
    let behind = good.len() / 512 - 1;
    let longer = |more: usize| {
        let mut made = [&good[..], &vec![0xFF; more * 512]].concat();
        let mut next = |at: usize, to: usize| {
            let place = table + at * 4;
            made[place..place + 4].copy_from_slice(&(to as u32).to_le_bytes());
        };
        next(small, behind);
        for at in behind..behind + more {
            next(at, at + 1);
        }
        next(behind + more - 1, 0xFFFF_FFFE);
        made
    };
    assert!(holds(&longer(1)));
    assert_eq!(who(&longer(2)), Some(Signing::Broken));
    assert_eq!(who(&longer(30)), Some(Signing::Broken));
}

/// The same package with the sectors of its largest stream in reverse.
fn reversed(package: &[u8], bytes: usize) -> Vec<u8> {
    let mut out = package.to_vec();
    let name: Vec<u8> = "Cabinet".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let places = entries(package);
    let entry = places.into_iter().find(|at| package[*at..].starts_with(&name)).expect("it is");
    let (start, count) = (number(package, entry + 116), bytes.div_ceil(512));
    let table = (number(package, 76) + 1) * 512;
    let last = start + count - 1;
    for at in 0..count {
        let (from, to) = ((start + at + 1) * 512, (last - at + 1) * 512);
        out[to..to + 512].copy_from_slice(&package[from..from + 512]);
        let next = if at == 0 { 0xFFFF_FFFE } else { (start + at - 1) as u32 };
        let place = table + (start + at) * 4;
        out[place..place + 4].copy_from_slice(&next.to_le_bytes());
    }
    out[entry + 116..entry + 120].copy_from_slice(&(last as u32).to_le_bytes());
    out
}

#[test]
fn a_package_in_too_many_pieces_is_not_read() {
    let key = Key::ec(256, 7);
    for (bytes, is_read) in [(9_000, true), (40_000, true), (65_600 * 512, false)] {
        let plain = packages::package(bytes);
        let good = package_signed(&plain, &key, Hash::Sha256, "Mina", true);
        let good = Compound::write(&good, 512);
        assert!(is_read || by(&good).0 == "CN=Mina");
        let said = who(&reversed(&good, bytes));
        assert!(matches!(said, Some(Signing::Holds(_))) == is_read, "{said:?}");
        assert!(is_read || said == Some(Signing::Unknown), "{said:?}");
    }
}

#[test]
fn a_script_is_signed_by_whoever_has_the_key() {
    let text = "Write-Host 'hello'\r\nGet-Date # \u{c18c}\u{ace4}";
    for key in [Key::rsa(7), Key::ec(256, 7)] {
        for coded in Coded::ALL {
            for hash in Hash::ALL {
                let good = script_signed(text, coded, &key, hash, "Mina");
                assert_eq!(script(&coded.bytes(&good)), Some("CN=Mina".to_owned()), "{coded:?}");
            }
        }
    }
    for plain in ["#!/bin/sh\necho", "Write-Host 'hello'", ""] {
        assert_eq!(said_of_script(plain.as_bytes()), Some(Signing::Nobody));
    }
    assert_eq!(said_of_script(b"MZ\0\0"), None);
}

/// What is said of a script with a name that runs.
fn said_of_script(bytes: &[u8]) -> Option<Signing> {
    let bytes = bytes.to_vec();
    assert_eq!(judge("a.ps1", &b"words".to_vec()).unwrap(), Some(Program::Script));
    signing(Program::Script, &bytes).unwrap()
}

fn script(bytes: &[u8]) -> Option<String> {
    said_of_script(bytes)?.by().map(|by| by.name.clone())
}

#[test]
fn whatever_is_changed_in_a_script_is_told() {
    let text = "Write-Host 'hello'\r\nGet-Date # \u{c18c}\u{ace4}\r\n";
    let key = Key::ec(256, 7);
    for coded in Coded::ALL {
        let words = script_signed(text, coded, &key, Hash::Sha256, "Mina");
        let good = coded.bytes(&words);
        for place in 0..coded.bytes(text).len() {
            assert_eq!(script(&flipped(&good, place)), None, "{coded:?} {place}");
        }
        let bad = [
            format!("{words}Remove-Item x\r\n"),
            format!("{words}\r\n{words}"),
            words.replace("# SIG # End", "Remove-Item x\r\n# SIG # End"),
            words.replace("Get-Date", "Get-Item"),
            words.replace("\r\n", "\n"),
        ];
        for bad in bad {
            let said = said_of_script(&coded.bytes(&bad));
            // Without a mark, letters beyond ASCII may have been others.
            let guessed = coded == Coded::Utf8 && said == Some(Signing::Unknown);
            assert!(guessed || said == Some(Signing::Broken), "{coded:?} {said:?} {bad}");
        }
    }
    let plain = "Get-Date\r\n";
    let words = script_signed(plain, Coded::Utf8, &key, Hash::Sha256, "Mina");
    let changed = words.replace("Date", "Data");
    assert_eq!(said_of_script(changed.as_bytes()), Some(Signing::Broken));
}

#[test]
fn a_script_that_cannot_be_checked_is_called_unknown() {
    let key = Key::ec(256, 7);
    for other in ["' SIG ' ", "// SIG // ", "<!-- SIG # "] {
        let text = format!("x\r\n{other}Begin signature block\r\n");
        assert_eq!(said_of_script(text.as_bytes()), Some(Signing::Unknown), "{other}");
    }
    let words = script_signed("x", Coded::Utf8, &key, Hash::Sha256, "Mina");
    let korean = [b"# \xBC\xD2\r\n", words.as_bytes()].concat();
    assert_eq!(said_of_script(&korean), Some(Signing::Unknown));
    // Under the encoding of Western Europe it would be what was signed, and elsewhere another text.
    let words = script_signed("# \u{e9}\u{81}", Coded::Utf8, &key, Hash::Sha256, "Mina");
    let western: Vec<u8> = words.chars().map(|letter| letter as u8).collect();
    assert_eq!(said_of_script(&western), Some(Signing::Unknown));
    let words = script_signed("x", Coded::Utf16, &key, Hash::Sha256, "Mina");
    let odd = [&Coded::Utf16.bytes(&words)[..], b"\0"].concat();
    assert_eq!(said_of_script(&odd), Some(Signing::Unknown));
    let words = script_signed("x", Coded::Utf8, &key, Hash::Sha256, "Mina");
    let long = [&vec![b'#'; 17 << 20], words.as_bytes()].concat();
    assert_eq!(said_of_script(&long), Some(Signing::Unknown));
    assert_eq!(said_of_script(&vec![b'#'; 17 << 20]), Some(Signing::Nobody));
    // A signature of a package under a script.
    let package = windows::numbered(&[7; 16]);
    let units: Vec<u8> = "x".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let digest = Hash::Sha256.of(&units);
    let none = Lies::default();
    let cms = windows::stated(&package, &digest, &key, Hash::Sha256, "Mina", none);
    let letters = apps::base64(&cms);
    let text = format!(
        "x\r\n# SIG # Begin signature block\r\n# {letters}\r\n# SIG # End signature block\r\n"
    );
    assert_eq!(said_of_script(text.as_bytes()), Some(Signing::Broken));
}

#[test]
fn a_cabinet_is_signed_by_whoever_has_the_key_and_changes_are_told() {
    let bytes = Dice(9).bytes(700);
    assert_eq!(who(&packages::cabinet(&bytes)), Some(Signing::Nobody));
    for key in [Key::rsa(7), Key::ec(384, 7)] {
        for hash in Hash::ALL {
            let good = packages::cabinet_signed(&bytes, &key, hash, "Mina");
            assert_eq!(by(&good).0, "CN=Mina");
        }
    }
    let good = packages::cabinet_signed(&bytes, &Key::ec(256, 7), Hash::Sha256, "Mina");
    let unsigned = [4..8, 34..36].into_iter().flatten().collect::<Vec<_>>();
    for place in 0..CABINET_HEAD + bytes.len() {
        assert_eq!(holds(&flipped(&good, place)), unsigned.contains(&place), "{place}");
    }
    assert_eq!(who(&[&good[..], b"PK\x05\x06"].concat()), Some(Signing::Broken));
    for end in 60..good.len() - 8 {
        assert!(!holds(&good[..end]), "{end}");
    }
}

#[test]
fn a_program_signed_as_another_kind_of_file_is_broken() {
    let good = signed(&windows::program(true), &Key::ec(256, 7), Hash::Sha256, "Mina");
    let table = table_at(&good);
    let kind = table + at(&good[table..], &[0x82, 0x37, 2, 1, 15]) + 4;
    assert_eq!(who(&flipped(&good, kind)), Some(Signing::Broken));
    // Signed anew, so that nothing else speaks against it.
    let (plain, key) = (windows::program(true), Key::ec(256, 7));
    let digest = windows::digest(&plain, Hash::Sha256);
    let numbered = windows::numbered(&[7; 16]);
    let none = Lies::default();
    let cms = windows::stated(&numbered, &digest, &key, Hash::Sha256, "Mina", none);
    assert_eq!(who(&windows::with_table(&plain, &cms)), Some(Signing::Broken));
}

#[test]
fn a_program_for_macos_is_signed_by_whoever_has_the_key() {
    assert_eq!(who(&mach::program(ARM, false)), Some(Signing::Nobody));
    for key in [Key::rsa(7), Key::ec(256, 7)] {
        let certificate = hash_of(&apps::certificate("Mina", &key.spki()));
        let wanted = ("CN=Mina".to_owned(), certificate);
        for loose in [false, true] {
            for long in [false, true] {
                for directories in [&[1_u8][..], &[2], &[4]] {
                    let way = Way { directories, named: Named::Nowhere, loose, long };
                    assert_eq!(by(&mach::signed(ARM, Some(&key), way)), wanted, "{way:?}");
                }
                for named in [Named::ByAlgorithm, Named::ByList] {
                    let way = Way { directories: &[1, 2, 4], named, loose, long };
                    assert_eq!(by(&mach::signed(ARM, Some(&key), way)), wanted, "{way:?}");
                }
            }
        }
        assert_eq!(by(&mach::disk(Some(&key), PLAIN)), wanted);
        assert_eq!(by(&mach::disk(Some(&key), APPLE)), wanted);
    }
    // With hashes and without a name: what a compiler writes.
    assert_eq!(who(&mach::signed(ARM, None, APPLE)), Some(Signing::Nobody));
    assert_eq!(who(&mach::disk(None, APPLE)), Some(Signing::Nobody));
    assert_eq!(who(&mach::plain_disk()), Some(Signing::Nobody));
}

#[test]
fn whatever_is_changed_in_a_program_for_macos_is_told() {
    let key = Key::ec(256, 7);
    for way in [PLAIN, APPLE, Way { named: Named::ByList, ..APPLE }] {
        let good = mach::signed(ARM, Some(&key), way);
        let blobs = mach::signed_part(&good);
        // Its code, then the list of blobs and all directories up to the signature.
        let wrapping = at(&good, &[0xFA, 0xDE, 0x0B, 1]);
        let code = (0..mach::CODE).step_by(13);
        // How long the list is may be more than it has: behind stand zeros.
        let list = blobs.start..blobs.start + 4;
        // Which of the places for other directories one has makes no difference.
        let list_of = &good[blobs.clone()];
        let other = list_of.windows(4).position(|four| four == [0, 0, 0x10, 0]);
        let other = other.map(|at| blobs.start + at + 3);
        let told = code.chain(list).chain(blobs.start + 8..wrapping);
        for place in told.filter(|place| Some(*place) != other) {
            assert!(!holds(&flipped(&good, place)), "{way:?} {place}");
        }
        assert_eq!(who(&flipped(&good, good.len() - 1)), Some(Signing::Broken));
        assert_eq!(who(&[&good[..], b"more"].concat()), Some(Signing::Broken));
        for end in (mach::CODE..good.len()).step_by(31) {
            assert!(!holds(&good[..end]), "{end}");
        }
    }
    let way = Way { named: Named::Nowhere, ..APPLE };
    // A directory that the signature does not name could be anybody's.
    assert_eq!(who(&mach::signed(ARM, Some(&key), way)), Some(Signing::Broken));
}

#[test]
fn what_was_signed_with_a_program_for_macos_and_taken_out_is_told() {
    let key = Key::ec(256, 7);
    for place in 1..=11 {
        let made = mach::signed_without(ARM, Some(&key), PLAIN, Some(place));
        // Lists beside the program, and what a disk has, stand elsewhere.
        let elsewhere = [1, 3, 4, 6].contains(&place);
        assert_eq!(holds(&made), elsewhere, "{place}");
        assert!(elsewhere || who(&made) == Some(Signing::Broken), "{place}");
    }
}

#[test]
fn a_program_for_several_machines_is_signed_by_whoever_signed_it_for_all_of_them() {
    let key = Key::ec(256, 7);
    let made = |kind, key| (kind, mach::signed(kind, key, APPLE));
    let both = mach::several(&[made(INTEL, Some(&key)), made(ARM, Some(&key))]);
    assert_eq!(by(&both).0, "CN=Mina");
    // What each runs on, and where it begins. It may end in zeros, and how it is aligned nobody asks.
    for place in (8..20).chain(28..40) {
        assert!(!holds(&flipped(&both, place)), "{place}");
    }
    let bits = both.len();
    for place in (48..4_096).chain(4_096 + 15_000..20_480).step_by(7).chain([bits - 1, 25_000]) {
        assert_eq!(who(&flipped(&both, place)), Some(Signing::Broken), "{place}");
    }
    let half = mach::several(&[made(INTEL, Some(&key)), made(ARM, None)]);
    assert_eq!(who(&half), Some(Signing::Nobody));
    let hers = Key::ec(256, 9);
    let other = mach::several(&[made(INTEL, Some(&key)), made(ARM, Some(&hers))]);
    assert_eq!(who(&other), Some(Signing::Unknown));
    // Beyond the end.
    for end in [100, 4_096, 5_000, 20_480, both.len() - 1] {
        assert_eq!(who(&both[..end]), Some(Signing::Broken), "{end}");
    }
    // One place for two machines: it would be read twice.
    let mut twice = mach::several(&[made(INTEL, Some(&key)), made(INTEL, Some(&key))]);
    assert!(holds(&twice));
    twice.copy_within(16..24, 36);
    twice.truncate(4_096 + mach::signed(INTEL, Some(&key), APPLE).len());
    assert_eq!(who(&twice), Some(Signing::Broken));
}

#[test]
fn whatever_is_changed_in_an_image_of_a_disk_is_told() {
    for way in [PLAIN, APPLE] {
        let good = mach::disk(Some(&Key::ec(256, 7)), way);
        let wrapping = at(&good, &[0xFA, 0xDE, 0x0B, 1]);
        let trailer = good.len() - 512;
        for place in (0..wrapping).step_by(7).chain(trailer + 4..good.len()) {
            assert!(!holds(&flipped(&good, place)), "{place}");
        }
        for end in 5_000..trailer {
            assert!(!holds(&good[..end]), "{end}");
        }
    }
}

#[test]
fn that_a_package_for_linux_is_signed_is_told_and_that_it_is_not_checked() {
    let member = |name: &str, bytes: &[u8]| {
        let about = format!("{name:<48}{:<10}`\n", bytes.len());
        let pad = if bytes.len() % 2 == 1 { "\n" } else { "" };
        [about.as_bytes(), bytes, pad.as_bytes()].concat()
    };
    let plain = [b"!<arch>\n".to_vec(), member("debian-binary", b"2.0"), member("data.tar", b"x")];
    let signed = [plain.concat(), member("_gpgorigin", b"key")].concat();
    assert_eq!(who(&plain.concat()), Some(Signing::Nobody));
    assert_eq!(who(&signed), Some(Signing::Unknown));
    let rpm = |tags: &[u32]| {
        let mut out = b"\xED\xAB\xEE\xDB".to_vec();
        out.resize(96, 0);
        out.extend(b"\x8E\xAD\xE8\x01\0\0\0\0");
        out.extend((tags.len() as u32).to_be_bytes());
        out.extend([0; 4]);
        for tag in tags {
            out.extend(tag.to_be_bytes());
            out.extend([0; 12]);
        }
        out
    };
    assert_eq!(who(&rpm(&[1_000, 269, 273])), Some(Signing::Nobody));
    for tag in [267, 268, 278, 1_002, 1_003, 1_005] {
        assert_eq!(who(&rpm(&[1_000, tag])), Some(Signing::Unknown), "{tag}");
    }
    assert_eq!(who(&rpm(&[268])[..100]), Some(Signing::Unknown));
}

#[test]
fn that_a_bundle_for_windows_is_signed_is_told_and_that_it_is_not_checked() {
    let entries: [Entry<'_>; 2] = [("AppxManifest.xml", b"<x/>", false), ("a.exe", b"MZ", false)];
    assert_eq!(who(&zip(&entries)), Some(Signing::Nobody));
    let signed = [&entries[..], &[("AppxSignature.p7x", b"PKCX", true)]].concat();
    assert_eq!(who(&zip(&signed)), Some(Signing::Unknown));
}
