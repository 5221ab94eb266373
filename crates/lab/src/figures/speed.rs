//! Part 1: sealing and opening beside Olm.

use std::time::{Duration, Instant};

use minicbor::Decode;
use sogon_engine::Table;
use sogon_lab::{SeededEntropy, home::Store, rows::MemoryRows};
use sogon_seal::{Conversation, Desk, GroupName, Library, Opened, Posting, Sealer};
use sogon_wire::SealedBox;

use super::{
    KOREAN,
    olm::{KeptOlm, Olm, Signatures},
    people::{Circle, in_memory},
    table,
};

/// Texts in one round, and rounds. An odd number: there is a middle one.
const ROUND: usize = 50;
const ROUNDS: usize = 21;

/// What a conversation's row says first (SPEC: table 12, field 0).
#[derive(Decode)]
#[cbor(map)]
struct ConversationRow {
    #[n(0)]
    group: GroupName,
}

const CONVERSATIONS: Table = Table(12);

/// One home's rows, used by the sealing room alone.
pub(crate) struct Room {
    rows: MemoryRows,
    library: Library,
    entropy: SeededEntropy,
    group: GroupName,
}

impl Room {
    fn new(store: &Store, conversation: &[u8], seed: u64) -> Self {
        let row = store.shelf().row(CONVERSATIONS, conversation).unwrap().expect("it is there");
        let ConversationRow { group } = minicbor::decode(&row).unwrap();
        let Store::Memory(rows) = store else { unreachable!("made in memory") };
        let (library, entropy) = (Library::new().unwrap(), SeededEntropy::new(seed));
        Self { rows: rows.clone(), library, entropy, group }
    }

