//! The narrow door between the page and a home: all that this room knows of one.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
};

use sogon_engine::{Act, Answer, Batch, ConversationId, Event, MessageId, Shelf, ShelfFault, view};
use tokio::sync::broadcast;
use zeroize::Zeroizing;

use crate::parcel::{Parcel, Recorder};
use crate::phone::{Budget, Phone};

/// Why something was not done. The page has words for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The home is locked.
    Locked,
    /// Nobody and nothing of that name is here.
    Unknown,
    /// The question is not one of the page's.
    BadInput,
    /// The text, name, group or picture is larger than allowed.
    TooLarge,
    /// The conversation is over.
    Over,
    /// The text is no invitation.
    BadLink,
    /// The invitation was made here.
    OwnInvite,
    /// The home has no relay.
    NoRelay,
    /// The text is no address of a relay.
    BadRelay,
    /// A call needs a home that stays connected, and this one speaks only when told, or steadily.
    NotLive,
    /// One call at a time.
    Talking,
    /// The passphrase opens nothing.
    WrongPassphrase,
    /// Too many wrong passphrases: wait so many minutes.
    Wait(u64),
    /// Too many wrong passphrases: this process takes no more.
    NoMoreTries,
    /// There is no room left in the home.
    Full,
    /// The home needs so many MiB more for a file.
    NoRoom(u64),
    /// This machine has too little free memory for a file of that size.
    NoMemory,
    /// Too many files are under way, or this one is being worked on.
    Busy,
    /// Its sender wants the file to be looked at here only.
    NoSaving,
    /// Not all of the file is here.
    NotHere,
    /// This is no voice note.
    NoNote,
    /// This is no picture, or none that can be drawn.
    NoPicture,
    /// This holds no words that can be shown.
    NoWords,
    /// There is a file at that place already.
    Taken,
    /// No file can be read or written at that place.
    NoFile,
    /// The disk or the system failed.
    Disk,
    /// A fault of this program; nothing was changed.
    Bug,
}

impl Refusal {
    /// All of them, for the test of the words.
    #[cfg(test)]
    pub(crate) const ALL: &[Self] = &[
        Self::Locked,
        Self::Unknown,
        Self::BadInput,
        Self::TooLarge,
        Self::Over,
        Self::BadLink,
        Self::BadRelay,
        Self::OwnInvite,
        Self::NoRelay,
        Self::NotLive,
        Self::Talking,
        Self::WrongPassphrase,
        Self::Wait(1),
        Self::NoMoreTries,
        Self::Full,
        Self::NoRoom(1),
        Self::NoMemory,
        Self::Busy,
        Self::NoSaving,
        Self::NotHere,
        Self::NoNote,
        Self::NoPicture,
        Self::NoWords,
        Self::Taken,
        Self::NoFile,
        Self::Disk,
        Self::Bug,
    ];

    /// Its name in the words of the page: `refused-` and this.
    pub fn name(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Unknown => "unknown",
            Self::BadInput => "bad-input",
            Self::TooLarge => "too-large",
            Self::Over => "over",
            Self::BadLink => "bad-link",
            Self::BadRelay => "bad-relay",
            Self::OwnInvite => "own-invite",
            Self::NoRelay => "no-relay",
            Self::NotLive => "not-live",
            Self::Talking => "talking",
            Self::WrongPassphrase => "wrong-passphrase",
            Self::Wait(_) => "wait",
            Self::NoMoreTries => "no-more-tries",
            Self::Full => "full",
            Self::NoRoom(_) => "no-room",
            Self::NoMemory => "no-memory",
            Self::Busy => "busy",
            Self::NoSaving => "no-saving",
            Self::NotHere => "not-here",
            Self::NoNote => "no-note",
            Self::NoPicture => "no-picture",
            Self::NoWords => "no-words",
            Self::Taken => "taken",
            Self::NoFile => "no-file",
            Self::Disk => "disk",
            Self::Bug => "bug",
        }
    }
}

impl From<ShelfFault> for Refusal {
    fn from(_: ShelfFault) -> Self {
        Self::Disk
    }
}

/// What the transport counted since the home was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes sent.
    pub bytes_up: u64,
    /// Bytes received.
    pub bytes_down: u64,
    /// Milliseconds in which something was sent or received.
    pub air_ms: u64,
    /// Questions that were answered.
    pub round_trips: u64,
}

/// A relay that did not answer when last asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreached {
    /// Its host.
    pub host: String,
    /// Why, for programs.
    pub why: &'static str,
}

/// What one burst came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Burst {
    /// Counted since the home was opened.
    pub figures: Figures,
    /// Relays that did not answer.
    pub unreached: Vec<Unreached>,
}

/// When a home speaks to relays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Whenever there is something to say; it stays connected.
    Live,
    /// Only when told to.
    Quiet,
    /// One packet of the same size every so many seconds, full or empty.
    Steady(u64),
}

