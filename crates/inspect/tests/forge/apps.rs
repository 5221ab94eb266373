//! Apps: binary XML, certificates, and signatures of every scheme, with keys of our own.

use p256::ecdsa::{SigningKey, signature::hazmat::PrehashSigner};
use rsa::{
    RsaPrivateKey, RsaPublicKey, pkcs1v15,
    pkcs8::EncodePublicKey,
    signature::{SignatureEncoding, Signer as _},
};
use sha2::{Digest, Sha256};

use super::archives::{Entry, zip};

/// An element: name, attributes (platform number, name, value), children.
pub struct Element(pub &'static str, pub Vec<(u32, &'static str, String)>, pub Vec<Element>);

pub fn axml(root: &Element) -> Vec<u8> {
    let (mut strings, mut ids, mut body) = (Vec::new(), Vec::new(), Vec::new());
    names(root, &mut strings, &mut ids);
    write(root, &mut strings, &mut body);
    let mut pool = Vec::new();
    let mut offsets = Vec::new();
    for text in &strings {
        offsets.extend((pool.len() as u32).to_le_bytes());
        let units: Vec<u16> = text.encode_utf16().collect();
        pool.extend((units.len() as u16).to_le_bytes());
        pool.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        pool.extend([0, 0]);
    }
    pool.resize(pool.len().next_multiple_of(4), 0);
    let start = 28 + offsets.len() as u32;
    let mut head = (strings.len() as u32).to_le_bytes().to_vec();
    head.extend([0; 8]);
    head.extend(start.to_le_bytes());
    head.extend([0; 4]);
    let strings = chunk(1, 28, &[head, offsets, pool].concat());
    let map: Vec<u8> = ids.iter().flat_map(|id: &u32| id.to_le_bytes()).collect();
    chunk(3, 8, &[strings, chunk(0x180, 8, &map), body].concat())
}

fn chunk(kind: u16, head: u16, rest: &[u8]) -> Vec<u8> {
    let mut out = kind.to_le_bytes().to_vec();
    out.extend(head.to_le_bytes());
    out.extend((8 + rest.len() as u32).to_le_bytes());
    out.extend(rest);
    out
}

/// Names of attributes come first in the pool: the map gives their platform numbers by place.
fn names(element: &Element, strings: &mut Vec<String>, ids: &mut Vec<u32>) {
    for (id, name, _) in &element.1 {
        if !strings.iter().any(|own| own == name) {
            strings.push((*name).to_owned());
            ids.push(*id);
        }
    }
    element.2.iter().for_each(|child| names(child, strings, ids));
}

fn place(strings: &mut Vec<String>, text: &str) -> u32 {
    let at = strings.iter().position(|own| own == text);
    at.unwrap_or_else(|| {
        strings.push(text.to_owned());
        strings.len() - 1
    }) as u32
}

fn write(element: &Element, strings: &mut Vec<String>, body: &mut Vec<u8>) {
    let mut rest = vec![0xFF; 8];
    rest.extend([0xFF; 4]);
    rest.extend(place(strings, element.0).to_le_bytes());
    rest.extend([20_u16, 20, element.1.len() as u16, 0, 0, 0].iter().flat_map(|n| n.to_le_bytes()));
    for (_, name, value) in &element.1 {
        let (name, text) = (place(strings, name), place(strings, value));
        rest.extend([0xFF; 4]);
        rest.extend(name.to_le_bytes());
        rest.extend(text.to_le_bytes());
        rest.extend([8, 0, 0, 3]);
        rest.extend(text.to_le_bytes());
    }
    body.extend(chunk(0x102, 16, &rest));
    element.2.iter().for_each(|child| write(child, strings, body));
    body.extend(chunk(0x103, 16, &[0xFF; 16]));
}

fn named(value: &str) -> (u32, &'static str, String) {
    (0x0101_0003, "name", value.to_owned())
}

/// A manifest of an app that watches, or of one that does not.
pub fn manifest(package: &str, watches: bool) -> Vec<u8> {
    let asks = ["RECORD_AUDIO", "READ_SMS", "CAMERA", "READ_CALL_LOG", "ACCESS_FINE_LOCATION"];
    let mut children: Vec<Element> = Vec::new();
    if watches {
        for ask in asks {
            let name = named(&format!("android.permission.{ask}"));
            children.push(Element("uses-permission", vec![name], vec![]));
        }
    }
    let category = if watches { "DEFAULT" } else { "LAUNCHER" };
    let filter = Element(
        "intent-filter",
        vec![],
        vec![
            Element("action", vec![named("android.intent.action.MAIN")], vec![]),
            Element(
                "category",
                vec![named(&format!("android.intent.category.{category}"))],
                vec![],
            ),
        ],
    );
    let mut parts = vec![Element("activity", vec![named(".Main")], vec![filter])];
    if watches {
        let bind = "android.permission.BIND_ACCESSIBILITY_SERVICE".to_owned();
        let attributes = vec![named(".Eye"), (0x0101_0006, "permission", bind)];
        parts.push(Element("service", attributes, vec![]));
    }
    children.push(Element("application", vec![], parts));
    axml(&Element("manifest", vec![(0, "package", package.to_owned())], children))
}

