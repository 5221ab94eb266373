//! Carrying by hand: what a card is opened to, before anything of it is judged (SPEC 13).

use std::{cmp::Reverse, collections::BTreeMap, fmt};

use sogon_seal::{CarryKey, Kind, LogKeys, shelf::Shelf};
use sogon_wire::{
    Append, Freight, LogName, SealedBox,
    bundle::{Card, Carried, Parcel, ParcelName, Symbol},
};

use crate::{
    ConversationId, EngineError, MessageId,
    file_rows::{FILES, FileRow, StageRow, file_of},
    rows::{CONVERSATIONS, ConversationRow, State, TURNS, TurnRow, id_of, read_all},
    spread,
};

/// The most boxes taken in by one step.
pub(crate) const BROUGHT_MAX: usize = 64;
/// The most bytes of pieces of a file taken in by one step: a small home takes no larger batch.
const PIECES_AT_ONCE: usize = 262_144;
/// The most blocks that are sorted together.
pub const SORTED_MAX: usize = 524_288;
/// The most files whose pieces a card is looked through for: those that are not here yet first, and of
/// them the newest.
const FILES_TRIED_MAX: usize = 64;

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

/// Pieces of a file that go onto a card together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    /// Where the file was offered.
    pub conversation: ConversationId,
    /// Which.
    pub message: MessageId,
    /// What they are carried on.
    pub(crate) form: Form,
    /// Which pieces.
    pub(crate) pieces: Vec<u32>,
    /// How many blocks they become.
    pub(crate) blocks: u32,
}

impl Portion {
    /// How many pieces.
    #[must_use]
    pub fn pieces(&self) -> u64 {
        self.pieces.len() as u64
    }

    /// How many blocks they become.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.blocks
    }
}

/// Something that somebody carried here for one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// For which.
    pub conversation: ConversationId,
    /// What.
    pub(crate) what: What,
}

impl Brought {
    /// Of which file it is; none for words.
    #[must_use]
    pub fn file(&self) -> Option<MessageId> {
        match &self.what {
            What::Boxes(..) | What::Late(_) => None,
            What::Pieces(message, _) => Some(*message),
        }
    }

    /// It was sealed under keys this home has left: its author did not know yet that they turned.
    #[must_use]
    pub fn is_late(&self) -> bool {
        matches!(self.what, What::Late(_))
    }
}

/// What was brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Boxes of this log.
    Boxes(LogName, Vec<Carried>),
    /// Pieces of a file.
    Pieces(MessageId, Vec<Append>),
    /// So many messages of an epoch that is over here.
    Late(u64),
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

struct Reader {
    conversation: ConversationId,
    of: Of,
    carry: CarryKey,
}

/// What a reader reads.
enum Of {
    /// A conversation's log, with its keys.
    Log(LogKeys),
    /// The log of an epoch this home has left, and others perhaps not.
    Left(LogKeys),
    /// A file.
    File(MessageId),
}

/// The keys a card is tried with.
fn readers(shelf: &dyn Shelf) -> Result<Vec<Reader>, EngineError> {
    let mut readers = Vec::new();
    for (key, row) in read_all::<ConversationRow>(shelf, CONVERSATIONS, b"")? {
        if row.state == State::Over || row.restored.is_some() {
            continue;
        }
        let keys = row.log_keys()?;
        let carry = keys.carry().map_err(|_| EngineError::Bug)?;
        let conversation = ConversationId(id_of(&key));
        readers.push(Reader { conversation, of: Of::Log(keys), carry });
        for (_, turn) in read_all::<TurnRow>(shelf, TURNS, &conversation.0)? {
            let keys = LogKeys::from_bytes(&turn.keys).map_err(|_| EngineError::Bug)?;
            let carry = keys.carry().map_err(|_| EngineError::Bug)?;
            readers.push(Reader { conversation, of: Of::Left(keys), carry });
        }
    }
    let mut files = read_all::<FileRow>(shelf, FILES, b"")?;
    files.retain(|(_, row)| !row.is_own() && row.stage != StageRow::Refused);
    files.sort_by_key(|(_, row)| (row.stage == StageRow::Here, Reverse(row.order)));
    for (key, row) in files.into_iter().take(FILES_TRIED_MAX) {
        let Some((conversation, message)) = file_of(&key) else { continue };
        let carry = CarryKey::of(&row.offer.key).map_err(|_| EngineError::Bug)?;
        readers.push(Reader { conversation, of: Of::File(message), carry });
    }
    Ok(readers)
}

