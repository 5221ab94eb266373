#![cfg(test)]
//! Collections of indicators as the public ones are built: bundles of MVT's form (malware, indicator,
//! relationship; one comparison each) and of Echap's (one malware for each app, domains, packages and
//! certificates). The names and values in them are our own.

use serde_json::{Value, json};
use sogon_inspect::{
    finding::{Event, Finding, Severity},
    look::{Knowledge, Limits, Listener, Lists, Looker, Share},
};

#[derive(Default)]
struct Heard(Vec<Finding>);

impl Listener for Heard {
    fn enter(&mut self, _: &str, _: u64) {}
    fn progress(&mut self, _: u64) {}
    fn found(&mut self, finding: Finding) {
        self.0.push(finding);
    }
    fn happened(&mut self, _: Event) {}
}

/// A bundle as the generators of public collections write it.
fn bundle(malware: &str, patterns: &[&str]) -> Vec<u8> {
    let date = "2023-04-05T06:07:08.123456Z";
    let mut objects = vec![json!({
        "type": "malware", "spec_version": "2.1", "id": "malware--1", "created": date,
        "modified": date, "name": malware, "description": "words", "is_family": false
    })];
    for (number, pattern) in patterns.iter().enumerate() {
        let id = format!("indicator--{number}");
        objects.push(json!({
            "type": "indicator", "spec_version": "2.1", "id": id, "created": date,
            "modified": date, "indicator_types": ["malicious-activity"], "pattern": pattern,
            "pattern_type": "stix", "pattern_version": "2.1", "valid_from": date
        }));
        objects.push(json!({
            "type": "relationship", "spec_version": "2.1", "id": format!("relationship--{number}"),
            "created": date, "modified": date, "relationship_type": "indicates",
            "source_ref": id, "target_ref": "malware--1"
        }));
    }
    let bundle: Value = json!({"type": "bundle", "id": "bundle--1", "objects": objects});
    bundle.to_string().into_bytes()
}

fn know(bundle: Vec<u8>) -> Knowledge {
    let indicators = vec![("own.stix2".to_owned(), bundle)];
    Knowledge::new(&Lists { indicators, ..Lists::default() }).unwrap()
}

/// What of the list is found in a file: the kind and the value.
fn found(know: &Knowledge, path: &str, bytes: &[u8]) -> Vec<(String, String)> {
    let (share, mut heard) = (Share::default(), Heard::default());
    Looker::new(know, Limits::default(), &share, &mut heard).file(path, &bytes.to_vec());
    let named = heard.0.into_iter().filter(|finding| finding.rule == "indicator");
    let piece = |finding: &Finding, name: &str| {
        let piece = finding.evidence.iter().find(|piece| piece.name == name);
        piece.unwrap_or_else(|| panic!("{name} in {finding:?}")).value.clone()
    };
    named
        .map(|finding| {
            assert_eq!(finding.severity, Severity::KnownBad);
            assert_eq!(piece(&finding, "name"), "Peeper");
            (piece(&finding, "kind"), piece(&finding, "value"))
        })
        .collect()
}

