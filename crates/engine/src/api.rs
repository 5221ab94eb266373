//! What goes into the engine's one loop and what comes out of it.

use sogon_seal::shelf::{Batch, ShelfFault};
use sogon_wire::{Invite, RelayAddr, SealedBox, Uses};

use crate::{
    Arrival, Brought, ContactId, ConversationId, Form, Loss, MessageId, Portion, Tick, Transmit,
    view::AlertKind,
};

/// One input of [`crate::Engine::handle`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A person did something.
    Act(Act),
    /// A carrier brought something.
    Arrived(Arrival),
    /// Ask every relay once: everything that waits goes out, everything new comes in. The engine
    /// says [`Event::Settled`] when nothing is under way any more.
    Burst,
    /// As a burst, and files go on their way too: those wanted here come, those of one's own leave,
    /// as far as the relays have them. The engine says [`Event::Settled`] when nothing but files is
    /// under way any more, and [`Event::Hauled`] when those are done as well.
    Haul,
    /// The store has room for so many bytes more: no file is fetched for which there is none.
    Room {
        /// Bytes.
        bytes: u64,
    },
    /// As a burst, and stay: watch the logs until the program ends.
    Live,
    /// The tick the engine asked for with [`Output::Wake`] has come (or any later one).
    Time,
}

