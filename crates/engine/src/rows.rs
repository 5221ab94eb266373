//! The engine's rows: what a home holds, in tables of CBOR with integer keys.
//!
//! Table numbers and field numbers are part of the stored form: they are added to and never used
//! again for something else.

use minicbor::{Decode, Encode};
use sogon_seal::{
    GroupName, Identity, LogKeys,
    shelf::{Order, Shelf, ShelfFault, Table},
};
use sogon_wire::{LogName, RelayAddr, Seq};

use crate::{
    ContactId, ConversationId, EngineError, MessageId,
    membership::{LetInRow, MemberDeedRow},
    view::AlertKind,
};

pub(crate) const SELF: Table = Table(10);
pub(crate) const CONTACTS: Table = Table(11);
pub(crate) const CONVERSATIONS: Table = Table(12);
pub(crate) const GROUPS: Table = Table(13);
pub(crate) const MESSAGES: Table = Table(14);
pub(crate) const MESSAGE_IDS: Table = Table(15);
pub(crate) const ORDERS: Table = Table(16);
pub(crate) const OUTBOX: Table = Table(17);
pub(crate) const SIDE: Table = Table(18);
pub(crate) const INVITES: Table = Table(19);
pub(crate) const JOINS: Table = Table(20);
pub(crate) const ALERTS: Table = Table(21);
pub(crate) const COUNTERS: Table = Table(22);
pub(crate) const STOCK: Table = Table(23);
pub(crate) const PARTS: Table = Table(24);
pub(crate) const SENT: Table = Table(25);
/// `conversation | seq`: the hash chain at each place read in the present epoch's log.
pub(crate) const CHAINS: Table = Table(26);
/// `conversation | epoch | seq`: content that is no message and was handed and not yet opened by
/// everybody (a name, a key package, a part of a Welcome), as it was.
pub(crate) const KEPT: Table = Table(28);
/// `conversation | first half of a box's hash`: boxes of the present epoch that were dealt with.
pub(crate) const DONE: Table = Table(27);

/// `second | order`: messages that are to be gone by then, and their conversation.
pub(crate) const FADES: Table = Table(40);
/// How far logs were read at relays that are not a conversation's own.
pub(crate) const PLACES: Table = Table(60);
/// Requests to be let in again that were read: they are made at every relay.
pub(crate) const RESCUES: Table = Table(62);
/// In how many bursts in a row a relay did not answer.
pub(crate) const MISSES: Table = Table(61);
/// `conversation | start of a box's hash`: boxes that came by hand in the present epoch and were not
/// seen at a place since; how often a receipt named them.
pub(crate) const BY_HAND: Table = Table(63);
/// `conversation | start of a box's hash`: boxes of one's own that were carried out in the present
/// epoch.
pub(crate) const CARRIED: Table = Table(64);
/// `conversation | epoch`: how this home left an epoch that somebody may still be in.
pub(crate) const TURNS: Table = Table(65);
/// `contact`: the starts of the hashes of their key packages that were used, newest last.
pub(crate) const USED: Table = Table(66);
/// The most rows of a kind a view walks over.
pub(crate) const ALL: usize = 1_000_000;

/// The owner. The seed of the identity is read from the row to where it stays: nothing on the way
/// has a copy of it.
#[derive(Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct OwnerRow {
    #[n(0)]
    pub(crate) name: String,
    #[cbor(n(1), with = "seed")]
    pub(crate) identity: Identity,
    #[n(2)]
    pub(crate) relays: Vec<String>,
}

/// Where the owner's relays stand in [`SELF`] once they are not those of the beginning.
pub(crate) const RELAYS: &[u8] = b"relays";

/// The owner's relays, best first.
#[derive(Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct RelaysRow {
    #[n(0)]
    pub(crate) relays: Vec<String>,
}

/// An identity as the bytes of its seed.
mod seed {
    use minicbor::{
        Decoder, Encoder,
        decode::Error as Unread,
        encode::{Error as Unwritten, Write},
    };
    use sogon_seal::Identity;

    pub(super) fn encode<C, W: Write>(
        identity: &Identity,
        into: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), Unwritten<W::Error>> {
        into.bytes(identity.seed()).map(drop)
    }

    pub(super) fn decode<C>(from: &mut Decoder<'_>, _: &mut C) -> Result<Identity, Unread> {
        let seed = <&[u8; 32]>::try_from(from.bytes()?).map_err(|_| Unread::message("no seed"))?;
        Ok(Identity::from_seed(seed))
    }
}

/// Somebody.
#[derive(Clone, Debug, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct ContactRow {
    #[n(0)]
    pub(crate) name: String,
    /// The owner chose the name: what they call themselves does not change it.
    #[n(1)]
    pub(crate) named_here: bool,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) identity: Option<[u8; 32]>,
    #[n(3)]
    pub(crate) verified: bool,
    #[n(4)]
    pub(crate) blocked: bool,
    #[n(5)]
    pub(crate) conversation: Option<ConversationId>,
    /// They were heard from.
    #[n(6)]
    pub(crate) ready: bool,
}

