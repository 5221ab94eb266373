#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "test numbers"
)]
//! Apps that watch and apps that do not, signed well, badly and not at all.

mod forge;

use forge::{
    Dice,
    apps::{Key, beside, certificate, jar_signed, jar_signed_saying, manifest, signed},
    archives::{Entry, zip},
    seals::{self, Seal, sealed},
};
use sogon_inspect::{
    app::signed::{BlockTrouble, Scheme, Signatures},
    archive::zip::Directory,
    finding::{Event, Finding, Severity},
    look::{Knowledge, Limits, Listener, Lists, Looker, Share},
};

#[derive(Default)]
struct Heard(Vec<Finding>, Vec<Event>);

impl Listener for Heard {
    fn enter(&mut self, _: &str, _: u64) {}
    fn progress(&mut self, _: u64) {}
    fn found(&mut self, finding: Finding) {
        self.0.push(finding);
    }
    fn happened(&mut self, event: Event) {
        self.1.push(event);
    }
}

fn look(path: &str, bytes: &[u8], lists: &Lists) -> Vec<Finding> {
    hear(path, bytes, lists).0
}

fn hear(path: &str, bytes: &[u8], lists: &Lists) -> Heard {
    let (know, share) = (Knowledge::new(lists).unwrap(), Share::default());
    let mut heard = Heard::default();
    Looker::new(&know, Limits::default(), &share, &mut heard).file(path, &bytes.to_vec());
    heard
}

fn app(package: &str, watches: bool) -> Vec<u8> {
    let (manifest, code) = (manifest(package, watches), Dice(1).file("dex", 1_500_000));
    zip(&[("AndroidManifest.xml", &manifest, false), ("classes.dat", &code, true)])
}

fn check(apk: &[u8], idsig: Option<&[u8]>) -> Vec<(Scheme, Result<usize, BlockTrouble>)> {
    let apk = apk.to_vec();
    let directory = Directory::read(&apk).unwrap();
    let said = Signatures::check(&apk, &directory, idsig).unwrap();
    said.schemes.into_iter().map(|(scheme, said)| (scheme, said.map(|s| s.len()))).collect()
}

#[test]
fn every_scheme_holds_and_none_does_once_a_byte_is_changed() {
    let plain = app("org.example.notes", false);
    for key in [Key::ec(7), Key::rsa(7)] {
        for v3 in [false, true] {
            let scheme = if v3 { Scheme::V3 } else { Scheme::V2 };
            let good = signed(&plain, &key, "Mina", v3);
            assert_eq!(check(&good, None), [(scheme, Ok(1))]);
            let directory = Directory::read(&good).unwrap();
            // Content, directory, signed data: whatever is changed, the check says so.
            for at in [50, 1_200_000, directory.start as usize + 20] {
                let mut bad = good.clone();
                bad[at] ^= 1;
                assert_eq!(check(&bad, None), [(scheme, Err(BlockTrouble::Altered))], "{at}");
            }
            let mut bad = good.clone();
            let in_block = good.windows(4).rposition(|four| four == b"Mina").unwrap();
            bad[in_block] ^= 1;
            assert_eq!(check(&bad, None), [(scheme, Err(BlockTrouble::Signature))]);
        }
    }
}

/// Every algorithm there is, with the kind of key it is for.
fn algorithms() -> Vec<(seals::Key, &'static [u32])> {
    vec![
        (seals::Key::rsa(9), &[0x0101, 0x0102, 0x0103, 0x0104, 0x0421]),
        (seals::Key::ec(256, 9), &[0x0201, 0x0202, 0x0423]),
        (seals::Key::ec(384, 9), &[0x0201, 0x0202, 0x0423]),
        (seals::Key::ec(521, 9), &[0x0201, 0x0202, 0x0423]),
    ]
}

