//! People whose steps can be looked at one by one, on a relay in memory.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use sogon_engine::{
    Act, Answer, Arrival, Ask, Batch, ConversationId, Engine, Event, Input, Now, Output, Tick,
    Transmit, WallClock, view,
};
use sogon_lab::{
    Chance, SeededEntropy,
    home::{Mutant, Store},
    relay::LabRelay,
    rows::MemoryRows,
    world::World,
};
use sogon_wire::{Frame, LogName, RelayAddr, Reply, Request, SealedBox, Tag, Uses};

/// An engine on a store.
pub(crate) struct Person {
    engine: Engine,
    pub(crate) store: Store,
}

/// What one step did, and how long it took until it was stored.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) time: Duration,
    pub(crate) batch: Batch,
    pub(crate) sent: Vec<Transmit>,
    pub(crate) told: Vec<Event>,
    pub(crate) wake: Option<Tick>,
    pub(crate) answer: Answer,
}

impl Person {
    /// Wakes up on rows somebody left.
    pub(crate) fn on(store: Store, seed: u64) -> Self {
        let entropy = Box::new(SeededEntropy::new(seed));
        Self { engine: Engine::open(store.shelf(), entropy).unwrap(), store }
    }

    /// Somebody new, with rows in memory.
    pub(crate) fn new(name: &str, relay: &RelayAddr, seed: u64) -> Self {
        let relays = std::slice::from_ref(relay);
        let (batch, _) = Engine::set_up(name, relays, &SeededEntropy::new(seed)).unwrap();
        let mut rows = MemoryRows::default();
        rows.commit(&batch);
        Self::on(Store::Memory(rows), seed + 1)
    }

    /// One step, stored.
    pub(crate) fn step(&mut self, input: Input) -> Done {
        self.step_at(Tick(1), input)
    }

    /// One step at a tick, stored.
    pub(crate) fn step_at(&mut self, tick: Tick, input: Input) -> Done {
        let begun = Instant::now();
        let now = Now { tick, wall: WallClock(1_790_000_000) };
        let step = self.engine.handle(now, input, self.store.shelf()).unwrap();
        let (mut batch, mut sent, mut told) = (Batch::new(), Vec::new(), Vec::new());
        let mut wake = None;
        for output in step.outputs {
            match output {
                Output::Save(saved) => {
                    match &mut self.store {
                        Store::Memory(rows) => rows.commit(&saved),
                        Store::Vault(vault) => vault.commit(&saved).unwrap(),
                    }
                    batch = saved;
                }
                Output::Transmit(transmit) => sent.push(transmit),
                Output::Tell(event) => told.push(event),
                Output::Wake(tick) => wake = Some(tick),
            }
        }
        Done { time: begun.elapsed(), batch, sent, told, wake, answer: step.answer }
    }

    /// The conversation with one other person, or with several.
    pub(crate) fn conversation(&self, group: bool) -> ConversationId {
        let all = view::conversations(self.store.shelf()).unwrap();
        all.into_iter().find(|its| its.group == group).expect("they met").id
    }
}

const NAMES: [&str; 10] =
    ["Mina", "Joon", "Sora", "Haru", "Bora", "Dami", "Hana", "Jiho", "Nari", "Yuna"];

/// The rows of this many people who share a conversation.
fn rows_of(count: usize) -> (Vec<MemoryRows>, World) {
    let mut world = World::new(1, &NAMES[..count], Mutant::None);
    for other in 1..count {
        let Ok(Answer::Invited { invite }) = world.act(0, Act::Invite { uses: Uses::One }) else {
            unreachable!("a home with a relay can invite");
        };
        world.act(other, Act::Join { invite, name: None }).unwrap();
    }
    world.calm(6);
    if count > 2 {
        let contacts = view::contacts(world.homes[0].store.shelf()).unwrap();
        let members: Vec<_> = contacts.iter().map(|contact| contact.id).collect();
        assert_eq!(members.len(), count - 1);
        world.act(0, Act::NewGroup { title: "등산".to_owned(), members }).unwrap();
        world.calm(8);
    }
    let rows = world.homes.iter().map(|home| match &home.store {
        Store::Memory(rows) => rows.clone(),
        Store::Vault(_) => unreachable!("made in memory"),
    });
    (rows.collect(), world)
}

/// People in a conversation, all of them connected: what they write goes over a relay that answers
/// at once.
pub(crate) struct Circle {
    pub(crate) people: Vec<Person>,
    relay: LabRelay,
    addr: RelayAddr,
    chance: Chance,
    watches: BTreeMap<(usize, LogName), Tag>,
    group: bool,
}