pub fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        length @ 0..0x80 => out.push(length as u8),
        length @ 0x80..0x100 => out.extend([0x81, length as u8]),
        length => {
            out.push(0x82);
            out.extend((length as u16).to_be_bytes());
        }
    }
    out.extend(content);
    out
}

pub fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    der(0x30, &parts.concat())
}

/// A self-signed certificate as far as anybody here looks: its own signature is rubbish.
pub fn certificate(name: &str, spki: &[u8]) -> Vec<u8> {
    let algorithm = seq(&[der(6, &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11]), der(5, &[])]);
    let attribute = seq(&[der(6, &[0x55, 4, 3]), der(12, name.as_bytes())]);
    let who = seq(&[der(0x31, &attribute)]);
    let time = seq(&[der(0x17, b"200101000000Z"), der(0x17, b"390101000000Z")]);
    let version = der(0xA0, &der(2, &[2]));
    let body =
        seq(&[version, der(2, &[1]), algorithm.clone(), who.clone(), time, who, spki.to_vec()]);
    seq(&[body, algorithm, der(3, &[0, 1, 2, 3])])
}

pub enum Key {
    Ec(Box<SigningKey>),
    Rsa(Box<RsaPrivateKey>),
}

impl Key {
    pub fn ec(seed: u8) -> Self {
        Self::Ec(Box::new(SigningKey::from_slice(&[seed; 32]).unwrap()))
    }

    pub fn rsa(seed: u64) -> Self {
        use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
        Self::Rsa(Box::new(
            RsaPrivateKey::new(&mut ChaCha8Rng::seed_from_u64(seed), 2_048).unwrap(),
        ))
    }

    pub fn spki(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => RsaPublicKey::from(&**key).to_public_key_der().unwrap().into_vec(),
            Self::Ec(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let ids = seq(&[
                    der(6, &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1]),
                    der(6, &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7]),
                ]);
                seq(&[ids, der(3, &[&[0], point.as_bytes()].concat())])
            }
        }
    }

    fn number(&self, tree: bool) -> u32 {
        match (self, tree) {
            (Self::Ec(_), false) => 0x0201,
            (Self::Rsa(_), false) => 0x0103,
            (Self::Ec(_), true) => 0x0423,
            (Self::Rsa(_), true) => 0x0421,
        }
    }

    fn sign(&self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Ec(key) => {
                let signature: p256::ecdsa::Signature =
                    key.sign_prehash(&Sha256::digest(data)).unwrap();
                signature.to_der().as_bytes().to_vec()
            }
            Self::Rsa(key) => {
                pkcs1v15::SigningKey::<Sha256>::new((**key).clone()).sign(data).to_vec()
            }
        }
    }
}

pub fn long(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

/// Signs with v2, or with v3: written a second time from AOSP's description.
pub fn signed(apk: &[u8], key: &Key, name: &str, v3: bool) -> Vec<u8> {
    let end = apk.windows(4).rposition(|four| four == b"PK\x05\x06").unwrap();
    let start = u32::from_le_bytes(apk[end + 16..end + 20].try_into().unwrap()) as usize;
    let mut pieces = Vec::new();
    let mut count = 0_u32;
    for part in [&apk[..start], &apk[start..end], &apk[end..]] {
        for piece in part.chunks(1 << 20) {
            let head = [&[0xA5_u8][..], &(piece.len() as u32).to_le_bytes()].concat();
            pieces.extend(Sha256::digest([&head, piece].concat()));
            count += 1;
        }
    }
    let head = [&[0x5A_u8][..], &count.to_le_bytes()].concat();
    let digest = Sha256::digest([head, pieces].concat());
    let number = key.number(false).to_le_bytes();
    let digests = long(&long(&[&number[..], &long(&digest)].concat()));
    let certificates = long(&long(&certificate(name, &key.spki())));
    let versions = [28_u32.to_le_bytes(), u32::MAX.to_le_bytes()].concat();
    let data = if v3 {
        [digests, certificates, versions.clone(), long(&[])].concat()
    } else {
        [digests, certificates, long(&[])].concat()
    };
    let signatures = long(&long(&[&number[..], &long(&key.sign(&data))].concat()));
    let between = if v3 { versions } else { Vec::new() };
    let signer = [long(&data), between, signatures, long(&key.spki())].concat();
    let id = if v3 { 0xF053_68C0_u32 } else { 0x7109_871A };
    let pair = [&id.to_le_bytes()[..], &long(&long(&signer))].concat();
    let pairs = [&(pair.len() as u64).to_le_bytes()[..], &pair].concat();
    let size = (pairs.len() as u64 + 24).to_le_bytes();
    let block = [&size[..], &pairs, &size, b"APK Sig Block 42"].concat();
    let mut out = [&apk[..start], &block, &apk[start..]].concat();
    let place = end + block.len() + 16;
    out[place..place + 4].copy_from_slice(&((start + block.len()) as u32).to_le_bytes());
    out
}

pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let held = three.iter().fold(0_u32, |held, byte| held << 8 | u32::from(*byte));
        let held = held << (8 * (3 - three.len()));
        for i in 0..4 {
            let letter = LETTERS[(held >> (18 - 6 * i) & 63) as usize] as char;
            text.push(if i <= three.len() { letter } else { '=' });
        }
    }
    text
}

