//! The command line of homes: made, opened, locked, hidden, copied, wiped.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sogon_wire::RelayAddr;

use crate::span::Span;

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

pub(super) fn relay_address(text: &str) -> Result<RelayAddr, String> {
    text.parse().map_err(|_| {
        "not a relay address; give the whole line that `sogon-relay serve` prints after \
         `relay ready`, in quotes: sogon-relay://HOST:PORT#FINGERPRINT"
            .to_owned()
    })
}
