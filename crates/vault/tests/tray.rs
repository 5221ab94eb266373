#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! The tray of a locked home, and somebody else who opens the home meanwhile.

mod world;

use sogon_vault::{Tray, TrayKey};
use world::{Dice, Ram, put, rows};

/// A home that was locked, and the tray it left.
fn locked() -> (Ram, Tray) {
    let ram = Ram::with_home();
    let mut vault = ram.open().unwrap();
    vault.commit(&[put(1, b"a", &Dice(1).bytes(20_000))]).unwrap();
    let tray = vault.close_with_tray(&TrayKey::random().unwrap()).unwrap();
    (ram, tray)
}

#[test]
fn a_tray_is_taken_again_as_often_as_nobody_opened_the_home() {
    let (ram, mut tray) = locked();
    for _ in 0..3 {
        assert!(tray.take_on(Box::new(ram.clone())).unwrap());
        assert!(tray.put(b"a piece").unwrap());
        tray.release();
    }
    drop(ram.open().unwrap());
    for _ in 0..2 {
        assert!(!tray.take_on(Box::new(ram.clone())).unwrap());
        let before = ram.written();
        assert!(!tray.put(b"a piece").unwrap(), "nobody would read it");
        assert_eq!(ram.written(), before);
    }
}

#[test]
fn a_tray_that_is_taken_again_writes_over_no_copies_that_a_settling_of_somebody_else_left() {
    let change = put(1, b"a", &Dice(2).bytes(20_000));
    let session = |ram: &Ram| {
        let Ok(mut vault) = ram.open() else { return };
        let _ = vault.commit(std::slice::from_ref(&change));
        let _ = vault.close();
    };
    let whole = Ram::of(locked().0.image());
    let before = rows(&Ram::of(whole.image()).open().unwrap());
    session(&whole);
    let after = rows(&Ram::of(whole.image()).open().unwrap());
    for (cut, seed) in (1..=whole.written()).flat_map(|cut| [(cut, 1), (cut, 2)]) {
        let (closed, mut tray) = locked();
        let ram = Ram::of(closed.image());
        ram.cut_power_at(cut);
        session(&ram);
        let left = ram.after_power_loss(cut as u64 * 10 + seed);
        let taken = tray.take_on(Box::new(left.clone())).unwrap();
        let kept = tray.put(&[7; 3 * 4_096]).unwrap();
        assert_eq!(kept, taken);
        tray.release();
        let told = format!("cut {cut} {seed}, taken: {taken}");
        let vault = left.open().unwrap_or_else(|why| panic!("{told}: {why}"));
        let now = rows(&vault);
        assert!(now == before || now == after, "{told}");
        vault.check().unwrap();
    }
}
