//! What is carried by hand: parcels of boxes, the symbols they are spread over, the blocks of a card,
//! and boxes written as words (SPEC 13). Nothing here holds a key: symbols are sealed, each for
//! itself, before they are blocks.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use sha2::{Digest, Sha256};

use crate::{SealedBox, Seq, WireError, reader::Reader};

/// The size of a block of a card.
pub const BLOCK_BYTES: usize = 1_024;
/// The size of what a code on a screen shows.
pub const FRAME_BYTES: usize = 352;
/// The bytes of a parcel in a symbol of a block, and of a frame.
pub const SYMBOL_BYTES: [usize; 2] = [976, 304];
/// The largest parcel.
pub const PARCEL_BYTES_MAX: u32 = 4_194_304;
/// The largest card that is read.
pub const CARD_BYTES_MAX: u64 = 67_108_864;
/// Blocks are looked for at multiples of this: what is lost of a card is lost in sectors.
pub const SECTOR_BYTES: usize = 512;
/// The first number that no symbol has.
const PLACES: u32 = 1 << 24;
const VERSION: u8 = 1;
/// The most letters of words that are looked at.
const LETTERS_MAX: usize = 1_048_576;

/// A box that is carried, and its place in its log where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Its place; 0 for a box that has none yet.
    pub seq: Seq,
    /// The box.
    pub boxed: SealedBox,
}

/// Boxes of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parcel {
    /// In the order they are to be read.
    pub items: Vec<Carried>,
}

impl Parcel {
    /// The bytes that are spread over symbols.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        for item in &self.items {
            bytes.extend(item.seq.to_be_bytes());
            bytes.push(item.boxed.step());
            bytes.extend(item.boxed.as_bytes());
        }
        bytes
    }

    /// Reads them back.
    ///
    /// # Errors
    /// [`WireError::Version`], [`WireError::Size`] for an unknown step, [`WireError::Short`],
    /// [`WireError::TooLarge`] above [`PARCEL_BYTES_MAX`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        if bytes.len() > usize::try_from(PARCEL_BYTES_MAX).unwrap_or(usize::MAX) {
            return Err(WireError::TooLarge);
        }
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(WireError::Version);
        }
        let mut items = Vec::new();
        while !reader.is_empty() {
            let seq = reader.u64()?;
            items.push(Carried { seq, boxed: reader.sealed_box()? });
        }
        Ok(Self { items })
    }
}

/// Which parcel a symbol belongs to: the first bytes of SHA-256 of its bytes, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParcelName {
    /// The start of its hash.
    pub hash: [u8; 8],
    /// How many bytes it has, at least 1.
    pub bytes: u32,
    /// How many of them are in a symbol: one of [`SYMBOL_BYTES`].
    pub symbol_bytes: usize,
}

impl ParcelName {
    /// The name of these bytes.
    ///
    /// # Errors
    /// [`WireError::TooLarge`] above [`PARCEL_BYTES_MAX`], [`WireError::Short`] for none.
    pub fn of(bytes: &[u8], symbol_bytes: usize) -> Result<Self, WireError> {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        match length {
            0 => Err(WireError::Short),
            1..=PARCEL_BYTES_MAX => Ok(Self { hash: hash(bytes), bytes: length, symbol_bytes }),
            _ => Err(WireError::TooLarge),
        }
    }

    /// Whether these are its bytes.
    #[must_use]
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        u32::try_from(bytes.len()) == Ok(self.bytes) && hash(bytes) == self.hash
    }

    /// How many symbols are enough, but for very few more now and then.
    #[must_use]
    pub fn symbols(&self) -> u32 {
        let bytes = usize::try_from(self.bytes).unwrap_or(usize::MAX);
        u32::try_from(bytes.div_ceil(self.symbol_bytes.max(1))).unwrap_or(u32::MAX)
    }
}

fn hash(bytes: &[u8]) -> [u8; 8] {
    let whole: [u8; 32] = Sha256::digest(bytes).into();
    *whole.first_chunk().unwrap_or(&[0; 8])
}

/// One of the symbols a parcel is spread over (RFC 6330).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Of which parcel.
    pub parcel: ParcelName,
    /// Its number, below 2^24: the first are the parcel itself, all others mend.
    pub place: u32,
    /// As many bytes as the parcel's symbols have.
    pub bytes: Vec<u8>,
}

impl Symbol {
    /// The bytes that are sealed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.parcel.hash.to_vec();
        bytes.extend(self.parcel.bytes.to_be_bytes());
        bytes.extend(self.place.to_be_bytes());
        bytes.extend(&self.bytes);
        bytes
    }

    /// Reads them back.
    ///
    /// # Errors
    /// [`WireError::Size`] for symbols of another size, [`WireError::TooLarge`] for a number or a
    /// parcel above its limit, [`WireError::Short`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let (hash, length, place) = (reader.array()?, reader.u32()?, reader.u32()?);
        let bytes = reader.rest().to_vec();
        if !SYMBOL_BYTES.contains(&bytes.len()) {
            return Err(WireError::Size);
        }
        if length > PARCEL_BYTES_MAX || place >= PLACES {
            return Err(WireError::TooLarge);
        }
        if length == 0 {
            return Err(WireError::Short);
        }
        let parcel = ParcelName { hash, bytes: length, symbol_bytes: bytes.len() };
        Ok(Self { parcel, place, bytes })
    }
}