#[test]
fn every_kind_of_pattern_in_public_collections_finds_what_it_names() {
    let body = b"the body of a program".as_slice();
    let know = know(bundle(
        "Peeper",
        &[
            "[domain-name:value='Peeper.example']",
            "[url:value='https://peeper.example.org/a?b=c&d=\\'e\\'']",
            "[ipv4-addr:value='192.0.2.77']",
            "[ipv6-addr:value='2001:db8::77']",
            "[email-addr:value='Peeper@mail.example']",
            "[process:name='peeperd']",
            "[file:name='peeper.bin']",
            "[file:path='/data/local/tmp/.peeper']",
            "[app:id='com.peeper.app']",
            "[android-property:name='persist.peeper.on']",
            "[configuration-profile:id='example.peeper.profile']",
        ],
    ));
    assert_eq!(know.unused(), [], "all of them are looked for");
    let one = |kind: &str, value: &str| vec![(kind.to_owned(), value.to_owned())];
    let none: Vec<(String, String)> = Vec::new();
    for (text, kind, value) in [
        ("see peeper.EXAMPLE/x", "domain", "peeper.example"),
        ("a host below: cdn.peeper.example", "domain", "peeper.example"),
        ("to 192.0.2.77:443", "address", "192.0.2.77"),
        ("to [2001:db8::77]:443", "address", "2001:db8::77"),
        ("From: <peeper@mail.example>", "mail", "peeper@mail.example"),
        ("[persist.peeper.on]: [1]", "property", "persist.peeper.on"),
        ("<string>example.peeper.profile</string>", "profile", "example.peeper.profile"),
    ] {
        assert_eq!(found(&know, "note", text.as_bytes()), one(kind, value), "{text}");
    }
    let link = "https://peeper.example.org/a?b=c&d='e'";
    assert_eq!(found(&know, "note", link.as_bytes()), one("url", link));
    for text in [
        "notpeeper.example",
        "peeper.example.org",
        "1192.0.2.77",
        "192.0.2.778",
        "192.0.2.77.9",
        "x.persist.peeper.on",
        "persist.peeper.on_and_off",
        "example.peeper.profiles",
    ] {
        assert_eq!(found(&know, "note", text.as_bytes()), none, "{text}");
    }
    // Names, paths, and lists of what runs and what is installed.
    assert_eq!(found(&know, "a/peeper.bin", body), one("file-name", "peeper.bin"));
    let hidden = "/data/local/tmp/.peeper";
    assert_eq!(found(&know, &format!("image!{hidden}"), body), one("file-path", hidden));
    let ps = "u0_a99  4711  601  1 2 ep_poll 0 S peeperd\n";
    assert_eq!(found(&know, "ps.txt", ps.as_bytes()), one("process", "peeperd"));
    let packages = "package:/data/app/x==/base.apk=com.peeper.app\npackage:com.android.shell\n";
    assert_eq!(found(&know, "packages.txt", packages.as_bytes()), one("app", "com.peeper.app"));
}

#[test]
fn hashes_of_files_are_found_in_each_form_public_collections_write_them() {
    let body = b"the body of a program".as_slice();
    // md5sum, sha1sum and sha256sum of it.
    let hashes = [
        "c4a45e16b2e1a05aab66f9ee39134392",
        "5ec5a662a7a7b66c23ee4fcdd1ccc92dd8f590cf",
        "f9f9be818cfc366c8e9db6917153dd78f3c96e8d11b4d91b678649ca42846e24",
    ];
    let forms = [
        ("file:hashes.md5", hashes[0]),
        ("file:hashes.'MD5'", hashes[0]),
        ("file:hashes.sha1", hashes[1]),
        ("file:hashes.'SHA-1'", hashes[1]),
        ("file:hashes.sha256", hashes[2]),
        ("file:hashes.'SHA-256'", hashes[2]),
    ];
    for (form, hash) in forms {
        for pattern in [format!("[{form}='{hash}']"), format!("[ {form} = '{hash}' ]")] {
            let know = know(bundle("Peeper", &[&pattern]));
            let told = found(&know, "program", body);
            assert_eq!(told, [("file-hash".to_owned(), hash.to_owned())], "{pattern}");
        }
    }
}

#[test]
fn what_is_not_looked_for_is_said_list_by_list() {
    let know = know(bundle(
        "Peeper",
        &[
            "[domain-name:value='peeper.example']",
            "[domain-name:value='a.io']",
            "[windows-registry-key:key='HKLM']",
            "[windows-registry-key:key='HKCU']",
            "[file:name LIKE 'peep%']",
            "[file:name='a'] AND [file:name='b']",
            "no pattern at all",
            "",
        ],
    ));
    let said: Vec<(String, String, String)> = know
        .unused()
        .iter()
        .map(|finding| {
            assert_eq!(
                (finding.rule.as_str(), finding.severity),
                ("indicators-unused", Severity::Note)
            );
            let value = |at: usize| finding.evidence[at].value.clone();
            (finding.path.clone(), value(0), value(1))
        })
        .collect();
    let expected = [
        ("own.stix2", "", "1"),
        ("own.stix2", "file:name with more than equality", "2"),
        ("own.stix2", "no", "1"),
        ("own.stix2", "windows-registry-key:key", "2"),
        ("", "too short to be looked for", "1"),
    ];
    let expected =
        expected.map(|(list, kind, count)| (list.to_owned(), kind.to_owned(), count.to_owned()));
    assert_eq!(said, expected);
}