/// One text on its way from one person to another, step by step.
#[derive(Debug)]
pub(crate) struct Passed {
    /// What the writer's [`Act::Send`] did.
    pub(crate) send: Done,
    /// What the relay's answer, and one's own box coming back, did.
    pub(crate) handed: Vec<Done>,
    /// What its arrival did to the reader.
    pub(crate) arrive: Done,
    /// The box.
    pub(crate) boxed: SealedBox,
}

impl Circle {
    /// So many people; the first two of them write, on stores that `store` makes from their rows.
    pub(crate) fn of(count: usize, store: impl Fn(MemoryRows) -> Store) -> Self {
        let (rows, world) = rows_of(count);
        let seeds = 100..;
        let people = rows.into_iter().zip(seeds).take(2);
        let people = people.map(|(rows, seed)| Person::on(store(rows), seed)).collect();
        let World { mut relays, addrs, chance, .. } = world;
        let (relay, addr) = (relays.remove(0), addrs[0].clone());
        let watches = BTreeMap::new();
        let mut circle = Self { people, relay, addr, chance, watches, group: count > 2 };
        for who in 0..2 {
            let done = circle.people[who].step(Input::Live);
            circle.carry(who, done.sent);
        }
        circle
    }

    /// What the relay answers.
    fn ask(&mut self, who: usize, transmit: &Transmit) -> Option<Reply> {
        let (tag, request, _) = Request::decode(&transmit.frame()).unwrap().unwrap();
        if let Request::Watch { log, .. } = &request {
            self.watches.insert((who, *log), tag);
        }
        self.relay.answer(who, &request, &self.chance)
    }

    fn arrived(&self, tag: Tag, reply: Reply) -> Input {
        Input::Arrived(Arrival::Reply { relay: self.addr.clone(), tag, reply })
    }

    /// The push of one box to somebody who watches its log.
    fn push(&self, who: usize, log: LogName, seq: u64, boxed: &SealedBox) -> Option<Input> {
        let tag = *self.watches.get(&(who, log))?;
        let boxes = vec![boxed.clone()];
        Some(self.arrived(tag, Reply::Entries { log, from: seq, head: seq, boxes }))
    }

    /// Carries until nobody has anything to say.
    fn carry(&mut self, who: usize, sent: Vec<Transmit>) {
        let mut waiting: VecDeque<_> = sent.into_iter().map(|transmit| (who, transmit)).collect();
        while let Some((who, transmit)) = waiting.pop_front() {
            let Some(reply) = self.ask(who, &transmit) else { continue };
            let mut inputs = vec![(who, self.arrived(transmit.tag, reply.clone()))];
            if let (Ask::Append(posting), Reply::Appended { seq }) = (&transmit.ask, &reply) {
                let push = |who| Some((who, self.push(who, posting.log(), *seq, posting.boxed())?));
                inputs.extend((0..self.people.len()).filter_map(push));
            }
            for (who, input) in inputs {
                let done = self.people[who].step(input);
                waiting.extend(done.sent.into_iter().map(|transmit| (who, transmit)));
            }
        }
    }

    /// Passes one text from `from` to the other writer.
    pub(crate) fn pass(&mut self, from: usize, text: &str) -> Passed {
        let to = self.people[from].conversation(self.group);
        let act = Act::Send { to, text: text.to_owned(), reply_to: None };
        let send = self.people[from].step(Input::Act(act));
        let [transmit] = send.sent.as_slice() else { panic!("one box: {:?}", send.sent) };
        let Ask::Append(posting) = &transmit.ask else { panic!("a box: {transmit:?}") };
        let (log, boxed) = (posting.log(), posting.boxed().clone());
        let Some(Reply::Appended { seq }) = self.ask(from, transmit) else { panic!("a place") };
        let answer = self.arrived(transmit.tag, Reply::Appended { seq });
        let echo = self.push(from, log, seq, &boxed).expect("writers watch their logs");
        let handed: Vec<_> =
            [answer, echo].into_iter().map(|input| self.people[from].step(input)).collect();
        let push = self.push(1 - from, log, seq, &boxed).expect("readers watch their logs");
        let arrive = self.people[1 - from].step(push);
        let received = arrive.told.iter().any(|event| matches!(event, Event::Received { .. }));
        assert!(received, "it was read: {:?}", arrive.told);
        for done in &handed {
            self.carry(from, done.sent.clone());
        }
        self.carry(1 - from, arrive.sent.clone());
        Passed { send, handed, arrive, boxed }
    }
}

/// Rows in memory.
pub(crate) fn in_memory(rows: MemoryRows) -> Store {
    Store::Memory(rows)
}
