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
            "[domain-name:value='198.51.100.9']",
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
        ("an address that its list calls a name: 198.51.100.9", "address", "198.51.100.9"),
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
        "1198.51.100.9",
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
fn hosts_that_stand_as_ends_of_traffic_are_looked_for() {
    // Indicators alone, each with a name and blanks around its sign; one says nothing.
    let indicator = |number: usize, value: &str| {
        json!({
            "type": "indicator", "spec_version": "2.1", "id": format!("indicator--{number}"),
            "created": "2024-03-03T15:19:08.04584Z", "modified": "2024-03-03T15:19:08.04584Z",
            "name": "Peeper", "description": "words", "pattern_type": "stix",
            "pattern": format!("[network-traffic:dst_ref = '{value}']"),
            "valid_from": "2023-11-01T00:00:00Z"
        })
    };
    let values = ["", "peeper.example", "192.0.2.77"];
    let objects: Vec<Value> =
        values.iter().enumerate().map(|(number, value)| indicator(number, value)).collect();
    let bundle = json!({"type": "bundle", "id": "bundle--1", "objects": objects});
    let know = know(bundle.to_string().into_bytes());
    for (text, kind, value) in [
        ("see cdn.peeper.example/x", "domain", "peeper.example"),
        ("to 192.0.2.77:443", "address", "192.0.2.77"),
    ] {
        let told = found(&know, "note", text.as_bytes());
        assert_eq!(told, [(kind.to_owned(), value.to_owned())], "{text}");
    }
    assert_eq!(found(&know, "note", b"nothing of it"), []);
    assert_eq!(know.unused().len(), 1, "what says nothing is told");
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

/// Everything that stands in public collections beside indicators, and more than one name in one.
fn mixed(pattern: &str) -> Vec<u8> {
    let date = "2024-02-03T04:05:06.000Z";
    let tlp = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9";
    let objects = json!([
        {"type": "marking-definition", "spec_version": "2.1", "id": tlp, "created": date,
            "definition_type": "tlp", "name": "TLP:WHITE", "definition": {"tlp": "white"}},
        {"type": "identity", "spec_version": "2.1", "id": "identity--1", "created": date,
            "modified": date, "name": "A laboratory", "identity_class": "organization"},
        {"type": "extension-definition", "id": "extension-definition--1", "name": "x", "schema": "",
            "version": "1", "extension_types": ["property-extension"]},
        {"type": "malware", "spec_version": "2.1", "id": "malware--1", "name": "Peeper",
            "is_family": true, "malware_types": ["spyware"], "object_marking_refs": [tlp],
            "created_by_ref": "identity--1", "created": date, "modified": date},
        {"type": "malware", "spec_version": "2.1", "id": "malware--2", "name": "Another",
            "is_family": false, "created": date, "modified": date},
        {"type": "indicator", "spec_version": "2.1", "id": "indicator--1", "created": date,
            "modified": date, "name": "what it is", "description": "words", "labels": ["x"],
            "indicator_types": ["malicious-activity"], "pattern": pattern, "pattern_type": "stix",
            "pattern_version": "2.1", "valid_from": date, "object_marking_refs": [tlp],
            "external_references": [{"source_name": "blog", "url": "https://blog.example/"}],
            "kill_chain_phases": [{"kill_chain_name": "k", "phase_name": "p"}]},
        {"type": "indicator", "spec_version": "2.1", "id": "indicator--2", "revoked": true,
            "pattern": "[domain-name:value='a-mistake.example']", "pattern_type": "stix"},
        {"type": "indicator", "spec_version": "2.1", "id": "indicator--3",
            "pattern": "rule x { condition: false }", "pattern_type": "yara"},
        {"type": "relationship", "spec_version": "2.1", "id": "relationship--1", "created": date,
            "modified": date, "relationship_type": "indicates", "source_ref": "indicator--1",
            "target_ref": "malware--1"},
        {"type": "relationship", "spec_version": "2.1", "id": "relationship--2",
            "relationship_type": "indicates", "source_ref": "indicator--1", "target_ref": "gone"},
        {"type": "report", "id": "report--1", "name": "r", "object_refs": ["malware--1"]},
        {"type": "x-of-somebody", "id": "x--1", "name": 7, "pattern": ["a", {"b": null}]},
        "no object at all"
    ]);
    json!({"type": "bundle", "id": "bundle--1", "spec_version": "2.0", "objects": objects})
        .to_string()
        .into_bytes()
}

#[test]
fn a_collection_with_everything_that_stands_beside_indicators_is_read_unchanged() {
    let word = |kind: &str, value: &str| (kind.to_owned(), value.to_owned());
    let text = b"peeper.example and cdn.example.net, 192.0.2.77".as_slice();
    for (pattern, expected) in [
        ("[domain-name:value='peeper.example']", vec![word("domain", "peeper.example")]),
        ("[domain-name:value = 'PEEPER.example']", vec![word("domain", "peeper.example")]),
        (
            "[domain-name:value='peeper.example'] OR [domain-name:value='cdn.example.net']",
            vec![word("domain", "peeper.example"), word("domain", "cdn.example.net")],
        ),
        (
            "[domain-name:value='peeper.example' OR ipv4-addr:value='192.0.2.77']",
            vec![word("domain", "peeper.example"), word("address", "192.0.2.77")],
        ),
        (
            "([domain-name:value='peeper.example'] OR\n [ipv4-addr:value='192.0.2.77'])",
            vec![word("domain", "peeper.example"), word("address", "192.0.2.77")],
        ),
        (
            "[domain-name:value IN ('peeper.example','cdn.example.net')]",
            vec![word("domain", "peeper.example"), word("domain", "cdn.example.net")],
        ),
    ] {
        for mark in [&b""[..], b"\xEF\xBB\xBF"] {
            let know = know([mark, &mixed(pattern)].concat());
            assert_eq!(found(&know, "note", text), expected, "{pattern}");
            assert_eq!(found(&know, "note", b"a-mistake.example"), [], "called back");
            let unused: Vec<String> = know
                .unused()
                .iter()
                .map(|one| format!("{} {}", one.evidence[0].value, one.evidence[1].value))
                .collect();
            assert_eq!(unused, ["called back by its author 1", "rule 1"]);
        }
    }
}

#[test]
fn properties_are_known_however_a_collection_quotes_them() {
    let hash = "f9f9be818cfc366c8e9db6917153dd78f3c96e8d11b4d91b678649ca42846e24";
    for form in ["sha256", "SHA256", "'SHA-256'", "\"SHA-256\"", "'sha-256'"] {
        let know = know(mixed(&format!("[file:hashes.{form} = '{}']", hash.to_uppercase())));
        let told = found(&know, "program", b"the body of a program");
        assert_eq!(told, [("file-hash".to_owned(), hash.to_owned())], "{form}");
    }
}