/// What a person can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Make a link that lets somebody reach this home. Answer: [`Answer::Invited`].
    Invite {
        /// One person or many.
        uses: Uses,
    },
    /// Use another relay for what is new, and have every conversation know it. Answer:
    /// [`Answer::Done`].
    AddRelay {
        /// Which; one that is known already gets its new place.
        relay: RelayAddr,
        /// Before all others; otherwise behind them.
        first: bool,
    },
    /// Use a relay no more for what is new. Answer: [`Answer::Done`].
    RemoveRelay {
        /// Which; not the last one.
        relay: RelayAddr,
    },
    /// Answer somebody's link. Answer: [`Answer::Joining`].
    Join {
        /// The link, parsed.
        invite: Invite,
        /// What to call them until they say their name.
        name: Option<String>,
    },
    /// Write to a conversation. Answer: [`Answer::Queued`].
    Send {
        /// Which conversation.
        to: ConversationId,
        /// What is written, at most [`crate::TEXT_BYTES_MAX`] bytes.
        text: String,
        /// The message it answers, if any.
        reply_to: Option<MessageId>,
    },
    /// As [`Act::Send`], for words that are to be gone after they were seen. Answer:
    /// [`Answer::Queued`].
    SendFading {
        /// Which conversation.
        to: ConversationId,
        /// What is written, at most [`crate::TEXT_BYTES_MAX`] bytes.
        text: String,
        /// The message it answers, if any.
        reply_to: Option<MessageId>,
        /// Seconds between being seen and being gone, on each side by its own clock; 0 for words to
        /// be seen once.
        after_s: u64,
    },
    /// Remove a message. Answer: [`Answer::Done`].
    Delete {
        /// Where it is.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// Where it is to be gone.
        reach: Reach,
    },
    /// Put other words in the place of a message of one's own. Answer: [`Answer::Done`].
    Edit {
        /// Where it is.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// What is written now, at most [`crate::TEXT_BYTES_MAX`] bytes.
        text: String,
    },
    /// Answer a message with one letter, or take that back. Answer: [`Answer::Done`].
    React {
        /// Where it is.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// An emoji, at most [`crate::FACE_BYTES_MAX`] bytes; empty takes it back.
        face: String,
    },
    /// Begin to take in a file of so many bytes, to be sent to a conversation. Answer:
    /// [`Answer::Begun`].
    BeginFile {
        /// Which conversation.
        to: ConversationId,
        /// How many bytes it has, at most [`crate::FILE_BYTES_MAX`].
        bytes: u64,
    },
    /// The next bytes of a file that was begun: whole pieces, unless they are the last. Answer:
    /// [`Answer::Done`].
    AddPieces {
        /// Where it goes.
        to: ConversationId,
        /// Which, as [`Answer::Begun`] said.
        file: MessageId,
        /// At most [`crate::PIECES_BYTES_MAX`].
        bytes: Vec<u8>,
    },
    /// Offer a file whose bytes are all here, and send it. Answer: [`Answer::Queued`].
    SendFile {
        /// Which conversation.
        to: ConversationId,
        /// Which, as [`Answer::Begun`] said; it becomes the id of the message.
        file: MessageId,
        /// What is said about it.
        about: FileInfo,
        /// The message it answers, if any.
        reply_to: Option<MessageId>,
        /// Seconds between being opened and being gone, as in [`Act::SendFading`].
        after_s: Option<u64>,
    },
    /// Forget a file that was begun and not sent. Answer: [`Answer::Done`].
    ForgetFile {
        /// Where it would have gone.
        to: ConversationId,
        /// Which.
        file: MessageId,
    },
    /// Let a file come, or go on; of one's own, let it leave. Answer: [`Answer::Done`].
    MoveFile {
        /// Where it is.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
    },
    /// Let a file wait: what is here of it, or at the relay, stays. Answer: [`Answer::Done`].
    PauseFile {
        /// Where it is.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
    },
    /// Remove the bytes of somebody's file from this home; the offer stays. Answer:
    /// [`Answer::Done`].
    DropFile {
        /// Where it is.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
    },
    /// A file was opened: from now on it fades, if it is to. Answer: [`Answer::Done`].
    OpenedFile {
        /// Where it is.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
    },
    /// A file turned out to be a program, or not what its name says. The owner is told. Answer:
    /// [`Answer::Done`].
    JudgeFile {
        /// Where it is.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// What it is, in a word for programs.
        what: String,
        /// Who signed it, as far as that was looked at.
        signer: Option<crate::view::Signer>,
    },
    /// Decide about files of one conversation, or of all; what is left open there is as for all.
    /// Answer: [`Answer::Done`].
    RuleFiles {
        /// Of which; none for all.
        conversation: Option<ConversationId>,
        /// What is decided, in the place of what was.
        rule: FileRule,
    },
    /// The link costs by the byte, or does not any more: nothing is fetched by itself meanwhile,
    /// unless a rule says so. Answer: [`Answer::Done`].
    Metered {
        /// Whether it does.
        metered: bool,
    },
    /// Keep a small picture of a file that is one; nothing is kept of what is to be seen once.
    /// Answer: [`Answer::Done`].
    KeepPreview {
        /// Where it is.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// A JPEG of at most [`crate::PREVIEW_BYTES_MAX`] bytes.
        bytes: Vec<u8>,
    },
    /// From now on fetch files of at most so many bytes without a question; 0 for none. Answer:
    /// [`Answer::Done`].
    FetchBelow {
        /// Bytes.
        bytes: u64,
    },
    /// Seal what waits, and what is not known to have been opened, to be carried by hand. Answer:
    /// [`Answer::CarriedOut`].
    CarryOut {
        /// Which conversations; all of them if none is named.
        to: Vec<ConversationId>,
        /// What it is carried on.
        form: Form,
        /// The most blocks there may be: files go along as far as there is room behind words.
        room: u32,
    },
    /// Seal pieces of a file, as [`Act::CarryOut`] planned them. Nothing is changed. Answer:
    /// [`Answer::Pieces`].
    CarryPieces {
        /// Which.
        portion: Portion,
    },
    /// These pieces are on a card that is whole: the next one goes on behind them. Answer:
    /// [`Answer::Done`].
    CarriedOff {
        /// Which.
        portions: Vec<Portion>,
    },
    /// Take in what somebody carried here, as [`crate::open_card`] gave it. Answer:
    /// [`Answer::CarriedIn`].
    CarryIn {
        /// Boxes of one conversation or file, as many as one step takes.
        brought: Brought,
    },
    /// Call everybody in a conversation. Answer: [`Answer::Queued`] with the call's id.
    Call {
        /// Which conversation.
        to: ConversationId,
    },
    /// Have calls of a pair go from one to the other without the relay, where the other chose so
    /// too, or through the relay only. Answer: [`Answer::Done`].
    DirectCalls {
        /// Which pair.
        conversation: ConversationId,
        /// Whether they may.
        direct: bool,
    },
    /// Take a call that rings. Answer: [`Answer::Done`].
    TakeCall {
        /// Where.
        conversation: ConversationId,
        /// Which.
        call: MessageId,
    },
    /// Hang up, or do not take, a call. Answer: [`Answer::Done`].
    HangUp {
        /// Where.
        conversation: ConversationId,
        /// Which.
        call: MessageId,
    },
    /// An entry in the owner's log, about something that happened outside the engine. Answer:
    /// [`Answer::Done`].
    Note {
        /// What happened.
        kind: AlertKind,
        /// About whom or what.
        detail: String,
    },
    /// Make a group. Answer: [`Answer::Grouped`].
    NewGroup {
        /// Its name.
        title: String,
        /// Who is in it besides the owner.
        members: Vec<ContactId>,
    },
    /// Take people into a group. Answer: [`Answer::Done`].
    AddMembers {
        /// Which group.
        group: ConversationId,
        /// Who comes in.
        members: Vec<ContactId>,
    },
    /// Put people out of a group. Answer: [`Answer::Done`].
    RemoveMembers {
        /// Which group.
        group: ConversationId,
        /// Who goes.
        members: Vec<ContactId>,
    },
    /// Go out of a group oneself. Answer: [`Answer::Done`].
    Leave {
        /// Which group.
        group: ConversationId,
    },
    /// Call a contact something else, here only. Answer: [`Answer::Done`].
    Rename {
        /// Whom.
        contact: ContactId,
        /// The new name.
        name: String,
    },
    /// Note that the safety number was compared in person. Answer: [`Answer::Done`].
    MarkVerified {
        /// Whose.
        contact: ContactId,
    },
    /// Show and answer nothing of a contact any more. Answer: [`Answer::Done`].
    Block {
        /// Whom.
        contact: ContactId,
    },
    /// Everything in a conversation up to now has been seen. Answer: [`Answer::Done`].
    MarkRead {
        /// Which conversation.
        conversation: ConversationId,
    },
}

