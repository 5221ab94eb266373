//! Carrying by hand: what a card is opened to, before anything of it is judged (SPEC 13).

use std::collections::BTreeMap;

use sogon_seal::{CarryKey, Kind, LogKeys, shelf::Shelf};
use sogon_wire::{
    LogName, SealedBox,
    bundle::{Card, Carried, Parcel, ParcelName, Symbol},
};

use crate::{
    ConversationId, EngineError,
    rows::{CONVERSATIONS, ConversationRow, State, id_of, read_all},
    spread,
};

/// The most boxes taken in by one [`crate::Act::CarryIn`].
pub const BROUGHT_MAX: usize = 64;

/// What boxes are carried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A file: blocks of 1,024 bytes, a third of which may be lost.
    Card,
    /// Codes for a camera, shown one after the other: any sufficient ones will do.
    Frames,
    /// Text: the boxes themselves, each a word.
    Words,
}

/// Boxes that somebody carried here for one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// For which.
    pub conversation: ConversationId,
    /// The log they are of.
    pub(crate) log: LogName,
    /// The boxes.
    pub(crate) items: Vec<Carried>,
}

/// What a card, frames or words were opened to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// What is for this home, in the order it is to be taken in.
    pub brought: Vec<Brought>,
    /// Blocks or words that are for this home.
    pub known: u64,
    /// Blocks or words that are not, or are damaged.
    pub unknown: u64,
    /// How many more blocks are needed, where those that came are not enough.
    pub missing: u64,
}

/// The keys a card is tried with.
struct Readers(Vec<Reader>);

struct Reader {
    conversation: ConversationId,
    keys: LogKeys,
    carry: CarryKey,
}

impl Readers {
    fn of(shelf: &dyn Shelf) -> Result<Self, EngineError> {
        let mut readers = Vec::new();
        for (key, row) in read_all::<ConversationRow>(shelf, CONVERSATIONS, b"")? {
            if row.state == State::Over || row.restored.is_some() {
                continue;
            }
            let keys = row.log_keys()?;
            let carry = keys.carry().map_err(|_| EngineError::Bug)?;
            readers.push(Reader { conversation: ConversationId(id_of(&key)), keys, carry });
        }
        Ok(Self(readers))
    }

    /// Whose symbol it is, and the symbol. Blocks of one parcel often follow each other.
    fn symbol(&self, last: &mut usize, block: &SealedBox) -> Option<(usize, Symbol)> {
        let all = std::iter::once(*last).chain((0..self.0.len()).filter(|its| its != last));
        for place in all {
            let Some(reader) = self.0.get(place) else { continue };
            if let Ok(part) = reader.carry.open(block) {
                *last = place;
                return Symbol::decode(&part).ok().map(|symbol| (place, symbol));
            }
        }
        None
    }

    fn message(&self, boxed: &SealedBox) -> Option<usize> {
        self.0.iter().position(|reader| reader.keys.kind(boxed) == Some(Kind::Message))
    }
}

/// Everything of a card that is for this home. Nothing is taken in yet: that is
/// [`crate::Act::CarryIn`], for each part. After parts were taken in, more may open than before.
///
/// # Errors
/// [`EngineError::Shelf`] or [`EngineError::Bug`] when the store is not one of ours.
pub fn open_card(shelf: &dyn Shelf, bytes: &[u8]) -> Result<Opened, EngineError> {
    let readers = Readers::of(shelf)?;
    let mut pile = Pile::default();
    let mut card = Card::new(bytes);
    let mut last = 0;
    while let Some(block) = card.next_block() {
        match readers.symbol(&mut last, &block) {
            Some(found) => {
                card.was_one();
                pile.add(found);
            }
            None => pile.opened.unknown = pile.opened.unknown.saturating_add(1),
        }
    }
    Ok(pile.finish(&readers))
}

/// The same for boxes that came as words, or as codes.
///
/// # Errors
/// As [`open_card`].
pub fn open_words(shelf: &dyn Shelf, boxes: &[SealedBox]) -> Result<Opened, EngineError> {
    let readers = Readers::of(shelf)?;
    let mut pile = Pile::default();
    let mut last = 0;
    for boxed in boxes {
        if let Some(found) = readers.symbol(&mut last, boxed) {
            pile.add(found);
        } else if let Some(place) = readers.message(boxed) {
            pile.opened.known = pile.opened.known.saturating_add(1);
            pile.words.entry(place).or_default().push(Carried { seq: 0, boxed: boxed.clone() });
        } else {
            pile.opened.unknown = pile.opened.unknown.saturating_add(1);
        }
    }
    Ok(pile.finish(&readers))
}

/// Symbols that belong together. It never holds more than what was brought.
#[derive(Default)]
struct Pile {
    symbols: BTreeMap<(usize, ParcelName), BTreeMap<u32, Symbol>>,
    words: BTreeMap<usize, Vec<Carried>>,
    opened: Opened,
}

impl Pile {
    fn add(&mut self, (reader, symbol): (usize, Symbol)) {
        self.opened.known = self.opened.known.saturating_add(1);
        self.symbols.entry((reader, symbol.parcel)).or_default().insert(symbol.place, symbol);
    }

    fn finish(mut self, readers: &Readers) -> Opened {
        for ((reader, name), symbols) in self.symbols {
            let came = u32::try_from(symbols.len()).unwrap_or(u32::MAX);
            let parcel = spread::gather(name, symbols.into_values().collect());
            match parcel.and_then(|bytes| Parcel::decode(&bytes).ok()) {
                Some(parcel) => self.words.entry(reader).or_default().extend(parcel.items),
                None => {
                    let missing = u64::from(name.symbols().saturating_sub(came).max(1));
                    self.opened.missing = self.opened.missing.saturating_add(missing);
                }
            }
        }
        for (reader, items) in self.words {
            let Some(reader) = readers.0.get(reader) else { continue };
            let (conversation, log) = (reader.conversation, reader.keys.log());
            let parts = items.chunks(BROUGHT_MAX);
            let parts = parts.map(|items| Brought { conversation, log, items: items.to_vec() });
            self.opened.brought.extend(parts);
        }
        self.opened
    }
}
