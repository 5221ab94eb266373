//! Carrying by hand in a world: cards go from home to home, late, damaged, twice, while relays are
//! there for some and not for others.

use std::collections::BTreeMap;

use sogon_engine::{Act, Answer, ConversationId, Form, Input, Opened, Order, Shelf, Table};
use sogon_seal::CarryKey;
use sogon_wire::{
    Freight, SealedBox,
    bundle::{self, BLOCK_BYTES, ParcelName, SYMBOL_BYTES, Symbol},
};

use crate::{
    Chance, SeededEntropy,
    home::{Mutant, Store},
    model::judge,
    story::Story,
    world::{Weather, World},
};

/// What became of what was carried to a home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// Boxes that were new.
    pub accepted: u64,
    /// Boxes that were there.
    pub duplicates: u64,
    /// Boxes that did not open.
    pub unknown: u64,
    /// Blocks that would have been needed.
    pub missing: u64,
    /// The keys of a group turned, and the card does not say how.
    pub behind: bool,
    /// Something on it is of an epoch that is over here.
    pub late: bool,
}

/// What a home carries out; none when it died over it.
pub fn carry_out(
    world: &mut World,
    home: usize,
    to: &[ConversationId],
    form: Form,
) -> Option<Vec<SealedBox>> {
    carry_out_of(world, home, to, form, u32::MAX)
}

/// The same onto a card that has room for so many blocks.
pub fn carry_out_of(
    world: &mut World,
    home: usize,
    to: &[ConversationId],
    form: Form,
    room: u32,
) -> Option<Vec<SealedBox>> {
    let answer = world.act(home, Act::CarryOut { to: to.to_vec(), form, room });
    let Ok(Answer::CarriedOut { mut blocks, portions, order, .. }) = answer else { return None };
    if world.died {
        return None;
    }
    for portion in &portions {
        let answer = world.act(home, Act::CarryPieces { portion: portion.clone() });
        let Ok(Answer::Pieces { blocks: more }) = answer else { return None };
        assert_eq!(more.len() as u32, portion.blocks());
        blocks.extend(more);
    }
    if !portions.is_empty() {
        let _ = world.act(home, Act::CarriedOff { portions });
    }
    if form == Form::Words {
        return Some(blocks);
    }
    let mut placed = blocks.clone();
    for (block, place) in blocks.into_iter().zip(order) {
        placed[place as usize] = block;
    }
    Some(placed)
}

/// The keys of the pieces of the files a home was offered: they stand in its rows.
///
/// # Panics
/// When the store does not answer.
#[must_use]
pub fn piece_keys(shelf: &dyn Shelf) -> Vec<[u8; 32]> {
    let rows = shelf.scan(Table(70), b"", None, 99, Order::Up).expect("the store answers");
    // An offer in CBOR: a map whose first two fields are the log's name and the key.
    let starts = |part: &[u8]| {
        part.starts_with(&[0, 0x50]) && part.get(18..21).is_some_and(|its| its == [1, 0x58, 32])
    };
    let key = |row: &[u8]| {
        let at = row.windows(53).find(|part| starts(part))?;
        at.last_chunk::<32>().copied()
    };
    rows.iter().filter_map(|(_, row)| key(row)).collect()
}

/// What stands on a card under a key of pieces, as far as its first symbols are there: they are the
/// parcel itself.
///
/// # Panics
/// When a library fails.
#[must_use]
pub fn freight_on(card: &[u8], carry: &CarryKey) -> Option<Freight> {
    let mut symbols = BTreeMap::new();
    for block in card.chunks(BLOCK_BYTES) {
        let Ok(part) = carry.open(&SealedBox::parse(block).ok()?) else { continue };
        let symbol = Symbol::decode(&part).ok()?;
        symbols.insert(symbol.place, symbol);
    }
    let name = symbols.get(&0)?.parcel;
    let all = (0..name.symbols()).map(|at| symbols.get(&at).map(|its| its.bytes.clone()));
    let mut bytes = all.collect::<Option<Vec<_>>>()?.concat();
    bytes.truncate(usize::try_from(name.bytes).ok()?);
    Freight::decode(&bytes).ok()
}

/// A card with the first symbols of a parcel, which are enough.
///
/// # Panics
/// When a library fails.
#[must_use]
pub fn card_of(bytes: &[u8], carry: &CarryKey, entropy: &SeededEntropy) -> Vec<u8> {
    let [size, _] = SYMBOL_BYTES;
    let Ok(name) = ParcelName::of(bytes, size) else { return Vec::new() };
    let mut card = Vec::new();
    for (place, some) in (0..).zip(bytes.chunks(size)) {
        let mut bytes = some.to_vec();
        bytes.resize(size, 0);
        let symbol = Symbol { parcel: name, place, bytes };
        let block = carry.seal(entropy, &symbol.encode()).expect("it fits");
        card.extend(block.as_bytes());
    }
    card
}

