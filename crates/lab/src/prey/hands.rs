//! What is carried by hand: a card from anybody, and parcels from somebody who has the log's keys.

use std::cell::OnceCell;

use sogon_engine::{
    Act, Answer, Engine, EngineError, Form, Input, Now, Opened, Output, Tick, WallClock, open_card,
    open_words, view,
};
use sogon_seal::{CarryKey, Conversation, GroupName, Identity, LogKeys};
use sogon_wire::{
    Freight, SealedBox, Uses, WriteSignature,
    bundle::{self, Carried, Parcel},
};

use super::{Person, Tape, forge};
use crate::{
    SeededEntropy, files, hands,
    home::{Mutant, Store},
    rows::MemoryRows,
    world::World,
};

const GROUPS: sogon_engine::Table = sogon_engine::Table(13);
const MINA: usize = 0;
const MALLORY: usize = 1;
/// The most parts one script puts on a card.
const PARTS_MAX: usize = 8;
/// The most boxes in a parcel of a script.
const BOXES_MAX: usize = 12;

/// Mina and Mallory are a pair and a group; Mallory wrote, and has a card.
struct Scene {
    mina: MemoryRows,
    keys: Vec<LogKeys>,
    card: Vec<u8>,
    words: Vec<SealedBox>,
    files: Vec<(CarryKey, Freight)>,
}

thread_local! {
    static SCENE: OnceCell<Scene> = const { OnceCell::new() };
}

impl Scene {
    fn new() -> Self {
        let mut world = World::new(3, &["Mina", "Mallory"], Mutant::None);
        let Ok(Answer::Invited { invite }) = world.act(MINA, Act::Invite { uses: Uses::One })
        else {
            unreachable!("a home with a relay can invite")
        };
        world.act(MALLORY, Act::Join { invite, name: None }).expect("a link");
        world.calm(4);
        let contact = view::contacts(world.homes[MINA].store.shelf()).expect("rows")[0].id;
        let group = Act::NewGroup { title: "Moon".to_owned(), members: vec![contact] };
        world.act(MINA, group).expect("a group");
        world.calm(4);
        world.offline.fill(true);
        for c in view::conversations(world.homes[MALLORY].store.shelf()).expect("rows") {
            let text = "by hand".to_owned();
            world.act(MALLORY, Act::Send { to: c.id, text, reply_to: None }).expect("a text");
        }
        let to = view::conversations(world.homes[MALLORY].store.shelf()).expect("rows")[0].id;
        let bytes = files::bytes_of(7, 33_000);
        files::send(&mut world, MALLORY, to, &bytes, None).expect("a file");
        world.offline.fill(false);
        // Mina has the offer, and nothing else of it.
        world.calm(4);
        world.offline.fill(true);
        let blocks = hands::carry_out(&mut world, MALLORY, &[], Form::Card).expect("a card");
        let words = hands::carry_out(&mut world, MALLORY, &[], Form::Words).expect("words");
        let rows = |home: usize| match &world.homes[home].store {
            Store::Memory(rows) => rows.clone(),
            Store::Vault(_) => unreachable!("this world is in memory"),
        };
        let mallory = Person::new(Identity::from_seed(&[4; 32]), rows(MALLORY), 77);
        let names =
            sogon_engine::Shelf::scan(&mallory.rows, GROUPS, b"", None, 9, sogon_engine::Order::Up);
        let names: Vec<_> = names.expect("rows").into_iter().map(|(key, _)| key).collect();
        let name = |key: &Vec<u8>| GroupName(key.as_slice().try_into().expect("16 bytes"));
        let (keys, _) = mallory.peek(|sealer, _| {
            let load = |key| Conversation::load(sealer, name(key)).expect("he is in it");
            names.iter().map(|key| load(key).log_keys().expect("keys")).collect()
        });
        let card = hands::card(&blocks);
        let offered = hands::piece_keys(world.homes[MINA].store.shelf());
        let open = offered.iter().map(|key| CarryKey::of(key).expect("a key"));
        let files: Vec<_> = open
            .filter_map(|carry| hands::freight_on(&card, &carry).map(|its| (carry, its)))
            .collect();
        assert!(!files.is_empty(), "Mina was offered a file, and it is on the card");
        Self { mina: rows(MINA), keys, card, words, files }
    }
}

