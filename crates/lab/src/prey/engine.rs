//! The engine: whatever relays and members send, it goes on.

use std::cell::OnceCell;

use sogon_engine::{
    Act, Answer, Arrival, Ask, Engine, Event, Input, Loss, Now, Output, Shelf, Table, Tick,
    Transmit, WallClock, view,
};
use sogon_seal::{
    Change, Charter, Conversation, GroupName, Identity, InviteKeys, LogHead, LogKeys, PackageUse,
};
use sogon_wire::{
    About, Fingerprint, Frame, InviteSecret, LogName, Refusal, RelayAddr, Reply, Request, STEPS,
    SealedBox, Uses,
};

use super::{Person, Tape, forge};
use crate::{
    Chance, SeededEntropy,
    home::{Mutant, Store},
    relay::LabRelay,
    rows::MemoryRows,
    world::World,
};

const GROUPS: Table = Table(13);
const STOCK: Table = Table(23);
/// The most inputs one script gives.
const INPUTS_MAX: usize = 24;
/// Kinds of content (SPEC 6).
const KIND_PACKAGE: u32 = 4;
const KIND_WELCOME: u32 = 6;
const MINA: usize = 0;
const MALLORY: usize = 1;

/// A moment in a world: Mina and Mallory are a pair and a group, a link of Mina's is unanswered, and
/// she has just been handed a link of Mallory's.
struct Scene {
    mina: MemoryRows,
    mallory: MemoryRows,
    mallory_seed: [u8; 32],
    addr: RelayAddr,
    /// The pair, then the group.
    names: [GroupName; 2],
    pair: sogon_engine::ConversationId,
    /// Mallory, as Mina has him.
    contact: sogon_engine::ContactId,
    /// The link of Mina's, and the one she was handed.
    secrets: [InviteSecret; 2],
    /// What lies at the relay.
    relay: LabRelay,
}

thread_local! {
    static SCENE: OnceCell<Scene> = const { OnceCell::new() };
}

fn rows_of(world: &World, home: usize) -> MemoryRows {
    match &world.homes[home].store {
        Store::Memory(rows) => rows.clone(),
        Store::Vault(_) => unreachable!("this world is in memory"),
    }
}

impl Scene {
    fn new() -> Self {
        let mut world = World::new(3, &["Mina", "Mallory"], Mutant::None);
        let invited = |answer| match answer {
            Ok(Answer::Invited { invite }) => invite,
            other => unreachable!("a home with a relay can invite: {other:?}"),
        };
        let invite = invited(world.act(MINA, Act::Invite { uses: Uses::One }));
        world.act(MALLORY, Act::Join { invite, name: None }).expect("a link");
        world.calm(4);
        let shelf = world.homes[MINA].store.shelf();
        let contact = view::contacts(shelf).expect("rows")[0].id;
        let pair = view::conversations(shelf).expect("rows")[0].id;
        let group = Act::NewGroup { title: "Moon".to_owned(), members: vec![contact] };
        world.act(MINA, group).expect("a group");
        world.calm(4);
        for text in ["one", "two"] {
            let text = text.to_owned();
            world.act(MINA, Act::Send { to: pair, text, reply_to: None }).expect("a text");
        }
        world.calm(2);
        let own = invited(world.act(MINA, Act::Invite { uses: Uses::One }));
        world.burst(MINA);
        let handed = invited(world.act(MALLORY, Act::Invite { uses: Uses::Many }));
        world.burst(MALLORY);
        let secrets = [own.secret, handed.secret.clone()];
        world.act(MINA, Act::Join { invite: handed, name: None }).expect("a link");
        let (mina, mallory) = (rows_of(&world, MINA), rows_of(&world, MALLORY));
        let names = names(&mina, pair);
        let mallory_seed = owner_seed(&mallory);
        let addr = world.addrs[0].clone();
        let relay = world.relays[0].clone();
        Self { mina, mallory, mallory_seed, addr, names, pair, contact, secrets, relay }
    }

