#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! What somebody without the passphrase sees: noise of an unchanging size.

mod world;

use sogon_engine::{Change, Shelf};
use sogon_vault::{Passphrase, SECTOR_BYTES, SLOTS, Size, Vault, VaultError};
use world::{COST, Ram, delete, index, passphrase, put};

/// Where the slots end.
const END: usize = 9 + SLOTS as usize * 256;

/// A session with many equal and very regular bytes in it.
fn session(vault: &mut Vault) {
    for n in 0..40_u8 {
        let batch =
            [put(1, &[n], &[0; 3_000]), put(2, &[n], &[n; 500]), index(n.into(), "비밀 비밀 비밀")];
        vault.commit(&batch).unwrap();
    }
    vault.commit(&[delete(1, &[3]), Change::Unindex { id: 4 }]).unwrap();
}

fn assert_noise(image: &[u8]) {
    let mut counts = [0_u64; 256];
    let mut pairs = vec![0_u64; 65_536];
    let (mut run, mut longest) = (0, 0);
    for pair in image.windows(2) {
        counts[usize::from(pair[0])] += 1;
        pairs[usize::from(pair[0]) * 256 + usize::from(pair[1])] += 1;
        run = if pair[0] == pair[1] { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    // The number of standard deviations that chi-square lies from what noise has.
    let deviation = |counts: &[u64]| {
        let freedom = counts.len() as f64 - 1.0;
        let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
        let sum: f64 = counts.iter().map(|count| (*count as f64 - expected).powi(2)).sum();
        (sum / expected - freedom) / (2.0 * freedom).sqrt()
    };
    assert!(deviation(&counts).abs() < 5.0, "bytes: {}", deviation(&counts));
    assert!(deviation(&pairs).abs() < 5.0, "pairs of bytes: {}", deviation(&pairs));
    assert!(longest < 6, "the same byte {longest} times");
    for sector in image.chunks(SECTOR_BYTES) {
        let mut seen = [false; 256];
        sector.iter().for_each(|byte| seen[usize::from(*byte)] = true);
        // Of 4,096 random bytes, all 256 values occur but for one sector in 30,000 or so.
        assert!(seen.iter().filter(|seen| !**seen).count() < 3);
    }
    let mut sectors: Vec<&[u8]> = image.chunks(16).collect();
    sectors.sort_unstable();
    assert!(sectors.windows(2).all(|two| two[0] != two[1]), "the same 16 bytes twice");
}

#[test]
fn a_container_is_noise_when_new_in_use_after_a_kill_and_closed() {
    let ram = Ram::with_home();
    let size = ram.image().len();
    assert_noise(&ram.image());
    let mut vault = ram.open().unwrap();
    session(&mut vault);
    assert_noise(&ram.image());
    vault.close().unwrap();
    assert_noise(&ram.image());
    let wrong = Passphrase::new("아무 말").unwrap();
    for at_s in 0..2 {
        assert!(Vault::enter_on(Box::new(ram.clone()), &wrong, at_s).is_err());
        assert_noise(&ram.image());
    }
    assert_eq!(ram.image().len(), size);
    assert_eq!(size, (END + 1) * SECTOR_BYTES);
}

/// The slot of each sector that differs; `None` for the sectors before and behind the slots.
fn touched(before: &[u8], after: &[u8]) -> Vec<Option<usize>> {
    let sectors = before.chunks(SECTOR_BYTES).zip(after.chunks(SECTOR_BYTES)).enumerate();
    let changed = sectors.filter(|(_, (before, after))| before != after);
    let slot = |at: usize| Some((at.checked_sub(9)? / 64) % usize::from(SLOTS));
    let slots = changed.map(|(at, _)| slot(at).filter(|_| at < END));
    let mut slots: Vec<_> = slots.collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

#[test]
fn a_session_touches_only_its_own_slot() {
    let ram = Ram::with_home();
    let before = ram.image();
    let mut vault = ram.open().unwrap();
    session(&mut vault);
    vault.close().unwrap();
    let touched = touched(&before, &ram.image());
    // `None`: every unlock writes all key blocks.
    assert!(matches!(touched[..], [None, Some(_)]), "{touched:?}");
}

#[test]
fn homes_side_by_side_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let decoy = Passphrase::new("여름 휴가 사진").unwrap();
    let third = Passphrase::new("세 번째").unwrap();
    let mut vault = Vault::create(&path, &passphrase(), Size::SMALLEST, COST).unwrap();
    session(&mut vault);
    vault.close().unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    for (known, new) in [(vec![&third], &decoy), (vec![&passphrase()], &passphrase())] {
        assert!(Vault::add(&path, &known, new, None, COST).is_err());
    }
    let mut other = Vault::add(&path, &[&passphrase()], &decoy, None, COST).unwrap();
    other.commit(&[put(1, b"harmless", b"picture")]).unwrap();
    other.close().unwrap();
    Vault::add(&path, &[&decoy, &passphrase()], &third, None, COST).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), size);
    let real = Vault::open(&path, &passphrase(), COST).unwrap();
    assert_eq!(real.search("비밀", 99).unwrap().len(), 39);
    real.check().unwrap();
    drop(real);
    let mut other = Vault::open(&path, &decoy, COST).unwrap();
    assert_eq!(world::rows(&other)[1].len(), 1);
    // The decoy that wipes: the others are noise, and noise is all that changed.
    other.wipe_others().unwrap();
    other.close().unwrap();
    for gone in [&passphrase(), &third] {
        assert_eq!(Vault::open(&path, gone, COST).unwrap_err(), VaultError::WrongPassphrase);
    }
    Vault::open(&path, &decoy, COST).unwrap().wipe().unwrap();
    assert_eq!(Vault::open(&path, &decoy, COST).unwrap_err(), VaultError::WrongPassphrase);
}

#[test]
fn a_new_passphrase_replaces_the_old_one_in_place() {
    let ram = Ram::with_home();
    let mut vault = ram.open().unwrap();
    vault.commit(&[put(1, b"a", b"kept")]).unwrap();
    vault.settle().unwrap();
    let before = ram.image();
    let new = Passphrase::new("새 암호").unwrap();
    vault.change_passphrase(&new, COST).unwrap();
    assert_eq!(touched(&before, &ram.image()), [None]);
    drop(vault);
    assert_eq!(ram.open().unwrap_err(), VaultError::WrongPassphrase);
    let vault = Vault::open_on(Box::new(ram.clone()), &new, COST).unwrap();
    assert_eq!(world::rows(&vault)[1][0].1, b"kept");
}
