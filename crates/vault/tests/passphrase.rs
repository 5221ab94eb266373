#![cfg(test)]
//! What opens a home, and what does not.

mod world;

use sogon_vault::{DeviceSecret, Passphrase, Size, Vault, VaultError};
use world::{COST, PASSPHRASE, Ram};

#[test]
fn a_home_made_with_a_device_secret_opens_with_both_and_with_neither_alone() {
    let secret = DeviceSecret::random().unwrap();
    let with =
        |secret: Option<&DeviceSecret>| Passphrase::new(PASSPHRASE).unwrap().with(secret.cloned());
    let ram = Ram::default();
    let disk = Box::new(ram.clone());
    drop(Vault::create_on(disk, &with(Some(&secret)), Size::SMALLEST, COST).unwrap());
    let open = |passphrase: &Passphrase| Vault::open_on(Box::new(ram.clone()), passphrase, COST);
    open(&with(Some(&DeviceSecret::restore(secret.bytes()).unwrap()))).unwrap();
    let other = DeviceSecret::random().unwrap();
    for wrong in [with(None), with(Some(&other)), Passphrase::new("x").unwrap().with(Some(secret))]
    {
        assert_eq!(open(&wrong).unwrap_err(), VaultError::WrongPassphrase);
    }
    assert!(DeviceSecret::restore(&[1; 31]).is_err());
    assert_eq!(format!("{other:?}"), "DeviceSecret(..)");
}
