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
    seals::Key,
    windows::{self, CODE_AT, Hash, Lies, PE_AT, entry_at, lying, signed, table_at},
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
fn the_sample_that_the_programs_stories_use_is_what_the_forge_writes() {
    let sample = signed(&windows::program(true), &Key::ec(256, 7), Hash::Sha256, "Mina's Tools");
    let kept: &[u8] = include_bytes!("programs/signed.exe");
    assert!(kept == sample, "write it anew: cargo run -p sogon-inspect --example corpus");
}
