//! What is asked of each relay and not yet answered. Memory only: after a crash everything is
//! simply asked again, and asking twice does no harm.

use std::collections::{BTreeMap, BTreeSet};

use sogon_wire::{LogName, RelayAddr, Seq, Tag};

use crate::{ContactId, ConversationId, Tick};

/// A question under way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Question {
    /// Boxes of a log of a conversation.
    Log { conversation: ConversationId, log: LogName, after: Seq },
    /// The same once more from a place: a watch skipped something.
    Again { conversation: ConversationId, log: LogName, after: Seq },
    /// The key package of an invitation.
    Package { contact: ContactId, after: Seq },
    /// Answers to an invitation of one's own, by its number.
    Answers { invite: u64, after: Seq },
    /// An outbox row of a conversation, by its number and the start of its box's hash.
    Post { conversation: ConversationId, number: u64, hash: [u8; 16] },
    /// A commit of one's own, by the start of its box's hash.
    Commit { conversation: ConversationId, hash: [u8; 16] },
    /// A side posting, by its number.
    Side { number: u64 },
}

impl Question {
    /// The same question whatever place it asks from: never two of a kind at once.
    fn kind(&self) -> Self {
        let mut kind = self.clone();
        match &mut kind {
            Self::Log { after, .. }
            | Self::Again { after, .. }
            | Self::Package { after, .. }
            | Self::Answers { after, .. } => {
                *after = 0;
            }
            Self::Post { .. } | Self::Commit { .. } | Self::Side { .. } => {}
        }
        kind
    }
}

/// One relay as the engine sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    next_tag: Tag,
    open: BTreeMap<Tag, Asked>,
    kinds: BTreeSet<Question>,
    /// Losses since the last answer.
    pub(crate) losses: u32,
    /// Nothing is asked before this tick.
    pub(crate) rest_until: Tick,
}

/// A question with what it takes to judge the answer.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) question: Question,
    /// It stays open: every later box is pushed under its tag.
    pub(crate) watch: bool,
}

impl Link {
    /// Notes a question and gives it a tag; `None` when one of its kind is open already.
    pub(crate) fn ask(&mut self, question: Question, watch: bool) -> Option<Tag> {
        if !self.kinds.insert(question.kind()) {
            return None;
        }
        // At most 65,535 questions are open on a link, so a free tag is found.
        while self.open.contains_key(&self.next_tag) {
            self.next_tag = self.next_tag.wrapping_add(1);
        }
        let tag = self.next_tag;
        self.next_tag = tag.wrapping_add(1);
        self.open.insert(tag, Asked { question, watch });
        Some(tag)
    }

    /// A question of this kind is open.
    pub(crate) fn asks(&self, question: &Question) -> bool {
        self.kinds.contains(&question.kind())
    }

    /// The question an answer belongs to. A watch stays open.
    pub(crate) fn answered(&mut self, tag: Tag) -> Option<Asked> {
        let asked = self.open.get(&tag)?.clone();
        self.losses = 0;
        if !asked.watch {
            self.open.remove(&tag);
            self.kinds.remove(&asked.question.kind());
        }
        Some(asked)
    }

    /// Forgets every open question: the connection is gone.
    pub(crate) fn lost(&mut self, rest_until: Tick) {
        self.open.clear();
        self.kinds.clear();
        self.losses = self.losses.saturating_add(1);
        self.rest_until = rest_until;
    }

    /// This relay is not asked in this burst.
    pub(crate) fn skip(&mut self) {
        self.losses = u32::MAX;
        self.rest_until = Tick(u64::MAX);
    }

    /// Nothing is under way (watches do not count).
    pub(crate) fn idle(&self) -> bool {
        self.open.values().all(|asked| asked.watch)
    }

    /// No further question fits.
    pub(crate) fn full(&self) -> bool {
        self.open.len() >= OPEN_MAX
    }
}

/// The most questions open on one link.
const OPEN_MAX: usize = 4_096;

/// Every relay in use.
pub(crate) type Links = BTreeMap<RelayAddr, Link>;
