//! Samples, and dirt to put into them.

use std::{fs, io::Read, path::Path};

/// The word that stands wherever a tool puts words about a file's maker.
pub(crate) const CANARY: &[u8] = b"CANARY";

/// All samples by name.
pub(crate) fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .filter(|(name, _)| !name.ends_with(".sh") && !name.ends_with(".py"))
        .collect();
    all.sort();
    assert!(all.len() >= 30, "the samples are there");
    all
}

/// One of them.
pub(crate) fn sample(name: &str) -> Vec<u8> {
    samples().into_iter().find(|(own, _)| own == name).unwrap().1
}

fn has(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

/// Whether a word stands anywhere in a file: as it is, in UTF-16, and in everything deflated in it.
pub(crate) fn says(bytes: &[u8], word: &[u8]) -> bool {
    says_within(bytes, word, 4)
}

fn says_within(bytes: &[u8], word: &[u8], depth: u8) -> bool {
    let wide: Vec<u8> = word.iter().flat_map(|byte| [*byte, 0]).collect();
    if has(bytes, word) || has(bytes, &wide) {
        return true;
    }
    depth > 0 && unfolded(bytes).iter().any(|inner| says_within(inner, word, depth - 1))
}

/// Everything deflated in a file: ZIP members wherever a head stands, zlib streams wherever one begins.
fn unfolded(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for at in 0..bytes.len().saturating_sub(30) {
        let rest = &bytes[at..];
        let inner = if rest.starts_with(b"PK\x03\x04") && rest[8] == 8 {
            let word = |n: usize| usize::from(u16::from_le_bytes([rest[n], rest[n + 1]]));
            let start = 30 + word(26) + word(28);
            read(flate2::read::DeflateDecoder::new(&rest[start.min(rest.len())..]))
        } else if rest[0] == 0x78 && matches!(rest[1], 0x01 | 0x5E | 0x9C | 0xDA) {
            read(flate2::read::ZlibDecoder::new(rest))
        } else {
            continue;
        };
        found.push(inner);
    }
    found
}

fn read(mut from: impl Read) -> Vec<u8> {
    let mut out = Vec::new();
    // What does not unfold is no stream; what unfolded before that counts.
    let _ = from.by_ref().take(1 << 22).read_to_end(&mut out);
    out
}

fn chunk_le(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = [&name[..], &(body.len() as u32).to_le_bytes(), body].concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

fn spliced(bytes: &[u8], at: usize, more: &[u8]) -> Vec<u8> {
    [&bytes[..at], more, &bytes[at..]].concat()
}

fn grown_le(mut bytes: Vec<u8>, at: usize, more: usize) -> Vec<u8> {
    let old = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    bytes[at..at + 4].copy_from_slice(&(old + more as u32).to_le_bytes());
    bytes
}

/// The file with a block of words in it where its format allows one; `None` where it has no such
/// place that can be filled without remaking the file.
pub(crate) fn soiled(name: &str, bytes: &[u8], words: &[u8], place: u8) -> Option<Vec<u8>> {
    let be = |n: usize| (n as u32).to_be_bytes();
    Some(match name.rsplit_once('.')?.1 {
        "jpg" => {
            let marker = [0xE1, 0xE3, 0xEC, 0xED, 0xFE][usize::from(place) % 5];
            let len = (words.len() as u16 + 2).to_be_bytes();
            spliced(bytes, 2, &[&[0xFF, marker][..], &len, words].concat())
        }
        "png" => {
            let kind: &[u8; 4] =
                [b"tEXt", b"iTXt", b"prVt", b"zzZz", b"tIME"][usize::from(place) % 5];
            let body = [&kind[..], words].concat();
            let sum = crc32fast::hash(&body).to_be_bytes();
            spliced(bytes, 33, &[&be(words.len())[..], &body, &sum].concat())
        }
        "gif" => {
            let mut block = vec![0x21, [0xFE, 0x01][usize::from(place) % 2]];
            for part in words.chunks(255) {
                block.push(part.len() as u8);
                block.extend(part);
            }
            block.push(0);
            let table = if bytes[10] & 0x80 != 0 { 3 << ((bytes[10] & 7) + 1) } else { 0 };
            spliced(bytes, 13 + table, &block)
        }
        "webp" | "wav" => {
            let at = if name.ends_with("wav") { 12 } else { bytes.len() };
            let block = chunk_le(b"CANA", words);
            grown_le(spliced(bytes, at, &block), 4, block.len())
        }
        "mp4" | "mov" | "m4a" if place & 8 != 0 => {
            // Into the index, when it stands last and so moves nothing.
            let moov = bytes.windows(4).position(|four| four == b"moov")? - 4;
            let size = u32::from_be_bytes(bytes[moov..moov + 4].try_into().unwrap());
            if moov + size as usize != bytes.len() {
                return None;
            }
            let block = [&be(words.len() + 8)[..], b"udta", words].concat();
            let mut soiled = spliced(bytes, bytes.len(), &block);
            soiled[moov..moov + 4].copy_from_slice(&be(size as usize + block.len()));
            soiled
        }
        "avi" => {
            let block = chunk_le([b"JUNK", b"CANA"][usize::from(place) % 2], words);
            grown_le(spliced(bytes, bytes.len(), &block), 4, block.len())
        }
        "mkv" | "webm" => {
            let segment = bytes.windows(4).position(|four| four == b"\x18\x53\x80\x67")? + 4;
            let size = u64::from_be_bytes(bytes[segment..segment + 8].try_into().unwrap());
            if size >> 56 != 1 {
                return None;
            }
            let id: &[u8] =
                [&b"\xEC"[..], b"\x12\x54\xC3\x67", b"\x19\x41\xA4\x69"][usize::from(place) % 3];
            let long = (words.len() as u64 | 1 << 56).to_be_bytes();
            let block = [id, &long, words].concat();
            let mut soiled = spliced(bytes, bytes.len(), &block);
            soiled[segment..segment + 8]
                .copy_from_slice(&(size + block.len() as u64).to_be_bytes());
            soiled
        }
        "pdf" => {
            let old = bytes.windows(9).rposition(|nine| nine == b"startxref")?;
            let old: String = bytes[old + 9..]
                .iter()
                .map(|b| char::from(*b))
                .filter(|c| c.is_ascii_digit())
                .collect();
            let hex: String = words.iter().map(|byte| format!("{byte:02x}")).collect();
            let at = bytes.len() + 1;
            let update = format!("\n99 0 obj\n<< /Author (CANARY) /Title <{hex}> >>\nendobj\n",);
            let table = at + update.len() - 1;
            let end = format!(
                "xref\n99 1\n{at:010} 00000 n \ntrailer\n<< /Size 100 /Root 1 0 R /Prev {old} /Info 99 0 R >>\nstartxref\n{table}\n%%EOF\n"
            );
            spliced(bytes, bytes.len(), [update, end].concat().as_bytes())
        }
        "mp4" | "mov" | "m4a" => {
            // At the end, so that no place in the file moves.
            let kind: &[u8; 4] = [b"uuid", b"free", b"udta", b"meta"][usize::from(place) % 4];
            spliced(bytes, bytes.len(), &[&be(words.len() + 8)[..], kind, words].concat())
        }
        "heic" | "avif" => {
            spliced(bytes, bytes.len(), &[&be(words.len() + 8)[..], b"uuid", words].concat())
        }
        "flac" => {
            let kind = [2_u8, 4, 5, 6, 40][usize::from(place) % 5];
            let len = be(words.len());
            spliced(bytes, 42, &[&[kind][..], &len[1..], words].concat())
        }
        "mp3" => {
            let n = words.len();
            let size =
                [(n >> 21) as u8, (n >> 14 & 127) as u8, (n >> 7 & 127) as u8, (n & 127) as u8];
            spliced(bytes, 0, &[b"ID3\x03\0\0", &size[..], words].concat())
        }
        _ => return None,
    })
}
