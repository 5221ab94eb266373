//! The command line of people and groups.

use clap::{Args, Subcommand};

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
