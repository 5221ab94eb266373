#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "test numbers"
)]
//! Images of disks and phones, and archives, whole and torn. `images/*.gz` are small file systems of
//! our own content, made with mke2fs, mkntfs and `images/make.sh`; the others are made here.

mod forge;

use std::io::Read;

use forge::{Dice, disks, tagged};
use sogon_inspect::{
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

fn look(image: &[u8]) -> Vec<Finding> {
    heard(image).0
}

fn heard(image: &[u8]) -> Heard {
    let (know, share) = (Knowledge::new(&Lists::default()).unwrap(), Share::default());
    let mut heard = Heard::default();
    Looker::new(&know, Limits::default(), &share, &mut heard).file("disk", &image.to_vec());
    heard
}

fn told(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings.iter().map(|one| (one.path.as_str(), one.rule.as_str())).collect()
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut image = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut image).unwrap();
    image
}

fn ext4() -> Vec<u8> {
    unpacked(include_bytes!("images/ext4.img.gz"))
}

fn photo() -> Vec<u8> {
    tagged(&Dice(1).file("jpg", 21_000), "AC9A58CDZ364C")
}

#[test]
fn marks_and_components_are_found_in_every_file_system() {
    let ext4 = look(&ext4());
    let expected = [
        ("disk!/media/photo.gif", "redstar-chain"),
        ("disk!/usr/bin/scnprc", "redstar-component"),
        ("disk!/usr/bin/scnprc", "redstar-program"),
    ];
    let mut said = told(&ext4);
    said.sort_unstable();
    assert_eq!(said, expected);
    let ntfs = look(&unpacked(include_bytes!("images/ntfs.img.gz")));
    let expected = [("disk!/photo.gif", "redstar-chain"), ("disk!/scnprc", "redstar-program")];
    assert_eq!(told(&ntfs), expected);
    let fat = look(&disks::fat("사진", "바다의 긴 이름.jpg", &photo()));
    assert_eq!(told(&fat), [("disk!/사진/바다의 긴 이름.jpg", "redstar-chain")]);
    let exfat = look(&disks::exfat("사진", "바다에서 찍은 아주 긴 이름.jpg", &photo()));
    let expected = [("disk!/사진/바다에서 찍은 아주 긴 이름.jpg", "redstar-chain")];
    assert_eq!(told(&exfat), expected);
}

/// What happened to files with findings, when.
fn times(image: &[u8]) -> Vec<(String, String, String)> {
    let events = heard(image).1.into_iter().filter(|event| event.kind == "event-file");
    events.map(|event| (event.path, event.about[0].name.clone(), event.when)).collect()
}

#[test]
fn every_file_system_says_when_a_marked_file_was_made_changed_and_opened() {
    let says = |image: &[u8], path: &str, expected: &[(&str, &str)]| {
        let told = times(image);
        let here: Vec<_> = told.iter().filter(|(at, _, _)| at == path).collect();
        let here: Vec<_> = here.iter().map(|(_, what, at)| (what.as_str(), at.as_str())).collect();
        assert_eq!(here, expected, "{told:?}");
    };
    let ext4 = unpacked(include_bytes!("images/times.ext4.gz"));
    // The mark put the others back; the change of its record says when.
    let expected = [
        ("made", "2040-01-01T00:00:00Z"),
        ("changed", "2004-08-04T01:07:00Z"),
        ("opened", "2013-04-05T06:07:08Z"),
        ("record-changed", "2013-04-05T06:07:10Z"),
    ];
    says(&ext4, "disk!/media/photo.gif", &expected);
    says(&disks::gpt(&[("a", &ext4)]), "disk!1-a!/media/photo.gif", &expected);
    // A file, and a folder, with a time after 2038 are read like others.
    let found = look(&ext4);
    let found = told(&found);
    assert!(found.contains(&("disk!/media/photo.gif", "redstar-chain")), "{found:?}");
    assert!(found.contains(&("disk!/usr/bin/scnprc", "redstar-program")), "{found:?}");
    assert!(found.iter().all(|(_, rule)| *rule != "unreadable"), "{found:?}");
    let fat = disks::fat("사진", "바다의 긴 이름.jpg", &photo());
    let expected = [
        ("made", "2013-04-05T06:07:08"),
        ("changed", "2013-04-05T06:09:08"),
        ("opened", "2013-04-05"),
    ];
    says(&fat, "disk!/사진/바다의 긴 이름.jpg", &expected);
    let exfat = disks::exfat("a", "b.jpg", &photo());
    let expected = [
        ("made", "2013-04-04T21:07:08Z"),
        ("changed", "2013-04-05T06:07:08"),
        ("opened", "2013-04-05T06:22:08Z"),
    ];
    says(&exfat, "disk!/a/b.jpg", &expected);
    let mut ntfs = unpacked(include_bytes!("images/ntfs.img.gz"));
    stamp(&mut ntfs, "photo.gif");
    let expected = [
        ("made", "2013-04-05T06:07:08Z"),
        ("changed", "2013-04-05T06:07:09Z"),
        ("opened", "2013-04-05T06:07:11Z"),
        ("record-changed", "2013-04-05T06:07:10Z"),
    ];
    says(&ntfs, "disk!/photo.gif", &expected);
    // What nothing was found in has no times told.
    assert!(times(&ext4).iter().all(|(path, _, _)| !path.contains("etc")));
    // A table of records that lies, or is nowhere, costs one time and no file.
    for (at, bytes) in [(1_024 + 88, [0xFF, 0xFF, 0, 0]), (1_024 + 40, [0; 4])] {
        let mut lying = ext4.clone();
        lying[at..at + 4].copy_from_slice(&bytes);
        drop(look(&lying));
    }
    for at in (1_024..ext4.len().min(200_000)).step_by(503) {
        let mut torn = ext4.clone();
        torn[at] ^= 0x55;
        drop(look(&torn));
    }
}

