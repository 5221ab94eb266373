#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! What is deleted is gone, however large the home is and however long the text.

mod world;

use std::collections::BTreeMap;

use sogon_engine::{Change, Shelf};
use sogon_vault::{Size, Vault, VaultError};
use world::{COST, Dice, Ram, index, passphrase, put};

const LONG: u64 = 1_000_000;

/// Words by chance.
fn words(dice: &mut Dice, letters: u64) -> String {
    let letter = |n: u64| char::from_u32(0xac00 + u32::try_from(n).unwrap()).unwrap();
    (0..letters).map(|_| letter(dice.roll(3_000))).collect()
}

/// A small home that grew, with more pages of the index than the log takes, and long texts in it.
struct World {
    ram: Ram,
    vault: Vault,
    texts: BTreeMap<u64, String>,
    dice: Dice,
}

impl World {
    fn new() -> Self {
        let ram = Ram::default();
        let disk = Box::new(ram.clone());
        let mut vault = Vault::create_on(disk, &passphrase(), Size::SMALLEST, COST).unwrap();
        vault.grow(8).unwrap();
        let mut world = Self { ram, vault, texts: BTreeMap::new(), dice: Dice(8) };
        for first in (0..2_000).step_by(50) {
            world.commit(&(first..first + 50).map(|id| (id, Some(40))).collect::<Vec<_>>());
        }
        for id in LONG..LONG + 4 {
            world.commit(&[(id, Some(1_500))]);
        }
        world
    }

    /// Stores texts of so many letters under their ids, or takes them away.
    fn commit(&mut self, changes: &[(u64, Option<u64>)]) {
        let mut batch = vec![put(1, b"row", &self.dice.bytes(20))];
        for (id, letters) in changes {
            match letters {
                Some(letters) => {
                    let text = words(&mut self.dice, *letters);
                    batch.push(index(*id, &text));
                    self.texts.insert(*id, text);
                }
                None => {
                    batch.push(Change::Unindex { id: *id });
                    self.texts.remove(id);
                }
            }
        }
        self.vault.commit(&batch).unwrap();
    }

    /// Every search says what reading everything says.
    fn agrees(&self, asked: &[String]) {
        for text in asked {
            let word: String = text.chars().skip(3).take(2).collect();
            let holds = |text: &&String| text.contains(&word);
            let expected: Vec<u64> =
                self.texts.iter().rev().filter(|(_, t)| holds(t)).map(|(id, _)| *id).collect();
            assert_eq!(self.vault.search(&word, usize::MAX).unwrap(), expected, "{word}");
        }
    }

    /// As the disk is at this moment, without an orderly end.
    fn pulled_out(&mut self) {
        self.ram = Ram::of(self.ram.image());
        self.vault = self.ram.open().unwrap();
    }
}

#[test]
fn long_texts_and_many_go_from_a_home_whose_index_is_larger_than_its_log() {
    let mut world = World::new();
    let mut asked: Vec<String> = world.texts.values().step_by(40).cloned().collect();
    asked.extend(world.texts.range(LONG..).map(|(_, text)| text.clone()));
    // One goes, one is changed, one goes beside a text that comes, and many go at once.
    world.commit(&[(LONG, None)]);
    world.agrees(&asked);
    world.commit(&[(LONG + 1, Some(1_500))]);
    world.agrees(&asked);
    world.pulled_out();
    world.agrees(&asked);
    world.commit(&[(LONG + 2, None), (5_000, Some(30))]);
    world.commit(&(0..128).map(|id| (id * 9, None)).collect::<Vec<_>>());
    world.agrees(&asked);
    // What has not left the index yet is written anew, changed once more, and taken away again.
    world.commit(&[(LONG, Some(1_500)), (LONG + 1, Some(90))]);
    world.commit(&[(LONG, Some(40)), (LONG + 1, None)]);
    world.pulled_out();
    for id in 6_000..6_020 {
        world.commit(&[(id, Some(30))]);
    }
    asked.extend(world.texts.range(LONG..).map(|(_, text)| text.clone()));
    world.agrees(&asked);
    world.vault.settle().unwrap();
    world.agrees(&asked);
    world.vault.check().unwrap();
}

#[test]
fn power_that_goes_while_a_text_leaves_the_index_brings_nothing_of_it_back() {
    let mut world = World::new();
    let asked: Vec<String> = world.texts.range(LONG..).map(|(_, text)| text.clone()).collect();
    world.commit(&[(LONG, None), (LONG + 1, Some(600))]);
    let image = world.ram.image();
    for seed in 0..12 {
        world.ram = Ram::of(image.clone());
        world.vault = world.ram.open().unwrap();
        let until = world.ram.written() + 10 + usize::try_from(seed).unwrap() * 90;
        world.ram.cut_power_at(until);
        let _ = world.vault.settle();
        world.ram = world.ram.after_power_loss(seed);
        world.vault = world.ram.open().unwrap();
        world.agrees(&asked);
        world.vault.settle().unwrap();
        world.agrees(&asked);
        world.vault.check().unwrap();
    }
}

#[test]
fn a_home_can_be_wiped_while_a_text_leaves_the_index() {
    let mut world = World::new();
    world.commit(&[(LONG, None)]);
    world.vault.wipe().unwrap();
    assert_eq!(world.ram.open().unwrap_err(), VaultError::WrongPassphrase);
}