#[test]
fn every_algorithm_holds_in_every_scheme_and_none_does_once_a_byte_is_changed() {
    let plain = app("org.example.notes", false);
    let schemes = [(2, Scheme::V2), (30, Scheme::V3), (31, Scheme::V31)];
    for (key, numbers) in algorithms() {
        for number in numbers {
            for (id, scheme) in schemes {
                let numbers = [*number];
                let seal = |broken| Seal { scheme: id, key: &key, numbers: &numbers, broken };
                let good = sealed(&plain, &[seal(None)]);
                assert_eq!(check(&good, None), [(scheme, Ok(1))], "{number:04x} in {scheme:?}");
                let directory = Directory::read(&good).unwrap();
                for at in [50, 1_200_000, directory.start as usize + 20] {
                    let mut bad = good.clone();
                    bad[at] ^= 1;
                    let altered = [(scheme, Err(BlockTrouble::Altered))];
                    assert_eq!(check(&bad, None), altered, "{number:04x} at {at}");
                }
                let bad = sealed(&plain, &[seal(Some(0))]);
                assert_eq!(check(&bad, None), [(scheme, Err(BlockTrouble::Signature))]);
            }
        }
    }
}

#[test]
fn of_several_signatures_the_strongest_must_hold() {
    let plain = app("org.example.notes", false);
    let key = seals::Key::rsa(9);
    let numbers = [0x0103, 0x0104, 0x0421];
    let seal = |broken| Seal { scheme: 2, key: &key, numbers: &numbers, broken };
    assert_eq!(check(&sealed(&plain, &[seal(None)]), None), [(Scheme::V2, Ok(1))]);
    let weak = sealed(&plain, &[seal(Some(1))]);
    assert_eq!(check(&weak, None), [(Scheme::V2, Err(BlockTrouble::Signature))]);
}

#[test]
fn a_newer_scheme_counts_and_an_older_one_beside_it_is_checked_too() {
    let plain = app("org.example.notes", false);
    let (old, new) = (seals::Key::rsa(9), seals::Key::ec(384, 3));
    let two = |broken| {
        [
            Seal { scheme: 30, key: &old, numbers: &[0x0103], broken },
            Seal { scheme: 31, key: &new, numbers: &[0x0202], broken: None },
        ]
    };
    let good = sealed(&plain, &two(None));
    assert_eq!(check(&good, None), [(Scheme::V3, Ok(1)), (Scheme::V31, Ok(1))]);
    let directory = Directory::read(&good).unwrap();
    let said = Signatures::check(&good, &directory, None).unwrap();
    assert_eq!(said.signers()[0].certificate, certificate("Mina", &new.spki()));
    let bad = sealed(&plain, &two(Some(0)));
    let said = [(Scheme::V3, Err(BlockTrouble::Signature)), (Scheme::V31, Ok(1))];
    assert_eq!(check(&bad, None), said);
}

#[test]
fn a_certificate_of_somebody_else_is_not_believed() {
    // Signed with one key, and the certificate of another one beside it.
    let plain = app("org.example.notes", false);
    let (own, other) = (Key::ec(7), Key::ec(8));
    let good = signed(&plain, &own, "Mina", false);
    let (mine, theirs) = (certificate("Mina", &own.spki()), certificate("Mina", &other.spki()));
    let at = good.windows(mine.len()).position(|bytes| bytes == mine).unwrap();
    let mut bad = good.clone();
    bad[at..at + mine.len()].copy_from_slice(&theirs);
    assert!(check(&bad, None)[0].1.is_err());
}

#[test]
fn the_old_scheme_is_checked_file_by_file() {
    let (manifest, code) = (manifest("org.example.notes", false), Dice(2).bytes(90_000));
    let long = format!("assets/{}.bin", "very-long-name-".repeat(8));
    let files: Vec<Entry<'_>> = vec![
        ("AndroidManifest.xml", &manifest, false),
        ("classes.dex", &code, false),
        (&long, b"x", true),
    ];
    for key in [Key::ec(3), Key::rsa(3)] {
        let good = jar_signed(&files, &key, "Mina");
        assert_eq!(check(&good, None), [(Scheme::V1, Ok(1))]);
        let mut changed = good.clone();
        let at = changed.windows(long.len()).position(|name| name == long.as_bytes()).unwrap();
        changed[at + long.len()] = b'y';
        assert_eq!(check(&changed, None), [(Scheme::V1, Err(BlockTrouble::Altered))]);
    }
    let mut added = files.clone();
    added.push(("assets/spy.bin", b"added later", true));
    // The hashes of the first three files, and a fourth one that nobody signed.
    let good = jar_signed(&files, &Key::ec(3), "Mina");
    let directory = Directory::read(&good).unwrap();
    let own: Vec<(String, Vec<u8>)> = directory
        .entries
        .iter()
        .map(|entry| (entry.name.clone(), entry.bytes(&good, 1 << 20).unwrap()))
        .collect();
    let mut all: Vec<Entry<'_>> =
        own.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice(), false)).collect();
    all.push(("assets/spy.bin", b"added later", true));
    assert_eq!(check(&zip(&all), None), [(Scheme::V1, Err(BlockTrouble::Altered))]);
}

