//! The command line. A comment here is the help a person reads; docs/CLI.md is the contract.

mod calls;
mod carry;
mod files;
mod home;
mod messages;
mod people;
mod settings;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sogon_carry::Proxy;

pub(crate) use self::calls::{Answer, Call, DirectCalls, Sound};
pub(crate) use self::carry::{Carry, CarryIn, CarryOut, CarryQr};
pub(crate) use self::files::{
    File, FileAuto, FileFetch, FileMetered, FilePreview, FileRules, FileSave, FileSend, Voice,
    VoiceSave, VoiceSend, YesNo,
};
pub(crate) use self::home::{
    Backup, Chat, Decoy, DecoyAdd, Init, Lock, Open, Passwd, Restore, Unlock, Wipe,
};
pub(crate) use self::messages::{Delete, Edit, React, Read, Search, Send, Sync};
pub(crate) use self::people::{Block, Group, Invite, Join, Rename, VerifyContact};
pub(crate) use self::settings::{
    Grow, ModeSetting, ProxySetting, RelayChange, RelaySetting, Usage, Words,
};
use crate::proxy;

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
    #[command(name = "direct")]
    DirectCalls(DirectCalls),
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
    Relay(RelaySetting),
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