/// The places of a card where a block may begin: every sector, as long as a whole block follows.
/// After a block that is one, skip to its end.
#[derive(Clone, Debug)]
pub struct Card<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Card<'a> {
    /// A card with these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// What may be the next block, and where it is.
    pub fn next_block(&mut self) -> Option<(u64, SealedBox)> {
        let at = self.at as u64;
        let block = Self::block_at(self.bytes, at)?;
        self.at = self.at.saturating_add(SECTOR_BYTES);
        Some((at, block))
    }

    /// The block at a place of a card.
    #[must_use]
    pub fn block_at(bytes: &[u8], at: u64) -> Option<SealedBox> {
        let at = usize::try_from(at).ok()?;
        SealedBox::parse(bytes.get(at..at.checked_add(BLOCK_BYTES)?)?).ok()
    }

    /// It was one: the next begins behind it.
    pub fn was_one(&mut self) {
        self.at = self.at.saturating_add(BLOCK_BYTES.saturating_sub(SECTOR_BYTES));
    }
}

/// A box in letters, to be written or sent as text.
#[must_use]
pub fn word(boxed: &SealedBox) -> String {
    BASE64URL_NOPAD.encode(boxed.as_bytes())
}

/// A box in capitals and digits, which codes for cameras have a short form for.
#[must_use]
pub fn code(boxed: &SealedBox) -> String {
    BASE32_NOPAD.encode(boxed.as_bytes())
}

/// The boxes in a text of words or codes, whatever stands between them.
#[must_use]
pub fn boxes_in(text: &str) -> Vec<SealedBox> {
    let ends = (0..4).map(|back| LETTERS_MAX.saturating_sub(back));
    let start = ends.into_iter().find_map(|end| text.get(..end)).unwrap_or(text);
    let words = start.split_whitespace();
    let boxed = |word: &str| {
        let fits = |bytes: Vec<u8>| SealedBox::parse(&bytes).ok();
        let codes = BASE32_NOPAD.decode(word.as_bytes()).ok().and_then(fits);
        codes.or_else(|| BASE64URL_NOPAD.decode(word.as_bytes()).ok().and_then(fits))
    };
    words.filter_map(boxed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::STEPS;

    fn boxed(byte: u8, step: usize) -> SealedBox {
        SealedBox::parse(&vec![byte; STEPS[step]]).unwrap()
    }

    #[test]
    fn a_parcel_comes_back_and_one_that_is_cut_does_not() {
        let items =
            vec![Carried { seq: 0, boxed: boxed(1, 0) }, Carried { seq: 9, boxed: boxed(2, 3) }];
        let parcel = Parcel { items };
        let bytes = parcel.encode();
        assert_eq!(Parcel::decode(&bytes), Ok(parcel));
        assert_eq!(Parcel::decode(&bytes[..1]), Ok(Parcel::default()));
        for cut in (0..bytes.len()).filter(|cut| ![1, 1 + 9 + STEPS[0]].contains(cut)) {
            assert_eq!(Parcel::decode(&bytes[..cut]), Err(WireError::Short), "{cut}");
        }
        let mut other = bytes.clone();
        other[9] = 8;
        assert_eq!(Parcel::decode(&other), Err(WireError::Size));
        other[0] = 2;
        assert_eq!(Parcel::decode(&other), Err(WireError::Version));
        let large = vec![1; 4_194_305];
        assert_eq!(Parcel::decode(&large), Err(WireError::TooLarge));
    }

    #[test]
    fn a_symbol_says_what_it_is_a_part_of_within_its_limits() {
        for symbol_bytes in SYMBOL_BYTES {
            let parcel = ParcelName::of(&[7; 1_000], symbol_bytes).unwrap();
            assert!(parcel.is_of(&[7; 1_000]) && !parcel.is_of(&[7; 999]));
            let symbol = Symbol { parcel, place: PLACES - 1, bytes: vec![3; symbol_bytes] };
            let bytes = symbol.encode();
            assert_eq!(Symbol::decode(&bytes), Ok(symbol));
            assert_eq!(Symbol::decode(&bytes[1..]), Err(WireError::Size));
            for (place, byte) in [(8, 1), (12, 1)] {
                let mut wrong = bytes.clone();
                wrong[place] = byte;
                assert_eq!(Symbol::decode(&wrong), Err(WireError::TooLarge));
            }
        }
        assert_eq!(ParcelName::of(&[], 304), Err(WireError::Short));
    }

    #[test]
    fn blocks_are_found_behind_sectors_that_are_gone() {
        let blocks = [boxed(1, 2), boxed(2, 2), boxed(3, 2)];
        let whole: Vec<u8> = blocks.iter().flat_map(|its| its.as_bytes().to_vec()).collect();
        let lost = [&whole[..1_024], &whole[1_536..]].concat();
        for (bytes, expected) in [(&whole[..], vec![1, 2, 3]), (&lost[..], vec![1, 3])] {
            let mut card = Card::new(bytes);
            let mut found = Vec::new();
            while let Some((_, block)) = card.next_block() {
                if blocks.contains(&block) {
                    card.was_one();
                    found.push(block.as_bytes()[0]);
                }
            }
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn words_and_codes_are_found_in_a_text() {
        let (first, second) = (boxed(200, 0), boxed(9, 1));
        let text = format!("hello {}\r\n\n{} AAAA", word(&first), code(&second));
        assert_eq!(boxes_in(&text), [first, second]);
        assert!(boxes_in("").is_empty() && boxes_in(&"A".repeat(9_000_000)).is_empty());
    }
}
