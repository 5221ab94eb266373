//! The kinds of blows, and what came of them.

use super::scene::Command;

/// What is done to the program at its n-th write, or sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    /// It is killed before the write is made.
    Kill,
    /// It is killed after the write, of which only the first half reached the disk.
    Tear,
    /// From this write on the disk is full.
    Full,
    /// The disk cannot make it durable.
    Sync,
}

/// How often the program wrote to the home, and synced it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) writes: usize,
    pub(crate) syncs: usize,
}

impl Blow {
    pub(crate) const ALL: [Blow; 4] = [Blow::Kill, Blow::Tear, Blow::Full, Blow::Sync];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kill => "killed",
            Self::Tear => "killed, torn",
            Self::Full => "disk full",
            Self::Sync => "sync refused",
        }
    }

    pub(crate) fn places(self, counted: &Counted) -> usize {
        match self {
            Self::Sync => counted.syncs,
            Self::Kill | Self::Full => counted.writes,
            // Torn is the write before the one that is not made any more.
            Self::Tear => counted.writes.saturating_sub(1),
        }
    }

    /// For strace.
    pub(crate) fn injection(self, nth: usize) -> String {
        match self {
            Self::Kill => format!("inject=write:signal=SIGKILL:when={nth}"),
            Self::Tear => format!("inject=write:signal=SIGKILL:when={}", nth + 1),
            Self::Full => format!("inject=write:error=ENOSPC:when={nth}+"),
            Self::Sync => format!("inject=fdatasync:error=EIO:when={nth}"),
        }
    }
}

/// What was found after a blow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The state before the command.
    Before,
    /// The state after it.
    After,
    /// One in between, after one of the steps that the command is made of.
    Step,
    /// An error of one line, with what to do next, where that is what the command leads to.
    Error,
    /// Something else; what.
    Half(String),
}

/// How often each was found.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) before: usize,
    pub(crate) after: usize,
    pub(crate) steps: usize,
    pub(crate) errors: usize,
    pub(crate) halves: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, command: &Command, blow: Blow, nth: usize, found: Found) {
        match found {
            Found::Before => self.before += 1,
            Found::After => self.after += 1,
            Found::Step => self.steps += 1,
            Found::Error => self.errors += 1,
            Found::Half(what) => {
                println!("  {} {} at {nth}: {what}", command.name, blow.name());
                self.halves += 1;
            }
        }
    }
}