impl Pace {
    /// Its name in the words of the page.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Quiet => "quiet",
            Self::Steady(_) => "steady",
        }
    }
}

/// How large a picture is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// At most 512 points a side; kept in the home, unless it is to be seen once.
    Small,
    /// As large as a screen; kept nowhere.
    Large,
}

/// An open home, as far as the page may reach into it. Cheap to copy.
pub trait Home: Clone + 'static {
    /// A file on its way in.
    type Parcel: Parcel;
    /// Speech on its way in.
    type Recorder: Recorder;

    /// Does what a person did. On return it is durable.
    fn act(&self, act: Act) -> impl Future<Output = Result<Answer, Refusal>>;

    /// Looks at what is stored.
    fn look<T: 'static>(
        &self,
        look: impl FnOnce(&dyn Shelf) -> Result<T, ShelfFault> + 'static,
    ) -> impl Future<Output = Result<T, Refusal>>;

    /// Stores rows of [`crate::APP_TABLES`]; others are refused.
    fn keep(&self, rows: Batch) -> impl Future<Output = Result<(), Refusal>>;

    /// Everything out and in, once.
    fn burst(&self) -> impl Future<Output = Result<Burst, Refusal>>;

    /// The same, and files go on until they are where they go, or nobody answers.
    fn haul(&self) -> impl Future<Output = Result<Burst, Refusal>>;

    /// What the transport counted so far, and who does not answer.
    fn tally(&self) -> impl Future<Output = Result<Burst, Refusal>>;

    /// Whether relays are reached through a proxy only.
    fn behind_proxy(&self) -> impl Future<Output = Result<bool, Refusal>>;

    /// When the home speaks to relays.
    fn pace(&self) -> impl Future<Output = Result<Pace, Refusal>>;

    /// Has it speak at another pace from now on.
    fn change_pace(&self, pace: Pace) -> impl Future<Output = Result<(), Refusal>>;

    /// Comes into a call that was taken, and ends it when the budget is spent.
    fn phone(
        &self,
        conversation: ConversationId,
        call: MessageId,
        budget: Budget,
    ) -> impl Future<Output = Result<Phone, Refusal>>;

    /// What happens from now on.
    fn events(&self) -> broadcast::Receiver<Event>;

    /// Somebody is there: the clock of `--idle` starts anew.
    fn attended(&self);

    /// A place for a file of so many bytes, on its way in.
    fn parcel(&self, bytes: u64) -> impl Future<Output = Result<Self::Parcel, Refusal>>;

    /// A file at a place on the disk, as a parcel; what it is called, and how many bytes it has.
    fn parcel_at(
        &self,
        path: &Path,
    ) -> impl Future<Output = Result<(Self::Parcel, String, u64), Refusal>>;

    /// Writes a file of the home, or a note as a recording, to a place where none is; into a folder
    /// under its own name. Gives where it is.
    fn write_out(
        &self,
        conversation: ConversationId,
        message: MessageId,
        to: &Path,
    ) -> impl Future<Output = Result<PathBuf, Refusal>>;

    /// Whether the home has room for a file of so many bytes; [`Refusal::NoRoom`] where it has not.
    fn fits(&self, bytes: u64) -> impl Future<Output = Result<(), Refusal>>;

    /// What kind of program a file that came is and who signed it, if it is one or is not what its
    /// name says. The owner's log is told.
    fn judge(
        &self,
        conversation: ConversationId,
        message: MessageId,
    ) -> impl Future<Output = Result<Option<view::Judged>, Refusal>>;

    /// A file as a picture, a JPEG that was drawn anew where nothing is to be had; none for what is no
    /// picture, or did not end well.
    fn picture(
        &self,
        conversation: ConversationId,
        message: MessageId,
        extent: Extent,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, Refusal>>;

    /// Somebody begins to speak, at a rate the link bears; or goes on, where frames have so many bytes.
    fn recorder(
        &self,
        frame_bytes: Option<usize>,
    ) -> impl Future<Output = Result<Self::Recorder, Refusal>>;

    /// A voice note of frames that a recorder made, so many milliseconds long.
    fn note(&self, frames: Vec<u8>, ms: u32) -> Result<Vec<u8>, Refusal>;

    /// What is heard of a note: samples at 16 kHz in one channel.
    fn play(&self, note: Vec<u8>) -> impl Future<Output = Result<Vec<i16>, Refusal>>;

    /// Locks the home.
    fn lock(&self) -> impl Future<Output = Result<(), Refusal>>;
}

/// Who takes a passphrase while a home is locked. The page hands it on and forgets it.
pub trait Gate {
    /// Tries it.
    fn unlock(
        &self,
        passphrase: Zeroizing<String>,
    ) -> Pin<Box<dyn Future<Output = Result<(), Refusal>>>>;
}