#[test]
fn a_newer_signature_is_not_taken_off_unseen() {
    let manifest = manifest("org.example.notes", false);
    let files: Vec<Entry<'_>> = vec![("AndroidManifest.xml", &manifest, false)];
    let key = Key::ec(3);
    let old = jar_signed_saying(&files, &key, "Mina", "X-Android-APK-Signed: 2\r\n");
    assert_eq!(check(&old, None), [(Scheme::V1, Err(BlockTrouble::TakenOff))]);
    let both = signed(&old, &key, "Mina", false);
    assert_eq!(check(&both, None), [(Scheme::V1, Ok(1)), (Scheme::V2, Ok(1))]);
}

#[test]
fn the_signature_beside_an_app_covers_all_of_it() {
    let key = Key::ec(5);
    let good = signed(&app("org.example.notes", false), &key, "Mina", true);
    let idsig = beside(&good, &key, "Mina");
    assert_eq!(check(&good, Some(&idsig))[1], (Scheme::V4, Ok(1)));
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 0;
    bad[77_777] ^= 1;
    assert_eq!(check(&bad, Some(&idsig))[1], (Scheme::V4, Err(BlockTrouble::Altered)));
    assert_eq!(check(&good, Some(&idsig[..50]))[1], (Scheme::V4, Err(BlockTrouble::Broken)));
}

#[test]
fn an_app_that_hides_and_watches_is_told_and_an_ordinary_one_is_not() {
    let none = Lists::default();
    let notes = signed(&app("org.example.notes", false), &Key::ec(7), "Mina", true);
    assert_eq!(look("notes.apk", &notes, &none), []);
    let spy = signed(&app("com.example.peeper", true), &Key::ec(7), "Android Debug", false);
    let told = look("spy.apk", &spy, &none);
    let rules: Vec<&str> = told.iter().map(|one| one.rule.as_str()).collect();
    assert_eq!(rules, ["app-public-key", "app-watches"]);
    let watches = &told[1];
    let value = |name: &str| &watches.evidence.iter().find(|one| one.name == name).unwrap().value;
    assert_eq!(value("asks"), "ACCESS_FINE_LOCATION CAMERA READ_CALL_LOG READ_SMS RECORD_AUDIO");
    assert_eq!((value("can").as_str(), value("hidden").as_str()), ("accessibility", "true"));
    assert_eq!(watches.severity, Severity::Suspicious);
    let mut bad = spy.clone();
    bad[900_000] ^= 1;
    let bad = look("bad.apk", &bad, &none);
    assert!(bad.iter().any(|one| one.rule == "app-signature"));
    let unsigned = look("un.apk", &app("org.example.notes", false), &none);
    assert_eq!(unsigned[0].rule, "app-unsigned");
}

