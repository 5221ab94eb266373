//! What can go wrong, as situations. The sentences (what happened, what to do next) are in the
//! Fluent files; every kind here has both in every language, and a test says so.

use sogon_engine::{EngineError, ShelfFault};
use sogon_vault::{Refused, Vault, VaultError};
use sogon_wire::WireError;

use crate::words::Words;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal, $code:literal;)+) => {
        /// The situations.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Kind {
            /// All of them, for the test of the words.
            #[cfg(test)]
            pub(crate) const ALL: &[Kind] = &[$(Kind::$name,)+];

            /// Its message in the Fluent files.
            pub(crate) fn id(self) -> &'static str {
                match self {
                    $(Kind::$name => concat!("error-", $id),)+
                }
            }

            /// The exit code (docs/CLI.md).
            pub(crate) fn code(self) -> u8 {
                match self {
                    $(Kind::$name => $code,)+
                }
            }
        }
    };
}

kinds! {
    /// There is no home at this place.
    NoHome = "no-home", 1;
    /// There is one already.
    AlreadyHome = "already-home", 1;
    /// It was begun and never finished.
    Unfinished = "unfinished", 1;
    /// The system names no data folder.
    NoPlace = "no-place", 1;
    /// The folder of the home cannot be made or used.
    Folder = "folder", 1;
    /// No passphrase was given and there is no terminal to ask on.
    Locked = "locked", 3;
    /// Another passphrase is needed than the home's, and there is no terminal to ask on.
    NobodyToAsk = "nobody-to-ask", 3;
    /// The passphrase file cannot be read.
    PassphraseFile = "passphrase-file", 1;
    /// Typed twice, and not the same.
    PassphraseDiffers = "passphrase-differs", 1;
    /// Empty, or too long.
    BadPassphrase = "bad-passphrase", 1;
    /// It opens nothing here.
    WrongPassphrase = "wrong-passphrase", 3;
    /// It was locked while the command was at work.
    LockedMeanwhile = "locked-meanwhile", 3;
    /// There is no `open` to be unlocked.
    NothingToUnlock = "nothing-to-unlock", 1;
    /// Too many wrong tries: wait.
    WaitForTry = "wait-for-try", 3;
    /// Too many wrong tries: this process takes no more.
    NoMoreTries = "no-more-tries", 3;
    /// The new passphrase opens something else, or two of them are the same.
    PassphraseTaken = "passphrase-taken", 1;
    /// The container holds as many homes as it can.
    NoRoomForHome = "no-room-for-home", 1;
    /// `wipe` without a yes.
    NotMeant = "not-meant", 1;
    /// A line of the notes does not begin with a day.
    BadNotes = "bad-notes", 1;
    /// The device secret cannot be read or made, or is none.
    DeviceSecret = "device-secret", 3;
    /// The TPM that every guess needs does not answer.
    NoChip = "no-chip", 3;
    /// A backup file cannot be read or made.
    BackupFile = "backup-file", 1;
    /// More of a backup is lost than can be made good.
    BackupDamaged = "backup-damaged", 1;
    /// Another process has the home and did not let go in time.
    Busy = "busy", 1;
    /// The process that has the home open is of another version.
    OtherVersion = "other-version", 1;
    /// The process that had the home open ended before the command was done.
    HostEnded = "host-ended", 1;
    /// The container was changed or lost bytes.
    Damaged = "damaged", 1;
    /// A newer version made it.
    HomeNewer = "home-newer", 1;
    /// The disk is full.
    DiskFull = "disk-full", 1;
    /// The home is full.
    HomeFull = "home-full", 1;
    /// The disk refused.
    Disk = "disk", 1;
    /// A text, name or group above its limit.
    TooLarge = "too-large", 1;
    /// The conversation is over.
    Over = "over", 1;
    /// A pair, where a group is needed.
    NotAGroup = "not-a-group", 1;
    /// A group, where two are needed.
    NotAPair = "not-a-pair", 1;
    /// The only relay is to go.
    LastRelay = "last-relay", 1;
    /// One relay more than a home may use.
    ManyRelays = "many-relays", 1;
    /// The home does not use this relay.
    OtherRelay = "other-relay", 1;
    /// The home knows no relay.
    NoRelay = "no-relay", 1;
    /// A link of one's own.
    OwnLink = "own-link", 1;
    /// Nobody and nothing of that name.
    UnknownName = "unknown-name", 1;
    /// More than one of that name.
    ManyNames = "many-names", 1;
    /// The contact has not answered yet.
    NotReady = "not-ready", 1;
    /// No such message to reply to.
    UnknownMessage = "unknown-message", 1;
    /// Not a link of ours.
    NotALink = "not-a-link", 1;
    /// A link that lost or changed characters.
    LinkDamaged = "link-damaged", 1;
    /// A link of a newer version.
    LinkNewer = "link-newer", 1;
    /// `--since` is neither a span nor a moment.
    BadSince = "bad-since", 2;
    /// Standard input is not text, or too much of it.
    BadInput = "bad-input", 1;
    /// Nothing was sent; it waits in the outbox.
    NothingSent = "nothing-sent", 4;
    /// A call, in quiet or steady mode.
    NotLive = "not-live", 1;
    /// Nobody took the call.
    NotTaken = "not-taken", 1;
    /// Nothing rings.
    NoCall = "no-call", 1;
    /// The call's line was lost, and no other could be had.
    LineLost = "line-lost", 1;
    /// A file that is no recording, or cannot be read or written.
    Recording = "recording", 1;
    /// No relay answered.
    Unreached = "unreached", 1;
    /// The relay of one's own cannot listen.
    OwnRelayPort = "own-relay-port", 1;
    /// The relay of one's own cannot open its store or key.
    OwnRelayStore = "own-relay-store", 1;
    /// The app cannot listen at the port that was asked for.
    AppPort = "app-port", 1;
    /// `--relay-listen` on a home whose relays are other people's.
    NoOwnRelay = "no-own-relay", 1;
    /// `--relay-public` is no HOST:PORT.
    BadPublic = "bad-public", 2;
    /// SOGON_PROXY, or what the home remembers, is no proxy.
    BadProxy = "bad-proxy", 2;
    /// The process that has the home open does not go through the proxy that is wanted.
    OtherProxy = "other-proxy", 1;
    /// `--every` without steady mode.
    PaceOfNothing = "pace-of-nothing", 2;
    /// A pace too fast or too slow.
    BadPace = "bad-pace", 2;
    /// Steady mode, and a proxy.
    SteadyProxy = "steady-proxy", 1;
    /// A proxy, and a relay of one's own.
    ProxyOwnRelay = "proxy-own-relay", 1;
    /// A file that cannot be cleaned, or whose copy did not pass.
    CleanRefused = "clean-refused", 5;
    /// The file cannot be read or the copy cannot be written.
    CleanIo = "clean-io", 1;
    /// No file of this id, or more than one.
    UnknownFile = "unknown-file", 1;
    /// Not all of the file is in the home.
    FileNotHere = "file-not-here", 1;
    /// The relay does not keep the file any more, or the home its bytes.
    FileGone = "file-gone", 1;
    /// What came was not what was offered.
    FileBroken = "file-broken", 1;
    /// A file of one's own that is still leaving.
    FileLeaving = "file-leaving", 1;
    /// The file is a program, or not what its name says.
    Program = "program", 5;
    /// Its sender wants it to be looked at here only.
    NoSaving = "no-saving", 5;
    /// A rule of the owner's does not take it.
    Ruled = "ruled", 5;
    /// No picture, or none that can be drawn.
    NoPreview = "no-preview", 1;
    /// There is a file at that place.
    FileThere = "file-there", 1;
    /// A file cannot be written.
    FileIo = "file-io", 1;
    /// A file cannot be read.
    FileUnreadable = "file-unreadable", 1;
    /// A file changed while it was read.
    FileChanged = "file-changed", 1;
    /// A clean copy of a large file finds no place beside it.
    NoRoomToClean = "no-room-to-clean", 1;
    /// A file to be sent cannot be cleaned.
    NotClean = "not-clean", 5;
    /// The home has no room for a file.
    NoRoom = "no-room", 1;
    /// Not a recording that can be read, or too long for a note.
    NoRecording = "no-recording", 1;
    /// Not a voice note, or one that does not hold.
    NoNote = "no-note", 1;
    /// Nothing waits that could be carried.
    NothingToCarry = "nothing-to-carry", 1;
    /// What waits in words alone does not fit onto the card.
    CardTooSmall = "card-too-small", 1;
    /// What was brought is not for this home, or no card of ours.
    NotForUs = "not-for-us", 1;
    /// Too much of a card is lost.
    CardDamaged = "card-damaged", 1;
    /// `doctor` found something.
    Checks = "checks", 1;
    /// `try` saw a plain word on the wire, or a text did not arrive.
    Trial = "trial", 1;
    /// `inspect` could not look.
    Inspect = "inspect", 1;
    /// What is to be shown needs a terminal.
    NoTerminal = "no-terminal", 1;
    /// The output was closed.
    OutputGone = "output-gone", 1;
    /// Interrupted by a signal.
    Interrupted = "interrupted", 130;
    /// The operating system refused something every program needs.
    System = "system", 1;
    /// A fault of this program.
    Bug = "bug", 1;
}