/// How a conversation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum State {
    /// All is well.
    #[default]
    #[n(0)]
    Open,
    /// Something of the log is missing: it may have held a commit. Nothing is sealed but a probe
    /// until something opens again, or until somebody lets the owner in anew.
    #[n(1)]
    Doubt,
    /// Left, removed from, or blocked.
    #[n(2)]
    Over,
}

/// A log left behind by a commit, read for a while to notice a fork.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct ClosingRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) keys: Vec<u8>,
    #[n(1)]
    pub(crate) cursor: Seq,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) commit: [u8; 16],
    #[n(3)]
    pub(crate) author: u32,
    /// The commit moved the logs to another relay.
    #[n(4)]
    pub(crate) moved: Option<bool>,
    /// At which relay the cursor is; none for the conversation's first.
    #[n(5)]
    pub(crate) relay: Option<String>,
}

/// A commit of one's own on its way.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct OwnCommitRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) posting: Vec<u8>,
    /// The first half of the sealed box's hash.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub(crate) hash: [u8; 16],
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) welcome: Option<Vec<u8>>,
    /// Contacts who come in: the Welcome goes to them through their own conversations.
    #[n(2)]
    pub(crate) added: Vec<ContactId>,
    /// Their key packages, as they came out of the stock.
    #[n(4)]
    pub(crate) packages: Vec<BytesRow>,
    /// Keys of the logs in which members let in again wait.
    #[n(3)]
    pub(crate) readmitted: Vec<BytesRow>,
    /// The relay it moves the logs to, and is to be read back from.
    #[n(6)]
    pub(crate) relay: Option<String>,
}

/// A byte string in a list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct BytesRow(#[cbor(with = "minicbor::bytes")] pub(crate) Vec<u8>);

/// Somebody who is to go, and how often the others had the chance to see to it.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct RemovalRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) identity: [u8; 32],
    #[n(1)]
    pub(crate) patience: u32,
}

impl RemovalRow {
    /// By the owner's own act.
    pub(crate) fn wanted(identity: [u8; 32]) -> Self {
        Self { identity, patience: u32::MAX }
    }

    /// Somebody said that they go.
    pub(crate) fn asked(identity: [u8; 32]) -> Self {
        Self { identity, patience: 0 }
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.patience < u32::MAX
    }
}

/// Somebody who asks to be let in again.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct ReadmitRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) asked: Vec<u8>,
    #[n(1)]
    pub(crate) patience: u32,
}

/// How far a member has opened the log.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct AckRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) identity: [u8; 32],
    #[n(1)]
    pub(crate) epoch: u64,
    #[n(2)]
    pub(crate) seq: Seq,
}

/// One's own request to be let in again.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct RescueRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) keys: Vec<u8>,
    #[n(1)]
    pub(crate) cursor: Seq,
    #[n(2)]
    pub(crate) bursts: u32,
}

