//! Rows of files: what was offered, how far it is, and its pieces.

use minicbor::{Decode, Encode};
use sogon_seal::{FileKeys, piece_bytes, shelf::Table};
use sogon_wire::{LogName, RelayAddr, Seq};

use crate::{ConversationId, EngineError, MessageId, content::Offer, view::Signer};

/// `conversation | message`: a file that was offered.
pub(crate) const FILES: Table = Table(70);
/// `conversation | message | index`: the bytes of a piece.
pub(crate) const PIECES: Table = Table(71);
/// `conversation | message | index`: the hash of a piece that came.
pub(crate) const HASHES: Table = Table(72);
/// `order | conversation | message`: files under way, the one offered first in front.
pub(crate) const MOVING: Table = Table(73);
/// `conversation | message`: a file that is being taken in, and how many pieces there are.
pub(crate) const DRAFTS: Table = Table(74);
/// `conversation | message`: pieces to be removed, from the first number up to the second.
pub(crate) const SWEEP: Table = Table(75);
/// Choices about files, by their names.
pub(crate) const CHOICES: Table = Table(76);

/// `conversation | message`: a small picture of a picture, as a JPEG.
pub(crate) const PREVIEWS: Table = Table(77);
/// `conversation`, or nothing for everybody: what the owner decided about files.
pub(crate) const RULES: Table = Table(78);

/// The row of [`CHOICES`] that is there while the link costs by the byte.
pub(crate) const METERED: &[u8] = b"metered";
/// The row of [`CHOICES`] that says below which size files are fetched without a question.
pub(crate) const AUTO: &[u8] = b"auto";
/// What it says when nobody chose.
pub(crate) const AUTO_BYTES: u64 = 65_536;

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum StageRow {
    /// Somebody offers it; nothing was fetched.
    #[n(0)]
    Offered,
    /// It is wanted here, and comes when there is a way.
    #[n(1)]
    Fetching,
    /// Not now, by the owner's wish.
    #[n(2)]
    Paused,
    /// All of it came, and it is what was offered.
    #[n(3)]
    Here,
    /// What came is not what was offered; it was thrown away.
    #[n(4)]
    Broken,
    /// The relay does not keep all of it any more.
    #[n(5)]
    Missing,
    /// One's own, not all of it at the relay yet.
    #[n(6)]
    Sending,
    /// One's own, all of it at the relay.
    #[n(7)]
    Sent,
    /// There was no room for it here.
    #[n(8)]
    NoRoom,
    /// The relay has no room for it.
    #[n(9)]
    Full,
    /// The owner's own rule does not take it.
    #[n(10)]
    Refused,
}

/// What the owner decided about files of a conversation, or of all; what is absent was not decided.
#[derive(Clone, Debug, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct RuleRow {
    #[n(0)]
    pub(crate) takes: Option<bool>,
    #[n(1)]
    pub(crate) bytes_max: Option<u64>,
    #[n(2)]
    pub(crate) fetch_below: Option<u64>,
    #[n(3)]
    pub(crate) fetch_metered: Option<bool>,
    #[n(4)]
    pub(crate) once: Option<bool>,
    #[n(5)]
    pub(crate) no_saving: Option<bool>,
}

/// A file.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct FileRow {
    /// The sender's; none for a file of somebody else.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) secret: Option<[u8; 32]>,
    #[n(1)]
    pub(crate) offer: Offer,
    #[n(2)]
    pub(crate) relay: String,
    /// The place of its message.
    #[n(3)]
    pub(crate) order: u64,
    #[n(4)]
    pub(crate) stage: StageRow,
    /// Pieces that are at the relay, or here.
    #[n(5)]
    pub(crate) done: u32,
    /// One's own: every piece before this one is at the relay.
    #[n(6)]
    pub(crate) first: u32,
    /// One's own: further pieces that are there.
    #[n(7)]
    pub(crate) beyond: Vec<u32>,
    /// Of its log, read up to here.
    #[n(8)]
    pub(crate) cursor: Seq,
    /// Further places that were read: first and last.
    #[n(9)]
    pub(crate) ahead: Vec<(Seq, Seq)>,
    /// Places expired before they were read.
    #[n(10)]
    pub(crate) lost: bool,
    /// Its bytes are here, as far as it is `done`.
    #[n(11)]
    pub(crate) held: bool,
    /// What it was found to be when somebody wanted to open it, if that is a program.
    #[n(12)]
    pub(crate) program: Option<String>,
    /// One's own: the piece the next card begins with.
    #[n(13)]
    pub(crate) next: Option<u32>,
    /// One's own: what others said of the pieces they have.
    #[n(14)]
    pub(crate) others: Option<Vec<OtherRow>>,
    /// Pieces of it came by hand; how often its sender was told since the last.
    #[n(15)]
    pub(crate) by_hand: Option<u32>,
    /// Places of its log that were passed over, because what should stand there came by hand.
    #[n(16)]
    pub(crate) passed: Option<Vec<(Seq, Seq)>>,
    /// Pieces stand elsewhere in its log than they should: nothing is passed over any more.
    #[n(17)]
    pub(crate) shifted: Option<bool>,
    /// Who signed it, if it is a program whose signature was looked at.
    #[n(18)]
    pub(crate) signer: Option<Signer>,
}

