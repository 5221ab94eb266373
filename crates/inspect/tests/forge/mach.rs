//! Programs for macOS and images of disks with code signatures, a second time from Apple's public
//! descriptions (`loader.h`, `fat.h`, `cs_blobs.h`).

use std::ops::Range;

use super::{
    Dice,
    apps::{base64, der, seq},
    seals::Key,
    windows::{Hash, Lies, cms},
};

/// Bytes before the signature of every program of ours: two pages and a bit.
pub const CODE: usize = 9_000;
/// Bytes kept for the signature.
const KEPT: usize = 6_000;

const DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1];

/// How a program is signed.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Hashes of its directories, by Apple's numbers: 1 SHA-1, 2 SHA-256, 4 SHA-384.
    pub directories: &'static [u8],
    /// How the others are named in the signature.
    pub named: Named,
    /// Lengths are not said, as Apple writes it.
    pub loose: bool,
    /// As newer directories say where the code ends.
    pub long: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    ByAlgorithm,
    ByList,
    Nowhere,
}

pub const PLAIN: Way = Way { directories: &[2], named: Named::Nowhere, loose: false, long: false };
pub const APPLE: Way =
    Way { directories: &[1, 2], named: Named::ByAlgorithm, loose: true, long: true };

fn hash(number: u8) -> Hash {
    match number {
        1 => Hash::Sha1,
        4 => Hash::Sha384,
        _ => Hash::Sha256,
    }
}

fn be(number: usize) -> [u8; 4] {
    (number as u32).to_be_bytes()
}

/// What runs on: Intel or Arm.
pub const INTEL: [u8; 8] = [1, 0, 0, 7, 0, 0, 0, 3];
pub const ARM: [u8; 8] = [1, 0, 0, 12, 0, 0, 0, 0];

/// A program that does nothing, for 64 bits, with room for a signature.
pub fn program(kind: [u8; 8], signed: bool) -> Vec<u8> {
    let mut out = vec![0xCF, 0xFA, 0xED, 0xFE];
    for four in kind.as_chunks::<4>().0 {
        out.extend(four.iter().rev());
    }
    let little = |number: usize| (number as u32).to_le_bytes();
    let count = if signed { 2 } else { 1 };
    for number in [2, count, 24 + 16 * (count - 1), 0, 0] {
        out.extend(little(number));
    }
    // LC_UUID, then LC_CODE_SIGNATURE.
    out.extend(little(0x1B));
    out.extend(little(24));
    out.extend([5; 16]);
    if signed {
        for number in [0x1D, 16, CODE, KEPT] {
            out.extend(little(number));
        }
    }
    let code = Dice(6).bytes(CODE - out.len());
    out.extend(code);
    out
}

fn blob(magic: u32, content: &[u8]) -> Vec<u8> {
    [&magic.to_be_bytes(), &be(content.len() + 8)[..], content].concat()
}

/// The rules and the powers of every program of ours.
fn belongings() -> [(u32, Vec<u8>); 2] {
    [(2, blob(0xFADE_0C01, &[0; 4])), (5, blob(0xFADE_7171, b"<plist></plist>"))]
}

fn directory(code: &[u8], number: u8, way: Way, page_bits: u8, own: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let hash = hash(number);
    let bytes = hash.of(b"").len();
    let places = own.iter().map(|(place, _)| *place).max().unwrap_or(0);
    let of_blobs = (1..=places).rev().map(|place| {
        let held = own.iter().find(|(own, _)| *own == place);
        held.map_or(vec![0; bytes], |(_, held)| hash.of(held))
    });
    let of_blobs: Vec<u8> = of_blobs.flatten().collect();
    let pages: Vec<&[u8]> =
        if page_bits == 0 { vec![code] } else { code.chunks(1 << page_bits).collect() };
    let of_pages: Vec<u8> = pages.iter().flat_map(|page| hash.of(page)).collect();
    let name = b"org.example.notes\0";
    let head = if way.long { 88 } else { 48 };
    let version = if way.long { 0x2_0400 } else { 0x2_0100 };
    let start = head + name.len() + of_blobs.len();
    let mut out = [be(version), be(0)].concat();
    for number in [start, head, places as usize, pages.len()] {
        out.extend(be(number));
    }
    out.extend(be(if way.long { 0 } else { code.len() }));
    out.extend([bytes as u8, number, 0, page_bits]);
    out.extend([0; 8]);
    if way.long {
        out.extend([0; 8]);
        out.extend((code.len() as u64).to_be_bytes());
        out.extend([0; 24]);
    }
    out.extend(name);
    out.extend(of_blobs);
    out.extend(of_pages);
    blob(0xFADE_0C02, &out)
}

/// The blob of blobs over these bytes.
fn blobs(
    code: &[u8],
    key: Option<&Key>,
    way: Way,
    page_bits: u8,
    inside: &[(u32, Vec<u8>)],
    outside: &[(u32, Vec<u8>)],
) -> Vec<u8> {
    let own = [inside, outside].concat();
    let directories: Vec<Vec<u8>> = way
        .directories
        .iter()
        .map(|number| directory(code, *number, way, page_bits, &own))
        .collect();
    let mut all = vec![(0, directories[0].clone())];
    all.extend(inside.to_vec());
    for (at, other) in directories[1..].iter().enumerate() {
        all.push((0x1000 + at as u32, other.clone()));
    }
    let signature = key.map_or(Vec::new(), |key| signature(&directories, way, key));
    all.push((0x1_0000, blob(0xFADE_0B01, &signature)));
    let mut place = 12 + 8 * all.len();
    let mut list = be(all.len()).to_vec();
    for (kind, blob) in &all {
        list.extend([kind.to_be_bytes(), be(place)].concat());
        place += blob.len();
    }
    let content: Vec<u8> = all.into_iter().flat_map(|(_, blob)| blob).collect();
    blob(0xFADE_0CC0, &[list, content].concat())
}

