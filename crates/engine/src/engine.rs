//! The one loop: an input in, outputs out in order.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
};

use sogon_seal::{CallKeys, Conversation, Desk, DirectCall, Entropy, Identity, Library, Sealer};
use sogon_wire::RelayAddr;

use crate::{
    Answer, Batch, ConversationId, EngineError, Event, FileHash, Input, MessageId, NAME_BYTES_MAX,
    Now, Output, Shelf, Step, Tick,
    links::Links,
    message_row::{DirectRow, KindRow, find},
    rows::{CONVERSATIONS, ConversationRow, OwnerRow, SELF, encode, read},
    step::{Work, placed::Ahead},
};

/// The client's mind: one input in, outputs out in order.
pub struct Engine {
    library: Library,
    entropy: Box<dyn Entropy + Send>,
    identity: Identity,
    memory: Memory,
}

/// How the engine uses carriers at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing is asked.
    #[default]
    Idle,
    /// Until everything is answered.
    Burst,
    /// Until the program ends.
    Live,
}

/// What the engine holds between steps and may lose at any time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) mode: Mode,
    pub(crate) links: Links,
    /// The last step took away what was due, and did nothing else.
    pub(crate) faded: bool,
    /// Conversations in which something may be to do.
    pub(crate) stirred: BTreeSet<ConversationId>,
    /// Relays whose silence was told.
    pub(crate) unreached: BTreeSet<RelayAddr>,
    /// Relays that answered and were not lost since.
    pub(crate) heard: BTreeSet<RelayAddr>,
    /// Relays that are only looked at, in case somebody moved a conversation there.
    pub(crate) spares: BTreeSet<RelayAddr>,
    /// When this burst began.
    pub(crate) begun: Tick,
    /// When the relays that are needed had said everything.
    pub(crate) quiet: Option<Tick>,
    /// How often they looked in live mode.
    pub(crate) looks: u64,
    /// Conversations whose logs are to be asked for, the latest first.
    pub(crate) to_ask: VecDeque<ConversationId>,
    /// At which look those were read last that are not watched in live mode.
    pub(crate) read_at: BTreeMap<ConversationId, u64>,
    /// Those of which something was said since: they are watched before others.
    pub(crate) lively: BTreeSet<ConversationId>,
    /// When those who wait politely look again.
    pub(crate) patience: Option<Tick>,
    /// When the receipts that are owed go out.
    pub(crate) receipts: Option<Tick>,
    /// Conversations whose log was read again from the start in this burst.
    pub(crate) healed: BTreeSet<ConversationId>,
    /// People's words went out in this burst: what can wait, waits.
    pub(crate) words_went: bool,
    /// A conversation was told of another relay in this burst: one at a time.
    pub(crate) widened: bool,
    /// Files are carried in this burst too.
    pub(crate) hauls: bool,
    /// Places of one's own boxes that come after one that is not known.
    pub(crate) placed: BTreeMap<ConversationId, Ahead>,
    /// It was told that nothing but files is under way.
    pub(crate) settled: bool,
    /// Files that are being taken in.
    pub(crate) drafts: BTreeMap<(ConversationId, MessageId), Draft>,
    /// Files of which everything the relay has was read.
    pub(crate) tails: BTreeSet<(ConversationId, MessageId)>,
    /// How much more the store takes, where that was said.
    pub(crate) room: Option<u64>,
    /// Nothing forbids that a call goes directly.
    pub(crate) direct: bool,
}

/// A file that is being taken in.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// How many bytes it will have.
    pub(crate) bytes: u64,
    /// The step of its pieces.
    pub(crate) step: u8,
    /// How many bytes are here.
    pub(crate) taken: u64,
    /// How many pieces.
    pub(crate) pieces: u32,
    /// Of all that is here.
    pub(crate) hash: FileHash,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine(..)")
    }
}

impl Engine {
    /// The first batch of a new home, and its owner's fingerprint in hex.
    ///
    /// # Errors
    /// [`EngineError::TooLarge`] for a name above [`NAME_BYTES_MAX`].
    pub fn set_up(
        name: &str,
        relays: &[RelayAddr],
        entropy: &dyn Entropy,
    ) -> Result<(Batch, String), EngineError> {
        if name.len() > NAME_BYTES_MAX {
            return Err(EngineError::TooLarge);
        }
        let row = OwnerRow {
            name: name.to_owned(),
            identity: Identity::generate(entropy),
            relays: relays.iter().map(ToString::to_string).collect(),
        };
        let put = crate::Change::Put { table: SELF, key: Vec::new(), value: encode(&row)? };
        Ok((vec![put], row.identity.public().fingerprint()))
    }

    /// Opens the engine on a store that [`Engine::set_up`] began.
    ///
    /// # Errors
    /// [`EngineError::Shelf`] or [`EngineError::Bug`] when the store is not one of ours.
    pub fn open(shelf: &dyn Shelf, entropy: Box<dyn Entropy + Send>) -> Result<Self, EngineError> {
        let owner: OwnerRow = read(shelf, SELF, b"")?.ok_or(EngineError::Bug)?;
        let library = Library::new().map_err(|_| EngineError::Bug)?;
        let identity = owner.identity;
        Ok(Self { library, entropy, identity, memory: Memory::default() })
    }