/// Other times for a file of an NTFS volume, a second apart.
fn stamp(volume: &mut [u8], name: &str) {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let records = volume.len() / 1_024;
    for record in (0..records).map(|record| record * 1_024) {
        let bytes = &mut volume[record..record + 1_024];
        if !bytes.starts_with(b"FILE") || !bytes.windows(name.len()).any(|part| part == name) {
            continue;
        }
        let first = usize::from(u16::from_le_bytes([bytes[20], bytes[21]]));
        if bytes[first] != 0x10 {
            continue;
        }
        let content =
            first + usize::from(u16::from_le_bytes([bytes[first + 20], bytes[first + 21]]));
        for (i, at) in (0..4_u64).zip((content..).step_by(8)) {
            let time = 130_096_156_280_000_000 + i * 10_000_000;
            bytes[at..at + 8].copy_from_slice(&time.to_le_bytes());
        }
    }
}

#[test]
fn partitions_of_both_tables_and_sparse_images_are_opened() {
    let (fat, ext4) = (disks::fat("a", "b.jpg", &photo()), ext4());
    let old = look(&disks::mbr(&[&fat, &ext4]));
    assert!(told(&old).contains(&("disk!1!/a/b.jpg", "redstar-chain")));
    assert!(told(&old).contains(&("disk!5!/media/photo.gif", "redstar-chain")));
    let new = disks::gpt(&[("boot", &fat), ("userdata", &ext4)]);
    assert!(told(&look(&new)).contains(&("disk!2-userdata!/media/photo.gif", "redstar-chain")));
    let phone = look(&disks::sparse(&new));
    assert!(told(&phone).contains(&("disk!2-userdata!/media/photo.gif", "redstar-chain")));
    let mut luks = vec![0; 8_192];
    luks[..6].copy_from_slice(b"LUKS\xba\xbe");
    assert_eq!(told(&look(&luks)), [("disk", "not-opened")]);
    let inside = look(&disks::gpt(&[("userdata", &luks)]));
    assert_eq!(told(&inside), [("disk!1-userdata!image", "not-opened")]);
}

/// What is to be found in each image of `images/make.sh`.
const IN_TREE: [(&str, &str); 6] = [
    ("/data/deep/film.mp4", "redstar-chain"),
    ("/data/deep/notes.txt", "redstar-chain"),
    ("/data/many/zz-last.gif", "redstar-chain"),
    ("/media/photo.gif", "redstar-chain"),
    ("/usr/bin/scnprc", "redstar-component"),
    ("/usr/bin/scnprc", "redstar-program"),
];

fn in_tree(before: &str, findings: &[Finding]) -> bool {
    let told = told(findings);
    IN_TREE.iter().all(|(path, rule)| told.contains(&(format!("{before}{path}").as_str(), *rule)))
}

const PHONES: [(&str, &[u8]); 6] = [
    ("plain EROFS", include_bytes!("images/plain.erofs.gz")),
    ("packed EROFS", include_bytes!("images/lz4.erofs.gz")),
    ("squashfs, zlib", include_bytes!("images/gzip.squash.gz")),
    ("squashfs, xz", include_bytes!("images/xz.squash.gz")),
    ("squashfs, zstd", include_bytes!("images/zstd.squash.gz")),
    ("squashfs, lz4", include_bytes!("images/lz4.squash.gz")),
];

