//! Golden sessions of a home in which a bit was flipped, anywhere: what is shown is all that was
//! there, or the program says that the home is damaged and what to do; never something in between.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

mod cast;

use std::fs;

use cast::{Person, World};

const SECTOR_BYTES: usize = 4_096;

/// Numbers that look like chance and are the same every time.
fn dice(number: usize) -> usize {
    let mut x = number as u64 + 0x9e37_79b9_7f4a_7c15;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((x ^ (x >> 31)) & 0xffff_ffff).unwrap()
}

/// People, texts and the own log, as `--json` tells them.
fn told(person: &Person) -> Result<String, cast::Ran> {
    let mut told = String::new();
    for words in [["--json", "contacts"], ["--json", "read"], ["--json", "alerts"]] {
        let ran = person.run(&words);
        if ran.code != 0 {
            return Err(ran);
        }
        told.push_str(&ran.out);
    }
    Ok(told)
}

#[test]
fn a_flipped_bit_is_healed_or_said_and_never_a_silent_half() {
    let world = World::new();
    let mina = world.person("Mina");
    let new = fs::read(mina.home.join("data")).unwrap();
    let joon = world.person("Joon");
    mina.meets(&joon);
    for n in 0..12 {
        joon.done(&["send", "Mina", &format!("a text that is to be there, number {n}")]);
    }
    mina.done(&["sync"]);
    mina.done(&["read"]);
    let whole = fs::read(mina.home.join("data")).unwrap();
    let before = told(&mina).unwrap();
    assert_eq!(mina.texts().len(), 12);

    // Salt and key blocks, what the home wrote, and some of the rest.
    let sectors = new.len() / SECTOR_BYTES;
    let at = |image: &[u8], sector: usize| {
        image[sector * SECTOR_BYTES..(sector + 1) * SECTOR_BYTES].to_vec()
    };
    let written = (9..sectors).filter(|sector| at(&new, *sector) != at(&whole, *sector));
    let written: Vec<_> = written.collect();
    let rest = (9..sectors).step_by(61);
    let (mut healed, mut damaged, mut shut) = (0, 0, 0);
    for sector in (0..9).chain(written.iter().copied()).chain(rest) {
        let mut flipped = whole.clone();
        // Only the salt counts in the first sector.
        let byte = dice(sector) % if sector == 0 { 32 } else { SECTOR_BYTES };
        flipped[sector * SECTOR_BYTES + byte] ^= 1 << (dice(byte) % 8);
        fs::write(mina.home.join("data"), &flipped).unwrap();
        match told(&mina) {
            Ok(now) => {
                assert_eq!(now, before, "sector {sector}");
                healed += 1;
            }
            Err(ran) if ran.code == 1 => {
                ran.failed(1, "damaged");
                assert!(ran.err.contains("restore"), "{ran:?}");
                // Looking at it changes nothing for the worse, and the check agrees.
                mina.run(&["doctor"]).failed(1, "");
                damaged += 1;
            }
            Err(ran) => {
                ran.failed(3, "restore a backup");
                shut += 1;
            }
        }
    }
    assert!(healed > 20, "{healed} healed, {damaged} damaged, {shut} shut");
    assert!(damaged >= 4, "{healed} healed, {damaged} damaged, {shut} shut");
    assert_eq!(shut, 1, "the salt, and nothing else, is there once");

    fs::write(mina.home.join("data"), &whole[..whole.len() / 2]).unwrap();
    assert!(told(&mina).is_err_and(|ran| ran.code == 1 && ran.err.contains("damaged")));
    fs::write(mina.home.join("data"), &whole).unwrap();
    assert_eq!(told(&mina).unwrap(), before);
}
