//! `docs/SPEC.md` is law, and `vectors/seal` its bytes: this room agrees with both, or this fails.
#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::type_complexity,
    reason = "places in a package, far from any edge; a map of rows"
)]

mod world;

use std::{cell::RefCell, collections::BTreeMap, fs, path::PathBuf};

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use sogon_seal::{
    Charter, Closing, ENVELOPE_BYTES, Entropy, FileKeys, Identity, InviteKeys, Kind, LogKeys,
    PAYLOAD_BYTES_MAX, PackageUse, Piece, Posting, PublicIdentity, safety_number,
};
use sogon_wire::{InviteSecret, SealedBox, bundle::Symbol, step_for};
use world::Home;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn spec() -> String {
    fs::read_to_string(root().join("docs/SPEC.md")).unwrap()
}

/// The rows of the tables below a heading, up to the next heading.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let spec = spec();
    let after = spec.split_once(&format!("\n{heading}\n"));
    let (_, after) = after.unwrap_or_else(|| panic!("SPEC has no heading `{heading}`"));
    let section = after.lines().take_while(|line| !line.starts_with('#'));
    let cells = |line: &str| {
        let line = line.trim().trim_matches('|');
        line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    section.filter(|line| line.starts_with('|')).map(cells).collect()
}

#[test]
fn the_envelope_of_the_law_is_the_envelope_of_the_code() {
    let rows = rows("### 2.2 The envelope");
    let said = |name: &str| -> usize {
        let row = rows.iter().find(|row| row[0] == name).unwrap();
        row[1].replace(',', "").parse().unwrap()
    };
    assert_eq!(said("ENVELOPE_BYTES"), ENVELOPE_BYTES);
    assert_eq!(said("PAYLOAD_BYTES_MAX"), PAYLOAD_BYTES_MAX);
    let kinds: Vec<(&str, &str)> = rows
        .iter()
        .skip_while(|row| row[0] != "kind" || row[1] != "name")
        .skip(2)
        .map(|row| (&*row[0], &*row[1]))
        .collect();
    let known = [
        ("0", "Message"),
        ("1", "Commit"),
        ("2", "Closing"),
        ("3", "Package"),
        ("4", "Welcome"),
        ("5", "Rescue"),
        ("6", "Piece"),
        ("7", "Carried"),
    ];
    assert_eq!(kinds, known);
}

#[test]
fn every_label_is_named_in_the_law() {
    // Whoever changes a label in the code changes the law: the vectors find the difference, and
    // the names are looked for here.
    let spec = spec();
    for label in [
        "sogon invite package write ",
        "sogon invite answer envelope ",
        "sogon invite psk id",
        "sogon invite psk",
        "sogon rescue write ",
        "sogon file write ",
        "sogon file envelope ",
        "sogon file nonce ",
        "sogon carry 1",
        "sogon readmission write ",
        "sogon vouch 1",
        "sogon rescue 1",
        "sogon safety number 1",
        "sogon write",
        "sogon envelope",
        "sogon commitment",
        "sogon chain 1",
    ] {
        assert!(spec.contains(&format!("\"{label}\"")), "{label}");
    }
}

#[test]
fn a_leaf_is_vouched_for_as_the_law_says() {
    let home = Home::new(1);
    let package =
        home.step(|sealer| sealer.make_package(&home.identity, PackageUse::Once)).unwrap();
    let identity = home.identity.public().0;
    // A basic credential of 97 bytes, as MLS writes it, then version and identity.
    let mark = [[0, 1, 0x40, 97, 1].as_slice(), &identity].concat();
    let at = package.windows(mark.len()).position(|window| window == mark).unwrap();
    let leaf_key = &package[at - 32..at];
    let signature = Signature::from_slice(&package[at + 4 + 33..at + 4 + 97]).unwrap();
    let signed = [b"sogon vouch 1".as_slice(), leaf_key].concat();
    VerifyingKey::from_bytes(&identity).unwrap().verify_strict(&signed, &signature).unwrap();
    assert!(step_for(package.len() + ENVELOPE_BYTES).unwrap() <= 3_072, "{}", package.len());
}

#[test]
fn the_identity_of_the_example_is_the_one_of_its_seed() {
    let public = Identity::from_seed(&[1; 32]).public().fingerprint();
    let (start, end) = (public.split_at(8).0, public.split_at(58).1);
    assert!(spec().contains(&format!("`{start}…{end}`")), "{start}…{end}");
}

