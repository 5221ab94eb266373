#![cfg(test)]
//! The promise of cleaning, on small files of every format: nothing of their maker is left, the
//! content is what it was, a second cleaning changes nothing, and what cannot be cleaned is refused.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of the tests' own"
)]

mod dirt;

use std::{collections::BTreeSet, fs, io::Cursor};

use dirt::{CANARY, sample, samples, says, soiled};
use proptest::prelude::*;
use sogon_inspect::clean::{
    Kept, Kind, Options, Pictures, Refusal, What, Workshop, clean, clean_bytes, clean_file,
};

fn workshop() -> Workshop {
    Workshop::new(vec![env!("CARGO_BIN_EXE_sogon-clean").into(), "--worker".into()])
}

fn cleaned(bytes: &[u8]) -> Vec<u8> {
    clean_bytes(bytes, &Options::default()).unwrap().0
}

#[test]
fn nothing_of_the_maker_is_left_in_any_format() {
    for (name, bytes) in samples() {
        let quiet = name.starts_with("moving.") || name == "still.bmp";
        assert!(quiet || says(&bytes, CANARY), "{name}: the sample has words in it");
        let (copy, what) = clean_bytes(&bytes, &Options::default())
            .unwrap_or_else(|why| panic!("{name} is refused: {why}"));
        assert!(!says(&copy, CANARY), "{name} still names its maker");
        for coder in [
            &b"Lavc5"[..],
            b"Lavf5",
            b"Lavc",
            b"libebml",
            b"x264 - core",
            b"x265 (build",
            b"LAME3",
            b"libopus",
        ] {
            assert!(!says(&copy, coder), "{name} still names its coder");
        }
        assert!(quiet || !what.report.removed.is_empty(), "{name}: it says what went");
    }
}

#[test]
fn every_format_has_a_sample() {
    let options = Options::default();
    let seen: BTreeSet<Kind> = samples()
        .iter()
        .map(|(_, bytes)| clean(&mut Cursor::new(bytes), &options).unwrap().kind)
        .chain([Kind::Text])
        .collect();
    assert_eq!(seen, Kind::ALL.iter().copied().collect());
}

/// The tables of times and sizes of a film, sorted.
fn tables(film: &[u8]) -> Vec<&[u8]> {
    let named = |window: &[u8]| {
        [b"mvhd", b"tkhd", b"elst", b"mdhd", b"stts", b"ctts", b"stss", b"stsz"]
            .iter()
            .any(|name| window == *name)
    };
    let places = film.windows(4).enumerate().filter(|(_, window)| named(window));
    let mut tables: Vec<&[u8]> = places
        .map(|(at, _)| {
            let size = u32::from_be_bytes(film[at - 4..at].try_into().unwrap()) as usize;
            &film[at..at - 4 + size]
        })
        .collect();
    tables.sort_unstable();
    tables
}

#[test]
fn a_film_in_fragments_becomes_the_plain_film_it_was_made_from() {
    let plain = cleaned(&sample("h264.mp4"));
    for name in ["delayed.mp4", "fragments.mp4"] {
        let copy = cleaned(&sample(name));
        for gone in [&b"moof"[..], b"sidx", b"mvex", b"tfdt", b"mfra"] {
            assert!(!says(&copy, gone), "{name}: fragments are gone");
        }
        if name == "delayed.mp4" {
            assert_eq!(tables(&copy), tables(&plain), "the same samples at the same times");
        }
    }
}

#[test]
fn fragments_that_lie_are_refused_in_bounded_time() {
    let film = sample("delayed.mp4");
    let find = |name: &[u8], from: usize| {
        from + film[from..].windows(4).position(|window| window == name).unwrap()
    };
    let trun = find(b"trun", 0);
    let tfdt = find(b"tfdt", find(b"moof", find(b"moof", 0) + 4));
    let tfhd = find(b"tfhd", 0);
    let mvhd = find(b"mvhd", 0);
    let lies: [(usize, &[u8]); 8] = [
        // Four thousand million samples, each as usual.
        (trun + 4, &[0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]),
        (trun + 8, &[0, 0xFF, 0xFF, 0xFF]),
        // Data before the file, and behind it.
        (trun + 12, &[0x80, 0, 0, 0]),
        (trun + 12, &[0x7F, 0xFF, 0xFF, 0xFF]),
        // A piece that goes on before the last one ended, and one in a thousand years.
        (tfdt + 8, &[0; 8]),
        (tfdt + 8, &[0xFF; 8]),
        // A track that is not there.
        (tfhd + 8, &[0, 0, 0, 9]),
        // A clock that stands still.
        (mvhd + 16, &[0; 4]),
    ];
    for (at, bytes) in lies {
        let mut lying = film.clone();
        lying[at..at + bytes.len()].copy_from_slice(bytes);
        let why = clean_bytes(&lying, &Options::default());
        assert!(why.is_err(), "at {at}: {bytes:?}");
    }
}

