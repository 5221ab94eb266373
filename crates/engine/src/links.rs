//! What is asked of each relay and not yet answered. Memory only: after a crash everything is
//! simply asked again, and asking twice does no harm.

use std::collections::{BTreeMap, BTreeSet};

use sogon_wire::{LogName, RelayAddr, Seq, Tag};

use crate::{ContactId, ConversationId, MessageId, Tick};

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
    /// A piece of a file of one's own.
    Lay { conversation: ConversationId, message: MessageId, index: u32 },
    /// A page of a file's log: so many places. Several may be asked for at once.
    Fetch { conversation: ConversationId, message: MessageId, after: Seq, places: u64 },
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
            Self::Post { .. }
            | Self::Commit { .. }
            | Self::Side { .. }
            | Self::Lay { .. }
            | Self::Fetch { .. } => {}
        }
        kind
    }

    /// It is about a file: nobody waits for it before anything else.
    fn is_bulk(&self) -> bool {
        matches!(self, Self::Lay { .. } | Self::Fetch { .. })
    }

    /// The last place that a page of this file was asked for.
    fn page_of(&self, id: ConversationId, file: MessageId) -> Option<Seq> {
        match self {
            Self::Fetch { conversation, message, after, places }
                if (*conversation, *message) == (id, file) =>
            {
                Some(after.saturating_add(*places))
            }
            _ => None,
        }
    }
}

/// One relay as the engine sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    next_tag: Tag,
    open: BTreeMap<Tag, Asked>,
    kinds: BTreeSet<Question>,
    /// How many of those that are open are watches.
    watching: usize,
    /// More watches were refused.
    watches_max: Option<usize>,
    /// Losses since the last answer.
    pub(crate) losses: u32,
    /// Nothing is asked before this tick.
    pub(crate) rest_until: Tick,
    /// How far the pace of files is above the slowest, in doublings.
    pace: u32,
}

/// A question with what it takes to judge the answer.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) question: Question,
    /// It stays open: every later box is pushed under its tag.
    pub(crate) watch: bool,
    /// When it was asked.
    pub(crate) at: Tick,
}

impl Link {
    /// Notes a question and gives it a tag; `None` when one of its kind is open already.
    pub(crate) fn ask(&mut self, question: Question, watch: bool, at: Tick) -> Option<Tag> {
        if !self.kinds.insert(question.kind()) {
            return None;
        }
        let tag = self.fresh_tag();
        self.open.insert(tag, Asked { question, watch, at });
        self.watching = self.watching.saturating_add(usize::from(watch));
        Some(tag)
    }

    fn fresh_tag(&mut self) -> Tag {
        // At most 65,535 questions are open on a link, so a free tag is found.
        while self.open.contains_key(&self.next_tag) {
            self.next_tag = self.next_tag.wrapping_add(1);
        }
        let tag = self.next_tag;
        self.next_tag = tag.wrapping_add(1);
        tag
    }

    /// A question of this kind is open.
    pub(crate) fn asks(&self, question: &Question) -> bool {
        self.kinds.contains(&question.kind())
    }

    /// The question an answer belongs to. A watch that is not refused stays open.
    pub(crate) fn answered(&mut self, tag: Tag, refused: bool) -> Option<Asked> {
        let asked = self.open.get(&tag)?.clone();
        self.losses = 0;
        if refused || !asked.watch {
            self.open.remove(&tag);
            self.kinds.remove(&asked.question.kind());
            self.watching = self.watching.saturating_sub(usize::from(asked.watch));
        }
        Some(asked)
    }

    /// One more log may be watched; a tenth of the room is for those that are `lively`.
    pub(crate) fn has_room_for_watches(&self, lively: bool) -> bool {
        let most = self.watches_max.unwrap_or(WATCHES_MAX);
        let kept_free = if lively { 0 } else { most.div_ceil(10) };
        self.watching < most.saturating_sub(kept_free)
    }

    /// The relay refused to have more watched than is watched now.
    pub(crate) fn watches_no_more(&mut self) {
        self.watches_max = Some(self.watching.min(self.watches_max.unwrap_or(WATCHES_MAX)));
    }

