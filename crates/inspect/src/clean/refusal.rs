//! Why a file was not cleaned. A refusal leaves nothing behind.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::clean::Kind;

/// A file that was not cleaned, and why. Each variant says what its holder may do.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Refusal {
    /// No format of ours. Save it in another format, or send it knowing what it may tell.
    #[error("this is no format that can be cleaned")]
    Unknown,
    /// A format that is known and cannot be cleaned yet. Convert it to the format that is named.
    #[error("{name} cannot be cleaned; convert it to {instead} first")]
    Unsupported {
        /// What it is.
        name: Cow<'static, str>,
        /// Into what it can be converted.
        instead: Cow<'static, str>,
    },
    /// It needs a password. Save it without one.
    #[error("{kind}: encrypted")]
    Encrypted {
        /// What it is.
        kind: Kind,
    },
    /// It breaks the rules of its format. Open it and save it anew.
    #[error("{kind}: damaged: {what}")]
    Damaged {
        /// What it is.
        kind: Kind,
        /// What is wrong.
        what: Cow<'static, str>,
    },
    /// It holds a part that this version does not understand, where the content could be.
    /// Save it anew with fewer extras.
    #[error("{kind}: not understood: {what}")]
    NotUnderstood {
        /// What it is.
        kind: Kind,
        /// The part.
        what: String,
    },
    /// More than the limits allow. Split it.
    #[error("{kind}: too large: {what}")]
    TooLarge {
        /// What it is.
        kind: Kind,
        /// Which limit.
        what: Cow<'static, str>,
    },
    /// Something inside cannot be cleaned. Take it out, or clean it by itself.
    #[error("inside, at {path}: {why}")]
    Inside {
        /// Where in the file.
        path: String,
        /// Why.
        why: Box<Refusal>,
    },
    /// It ends with a mark whose beginning nobody can tell. Only where a format says where its
    /// content ends does the mark go, with everything behind that end.
    #[error("where the mark {mark} begins is not known")]
    Unbounded {
        /// Its name.
        mark: Cow<'static, str>,
    },
    /// The clean copy did not pass its own inspection and was thrown away. Report it.
    #[error("{kind}: the clean copy did not pass inspection: {what}")]
    Unverified {
        /// What it is.
        kind: Kind,
        /// What was found in it.
        what: String,
    },
    /// The program that reads it crashed, hung or needed too much memory; take the file for hostile.
    #[error("the program that reads it {what}")]
    Fell {
        /// How it ended.
        what: Cow<'static, str>,
    },
    /// It could not be read, or the copy could not be written.
    #[error("{0}")]
    Io(String),
}

impl Refusal {
    /// A word for programs, which never changes.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unsupported { .. } => "unsupported",
            Self::Encrypted { .. } => "encrypted",
            Self::Damaged { .. } => "damaged",
            Self::NotUnderstood { .. } => "not-understood",
            Self::TooLarge { .. } => "too-large",
            Self::Inside { why, .. } => why.id(),
            Self::Unbounded { .. } => "mark-without-beginning",
            Self::Unverified { .. } => "unverified",
            Self::Fell { .. } => "fell",
            Self::Io(_) => "io",
        }
    }

    pub(crate) fn inside(self, path: &str) -> Self {
        match self {
            Self::Inside { path: deeper, why } => {
                Self::Inside { path: format!("{path}/{deeper}"), why }
            }
            why => Self::Inside { path: path.to_owned(), why: Box::new(why) },
        }
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string())
    }
}

/// What a format's rules broken look like from inside its cleaner.
impl Kind {
    pub(crate) fn damaged(self, what: &'static str) -> Refusal {
        Refusal::Damaged { kind: self, what: what.into() }
    }

    pub(crate) fn odd(self, what: impl Into<String>) -> Refusal {
        Refusal::NotUnderstood { kind: self, what: what.into() }
    }

    pub(crate) fn large(self, what: &'static str) -> Refusal {
        Refusal::TooLarge { kind: self, what: what.into() }
    }
}
