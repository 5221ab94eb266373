//! The command line. A comment here is the help a person reads; docs/CLI.md is the contract.

mod carry;
mod files;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sogon_carry::Proxy;
use sogon_wire::RelayAddr;

pub(crate) use self::carry::{Carry, CarryIn, CarryOut, CarryQr};
pub(crate) use self::files::{
    File, FileAuto, FileFetch, FileMetered, FilePreview, FileRules, FileSave, FileSend, Voice,
    VoiceSave, VoiceSend, YesNo,
};
use crate::{
    mode,
    proxy::{self, Choice},
    span::Span,
};

/// Write with people whose phones and networks are watched, and yours.
///
/// Everything leaves this device sealed, post-quantum from the first message on, or it does not
/// leave. Where there is no connection a message waits.
#[derive(Debug, Parser)]
#[command(name = "sogon", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The folder of the home; otherwise SOGON_HOME, otherwise the data folder of this system
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Print JSON for programs: one object, or one per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The language of words for people; otherwise LANG decides
    #[arg(long, global = true, value_name = "LANG")]
    pub(crate) lang: Option<String>,
    /// Read the passphrase from the first line of this file; otherwise SOGON_PASSPHRASE_FILE,
    /// otherwise it is asked on the terminal
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Reach relays through this SOCKS5 proxy and in no other way, for example Tor at
    /// socks5://127.0.0.1:9050; otherwise SOGON_PROXY, otherwise what `proxy` set
    #[arg(long, global = true, value_name = "ADDR", value_parser = proxy::parse)]
    pub(crate) proxy: Option<Proxy>,
    /// What the passphrase opens nothing without: 32 random bytes kept away from the home (a card, a
    /// key store; `init` makes the file), or `tpm`, the chip of this device (`tpm:PATH` for another
    /// place of it); otherwise SOGON_DEVICE_SECRET_FILE
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) device_secret: Option<PathBuf>,
    /// The folder from which paths are meant, when the command is carried out elsewhere
    #[arg(long, global = true, hide = true, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// What there is to do. A variant without a comment has its help where its arguments are.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Try(Try),
    Init(Init),
    Open(Open),
    Chat(Chat),
    Invite(Invite),
    Join(Join),
    /// Show the people you write with
    Contacts,
    VerifyContact(VerifyContact),
    Rename(Rename),
    Block(Block),
    /// Write with several people
    #[command(subcommand)]
    Group(Group),
    Send(Send),
    /// Send, fetch and save files
    #[command(subcommand)]
    File(File),
    /// Send and save voice notes
    #[command(subcommand)]
    Voice(Voice),
    /// Take sealed messages by hand, where there is no link
    #[command(subcommand)]
    Carry(Carry),
    Read(Read),
    Edit(Edit),
    React(React),
    Delete(Delete),
    Search(Search),
    Sync(Sync),
    Call(Call),
    Answer(Answer),
    Lock(Lock),
    Unlock(Unlock),
    Passwd(Passwd),
    /// A second home for whoever forces you to show one
    #[command(subcommand)]
    Decoy(Decoy),
    Wipe(Wipe),
    Backup(Backup),
    Restore(Restore),
    /// Show your own log of security events
    Alerts,
    /// Check this home and its relays; prints no secret
    Doctor,
    Clean(sogon_inspect::command::CleanOptions),
    Grow(Grow),
    Proxy(ProxySetting),
    Mode(ModeSetting),
    Usage(Usage),
    Words(Words),
    Inspect(sogon_inspect::command::Options),
    Completions(Completions),
    /// Print the manual page
    Man,
}

/// See it work on this machine: a relay, two people, and what a watcher of the wire sees.
///
/// Starts a relay and two homes in a temporary folder, joins them through a link, and lets them
/// write to each other through a wire that is watched. Beside each text stands what the watcher
/// of the wire saw. On a terminal both apps then open side by side with the watcher between them,
/// and you can write as either of the two. Everything is gone afterwards.
#[derive(Debug, Args)]
pub(crate) struct Try {
    /// After the first texts, take lines from standard input: `m: TEXT` or `j: TEXT`
    #[arg(long)]
    pub(crate) from_stdin: bool,
    /// Serve both apps and the watcher's view until interrupted, also without a terminal
    #[arg(long)]
    pub(crate) stay: bool,
    /// Open no browser: print the link only
    #[arg(long)]
    pub(crate) no_browser: bool,
}