    fn mallory(&self) -> Person {
        Person::new(Identity::from_seed(&self.mallory_seed), self.mallory.clone(), 77)
    }
}

/// The groups behind the pair and the other conversation.
fn names(rows: &MemoryRows, pair: sogon_engine::ConversationId) -> [GroupName; 2] {
    let all = rows.scan(GROUPS, b"", None, 9, sogon_engine::Order::Up).expect("rows");
    let name = |key: &Vec<u8>| GroupName(key.as_slice().try_into().expect("16 bytes"));
    let of_pair = all.iter().find(|(_, id)| *id == pair.0).expect("a pair");
    let other = all.iter().find(|(_, id)| *id != pair.0).expect("a group");
    [name(&of_pair.0), name(&other.0)]
}

/// The owner's secret: field 1 of the owner's row.
fn owner_seed(rows: &MemoryRows) -> [u8; 32] {
    let row = rows.row(Table(10), b"").expect("rows").expect("an owner");
    let mut decoder = minicbor::Decoder::new(&row);
    let fields = decoder.map().expect("a map").expect("of known length");
    for _ in 0..fields {
        if decoder.u32().expect("a number") == 1 {
            return decoder.bytes().expect("bytes").try_into().expect("32 of them");
        }
        decoder.skip().expect("a value");
    }
    unreachable!("an owner has a secret")
}

/// Mina's home under attack.
struct Siege<'a> {
    scene: &'a Scene,
    rows: MemoryRows,
    engine: Engine,
    mallory: Person,
    tick: u64,
    /// Every question Mina asked, the newest last.
    asked: Vec<Transmit>,
    told: Vec<Event>,
}

impl<'a> Siege<'a> {
    fn new(scene: &'a Scene) -> Self {
        let rows = scene.mina.clone();
        let engine = open(&rows);
        let (asked, told) = (Vec::new(), Vec::new());
        Self { scene, rows, engine, mallory: scene.mallory(), tick: 1_000_000, asked, told }
    }

    /// One step. Nothing that arrives may fail it: what fails is asked for again, and would stand
    /// in the way of everything behind it.
    fn give(&mut self, input: Input) {
        let now = Now { tick: Tick(self.tick), wall: WallClock(1_790_000_000) };
        let whole = !matches!(input, Input::Act(_));
        match self.engine.handle(now, input, &self.rows) {
            Ok(step) => {
                for output in step.outputs {
                    match output {
                        Output::Save(batch) => self.rows.commit(&batch),
                        Output::Transmit(transmit) => self.asked.push(transmit),
                        Output::Tell(event) => self.told.push(event),
                        Output::Wake(_) => {}
                    }
                }
            }
            Err(error) => assert!(
                !whole && !matches!(error, sogon_engine::EngineError::Bug),
                "the step failed: {error:?}"
            ),
        }
    }

    /// Keys of every log Mallory knows.
    fn keys(&self) -> Vec<LogKeys> {
        let (mut keys, _) = self.mallory.peek(|s, _| {
            let mut keys = Vec::new();
            for name in self.scene.names {
                let Ok(group) = Conversation::load(s, name) else { continue };
                keys.extend(group.log_keys());
                keys.extend(group.rescue_log());
            }
            keys
        });
        for secret in &self.scene.secrets {
            let invite = InviteKeys::derive(secret).expect("a secret");
            keys.extend([invite.package, invite.answer]);
        }
        keys
    }

    /// What lies in a log at the relay.
    fn lying(&self, log: LogName) -> Vec<SealedBox> {
        let read = Request::Read { log, after: 0, bytes_max: 1 };
        let mut relay = self.scene.relay.clone();
        match relay.answer(MINA, &read, &Chance::new(0)) {
            Some(Reply::Entries { boxes, .. }) => boxes,
            _ => Vec::new(),
        }
    }