// -- the vectors

struct Vector {
    name: String,
    said: BTreeMap<String, Vec<String>>,
}

impl Vector {
    fn read(text: &str) -> Self {
        let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in text.lines() {
            let (key, value) = line.split_once(": ").unwrap_or((line, ""));
            said.entry(key.to_owned()).or_default().push(value.to_owned());
        }
        Self { name: said["name"].concat(), said }
    }

    fn all(&self, key: &str) -> &[String] {
        self.said.get(key).map_or(&[], Vec::as_slice)
    }

    fn one(&self, key: &str) -> String {
        self.all(key).join("\n")
    }

    /// Hexadecimal digits, in which `03*352` is the byte 03, 352 times.
    fn bytes(&self, key: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in self.one(key).split_whitespace() {
            let (digits, count) = piece.split_once('*').unwrap_or((piece, "1"));
            let piece = HEXLOWER.decode(digits.as_bytes()).unwrap();
            bytes.extend(piece.repeat(count.parse().unwrap()));
        }
        bytes
    }

    fn boxed(&self) -> SealedBox {
        SealedBox::parse(&self.bytes("hex")).unwrap()
    }

    fn keys(&self) -> LogKeys {
        let bytes = self.bytes("keys");
        let keys = LogKeys::from_bytes(&bytes).unwrap();
        // The name among the stored keys is the one of the write seed.
        let posting = keys.post_package(&Nonce(RefCell::new(vec![0; 12])), b"").unwrap();
        assert_eq!(posting.log(), keys.log(), "{}", self.name);
        keys
    }

    /// Seals again with the nonce the vector was sealed with.
    fn nonce(&self) -> Nonce {
        Nonce(RefCell::new(self.bytes("hex")[..12].to_vec()))
    }
}

/// Gives out one nonce and nothing after it.
struct Nonce(RefCell<Vec<u8>>);

impl Entropy for Nonce {
    fn fill(&self, out: &mut [u8]) {
        let mut left = self.0.borrow_mut();
        let rest = left.split_off(out.len());
        out.copy_from_slice(&left);
        *left = rest;
    }
}

type Found = Result<Vec<String>, &'static str>;

fn digest(bytes: &[u8]) -> String {
    let hash = HEXLOWER.encode(&Sha256::digest(bytes));
    format!("{}:{}", bytes.len(), hash.split_at(16).0)
}

fn posting(vector: &Vector) -> Found {
    let posting = Posting::restore(&vector.bytes("hex")).map_err(|_| "not-a-posting")?;
    assert_eq!(posting.to_bytes(), vector.bytes("hex"), "{}", vector.name);
    let boxed = digest(posting.boxed().as_bytes());
    let log = HEXLOWER.encode(&posting.log().0);
    Ok(vec![format!("log = {log}"), format!("box = {boxed}")])
}

fn envelope(vector: &Vector) -> Found {
    let (keys, boxed) = (vector.keys(), vector.boxed());
    let (name, payload, again) = match keys.kind(&boxed).ok_or("unopenable")? {
        Kind::Package => {
            let payload = keys.open_package(&boxed).map_err(|_| "unopenable")?;
            let again = keys.post_package(&vector.nonce(), &payload);
            ("package", payload, again)
        }
        Kind::Welcome => {
            let payload = keys.open_welcome(&boxed).map_err(|_| "unopenable")?;
            let again = keys.post_welcome(&vector.nonce(), &payload);
            ("welcome", payload, again)
        }
        other => panic!("{}: {other:?} has no payload to be seen here", vector.name),
    };
    assert_eq!(*again.unwrap().boxed(), boxed, "{}: it is sealed as it was opened", vector.name);
    Ok(vec![format!("kind = {name}"), format!("payload = {}", digest(&payload))])
}

fn closing(vector: &Vector) -> Found {
    let (keys, boxed) = (vector.keys(), vector.boxed());
    let note = keys.open_closing(&boxed).map_err(|_| "unopenable")?;
    let Closing { commit, author, moved } = note;
    let again = keys.post_closing(&vector.nonce(), &note).unwrap();
    assert_eq!(*again.boxed(), boxed, "{}: it is sealed as it was opened", vector.name);
    let mut told =
        vec![format!("commit = {}", HEXLOWER.encode(&commit)), format!("author = {author}")];
    told.extend(moved.then(|| "moved = true".to_owned()));
    Ok(told)
}

