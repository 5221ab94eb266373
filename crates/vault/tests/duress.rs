#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! Three passphrases that look alike: the home, the decoy, and the decoy that wipes.

mod world;

use sogon_engine::{Shelf, Table};
use sogon_vault::{Passphrase, SECTOR_BYTES, SLOTS, Vault, VaultError};
use world::{COST, Deed, Dice, Ram, index, passphrase, put};

fn decoy() -> Passphrase {
    Passphrase::new("여름 휴가 사진").unwrap()
}

fn duress() -> Passphrase {
    Passphrase::new("겨울 휴가 사진").unwrap()
}

fn open(ram: &Ram, passphrase: &Passphrase) -> Result<Vault, VaultError> {
    Vault::open_on(Box::new(ram.clone()), passphrase, COST)
}

/// A container with a home, a decoy, and a passphrase that wipes.
fn three() -> Ram {
    let ram = Ram::with_home();
    let mut real = ram.open().unwrap();
    real.commit(&[put(1, b"a", "진짜 집".as_bytes()), index(1, "진짜")]).unwrap();
    real.close().unwrap();
    let disk = Box::new(ram.clone());
    let mut vault = Vault::add_on(disk, &[&passphrase()], &decoy(), Some(&duress()), COST).unwrap();
    vault.commit(&[put(1, b"a", "휴가 사진".as_bytes())]).unwrap();
    vault.close().unwrap();
    ram
}

fn says(vault: &Vault) -> String {
    String::from_utf8(vault.row(Table(1), b"a").unwrap().unwrap()).unwrap()
}

/// Where the slots end and footprints lie.
const END: usize = 9 + 4 * 256;

/// Sectors that differ: key blocks and footprints, then sectors of each slot.
fn changed(before: &[u8], after: &[u8]) -> (usize, [usize; SLOTS as usize]) {
    let mut slots = [0; SLOTS as usize];
    let mut blocks = 0;
    let pairs = before.chunks(SECTOR_BYTES).zip(after.chunks(SECTOR_BYTES));
    for (at, _) in pairs.enumerate().filter(|(_, (before, after))| before != after) {
        match at.checked_sub(9).filter(|_| at < END) {
            None => blocks += 1,
            Some(at) => slots[(at / 64) % usize::from(SLOTS)] += 1,
        }
    }
    (blocks, slots)
}

#[test]
fn each_passphrase_opens_its_own_and_duress_opens_the_decoy_and_ends_the_home() {
    let ram = three();
    assert_eq!(says(&open(&ram, &passphrase()).unwrap()), "진짜 집");
    assert_eq!(says(&open(&ram, &decoy()).unwrap()), "휴가 사진");
    let mut vault = open(&ram, &duress()).unwrap();
    assert_eq!(says(&vault), "휴가 사진");
    vault.commit(&[put(1, b"a", "더 많은 사진".as_bytes())]).unwrap();
    vault.close().unwrap();
    for gone in [passphrase(), decoy()] {
        assert_eq!(open(&ram, &gone).unwrap_err(), VaultError::WrongPassphrase);
    }
    // Whoever asks for it once more gets the same home once more.
    assert_eq!(says(&open(&ram, &duress()).unwrap()), "더 많은 사진");
}

#[test]
fn whoever_watches_the_disk_cannot_tell_one_unlock_from_another() {
    let mut traces = Vec::new();
    for with in [passphrase(), decoy(), duress()] {
        let ram = three();
        ram.deeds();
        let vault = open(&ram, &with).unwrap();
        let deeds = ram.deeds();
        drop(vault);
        // Which slot is read differs; that it is read, how often and in what order does not.
        let shape: Vec<Deed> = deeds
            .into_iter()
            .map(|deed| match deed {
                Deed::Read { sector, sectors } if sector >= 9 => {
                    let stripe = (sector - 9) / 64 / usize::from(SLOTS);
                    Deed::Read { sector: 9 + stripe * 64 + (sector - 9) % 64, sectors }
                }
                deed => deed,
            })
            .collect();
        traces.push(shape);
    }
    assert_eq!(traces[0], traces[1]);
    assert_eq!(traces[1], traces[2]);
    let writes: Vec<_> =
        traces[0].iter().filter(|deed| !matches!(deed, Deed::Read { .. })).collect();
    assert_eq!(writes.len(), 11, "eight key blocks, the footprints, two syncs");
    // A home that is alone in its container does the same.
    let alone = Ram::with_home();
    alone.deeds();
    let vault = alone.open().unwrap();
    let deeds = alone.deeds();
    let ours: Vec<_> = deeds.iter().filter(|deed| !matches!(deed, Deed::Read { .. })).collect();
    assert_eq!(ours, writes);
    drop(vault);
}

#[test]
fn a_wrong_passphrase_reads_the_same_sectors_as_a_right_one() {
    let ram = three();
    let blocks = |passphrase: &Passphrase| {
        ram.deeds();
        let opened = open(&ram, passphrase);
        let found = opened.is_ok();
        let deeds = ram.deeds();
        let first_write = deeds.iter().position(|deed| !matches!(deed, Deed::Read { .. }));
        let tried: Vec<Deed> = deeds[..first_write.unwrap_or(deeds.len())].to_vec();
        (found, tried)
    };
    let (found, right) = blocks(&passphrase());
    let (none, wrong) = blocks(&Passphrase::new("아무 말").unwrap());
    assert!(found && !none);
    assert_eq!(wrong.len(), 9, "the salt, and eight blocks");
    // The next is the first read of what an unlock writes back.
    assert_eq!(right[..9], wrong);
}

