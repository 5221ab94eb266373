//! What goes to relays and when: questions first, then what waits, people's words before all else.

use sogon_seal::{LogKeys, Posting};
use sogon_wire::{LogName, Refusal, RelayAddr, Reply, Seq, Tag};

use super::{
    Work,
    places::{SPARE_MS_MAX, SPARE_MS_MIN, SPARE_TURNS},
};
use crate::{
    Ask, ConversationId, EngineError, Event, Loss, Tick, Transmit,
    engine::Mode,
    links::{Asked, Link, Question},
    rows::{CONVERSATIONS, ConversationRow, SIDE, SideRow, State, id_of, number_of, read_all},
    view::AlertKind,
};

/// A burst gives a relay up after this many losses in a row.
const BURST_LOSSES_MAX: u32 = 3;
/// How long to wait after the first loss; doubled with each further one.
const REST_FIRST_MS: u64 = 500;
/// The longest rest between two tries.
const REST_MS_MAX: u64 = 300_000;
/// How often those who wait politely look again, in live mode.
const PATIENCE_MS: u64 = 20_000;

impl Work<'_> {
    /// Begins a burst or the live mode: every log is asked for.
    pub(crate) fn start(&mut self, mode: Mode) -> Result<(), EngineError> {
        // A burst inside the live mode asks again and does not end it.
        if self.memory.mode != Mode::Live {
            self.memory.mode = mode;
        }
        self.memory.words_went = false;
        self.memory.widened = false;
        self.memory.settled = false;
        self.memory.healed.clear();
        self.memory.tails.clear();
        self.memory.placed.clear();
        self.memory.read_at.clear();
        self.forget_drafts()?;
        for link in self.memory.links.values_mut() {
            link.losses = 0;
            link.rest_until = Tick(0);
        }
        self.memory.unreached.clear();
        let all = self.desk_conversations()?;
        self.choose_spares(&all)?;
        for (key, row) in all {
            if row.state != State::Over {
                let id = ConversationId(id_of(&key));
                self.memory.stirred.insert(id);
                self.grow_patience(id)?;
            }
        }
        self.ask_logs()?;
        if mode == Mode::Live {
            self.memory.patience = Some(self.now.tick.after_ms(PATIENCE_MS));
        }
        Ok(())
    }

    /// Sends a question, unless one like it is open, the relay rests, or nothing is to be sent.
    pub(crate) fn ask(&mut self, relay: &RelayAddr, question: Question, ask: Ask) -> bool {
        if self.memory.mode == Mode::Idle {
            return false;
        }
        let link = self.memory.links.entry(relay.clone()).or_default();
        if link.rest_until > self.now.tick || link.full() {
            return false;
        }
        let watch = matches!(ask, Ask::Watch { .. });
        let Some(tag) = link.ask(question, watch, self.now.tick) else { return false };
        self.transmit.push(Transmit { relay: relay.clone(), tag, ask });
        true
    }

    /// A question to this relay would leave now.
    pub(crate) fn may_ask(&mut self, relay: &RelayAddr) -> bool {
        let link = self.memory.links.entry(relay.clone()).or_default();
        link.rest_until <= self.now.tick && !link.full()
    }

    /// Asks for a stored posting to be appended; true when it is on its way now.
    pub(crate) fn append(
        &mut self,
        relay: &RelayAddr,
        question: Question,
        posting: &[u8],
    ) -> Result<bool, EngineError> {
        let link = self.memory.links.entry(relay.clone()).or_default();
        if link.asks(&question) || !self.may_ask(relay) {
            return Ok(false);
        }
        // What it is given is waited for.
        self.memory.spares.remove(relay);
        let posting = Posting::restore(posting).map_err(|_| EngineError::Bug)?;
        Ok(self.ask(relay, question, Ask::Append(posting)))
    }

    /// After every input: whatever can be done in a stirred conversation is done, whatever can
    /// leave leaves.
    pub(crate) fn flow(&mut self) -> Result<(), EngineError> {
        if self.memory.mode == Mode::Idle {
            return Ok(());
        }
        self.flow_asks()?;
        while let Some(id) = self.memory.stirred.pop_first() {
            self.flow_conversation(id)?;
            self.memory.stirred.remove(&id);
        }
        self.flow_side()?;
        self.flow_files()?;
        self.settle();
        self.set_alarm();
        Ok(())
    }

    fn flow_conversation(&mut self, id: ConversationId) -> Result<(), EngineError> {
        let row = self.conversation(id)?;
        if row.state == State::Over {
            return Ok(());
        }
        self.ask_for_gap(id, &row)?;
        self.flow_outbox(id)?;
        self.flow_commit(id)?;
        self.flow_bulk(id)
    }

    /// Sends what belongs to no conversation's epoch.
    fn flow_side(&mut self) -> Result<(), EngineError> {
        for (key, row) in read_all::<SideRow>(self.desk, SIDE, b"")? {
            if row.bulk && self.memory.words_went && self.memory.mode == Mode::Burst {
                continue;
            }
            let relay: RelayAddr = row.relay.parse().map_err(|_| EngineError::Bug)?;
            // To a relay that may long be dead nothing is sent before it answers.
            if self.memory.spares.contains(&relay) && !self.memory.heard.contains(&relay) {
                continue;
            }
            self.append(&relay, Question::Side { number: number_of(&key) }, &row.posting)?;
        }
        Ok(())
    }

    /// A burst in which nothing is open and nobody rests is over; files may go on.
    fn settle(&mut self) {
        let (mode, tick) = (self.memory.mode, self.now.tick);
        self.time_the_needed();
        let over = |is_done: fn(&Link) -> bool| {
            self.memory.links.iter().all(|(relay, link)| {
                let rested = link.rest_until <= tick || self.gave_up(relay, link);
                let spare = self.memory.spares.contains(relay) && tick >= self.spares_until();
                is_done(link) && rested || spare
            })
        };
        let (settled, done) = (over(Link::is_quiet), over(Link::idle));
        if settled && !self.memory.settled && mode == Mode::Burst {
            self.memory.settled = true;
            self.say(Event::Settled);
        }
        if done && mode == Mode::Burst {
            self.memory.mode = Mode::Idle;
        }
        if done && std::mem::take(&mut self.memory.hauls) {
            self.say(Event::Hauled);
        }
    }

    /// Notes when the relays that are needed had said everything, and forgets it when they are
    /// asked more.
    fn time_the_needed(&mut self) {
        let tick = self.now.tick;
        let quiet = self.memory.links.iter().all(|(relay, link)| {
            let rested = link.rest_until <= tick || self.gave_up(relay, link);
            self.memory.spares.contains(relay) || (link.is_quiet() && rested)
        });
        self.memory.quiet = quiet.then(|| self.memory.quiet.unwrap_or(self.now.tick));
    }

    /// How long relays that are only looked at are waited for: as long again as those that are
    /// needed took, three times over.
    fn spares_until(&self) -> Tick {
        let begun = self.memory.begun;
        let took_ms = self.memory.quiet.map_or(SPARE_MS_MAX, |quiet| quiet.since(begun));
        let wait_ms = took_ms.saturating_mul(SPARE_TURNS);
        begun.after_ms(wait_ms.clamp(SPARE_MS_MIN, SPARE_MS_MAX))
    }

    /// No more is asked of a relay in this burst.
    fn gave_up(&self, relay: &RelayAddr, link: &Link) -> bool {
        let most = if self.memory.spares.contains(relay) { 1 } else { BURST_LOSSES_MAX };
        self.memory.mode == Mode::Burst && link.losses >= most
    }

    fn set_alarm(&mut self) {
        let tick = self.now.tick;
        let links = self.memory.links.iter();
        let rests: Vec<Tick> = links
            .filter(|(relay, link)| link.rest_until > tick && !self.gave_up(relay, link))
            .map(|(_, link)| link.rest_until)
            .collect();
        let spares = (self.memory.mode == Mode::Burst && !self.memory.spares.is_empty())
            .then(|| self.spares_until())
            .filter(|until| *until > tick);
        let own = [self.memory.patience, self.memory.receipts, spares].into_iter().flatten();
        for deadline in rests.into_iter().chain(own.collect::<Vec<_>>()) {
            if self.memory.mode != Mode::Idle {
                self.wake_at(deadline);
            }
        }
    }

    /// A deadline came.
    pub(crate) fn time(&mut self) -> Result<(), EngineError> {
        let tick = self.now.tick;
        if self.memory.quiet.is_some() && tick >= self.spares_until() {
            // Only spares were waited for, and for long enough.
            self.settle();
        }
        if self.memory.receipts.is_some_and(|due| due <= tick) {
            self.memory.receipts = None;
            self.send_receipts()?;
        }
        if self.memory.patience.is_some_and(|due| due <= tick) {
            self.memory.patience = Some(tick.after_ms(PATIENCE_MS));
            self.memory.looks = self.memory.looks.saturating_add(1);
            self.look_at_unwatched_files();
            self.memory.healed.clear();
            for relay in self.memory.unreached.clone() {
                self.missed(&relay)?;
            }
            for (key, _) in read_all::<ConversationRow>(self.desk, CONVERSATIONS, b"")? {
                let id = ConversationId(id_of(&key));
                self.memory.stirred.insert(id);
                self.grow_patience(id)?;
            }
        }
        self.stir_all()
    }

    /// Looks at every conversation and log again: a relay may be asked that rested.
    fn stir_all(&mut self) -> Result<(), EngineError> {
        if self.memory.mode == Mode::Idle {
            return Ok(());
        }
        self.ask_logs()?;
        for (key, _) in self.desk_conversations()? {
            self.memory.stirred.insert(ConversationId(id_of(&key)));
        }
        Ok(())
    }

    fn desk_conversations(&self) -> Result<Vec<(Vec<u8>, ConversationRow)>, EngineError> {
        read_all::<ConversationRow>(self.desk, CONVERSATIONS, b"")
    }

    /// A relay is gone with every open question.
    pub(crate) fn lost(&mut self, relay: &RelayAddr, why: Loss) -> Result<(), EngineError> {
        let jitter = u64::from_be_bytes(self.random()) % 1_000;
        let tick = self.now.tick;
        let link = self.memory.links.entry(relay.clone()).or_default();
        let doubled = REST_FIRST_MS.checked_shl(link.losses.min(16)).unwrap_or(REST_MS_MAX);
        let rest_ms = doubled.saturating_add(jitter).min(REST_MS_MAX);
        link.lost(tick.after_ms(rest_ms));
        // Whoever knows a place asks for what stands before it: that was asked of the line, too.
        self.memory.placed.clear();
        self.memory.heard.remove(relay);
        if self.memory.links.get(relay).is_some_and(|link| self.gave_up(relay, link)) {
            self.missed(relay)?;
        }
        if self.memory.unreached.insert(relay.clone()) {
            self.say(Event::Unreached { relay: relay.clone(), why });
            if why == Loss::WrongKey {
                self.alert(AlertKind::RelayKey, relay.host().to_owned())?;
            }
        }
        Ok(())
    }

    /// A relay answered.
    pub(crate) fn reply(
        &mut self,
        relay: &RelayAddr,
        tag: Tag,
        reply: Reply,
    ) -> Result<(), EngineError> {
        let link = self.memory.links.entry(relay.clone()).or_default();
        // An answer nobody asked for, or one that came twice: nothing to do.
        let refused = matches!(reply, Reply::Refused { .. });
        let Some(asked) = link.answered(tag, refused) else { return Ok(()) };
        self.heard_from(relay)?;
        if self.memory.unreached.remove(relay) {
            self.say(Event::Reached { relay: relay.clone() });
        }
        if matches!(asked.question, Question::Lay { .. } | Question::Fetch { .. }) && !asked.watch {
            self.pace(relay, asked.at);
        }
        match reply {
            Reply::Appended { seq } => self.appended(asked.question, seq),
            Reply::Entries { log, from, head, boxes } => {
                self.entries(relay, asked, super::page::Page { log, from, head, boxes })
            }
            Reply::Refused { why, wait_s } => match (asked.question, why) {
                (Question::Lay { conversation, message, .. }, Refusal::Full) => {
                    self.file_refused(conversation, message)
                }
                (question, Refusal::Busy) if asked.watch => {
                    self.watch_refused(relay, &question);
                    Ok(())
                }
                _ => {
                    self.refused(relay, wait_s);
                    Ok(())
                }
            },
            Reply::About(_) | Reply::Entered { .. } | Reply::Heard(_) => Ok(()),
        }
    }

    fn refused(&mut self, relay: &RelayAddr, wait_s: u16) {
        // Whatever was refused still stands in the store and is asked again after the rest.
        let wait_ms = u64::from(wait_s.max(1)).saturating_mul(1_000);
        let tick = self.now.tick;
        let link = self.memory.links.entry(relay.clone()).or_default();
        link.losses = link.losses.saturating_add(1);
        link.rest_until = link.rest_until.max(tick.after_ms(wait_ms));
    }

    fn appended(&mut self, question: Question, seq: Seq) -> Result<(), EngineError> {
        match question {
            Question::Post { conversation, number, hash } => {
                self.liven(conversation);
                self.post_appended(conversation, number, hash, seq)
            }
            Question::Commit { conversation, hash } => {
                self.commit_appended(conversation, hash, seq)
            }
            Question::Side { number } => {
                self.desk.delete(SIDE, &number.to_be_bytes());
                Ok(())
            }
            Question::Lay { conversation, message, index } => {
                self.laid(conversation, message, index)
            }
            Question::Log { .. }
            | Question::Again { .. }
            | Question::Fetch { .. }
            | Question::Package { .. }
            | Question::Answers { .. } => Ok(()),
        }
    }

    fn entries(
        &mut self,
        relay: &RelayAddr,
        asked: Asked,
        page: super::page::Page,
    ) -> Result<(), EngineError> {
        match asked.question {
            Question::Fetch { conversation, message, .. } => {
                self.fetched(relay, (conversation, message), &asked, &page)
            }
            Question::Log { conversation, log, after }
            | Question::Again { conversation, log, after }
                if log == page.log =>
            {
                if !page.boxes.is_empty() {
                    self.liven(conversation);
                }
                let asked_from = (!asked.watch).then_some(after);
                self.follow(relay, conversation, asked_from, page)
            }
            Question::Answers { invite, .. } => self.answers(invite, page),
            Question::Package { contact, .. } => self.package_arrived(contact, page),
            _ => Ok(()),
        }
    }

    /// Puts a posting among those that belong to no epoch.
    pub(crate) fn post_side(
        &mut self,
        relay: &str,
        posting: &Posting,
        bulk: bool,
    ) -> Result<(), EngineError> {
        let number = self.count(b"side")?;
        let row = SideRow { relay: relay.to_owned(), posting: posting.to_bytes(), bulk };
        self.desk.put(SIDE, &number.to_be_bytes(), crate::rows::encode(&row)?);
        Ok(())
    }
}

/// The log whose keys these stored bytes are.
pub(crate) fn log_of(keys: &[u8]) -> Result<LogName, EngineError> {
    LogKeys::from_bytes(keys).map(|keys| keys.log()).map_err(|_| EngineError::Bug)
}