fn invite_keys(vector: &Vector) -> Found {
    let secret = InviteSecret(vector.bytes("hex").try_into().unwrap());
    let keys = InviteKeys::derive(&secret).unwrap();
    let line = |name, keys: &LogKeys| format!("{name} = {}", HEXLOWER.encode(&keys.to_bytes()));
    Ok(vec![line("package", &keys.package), line("answer", &keys.answer)])
}

fn file_keys(vector: &Vector) -> Found {
    let keys = FileKeys::from_secret(vector.bytes("hex").try_into().unwrap()).unwrap();
    let (log, key) = (HEXLOWER.encode(&keys.log().0), HEXLOWER.encode(keys.key()));
    Ok(vec![format!("log = {log}"), format!("key = {key}")])
}

fn piece(vector: &Vector) -> Found {
    let keys = FileKeys::from_secret(vector.bytes("secret").try_into().unwrap()).unwrap();
    let Piece { index, bytes } =
        Piece::open(keys.key(), &vector.boxed()).map_err(|_| "unopenable")?;
    let again = keys.seal(index, &bytes).unwrap();
    assert_eq!(*again.boxed(), vector.boxed(), "{}: it is sealed as it was opened", vector.name);
    Ok(vec![format!("index = {index}"), format!("bytes = {}", digest(&bytes))])
}

fn block(vector: &Vector) -> Found {
    let carry = vector.keys().carry().unwrap();
    let part = carry.open(&vector.boxed()).map_err(|_| "unopenable")?;
    let again = carry.seal(&vector.nonce(), &part).unwrap();
    assert_eq!(again, vector.boxed(), "{}: it is sealed as it was opened", vector.name);
    let symbol = Symbol::decode(&part).unwrap();
    Ok(vec![
        format!("parcel = {}", HEXLOWER.encode(&symbol.parcel.hash)),
        format!("length = {}", symbol.parcel.bytes),
        format!("place = {}", symbol.place),
        format!("symbol = {}", digest(&symbol.bytes)),
    ])
}

fn number(vector: &Vector) -> Found {
    let bytes = vector.bytes("hex");
    let (one, other) = bytes.split_at(32);
    let identity = |key: &[u8]| PublicIdentity(key.try_into().unwrap());
    Ok(vec![format!("number = {}", safety_number(&identity(one), &identity(other)))])
}

fn charter(vector: &Vector) -> Found {
    let bytes = vector.bytes("hex");
    let charter: Charter = minicbor::decode(&bytes).map_err(|_| "refused")?;
    assert_eq!(minicbor::to_vec(&charter).unwrap(), bytes, "{}", vector.name);
    let Charter { group, relay, rescue, title, mirrors, at } = charter;
    let rescue = HEXLOWER.encode(&rescue);
    let mut told = vec![
        format!("group = {group}"),
        format!("relay = {relay}"),
        format!("rescue = {rescue}"),
        format!("title = {title}"),
    ];
    told.extend(mirrors.into_iter().flatten().map(|mirror| format!("mirror = {mirror}")));
    told.extend(at.map(|at| format!("at = {at}")));
    Ok(told)
}

#[test]
fn every_vector_of_the_sealing_room_is_opened_or_refused_as_it_says() {
    let mut played = 0;
    for entry in fs::read_dir(root().join("vectors/seal")).unwrap() {
        let path = entry.unwrap().path();
        let vector = Vector::read(&fs::read_to_string(&path).unwrap());
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), vector.name);
        let found = match vector.one("object").as_str() {
            "posting" => posting(&vector),
            "envelope" => envelope(&vector),
            "closing" => closing(&vector),
            "invite-keys" => invite_keys(&vector),
            "file-keys" => file_keys(&vector),
            "piece" => piece(&vector),
            "block" => block(&vector),
            "safety-number" => number(&vector),
            "charter" => charter(&vector),
            other => panic!("{}: nobody here reads `{other}`", vector.name),
        };
        let (outcome, fields) = match found {
            Ok(fields) => ("ok", fields),
            Err(why) => (why, Vec::new()),
        };
        assert_eq!(outcome, vector.one("expect"), "{}", vector.name);
        assert_eq!(fields, vector.all("is"), "{}", vector.name);
        played += 1;
    }
    assert!(played >= 25, "{played} vectors: some are gone");
}