#[test]
fn apps_are_known_by_name_certificate_and_in_lists() {
    use sha1::{Digest, Sha1};

    let key = Key::ec(9);
    let hash: String =
        Sha1::digest(certificate("Mina", &key.spki())).iter().map(|b| format!("{b:02X}")).collect();
    let stix = format!(
        r#"{{"objects":[{{"type":"indicator","pattern":"[app:id='com.example.peeper']"}},
        {{"type":"indicator","pattern":"[app:cert.sha1='{hash}']"}},
        {{"type":"indicator","pattern":"[process:name='spyd']"}}]}}"#
    );
    let lists = Lists { indicators: vec![("x".into(), stix.into_bytes())], ..Lists::default() };
    let kinds = |told: &[Finding]| -> Vec<String> {
        let known = told.iter().filter(|one| one.rule == "indicator");
        known.map(|one| one.evidence[0].value.clone()).collect()
    };
    let spy = signed(&app("com.example.peeper", false), &key, "Mina", true);
    assert_eq!(kinds(&look("a.apk", &spy, &lists)), ["app", "app-certificate"]);
    let other = signed(&app("com.example.other", false), &Key::ec(10), "Mina", true);
    assert!(kinds(&look("a.apk", &other, &lists)).is_empty());
    for text in [
        "package:com.android.shell\npackage:com.example.peeper\n",
        "package:/data/app/x/base.apk=com.example.peeper\n",
        "<packages>\n  <package name=\"com.example.peeper\" codePath=\"/data\" />\n",
        "com.example.peeper 10123 0 /data/user/0/com.example.peeper default:targetSdkVersion=30 none\n",
        "Packages:\n  Package [com.example.peeper] (1a2b3c):\n    userId=10123\n",
    ] {
        assert_eq!(kinds(&look("packages.txt", text.as_bytes(), &lists)), ["app"], "{text}");
    }
    let ps = "USER PID PPID VSZ RSS WCHAN ADDR S NAME\nroot 612 1 12904 1600 0 0 S spyd\n";
    assert_eq!(kinds(&look("ps.txt", ps.as_bytes(), &lists)), ["process"]);
    let settings = b"ABX\0\x2f\xff\xff\0\x07package\0\x12com.example.peeper\0\x01";
    assert_eq!(kinds(&look("packages.xml", settings, &lists)), ["app"]);
    let report = "Enabled Device Admins (User 0, provisioningState: 0):\n  \
        com.example.peeper/.Admin:\n\nenabled_accessibility_services=com.example.peeper/.Eye\n";
    let told = look("bugreport-2026.txt", report.as_bytes(), &lists);
    let rules: Vec<&str> = told.iter().map(|one| one.rule.as_str()).collect();
    assert!(
        rules.contains(&"app-is-admin") && rules.contains(&"app-has-accessibility"),
        "{rules:?}"
    );
}

#[test]
fn authorities_that_were_added_are_told() {
    let added = certificate("Office of Everything", &Key::ec(4).spki());
    let told = look("phone.tar!data/misc/user/0/cacerts-added/1a2b.0", &added, &Lists::default());
    assert_eq!(told[0].rule, "trust-added");
    assert_eq!(told[0].evidence[0].value, "CN=Office of Everything");
    assert_eq!(told[0].evidence[2].value, "2039-01-01T00:00:00Z");
    assert_eq!(look("x/system/etc/security/cacerts/1.0", &added, &Lists::default()), []);
}

#[test]
fn manifests_of_chance_end() {
    let good = manifest("org.example.notes", true);
    let mut dice = Dice(4);
    for _ in 0..4_000 {
        let mut bad = good.clone();
        for _ in 0..=dice.below(6) {
            let at = dice.below(bad.len() as u64) as usize;
            bad[at] = dice.roll() as u8;
        }
        bad.truncate(dice.below(2 * bad.len() as u64) as usize);
        let _ = sogon_inspect::app::manifest::Manifest::read(&bad);
    }
}

#[test]
fn installations_stand_in_the_timeline() {
    let report = "Packages:\n  Package [com.example.peeper] (1a2b3c):\n    userId=10123\n    \
        firstInstallTime=2024-03-04 10:11:12\n    lastUpdateTime=2024-03-05 10:11:12\n  \
        Package [com.example.odd] (4d):\n    firstInstallTime=yesterday\n";
    let told = hear("bugreport.txt", report.as_bytes(), &Lists::default()).1;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].when, "2024-03-04T10:11:12");
    assert_eq!(told[0].about[0].value, "com.example.peeper");
}

#[test]
fn what_a_reference_image_does_not_have_is_told() {
    let key = Key::ec(7);
    let known = signed(&app("org.example.notes", false), &key, "Mina", true);
    let fresh = signed(&app("org.example.other", false), &key, "Mina", true);
    let hash: String =
        <sha2::Sha256 as sha2::Digest>::digest(&known).iter().map(|b| format!("{b:02x}")).collect();
    let list = format!("{hash}  ./system/app/notes.apk\n");
    let lists = Lists { references: vec![("aosp".into(), list.into())], ..Lists::default() };
    assert_eq!(look("system/app/notes.apk", &known, &lists), []);
    let told = look("system/app/other.apk", &fresh, &lists);
    assert_eq!(told[0].rule, "not-in-reference");
    assert_eq!(look("photo.bin", b"whatever", &lists), []);
    let bad = Lists { references: vec![("aosp".into(), b"nothing".to_vec())], ..Lists::default() };
    assert!(Knowledge::new(&bad).is_err());
}