#[test]
fn file_systems_of_phones_are_opened() {
    for (name, image) in PHONES {
        let image = unpacked(image);
        let found = look(&image);
        assert!(in_tree("disk!", &found), "{name}: {:?}", told(&found));
        assert!(found.iter().all(|one| one.severity > Severity::Note), "{name}: nothing unread");
        let phone = disks::sparse(&disks::gpt(&[("super", &image)]));
        assert!(in_tree("disk!1-super!", &look(&phone)), "{name} in a sparse image");
    }
    let lzo = look(&unpacked(include_bytes!("images/lzo.squash.gz")));
    assert_eq!(told(&lzo), [("disk", "unreadable")]);
}

#[test]
fn the_data_of_phones_is_opened_and_what_the_phone_encrypts_is_told() {
    let images: [&[u8]; 2] =
        [include_bytes!("images/none.f2fs.gz"), include_bytes!("images/extra.f2fs.gz")];
    for image in images {
        let mut image = unpacked(image);
        let found = look(&image);
        assert!(in_tree("disk!", &found), "{:?}", told(&found));
        // The flag of encryption in the inode of the film, which is named there.
        let named = |block: &[u8]| block[92..].starts_with(b"film.mp4");
        let inode = image.chunks_exact(4_096).position(named).unwrap() * 4_096;
        image[inode + 2] |= 4;
        assert!(told(&look(&image)).contains(&("disk!/data/deep/film.mp4", "not-opened")));
        // Torn: the checkpoints, the table of nodes, nodes and folders.
        let filled: Vec<usize> = (0..image.len())
            .step_by(4_096)
            .filter(|at| image[*at..at + 4_096].iter().any(|byte| *byte != 0))
            .collect();
        let mut dice = Dice(8);
        for _ in 0..10 {
            let mut torn = image.clone();
            for _ in 0..=dice.below(200) {
                let block = filled[dice.below(filled.len() as u64) as usize];
                torn[block + dice.below(4_096) as usize] = dice.roll() as u8;
            }
            look(&torn);
        }
    }
}

#[test]
fn torn_phones_are_told_and_end() {
    let mut dice = Dice(9);
    for (_, image) in PHONES {
        let image = unpacked(image);
        for _ in 0..12 {
            let mut torn = image.clone();
            for _ in 0..=dice.below(60) {
                let most = if dice.below(2) == 0 { 8_192 } else { torn.len() as u64 };
                torn[dice.below(most) as usize] = dice.roll() as u8;
            }
            torn.truncate(dice.below(2 * torn.len() as u64) as usize);
            look(&torn);
        }
    }
}