/// A parcel that blocks of a card belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Whose: words are taken in before files.
    reader: usize,
    name: ParcelName,
}

impl Found {
    /// Which parcel it is, whatever else is known.
    #[must_use]
    pub fn name(&self) -> ParcelName {
        self.name
    }
}

/// Sorts blocks by what they are parts of. It keeps where they are and not what is in them, so that a
/// card of any size costs a few bytes a block, and one parcel is in memory at a time.
pub struct Sorter {
    readers: Vec<Reader>,
    /// Blocks of one parcel often follow each other.
    last: usize,
    parcels: BTreeMap<Found, BTreeMap<u32, u64>>,
    words: BTreeMap<usize, Vec<Carried>>,
    count: usize,
    /// Blocks or words that are for this home.
    pub known: u64,
    /// Blocks or words that are not, or are damaged.
    pub unknown: u64,
}

impl fmt::Debug for Sorter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sorter(..)")
    }
}

impl Sorter {
    /// One with the keys of a home as it is now.
    ///
    /// # Errors
    /// [`EngineError::Shelf`] or [`EngineError::Bug`] when the store is not one of ours.
    pub fn new(shelf: &dyn Shelf) -> Result<Self, EngineError> {
        let (parcels, words) = (BTreeMap::new(), BTreeMap::new());
        let (readers, last, count) = (readers(shelf)?, 0, 0);
        Ok(Self { readers, last, parcels, words, count, known: 0, unknown: 0 })
    }

    /// Takes note of what may be a block, and of where it is. Whether it is one of this home's.
    pub fn look(&mut self, at: u64, block: &SealedBox) -> bool {
        let (found, place) = match self.symbol(block) {
            Some((reader, symbol)) => (Found { reader, name: symbol.parcel }, symbol.place),
            None => {
                self.unknown = self.unknown.saturating_add(1);
                return false;
            }
        };
        self.known = self.known.saturating_add(1);
        if self.count < SORTED_MAX {
            self.count = self.count.saturating_add(1);
            self.parcels.entry(found).or_default().insert(place, at);
        }
        true
    }

    /// The same for a box that came as a word, or as a code.
    pub fn look_at_word(&mut self, at: u64, boxed: &SealedBox) {
        let message = |reader: &Reader| match &reader.of {
            Of::Log(keys) => keys.kind(boxed) == Some(Kind::Message),
            Of::Left(_) | Of::File(_) => false,
        };
        let known = self.look(at, boxed);
        let reader = self.readers.iter().position(message);
        if let Some(reader) = reader.filter(|_| !known) {
            self.unknown = self.unknown.saturating_sub(1);
            self.known = self.known.saturating_add(1);
            let carried = Carried { seq: 0, boxed: boxed.clone() };
            self.words.entry(reader).or_default().push(carried);
        }
    }

    fn symbol(&mut self, block: &SealedBox) -> Option<(usize, Symbol)> {
        let all = std::iter::once(self.last);
        let all = all.chain((0..self.readers.len()).filter(|its| *its != self.last));
        let (place, part) = all
            .filter_map(|place| Some((place, self.readers.get(place)?)))
            .find_map(|(place, reader)| Some((place, reader.carry.open(block).ok()?)))?;
        self.last = place;
        Symbol::decode(&part).ok().map(|symbol| (place, symbol))
    }

    /// What came as words.
    #[must_use]
    pub fn words(&mut self) -> Vec<Brought> {
        let words = std::mem::take(&mut self.words);
        words.into_iter().flat_map(|(reader, items)| self.boxes(reader, items)).collect()
    }

    /// The parcels there are blocks of, words before files.
    #[must_use]
    pub fn parcels(&self) -> Vec<Found> {
        self.parcels.keys().copied().collect()
    }

