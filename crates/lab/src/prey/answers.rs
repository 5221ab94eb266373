//! Answers about files: whatever a relay, together with the sender of a file, says to a home that
//! fetches one and sends one.

use std::cell::OnceCell;

use sogon_engine::{
    Act, Answer, Arrival, Ask, Engine, EngineError, Input, Loss, MessageId, Now, Order, Output,
    Shelf, Table, Tick, Transmit, WallClock, view,
};
use sogon_seal::FileKeys;
use sogon_wire::{LogName, Refusal, RelayAddr, Reply, Request, STEPS, SealedBox, Uses};

use super::Tape;
use crate::{
    Chance, SeededEntropy, files,
    home::{Mutant, Store},
    relay::LabRelay,
    rows::MemoryRows,
    world::World,
};

const FILES: Table = Table(70);
const MINA: usize = 0;
const MALLORY: usize = 1;
/// Three pieces of 16 KiB, the last one short.
const BYTES: usize = 40_000;
/// The most answers of one script.
const ANSWERS_MAX: usize = 32;

/// Mina is about to fetch a file of Mallory's, and to send one of hers.
struct Scene {
    mina: MemoryRows,
    relay: LabRelay,
    addr: RelayAddr,
    keys: FileKeys,
    file: MessageId,
    bytes: Vec<u8>,
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
        let first = |world: &World, home: usize| {
            view::conversations(world.homes[home].store.shelf()).expect("rows")[0].id
        };
        let bytes = files::bytes_of(4, BYTES);
        let (to, back) = (first(&world, MALLORY), first(&world, MINA));
        world.act(MINA, Act::FetchBelow { bytes: 0 }).expect("an act");
        let file = files::send(&mut world, MALLORY, to, &bytes, None).expect("a file");
        world.haul(MALLORY);
        world.burst(MINA);
        files::send(&mut world, MINA, back, &files::bytes_of(5, BYTES), None).expect("a file");
        files::want_all(&mut world, MINA);
        let rows = |home: usize| match &world.homes[home].store {
            Store::Memory(rows) => rows.clone(),
            Store::Vault(_) => unreachable!("this world is in memory"),
        };
        let keys = FileKeys::from_secret(secret(&rows(MALLORY))).expect("a secret");
        let (addr, relay) = (world.addrs[0].clone(), world.relays[0].clone());
        Self { mina: rows(MINA), relay, addr, keys, file, bytes }
    }

    /// What lies in a log at the relay.
    fn lying(&self, log: LogName) -> Vec<SealedBox> {
        let read = Request::Read { log, after: 0, bytes_max: 1 << 17 };
        match self.relay.clone().answer(MINA, &read, &Chance::new(0)) {
            Some(Reply::Entries { boxes, .. }) => boxes,
            _ => Vec::new(),
        }
    }
}

/// The secret of the one file somebody sends: field 0 of its row.
fn secret(rows: &MemoryRows) -> [u8; 32] {
    let all = rows.scan(FILES, b"", None, 9, Order::Up).expect("rows");
    let mut decoder = minicbor::Decoder::new(&all[0].1);
    decoder.map().expect("a map");
    assert!(decoder.u32().is_ok_and(|key| key == 0), "the secret stands first");
    decoder.bytes().expect("bytes").try_into().expect("32 of them")
}

/// Mina's home, and what it asked.
struct Siege {
    rows: MemoryRows,
    engine: Engine,
    asked: Vec<Transmit>,
    tick: u64,
}

impl Siege {
    fn give(&mut self, input: Input) {
        let now = Now { tick: Tick(self.tick), wall: WallClock(1_790_000_000) };
        match self.engine.handle(now, input, &self.rows) {
            Ok(step) => {
                for output in step.outputs {
                    match output {
                        Output::Save(batch) => self.rows.commit(&batch),
                        Output::Transmit(transmit) => self.asked.push(transmit),
                        Output::Tell(_) | Output::Wake(_) => {}
                    }
                }
            }
            Err(error) => assert!(
                !matches!(error, EngineError::Bug | EngineError::Shelf(_)),
                "the step failed: {error:?}"
            ),
        }
    }
}