/// What the owner decided about files. What is `None` was not decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileRule {
    /// Offers are taken; if not, they are shown as refused and cannot be fetched.
    pub takes: Option<bool>,
    /// Larger ones are not taken.
    pub bytes_max: Option<u64>,
    /// They come without a question up to this size.
    pub fetch_below: Option<u64>,
    /// Also while the link costs by the byte.
    pub fetch_metered: Option<bool>,
    /// What is sent is to be opened once.
    pub once: Option<bool>,
    /// What is sent is not to be saved outside.
    pub no_saving: Option<bool>,
}

/// What the sender of a file says about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileInfo {
    /// What it is called, at most [`crate::FILE_NAME_BYTES_MAX`] bytes.
    pub name: String,
    /// Its media type, at most 64 bytes.
    pub media: String,
    /// A voice note of about so many milliseconds.
    pub voice_ms: Option<u32>,
    /// It is to be looked at in the home only.
    pub no_saving: bool,
}

/// Where a message is to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In this home only.
    Here,
    /// Everybody is asked to remove it; only for messages of one's own.
    Everywhere,
}

/// What an act gives back at once, true as soon as the step is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The link to hand on.
    Invited {
        /// The link, to be printed.
        invite: Invite,
    },
    /// The contact that will be reached through the link; [`crate::view::Standing::Waiting`] at first.
    Joining {
        /// Who, here.
        contact: ContactId,
    },
    /// The message is in the outbox.
    Queued {
        /// Its id, the same for everybody in the conversation.
        message: MessageId,
    },
    /// A file can be taken in.
    Begun {
        /// Which: the id of the message it will be.
        file: MessageId,
        /// How many bytes a piece has.
        piece_bytes: usize,
    },
    /// What is to be carried: it looks like noise, and in any order.
    CarriedOut {
        /// Blocks of a card, frames, or the boxes themselves.
        blocks: Vec<SealedBox>,
        /// How many boxes are in it.
        boxes: u64,
        /// Pieces of files that go along, to be sealed one portion after the other.
        portions: Vec<Portion>,
        /// Where each block stands, these here first and then those of each portion: an order of
        /// chance.
        order: Vec<u32>,
    },
    /// Sealed pieces of a file, as blocks or frames.
    Pieces {
        /// As many as the portion says.
        blocks: Vec<SealedBox>,
    },
    /// What became of what was carried here.
    CarriedIn {
        /// Boxes that were new.
        accepted: u64,
        /// Boxes that were here already.
        duplicates: u64,
        /// Boxes that do not open: of an epoch that is over, or damaged by whoever made them.
        unknown: u64,
        /// The keys of this group turned, and a card does not say how: its log does.
        behind: bool,
    },
    /// The group is there.
    Grouped {
        /// Its conversation.
        group: ConversationId,
    },
    /// Nothing to say.
    Done,
}