/// Make a home.
///
/// The home is one file in the folder named by --home; it looks like random bytes to everybody
/// without its passphrase. There is no way back to a forgotten passphrase.
///
/// With no --relay the home uses a relay of its own, which runs inside this program and keeps its
/// sealed boxes in the sub-folder `relay` of the home. It can be reached only while `sogon open`
/// runs, and only where --relay-listen makes it reachable: by default, from this machine.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The name others see
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// A relay to use, as `sogon-relay serve` prints it; may be given more than once, best first
    #[arg(long, value_name = "ADDR", value_parser = relay_address)]
    pub(crate) relay: Vec<RelayAddr>,
    /// With a relay of your own: the HOST:PORT under which others will reach it
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "relay")]
    pub(crate) relay_public: Option<String>,
    /// For tests and trials: a small home with a passphrase that is quick to guess
    #[arg(long, hide = true)]
    pub(crate) light: bool,
}

/// Unlock the home, stay connected and serve the app to a browser on this machine, until interrupted.
///
/// The app is a page at an address by chance that only a link opens, once, within two minutes. On a
/// terminal with a screen a browser window opens with a profile that is thrown away afterwards;
/// otherwise the link is printed. Type the command again for another link.
#[derive(Debug, Args)]
pub(crate) struct Open {
    /// With a relay of your own: where it listens
    #[arg(long, value_name = "ADDR")]
    pub(crate) relay_listen: Option<std::net::SocketAddr>,
    /// Serve the app at this port; otherwise at one by chance
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Open no browser: print the link only
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Lock the home when nobody has asked anything of it for so long
    #[arg(long, value_name = "D")]
    pub(crate) idle: Option<Span>,
}

/// Write and read on this terminal: conversations, people, invitations, until you leave.
///
/// Unlocks the home and stays connected, or shows the home that another `sogon` has open. F1 shows
/// the keys; F9 or Ctrl+L locks the home and leaves nothing on the screen, F8 or Ctrl+O shows
/// something harmless. Nothing of it stays in the terminal afterwards.
#[derive(Debug, Args)]
pub(crate) struct Chat {
    /// Lock the home when nobody has touched a key for so long
    #[arg(long, value_name = "D")]
    pub(crate) idle: Option<Span>,
}

/// Lock the home that `open` holds: keys and texts leave its memory.
///
/// `open` goes on running without them until `unlock`. Before the machine sleeps the home is locked
/// by itself where the system says that it will (logind, on most Linux machines), otherwise when it
/// wakes: `doctor` says which. To lock before sleep elsewhere, let the system run this command.
#[derive(Debug, Args)]
pub(crate) struct Lock {}

/// Unlock the home of an `open` that was locked.
#[derive(Debug, Args)]
pub(crate) struct Unlock {}

/// Change the passphrase.
///
/// Only the key of the home is sealed anew. Whoever has a copy of the home from before can still
/// try the old passphrase on that copy.
#[derive(Debug, Args)]
pub(crate) struct Passwd {
    /// Read the new passphrase from the first line of this file; otherwise it is asked
    #[arg(long, value_name = "FILE")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
}

/// A second home for whoever forces you to show one.
#[derive(Debug, Subcommand)]
pub(crate) enum Decoy {
    Add(DecoyAdd),
}

/// Make a decoy: a second home in the same file, under a passphrase of its own.
///
/// Every installation has room for it, used or not, and nothing tells whether it is used. With a
/// duress passphrase the decoy opens too, and this home can never be opened again: its key is
/// overwritten in what looks like any unlock. A copy of the file made before is not reached by that.
///
/// A decoy is believed when it is used: write a little in it now and then, have a contact or two in
/// it, and let its words be yours. --notes puts lines of yours into a group of one, each with the
/// day it begins with.
#[derive(Debug, Args)]
pub(crate) struct DecoyAdd {
    /// The name others see there
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// A relay to use there; may be given more than once
    #[arg(long, value_name = "ADDR", value_parser = relay_address, required = true)]
    pub(crate) relay: Vec<RelayAddr>,
    /// Lines such as `2025-01-31 bread, milk`, from a file
    #[arg(long, value_name = "FILE")]
    pub(crate) notes: Option<PathBuf>,
    /// What the group of one is called that holds the notes
    #[arg(long, value_name = "NAME", default_value = "Notes")]
    pub(crate) notes_title: String,
    /// Read the decoy's passphrase from the first line of this file; otherwise it is asked
    #[arg(long, value_name = "FILE")]
    pub(crate) decoy_passphrase_file: Option<PathBuf>,
    /// Read the duress passphrase from the first line of this file; otherwise it is asked
    #[arg(long, value_name = "FILE")]
    pub(crate) duress_passphrase_file: Option<PathBuf>,
    /// Make no duress passphrase
    #[arg(long, conflicts_with = "duress_passphrase_file")]
    pub(crate) no_duress: bool,
}