    /// A box for a log.
    fn boxed(&mut self, log: LogName, tape: &mut Tape<'_>) -> SealedBox {
        let keys = self.keys().into_iter().find(|keys| keys.log() == log);
        let which = usize::from(tape.byte());
        match (which % 10, keys) {
            (0, _) => {
                let lying = self.lying(log);
                match lying.get(tape.place(lying.len())) {
                    Some(boxed) => boxed.clone(),
                    None => rubbish(tape),
                }
            }
            (1, Some(keys)) => forge::boxed(&keys, tape.byte(), tape.piece()),
            (2, _) => self.written(tape),
            (3, _) => self.committed(tape),
            (4, _) => self.invited(tape),
            (5, Some(keys)) => self.contact(&keys, tape),
            (6, Some(keys)) => forge::envelope(&keys, tape.piece()),
            (8, _) => self.stocked(tape),
            (9, _) => self.rescued(tape),
            _ => rubbish(tape),
        }
    }

    /// Any content of Mallory's, truly sealed.
    fn written(&mut self, tape: &mut Tape<'_>) -> SealedBox {
        let name = self.scene.names[usize::from(tape.byte() % 2)];
        let content = tape.piece();
        self.mallory.step(|s, _| seal(s, name, content))
    }

    /// A commit of Mallory's, truly made; he follows it or does not.
    fn committed(&mut self, tape: &mut Tape<'_>) -> SealedBox {
        let name = self.scene.names[usize::from(tape.byte() % 2)];
        let (what, head) = (tape.byte(), LogHead { seq: tape.number(), chain: [tape.byte(); 16] });
        let sora = Person::new(Identity::from_seed(&[4; 32]), MemoryRows::default(), 9);
        let (package, _) = sora.peek(|s, own| s.make_package(own, PackageUse::Once).expect("one"));
        self.mallory.step(|s, _| {
            let mut group = Conversation::load(s, name).expect("he is in it");
            let mut change = Change { refresh: true, ..Change::default() };
            if what & 1 != 0 {
                change.add.extend(s.check_package(&package));
            }
            if what & 2 != 0 {
                change.remove.push(u32::from(group.own_leaf() == 0));
            }
            let _ = group.drop_pending();
            let Ok(done) = group.commit(&change, head) else { return seal(s, name, b"\xa0") };
            if what & 4 != 0 {
                let _ = group.merge_own();
            }
            done.posting.boxed().clone()
        })
    }

    /// Mina is asked into a group of Mallory's, whose charter says anything: the Welcome in a
    /// content of the pair.
    fn invited(&mut self, tape: &mut Tape<'_>) -> SealedBox {
        let stock = self.mallory.rows.scan(STOCK, b"", None, 1, sogon_engine::Order::Up);
        let stock = stock.expect("rows").into_iter().next().map(|(_, package)| package);
        let name = self.scene.names[0];
        let group = tape.byte().is_multiple_of(2);
        let relay = match tape.byte() % 2 {
            0 => self.scene.addr.to_string(),
            _ => String::from_utf8_lossy(tape.piece()).into_owned(),
        };
        let title = String::from_utf8_lossy(tape.piece()).into_owned();
        let (index, count) = (tape.byte(), tape.byte());
        let mirrors: Vec<String> = (0..tape.byte() % 6)
            .map(|_| String::from_utf8_lossy(tape.piece()).into_owned())
            .collect();
        let at = Some(tape.byte()).filter(|at| *at > 0);
        self.mallory.step(|s, own| {
            let mut charter = Charter::group(title, relay, s.entropy());
            charter.group = group;
            charter.mirrors = (!mirrors.is_empty()).then_some(mirrors);
            charter.at = at;
            let package = stock.and_then(|bytes| s.check_package(&bytes).ok());
            let members: Vec<_> = package.into_iter().collect();
            let founded = Conversation::found(s, own, &charter, &members, None);
            let welcome = founded.ok().and_then(|(_, welcome)| welcome).unwrap_or_default();
            let part = (u32::from(index), u32::from(count).saturating_add(1));
            seal(s, name, &bytes_content(KIND_WELCOME, &welcome, Some(part)))
        })
    }