/// A part of a card.
fn part(scene: &Scene, entropy: &SeededEntropy, tape: &mut Tape<'_>) -> Vec<u8> {
    let keys = &scene.keys[tape.place(scene.keys.len())];
    let carry = keys.carry().expect("keys");
    match tape.byte() % 6 {
        0 => scene.card.clone(),
        1 => {
            let mut card = scene.card.clone();
            tape.bend(&mut card);
            card
        }
        2 => {
            // Any part at all, under the right key.
            let mut part = tape.piece().to_vec();
            part.resize(if tape.byte().is_multiple_of(2) { 992 } else { part.len() }, 0);
            carry.seal(entropy, &part).map(|its| its.as_bytes().to_vec()).unwrap_or_default()
        }
        3 => {
            let mut items = Vec::new();
            for _ in 0..tape.place(BOXES_MAX) {
                let boxed = match tape.byte() % 3 {
                    0 if !scene.words.is_empty() => {
                        scene.words[tape.place(scene.words.len())].clone()
                    }
                    1 => forge::envelope(keys, tape.piece()),
                    _ => forge::boxed(keys, tape.byte(), tape.piece()),
                };
                items.push(Carried { seq: tape.number(), boxed });
            }
            let mut bytes = Parcel { items }.encode();
            if tape.byte().is_multiple_of(4) {
                tape.bend(&mut bytes);
            }
            hands::card_of(&bytes, &carry, entropy)
        }
        4 => tape.piece().to_vec(),
        _ => freight(scene, entropy, tape),
    }
}

/// Pieces of one of Mallory's files, as she may have changed them.
fn freight(scene: &Scene, entropy: &SeededEntropy, tape: &mut Tape<'_>) -> Vec<u8> {
    if scene.files.is_empty() {
        return Vec::new();
    }
    let (carry, honest) = &scene.files[tape.place(scene.files.len())];
    let mut freight = honest.clone();
    for _ in 0..tape.place(BOXES_MAX) {
        let (signature, boxed) = honest.items[tape.place(honest.items.len())].clone();
        match tape.byte() % 4 {
            0 => freight.items.push((signature, boxed)),
            1 => freight.items.push((signature, forge::envelope(&scene.keys[0], tape.piece()))),
            2 => freight.items.push((WriteSignature([tape.byte(); 64]), boxed)),
            _ => freight.items.truncate(tape.place(4)),
        }
    }
    let mut bytes = freight.encode();
    if tape.byte().is_multiple_of(2) {
        tape.bend(&mut bytes);
    }
    hands::card_of(&bytes, carry, entropy)
}

/// Mina takes in what Mallory, or whoever found a card, made of it: the step never fails, what is
/// shown stays readable, and the same card brings nothing twice.
///
/// # Panics
/// When it does not keep that.
pub fn engine_carried(bytes: &[u8]) {
    SCENE.with(|cell| {
        let scene = cell.get_or_init(Scene::new);
        let mut tape = Tape::new(bytes);
        let entropy = SeededEntropy::new(5);
        let mut rows = scene.mina.clone();
        let mut engine = Engine::open(&rows, Box::new(SeededEntropy::new(6))).expect("rows");
        let as_words = tape.byte().is_multiple_of(4);
        let mut card = Vec::new();
        for _ in 0..PARTS_MAX {
            if tape.is_over() {
                break;
            }
            card.extend(part(scene, &entropy, &mut tape));
        }
        let text = if as_words {
            let known: Vec<String> = scene.words.iter().map(bundle::word).collect();
            format!("{} {}", known.join("\n"), String::from_utf8_lossy(&card))
        } else {
            String::new()
        };
        let boxes = bundle::boxes_in(&text);
        for round in 0..2 {
            let opened = if as_words { open_words(&rows, &boxes) } else { open_card(&rows, &card) };
            let accepted = take(&mut engine, &mut rows, opened.expect("rows"));
            assert!(round == 0 || accepted == 0, "the second time {accepted} are new");
        }
        for c in view::conversations(&rows).expect("rows") {
            view::messages(&rows, c.id, 0, 1_000).expect("rows");
        }
    });
}

/// Takes it in; gives how many boxes were new.
fn take(engine: &mut Engine, rows: &mut MemoryRows, opened: Opened) -> u64 {
    let mut accepted = 0;
    for brought in opened.brought {
        let now = Now { tick: Tick(1_000_000), wall: WallClock(1_790_000_000) };
        match engine.handle(now, Input::Act(Act::CarryIn { brought }), rows) {
            Ok(step) => {
                for output in step.outputs {
                    match output {
                        Output::Save(batch) => rows.commit(&batch),
                        Output::Transmit(_) => panic!("nothing was asked for"),
                        Output::Tell(_) | Output::Wake(_) => {}
                    }
                }
                let Answer::CarriedIn { accepted: new, .. } = step.answer else {
                    panic!("another answer")
                };
                accepted += new;
            }
            Err(error) => assert!(
                !matches!(error, EngineError::Bug | EngineError::Shelf(_)),
                "the step failed: {error:?}"
            ),
        }
    }
    accepted
}