/// A pair or a group.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct ConversationRow {
    #[n(0)]
    pub(crate) group: GroupName,
    #[n(1)]
    pub(crate) is_group: bool,
    #[n(2)]
    pub(crate) title: String,
    #[n(3)]
    pub(crate) relay: String,
    #[n(4)]
    pub(crate) contact: Option<ContactId>,
    #[n(5)]
    pub(crate) state: State,
    #[n(6)]
    pub(crate) epoch: u64,
    #[cbor(n(7), with = "minicbor::bytes")]
    pub(crate) keys: Vec<u8>,
    #[n(8)]
    pub(crate) cursor: Seq,
    #[cbor(n(9), with = "minicbor::bytes")]
    pub(crate) chain: [u8; 32],
    /// The chain cannot be known any more: something in this epoch's log is gone.
    #[n(10)]
    pub(crate) chain_lost: bool,
    #[n(11)]
    pub(crate) closings: Vec<ClosingRow>,
    #[n(12)]
    pub(crate) own: Option<OwnCommitRow>,
    #[n(13)]
    pub(crate) adds: Vec<ContactId>,
    #[n(14)]
    pub(crate) removals: Vec<RemovalRow>,
    #[n(15)]
    pub(crate) readmits: Vec<ReadmitRow>,
    #[n(16)]
    pub(crate) sent: u32,
    #[n(17)]
    pub(crate) acks: Vec<AckRow>,
    #[n(18)]
    pub(crate) owes_receipt: bool,
    /// First and last place of what did not open in this epoch's log.
    #[n(19)]
    pub(crate) gaps: Vec<(u64, u64)>,
    /// The same of the epoch before.
    #[n(29)]
    pub(crate) gaps_before: Vec<(u64, u64)>,
    /// The log is read again from the start; up to here nothing of it is new.
    #[n(30)]
    pub(crate) reread_to: Seq,
    /// The chain at the end of the epoch before, its commit included, where it is known.
    #[cbor(n(31), with = "minicbor::bytes")]
    pub(crate) chain_before: Option<[u8; 32]>,
    #[cbor(n(20), with = "minicbor::bytes")]
    pub(crate) rescue_keys: Vec<u8>,
    #[n(21)]
    pub(crate) rescue_cursor: Seq,
    #[n(22)]
    pub(crate) rescue: Option<RescueRow>,
    #[n(23)]
    pub(crate) unread: u64,
    #[n(24)]
    pub(crate) last_order: u64,
    /// Everybody in it but the owner.
    #[n(25)]
    pub(crate) members: Vec<MemberRow>,
    /// The owner asked to go; the note of it is on its way.
    #[n(26)]
    pub(crate) leaving: bool,
    /// A fork out of this log was told already.
    #[n(27)]
    pub(crate) fork_told: bool,
    /// The charter, while there is nothing else: the home was taken up from a backup, and waits to
    /// be let in again.
    #[n(40)]
    pub(crate) restored: Option<BytesRow>,
    /// Every relay of the charter, when they are several; `relay` is the one that orders the logs.
    #[n(50)]
    pub(crate) relays: Option<Vec<String>>,
    /// What did not open in epochs before the one before: epoch, first and last place.
    #[n(53)]
    pub(crate) gaps_earlier: Option<Vec<(u64, u64, u64)>>,
    /// The place of the first box of one's own in this epoch, and of the receipt in it.
    #[n(54)]
    pub(crate) said: Option<Seq>,
    /// This home followed a commit that does not count: for so many bursts it has waited to be let
    /// in where the other one leads.
    #[n(52)]
    pub(crate) strayed: Option<u32>,
    /// Relays of the owner that this conversation is to know too.
    #[n(55)]
    pub(crate) to_know: Option<Vec<String>>,
    /// Those who went, for their names.
    #[n(56)]
    pub(crate) former: Option<Vec<MemberRow>>,
    /// The owner would have calls of this pair go directly.
    #[n(57)]
    pub(crate) direct: Option<bool>,
    /// Whom the owner's own commits let in and put out, in epochs that may yet turn out void.
    #[n(58)]
    pub(crate) deeds: Option<Vec<MemberDeedRow>>,
    /// Those of them that are void: done again when this home is where the others are.
    #[n(59)]
    pub(crate) void: Option<Vec<MemberDeedRow>>,
    /// Whose Welcome let the owner in, and into which epoch.
    #[n(60)]
    pub(crate) let_in: Option<LetInRow>,
}

/// Somebody in a conversation.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct MemberRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) identity: [u8; 32],
    #[n(1)]
    pub(crate) name: String,
}

impl ConversationRow {
    pub(crate) fn log_keys(&self) -> Result<LogKeys, EngineError> {
        LogKeys::from_bytes(&self.keys).map_err(|_| EngineError::Bug)
    }

    pub(crate) fn log(&self) -> Result<LogName, EngineError> {
        Ok(self.log_keys()?.log())
    }

    pub(crate) fn relay(&self) -> Result<RelayAddr, EngineError> {
        self.relay.parse().map_err(|_| EngineError::Bug)
    }

    /// Every relay of the charter, the first first.
    pub(crate) fn relays(&self) -> Result<Vec<RelayAddr>, EngineError> {
        let Some(relays) = &self.relays else { return Ok(vec![self.relay()?]) };
        relays.iter().map(|relay| relay.parse().map_err(|_| EngineError::Bug)).collect()
    }

    /// Whether a charter can be of this conversation by now: it began where this one began. The
    /// relays behind the first may be others.
    pub(crate) fn began_with(&self, charter: &sogon_seal::Charter) -> bool {
        self.first_relay() == charter.relay && charter.has_addresses()
    }

    /// Whether the owner would have calls go directly; never in a group.
    pub(crate) fn goes_directly(&self) -> bool {
        !self.is_group && self.direct == Some(true)
    }

    /// Which of its relays orders the logs; none for the first.
    pub(crate) fn at(&self) -> Option<u8> {
        let place = self.relays.iter().flatten().position(|relay| *relay == self.relay)?;
        u8::try_from(place).ok().filter(|place| *place > 0)
    }

    /// The relay it began at.
    pub(crate) fn first_relay(&self) -> &str {
        self.relays.as_ref().and_then(|relays| relays.first()).unwrap_or(&self.relay)
    }