    /// The keys read, the step, the batch stored.
    fn step<T>(&mut self, step: impl FnOnce(&mut Conversation<'_>) -> T) -> T {
        let desk = Desk::new(&self.rows);
        let sealer = Sealer::new(&self.library, &desk, &self.entropy);
        let result = step(&mut Conversation::load(sealer, self.group).unwrap());
        let batch = desk.into_batch();
        self.rows.commit(&batch);
        result
    }

    pub(crate) fn seal(&mut self, content: &[u8]) -> Posting {
        self.step(|conversation| conversation.seal(content).unwrap())
    }

    pub(crate) fn open(&mut self, boxed: &SealedBox) -> Vec<u8> {
        match self.step(|conversation| conversation.open(boxed).unwrap()) {
            Opened::Message { content, .. } => content,
            other => panic!("a message: {other:?}"),
        }
    }
}

/// Two homes in the sealing room, and the content that the engine makes of `text`.
pub(crate) fn rooms(text: &str) -> ([Room; 2], Vec<u8>) {
    let mut circle = Circle::of(2, in_memory);
    let room = |circle: &Circle, who: usize, seed| {
        let person = &circle.people[who];
        Room::new(&person.store, &person.conversation(false).0, seed)
    };
    circle.pass(1, text);
    // What Joon would see, had he not read it yet.
    let mut before = room(&circle, 1, 9);
    let content = before.open(&circle.pass(0, text).boxed);
    ([room(&circle, 0, 7), room(&circle, 1, 8)], content)
}

/// Somebody who seals, and somebody who opens.
trait Pair {
    /// Passes one text from one to the other: how long sealing and opening took.
    fn pass(&mut self, from: usize) -> (Duration, Duration);
}

struct Rooms {
    rooms: [Room; 2],
    content: Vec<u8>,
}

impl Pair for Rooms {
    fn pass(&mut self, from: usize) -> (Duration, Duration) {
        let begun = Instant::now();
        let posting = self.rooms[from].seal(&self.content);
        let sealed = begun.elapsed();
        let begun = Instant::now();
        let content = self.rooms[1 - from].open(posting.boxed());
        let opened = begun.elapsed();
        assert_eq!(content, self.content);
        (sealed, opened)
    }
}

/// The engine's whole step, rows in memory.
struct Steps(Circle, &'static str);

impl Pair for Steps {
    fn pass(&mut self, from: usize) -> (Duration, Duration) {
        let passed = self.0.pass(from, self.1);
        (passed.send.time, passed.arrive.time)
    }
}

/// The engine's, and everything its writer does until the text is handed over.
struct StepsToTheEnd(Circle, &'static str);

impl Pair for StepsToTheEnd {
    fn pass(&mut self, from: usize) -> (Duration, Duration) {
        let passed = self.0.pass(from, self.1);
        let handed: Duration = passed.handed.iter().map(|done| done.time).sum();
        (passed.send.time + handed, passed.arrive.time)
    }
}

impl Pair for (Olm, &'static str) {
    fn pass(&mut self, from: usize) -> (Duration, Duration) {
        self.0.pass(from, self.1)
    }
}

impl Pair for (KeptOlm, &'static str) {
    fn pass(&mut self, from: usize) -> (Duration, Duration) {
        self.0.pass(from, self.1)
    }
}

impl Pair for Signatures {
    fn pass(&mut self, _from: usize) -> (Duration, Duration) {
        Signatures::pass(self)
    }
}

/// Who writes in a round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// One person, many texts: Olm turns its wheel of keys only by hashes.
    OneSide,
    /// Both in turns: Olm agrees on new keys at each turn.
    Turns,
}

/// One round, seconds per text.
fn round(pair: &mut dyn Pair, flow: Flow) -> (f64, f64) {
    // An answer, with the receipt in it, and the first text after it are not counted.
    pair.pass(1);
    pair.pass(0);
    let (mut sealing, mut opening) = (Duration::ZERO, Duration::ZERO);
    for place in 0..ROUND {
        let from = if flow == Flow::Turns { 1 - place % 2 } else { 0 };
        let (sealed, opened) = pair.pass(from);
        sealing += sealed;
        opening += opened;
    }
    (sealing.as_secs_f64() / ROUND as f64, opening.as_secs_f64() / ROUND as f64)
}

pub(crate) fn run() {
    table::part(
        "1. Sealing and opening, 50 characters",
        "one core, rows in memory, both homes in one process; ratio: more is better",
    );
    for (name, text) in super::TEXTS {
        compare(name, text, Flow::OneSide);
    }
    compare("Korean, in turns", KOREAN, Flow::Turns);
}

fn compare(name: &str, text: &'static str, flow: Flow) {
    let (rooms, content) = rooms(text);
    let mut pairs: [Box<dyn Pair>; 6] = [
        Box::new((Olm::new(), text)),
        Box::new(Rooms { rooms, content }),
        Box::new((KeptOlm::new(), text)),
        Box::new(Steps(Circle::of(2, in_memory), text)),
        Box::new(StepsToTheEnd(Circle::of(2, in_memory), text)),
        Box::new(Signatures::new()),
    ];
    let mut rounds = Vec::new();
    for number in 0..ROUNDS {
        let mut seconds = [(0.0, 0.0); 6];
        for turn in 0..pairs.len() {
            let who = (turn + number) % pairs.len();
            seconds[who] = round(pairs[who].as_mut(), flow);
        }
        rounds.push(seconds);
    }
    const SEALING: fn((f64, f64)) -> f64 = |(sealing, _)| sealing;
    const OPENING: fn((f64, f64)) -> f64 = |(_, opening)| opening;
    let beside = |here: usize, there: usize, of: fn((f64, f64)) -> f64| -> Vec<(f64, f64)> {
        rounds.iter().map(|round| (of(round[here]), of(round[there]))).collect()
    };
    let encrypt = ["vodozemac encrypt", "vodozemac encrypt, state read and written"];
    let decrypt = ["vodozemac decrypt", "vodozemac decrypt, state read and written"];
    let lines = [
        ("seal, sealing room with its rows", 1, 0, SEALING, encrypt[0]),
        ("seal, sealing room with its rows", 1, 2, SEALING, encrypt[1]),
        ("seal, sealing room with its rows", 1, 5, SEALING, "two Ed25519 signatures, its floor"),
        ("send, whole engine step", 3, 2, SEALING, encrypt[1]),
        ("send until handed over, engine steps", 4, 2, SEALING, encrypt[1]),
        ("open, sealing room with its rows", 1, 0, OPENING, decrypt[0]),
        ("open, sealing room with its rows", 1, 2, OPENING, decrypt[1]),
        ("open, sealing room with its rows", 1, 5, OPENING, "one Ed25519 check, its floor"),
        ("arrival, whole engine step", 3, 2, OPENING, decrypt[1]),
    ];
    for (what, here, there, of, peer) in lines {
        let what = format!("{name}: {what}");
        table::rates(&what, peer, &beside(here, there, of));
    }
}
