//! A home in the lab: a real engine on a store, with a clock that may be wrong, that dies anywhere.

use sogon_engine::{
    Answer, Ask, Batch, CallKeys, ConversationId, DirectCall, Engine, EngineError, Event, Input,
    MessageId, Now, Opened, Order, Output, Shelf, Step, Table, Tick, Transmit, WallClock,
    open_card, open_words,
};
use sogon_vault::Vault;
use sogon_wire::{RelayAddr, SealedBox};

use crate::{Chance, chance::SeededEntropy, rows::MemoryRows};

/// Where a home's rows are.
#[derive(Debug)]
pub enum Store {
    /// In memory: fast enough for many seeds.
    Memory(MemoryRows),
    /// In a real container.
    Vault(Box<Vault>),
}

impl Store {
    /// To be read.
    #[must_use]
    pub fn shelf(&self) -> &dyn Shelf {
        match self {
            Self::Memory(rows) => rows,
            Self::Vault(vault) => vault.as_ref(),
        }
    }

    fn commit(&mut self, batch: &Batch) {
        match self {
            Self::Memory(rows) => rows.commit(batch),
            Self::Vault(vault) => vault.commit(batch).expect("the lab's disk has room"),
        }
    }
}

/// Where in a step a home dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// Not at all.
    Never,
    /// After this many outputs were carried out.
    After(usize),
}

/// What came of a step.
#[derive(Debug)]
pub struct Lived {
    /// What was transmitted.
    pub sent: Vec<Transmit>,
    /// What the step gave back.
    pub answer: Result<Answer, EngineError>,
    /// The home died in it and started again.
    pub died: bool,
    /// How many outputs were carried out.
    pub outputs: usize,
}

/// One person's home.
#[derive(Debug)]
pub struct Home {
    /// What the person is called.
    pub name: String,
    /// Its rows.
    pub store: Store,
    engine: Engine,
    entropy: SeededEntropy,
    /// How wrong its clock is, in seconds.
    pub skew_s: i64,
    /// When it asked to be called.
    pub wake: Option<Tick>,
    /// What it told since it was last looked at.
    pub told: Vec<Event>,
    /// Planted faults of the engine's surroundings, to see the oracle catch them.
    pub mutant: Mutant,
    /// What it did that no home may do.
    pub faults: Vec<String>,
}

/// A fault planted on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mutant {
    /// None.
    #[default]
    None,
    /// Transmits before it saves.
    SaveLast,
    /// Forgets to save one batch in thirty.
    ForgetsBatches,
    /// Saves only half of a batch when it dies.
    TearsBatches,
}

/// Seconds since 1970 in the lab when it begins.
const LAB_EPOCH_S: i64 = 1_790_000_000;

impl Home {
    /// A new home.
    ///
    /// # Errors
    /// As [`Engine::set_up`] and [`Engine::open`].
    pub fn new(
        name: &str,
        relays: &[RelayAddr],
        mut store: Store,
        seed: u64,
        skew_s: i64,
    ) -> Result<Self, EngineError> {
        let entropy = SeededEntropy::new(seed);
        let (batch, _) = Engine::set_up(name, relays, &entropy)?;
        store.commit(&batch);
        let engine = Engine::open(store.shelf(), Box::new(entropy.clone()))?;
        let name = name.to_owned();
        let (wake, told, faults) = (None, Vec::new(), Vec::new());
        let mutant = Mutant::None;
        Ok(Self { name, store, engine, entropy, skew_s, wake, told, mutant, faults })
    }

    fn now(&self, tick: Tick) -> Now {
        let true_s = LAB_EPOCH_S + i64::try_from(tick.0 / 1_000).unwrap_or(0);
        let wall = u64::try_from(true_s + self.skew_s).unwrap_or(0);
        Now { tick, wall: WallClock(wall) }
    }