/// Write an encrypted copy of this home that a new device can start from.
///
/// It is sealed with a passphrase of its own, so it can lie where the home's may not be typed. A
/// sixth of it may be lost, in one piece or in crumbs. It holds people, conversations and messages;
/// it holds no key that opens what is still under way.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file to write, or with --check the one to look at; `-` is not taken
    pub(crate) file: PathBuf,
    /// Read the file and say whether it would restore; touches no home
    #[arg(long)]
    pub(crate) check: bool,
    /// Read the backup's passphrase from the first line of this file; otherwise it is asked
    #[arg(long, value_name = "FILE")]
    pub(crate) backup_passphrase_file: Option<PathBuf>,
    /// For tests and trials: a passphrase that is quick to guess
    #[arg(long, hide = true)]
    pub(crate) light: bool,
}

/// Make a home from a backup.
///
/// Contacts and messages are there at once. Each conversation goes on as soon as somebody in it was
/// connected: this home asks to be let in again, with fresh keys. The old device must not be used
/// any more; links made with it no longer work.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup
    pub(crate) file: PathBuf,
    /// Read the backup's passphrase from the first line of this file; otherwise it is asked
    #[arg(long, value_name = "FILE")]
    pub(crate) backup_passphrase_file: Option<PathBuf>,
    /// For tests and trials: a small home with a passphrase that is quick to guess
    #[arg(long, hide = true)]
    pub(crate) light: bool,
}

/// Make this home unreadable for ever, also for you.
///
/// First the key is overwritten, which takes an instant, then everything it was the key of. Copies
/// made before, and what a flash disk keeps of old writes, are not reached.
#[derive(Debug, Args)]
pub(crate) struct Wipe {
    /// Keep this home, and overwrite the keys of all others: what a duress passphrase does
    #[arg(long, conflicts_with = "all")]
    pub(crate) duress: bool,
    /// Overwrite everything, whatever it is; needs no passphrase
    #[arg(long)]
    pub(crate) all: bool,
    /// Do not ask whether it is meant
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Make a link that lets somebody reach you.
///
/// Hand it on by a way you trust: whoever has the link can answer it, once. Their name stands
/// among your contacts after both of you have synced; then compare safety numbers.
#[derive(Debug, Args)]
pub(crate) struct Invite {
    /// Let many people answer, not one
    #[arg(long)]
    pub(crate) many: bool,
    /// Show the link as a QR code too
    #[arg(long)]
    pub(crate) qr: bool,
}

/// Answer somebody's link.
#[derive(Debug, Args)]
pub(crate) struct Join {
    /// The whole link, in quotes
    pub(crate) link: String,
    /// What to call them here
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// Show a contact's safety number, to compare it in person.
///
/// Both of you see the same 60 digits, or somebody stands between you.
#[derive(Debug, Args)]
pub(crate) struct VerifyContact {
    /// Whose
    pub(crate) contact: String,
    /// Note that you compared it and it was the same
    #[arg(long)]
    pub(crate) mark: bool,
}

/// Call a contact something else, on this device only.
#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// Whom
    pub(crate) contact: String,
    /// The new name
    pub(crate) name: String,
}

/// Show and answer nothing of a contact any more.
#[derive(Debug, Args)]
pub(crate) struct Block {
    /// Whom
    pub(crate) contact: String,
}

/// Write with several people.
#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    New(GroupNew),
    /// Take people into a group
    Add(GroupMembers),
    /// Put people out of a group
    Remove(GroupMembers),
    Leave(GroupLeave),
    /// Show your groups
    List,
}

/// Make a group.
#[derive(Debug, Args)]
pub(crate) struct GroupNew {
    /// Its name
    pub(crate) title: String,
    /// Who is in it besides you
    #[arg(required = true)]
    pub(crate) contacts: Vec<String>,
}

// People coming into or going out of a group: the commands say which.
#[derive(Debug, Args)]
pub(crate) struct GroupMembers {
    /// Which group
    pub(crate) group: String,
    /// Who
    #[arg(required = true)]
    pub(crate) contacts: Vec<String>,
}

/// Go out of a group yourself.
#[derive(Debug, Args)]
pub(crate) struct GroupLeave {
    /// Which group
    pub(crate) group: String,
}

