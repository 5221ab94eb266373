//! The side of a connection: what goes beside it by datagrams, when that is worth trying, and whether
//! the connection, which hardly says anything then, is still alive.

use std::{
    collections::BTreeSet,
    future::pending,
    net::SocketAddr,
    time::{Duration, Instant},
};

use sogon_wire::{Frame, LogName, Reply, Request, Tag};

use crate::{
    datagram::{Aside, Words},
    link::{Asked, Known, Rank},
    meter::Meter,
};

/// Where words were answered beside a connection and then were not, it has them all so long.
const UNHEARD_REST: Duration = Duration::from_secs(60);
/// The same where they never were: a day, and few connections last longer.
const UNHEARD_EVER_REST: Duration = Duration::from_secs(86_400);

pub(crate) struct Side {
    /// Where the connection leads to.
    to: Option<SocketAddr>,
    words: Option<Words>,
    /// When they began.
    begun: Instant,
    /// Words were answered beside it.
    answered: bool,
    /// Nothing goes beside it before.
    not_before: Option<Instant>,
    /// What was asked before the session was open.
    early: BTreeSet<Tag>,
    /// The relay has all of the session, and the keys that come of it: it answered a question that was
    /// asked in it.
    whole: bool,
    /// When the connection said something last.
    heard: Instant,
    /// The question whether it lives, with a tag that nobody else uses.
    probe: Option<Tag>,
}

impl Side {
    pub(crate) fn new(to: Option<SocketAddr>) -> Self {
        Self {
            to,
            words: None,
            begun: Instant::now(),
            answered: false,
            not_before: None,
            early: BTreeSet::new(),
            whole: false,
            heard: Instant::now(),
            probe: None,
        }
    }

    /// The session is open; these questions were asked before. Gives what the connection is to be
    /// asked, so that the relay is known to have all of it.
    pub(crate) fn opened(&mut self, early: &BTreeSet<Tag>, known: &Known) -> Option<Asked> {
        self.early.clone_from(early);
        if Words::may_go(known) { self.probe(early) } else { None }
    }

    /// The connection said something.
    pub(crate) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// The connection answered a question; true for one that nobody but this side asked.
    pub(crate) fn told(&mut self, tag: Tag, reply: &Reply) -> bool {
        self.whole |= !self.early.contains(&tag);
        let is_probe = self.probe == Some(tag) && matches!(reply, Reply::About(_));
        if is_probe {
            self.probe = None;
        }
        is_probe
    }

    /// Takes a question, or gives it back.
    pub(crate) async fn ask(
        &mut self,
        asked: Asked,
        known: &mut Known,
        meter: &Meter,
    ) -> Option<Asked> {
        let rested = self.not_before.is_none_or(|at| at <= Instant::now());
        if !self.whole || !rested || !Words::may_take(known, &asked) {
            return Some(asked);
        }
        if let (None, Some(to)) = (&self.words, self.to) {
            self.words = Words::begin(known, to, meter).await;
            self.begun = Instant::now();
        }
        match &mut self.words {
            Some(words) => words.ask(asked),
            None => Some(asked),
        }
    }

    /// Whether boxes for this log are on their way here.
    pub(crate) fn is_laying(&self, log: LogName) -> bool {
        self.words.as_ref().is_some_and(|words| words.is_laying(log))
    }

    /// Waits for what goes beside the connection; for ever, where nothing does.
    pub(crate) async fn next(&mut self, known: &Known) -> Aside {
        match &mut self.words {
            Some(words) => words.next(known).await,
            None => pending().await,
        }
    }

    /// Words were answered.
    pub(crate) fn was_answered(&mut self) {
        self.answered = true;
    }

    /// Words are over. If the connection said nothing since they began, gives what it is to be asked:
    /// one that is dead is not noticed by words that do without it. These tags are not free.
    pub(crate) fn rested(&mut self, open: &BTreeSet<Tag>) -> Option<Asked> {
        let is_silent = self.heard < self.begun && self.probe.is_none();
        if is_silent { self.probe(open) } else { None }
    }

    fn probe(&mut self, open: &BTreeSet<Tag>) -> Option<Asked> {
        let tag = (0..=Tag::MAX).rev().find(|tag| !open.contains(tag))?;
        self.probe = Some(tag);
        let (request, rank) = (Request::About, Rank::Words);
        Some(Asked { rank, bytes: request.encode(tag), request, tag: Some(tag) })
    }

    /// Nobody answered beside the connection.
    pub(crate) fn was_silent(&mut self) {
        let rest = if self.answered { UNHEARD_REST } else { UNHEARD_EVER_REST };
        self.not_before = Instant::now().checked_add(rest);
    }

    /// Nothing goes beside the connection any more: gives back what is not answered, in its order.
    pub(crate) fn end(&mut self, known: &mut Known) -> Vec<Asked> {
        self.words.take().map(|words| words.end(known)).unwrap_or_default()
    }
}