#[test]
fn a_store_of_screenshots_inside_an_archive_or_image_shows_by_its_rhythm() {
    let mut dice = Dice(12);
    let mut at = 0;
    let mut names = Vec::new();
    for _ in 0..40 {
        at += 300 + dice.below(4);
        let (hour, minute, second) = (6 + at / 3_600, at / 60 % 60, at % 60);
        names.push(format!("data/.trace/S_20240304-{hour:02}{minute:02}{second:02}.png"));
    }
    let holiday: Vec<String> = (0..40)
        .map(|n| format!("DCIM/IMG_2024030{}_{:02}1500.jpg", 1 + n / 20, dice.below(24)))
        .collect();
    let store: Vec<(&str, &[u8])> =
        names.iter().chain(&holiday).map(|name| (name.as_str(), b"picture".as_slice())).collect();
    let archive = forge::archives::tar(&store, false);
    let found = look(&archive);
    assert_eq!(told(&found), [("disk!data/.trace", "picture-rhythm")]);
    assert_eq!(found[0].severity, Severity::Suspicious);
    // Names that tell no time: the archive's times do.
    let plain: Vec<String> = (0..40).map(|n| format!("data/.trace/{n}.png")).collect();
    let mut archive = forge::archives::tar(
        &plain.iter().map(|name| (name.as_str(), b"p".as_slice())).collect::<Vec<_>>(),
        false,
    );
    for (n, block) in (0_u64..).zip(archive.chunks_exact_mut(1_024).take(40)) {
        let time = format!("{:011o}\0", 1_700_000_000 + n * 300);
        block[136..148].copy_from_slice(time.as_bytes());
        block[148..156].fill(b' ');
        let sum: u64 = block[..512].iter().map(|byte| u64::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    assert_eq!(told(&look(&archive)), [("disk!data/.trace", "picture-rhythm")]);
}

const ARCHIVES: [(&str, &[u8]); 10] = [
    ("solid.7z", include_bytes!("archives/solid.7z")),
    ("apart.7z", include_bytes!("archives/apart.7z")),
    ("code.7z", include_bytes!("archives/code.7z")),
    ("delta.7z", include_bytes!("archives/delta.7z")),
    ("bzip2.7z", include_bytes!("archives/bzip2.7z")),
    ("deflate.7z", include_bytes!("archives/deflate.7z")),
    ("bzip2.zip", include_bytes!("archives/bzip2.zip")),
    ("lzma.zip", include_bytes!("archives/lzma.zip")),
    ("xz.zip", include_bytes!("archives/xz.zip")),
    ("folder.tar.xz", include_bytes!("archives/folder.tar.xz")),
];

const STREAMS: [(&str, &[u8]); 3] = [
    ("photo.gif.zst", include_bytes!("archives/photo.gif.zst")),
    ("notes.txt.zst", include_bytes!("archives/notes.txt.zst")),
    ("notes.txt.bz2", include_bytes!("archives/notes.txt.bz2")),
];

#[test]
fn archives_of_every_packing_are_opened() {
    for (name, archive) in ARCHIVES {
        let found = look(archive);
        for file in ["media/photo.gif", "data/deep/notes.txt"] {
            let told = told(&found);
            let path = |one: &&(&str, &str)| one.0.ends_with(&format!("!{file}"));
            let chain = told.iter().filter(path).map(|one| one.1).collect::<Vec<_>>();
            assert_eq!(chain, ["redstar-chain"], "{name}: {file} in {told:?}");
        }
        assert!(found.iter().all(|one| one.severity > Severity::Note), "{name}: nothing unread");
    }
    for (name, stream) in STREAMS {
        assert_eq!(told(&look(stream)), [("disk!content", "redstar-chain")], "{name}");
    }
}

#[test]
fn archives_that_cannot_be_opened_say_why() {
    let unread: [(&[u8], &str); 3] = [
        (include_bytes!("archives/ppmd.7z"), "not-opened"),
        (include_bytes!("archives/streams.7z"), "not-opened"),
        (include_bytes!("archives/secret.7z"), "encrypted"),
    ];
    for (archive, rule) in unread {
        assert_eq!(told(&look(archive)), [("disk", rule)]);
    }
}

#[test]
fn torn_archives_are_told_and_end() {
    let mut dice = Dice(10);
    for (_, archive) in ARCHIVES.into_iter().chain(STREAMS) {
        for _ in 0..40 {
            let mut torn = archive.to_vec();
            for _ in 0..=dice.below(20) {
                let at = dice.below(torn.len() as u64) as usize;
                torn[at] = dice.roll() as u8;
            }
            torn.truncate(dice.below(2 * torn.len() as u64) as usize);
            look(&torn);
        }
    }
}

#[test]
fn a_packed_nothing_of_gigabytes_is_a_bomb() {
    // Streams of nine million zeros each, one behind the other.
    let one = include_bytes!("archives/zeros.bz2").repeat(60);
    assert!(told(&look(&one)).contains(&("disk!content", "bomb")), "{} bytes", one.len());
}

#[test]
fn an_image_that_ends_in_its_boot_sector_is_told() {
    let ntfs = unpacked(include_bytes!("images/ntfs.img.gz"));
    for bytes in [12, 100, 511, 512, 600, 5_000] {
        assert_eq!(told(&look(&ntfs[..bytes])), [("disk", "unreadable")], "{bytes}");
    }
}

#[test]
fn torn_images_are_told_and_end() {
    let mut dice = Dice(5);
    let images = [
        ext4(),
        unpacked(include_bytes!("images/ntfs.img.gz")),
        disks::fat("a", "b.jpg", &photo()),
        disks::exfat("a", "b.jpg", &photo()),
        disks::sparse(&disks::gpt(&[("x", &disks::fat("a", "b.jpg", &photo()))])),
    ];
    for image in images {
        for _ in 0..12 {
            let mut torn = image.clone();
            for _ in 0..=dice.below(60) {
                // Mostly where the structures are.
                let most = if dice.below(2) == 0 { 8_192 } else { torn.len() as u64 };
                let at = dice.below(most) as usize;
                torn[at] = dice.roll() as u8;
            }
            torn.truncate(dice.below(2 * torn.len() as u64) as usize);
            look(&torn);
        }
    }
}