    /// One step of the loop. When a step's batch cannot be saved, drop the engine and open a new
    /// one on the store as it is.
    ///
    /// # Errors
    /// Any [`EngineError`]; then nothing has changed and nothing goes out.
    pub fn handle(
        &mut self,
        now: Now,
        input: Input,
        shelf: &dyn Shelf,
    ) -> Result<Step, EngineError> {
        let before = self.memory.clone();
        let desk = Desk::new(shelf);
        let sealer = Sealer::new(&self.library, &desk, self.entropy.as_ref());
        let mut work = Work::new(&mut self.memory, &desk, sealer, &self.identity, now);
        let done = work.step(input);
        let (transmit, tell, wake) = work.finish();
        let answer = match done {
            Ok(answer) => answer,
            Err(error) => {
                self.memory = before;
                return Err(error);
            }
        };
        let batch = desk.into_batch();
        let save = (!batch.is_empty()).then_some(Output::Save(batch));
        let outputs = save
            .into_iter()
            .chain(transmit.into_iter().map(Output::Transmit))
            .chain(tell.into_iter().map(Output::Tell))
            .chain(wake.map(Output::Wake))
            .collect();
        Ok(Step { outputs, answer })
    }

    /// What a new device needs to go on from here: who the owner is, people, conversations and what
    /// was said in them. No key of any epoch is in it, so it opens nothing that is still under way,
    /// and the new device is let into each conversation again with keys of its own.
    ///
    /// # Errors
    /// [`EngineError::Shelf`] or [`EngineError::Bug`] when the store is not one of ours.
    pub fn portable(&self, shelf: &dyn Shelf) -> Result<Batch, EngineError> {
        let desk = Desk::new(shelf);
        let sealer = Sealer::new(&self.library, &desk, self.entropy.as_ref());
        crate::portable::rows(shelf, sealer)
    }

    /// What the owner needs for a call, in the present epoch, and the relay it goes over.
    ///
    /// # Errors
    /// [`EngineError::Unknown`] for a conversation that is not here, [`EngineError::Over`] for one
    /// that is over.
    pub fn call_keys(
        &self,
        conversation: ConversationId,
        call: MessageId,
        shelf: &dyn Shelf,
    ) -> Result<(RelayAddr, CallKeys), EngineError> {
        let row: ConversationRow =
            read(shelf, CONVERSATIONS, &conversation.0)?.ok_or(EngineError::Unknown)?;
        let desk = Desk::new(shelf);
        let sealer = Sealer::new(&self.library, &desk, self.entropy.as_ref());
        let group = Conversation::load(sealer, row.group).map_err(|_| EngineError::Over)?;
        let keys = group.call(call.0).map_err(|_| EngineError::Over)?;
        Ok((row.relay()?, keys))
    }

    /// Says whether anything forbids now that calls go directly, whatever the owner chose: a proxy,
    /// or a pace at which nothing but even packets leaves. Until it was said, something does.
    pub fn allow_direct(&mut self, allowed: bool) {
        self.memory.direct = allowed;
    }

    /// What the two sides of a call go directly with, and whether the owner is who called; [`None`]
    /// unless both chose so, and still do as far as is known here.
    ///
    /// # Errors
    /// As [`Engine::call_keys`].
    pub fn direct_keys(
        &self,
        conversation: ConversationId,
        call: MessageId,
        shelf: &dyn Shelf,
    ) -> Result<Option<DirectCall>, EngineError> {
        let row: ConversationRow =
            read(shelf, CONVERSATIONS, &conversation.0)?.ok_or(EngineError::Unknown)?;
        let known = find(shelf, conversation, call)?.map(|(_, known)| known);
        let agreed =
            known.filter(|its| its.kind == KindRow::Call && its.direct == Some(DirectRow::Agreed));
        let (Some(known), true) = (agreed, self.memory.direct && row.goes_directly()) else {
            return Ok(None);
        };
        let desk = Desk::new(shelf);
        let sealer = Sealer::new(&self.library, &desk, self.entropy.as_ref());
        let group = Conversation::load(sealer, row.group).map_err(|_| EngineError::Over)?;
        let called = known.from.is_none();
        group.direct_call(call.0, called).map(Some).map_err(|_| EngineError::Over)
    }

    /// The epoch of a conversation and a commitment to its keys (from the exporter): equal for two
    /// homes exactly when they can read each other. For tests and the doctor.
    ///
    /// # Errors
    /// [`EngineError::Unknown`] for a conversation that is not here.
    pub fn commitment(
        &self,
        conversation: ConversationId,
        shelf: &dyn Shelf,
    ) -> Result<(u64, [u8; 32]), EngineError> {
        let row: ConversationRow =
            read(shelf, CONVERSATIONS, &conversation.0)?.ok_or(EngineError::Unknown)?;
        let desk = Desk::new(shelf);
        let sealer = Sealer::new(&self.library, &desk, self.entropy.as_ref());
        let group = Conversation::load(sealer, row.group).map_err(|_| EngineError::Bug)?;
        let commitment = group.commitment().map_err(|_| EngineError::Over)?;
        Ok((group.epoch(), commitment))
    }
}

/// The name of a step's answer when there is none.
pub(crate) const NOTHING: Answer = Answer::Done;

/// Events in the order they are told.
pub(crate) type Told = BTreeSet<Event>;
