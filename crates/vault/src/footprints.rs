//! Footprints: how wrong passphrases are counted where nothing can be sealed for the owner.
//!
//! Whoever brings a wrong passphrase has no key. So the sector behind the last stripe holds *ground*:
//! a key in the clear that any program can read. A wrong passphrase seals the time with a key made
//! from it and puts the key's successor in its place; which key it was is forgotten. Where the ground
//! began is sealed with a key that every key block of the container holds: so whichever home is
//! opened counts the steps from there, and all others read noise.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0 to 71 | where the ground began (32), sealed by the last unlock |
//! | 72 to 103 | where it is now |
//! | 104 to 151 | when the last footprint was left (8), sealed by whoever left it |
//! | 152 on | noise |
//!
//! All that counts lies in the first 512 bytes, which a disk writes whole or not at all.

use crate::error::VaultError;
use crate::keys::Key;
use crate::sector::{OVERHEAD_BYTES, SECTOR_BYTES, Sealer, Sector, noise};

const KEY_BYTES: usize = 32;
const BEGAN_BYTES: usize = KEY_BYTES + OVERHEAD_BYTES;
const LAST_BYTES: usize = 8 + OVERHEAD_BYTES;
const BEGAN: &[u8] = b"f began";
const LAST: &[u8] = b"f last";
/// More are not counted: at a second for each it takes three hours to leave so many.
const COUNT_MAX: u32 = 10_000;

/// Wrong passphrases since a right one last opened any home of the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// How many; [`Tried::COUNT_MAX`] means that there were at least so many.
    pub count: u32,
    /// When the last was, in seconds since 1970 by the clock of whoever tried it.
    pub last_s: Option<u64>,
    /// Tells this count from all others: it goes on until somebody forgets it.
    pub mark: [u8; 24],
}

impl Tried {
    /// What the counting ends at.
    pub const COUNT_MAX: u32 = COUNT_MAX;
}

/// Why a passphrase entered nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What to tell.
    pub why: VaultError,
    /// Whether it was wrong and surely left a footprint, which the next right one finds.
    pub counted: bool,
}

impl From<VaultError> for Refused {
    fn from(why: VaultError) -> Self {
        Self { why, counted: false }
    }
}

impl From<Refused> for VaultError {
    fn from(refused: Refused) -> Self {
        refused.why
    }
}

/// Where the ground begins, is now, and was last stepped on.
struct Ground<'a> {
    began: &'a [u8; BEGAN_BYTES],
    now: Key,
    last: &'a [u8; LAST_BYTES],
}

impl<'a> Ground<'a> {
    fn of(sector: &'a Sector) -> Option<Self> {
        let (began, rest) = sector.split_first_chunk()?;
        let (now, rest) = rest.split_first_chunk::<KEY_BYTES>()?;
        Some(Self { began, now: Key::from_slice(now)?, last: rest.first_chunk()? })
    }
}

fn after(key: &Key) -> Result<Key, VaultError> {
    key.child(b"sogon vault 1 footprints next")
}

fn key_of_last(key: &Key) -> Result<Key, VaultError> {
    key.child(b"sogon vault 1 footprints last")
}

/// Ground that nobody stepped on.
pub(crate) fn fresh(key: &Key) -> Result<Box<Sector>, VaultError> {
    let now = Key::random()?;
    let began = Sealer::new(key).seal_bytes(now.bytes(), BEGAN)?;
    sector_of(&began, &now, &[])
}

/// The same ground with one footprint more. Noise becomes other noise.
pub(crate) fn stepped_on(sector: &Sector, at_s: u64) -> Result<Box<Sector>, VaultError> {
    let ground = Ground::of(sector).ok_or(VaultError::Bug)?;
    let key = key_of_last(&ground.now)?;
    let last = Sealer::new(&key).seal_bytes(&at_s.to_le_bytes(), LAST)?;
    sector_of(ground.began, &after(&ground.now)?, &last)
}