#[test]
fn a_second_cleaning_changes_nothing() {
    for (name, bytes) in samples() {
        let once = cleaned(&bytes);
        assert!(cleaned(&once) == once, "{name}");
        let (_, again) = clean_bytes(&once, &Options::default()).unwrap();
        let gone = &again.report.removed;
        assert!(gone.is_empty() || name.ends_with(".pdf"), "{name}: {gone:?}");
    }
}

#[test]
fn what_hangs_behind_the_end_goes() {
    for (name, bytes) in samples() {
        let mut longer = bytes.clone();
        longer.extend(b"CANARY behind the end, seven bytes and more of them: \x00\x18\0\0\0EOF");
        assert!(cleaned(&longer) == cleaned(&bytes), "{name}");
    }
}

#[test]
fn no_beginning_of_a_file_breaks_the_cleaner() {
    for (name, bytes) in samples() {
        let step = (bytes.len() / 150).max(1);
        for end in (0..bytes.len()).step_by(step) {
            // Either answer is fine; a copy that is given out has passed its inspection.
            if let Ok((copy, _)) = clean_bytes(&bytes[..end], &Options::default()) {
                assert!(!says(&copy, CANARY), "{name} cut at {end}");
            }
        }
    }
}

#[test]
fn what_is_not_understood_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    let refused: [(&[u8], &str); 7] = [
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1old office", "unsupported"),
        (b"Rar!\x1A\x07\x01\0", "unsupported"),
        (b"\x00\x01\x02 nobody knows", "unknown"),
        (b"<?xml version=\"1.0\"?><gpx/>", "unsupported"),
        (b"Subject: a page\r\nMIME-Version: 1.0\r\n\r\n<html></html>", "unsupported"),
        (b"\xFF\xD8\xFF\xE0\0\x10JFIF", "damaged"),
        (b"8BPS\0\x01", "unsupported"),
    ];
    for (bytes, id) in refused {
        fs::write(&from, bytes).unwrap();
        let why = clean_file(&from, &to, &Options::default(), &workshop()).unwrap_err();
        assert_eq!(why.id(), id, "{why}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }
}

#[test]
fn a_clean_file_is_new_has_no_time_and_takes_nobodys_place() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a.jpg"), folder.path().join("b.jpg"));
    fs::write(&from, sample("still.jpg")).unwrap();
    fs::set_permissions(&from, fs::Permissions::from_mode(0o755)).unwrap();
    clean_file(&from, &to, &Options::default(), &workshop()).unwrap();
    let about = fs::metadata(&to).unwrap();
    assert_eq!(about.modified().unwrap(), std::time::SystemTime::UNIX_EPOCH);
    assert_eq!(about.permissions().mode() & 0o7777, 0o644);
    assert_eq!(fs::read(&from).unwrap(), sample("still.jpg"), "the inspected file is as it was");
    assert!(
        clean_file(&from, &to, &Options::default(), &workshop()).is_err(),
        "an existing file stays"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn the_way_up_and_shared_colours_stay() {
    let (copy, what) = clean_bytes(&sample("still.jpg"), &Options::default()).unwrap();
    assert!(what.report.kept.contains(&Kept::Orientation));
    assert!(says(&copy, b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12"));
    assert!(what.report.removed.iter().any(|gone| gone.what == What::Exif && gone.bytes > 100));
}

#[test]
fn a_picture_encoded_anew_is_another_file_and_stays_clean() {
    let anew = Options { pictures: Pictures::Anew, ..Options::default() };
    for name in ["still.jpg", "still.png", "still.webp", "still.bmp"] {
        let (copy, what) = clean_bytes(&sample(name), &anew).unwrap();
        assert!(!says(&copy, CANARY), "{name}");
        assert!(
            what.report.removed.iter().any(|gone| gone.what == What::Encoding),
            "{name} says so"
        );
        assert_eq!(cleaned(&copy), copy, "{name}");
    }
    assert!(matches!(
        clean_bytes(&sample("moving.png"), &anew),
        Err(Refusal::NotUnderstood { .. })
    ));
}

#[test]
fn archives_inside_archives_have_a_bottom() {
    let mut bytes = sample("still.jpg");
    for depth in 0..8 {
        bytes = zip(&[("inner.zip", &bytes)]);
        let answer = clean_bytes(&bytes, &Options::default());
        match depth {
            0..=3 => assert!(!says(&answer.unwrap().0, CANARY)),
            _ => assert_eq!(answer.unwrap_err().id(), "too-large"),
        }
    }
}

#[test]
fn a_small_archive_does_not_become_a_large_one() {
    use std::io::Write;
    let zeros = vec![b' '; 40 << 20];
    let mut fold = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    fold.write_all(&zeros).unwrap();
    let bomb =
        zip_of(&[("a.txt", &fold.finish().unwrap(), 8, crc32fast::hash(&zeros), zeros.len())]);
    let small = Options { unfolded_bytes_max: 8 << 20, ..Options::default() };
    assert_eq!(clean_bytes(&bomb, &small).unwrap_err().id(), "too-large");
    let lying = zip_of(&[("a.txt", b"abc", 0, crc32fast::hash(b"abd"), 3)]);
    assert_eq!(clean_bytes(&lying, &Options::default()).unwrap_err().id(), "damaged");
    let climbing = zip_of(&[("../a.txt", b"abc", 0, crc32fast::hash(b"abc"), 3)]);
    assert_eq!(clean_bytes(&climbing, &Options::default()).unwrap_err().id(), "damaged");
}

#[test]
fn an_archive_with_one_thing_that_cannot_be_cleaned_is_refused_whole() {
    let mixed =
        zip(&[("a.jpg", &sample("still.jpg")), ("b/old.doc", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")]);
    let why = clean_bytes(&mixed, &Options::default()).unwrap_err();
    assert!(matches!(&why, Refusal::Inside { path, .. } if path == "b/old.doc"), "{why}");
}

#[test]
fn names_in_a_drawing_go_when_nothing_that_stays_points_at_them() {
    let svg = |inside: &str| {
        let text = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{inside}</svg>");
        String::from_utf8(cleaned(text.as_bytes())).unwrap()
    };
    let copy = svg("<!-- #a --><metadata>#b</metadata><g id=\"a\"/><g id=\"b.#c\"/><g id=\"c\"/>");
    assert!(!copy.contains("id="), "{copy}");
    assert!(svg("<g id=\"a\"/><use href=\"#a\"/>").contains("<g id=\"a\"/>"));
}

#[test]
fn an_element_of_countless_attributes_is_refused() {
    for name in ["a", "xmlns:a"] {
        let many: String = (0..2_000).map(|n| format!(" {name}{n}=\"x\"")).collect();
        let text = format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><g{many}/></svg>");
        let why = clean_bytes(text.as_bytes(), &Options::default()).unwrap_err();
        assert_eq!(why.id(), "too-large", "{why}");
    }
}

#[test]
fn a_small_picture_that_says_to_be_huge_is_not_drawn() {
    let mut bomb = sample("moving.webp");
    // A canvas of 32 by four million points, and frames of the same size.
    bomb[27..30].copy_from_slice(&[0x17, 0, 0x40]);
    let (copy, _) = clean_bytes(&bomb, &Options::default()).unwrap();
    assert_eq!(cleaned(&copy), copy);
}

#[test]
fn xml_reaches_nothing_outside() {
    for text in [
        r#"<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>"#,
        r#"<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg"><text>&b;</text></svg>"#,
    ] {
        let why = clean_bytes(text.as_bytes(), &Options::default()).unwrap_err();
        assert_eq!(why.id(), "not-understood", "{why}");
    }
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let all: Vec<_> =
        members.iter().map(|(n, b)| (*n, *b, 0_u16, crc32fast::hash(b), b.len())).collect();
    zip_of(&all)
}

/// An archive of members that are packed already: name, bytes, method, checksum, length.
fn zip_of(members: &[(&str, &[u8], u16, u32, usize)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes, method, sum, len) in members {
        let mut head = Vec::new();
        head.extend(20_u16.to_le_bytes());
        head.extend([0; 2]);
        head.extend(method.to_le_bytes());
        head.extend([7, 7, 7, 7]);
        head.extend(sum.to_le_bytes());
        head.extend((bytes.len() as u32).to_le_bytes());
        head.extend((*len as u32).to_le_bytes());
        head.extend((name.len() as u16).to_le_bytes());
        head.extend([0; 2]);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&head);
        directory.extend([0; 10]);
        directory.extend((out.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&head);
        out.extend(name.as_bytes());
        out.extend(*bytes);
    }
    let at = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend((members.len() as u16).to_le_bytes());
    out.extend((members.len() as u16).to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0; 2]);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever words of chance a file is soiled with, its clean copy is that of the file without.
    #[test]
    fn dirt_of_chance_leaves_no_trace(words in proptest::collection::vec(any::<u8>(), 0..3_000), place: u8) {
        let words = [CANARY, &words].concat();
        for (name, bytes) in samples() {
            if let Some(soiled) = soiled(&name, &bytes, &words, place) {
                let (copy, _) = clean_bytes(&soiled, &Options::default())
                    .unwrap_or_else(|why| panic!("{name}: {why}"));
                prop_assert!(copy == cleaned(&bytes), "{name}");
            }
        }
    }

    /// Bits of chance turned over: refused, or clean; never a panic.
    #[test]
    fn flipped_bits_break_nothing(flips in proptest::collection::vec((any::<u32>(), 0_u8..8), 1..6)) {
        for (_, mut bytes) in samples() {
            for (at, bit) in &flips {
                let at = *at as usize % bytes.len();
                bytes[at] ^= 1 << bit;
            }
            let _ = clean_bytes(&bytes, &Options::default());
        }
    }
}