    /// One step, carried out up to the death.
    pub fn step(&mut self, tick: Tick, input: Input, death: Death, chance: &Chance) -> Lived {
        let act = matches!(input, Input::Act(_));
        let step = self.engine.handle(self.now(tick), input, self.store.shelf());
        let Step { mut outputs, answer } = match step {
            Ok(step) => step,
            Err(error) => {
                // Only a person's act may be refused: whatever a relay brings must lead on.
                if !act || matches!(error, EngineError::Bug | EngineError::Shelf(_)) {
                    self.faults.push(format!("the engine of {} says: {error}", self.name));
                }
                return Lived { sent: Vec::new(), answer: Err(error), died: false, outputs: 0 };
            }
        };
        let count = outputs.len();
        if self.mutant == Mutant::SaveLast {
            let saves = usize::from(matches!(outputs.first(), Some(Output::Save(_))));
            outputs.rotate_left(saves);
        }
        let mut sent = Vec::new();
        for (done, output) in outputs.into_iter().enumerate() {
            if death == Death::After(done) {
                if let (Mutant::TearsBatches, Output::Save(batch)) = (self.mutant, &output) {
                    let half = batch.len() / 2;
                    self.store.commit(&batch.iter().take(half).cloned().collect());
                }
                self.restart();
                return Lived { sent, answer: Ok(answer), died: true, outputs: done };
            }
            match output {
                Output::Save(batch) => {
                    if self.mutant != Mutant::ForgetsBatches || !chance.once_in(30) {
                        self.store.commit(&batch);
                    }
                }
                Output::Transmit(transmit) => {
                    if !self.durable(&transmit) {
                        self.faults.push(format!("{} transmits what is not saved", self.name));
                    }
                    sent.push(transmit);
                }
                Output::Tell(event) => self.told.push(event),
                Output::Wake(tick) => self.wake = Some(tick),
            }
        }
        Lived { sent, answer: Ok(answer), died: false, outputs: count }
    }

    /// Nothing may leave before what it rests on is durable: a box that goes out stands in the
    /// store, so a start after a death sends the same bytes and no key is used twice.
    fn durable(&self, transmit: &Transmit) -> bool {
        let posting = match &transmit.ask {
            Ask::Append(posting) => posting,
            // A piece of a file is sealed from rows that never change, to the same bytes each time:
            // the relay of the lab counts whether that is so.
            Ask::Lay(posting) => {
                let log = posting.log().0;
                let rows = self.store.shelf().scan(Table(70), b"", None, usize::MAX / 2, Order::Up);
                let holds = |value: &[u8]| value.windows(16).any(|part| part == log);
                return rows.unwrap_or_default().iter().any(|(_, value)| holds(value));
            }
            _ => return true,
        };
        let wanted = posting.append().signature.0;
        let holds = |value: &[u8]| value.windows(64).any(|part| part == wanted);
        [12, 17, 18].into_iter().any(|table| {
            let rows = self.store.shelf().scan(Table(table), b"", None, usize::MAX / 2, Order::Up);
            rows.unwrap_or_default().iter().any(|(_, value)| holds(value))
        })
    }

    /// What a start after a death finds: the store, and nothing else.
    pub fn restart(&mut self) {
        let entropy = Box::new(self.entropy.clone());
        self.engine = Engine::open(self.store.shelf(), entropy).expect("the store opens again");
        self.wake = None;
    }

    /// The epoch and a commitment to the keys of a conversation.
    ///
    /// # Errors
    /// As [`Engine::commitment`].
    pub fn commitment(&self, id: ConversationId) -> Result<(u64, [u8; 32]), EngineError> {
        self.engine.commitment(id, self.store.shelf())
    }

    /// What a card holds for this home.
    ///
    /// # Panics
    /// When the store does not answer.
    #[must_use]
    pub fn open_card(&self, card: &[u8]) -> Opened {
        open_card(self.store.shelf(), card).expect("the store answers")
    }

    /// The same for words and codes.
    ///
    /// # Panics
    /// When the store does not answer.
    #[must_use]
    pub fn open_words(&self, boxes: &[SealedBox]) -> Opened {
        open_words(self.store.shelf(), boxes).expect("the store answers")
    }

    /// What this home needs for a call.
    ///
    /// # Errors
    /// As [`Engine::allow_direct`].
    pub fn allow_direct(&mut self, allowed: bool) {
        self.engine.allow_direct(allowed);
    }

    /// As [`Engine::direct_keys`].
    ///
    /// # Errors
    /// As [`Engine::direct_keys`].
    pub fn direct_keys(
        &self,
        id: ConversationId,
        call: MessageId,
    ) -> Result<Option<DirectCall>, EngineError> {
        self.engine.direct_keys(id, call, self.store.shelf())
    }

    /// As [`Engine::call_keys`].
    pub fn call_keys(
        &self,
        id: ConversationId,
        call: MessageId,
    ) -> Result<(RelayAddr, CallKeys), EngineError> {
        self.engine.call_keys(id, call, self.store.shelf())
    }
}

impl Home {
    /// Starts again, or not.
    pub fn restart_if(&mut self, really: bool) {
        if really {
            self.restart();
        }
    }
}