/// Write a text.
///
/// It is put into the outbox, and what waits there goes out at once if there is a connection.
/// Without one it waits and goes with a later `sync`, `send` or `open`.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// A contact, a group, or the id of either
    pub(crate) to: String,
    /// What to write; `-` takes it from standard input
    pub(crate) text: String,
    /// Wait until it has arrived, at most so long
    #[arg(long, value_name = "D", num_args = 0..=1, default_missing_value = "60s")]
    pub(crate) wait: Option<Span>,
    /// The id of the message it answers
    #[arg(long, value_name = "ID")]
    pub(crate) reply: Option<String>,
    /// Let it be gone so long after it was seen, on both sides
    #[arg(long, value_name = "D")]
    pub(crate) expires: Option<Span>,
    /// Let it be seen once
    #[arg(long, conflicts_with = "expires")]
    pub(crate) once: bool,
}

/// Put other words in the place of a message of your own.
///
/// Here the first words leave the store and its index; whoever has read them has read them.
#[derive(Debug, Args)]
pub(crate) struct Edit {
    /// The contact or group it was written to
    pub(crate) conversation: String,
    /// Its id, as `read --json` shows it
    pub(crate) id: String,
    /// What it is to say
    pub(crate) text: String,
}

/// Answer a message with one letter, or take that back.
#[derive(Debug, Args)]
pub(crate) struct React {
    /// The contact or group it was written to or came from
    pub(crate) conversation: String,
    /// Its id, as `read --json` shows it
    pub(crate) id: String,
    /// An emoji; without one the reaction is taken back
    pub(crate) face: Option<String>,
}

/// Remove a message.
///
/// Here it leaves no trace but its id. With --everywhere the others are asked to remove it too:
/// their Sogon does so, but whoever wants to keep what they saw can.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The contact or group it was written to or came from
    pub(crate) conversation: String,
    /// Its id, as `read --json` shows it
    pub(crate) id: String,
    /// Ask everybody to remove it; only for messages of your own
    #[arg(long)]
    pub(crate) everywhere: bool,
}

/// Show messages.
#[derive(Debug, Args)]
pub(crate) struct Read {
    /// Only of this contact or group
    pub(crate) from: Option<String>,
    /// Stay connected and go on with what arrives, until interrupted
    #[arg(long)]
    pub(crate) follow: bool,
    /// Only from this time on: `12h` ago, or 2025-01-31T12:00:00Z
    #[arg(long, value_name = "T")]
    pub(crate) since: Option<String>,
    /// Only what you have not seen yet
    #[arg(long)]
    pub(crate) unread: bool,
}

/// Search all that is stored.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Words that must all occur
    #[arg(required = true)]
    pub(crate) words: Vec<String>,
}

/// Send all that waits, fetch all that is new, hang up.
#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// One burst and no more: what `sync` does anyway, said aloud in a script
    #[arg(long)]
    pub(crate) once: bool,
}

/// Call somebody, with recordings in the place of a microphone and a loudspeaker.
///
/// What is said is sealed from end to end and goes through the relay, so that nobody learns anybody's
/// address. Packets are all alike, in speech and in silence, so that nobody learns who speaks. The
/// call ends when somebody hangs up, or when the recording is over and nothing is heard any more.
#[derive(Debug, Args)]
pub(crate) struct Call {
    /// A contact, a group, or the id of either
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) sound: Sound,
    /// Let it ring at most so long
    #[arg(long, value_name = "D", default_value = "60s")]
    pub(crate) ring: Span,
}

/// Take a call that rings, or the next one that does.
#[derive(Debug, Args)]
pub(crate) struct Answer {
    #[command(flatten)]
    pub(crate) sound: Sound,
    /// Wait for a call at most so long
    #[arg(long, value_name = "D", default_value = "60s")]
    pub(crate) wait: Span,
}

/// What is said and what is heard.
#[derive(Debug, Args)]
pub(crate) struct Sound {
    /// A WAV file to say; without one, silence
    #[arg(long = "in", value_name = "FILE")]
    pub(crate) said: Option<PathBuf>,
    /// A WAV file to write what is heard into
    #[arg(long = "out", value_name = "FILE")]
    pub(crate) heard: Option<PathBuf>,
    /// A WAV file for what was said and did not arrive, if the line dies
    #[arg(long, value_name = "FILE")]
    pub(crate) unheard: Option<PathBuf>,
    /// Say nothing; nobody outside can tell
    #[arg(long)]
    pub(crate) mute: bool,
    /// Hang up after so long
    #[arg(long, value_name = "D", default_value = "1h")]
    pub(crate) limit: Span,
}

/// Make room in a home that is full.
///
/// The file of the home becomes larger, by four times as much as is asked for: it has four parts,
/// and nobody is to see which of them are in use.
#[derive(Debug, Args)]
pub(crate) struct Grow {
    /// How much more room, in MiB
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub(crate) mib: u32,
}