/// Signs with v1: all files, a manifest of their hashes, and a signed file about that.
pub fn jar_signed(files: &[Entry<'_>], key: &Key, name: &str) -> Vec<u8> {
    jar_signed_saying(files, key, name, "")
}

/// The same with another line in the signed file.
pub fn jar_signed_saying(files: &[Entry<'_>], key: &Key, name: &str, more: &str) -> Vec<u8> {
    jar_with(files, &[], key, name, more)
}

/// The same with entries that nobody signed, behind all others.
pub fn jar_signed_beside(
    files: &[Entry<'_>],
    beside: &[Entry<'_>],
    key: &Key,
    name: &str,
) -> Vec<u8> {
    jar_with(files, beside, key, name, "")
}

fn jar_with(
    files: &[Entry<'_>],
    beside: &[Entry<'_>],
    key: &Key,
    name: &str,
    more: &str,
) -> Vec<u8> {
    let mut manifest = "Manifest-Version: 1.0\r\n\r\n".to_owned();
    for (file, bytes, _) in files {
        let digest = base64(&Sha256::digest(bytes));
        // A line has 72 bytes at most and goes on behind a blank.
        let line = format!("Name: {file}");
        let (first, rest) = line.split_at(line.len().min(70));
        manifest.push_str(first);
        if !rest.is_empty() {
            manifest.push_str(&format!("\r\n {rest}"));
        }
        manifest.push_str(&format!("\r\nSHA-256-Digest: {digest}\r\n\r\n"));
    }
    let hashes = format!(
        "Signature-Version: 1.0\r\n{more}SHA-256-Digest-Manifest: {}\r\n\r\n",
        base64(&Sha256::digest(manifest.as_bytes()))
    );
    let sha256 = seq(&[der(6, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]), der(5, &[])]);
    let data = der(6, &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1]);
    let certificate = certificate(name, &key.spki());
    let signer = seq(&[
        der(2, &[1]),
        seq(&[der(0x30, &[]), der(2, &[1])]),
        sha256.clone(),
        sha256.clone(),
        der(4, &key.sign(hashes.as_bytes())),
    ]);
    let signed = seq(&[
        der(2, &[1]),
        der(0x31, &sha256),
        seq(&[data]),
        der(0xA0, &certificate),
        der(0x31, &signer),
    ]);
    let kind = der(6, &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2]);
    let cms = seq(&[kind, der(0xA0, &signed)]);
    let mut all = files.to_vec();
    all.push(("META-INF/MANIFEST.MF", manifest.as_bytes(), false));
    all.push(("META-INF/CERT.SF", hashes.as_bytes(), false));
    all.push(("META-INF/CERT.RSA", &cms, false));
    all.extend(beside);
    zip(&all)
}

/// The v4 signature of a whole file, salted.
pub fn beside(apk: &[u8], key: &Key, name: &str) -> Vec<u8> {
    let salt = [7_u8; 8];
    let hash = |bytes: &[u8]| {
        let mut block = bytes.to_vec();
        block.resize(4_096, 0);
        Sha256::digest([&salt[..], &block].concat()).to_vec()
    };
    let mut level: Vec<Vec<u8>> = apk.chunks(4_096).map(hash).collect();
    loop {
        level = level.chunks(128).map(|hashes| hash(&hashes.concat())).collect();
        if level.len() == 1 {
            break;
        }
    }
    let certificate = certificate(name, &key.spki());
    let fields = [long(&salt), long(&level[0]), long(b"digest"), long(&certificate), long(b"")];
    let about = [&1_u32.to_le_bytes()[..], &[12]].concat();
    let body = [&(apk.len() as u64).to_le_bytes()[..], &about, &fields.concat()].concat();
    let data = [&(body.len() as u32 + 4).to_le_bytes()[..], &body].concat();
    let hashing = [&about[..], &fields[0], &fields[1]].concat();
    let number = key.number(false).to_le_bytes();
    let signing =
        [&fields[2..].concat()[..], &long(&key.spki()), &number, &long(&key.sign(&data))].concat();
    [&2_u32.to_le_bytes()[..], &long(&hashing), &long(&signing)].concat()
}
