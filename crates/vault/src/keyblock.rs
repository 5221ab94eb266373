//! Key blocks: what a passphrase opens first, and what it says of the rest.
//!
//! A block's place says nothing about the slot it leads to, and its habit nothing about how many
//! homes there are: a home that is alone is made with habits a decoy or a duress block also has.

use crate::bytes::{Reader, Writer};
use crate::container::SLOTS;
use crate::error::VaultError;
use crate::keys::Key;
use crate::sector::Text;

/// The form before habits: the block's place was its slot.
const VERSION_PLACED: u8 = 1;
/// The form before footprints.
const VERSION_BLIND: u8 = 2;
const VERSION: u8 = 3;

/// How often, in 256, an unlock overwrites the other key blocks with noise.
///
/// A home that is alone may do so, since nothing is there. A home beside others never does; a duress
/// block always does. Seen from outside, or by whoever opened one block, each of the three is what a
/// home that is alone may have been made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Habit(u8);

impl Habit {
    /// Leaves the other blocks as they are.
    pub(crate) const KEEP: Habit = Habit(0);
    /// Overwrites them, every time.
    pub(crate) const CLEAR: Habit = Habit(255);

    /// What a home that is alone is made with: by chance never, always, or anything in between. So a
    /// change after any number of unlocks without one is what some lone homes show.
    pub(crate) fn of_one_alone() -> Result<Self, VaultError> {
        let [kind, often, ..] =
            getrandom::u64().map_err(|_| VaultError::NoRandomness)?.to_le_bytes();
        Ok(match kind % 3 {
            0 => Self::KEEP,
            1 => Self::CLEAR,
            _ => Habit(often.clamp(1, 254)),
        })
    }

    /// Whether the others are overwritten this time.
    pub(crate) fn clears_now(self) -> Result<bool, VaultError> {
        let [coin, ..] = getrandom::u32().map_err(|_| VaultError::NoRandomness)?.to_le_bytes();
        Ok(self == Self::CLEAR || coin < self.0)
    }
}

/// Some of the four slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slots(u8);

impl Slots {
    pub(crate) const ALL: Slots = Slots((1 << SLOTS) - 1);

    fn bit(slot: u8) -> u8 {
        1_u8.checked_shl(slot.into()).unwrap_or(0)
    }

    pub(crate) fn of(slot: u8) -> Self {
        Self(Self::bit(slot))
    }

    pub(crate) fn holds(self, slot: u8) -> bool {
        self.0 & Self::bit(slot) != 0
    }

    pub(crate) fn but(self, slot: u8) -> Self {
        Self(self.0 & !Self::bit(slot))
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = u8> {
        (0..SLOTS).filter(move |slot| self.holds(*slot))
    }

    /// One of them by chance, so that its number says nothing about how many homes there are.
    pub(crate) fn pick(self) -> Result<Option<u8>, VaultError> {
        let dice = getrandom::u32().map_err(|_| VaultError::NoRandomness)?;
        let count = self.0.count_ones();
        let nth = dice.checked_rem(count).unwrap_or(0);
        Ok(self.iter().nth(usize::try_from(nth).unwrap_or(0)))
    }

    /// As [`Slots::pick`], as a set of one or none.
    pub(crate) fn pick_one(self) -> Result<Self, VaultError> {
        Ok(self.pick()?.map_or(Self::default(), Self::of))
    }
}

/// What a key block holds.
pub(crate) struct Block {
    /// The slot it leads to.
    pub(crate) slot: u8,
    /// The key of that slot.
    pub(crate) key: Key,
    pub(crate) habit: Habit,
    /// Slots known to be empty: rewritten whenever the home's own slot is resealed.
    pub(crate) loud: Slots,
    /// What footprints are read with: the same in every block of a container, so that a count says
    /// nothing of which home was opened before. None in containers made before there were any.
    pub(crate) footprints: Option<Key>,
}

impl Block {
    /// The block as it is sealed, with the number of stripes a slot has.
    pub(crate) fn text(&self, stripes: u32) -> Option<Text> {
        let mut text = Text::zeros();
        let mut out = Writer::new(text.bytes_mut());
        out.put(&[VERSION])?;
        out.put(&stripes.to_le_bytes())?;
        out.put(self.key.bytes())?;
        out.put(&[self.slot, self.habit.0, self.loud.0])?;
        out.put(&[u8::from(self.footprints.is_some())])?;
        if let Some(key) = &self.footprints {
            out.put(key.bytes())?;
        }
        Some(text)
    }

