//! One entry of a conversation, as it is stored.

use minicbor::{Decode, Encode};
use sogon_seal::shelf::Shelf;
use sogon_wire::Seq;

use crate::{
    ConversationId, EngineError, MessageId, WallClock,
    membership::MembershipRow,
    rows::{MESSAGE_IDS, MESSAGES, in_conversation, message_key, number_of, read},
};

/// How far an own message is, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum DeliveryRow {
    #[n(0)]
    Queued,
    #[n(1)]
    Handed,
    #[n(2)]
    Delivered,
    #[n(3)]
    Failed,
}

/// What an entry is, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum KindRow {
    #[n(0)]
    Text,
    #[n(1)]
    Unknown,
    #[n(2)]
    Gap,
    #[n(3)]
    Membership,
    #[n(60)]
    File,
    /// A call; its text says how it stands.
    #[n(20)]
    Call,
}

/// How far two have agreed that a call goes directly, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum DirectRow {
    /// The caller would.
    #[n(0)]
    Offered,
    /// Whoever took it would, too.
    #[n(1)]
    Agreed,
}

/// One entry of a conversation.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct MessageRow {
    #[n(0)]
    pub(crate) id: MessageId,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) from: Option<[u8; 32]>,
    #[n(2)]
    pub(crate) at_s: u64,
    #[n(3)]
    pub(crate) kind: KindRow,
    #[n(4)]
    pub(crate) text: String,
    #[n(5)]
    pub(crate) reply_to: Option<MessageId>,
    #[n(6)]
    pub(crate) delivery: Option<DeliveryRow>,
    #[n(7)]
    pub(crate) epoch: u64,
    #[n(8)]
    pub(crate) seq: Seq,
    #[n(9)]
    pub(crate) unread: bool,
    /// The content as it came, when this version does not understand it.
    #[cbor(n(10), with = "minicbor::bytes")]
    pub(crate) raw: Option<Vec<u8>>,
    /// It is to be gone so many seconds after it was seen here.
    #[n(20)]
    pub(crate) fades_s: Option<u64>,
    /// How often its author changed its words.
    #[n(21)]
    pub(crate) edits: Option<u64>,
    /// What people answered it with in one letter.
    #[n(22)]
    pub(crate) reactions: Option<Vec<ReactionRow>>,
    /// Who came or went, in an entry about that.
    #[n(23)]
    pub(crate) membership: Option<MembershipRow>,
    /// Of a call: whether it may go directly.
    #[n(24)]
    pub(crate) direct: Option<DirectRow>,
}

/// The place of a message that is or was here; 0 for one that was deleted before it came.
pub(crate) fn place(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<u64>, EngineError> {
    let order = shelf.row(MESSAGE_IDS, &message_key(conversation, message))?;
    Ok(order.map(|order| number_of(&order)))
}

/// A message that is here, and its place.
pub(crate) fn find(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<(u64, MessageRow)>, EngineError> {
    let Some(order) = place(shelf, conversation, message)? else { return Ok(None) };
    let row = read::<MessageRow>(shelf, MESSAGES, &in_conversation(conversation, order))?;
    Ok(row.map(|row| (order, row)))
}

impl MessageRow {
    /// One of the owner's, that waits for the relay.
    pub(crate) fn own(id: MessageId, now: WallClock, kind: KindRow, text: String) -> Self {
        Self { delivery: Some(DeliveryRow::Queued), ..Self::bare(id, now.0, kind, text) }
    }

    /// One of somebody else's, that nobody has seen here.
    pub(crate) fn received(
        id: MessageId,
        from: [u8; 32],
        at_s: u64,
        kind: KindRow,
        text: String,
    ) -> Self {
        Self { from: Some(from), unread: true, ..Self::bare(id, at_s, kind, text) }
    }

    /// One the program makes, not a person.
    pub(crate) fn notice(id: MessageId, now: WallClock, kind: KindRow) -> Self {
        Self::bare(id, now.0, kind, String::new())
    }

    fn bare(id: MessageId, at_s: u64, kind: KindRow, text: String) -> Self {
        Self {
            id,
            from: None,
            at_s,
            kind,
            text,
            reply_to: None,
            delivery: None,
            epoch: 0,
            seq: 0,
            unread: false,
            raw: None,
            fades_s: None,
            edits: None,
            reactions: None,
            membership: None,
            direct: None,
        }
    }
}

/// Somebody's reaction to a message; an empty face is one that was taken back.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct ReactionRow {
    /// Whose; none for the owner's.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) from: Option<[u8; 32]>,
    #[n(1)]
    pub(crate) face: String,
    /// Which of theirs to this message it is: from 1.
    #[n(2)]
    pub(crate) turn: u64,
}