/// Reach relays through a SOCKS5 proxy, for example Tor, or show which.
///
/// From then on nothing of this home goes around it: no datagram, and no name of a relay asked of
/// anybody else. Each relay gets a user and password of its own, which Tor takes as a wish for a
/// path of its own. When the proxy is off, nothing leaves.
#[derive(Debug, Args)]
pub(crate) struct ProxySetting {
    /// socks5://ADDRESS:PORT, socks5://USER:PASSWORD@ADDRESS:PORT, or none
    #[arg(value_name = "ADDR", value_parser = Choice::parse)]
    pub(crate) choice: Option<Choice>,
}

/// Say when this home speaks to relays, or show it.
///
/// Live: a command that has something to say goes out with it, and `open` stays connected. Quiet:
/// nothing leaves until `sync`. Steady: while `open` runs, one packet goes to each relay in use
/// every so long and one of the same size comes back, whether there is something to say or not; who
/// watches the line learns that it is on, and nothing else. It takes datagrams (UDP): where they do
/// not get through nothing leaves, and through a proxy it cannot be.
#[derive(Debug, Args)]
pub(crate) struct ModeSetting {
    /// live, quiet or steady
    #[arg(value_enum)]
    pub(crate) choice: Option<mode::Choice>,
    /// The pace of steady mode, 1s to 60s; without it 2s
    #[arg(long, value_name = "SPAN")]
    pub(crate) every: Option<Span>,
}

/// What travelling cost: bytes both ways and time on the air, today, this week and this month.
///
/// Bytes are those of packets and of TLS, without what IP, UDP and TCP add: 28 to 60 for each packet.
#[derive(Debug, Args)]
pub(crate) struct Usage {
    /// Show so many of the days in which something travelled, too
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) days: usize,
}

/// Draw a passphrase by chance, and say what passphrases are worth.
///
/// Prints words of a list of 2,048, each worth eleven bits, and what it costs to guess such a
/// passphrase on a copy of a home, beside others. No program can make whoever has a copy wait.
#[derive(Debug, Args)]
pub(crate) struct Words {
    /// How many words
    #[arg(short = 'n', long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(3..=24))]
    pub(crate) count: u32,
    /// Judge the passphrase in the first line of this file instead of drawing one
    #[arg(long, value_name = "FILE")]
    pub(crate) judge: Option<PathBuf>,
}

/// Print a completion script for a shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    pub(crate) shell: Shell,
}

/// The shells completions are made for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Shell {
    /// bash
    Bash,
    /// elvish
    Elvish,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
    /// zsh
    Zsh,
}

impl Command {
    /// It ends only when interrupted, or when somebody far away does something.
    pub(crate) fn lingers(&self) -> bool {
        match self {
            Self::Open(_) | Self::Chat(_) => true,
            Self::Read(read) => read.follow,
            Self::Send(send) => send.wait.is_some(),
            Self::Carry(carry) => matches!(carry, Carry::Qr(qr) if !qr.once),
            Self::Call(_) | Self::Answer(_) => true,
            _ => false,
        }
    }

    /// It speaks to relays.
    pub(crate) fn goes_out(&self) -> bool {
        match self {
            Self::Open(_)
            | Self::Chat(_)
            | Self::Invite(_)
            | Self::Join(_)
            | Self::Group(_)
            | Self::Send(_)
            | Self::File(File::Send(_) | File::Fetch(_))
            | Self::Voice(Voice::Send(_))
            | Self::Edit(_)
            | Self::React(_)
            | Self::Delete(_)
            | Self::Sync(_)
            | Self::Call(_)
            | Self::Answer(_)
            | Self::Doctor => true,
            Self::Read(read) => read.follow,
            _ => false,
        }
    }
}

fn relay_address(text: &str) -> Result<RelayAddr, String> {
    text.parse().map_err(|_| {
        "not a relay address; give the whole line that `sogon-relay serve` prints after \
         `relay ready`, in quotes: sogon-relay://HOST:PORT#FINGERPRINT"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn waiting_takes_a_time_or_a_minute() {
        let wait = |args: &[&str]| match Cli::try_parse_from(args).unwrap().command {
            Command::Send(send) => send.wait.map(|span| span.seconds()),
            _ => None,
        };
        assert_eq!(wait(&["sogon", "send", "Mina", "hi"]), None);
        assert_eq!(wait(&["sogon", "send", "Mina", "hi", "--wait"]), Some(60));
        assert_eq!(wait(&["sogon", "send", "Mina", "hi", "--wait", "15m"]), Some(900));
    }
}