/// One output of the loop. They are handed out in this order: nothing is transmitted before what
/// it rests on is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Must be durable before any later output of the step is carried out.
    Save(Batch),
    /// Give this to the carrier.
    Transmit(Transmit),
    /// Something changed; the truth is in the store.
    Tell(Event),
    /// Call again with [`Input::Time`] at this tick or soon after.
    Wake(Tick),
}

/// What changed. A nudge for the screen, and what tests wait for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A message from somebody else is stored.
    Received {
        /// Where.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
    },
    /// A message of one's own went a step on its way.
    Progress {
        /// Where.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
    },
    /// A file went on: pieces came, or left.
    File {
        /// Where.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
    },
    /// A contact or conversation is new or changed.
    Changed {
        /// Which conversation.
        conversation: ConversationId,
    },
    /// The owner's log has a new entry.
    Alerted,
    /// A relay is answering again.
    Reached {
        /// Which.
        relay: RelayAddr,
    },
    /// A relay is not answering; what waits for it stays in the outbox.
    Unreached {
        /// Which.
        relay: RelayAddr,
        /// Why.
        why: Loss,
    },
    /// The burst is over: no question is open but those about files.
    Settled,
    /// Files are not under way any more, as far as [`Input::Haul`] carries them.
    Hauled,
}

/// What the engine gives back for one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What to carry out, in order.
    pub outputs: Vec<Output>,
    /// What an act gives back; [`Answer::Done`] for every other input.
    pub answer: Answer,
}

/// An input that was not carried out; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The store could not be read: open the home again.
    #[error("the store could not be read")]
    Shelf(#[from] ShelfFault),
    /// No such contact, conversation or message here.
    #[error("there is nobody and nothing of that name here")]
    Unknown,
    /// The text, name or group is larger than allowed.
    #[error("larger than allowed")]
    TooLarge,
    /// The conversation is over: left, removed from, or blocked.
    #[error("this conversation is over")]
    Over,
    /// A pair is not a group: members cannot be changed.
    #[error("this is not a group")]
    NotAGroup,
    /// Only between two.
    #[error("this is a group")]
    NotAPair,
    /// A rule of the owner's does not take it: change the rule first.
    #[error("refused by the owner's own rule")]
    Ruled,
    /// The home has no relay yet.
    #[error("this home knows no relay")]
    NoRelay,
    /// An invitation of one's own cannot be answered by oneself.
    #[error("this link was made here")]
    OwnInvite,
    /// The store holds something this version did not write, or a library failed: a fault of ours.
    #[error("an internal fault; nothing was changed")]
    Bug,
}
