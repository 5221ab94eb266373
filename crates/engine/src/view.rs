//! What the store holds, for people to see. Read only: everything here is a function of a shelf.

use minicbor::{Decode, Encode};
use sogon_seal::shelf::{Shelf, ShelfFault, Table};
use sogon_wire::RelayAddr;

use crate::{ContactId, ConversationId, MessageId, WallClock};

/// The owner of the home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// What others see.
    pub name: String,
    /// The public identity key in hex.
    pub fingerprint: String,
    /// The relays new conversations use, best first.
    pub relays: Vec<RelayAddr>,
}

/// How far a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Their answer is still to come.
    Waiting,
    /// Both can write.
    Ready,
    /// Blocked by the owner.
    Blocked,
}

/// Somebody this home writes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Who, here.
    pub id: ContactId,
    /// What they are called here.
    pub name: String,
    /// The safety number was compared in person.
    pub verified: bool,
    /// 60 digits, the same on both sides; empty until their key is known.
    pub safety_number: String,
    /// The conversation between the two, once there is one.
    pub conversation: Option<ConversationId>,
    /// How far it is.
    pub standing: Standing,
}

/// A pair or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Which, here.
    pub id: ConversationId,
    /// The contact's name, or the group's.
    pub title: String,
    /// More than a pair.
    pub group: bool,
    /// Names of everybody else in it.
    pub members: Vec<Member>,
    /// Messages nobody has looked at here.
    pub unread: u64,
    /// The owner can write to it.
    pub open: bool,
    /// The epoch of its keys.
    pub epoch: u64,
    /// The place of its newest entry among all entries of this home; 0 for none.
    pub last_order: u64,
    /// The owner would have calls of this pair go directly.
    pub direct: bool,
}

/// Somebody in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Their name, as far as it is known.
    pub name: String,
    /// The contact, when it is one.
    pub contact: Option<ContactId>,
}

/// How far a message of one's own is. Each is true, or it is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delivery {
    /// In the outbox of this home.
    Queued,
    /// Durable at the relay, at a place in the log where everybody can open it.
    Handed,
    /// Opened by everybody else in the conversation.
    Delivered,
    /// It will not arrive: the conversation ended first.
    Failed,
}

/// What kind of entry a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody wrote this.
    Text,
    /// Something a newer version understands; its bytes are kept.
    Unknown,
    /// What was written before this point and after the entry above it did not arrive here.
    Gap,
    /// Somebody came in, went, or was put out.
    Membership(Membership),
    /// A call; the text says how it stands: `ringing`, `talking`, `ended`, `missed`, `unanswered`
    /// or `declined`.
    Call,
    /// A file; the text is what it is called.
    File,
}

/// Who came into a group, or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// What happened.
    pub deed: Deed,
    /// To whom.
    pub who: Vec<Person>,
    /// Who did it; `None` where nobody else did, or where it is not known.
    pub by: Option<Person>,
}

/// What happened to somebody in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// They came in.
    Came,
    /// They went, by their own wish.
    Left,
    /// Somebody put them out.
    Removed,
    /// They are not in it any more, and an older version did not write down why.
    Gone,
}

/// Somebody this is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Person {
    /// The owner of the home.
    Owner,
    /// Somebody else, by name.
    Named(String),
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Somebody offers it: nothing of it was fetched.
    Offered,
    /// It comes when there is a way.
    Fetching,
    /// It waits, by the owner's wish.
    Paused,
    /// All of it is here, and it is what was offered.
    Here,
    /// What came was not what was offered, and was thrown away.
    Broken,
    /// The relay does not keep it any more: ask for it again.
    Missing,
    /// One's own, not all of it at the relay yet.
    Sending,
    /// One's own, all of it at the relay.
    Sent,
    /// The home has no room for it: make some, then fetch it.
    NoRoom,
    /// The relay has no room for it.
    RelayFull,
    /// The owner's own rule does not take it.
    Refused,
}

/// A file, as far as it is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it is called: no folders, nothing that hides; may be empty.
    pub name: String,
    /// What its sender says it is: a media type, or nothing. Not to be believed.
    pub media: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// How many of them are here; of one's own, at the relay.
    pub done_bytes: u64,
    /// How many pieces [`piece`] gives.
    pub pieces: u32,
    /// How many bytes each of them has but the last.
    pub piece_bytes: u64,
    /// How far it is.
    pub stage: Stage,
    /// All its bytes are here.
    pub whole: bool,
    /// Its hash (SPEC 5.7).
    pub hash: [u8; 32],
    /// A voice note of about so many milliseconds.
    pub voice_ms: Option<u32>,
    /// It may be looked at in the home, and not saved outside it.
    pub no_saving: bool,
    /// It was found to be a program, or not what it is called: in a word for programs.
    pub program: Option<String>,
    /// Who signed it, if it is a program whose signature was looked at.
    pub signer: Option<Signer>,
}

