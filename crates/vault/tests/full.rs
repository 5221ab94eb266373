#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! A full home takes nothing new, and lets go of everything.

mod world;

use sogon_engine::{Change, Shelf};
use sogon_vault::{Vault, VaultError};
use world::{Dice, Ram, delete, index, put};

/// Words by chance, so that hardly two texts share a pair.
fn text(dice: &mut Dice) -> String {
    let letter = |n: u64| char::from_u32(0xac00 + u32::try_from(n).unwrap()).unwrap();
    (0..40).map(|_| letter(dice.roll(2_000))).collect()
}

/// A message as it is stored: its row and its words.
fn message(id: u64, dice: &mut Dice) -> Vec<Change> {
    let text = text(dice);
    vec![put(1, &id.to_be_bytes(), text.as_bytes()), index(id, &text)]
}

/// A message goes, and its conversation is told.
fn removal(id: u64) -> Vec<Change> {
    let told = put(2, b"conversation", &id.to_be_bytes());
    vec![told, delete(1, &id.to_be_bytes()), Change::Unindex { id }]
}

/// Stores messages until the home is full; gives the id of the first that was refused.
fn fill(vault: &mut Vault, mut id: u64, dice: &mut Dice) -> u64 {
    loop {
        match vault.commit(&message(id, dice)) {
            Ok(()) => id += 1,
            Err(error) => {
                assert_eq!(error, VaultError::HomeFull);
                return id;
            }
        }
    }
}

#[test]
fn a_full_home_lets_go_of_every_message() {
    let mut vault = Ram::with_home().open().unwrap();
    let stored = fill(&mut vault, 0, &mut Dice(3));
    assert!(stored > 200, "{stored}");
    for id in 0..stored {
        vault.commit(&removal(id)).unwrap_or_else(|error| panic!("{id} of {stored}: {error}"));
    }
    vault.check().unwrap();
}

#[test]
fn what_is_held_back_is_there_however_often_a_home_was_full() {
    let mut vault = Ram::with_home().open().unwrap();
    let mut dice = Dice(4);
    let mut stored = fill(&mut vault, 0, &mut dice);
    for round in 0..40 {
        // What replaces rows by larger ones eats up nothing of it either.
        let larger = vec![7; 600 + 20 * round];
        let _ = vault.commit(&[delete(3, b"gone"), put(3, &round.to_be_bytes(), &larger)]);
        let id = u64::try_from(round).unwrap() * 3;
        vault.commit(&removal(id)).unwrap_or_else(|error| panic!("round {round}: {error}"));
        stored = fill(&mut vault, stored, &mut dice);
    }
    assert_eq!(vault.search("", 1).unwrap(), [] as [u64; 0]);
    vault.check().unwrap();
}