/// What a member said of the pieces of a file they have.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct OtherRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) identity: [u8; 32],
    /// First and last of those that are missing there; none when they have all.
    #[n(1)]
    pub(crate) missing: Vec<(u32, u32)>,
}

impl FileRow {
    pub(crate) fn is_own(&self) -> bool {
        self.secret.is_some()
    }

    pub(crate) fn keys(&self) -> Result<FileKeys, EngineError> {
        let secret = self.secret.ok_or(EngineError::Bug)?;
        FileKeys::from_secret(secret).map_err(|_| EngineError::Bug)
    }

    pub(crate) fn relay(&self) -> Result<RelayAddr, EngineError> {
        self.relay.parse().map_err(|_| EngineError::Bug)
    }

    pub(crate) fn log(&self) -> LogName {
        LogName(self.offer.log)
    }

    /// Whether a member is not known to have this piece.
    pub(crate) fn is_wanted(&self, identity: &[u8; 32], index: u32) -> bool {
        let others = self.others.as_deref().unwrap_or_default();
        others.iter().find(|its| its.identity == *identity).is_none_or(|its| {
            its.missing.iter().any(|(first, last)| (*first..=*last).contains(&index))
        })
    }

    /// One's own, and not all of it is at the relay.
    pub(crate) fn is_leaving(&self) -> bool {
        self.is_own() && self.stage != StageRow::Sent && self.stage != StageRow::Missing
    }
}

impl Offer {
    /// How many bytes a whole piece has; 0 for a step there is not.
    pub(crate) fn piece(&self) -> u64 {
        piece_bytes(self.step).and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0)
    }

    /// How many pieces there are: one at least.
    pub(crate) fn count(&self) -> u32 {
        count(self.bytes, self.piece())
    }

    /// How many bytes the piece at a place has.
    pub(crate) fn length(&self, index: u32) -> u64 {
        let before = u64::from(index).saturating_mul(self.piece());
        self.bytes.saturating_sub(before).min(self.piece())
    }
}

/// How many pieces so many bytes make.
pub(crate) fn count(bytes: u64, piece: u64) -> u32 {
    let pieces = bytes.checked_add(piece.saturating_sub(1)).and_then(|all| all.checked_div(piece));
    u32::try_from(pieces.unwrap_or(u64::MAX)).unwrap_or(u32::MAX).max(1)
}

/// `conversation | message`.
pub(crate) fn file_key(conversation: ConversationId, message: MessageId) -> Vec<u8> {
    [conversation.0, message.0].concat()
}

/// `conversation | message | index`.
pub(crate) fn piece_key(conversation: ConversationId, message: MessageId, index: u32) -> Vec<u8> {
    [conversation.0.as_slice(), &message.0, &index.to_be_bytes()].concat()
}

/// `order | conversation | message`.
pub(crate) fn moving_key(order: u64, conversation: ConversationId, message: MessageId) -> Vec<u8> {
    [order.to_be_bytes(), conversation.0, message.0].concat()
}

/// Conversation and message at the end of a key.
pub(crate) fn file_of(key: &[u8]) -> Option<(ConversationId, MessageId)> {
    let (rest, message) = key.split_last_chunk::<8>()?;
    Some((ConversationId(*rest.last_chunk::<8>()?), MessageId(*message)))
}
