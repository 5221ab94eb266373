//! The command line of what is written.

use clap::Args;

use crate::span::Span;

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
