#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "test numbers"
)]
//! Images of disks and phones, whole and torn. `images/*.gz` are two small file systems of our own
//! content, made with mke2fs and mkntfs; the others are made here.

mod forge;

use std::io::Read;

use forge::{Dice, disks, tagged};
use sogon_inspect::{
    finding::{Event, Finding},
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

fn look(image: &[u8]) -> Vec<Finding> {
    let (know, share) = (Knowledge::new(&Lists::default()).unwrap(), Share::default());
    let mut heard = Heard::default();
    Looker::new(&know, Limits::default(), &share, &mut heard).file("disk", &image.to_vec());
    heard.0
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
    let f2fs = {
        let mut image = vec![0; 8_192];
        image[1_024..1_028].copy_from_slice(&[0x10, 0x20, 0xF5, 0xF2]);
        image
    };
    assert_eq!(told(&look(&f2fs)), [("disk", "not-opened")]);
    let inside = look(&disks::gpt(&[("userdata", &f2fs)]));
    assert_eq!(told(&inside), [("disk!1-userdata!image", "not-opened")]);
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