    /// A request of Mallory's to be let in again, with a key package bent and signed anew.
    fn rescued(&mut self, tape: &mut Tape<'_>) -> SealedBox {
        let name = self.scene.names[usize::from(tape.byte() % 2)];
        let package = self.mallory.step(|s, own| s.make_package(own, PackageUse::Once));
        let real = forge::Package::read(&package.expect("a package"));
        let mut bent = real.clone();
        bent.bend(tape);
        let (keys, _) = self.mallory.peek(|s, _| Conversation::load(s, name)?.rescue_log());
        let signed = [[0; 12].as_slice(), &bent.sign(&self.mallory, &real)].concat();
        let payload = forge::rescue(&self.mallory, name, &signed);
        forge::boxed(&keys.expect("he is in it"), 5, &payload)
    }

    /// A key package for Mina's stock, bent and signed anew.
    fn stocked(&mut self, tape: &mut Tape<'_>) -> SealedBox {
        let name = self.scene.names[0];
        let package = self.mallory.step(|s, own| s.make_package(own, PackageUse::Once));
        let real = forge::Package::read(&package.expect("a package"));
        let mut bent = real.clone();
        bent.bend(tape);
        let content = bytes_content(KIND_PACKAGE, &bent.sign(&self.mallory, &real), None);
        self.mallory.step(|s, _| seal(s, name, &content))
    }

    /// What a stranger with a link sends: a key package or a Welcome, bent.
    fn contact(&mut self, keys: &LogKeys, tape: &mut Tape<'_>) -> SealedBox {
        let lying = self.lying(keys.log());
        let opens = |boxed: &&SealedBox| keys.kind(boxed).is_some();
        let Some(real) = lying.iter().find(opens) else {
            return forge::boxed(keys, 4, tape.piece());
        };
        let (kind, mut payload) = forge::unboxed(keys, real);
        if kind == 3 && tape.byte() % 2 == 1 {
            let package = forge::Package::read(&payload);
            let mut bent = package.clone();
            bent.bend(tape);
            payload = bent.sign(&self.mallory, &package);
        } else {
            let mut script = Tape::new(tape.piece());
            script.bend(&mut payload);
        }
        forge::boxed(keys, kind, &payload)
    }

    fn arrival(&mut self, tape: &mut Tape<'_>) -> Arrival {
        let act = tape.byte();
        let back = tape.place(self.asked.len());
        let asked = self.asked.iter().rev().nth(back).cloned();
        let relay = match tape.byte() {
            0xff => RelayAddr::new("elsewhere", 1, Fingerprint([0; 32])).expect("an address"),
            _ => self.scene.addr.clone(),
        };
        let tag = asked.as_ref().map_or_else(|| tape.pair(), |asked| asked.tag);
        let reply = match act % 8 {
            0 => Reply::Appended { seq: tape.number() },
            1..=4 => self.entries(asked.as_ref(), tape),
            5 => Reply::Refused { why: Refusal::Busy, wait_s: tape.pair() },
            6 => match Reply::decode(tape.piece()) {
                Ok(Some((_, reply, _))) => reply,
                _ => Reply::About(About {
                    version: 0,
                    keep_s: u32::MAX,
                    log_boxes_max: 0,
                    watches_max: 0,
                }),
            },
            _ => {
                let whys = [Loss::Unreachable, Loss::HungUp, Loss::NotARelay, Loss::WrongKey];
                return Arrival::Lost { relay, why: whys[tape.place(4)] };
            }
        };
        Arrival::Reply { relay, tag, reply }
    }

