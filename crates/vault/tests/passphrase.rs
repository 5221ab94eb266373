#![cfg(test)]
//! What opens a home, and what does not.

mod world;

use std::sync::{Arc, Mutex};

use sogon_vault::{Chip, ChipFault, Device, DeviceSecret, Passphrase, Size, Vault, VaultError};
use world::{COST, PASSPHRASE, Ram};
use zeroize::Zeroizing;

fn with(device: Device) -> Passphrase {
    Passphrase::new(PASSPHRASE).unwrap().with(device)
}

#[test]
fn a_home_made_with_a_device_secret_opens_with_both_and_with_neither_alone() {
    let secret = DeviceSecret::random().unwrap();
    let of = |secret: &DeviceSecret| with(Device::Secret(secret.clone()));
    let ram = Ram::default();
    let disk = Box::new(ram.clone());
    drop(Vault::create_on(disk, &of(&secret), Size::SMALLEST, COST).unwrap());
    let open = |passphrase: &Passphrase| Vault::open_on(Box::new(ram.clone()), passphrase, COST);
    open(&of(&DeviceSecret::restore(secret.bytes()).unwrap())).unwrap();
    let other = DeviceSecret::random().unwrap();
    let only = Passphrase::new("x").unwrap().with(Device::Secret(secret));
    for wrong in [with(Device::None), of(&other), only] {
        assert_eq!(open(&wrong).unwrap_err(), VaultError::WrongPassphrase);
    }
    assert!(DeviceSecret::restore(&[1; 31]).is_err());
    assert_eq!(format!("{other:?}"), "DeviceSecret(..)");
}

/// A chip with a secret of its own that remembers what it was asked.
struct Model {
    secret: u8,
    asked: Mutex<Vec<[u8; 32]>>,
    works: bool,
}

impl Model {
    fn of(secret: u8, works: bool) -> Arc<Self> {
        Arc::new(Self { secret, asked: Mutex::default(), works })
    }
}

impl Chip for Model {
    fn answer(&self, question: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, ChipFault> {
        self.asked.lock().unwrap().push(*question);
        let answer = question.map(|byte| byte.rotate_left(3) ^ self.secret);
        if self.works { Ok(Zeroizing::new(answer)) } else { Err(ChipFault) }
    }
}

#[test]
fn a_home_made_with_a_chip_asks_it_for_every_guess_and_opens_with_no_other() {
    let chip = Model::of(0x5a, true);
    let ram = Ram::default();
    let make = with(Device::Chip(chip.clone()));
    let mut vault = Vault::create_on(Box::new(ram.clone()), &make, Size::SMALLEST, COST).unwrap();
    let open = |passphrase: &Passphrase| Vault::open_on(Box::new(ram.clone()), passphrase, COST);
    let new = Passphrase::new("새 암호").unwrap().with(Device::Chip(chip.clone()));
    vault.change_passphrase(&new, COST).unwrap();
    drop(vault);
    open(&new).unwrap();
    let before = chip.asked.lock().unwrap().len();
    let wrong = Passphrase::new("아무 말").unwrap().with(Device::Chip(chip.clone()));
    assert_eq!(open(&wrong).unwrap_err(), VaultError::WrongPassphrase);
    let asked = chip.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), before + 1, "one guess, one question");
    let different: std::collections::BTreeSet<_> = asked.iter().collect();
    // To make the home, to change its passphrase, and the wrong guess.
    assert_eq!(different.len(), 3, "each passphrase is a question of its own");
    let of = |device| Passphrase::new("새 암호").unwrap().with(device);
    for other in [of(Device::None), of(Device::Chip(Model::of(0x5b, true)))] {
        assert_eq!(open(&other).unwrap_err(), VaultError::WrongPassphrase);
    }
    let broken = of(Device::Chip(Model::of(0x5a, false)));
    assert_eq!(open(&broken).unwrap_err(), VaultError::NoChip);
}
