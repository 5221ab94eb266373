//! One broken rule: which, where, and what to do.

use std::fmt;

/// The rules of walls and tidy, so that a planted breach can be told from any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// A door between rooms that the table does not have.
    Import,
    /// A room that the table does not know.
    Room,
    /// A crate that only other rooms may name.
    Naming,
    /// A crate with sockets, files, threads or a runtime beneath a pure room.
    World,
    /// A word of the outside world in a pure room.
    Word,
    /// `unsafe`.
    Unsafe,
    /// A guarded thing is made in a room that may not make it.
    Making,
    /// A guard is switched off.
    Guard,
    /// A file that is not Rust.
    Unreadable,
    /// A file too long for one idea.
    Length,
    /// A name that says nothing.
    Name,
    /// Something left unfinished.
    LooseEnd,
    /// A test that waits for luck.
    Sleep,
    /// A vector that does not say what must happen, or why.
    Vector,
    /// A fuzz target without a corpus.
    Corpus,
    /// A decision that is not named for its number.
    Decision,
    /// A path of somebody's machine.
    Path,
    /// A dependency without its need.
    Need,
}

/// One broken rule at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Breach {
    /// The rule.
    pub(crate) rule: Rule,
    /// A file with its line, or a chain of rooms.
    pub(crate) place: String,
    /// What is wrong and what to do.
    pub(crate) saying: String,
}

impl Breach {
    /// A breach of `rule` at `place`.
    pub(crate) fn new(rule: Rule, place: impl Into<String>, saying: impl Into<String>) -> Self {
        Self { rule, place: place.into(), saying: saying.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}: {}", self.place, self.rule, self.saying)
    }
}
