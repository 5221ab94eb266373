//! Files in a world: taken in, offered, carried through bad weather, and counted byte by byte.

use std::collections::{BTreeMap, BTreeSet};

use sogon_engine::{
    Act, Answer, ConversationId, EngineError, FileInfo, Input, MessageId, Shelf, view,
};

use crate::{
    Chance,
    home::{Mutant, Store},
    model::{Model, judge},
    story::Story,
    world::{Weather, World},
};

/// Bytes that no compressor and no accident makes again.
#[must_use]
pub fn bytes_of(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Takes a file in and offers it.
///
/// # Errors
/// As the engine's; a home that died in the middle forgot what it had begun.
pub fn send(
    world: &mut World,
    home: usize,
    to: ConversationId,
    bytes: &[u8],
    after_s: Option<u64>,
) -> Result<MessageId, EngineError> {
    let begun = world.act(home, Act::BeginFile { to, bytes: bytes.len() as u64 })?;
    let Answer::Begun { file, piece_bytes } = begun else { panic!("{begun:?}") };
    for some in bytes.chunks(piece_bytes * 3) {
        world.act(home, Act::AddPieces { to, file, bytes: some.to_vec() })?;
    }
    let name = format!("{} bytes.bin", bytes.len());
    let about = FileInfo { name, ..FileInfo::default() };
    world.act(home, Act::SendFile { to, file, about, reply_to: None, after_s })?;
    Ok(file)
}

/// A file's message, as a home shows it.
#[must_use]
pub fn shown(world: &World, home: usize, file: MessageId) -> Vec<view::Message> {
    let all = view::files(world.homes[home].store.shelf()).expect("the store answers");
    all.into_iter().filter(|message| message.id == file).collect()
}

/// The bytes of a file that is whole here.
#[must_use]
pub fn read(shelf: &dyn Shelf, message: &view::Message) -> Option<Vec<u8>> {
    let file = message.file.as_ref()?;
    let mut bytes = Vec::new();
    for index in 0..file.pieces {
        bytes.extend(view::piece(shelf, message.conversation, message.id, index).ok()??);
    }
    Some(bytes)
}

/// Lets every file that is offered here come.
pub fn want_all(world: &mut World, home: usize) {
    for message in view::files(world.homes[home].store.shelf()).expect("the store answers") {
        let act = Act::MoveFile { conversation: message.conversation, message: message.id };
        let _ = world.act(home, act);
    }
}

/// Lives through one seed: people write and send files to each other through bad weather, dying in
/// the middle of steps, and every byte must be there in the end. Gives what is wrong.
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
    let mut sent = BTreeMap::new();
    for turn in 0..30 + chance.below(30) {
        happen(&mut world, &mut story, &mut sent, &chance, seed * 1_000 + turn);
        let until = world.tick.after_ms(chance.below(20_000));
        world.run_until(until);
    }
    world.calm(8);
    for _ in 0..3 {
        for home in 0..world.homes.len() {
            world.haul(home);
            want_all(&mut world, home);
            world.haul(home);
        }
    }
    let mut faults = judge(&story.model, &world);
    judge_files(&story.model, &world, &sent, seed.is_multiple_of(3), &mut faults);
    faults
}

/// A file somebody sent.
struct SentFile {
    by: usize,
    circle: String,
    /// Who was already in the circle, as far as their own home knew: whoever comes in later is not
    /// shown it.
    present: BTreeSet<usize>,
    bytes: Vec<u8>,
}

type Sent = BTreeMap<MessageId, SentFile>;

fn happen(world: &mut World, story: &mut Story, sent: &mut Sent, chance: &Chance, number: u64) {
    let home = chance.below(world.homes.len() as u64) as usize;
    let circles: Vec<String> = story.model.circles.keys().cloned().collect();
    let circle = chance.pick(&circles).clone();
    match chance.below(12) {
        0..=2 => {
            let Some(c) = story.model.find(world, home, &circle).filter(|c| c.open) else { return };
            let length = match chance.below(5) {
                0 => chance.below(3),
                1 => 16_349 * (1 + chance.below(3)),
                _ => chance.below(90_000),
            };
            let bytes = bytes_of(number, length as usize);
            let present = story.model.present(world, &circle);
            if let Ok(file) = send(world, home, c.id, &bytes, None) {
                sent.insert(file, SentFile { by: home, circle, present, bytes });
            }
        }
        3 | 4 => story.write(world, home, &circle),
        5 => drop(world.input(home, Input::Burst)),
        6 | 7 => drop(world.input(home, Input::Haul)),
        8 => drop(world.input(home, Input::Live)),
        9 => want_all(world, home),
        10 => {
            let files = view::files(world.homes[home].store.shelf()).expect("the store answers");
            if !files.is_empty() {
                let its = chance.pick(&files);
                let act = Act::PauseFile { conversation: its.conversation, message: its.id };
                let _ = world.act(home, act);
            }
        }
        _ if world.homes.len() > 2 && chance.once_in(2) => story.change_group(world, home),
        _ => world.homes[home].restart_if(chance.once_in(3)),
    }
}

fn judge_files(model: &Model, world: &World, sent: &Sent, mortal: bool, faults: &mut Vec<String>) {
    for (file, SentFile { by, circle, present, bytes }) in sent {
        let circle = &model.circles[circle];
        let own = shown(world, *by, *file);
        // A home that died before the step was saved never said that it was sent.
        if own.is_empty() && mortal {
            continue;
        }
        let [own] = own.as_slice() else {
            faults.push(format!("{by} shows their own file {} times", own.len()));
            continue;
        };
        let its = own.file.as_ref().expect("a file");
        if its.stage != view::Stage::Sent {
            faults.push(format!("a file of {by} is only {:?}: {its:?}", its.stage));
        }
        for home in (0..world.homes.len()).filter(|home| home != by) {
            let there = shown(world, home, *file);
            if there.len() > 1 || !there.is_empty() && !circle.ever.contains(&home) {
                faults.push(format!("{home} shows a file of {by} {} times", there.len()));
            }
            let sure = circle.unsure.is_empty() && present.contains(&home);
            match there.first() {
                None if sure => faults.push(format!("{home} lacks a file of {by}")),
                None => {}
                Some(message) => {
                    let read = read(world.homes[home].store.shelf(), message);
                    if read.as_ref() != Some(bytes) {
                        let stage = message.file.as_ref().map(|file| (file.stage, file.done_bytes));
                        faults.push(format!("{home} has {stage:?} of {} bytes", bytes.len()));
                    }
                }
            }
        }
    }
    let pieces: u64 = sent
        .keys()
        .filter_map(|file| {
            shown(world, sent[file].by, *file)
                .first()?
                .file
                .as_ref()
                .map(|file| u64::from(file.pieces))
        })
        .sum();
    let laid = world.relays[0].laid();
    if laid != pieces {
        faults.push(format!("{pieces} pieces became {laid} boxes: a place was sealed twice"));
    }
}