/// A card of these blocks.
#[must_use]
pub fn card(blocks: &[SealedBox]) -> Vec<u8> {
    blocks.iter().flat_map(|block| block.as_bytes().to_vec()).collect()
}

/// A home takes a card in.
pub fn take_card(world: &mut World, home: usize, card: &[u8]) -> TakenIn {
    take(world, home, |world| world.homes[home].open_card(card))
}

/// A home takes in what was written, or shown to its camera.
pub fn take_words(world: &mut World, home: usize, text: &str) -> TakenIn {
    let boxes = bundle::boxes_in(text);
    take(world, home, |world| world.homes[home].open_words(&boxes))
}

fn take(world: &mut World, home: usize, open: impl Fn(&World) -> Opened) -> TakenIn {
    let mut all = TakenIn::default();
    // What is taken in may bring keys that open more.
    for _ in 0..20 {
        let opened = open(world);
        all.missing = opened.missing;
        let mut accepted = 0;
        for brought in opened.brought {
            all.late |= brought.is_late();
            let answer = world.act(home, Act::CarryIn { brought });
            if let Ok(Answer::CarriedIn { accepted: new, duplicates, unknown, behind }) = answer {
                all.behind |= behind;
                accepted += new;
                all.duplicates += duplicates;
                all.unknown += unknown;
            }
        }
        all.accepted += accepted;
        if accepted == 0 {
            break;
        }
    }
    all
}

/// What time, sun and sand do to a card: about a part in `one_in` of its blocks is lost or changed,
/// and the rest may stand anywhere.
#[must_use]
pub fn damaged(card: &[u8], one_in: u64, chance: &Chance) -> Vec<u8> {
    let mut blocks: Vec<Vec<u8>> = card.chunks(BLOCK_BYTES).map(<[u8]>::to_vec).collect();
    for block in &mut blocks {
        if chance.once_in(one_in) {
            match chance.below(3) {
                0 => block.clear(),
                1 => block.truncate(BLOCK_BYTES / 2),
                _ => {
                    let at = chance.below(block.len() as u64) as usize;
                    block[at] ^= 1 << chance.below(8);
                }
            }
        }
    }
    if chance.once_in(2) {
        for place in (1..blocks.len()).rev() {
            blocks.swap(place, chance.below(place as u64 + 1) as usize);
        }
    }
    blocks.concat()
}

/// Lives through one seed: homes that are mostly without a relay hand cards to each other, and
/// everything is read once by everybody in the end. Gives what is wrong.
#[must_use]
pub fn live(seed: u64, store: impl Fn(usize) -> Store) -> Vec<String> {
    let names: &[&str] =
        if seed.is_multiple_of(2) { &["Mina", "Joon"] } else { &["Mina", "Joon", "Sora"] };
    let mut world = World::with_stores(seed, names, Mutant::None, store);
    let mut story = Story::default();
    story.meet(&mut world);
    let chance = world.chance.clone();
    world.weather = Weather {
        cut_once_in: 6 + chance.below(40),
        double_once_in: 6 + chance.below(40),
        delay_ms_max: 1 + chance.below(3_000),
        death_once_in: if seed.is_multiple_of(3) { 10 + chance.below(40) } else { 0 },
    };
    let mut cards: Vec<Vec<u8>> = Vec::new();
    for _ in 0..40 + chance.below(40) {
        happen(&mut world, &mut story, &mut cards, &chance);
        let until = world.tick.after_ms(chance.below(20_000));
        world.run_until(until);
    }
    world.offline.fill(false);
    world.calm(12);
    for circle in story.model.circles.keys().cloned().collect::<Vec<_>>() {
        for home in 0..world.homes.len() {
            story.write(&mut world, home, &circle);
        }
    }
    world.calm(12);
    // A card found in a drawer brings nothing new.
    for card in &cards {
        for home in 0..world.homes.len() {
            let _ = take_card(&mut world, home, card);
        }
    }
    world.calm(4);
    judge(&story.model, &world)
}

fn happen(world: &mut World, story: &mut Story, cards: &mut Vec<Vec<u8>>, chance: &Chance) {
    let home = chance.below(world.homes.len() as u64) as usize;
    match chance.below(16) {
        0..=4 => {
            let circles: Vec<String> = story.model.circles.keys().cloned().collect();
            let circle = chance.pick(&circles).clone();
            story.write(world, home, &circle);
        }
        5..=7 => cards.extend(carry_out(world, home, &[], Form::Card).map(|its| card(&its))),
        8..=10 if !cards.is_empty() => {
            let card: &Vec<u8> = chance.pick(cards);
            let card = damaged(card, 5 + chance.below(20), chance);
            let _ = take_card(world, home, &card);
        }
        11 => drop(world.input(home, Input::Burst)),
        12 => world.offline[home] = !chance.once_in(3),
        13 => drop(world.input(home, Input::Live)),
        14 if world.homes.len() > 2 => story.change_group(world, home),
        _ => world.homes[home].restart_if(chance.once_in(4)),
    }
}
