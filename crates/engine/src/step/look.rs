//! Which logs are looked at, and how: once in a burst; in live mode watched, as far as a relay lets
//! one watch, and the others read by turns.

use sogon_wire::{ENTRIES_BYTES_MAX, Invite, LogName, RelayAddr, Seq};

use super::{Work, flow::log_of};
use crate::{
    Ask, ContactId, ConversationId, EngineError,
    engine::Mode,
    links::Question,
    rows::{
        CONVERSATIONS, ConversationRow, INVITES, InviteRow, JOINS, JoinRow, State, id_of,
        number_of, read, read_all,
    },
};

/// Conversations that are read in one turn, of those that nobody watches.
const TURN: usize = 128;

impl Work<'_> {
    /// Asks for every log there is, those of the latest conversations first; what finds no room
    /// waits for [`Work::flow_asks`].
    pub(crate) fn ask_logs(&mut self) -> Result<(), EngineError> {
        let all = read_all::<ConversationRow>(self.desk, CONVERSATIONS, b"")?;
        let open = all.into_iter().filter(|(_, row)| row.state != State::Over);
        let mut latest: Vec<(u64, ConversationId)> =
            open.map(|(key, row)| (row.last_order, ConversationId(id_of(&key)))).collect();
        latest.sort_unstable_by(|one, other| other.cmp(one));
        self.memory.to_ask = latest.into_iter().map(|(_, id)| id).collect();
        self.flow_asks()?;
        for (key, row) in read_all::<InviteRow>(self.desk, INVITES, b"")? {
            self.ask_answers(number_of(&key), &row)?;
        }
        for (key, row) in read_all::<JoinRow>(self.desk, JOINS, b"")? {
            self.ask_package(ContactId(id_of(&key)), &row)?;
        }
        Ok(())
    }

    /// Asks for the logs whose turn it is, as far as their relays have room for questions.
    pub(crate) fn flow_asks(&mut self) -> Result<(), EngineError> {
        while let Some(id) = self.memory.to_ask.front().copied() {
            let row = read::<ConversationRow>(self.desk, CONVERSATIONS, &id.0)?;
            if let Some(row) = row
                && !self.was_read_lately(id)
            {
                for relay in row.relays()? {
                    let link = self.memory.links.entry(relay).or_default();
                    // One that rests is asked when it has rested, with everything else.
                    if link.rest_until <= self.now.tick && !link.has_room_for_reads() {
                        return Ok(());
                    }
                }
                self.ask_conversation(id, &row)?;
            }
            self.memory.to_ask.pop_front();
        }
        Ok(())
    }

    /// Whether it is not yet the turn of a conversation that is not watched. Everyone has a turn
    /// in so many looks.
    fn was_read_lately(&self, id: ConversationId) -> bool {
        let turns = self.memory.read_at.len().div_ceil(TURN) as u64;
        let read_at = self.memory.read_at.get(&id);
        read_at.is_some_and(|look| self.memory.looks.saturating_sub(*look) < turns)
    }

    /// Something is said in a conversation: it is watched from now on if it was not, as far as
    /// there is room for such.
    pub(crate) fn liven(&mut self, id: ConversationId) {
        if self.memory.read_at.remove(&id).is_some() {
            self.memory.lively.insert(id);
            self.memory.to_ask.push_back(id);
        }
    }

    /// A relay lets nobody watch more than this: what was to be watched is read instead.
    pub(crate) fn watch_refused(&mut self, relay: &RelayAddr, question: &Question) {
        self.memory.links.entry(relay.clone()).or_default().watches_no_more();
        if let Question::Log { conversation, .. } = question {
            self.memory.to_ask.push_back(*conversation);
        }
    }

    /// Files of which everything was read and that cannot be watched are read again.
    pub(crate) fn look_at_unwatched_files(&mut self) {
        let links = &self.memory.links;
        let watched = |(id, message): &_| links.values().any(|its| its.watches_file(*id, *message));
        self.memory.tails.retain(watched);
    }

    /// Asks for the logs of one conversation: its own, those it left lately, and where members ask
    /// to be let in again.
    pub(crate) fn ask_conversation(
        &mut self,
        id: ConversationId,
        row: &ConversationRow,
    ) -> Result<(), EngineError> {
        if row.state == State::Over || self.memory.mode == Mode::Idle {
            return Ok(());
        }
        let first = row.first_relay();
        let mut logs = vec![(row.log()?, (row.relay.as_str(), row.cursor))];
        if let Some(rescue) = &row.rescue {
            logs.push((log_of(&rescue.keys)?, (first, rescue.cursor)));
        }
        logs.push((log_of(&row.rescue_keys)?, (first, row.rescue_cursor)));
        for closing in &row.closings {
            let own = closing.relay.as_deref().unwrap_or(first);
            logs.push((log_of(&closing.keys)?, (own, closing.cursor)));
        }
        for relay in row.relays()? {
            let at = relay.to_string();
            for (log, own) in &logs {
                let after = self.place(id, *log, &at, *own)?;
                self.ask_log(&relay, id, *log, after);
            }
        }
        Ok(())
    }

    pub(crate) fn ask_log(
        &mut self,
        relay: &RelayAddr,
        conversation: ConversationId,
        log: LogName,
        after: Seq,
    ) {
        let question = Question::Log { conversation, log, after };
        let lively = self.memory.lively.contains(&conversation);
        let read = self.ask_places(relay, question, (log, after), lively);
        if read && self.memory.mode == Mode::Live {
            self.memory.read_at.insert(conversation, self.memory.looks);
        }
    }

    pub(crate) fn ask_answers(&mut self, invite: u64, row: &InviteRow) -> Result<(), EngineError> {
        let link: Invite = row.link.parse().map_err(|_| EngineError::Bug)?;
        let keys = sogon_seal::InviteKeys::derive(&link.secret).map_err(super::internal)?;
        let question = Question::Answers { invite, after: row.cursor };
        self.ask_places(&link.relay, question, (keys.answer.log(), row.cursor), true);
        Ok(())
    }

    pub(crate) fn ask_package(
        &mut self,
        contact: ContactId,
        row: &JoinRow,
    ) -> Result<(), EngineError> {
        let link: Invite = row.link.parse().map_err(|_| EngineError::Bug)?;
        let keys = sogon_seal::InviteKeys::derive(&link.secret).map_err(super::internal)?;
        let question = Question::Package { contact, after: row.cursor };
        self.ask_places(&link.relay, question, (keys.package.log(), row.cursor), true);
        Ok(())
    }

    /// Asks for a log once more from a place, whether it is watched or not; true when that leaves.
    pub(crate) fn ask_again(
        &mut self,
        relay: &RelayAddr,
        conversation: ConversationId,
        log: LogName,
        after: Seq,
    ) -> bool {
        let ask = Ask::Read { log, after, bytes_max: ENTRIES_BYTES_MAX };
        self.ask(relay, Question::Again { conversation, log, after }, ask)
    }

    /// Watches a log, or reads it where nothing is watched or no more may be; true when it is read.
    /// Some room is left for what is `lively`.
    fn ask_places(
        &mut self,
        relay: &RelayAddr,
        question: Question,
        (log, after): (LogName, Seq),
        lively: bool,
    ) -> bool {
        let link = self.memory.links.entry(relay.clone()).or_default();
        if self.memory.mode == Mode::Live && link.has_room_for_watches(lively) {
            self.ask(relay, question, Ask::Watch { log, after });
            return false;
        }
        self.ask(relay, question, Ask::Read { log, after, bytes_max: ENTRIES_BYTES_MAX })
    }
}