/// Who signed a program, as whoever judged it found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Signer {
    /// In a word for programs: whether somebody did, and whether that holds.
    #[n(0)]
    pub said: String,
    /// The name in the certificate when it holds, in the signer's own words; may be empty.
    #[n(1)]
    pub name: String,
    /// The hash of the certificate when it holds, in hexadecimal digits.
    #[n(2)]
    pub certificate: String,
}

impl Signer {
    /// Whether the signature holds; nothing where nobody signed, or where that cannot be checked.
    #[must_use]
    pub fn holds(&self) -> Option<bool> {
        match self.said.as_str() {
            "holds" => Some(true),
            "broken" => Some(false),
            _ => None,
        }
    }
}

/// What a file was judged to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What it is, in a word for programs.
    pub what: String,
    /// Who signed it, as far as that was looked at.
    pub signer: Option<Signer>,
}

/// One entry of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same for everybody.
    pub id: MessageId,
    /// Where.
    pub conversation: ConversationId,
    /// Who wrote it; `None` for the owner.
    pub from: Option<String>,
    /// When, as its author's clock said: seconds since 1970.
    pub at_s: u64,
    /// What kind.
    pub kind: Kind,
    /// The words.
    pub text: String,
    /// How far it is; `None` for messages of others.
    pub delivery: Option<Delivery>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Its place among all messages of this home: what [`messages`] pages by.
    pub order: u64,
    /// Nobody has looked at it here.
    pub unread: bool,
    /// The file, when it is one.
    pub file: Option<File>,
    /// It is gone so many seconds after it was seen; 0 for once.
    pub fades_s: Option<u64>,
    /// Its author put other words in the place of the first.
    pub edited: bool,
    /// What people answered it with in one letter.
    pub reactions: Vec<Reaction>,
}

/// Somebody's reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Who; `None` for the owner.
    pub from: Option<String>,
    /// An emoji.
    pub face: String,
}

/// One entry of the owner's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// When, as this device's clock said.
    pub at_s: u64,
    /// What happened, for programs.
    pub kind: AlertKind,
    /// About whom or what: a name the owner knows.
    pub detail: String,
}

/// The security events an owner is told (P8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(index_only)]
pub enum AlertKind {
    /// Somebody answered a link that was for one person and was used already.
    #[n(0)]
    LinkUsedTwice,
    /// The relay showed different orders of one log to different people.
    #[n(1)]
    Fork,
    /// The relay lost or hides boxes it had acknowledged.
    #[n(2)]
    RelayLost,
    /// The relay proved another key than the one it is known by.
    #[n(3)]
    RelayKey,
    /// A member came back with new keys after being away too long.
    #[n(4)]
    Rejoined,
    /// A conversation goes on at another of its relays.
    #[n(30)]
    Moved,
    /// A member had a conversation know other relays than before.
    #[n(31)]
    RelaysChanged,
    /// This home was away too long and asked to be let in again.
    #[n(5)]
    Away,
    /// An answer to a link could not be opened.
    #[n(6)]
    BadAnswer,
    /// Somebody goes by the name of a contact and has another identity key: a new device without
    /// the old keys, or somebody else. The detail is what they are called here.
    #[n(7)]
    KeyChange,
    /// A member wrote what is no content of any version, and it was refused; the detail is who.
    #[n(8)]
    Refused,
    /// Somebody tried wrong passphrases while the home was locked, or to change the passphrase; the
    /// detail is how many.
    #[n(40)]
    UnlockFailed,
    /// Somebody tried wrong passphrases while nothing had the home open; the detail is how many, and
    /// when the last was as far as that is known (RFC 3339), a space between.
    #[n(44)]
    TriedWhileClosed,
    /// The passphrase was changed.
    #[n(41)]
    PassphraseChanged,
    /// The home was taken up from a backup.
    #[n(42)]
    Restored,
    /// A backup of the home was written.
    #[n(43)]
    BackedUp,
    /// What came of a file was not what was offered; the detail is who sent it and its name.
    #[n(60)]
    FileBroken,
    /// A file is a program, or not what it is called; the detail is who sent it and its name.
    #[n(61)]
    ProgramCame,
}

/// The owner of the home; `None` in a store not yet set up.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn owner(shelf: &dyn Shelf) -> Result<Option<Owner>, ShelfFault> {
    crate::view_rows::owner(shelf)
}

/// Everybody, by name.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn contacts(shelf: &dyn Shelf) -> Result<Vec<Contact>, ShelfFault> {
    crate::view_rows::contacts(shelf)
}