    /// Boxes of the log that was asked for, or of another one.
    fn entries(&mut self, asked: Option<&Transmit>, tape: &mut Tape<'_>) -> Reply {
        let (log, after) = match asked.map(|asked| &asked.ask) {
            Some(Ask::Read { log, after, .. } | Ask::Watch { log, after }) => (*log, *after),
            Some(Ask::Append(posting)) => (posting.log(), 0),
            _ => (LogName([tape.byte(); 16]), 0),
        };
        let log = match tape.byte() {
            0xff => {
                let keys = self.keys();
                keys[tape.place(keys.len())].log()
            }
            _ => log,
        };
        let boxes: Vec<_> = (0..tape.byte() % 5).map(|_| self.boxed(log, tape)).collect();
        let count = boxes.len() as u64;
        let from = match tape.byte() {
            0xff => tape.number(),
            skipped => after.saturating_add(1).saturating_add(u64::from(skipped)),
        };
        let head = match tape.byte() {
            0xff => tape.number(),
            more => from.saturating_add(count).saturating_sub(1).saturating_add(u64::from(more)),
        };
        let reply = Reply::Entries { log, from, head, boxes };
        // Through the bytes, as on a real wire: what cannot be read is a loss there.
        match Reply::decode(&reply.encode(0)) {
            Ok(Some((_, reply, _))) => reply,
            _ => Reply::Refused { why: Refusal::Fault, wait_s: 0 },
        }
    }

    fn input(&mut self, tape: &mut Tape<'_>) {
        let input = match tape.byte() % 16 {
            0..=11 => Input::Arrived(self.arrival(tape)),
            12 => {
                self.tick = self.tick.saturating_add(u64::from(tape.pair()) * 16);
                Input::Time
            }
            13 => {
                let text = String::from_utf8_lossy(tape.piece()).into_owned();
                Input::Act(Act::Send { to: self.scene.pair, text, reply_to: None })
            }
            14 => {
                let title = "New".to_owned();
                Input::Act(Act::NewGroup { title, members: vec![self.scene.contact] })
            }
            _ => Input::Burst,
        };
        self.give(input);
    }

    /// After everything: the home starts again, and every page of it can be shown.
    fn outlive(mut self) {
        self.engine = open(&self.rows);
        self.tick = self.tick.saturating_add(1_000_000);
        self.give(Input::Burst);
        self.give(Input::Time);
        view::owner(&self.rows).expect("the owner can be shown");
        view::contacts(&self.rows).expect("contacts can be shown");
        view::alerts(&self.rows).expect("the owner's log can be shown");
        view::waiting(&self.rows).expect("the outbox can be counted");
        for conversation in view::conversations(&self.rows).expect("conversations can be shown") {
            view::latest(&self.rows, conversation.id, 1_000).expect("messages can be shown");
        }
    }
}

fn open(rows: &MemoryRows) -> Engine {
    Engine::open(rows, Box::new(SeededEntropy::new(5))).expect("a home opens")
}

fn seal(sealer: sogon_seal::Sealer<'_>, name: GroupName, content: &[u8]) -> SealedBox {
    let mut group = Conversation::load(sealer, name).expect("he is in it");
    match group.seal(content) {
        Ok(posting) => posting.boxed().clone(),
        // Too large, or he put himself out.
        Err(_) => SealedBox::parse(&[1; STEPS[0]]).expect("a step"),
    }
}

/// A content that carries bytes, and which part of how many they are (SPEC 6).
fn bytes_content(kind: u32, bytes: &[u8], part: Option<(u32, u32)>) -> Vec<u8> {
    let mut out = minicbor::Encoder::new(Vec::new());
    let written = (|| {
        out.map(2 + u64::from(part.is_some()))?.u32(0)?.u32(kind)?.u32(6)?.bytes(bytes)?;
        if let Some((index, count)) = part {
            out.u32(7)?.map(3)?.u32(0)?.bytes(&[1; 8])?.u32(1)?.u32(index)?.u32(2)?.u32(count)?;
        }
        Ok::<_, minicbor::encode::Error<std::convert::Infallible>>(())
    })();
    written.expect("a vector takes everything");
    out.into_writer()
}

fn rubbish(tape: &mut Tape<'_>) -> SealedBox {
    let step = STEPS[tape.place(STEPS.len())];
    SealedBox::parse(&vec![tape.byte(); step]).expect("a step")
}