/// Something went wrong: a situation and what its sentences name. Nothing secret goes in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    kind: Kind,
    args: Vec<(&'static str, String)>,
}

impl Trouble {
    /// The situation with what its sentences name.
    pub(crate) fn of(kind: Kind, args: &[(&'static str, &str)]) -> Self {
        let args = args.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { kind, args }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn code(&self) -> u8 {
        self.kind.code()
    }

    /// A number that its sentences name; 0 where they name none: minutes to wait, MiB that are missing.
    pub(crate) fn number(&self, name: &str) -> u64 {
        let count = self.args.iter().find(|(its, _)| *its == name);
        count.and_then(|(_, value)| value.parse().ok()).unwrap_or_default()
    }

    /// The same, but for one kind that a command knows by a better name.
    pub(crate) fn here_called(self, general: Kind, here: Kind) -> Self {
        if self.kind == general { here.into() } else { self }
    }

    /// The same, or what the vault knows better: a store that could not answer because it is damaged.
    pub(crate) fn in_vault(self, vault: &Vault) -> Self {
        match self.kind {
            Kind::Disk => vault.why().into(),
            _ => self,
        }
    }

    /// One line: what happened and what to do next.
    pub(crate) fn sentence(&self, words: &Words) -> String {
        let args: Vec<_> = self.args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let id = self.kind.id();
        format!("{} {}", words.say(id, &args), words.say(&format!("{id}.next"), &args))
    }
}

impl From<Kind> for Trouble {
    fn from(kind: Kind) -> Self {
        Self { kind, args: Vec::new() }
    }
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Self {
        refused.why.into()
    }
}

impl From<VaultError> for Trouble {
    fn from(error: VaultError) -> Self {
        let kind = match error {
            VaultError::NotThere => Kind::NoHome,
            VaultError::AlreadyThere => Kind::AlreadyHome,
            VaultError::WrongPassphrase => Kind::WrongPassphrase,
            VaultError::Busy => Kind::Busy,
            VaultError::DiskFull => Kind::DiskFull,
            VaultError::HomeFull => Kind::HomeFull,
            VaultError::BatchTooLarge | VaultError::TooLong => Kind::TooLarge,
            VaultError::Damaged => Kind::Damaged,
            VaultError::Newer => Kind::HomeNewer,
            VaultError::Reopen | VaultError::Io(_) => Kind::Disk,
            VaultError::BadPassphrase => Kind::BadPassphrase,
            VaultError::NoChip => Kind::NoChip,
            VaultError::NoRandomness => Kind::System,
            _ => Kind::Bug,
        };
        kind.into()
    }
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        let kind = match error {
            EngineError::Shelf(_) => Kind::Disk,
            EngineError::Unknown => return Trouble::of(Kind::UnknownName, &[("name", "?")]),
            EngineError::TooLarge => Kind::TooLarge,
            EngineError::Over => Kind::Over,
            EngineError::NotAGroup => Kind::NotAGroup,
            EngineError::NotAPair => Kind::NotAPair,
            EngineError::Ruled => Kind::Ruled,
            EngineError::NoRelay => Kind::NoRelay,
            EngineError::OwnInvite => Kind::OwnLink,
            EngineError::Bug => Kind::Bug,
        };
        kind.into()
    }
}

impl From<ShelfFault> for Trouble {
    fn from(_: ShelfFault) -> Self {
        Kind::Disk.into()
    }
}

/// A link that does not parse.
impl From<WireError> for Trouble {
    fn from(error: WireError) -> Self {
        let kind = match error {
            WireError::Form => Kind::NotALink,
            WireError::Version | WireError::Kind => Kind::LinkNewer,
            _ => Kind::LinkDamaged,
        };
        kind.into()
    }
}