/// Every conversation, the one with the newest message first.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn conversations(shelf: &dyn Shelf) -> Result<Vec<Conversation>, ShelfFault> {
    crate::view_rows::conversations(shelf)
}

/// One conversation.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn conversation(
    shelf: &dyn Shelf,
    id: ConversationId,
) -> Result<Option<Conversation>, ShelfFault> {
    crate::view_rows::conversation(shelf, id)
}

/// One contact.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn contact(shelf: &dyn Shelf, id: ContactId) -> Result<Option<Contact>, ShelfFault> {
    crate::view_rows::contact(shelf, id)
}

/// Messages of one conversation with `order` below `before`: the last `limit` of them, oldest first.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn earlier(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    before: u64,
    limit: usize,
) -> Result<Vec<Message>, ShelfFault> {
    crate::view_rows::earlier(shelf, conversation, before, limit)
}

/// Messages of one conversation with `order` above `after`, oldest first, at most `limit`.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn messages(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    after: u64,
    limit: usize,
) -> Result<Vec<Message>, ShelfFault> {
    crate::view_rows::messages(shelf, conversation, after, limit)
}

/// The newest `limit` messages of one conversation, oldest of them first.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn latest(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    limit: usize,
) -> Result<Vec<Message>, ShelfFault> {
    crate::view_rows::latest(shelf, conversation, limit)
}

/// One message.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn message(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    id: MessageId,
) -> Result<Option<Message>, ShelfFault> {
    crate::view_rows::message(shelf, conversation, id)
}

/// Messages in which all `words` occur, newest first, at most `limit`.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn search(shelf: &dyn Shelf, words: &str, limit: usize) -> Result<Vec<Message>, ShelfFault> {
    crate::view_rows::search(shelf, words, limit)
}

/// The owner's log, oldest first, and whether its hash chain is whole.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn alerts(shelf: &dyn Shelf) -> Result<(Vec<Alert>, bool), ShelfFault> {
    crate::view_rows::alerts(shelf)
}

/// How many messages of one's own still wait in the outbox.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn waiting(shelf: &dyn Shelf) -> Result<u64, ShelfFault> {
    crate::view_rows::waiting(shelf)
}

/// The table in which bytes of files are.
pub const PIECES_OF_FILES: Table = crate::file_rows::PIECES;
/// The table from which a row is deleted when the last bytes of a file were: they are to be nowhere.
pub const SWEPT_FILES: Table = crate::file_rows::SWEEP;

/// Bytes of files are still to be removed: [`crate::Input::Time`] goes on with it.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn sweeps(shelf: &dyn Shelf) -> Result<bool, ShelfFault> {
    crate::view_files::sweeps(shelf)
}

/// Messages are to go by now: [`crate::Input::Time`] removes them.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn fades(shelf: &dyn Shelf, now: WallClock) -> Result<bool, ShelfFault> {
    let due = crate::step::fade::due(shelf, now, 1).map_err(|_| ShelfFault)?;
    Ok(!due.0.is_empty())
}

/// Every file of this home, in the order of their messages.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn files(shelf: &dyn Shelf) -> Result<Vec<Message>, ShelfFault> {
    crate::view_files::files(shelf)
}

/// Files that are to come or to leave when there is a way.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn moving(shelf: &dyn Shelf) -> Result<Vec<(ConversationId, MessageId)>, ShelfFault> {
    crate::view_files::moving(shelf)
}

/// The bytes of a piece of a file that is whole; `None` when it is not, or has no such piece.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn piece(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    message: MessageId,
    index: u32,
) -> Result<Option<Vec<u8>>, ShelfFault> {
    crate::view_files::piece(shelf, conversation, message, index)
}

/// A small picture of a file that is one, as a JPEG of at most [`crate::PREVIEW_BYTES_MAX`] bytes;
/// none when nobody drew it yet.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn preview(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<Vec<u8>>, ShelfFault> {
    crate::view_files::preview(shelf, conversation, message)
}

/// What the owner decided about files of a conversation, or of all where it has no rule of its own.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn file_rule(
    shelf: &dyn Shelf,
    conversation: Option<ConversationId>,
) -> Result<crate::FileRule, ShelfFault> {
    crate::view_files::rule(shelf, conversation)
}

/// The link costs by the byte, as its owner said.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn metered(shelf: &dyn Shelf) -> Result<bool, ShelfFault> {
    crate::view_files::metered(shelf)
}

/// Below which size files are fetched without a question; 0 for none.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub fn fetch_below(shelf: &dyn Shelf) -> Result<u64, ShelfFault> {
    crate::view_files::fetch_below(shelf)
}