#[test]
fn power_that_goes_during_a_duress_unlock_never_brings_the_home_back() {
    let whole = three();
    let writes = 9;
    for cut in 1..=writes {
        for seed in 0..6 {
            let ram = Ram::of(whole.image());
            ram.cut_power_at(cut);
            let _ = open(&ram, &duress());
            let after = ram.after_power_loss(seed);
            assert_eq!(says(&open(&after, &duress()).unwrap()), "휴가 사진", "cut {cut} {seed}");
            assert_eq!(open(&after, &passphrase()).unwrap_err(), VaultError::WrongPassphrase);
        }
    }
}

#[test]
fn power_that_goes_during_an_ordinary_unlock_harms_nobody() {
    let whole = three();
    for cut in 1..=9 {
        for (seed, with) in (0..4).flat_map(|seed| [(seed, passphrase()), (seed, decoy())]) {
            let ram = Ram::of(whole.image());
            ram.cut_power_at(cut);
            let _ = open(&ram, &with);
            let after = ram.after_power_loss(seed);
            assert_eq!(says(&open(&after, &passphrase()).unwrap()), "진짜 집", "cut {cut}");
            assert_eq!(says(&open(&after, &decoy()).unwrap()), "휴가 사진", "cut {cut}");
        }
    }
}

#[test]
fn a_decoys_session_resealed_looks_like_that_of_a_home_alone() {
    let alone = {
        let ram = Ram::with_home();
        (ram, passphrase())
    };
    let mut shapes = Vec::new();
    for (ram, with) in [alone, (three(), decoy()), (three(), duress()), (three(), passphrase())] {
        for texts in [0_u64, 30] {
            let before = ram.image();
            let mut vault = open(&ram, &with).unwrap();
            for n in 0..texts {
                vault.commit(&[put(2, &n.to_be_bytes(), &Dice(n).bytes(900))]).unwrap();
            }
            vault.reseal().unwrap();
            vault.close().unwrap();
            let (_, mut slots) = changed(&before, &ram.image());
            slots.sort_unstable();
            shapes.push(slots);
            open(&ram, &with).unwrap().check().unwrap();
        }
    }
    // Its own slot and one that it knows to be empty, whole, however much was written.
    for shape in shapes {
        assert_eq!(shape, [0, 0, 256, 256]);
    }
}

#[test]
fn a_resealed_session_of_the_decoy_harms_nobody() {
    let ram = three();
    for _ in 0..3 {
        for with in [passphrase(), decoy()] {
            let mut vault = open(&ram, &with).unwrap();
            vault.reseal().unwrap();
            vault.close().unwrap();
        }
    }
    let real = open(&ram, &passphrase()).unwrap();
    assert_eq!(real.search("진짜", 9).unwrap(), [1]);
    real.check().unwrap();
    drop(real);
    open(&ram, &decoy()).unwrap().check().unwrap();
}

#[test]
fn power_that_goes_while_resealing_loses_nothing() {
    let home = Ram::with_home();
    let mut vault = home.open().unwrap();
    for n in 0..40_u64 {
        vault.commit(&[put(1, &n.to_be_bytes(), &Dice(n).bytes(3_000))]).unwrap();
    }
    vault.close().unwrap();
    let whole = Ram::of(home.image());
    let mut vault = whole.open().unwrap();
    let rows = world::rows(&vault);
    vault.reseal().unwrap();
    drop(vault);
    for cut in (1..=whole.written()).step_by(3) {
        let ram = Ram::of(home.image());
        ram.cut_power_at(cut);
        if let Ok(mut vault) = ram.open() {
            let _ = vault.reseal();
        }
        let after = ram.after_power_loss(cut as u64);
        let vault = after.open().unwrap_or_else(|error| panic!("cut {cut}: {error}"));
        assert!(world::rows(&vault) == rows, "cut {cut}");
        vault.check().unwrap();
    }
}

#[test]
fn a_second_home_needs_room_and_a_passphrase_of_its_own() {
    let ram = three();
    let add = |known: &[&Passphrase], new: &Passphrase, wipes: Option<&Passphrase>| {
        Vault::add_on(Box::new(ram.clone()), known, new, wipes, COST).map(drop).unwrap_err()
    };
    let fresh = Passphrase::new("새 암호").unwrap();
    assert_eq!(add(&[&fresh], &fresh, None), VaultError::WrongPassphrase);
    assert_eq!(add(&[], &fresh, None), VaultError::WrongPassphrase);
    assert_eq!(add(&[&passphrase()], &decoy(), None), VaultError::AlreadyThere);
    assert_eq!(add(&[&passphrase()], &fresh, Some(&duress())), VaultError::AlreadyThere);
    assert_eq!(add(&[&passphrase()], &fresh, Some(&fresh)), VaultError::AlreadyThere);
    assert_eq!(says(&open(&ram, &passphrase()).unwrap()), "진짜 집");
    assert_eq!(says(&open(&ram, &decoy()).unwrap()), "휴가 사진");
}

#[test]
fn a_wiped_home_is_gone_with_its_slot() {
    let ram = three();
    let before = ram.image();
    open(&ram, &passphrase()).unwrap().wipe().unwrap();
    assert_eq!(open(&ram, &passphrase()).unwrap_err(), VaultError::WrongPassphrase);
    let (_, mut slots) = changed(&before, &ram.image());
    slots.sort_unstable();
    assert_eq!(slots, [0, 0, 0, 256], "its slot, whole, and no other");
    assert_eq!(says(&open(&ram, &decoy()).unwrap()), "휴가 사진");
}

#[test]
fn the_size_is_the_same_with_one_home_and_with_three_passphrases() {
    let size = |ram: Ram| ram.image().len();
    assert_eq!(size(three()), size(Ram::with_home()));
    assert_eq!(size(three()), (END + 1) * SECTOR_BYTES);
}