    /// Reads the block at `place`, and the stripes its container had at least.
    ///
    /// # Errors
    /// [`VaultError::Newer`] for a form of a later version, [`VaultError::Damaged`].
    pub(crate) fn parse(text: &Text, place: u8) -> Result<(Self, u32), VaultError> {
        match text.bytes().first() {
            Some(version) if *version > VERSION => Err(VaultError::Newer),
            _ => Self::known(text, place).ok_or(VaultError::Damaged),
        }
    }

    fn known(text: &Text, place: u8) -> Option<(Self, u32)> {
        let mut fields = Reader::new(text.bytes());
        let [version] = fields.array()?;
        let stripes = fields.u32()?;
        let key = Key::from_slice(fields.take(32)?)?;
        let [slot, habit, loud] = match version {
            VERSION_PLACED => [place, 0, 0],
            VERSION_BLIND | VERSION => fields.array()?,
            _ => return None,
        };
        let footprints = match version {
            VERSION => match fields.array()? {
                [0] => None,
                [1] => Some(Key::from_slice(fields.take(32)?)?),
                _ => return None,
            },
            _ => None,
        };
        let loud = Slots(loud & Slots::ALL.0).but(slot);
        let block = Self { slot, key, habit: Habit(habit), loud, footprints };
        (slot < SLOTS).then_some((block, stripes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_earlier_forms_lead_where_they_did_and_read_no_footprints() {
        let (slot, habit, loud) = (2, Habit::CLEAR, Slots::of(1));
        let block =
            |footprints| Block { slot, key: Key::random().unwrap(), habit, loud, footprints };
        let footprints = Key::random().unwrap();
        let mut text = block(Some(footprints.again().unwrap())).text(4).unwrap();
        let (read, stripes) = Block::parse(&text, 3).unwrap();
        assert_eq!((read.slot, read.habit, read.loud, stripes), (slot, habit, loud, 4));
        assert_eq!(read.footprints.unwrap().bytes(), footprints.bytes());
        text.bytes_mut()[0] = VERSION_BLIND;
        let (read, _) = Block::parse(&text, 3).unwrap();
        assert_eq!((read.slot, read.habit, read.loud), (slot, habit, loud));
        assert!(read.footprints.is_none());
        text.bytes_mut()[0] = VERSION_PLACED;
        let (read, _) = Block::parse(&text, 3).unwrap();
        assert_eq!((read.slot, read.habit, read.loud), (3, Habit::KEEP, Slots::default()));
        assert!(read.footprints.is_none());
        text.bytes_mut()[0] = 9;
        assert_eq!(Block::parse(&text, 3).map(drop).unwrap_err(), VaultError::Newer);
        let without = block(None).text(4).unwrap();
        assert!(Block::parse(&without, 3).unwrap().0.footprints.is_none());
    }

    #[test]
    fn a_home_alone_has_every_habit_there_is() {
        let habits: Vec<Habit> = (0..600).map(|_| Habit::of_one_alone().unwrap()).collect();
        let count = |wanted: fn(u8) -> bool| habits.iter().filter(|its| wanted(its.0)).count();
        let kinds = [count(|its| its == 0), count(|its| its == 255)];
        assert!(kinds.iter().all(|count| (120..280).contains(count)), "{kinds:?}");
        for within in [count(|its| (1..128).contains(&its)), count(|its| (128..255).contains(&its))]
        {
            assert!((50..150).contains(&within), "{within}");
        }
        assert!(!(0..200).any(|_| Habit::KEEP.clears_now().unwrap()));
        assert!((0..200).all(|_| Habit::CLEAR.clears_now().unwrap()));
        let some = (0..200).filter(|_| Habit(128).clears_now().unwrap()).count();
        assert!((50..150).contains(&some));
    }

    #[test]
    fn a_slot_is_picked_from_those_there_are() {
        assert_eq!(Slots::default().pick().unwrap(), None);
        let picked: Vec<_> = (0..100).map(|_| Slots::ALL.but(1).pick().unwrap().unwrap()).collect();
        assert!([0, 2, 3].iter().all(|slot| picked.contains(slot)) && !picked.contains(&1));
    }
}
