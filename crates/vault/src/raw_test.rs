//! What a raw image of the disk holds after something was to be gone: neither the sectors that held
//! it nor the key blocks that led to it, anywhere, in the journal and in free space too.
//!
//! With the right to mount, a file system of its own is made in a file and the whole of it is
//! searched; without, the container is.

#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use sogon_engine::{Change, Table};
use tempfile::TempDir;

use crate::sector::SECTOR_BYTES;
use crate::{Cost, Passphrase, Size, Vault};

const COST: Cost = Cost::NONE_FOR_TESTS;

/// A disk with one file on it.
struct Image {
    folder: TempDir,
    mounted: bool,
}

impl Image {
    fn new() -> Self {
        let mut image = Self { folder: tempfile::tempdir().unwrap(), mounted: false };
        std::fs::create_dir(image.folder.path().join("mnt")).unwrap();
        File::create(image.raw()).unwrap().set_len(64 << 20).unwrap();
        let raw = image.raw();
        let made = run("mkfs.ext4", &["-q", "-F", raw.to_str().unwrap()]);
        image.mounted = made && image.mount();
        image
    }

    fn raw(&self) -> PathBuf {
        self.folder.path().join("raw")
    }

    fn mount(&self) -> bool {
        let (raw, place) = (self.raw(), self.folder.path().join("mnt"));
        run("mount", &["-o", "loop", raw.to_str().unwrap(), place.to_str().unwrap()])
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("mnt/home")
    }

    /// A child that another test makes has all that is open here, until it is another program.
    fn unmount(&self) {
        let place = self.folder.path().join("mnt");
        assert!((0..200).any(|_| run("umount", &[place.to_str().unwrap()])));
    }

    /// Every byte of the disk, as somebody who took it finds it.
    fn bytes(&self) -> Vec<u8> {
        let path = if self.mounted {
            self.unmount();
            self.raw()
        } else {
            self.home()
        };
        let mut bytes = Vec::new();
        File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
        assert!(!self.mounted || self.mount());
        bytes
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if self.mounted {
            run("umount", &["-l", self.folder.path().join("mnt").to_str().unwrap()]);
        }
    }
}

fn run(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

/// The first bytes of a sealed sector: its nonce, which no other sector has.
type Mark = [u8; 24];

fn mark(sector: &[u8]) -> Mark {
    *sector.first_chunk().unwrap()
}

/// The marks of both copies of the key block of an open home.
fn key_block(vault: &Vault, path: &Path) -> [Mark; 2] {
    let place = usize::from(vault.pages().slot().parts().1.place);
    let mut bytes = vec![0; 9 * SECTOR_BYTES];
    File::open(path).unwrap().read_exact(&mut bytes).unwrap();
    [1, 2].map(|copy| mark(&bytes[(place * 2 + copy) * SECTOR_BYTES..]))
}

/// How many of the marks stand anywhere in the image.
fn found(image: &[u8], marks: &[Mark]) -> usize {
    let first: std::collections::BTreeSet<&Mark> = marks.iter().collect();
    // Sectors of the container lie on sectors of the disk, wherever they were copied to.
    image.chunks(512).filter_map(|piece| piece.first_chunk()).filter(|m| first.contains(m)).count()
}

fn put(key: u8, value: &str) -> Change {
    Change::Put { table: Table(1), key: vec![key], value: value.as_bytes().to_vec() }
}

fn filled(path: &Path, passphrase: &Passphrase) -> Vault {
    let mut vault = Vault::create(path, passphrase, Size::SMALLEST, COST).unwrap();
    for n in 0..60_u8 {
        let text = format!("평범한 이야기 {n}");
        vault.commit(&[put(n, &text), Change::Index { id: n.into(), text }]).unwrap();
    }
    vault
}

#[test]
fn a_raw_image_holds_no_sector_of_what_was_deleted() {
    let image = Image::new();
    let (path, passphrase) = (image.home(), Passphrase::new("암호").unwrap());
    let secret = "뷁뛟 위험한 문장";
    let mut vault = filled(&path, &passphrase);
    let index = Change::Index { id: 100, text: secret.to_owned() };
    vault.commit(&[put(100, secret), index]).unwrap();
    let mut marks = vault.sectors_with(secret.as_bytes()).unwrap();
    assert!(!marks.is_empty(), "in the log");
    vault.settle().unwrap();
    let home = vault.sectors_with(secret.as_bytes()).unwrap();
    assert!(home.len() >= 2, "the row, and the words of the index");
    marks.extend(home);
    drop(vault);
    assert!(found(&image.bytes(), &marks) > 0, "the search finds what is there");

    let mut vault = Vault::open(&path, &passphrase, COST).unwrap();
    let delete = Change::Delete { table: Table(1), key: vec![100] };
    vault.commit(&[delete, Change::Unindex { id: 100 }]).unwrap();
    vault.settle().unwrap();
    assert!(vault.sectors_with(secret.as_bytes()).unwrap().is_empty());
    drop(vault);
    assert_eq!(found(&image.bytes(), &marks), 0);
}

#[test]
fn a_raw_image_holds_no_key_block_of_a_home_that_was_wiped() {
    let image = Image::new();
    let (path, passphrase) = (image.home(), Passphrase::new("암호").unwrap());
    let mut vault = filled(&path, &passphrase);
    vault.settle().unwrap();
    let words = vault.sectors_with("평범한".as_bytes()).unwrap();
    // Every form the key block ever had: each unlock seals it anew.
    let mut blocks = key_block(&vault, &path).to_vec();
    drop(vault);
    for _ in 0..3 {
        let vault = Vault::open(&path, &passphrase, COST).unwrap();
        blocks.extend(key_block(&vault, &path));
    }
    let before = image.bytes();
    assert!(found(&before, &blocks) >= 2 && found(&before, &words) > 0, "the search finds them");
    Vault::open(&path, &passphrase, COST).unwrap().wipe().unwrap();
    let after = image.bytes();
    assert_eq!(found(&after, &blocks), 0, "the key");
    assert_eq!(found(&after, &words), 0, "and what it was the key of");
}