fn apples(last: u8, values: &[u8]) -> Vec<u8> {
    let oid = der(6, &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x63, 0x64, 9, last]);
    seq(&[oid, der(0x31, values)])
}

fn signature(directories: &[Vec<u8>], way: Way, key: &Key) -> Vec<u8> {
    let each = directories.iter().zip(way.directories);
    let more = match way.named {
        Named::Nowhere => Vec::new(),
        Named::ByAlgorithm => {
            let values: Vec<u8> = each
                .flat_map(|(directory, number)| {
                    let digest = der(4, &hash(*number).of(directory));
                    seq(&[hash(*number).oid(), digest])
                })
                .collect();
            apples(2, &values)
        }
        Named::ByList => {
            let list: String = each
                .map(|(directory, number)| {
                    let digest = &hash(*number).of(directory)[..20];
                    format!("\t\t<data>\n\t\t{}\n\t\t</data>\n", base64(digest))
                })
                .collect();
            apples(1, &der(4, format!("<plist><array>\n{list}</array></plist>").as_bytes()))
        }
    };
    let content = (DATA, directories[0].as_slice(), more.as_slice());
    let made = cms(&seq(&[der(6, DATA)]), content, key, Hash::Sha256, "Mina", Lies::default());
    if way.loose { loose(&made, 0) } else { made }
}

/// The same with the ends of its outer fields marked instead of their lengths said.
fn loose(bytes: &[u8], depth: usize) -> Vec<u8> {
    let mut rest = bytes;
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (head, length) = match rest[1] {
            0x81 => (3, usize::from(rest[2])),
            0x82 => (4, usize::from(rest[2]) << 8 | usize::from(rest[3])),
            short => (2, usize::from(short)),
        };
        let (one, behind) = rest.split_at(head + length);
        if depth <= 3 && [0x30, 0xA0].contains(&one[0]) {
            out.extend([one[0], 0x80]);
            out.extend(loose(&one[head..], depth + 1));
            out.extend([0, 0]);
        } else {
            out.extend(one);
        }
        rest = behind;
    }
    out
}

/// A program with a signature by `key`, or with one by nobody.
pub fn signed(kind: [u8; 8], key: Option<&Key>, way: Way) -> Vec<u8> {
    signed_without(kind, key, way, None)
}

/// The same with what belongs at a place taken out after it was signed.
pub fn signed_without(kind: [u8; 8], key: Option<&Key>, way: Way, missing: Option<u32>) -> Vec<u8> {
    let mut out = program(kind, true);
    let missing: Vec<(u32, Vec<u8>)> =
        missing.into_iter().map(|place| (place, blob(0xFADE_8181, &[1; 8]))).collect();
    let mut inside = belongings().to_vec();
    inside.retain(|(own, _)| missing.iter().all(|(place, _)| own != place));
    let made = blobs(&out, key, way, 12, &inside, &missing);
    assert!(made.len() <= KEPT, "{}", made.len());
    out.extend(made);
    out.resize(CODE + KEPT, 0);
    out
}

/// Where the hashes and all that is signed end in a signed program.
pub fn signed_part(program: &[u8]) -> Range<usize> {
    let bytes = u32::from_be_bytes(program[CODE + 4..CODE + 8].try_into().unwrap()) as usize;
    CODE..CODE + bytes
}

/// Programs for several machines in one.
pub fn several(programs: &[([u8; 8], Vec<u8>)]) -> Vec<u8> {
    let mut out = [be(0xCAFE_BABE), be(programs.len())].concat();
    let mut place = 4_096;
    for (kind, program) in programs {
        out.extend(kind);
        for number in [place, program.len(), 12] {
            out.extend(be(number));
        }
        place = (place + program.len()).next_multiple_of(4_096);
    }
    for (_, program) in programs {
        out.resize(out.len().next_multiple_of(4_096), 0);
        out.extend(program);
    }
    out
}

/// An image of a disk with a signature, by its trailer.
pub fn disk(key: Option<&Key>, way: Way) -> Vec<u8> {
    let mut out = Dice(3).bytes(5_000);
    let mut trailer = b"koly\0\0\0\x04\0\0\x02\0".to_vec();
    trailer.resize(512, 0);
    trailer[296..304].copy_from_slice(&(out.len() as u64).to_be_bytes());
    let rules = [belongings()[0].clone()];
    let made = blobs(&out, key, way, 0, &rules, &[(6, trailer.clone())]);
    trailer[304..312].copy_from_slice(&(made.len() as u64).to_be_bytes());
    out.extend(made);
    out.extend(trailer);
    out
}

/// An image nobody signed.
pub fn plain_disk() -> Vec<u8> {
    let mut out = Dice(3).bytes(5_000);
    out.extend(b"koly\0\0\0\x04\0\0\x02\0");
    out.resize(5_512, 0);
    out
}