/// A relay answers Mina's questions about files as the script says: no step fails, nothing is shown
/// as whole but what was offered, and what is shown can be read.
///
/// # Panics
/// When that is not so.
pub fn engine_files(bytes: &[u8]) {
    SCENE.with(|cell| {
        let scene = cell.get_or_init(Scene::new);
        let mut tape = Tape::new(bytes);
        let rows = scene.mina.clone();
        let engine = Engine::open(&rows, Box::new(SeededEntropy::new(6))).expect("rows");
        let mut siege = Siege { rows, engine, asked: Vec::new(), tick: 1_000_000 };
        siege.give(if tape.byte().is_multiple_of(2) { Input::Haul } else { Input::Live });
        for _ in 0..ANSWERS_MAX {
            if tape.is_over() || siege.asked.is_empty() {
                break;
            }
            siege.tick += u64::from(tape.byte()) * 20;
            let place = tape.place(siege.asked.len());
            // Sometimes the same question is answered twice.
            let asked = match tape.byte().is_multiple_of(8) {
                true => siege.asked[place].clone(),
                false => siege.asked.swap_remove(place),
            };
            let input = answer(scene, &asked, &mut tape);
            siege.give(input);
        }
        for message in view::files(&siege.rows).expect("rows") {
            let file = message.file.as_ref().expect("a file");
            if message.id == scene.file && file.whole {
                assert_eq!(files::read(&siege.rows, &message).as_ref(), Some(&scene.bytes));
            }
        }
    });
}

/// One answer, honest or not.
fn answer(scene: &Scene, asked: &Transmit, tape: &mut Tape<'_>) -> Input {
    let relay = scene.addr.clone();
    let what = tape.byte() % 8;
    let reply = match (what, &asked.ask) {
        (0, _) => return Input::Arrived(Arrival::Lost { relay, why: Loss::HungUp }),
        (1, _) => return Input::Time,
        (2, _) => {
            let why = [Refusal::Full, Refusal::Busy, Refusal::Stopping][tape.place(3)];
            Reply::Refused { why, wait_s: tape.pair() }
        }
        (3, Ask::Append(_) | Ask::Lay(_)) => Reply::Appended { seq: tape.number() },
        (
            4..=7,
            Ask::Fetch { log, after, .. }
            | Ask::Watch { log, after }
            | Ask::Read { log, after, .. },
        ) => {
            let mut boxes = Vec::new();
            for _ in 0..tape.place(6) {
                boxes.push(boxed(scene, *log, tape));
            }
            let (from, head) = match what {
                4 => (tape.number(), tape.number()),
                _ => (after + 1, after + boxes.len() as u64 + u64::from(tape.byte() % 3)),
            };
            // The decoder of the wire lets nothing else through.
            let last = from.checked_add(boxes.len() as u64).map(|end| end - 1);
            let sound = boxes.is_empty() || from > 0 && last.is_some_and(|last| last <= head);
            if !sound || last.is_none() {
                return Input::Time;
            }
            let log = if tape.byte().is_multiple_of(9) { scene.keys.log() } else { *log };
            Reply::Entries { log, from, head, boxes }
        }
        _ => match scene.relay.clone().answer(MINA, &asked.request(), &Chance::new(0)) {
            Some(reply) => reply,
            None => return Input::Time,
        },
    };
    Input::Arrived(Arrival::Reply { relay, tag: asked.tag, reply })
}

/// A box of the file's log, or of any.
fn boxed(scene: &Scene, log: LogName, tape: &mut Tape<'_>) -> SealedBox {
    let lying = scene.lying(log);
    match tape.byte() % 4 {
        0 | 1 if !lying.is_empty() => lying[tape.place(lying.len())].clone(),
        2 => {
            // Mallory seals what he likes, as long or short as he likes, at any place.
            let index = u32::try_from(tape.number()).unwrap_or(u32::MAX);
            let mut bytes = tape.piece().to_vec();
            let whole = [bytes.len(), 16_349, BYTES - 2 * 16_349, 0][tape.place(4)];
            bytes.resize(whole, 7);
            let posting = scene.keys.seal(index, &bytes).expect("it fits");
            posting.boxed().clone()
        }
        _ => {
            let mut bytes = tape.piece().to_vec();
            bytes.resize(STEPS[tape.place(7)], 3);
            SealedBox::parse(&bytes).expect("a step")
        }
    }
}
