#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! What somebody finds who looks for structure: compressors find nothing to shorten, and no place of
//! the container has a value it likes better than others, in any number of containers.

mod world;

use std::io::Write;
use std::process::{Command, Stdio};

use flate2::{Compression, write::DeflateEncoder};
use sogon_engine::Change;
use sogon_vault::{Passphrase, SECTOR_BYTES, Vault};
use world::{COST, Ram, delete, index, passphrase, put};

/// Everything a home does, with very regular bytes; the image is that of a process killed at its
/// end, or closed.
fn used(closed: bool) -> Vec<u8> {
    let ram = Ram::with_home();
    let mut vault = ram.open().unwrap();
    for n in 0..40_u8 {
        let text = index(n.into(), "비밀 비밀 비밀 the same words again and again");
        vault.commit(&[put(1, &[n], &[0; 3_000]), put(2, &[n], &[n; 500]), text]).unwrap();
        if n % 16 == 15 {
            vault.settle().unwrap();
        }
    }
    vault.commit(&[delete(1, &[3]), Change::Unindex { id: 4 }]).unwrap();
    let killed = ram.image();
    vault.close().unwrap();
    if closed { ram.image() } else { killed }
}

/// How many bytes fewer the best compressor here needs: the one that is built in, and those that
/// this machine has.
fn shortened(bytes: &[u8]) -> (i64, usize) {
    let length = |bytes: usize| i64::try_from(bytes).unwrap();
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
    deflate.write_all(bytes).unwrap();
    let mut best = length(deflate.finish().unwrap().len());
    let mut tried = 1;
    let programs: [&[&str]; 4] =
        [&["gzip", "-9c"], &["bzip2", "-9c"], &["xz", "-9ec"], &["zstd", "-19", "--long=27", "-c"]];
    for program in programs {
        let child = Command::new(program[0])
            .args(&program[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else { continue };
        let mut stdin = child.stdin.take().unwrap();
        let input = bytes.to_vec();
        let feeding = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        feeding.join().unwrap().unwrap();
        assert!(output.status.success(), "{program:?}");
        best = best.min(length(output.stdout.len()));
        tried += 1;
    }
    (length(bytes.len()) - best, tried)
}

#[test]
fn no_compressor_shortens_a_container_new_in_use_or_closed() {
    for image in [Ram::with_home().image(), used(false), used(true)] {
        let (fewer, tried) = shortened(&image);
        assert!(fewer <= 0, "{fewer} bytes fewer, by the best of {tried}");
    }
    // They would find it: one sector of one slot that is another one again.
    let mut image = used(true);
    let (from, to) = (300 * SECTOR_BYTES, 310 * SECTOR_BYTES);
    image.copy_within(from..from + SECTOR_BYTES, to);
    let mut counted = image.clone();
    counted[to..to + SECTOR_BYTES].fill(0);
    assert!(shortened(&counted).0 > 2_000, "a sector of zeros is found");
}

#[test]
fn a_compressor_that_is_there_shortens_what_the_container_holds_when_it_is_not_sealed() {
    let plain = "비밀 비밀 비밀 the same words again and again".repeat(2_000);
    assert!(shortened(plain.as_bytes()).0 > 80_000);
}

/// Containers with a home, some with a decoy, each after a session.
fn many(count: usize) -> Vec<Vec<u8>> {
    let decoy = Passphrase::new("여름 휴가 사진").unwrap();
    let one = |n: usize| {
        let ram = Ram::with_home();
        if n.is_multiple_of(3) {
            let disk = Box::new(ram.clone());
            drop(Vault::add_on(disk, &[&passphrase()], &decoy, None, COST).unwrap());
        }
        let mut vault = ram.open().unwrap();
        vault.commit(&[put(1, b"a", b"the same in all of them"), index(1, "비밀")]).unwrap();
        if n.is_multiple_of(2) {
            vault.close().unwrap();
        }
        ram.image()
    };
    (0..count).map(one).collect()
}

#[test]
fn no_byte_and_no_bit_has_a_value_of_its_own_at_any_place_of_the_container() {
    const COUNT: usize = 64;
    // Salt, key blocks, and the head of every slot with its headers, log, spares and first pages.
    let sectors = (0..9).chain((0..4).flat_map(|slot| (9 + slot * 64)..(9 + slot * 64 + 60)));
    let images = many(COUNT);
    let mut looked = 0_usize;
    for offset in sectors.flat_map(|sector| sector * SECTOR_BYTES..(sector + 1) * SECTOR_BYTES) {
        let mut bytes = [0_u8; 256];
        let mut bits = [0_usize; 8];
        for image in &images {
            let byte = image[offset];
            bytes[usize::from(byte)] += 1;
            (0..8).for_each(|bit| bits[bit] += usize::from(byte >> bit & 1));
        }
        // Of a million places, one value comes 9 times in 64 at one or two; 14 times at none.
        assert!(bytes.iter().all(|times| *times < 14), "byte {offset}");
        // Seven standard deviations.
        assert!(bits.iter().all(|ones| (4..=60).contains(ones)), "bit of {offset}: {bits:?}");
        looked += 1;
    }
    assert_eq!(looked, (9 + 240) * SECTOR_BYTES);
}