/// What the ground tells; `None` when it began under no such key.
pub(crate) fn read(sector: &Sector, key: &Key) -> Result<Option<Tried>, VaultError> {
    let Some(ground) = Ground::of(sector) else { return Ok(None) };
    let Some(began) = Sealer::new(key).open_bytes(ground.began, BEGAN) else { return Ok(None) };
    let mark = *ground.began.first_chunk().ok_or(VaultError::Bug)?;
    let mut at = Key::from_slice(&began).ok_or(VaultError::Damaged)?;
    let mut last_s = None;
    for count in 0..COUNT_MAX {
        if at.bytes() == ground.now.bytes() {
            return Ok(Some(Tried { count, last_s, mark }));
        }
        let next = after(&at)?;
        if next.bytes() == ground.now.bytes() {
            let when = Sealer::new(&key_of_last(&at)?).open_bytes(ground.last, LAST);
            last_s = when.and_then(|when| Some(u64::from_le_bytes(*when.first_chunk()?)));
        }
        at = next;
    }
    Ok(Some(Tried { count: COUNT_MAX, last_s: None, mark }))
}

fn sector_of(began: &[u8], now: &Key, last: &[u8]) -> Result<Box<Sector>, VaultError> {
    let mut sector = Box::new([0; SECTOR_BYTES]);
    sector.copy_from_slice(&noise(1)?);
    let parts = began.iter().chain(now.bytes()).chain(last);
    sector.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    Ok(sector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_footprint_counts_and_the_last_one_says_when() {
        let key = Key::random().unwrap();
        let mut sector = fresh(&key).unwrap();
        let mark = read(&sector, &key).unwrap().unwrap().mark;
        assert_eq!(read(&sector, &key).unwrap(), Some(Tried { count: 0, last_s: None, mark }));
        // Clocks say what they like.
        for (count, at_s) in (1..).zip([1_700_000_000, 5, u64::MAX, 0, 1_700_000_001]) {
            sector = stepped_on(&sector, at_s).unwrap();
            let tried = read(&sector, &key).unwrap().unwrap();
            assert_eq!(tried, Tried { count, last_s: Some(at_s), mark });
        }
        assert_ne!(read(&fresh(&key).unwrap(), &key).unwrap().unwrap().mark, mark);
    }

    #[test]
    fn without_the_key_of_the_container_it_is_noise_and_noise_stays_noise() {
        let sector = stepped_on(&fresh(&Key::random().unwrap()).unwrap(), 7).unwrap();
        let other = Key::random().unwrap();
        assert_eq!(read(&sector, &other).unwrap(), None);
        let sector: Box<Sector> = Box::new(*noise(1).unwrap().first_chunk().unwrap());
        assert_eq!(read(&sector, &other).unwrap(), None);
        assert_eq!(read(&stepped_on(&sector, 7).unwrap(), &other).unwrap(), None);
    }

    #[test]
    fn what_is_beyond_counting_or_was_changed_is_many_and_never_an_error() {
        let key = Key::random().unwrap();
        let whole = stepped_on(&fresh(&key).unwrap(), 9).unwrap();
        let mut changed = whole.clone();
        changed[80] ^= 1;
        let tried = read(&changed, &key).unwrap().unwrap();
        assert_eq!((tried.count, tried.last_s), (COUNT_MAX, None));
        let mut changed = whole.clone();
        changed[140] ^= 1;
        let tried = read(&changed, &key).unwrap().unwrap();
        assert_eq!((tried.count, tried.last_s), (1, None), "when is not known");
        let mut changed = whole;
        changed[30] ^= 1;
        assert_eq!(read(&changed, &key).unwrap(), None);
    }

    #[test]
    fn all_that_counts_lies_in_what_a_disk_writes_at_once() {
        const { assert!(BEGAN_BYTES + KEY_BYTES + LAST_BYTES <= 512) };
        let key = Key::random().unwrap();
        let mut sector = stepped_on(&fresh(&key).unwrap(), 9).unwrap();
        sector[512..].fill(0);
        assert_eq!(read(&sector, &key).unwrap().unwrap().count, 1);
    }
}