    /// More logs may be read now: the relay has not yet to answer for many.
    pub(crate) fn has_room_for_reads(&self) -> bool {
        self.open.len().saturating_sub(self.watching) < READS_MAX
    }

    /// A box of this conversation is on its way.
    pub(crate) fn posts(&self, id: ConversationId) -> bool {
        let mut open = self.open.values();
        open.any(|asked| {
            matches!(asked.question, Question::Post { conversation, .. } if conversation == id)
        })
    }

    /// Forgets every open question: the connection is gone.
    pub(crate) fn lost(&mut self, rest_until: Tick) {
        self.open.clear();
        self.kinds.clear();
        self.watching = 0;
        self.losses = self.losses.saturating_add(1);
        self.rest_until = rest_until;
    }

    /// This relay is not asked in this burst.
    pub(crate) fn skip(&mut self) {
        self.losses = u32::MAX;
        self.rest_until = Tick(u64::MAX);
    }

    /// Nothing is under way but what is about files (watches do not count).
    pub(crate) fn is_quiet(&self) -> bool {
        self.open.values().all(|asked| asked.watch || asked.question.is_bulk())
    }

    /// One more question about a file may leave.
    pub(crate) fn has_room_for_files(&self) -> bool {
        let bulk = |asked: &&Asked| asked.question.is_bulk() && !asked.watch;
        self.open.values().filter(bulk).count() < FILES_OPEN_MIN << self.pace
    }

    /// How much a page of a file may hold.
    pub(crate) fn page_bytes(&self) -> u32 {
        (PAGE_BYTES_MIN << self.pace).min(PAGE_BYTES_MAX)
    }

    /// A question about a file was answered.
    pub(crate) fn answered_in(&mut self, took_ms: u64) {
        if took_ms < PACE_FASTER_MS {
            self.pace = self.pace.saturating_add(1).min(PACE_MAX);
        } else if took_ms > PACE_SLOWER_MS {
            self.pace = self.pace.saturating_sub(1);
        }
    }

    /// The last places of the pages of a file that are on their way.
    pub(crate) fn pages_of(&self, id: ConversationId, message: MessageId) -> Vec<Seq> {
        let open = self.open.values().filter(|asked| !asked.watch);
        open.filter_map(|asked| asked.question.page_of(id, message)).collect()
    }

    /// A file's log is watched.
    pub(crate) fn watches_file(&self, id: ConversationId, message: MessageId) -> bool {
        let mut watches = self.open.values().filter(|asked| asked.watch);
        watches.any(|asked| asked.question.page_of(id, message).is_some())
    }

    /// What was asked of a file is not waited for any more; a tag for the word that says so.
    pub(crate) fn forget_file(&mut self, id: ConversationId, message: MessageId) -> Tag {
        self.open.retain(|_, asked| asked.question.page_of(id, message).is_none());
        self.kinds.retain(|question| question.page_of(id, message).is_none());
        self.watching = self.open.values().filter(|asked| asked.watch).count();
        self.fresh_tag()
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

/// Questions about files open at the same time where answers take long, and with each doubling twice
/// as many: one is on its way while the other is answered.
const FILES_OPEN_MIN: usize = 2;
/// The page of a file where answers take long.
const PAGE_BYTES_MIN: u32 = 16_384;
/// And the largest: what comes in one step is stored in one batch, and a small home takes no more.
const PAGE_BYTES_MAX: u32 = 32_768;
/// At most so many doublings: a mebibyte on its way.
const PACE_MAX: u32 = 3;
/// Answers sooner than this let more be asked at once: a text waits no longer than that.
const PACE_FASTER_MS: u64 = 1_000;
/// And later than this, less.
const PACE_SLOWER_MS: u64 = 3_000;

/// The most questions open on one link.
const OPEN_MAX: usize = 4_096;
/// Logs watched at one relay: a relay as it comes allows a few more.
const WATCHES_MAX: usize = 1_000;
/// Reads that are open before more logs are asked for.
const READS_MAX: usize = 1_024;

/// Every relay in use.
pub(crate) type Links = BTreeMap<RelayAddr, Link>;