    /// Puts a parcel together; `read` gives the block again that was at a place.
    ///
    /// # Errors
    /// How many blocks more are needed, at least.
    pub fn gather(
        &self,
        found: Found,
        read: &mut dyn FnMut(u64) -> Option<SealedBox>,
    ) -> Result<Vec<Brought>, u64> {
        let reader = self.readers.get(found.reader);
        let symbols: Vec<Symbol> = self
            .parcels
            .get(&found)
            .into_iter()
            .flatten()
            .filter_map(|(_, at)| {
                let part = reader?.carry.open(&read(*at)?).ok()?;
                Symbol::decode(&part).ok()
            })
            .collect();
        let came = u32::try_from(symbols.len()).unwrap_or(u32::MAX);
        let missing = || u64::from(found.name.symbols().saturating_sub(came).max(1));
        let bytes = spread::gather(found.name, symbols).ok_or_else(missing)?;
        match reader.map(|its| &its.of) {
            Some(Of::Log(_)) => {
                let parcel = Parcel::decode(&bytes).map_err(|_| missing())?;
                Ok(self.boxes(found.reader, parcel.items))
            }
            Some(Of::Left(keys)) => {
                let parcel = Parcel::decode(&bytes).map_err(|_| missing())?;
                let is = |item: &&Carried| keys.kind(&item.boxed) == Some(Kind::Message);
                let late = parcel.items.iter().filter(is).count() as u64;
                let conversation = reader.filter(|_| late > 0).map(|its| its.conversation);
                let brought = conversation
                    .map(|conversation| Brought { conversation, what: What::Late(late) });
                Ok(brought.into_iter().collect())
            }
            Some(Of::File(message)) => {
                let freight = Freight::decode(&bytes).map_err(|_| missing())?;
                Ok(self.pieces(found.reader, *message, freight))
            }
            None => Err(missing()),
        }
    }

    fn boxes(&self, reader: usize, items: Vec<Carried>) -> Vec<Brought> {
        let Some(Reader { conversation, of: Of::Log(keys), .. }) = self.readers.get(reader) else {
            return Vec::new();
        };
        let parts = items.chunks(BROUGHT_MAX).map(|items| Brought {
            conversation: *conversation,
            what: What::Boxes(keys.log(), items.to_vec()),
        });
        parts.collect()
    }

    fn pieces(&self, reader: usize, message: MessageId, freight: Freight) -> Vec<Brought> {
        let Some(Reader { conversation, .. }) = self.readers.get(reader) else {
            return Vec::new();
        };
        let conversation = *conversation;
        let mut parts: Vec<Brought> = Vec::new();
        let (mut some, mut bytes) = (Vec::new(), 0_usize);
        let part = |some| Brought { conversation, what: What::Pieces(message, some) };
        for append in freight.appends() {
            let length = append.boxed.as_bytes().len();
            if !some.is_empty() && bytes.saturating_add(length) > PIECES_AT_ONCE {
                parts.push(part(std::mem::take(&mut some)));
                bytes = 0;
            }
            bytes = bytes.saturating_add(length);
            some.push(append);
        }
        if !some.is_empty() {
            parts.push(part(some));
        }
        parts
    }
}

/// Everything of a card that is for this home. Nothing is taken in yet: that is
/// [`crate::Act::CarryIn`], for each part. After parts were taken in, more may open than before.
///
/// # Errors
/// [`EngineError::Shelf`] or [`EngineError::Bug`] when the store is not one of ours.
pub fn open_card(shelf: &dyn Shelf, bytes: &[u8]) -> Result<Opened, EngineError> {
    let mut sorter = Sorter::new(shelf)?;
    let mut card = Card::new(bytes);
    while let Some((at, block)) = card.next_block() {
        if sorter.look(at, &block) {
            card.was_one();
        }
    }
    Ok(opened(sorter, &mut |at| Card::block_at(bytes, at)))
}

/// The same for boxes that came as words, or as codes.
///
/// # Errors
/// As [`open_card`].
pub fn open_words(shelf: &dyn Shelf, boxes: &[SealedBox]) -> Result<Opened, EngineError> {
    let mut sorter = Sorter::new(shelf)?;
    for (at, boxed) in (0_u64..).zip(boxes) {
        sorter.look_at_word(at, boxed);
    }
    Ok(opened(sorter, &mut |at| boxes.get(usize::try_from(at).ok()?).cloned()))
}

fn opened(mut sorter: Sorter, read: &mut dyn FnMut(u64) -> Option<SealedBox>) -> Opened {
    let mut opened = Opened { brought: sorter.words(), ..Opened::default() };
    for found in sorter.parcels() {
        match sorter.gather(found, read) {
            Ok(brought) => opened.brought.extend(brought),
            Err(missing) => opened.missing = opened.missing.saturating_add(missing),
        }
    }
    (opened.known, opened.unknown) = (sorter.known, sorter.unknown);
    opened
}