    /// The first half of the chain, as commits name it; zeros when it is not known.
    pub(crate) fn chain16(&self) -> [u8; 16] {
        if self.chain_lost { [0; 16] } else { *self.chain.first_chunk().unwrap_or(&[0; 16]) }
    }
}

/// Something of one's own that waits.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct OutRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) content: Vec<u8>,
    /// The place among messages, for what people see.
    #[n(1)]
    pub(crate) order: Option<u64>,
    /// Large and not waited for: goes when nothing else does.
    #[n(2)]
    pub(crate) bulk: bool,
    /// Sealed under `epoch`; `None` until the keys are there.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub(crate) posting: Option<Vec<u8>>,
    #[n(4)]
    pub(crate) epoch: u64,
    /// The first half of the sealed box's hash.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub(crate) hash: [u8; 16],
    /// It is in the box of the row of this number, and goes where that one goes.
    #[n(6)]
    pub(crate) rides: Option<u64>,
}

/// A box of one's own that was carried out.
#[derive(Clone, Debug, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct CarriedRow {
    /// The orders of the messages in it.
    #[n(0)]
    pub(crate) orders: Vec<u64>,
    /// Members who said that they opened it.
    #[n(1)]
    pub(crate) opened: Vec<BytesRow>,
}

/// How an epoch was left.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct TurnRow {
    /// Keys of its log.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) keys: Vec<u8>,
    /// Of a pair the commit, of a group the note that there was one.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) boxed: Vec<u8>,
}

/// A posting that belongs to no epoch: an invitation's package, an answer, a closing note.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct SideRow {
    #[n(0)]
    pub(crate) relay: String,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) posting: Vec<u8>,
    #[n(2)]
    pub(crate) bulk: bool,
}

/// An invitation of one's own.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct InviteRow {
    #[n(0)]
    pub(crate) link: String,
    #[n(1)]
    pub(crate) cursor: Seq,
    #[n(2)]
    pub(crate) used: bool,
}

/// Somebody's invitation that is being answered.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct JoinRow {
    #[n(0)]
    pub(crate) link: String,
    #[n(1)]
    pub(crate) cursor: Seq,
}

/// An entry of the owner's log.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct AlertRow {
    #[n(0)]
    pub(crate) at_s: u64,
    #[n(1)]
    pub(crate) kind: AlertKind,
    #[n(2)]
    pub(crate) detail: String,
    #[cbor(n(3), with = "minicbor::bytes")]
    pub(crate) chain: [u8; 32],
}

/// Reads one record.
pub(crate) fn read<T>(shelf: &dyn Shelf, table: Table, key: &[u8]) -> Result<Option<T>, EngineError>
where
    T: for<'b> Decode<'b, ()>,
{
    shelf.row(table, key)?.map(|bytes| decode(&bytes)).transpose()
}

/// Reads every record whose key begins with `prefix`, with the rest of its key.
pub(crate) fn read_all<T>(
    shelf: &dyn Shelf,
    table: Table,
    prefix: &[u8],
) -> Result<Vec<(Vec<u8>, T)>, EngineError>
where
    T: for<'b> Decode<'b, ()>,
{
    let rows = shelf.scan(table, prefix, None, ALL, Order::Up)?;
    rows.into_iter().map(|(key, bytes)| Ok((key, decode(&bytes)?))).collect()
}

pub(crate) fn decode<T>(bytes: &[u8]) -> Result<T, EngineError>
where
    T: for<'b> Decode<'b, ()>,
{
    minicbor::decode(bytes).map_err(|_| EngineError::Bug)
}

pub(crate) fn encode<T: Encode<()>>(record: &T) -> Result<Vec<u8>, EngineError> {
    minicbor::to_vec(record).map_err(|_| EngineError::Bug)
}

/// `conversation | number`: the key of messages and of the outbox.
pub(crate) fn in_conversation(conversation: ConversationId, number: u64) -> Vec<u8> {
    [conversation.0, number.to_be_bytes()].concat()
}

/// `conversation | id`: the key of a message's order.
pub(crate) fn message_key(conversation: ConversationId, message: MessageId) -> Vec<u8> {
    [conversation.0, message.0].concat()
}

/// `conversation | epoch | seq`: the key of what was handed and not yet delivered.
pub(crate) fn sent_key(conversation: ConversationId, epoch: u64, seq: Seq) -> Vec<u8> {
    [conversation.0, epoch.to_be_bytes(), seq.to_be_bytes()].concat()
}

/// The number at the end of a key made by [`in_conversation`].
pub(crate) fn number_of(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The id at the start of a key.
pub(crate) fn id_of(key: &[u8]) -> [u8; 8] {
    *key.first_chunk::<8>().unwrap_or(&[0; 8])
}

impl From<EngineError> for ShelfFault {
    /// A view that meets a row it cannot read is a store that cannot be read.
    fn from(_: EngineError) -> Self {
        Self
    }
}