/// Anything that can arrive, in any order: never a panic, never a step that fails, and a home that
/// opens and goes on afterwards.
///
/// # Panics
/// When the promise is broken.
pub fn engine_arrivals(bytes: &[u8]) {
    SCENE.with(|once| {
        let mut siege = Siege::new(once.get_or_init(Scene::new));
        let mut tape = Tape::new(bytes);
        siege.give(if tape.byte().is_multiple_of(2) { Input::Burst } else { Input::Live });
        for _ in 0..INPUTS_MAX {
            if tape.is_over() {
                break;
            }
            siege.input(&mut tape);
        }
        siege.outlive();
    });
}

/// Any content a member seals into a pair or a group: whatever it says, the member's next words
/// arrive.
///
/// # Panics
/// When the promise is broken.
pub fn engine_content(bytes: &[u8]) {
    after_content(bytes);
}

/// What the owner's log says after a member's content.
fn after_content(bytes: &[u8]) -> Vec<view::Alert> {
    SCENE.with(|once| {
        let mut siege = Siege::new(once.get_or_init(Scene::new));
        let mut relay = siege.scene.relay.clone();
        let (which, content) = bytes.split_first().unwrap_or((&0, &[]));
        let name = siege.scene.names[usize::from(which % 2)];
        for content in [content, WORDS] {
            let sealed = siege.mallory.step(|s, _| Conversation::load(s, name)?.seal(content));
            let Ok(posting) = sealed else { continue };
            let append = Request::Append(posting.append().clone());
            relay.answer(MALLORY, &append, &Chance::new(0));
        }
        for _ in 0..BURSTS {
            siege.burst(&mut relay);
        }
        let received = |event: &Event| {
            matches!(event, Event::Received { message, .. }
            if message.0 == [0xff; 8])
        };
        assert!(siege.told.iter().any(received), "the next words arrive");
        let (alerts, whole) = view::alerts(&siege.rows).expect("the owner's log can be shown");
        assert!(whole, "its chain is whole");
        siege.outlive();
        alerts
    })
}

/// A text "hi" with an id of ones (SPEC 6).
const WORDS: &[u8] = b"\xa3\x00\x00\x01\x48\xff\xff\xff\xff\xff\xff\xff\xff\x03\x62hi";
/// How many bursts a hostile content may delay what comes after it.
const BURSTS: usize = 3;
/// The most questions of one burst.
const QUESTIONS_MAX: usize = 256;

impl Siege<'_> {
    /// A burst against an honest relay.
    fn burst(&mut self, relay: &mut LabRelay) {
        let mut answered = self.asked.len();
        self.tick = self.tick.saturating_add(60_000);
        self.give(Input::Burst);
        while let Some(asked) = self.asked.get(answered).cloned() {
            answered += 1;
            assert!(answered < QUESTIONS_MAX, "a burst comes to an end");
            let Ok(Some((tag, request, _))) = Request::decode(&asked.frame()) else {
                unreachable!("what the engine sends is a frame");
            };
            let Some(reply) = relay.answer(MINA, &request, &Chance::new(0)) else { continue };
            let relay = self.scene.addr.clone();
            self.give(Input::Arrived(Arrival::Reply { relay, tag, reply }));
        }
    }
}

#[cfg(test)]
mod tests {
    use sogon_engine::view::AlertKind;

    use super::*;

    #[test]
    fn what_no_version_can_read_is_refused_and_told_to_the_owner() {
        for pair_or_group in [0, 1] {
            let alerts = after_content(&[pair_or_group, 0xff, 0, 1, 2]);
            let refused: Vec<_> =
                alerts.iter().filter(|alert| alert.kind == AlertKind::Refused).collect();
            assert_eq!(refused.len(), 1, "{alerts:?}");
            assert!(!refused[0].detail.is_empty(), "it says who");
            let well = after_content(&[&[pair_or_group][..], WORDS].concat());
            assert!(well.iter().all(|alert| alert.kind != AlertKind::Refused), "{well:?}");
        }
    }
}
