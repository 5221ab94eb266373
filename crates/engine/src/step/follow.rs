//! Following logs: what a relay's boxes lead to, in the order of the log.

use sha2::{Digest, Sha256};
use sogon_seal::shelf::{Order, Shelf, Table};
use sogon_seal::{
    Closing, Conversation, Kind, LogHead, LogKeys, Opened, Posting, SealError, Staged,
};
use sogon_wire::{RelayAddr, SealedBox, Seq};

use super::{Work, flow::log_of, internal, page::Page, short_hash};
use crate::{
    ConversationId, EngineError,
    rows::{BY_HAND, CARRIED, CHAINS, ClosingRow, ConversationRow, DONE, State, in_conversation},
    view::AlertKind,
};

/// How many logs a conversation has left are still read.
pub(crate) const CLOSINGS_MAX: usize = 2;

impl Work<'_> {
    /// Boxes of one of a conversation's logs. `asked_from` is the place they were asked from;
    /// `None` for those a watch brought, which may come in any order.
    pub(crate) fn follow(
        &mut self,
        relay: &RelayAddr,
        id: ConversationId,
        asked_from: Option<Seq>,
        page: Page,
    ) -> Result<(), EngineError> {
        let mut row = self.conversation(id)?;
        if row.state == State::Over {
            return Ok(());
        }
        if row.restored.is_some() {
            // There are no keys yet: only the answer to one's own request says something.
            self.follow_readmission(relay, id, &mut row, &page)?;
        } else if page.log == row.log()? && *relay == row.relay()? {
            self.follow_main(relay, id, &mut row, asked_from, &page)?;
        } else if page.log == row.log()? {
            self.follow_mirror(relay, id, &mut row, &page)?;
        } else if page.log == log_of(&row.rescue_keys)? {
            self.follow_rescues(relay, id, &mut row, &page)?;
        } else if row.rescue.as_ref().is_some_and(|own| log_of(&own.keys) == Ok(page.log)) {
            self.follow_readmission(relay, id, &mut row, &page)?;
        } else {
            self.follow_closing(relay, id, &mut row, &page)?;
        }
        self.keep_conversation(id, &row)?;
        // A page that did not reach the head has a next one. (A watch goes on by itself.)
        let last = page.from.saturating_add(page.boxes.len() as u64).saturating_sub(1);
        if !page.boxes.is_empty() && last < page.head {
            self.ask_again(relay, id, page.log, last);
        }
        Ok(())
    }

    fn follow_main(
        &mut self,
        relay: &RelayAddr,
        id: ConversationId,
        row: &mut ConversationRow,
        asked_from: Option<Seq>,
        page: &Page,
    ) -> Result<(), EngineError> {
        if asked_from.is_some_and(|after| page.head < after) {
            // The relay lost what it had acknowledged, or hides it.
            let title = self.title_of(row)?;
            self.alert(AlertKind::RelayLost, title)?;
            return self.start_over(id, row);
        }
        let new = page.after(row.cursor);
        let expected = row.cursor.saturating_add(1);
        // An answer that begins later than it was asked to says that what was before has expired.
        let expired = asked_from.is_some_and(|after| page.from > after.saturating_add(1));
        if page.from > expected && page.head > row.cursor && !expired {
            // A watch brought boxes in another order: ask for what it skipped.
            self.ask_again(relay, id, page.log, row.cursor);
            return Ok(());
        }
        if page.from > expected && page.head > row.cursor {
            let last = page.from.saturating_sub(1);
            if last > row.reread_to {
                self.gap(id, row, (expected.max(row.reread_to.saturating_add(1)), last))?;
            }
            row.cursor = last;
            row.chain_lost = true;
        }
        for (seq, boxed) in new {
            if seq != row.cursor.saturating_add(1) {
                continue;
            }
            let epoch = row.epoch;
            self.entry(id, row, seq, &boxed)?;
            if row.epoch != epoch || row.state == State::Over {
                // What stands after a commit in its log is void for everybody.
                break;
            }
        }
        self.take_places(id, row)
    }

    /// The epoch's log at a relay that does not order it: what counts there is a commit that moves
    /// the conversation to it.
    fn follow_mirror(
        &mut self,
        relay: &RelayAddr,
        id: ConversationId,
        row: &mut ConversationRow,
        page: &Page,
    ) -> Result<(), EngineError> {
        let at = relay.to_string();
        let after = self.place(id, page.log, &at, (&row.relay, row.cursor))?;
        for (seq, boxed) in page.after(after) {
            self.keep_place(id, page.log, &at, seq);
            let epoch = row.epoch;
            self.entry_elsewhere(&at, id, row, &boxed)?;
            if row.epoch != epoch || row.state != State::Open {
                break;
            }
        }
        Ok(())
    }

    fn entry_elsewhere(
        &mut self,
        at: &str,
        id: ConversationId,
        row: &mut ConversationRow,
        boxed: &SealedBox,
    ) -> Result<(), EngineError> {
        if self.own_commit_read(id, row, boxed, Some(at))? {
            return Ok(());
        }
        let keys = row.log_keys()?;
        match keys.kind(boxed) {
            Some(Kind::Commit) => {}
            // Words get their places at the other relay; the note of a move comes after it.
            Some(Kind::Closing) => return self.note_read(id, row, &keys, boxed),
            _ => return Ok(()),
        }
        let mut group = self.group(row.group)?;
        let mark = self.desk.mark();
        match group.open(boxed) {
            // A copy of it elsewhere says that it has its place where it moves to.
            Ok(Opened::Commit(staged)) if staged.moves_to.is_some() => {
                self.clear_doubt(id, row)?;
                let before = LogHead { seq: row.cursor, chain: row.chain16() };
                self.follow_commit(id, row, group, *staged, boxed, before)
            }
            // A move of one's own that was given up: others follow it.
            Ok(Opened::Own) => self.doubt(id, row),
            Err(SealError::Shelf) => Err(EngineError::Shelf(crate::ShelfFault)),
            _ => {
                self.desk.undo(mark);
                Ok(())
            }
        }
    }

    /// This log is not what it was, or not what others see: it is read from the start again. What
    /// was dealt with is passed over, and what is one's own and was not opened by everybody is
    /// sent again.
    pub(crate) fn start_over(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
    ) -> Result<(), EngineError> {
        row.reread_to = row.reread_to.max(row.cursor);
        row.cursor = 0;
        row.chain = [0; 32];
        row.chain_lost = false;
        row.gaps.clear();
        self.memory.placed.remove(&id);
        self.forget_rows(CHAINS, id)?;
        self.send_again(id, row)?;
        let (relay, log) = (row.relay()?, row.log()?);
        self.ask_again(&relay, id, log, 0);
        Ok(())
    }

    fn forget_rows(&mut self, table: Table, id: ConversationId) -> Result<(), EngineError> {
        for (key, _) in self.desk.scan(table, &id.0, None, crate::rows::ALL, Order::Up)? {
            self.desk.delete(table, &key);
        }
        Ok(())
    }

    /// One box at the next place of the conversation's log.
    fn entry(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        seq: Seq,
        boxed: &SealedBox,
    ) -> Result<(), EngineError> {
        let before = LogHead { seq: row.cursor, chain: row.chain16() };
        self.step_over(id, row, seq, boxed);
        let done = [id.0.as_slice(), &short_hash(boxed)].concat();
        if self.desk.row(DONE, &done)?.is_some() {
            // Dealt with at another place: the log is read again, the relay repeats itself, or
            // somebody carried it here.
            self.forget_by_hand(id, boxed);
            return Ok(());
        }
        if self.own_commit_read(id, row, boxed, None)? || self.own_box_read(id, row, seq, boxed)? {
            return Ok(());
        }
        let keys = row.log_keys()?;
        let Some(kind) = keys.kind(boxed) else {
            // Rubbish: somebody who was removed still has this log's write key.
            return Ok(());
        };
        if kind == Kind::Closing {
            return self.note_read(id, row, &keys, boxed);
        }
        let mut group = self.group(row.group)?;
        self.desk.put(DONE, &done, vec![1]);
        match group.open(boxed) {
            Ok(Opened::Message { from, content }) => {
                self.clear_doubt(id, row)?;
                self.receive(id, row, from, &content, seq)
            }
            Ok(Opened::Own) => Ok(()),
            Ok(Opened::Commit(staged)) => {
                self.clear_doubt(id, row)?;
                self.follow_commit(id, row, group, *staged, boxed, before)
            }
            Err(SealError::Shelf) => Err(EngineError::Shelf(crate::ShelfFault)),
            Err(_) => {
                if kind == Kind::Message {
                    note_gap(&mut row.gaps, (seq, seq));
                    row.owes_receipt = true;
                }
                Ok(())
            }
        }
    }

    /// Moves the cursor over a box, whatever is in it.
    pub(crate) fn step_over(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        seq: Seq,
        boxed: &SealedBox,
    ) {
        row.cursor = seq;
        row.chain = chained(&row.chain, boxed);
        self.desk.put(CHAINS, &in_conversation(id, seq), row.chain16().to_vec());
    }

    /// Somebody's valid commit: the first in log order, so it counts.
    pub(crate) fn follow_commit(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        mut group: Conversation<'_>,
        staged: Staged,
        boxed: &SealedBox,
        before: LogHead,
    ) -> Result<(), EngineError> {
        self.compare_heads(id, row, &staged, before)?;
        if staged.readmits_us {
            // Somebody answers a request of this home: its Welcome leads on.
            if row.rescue.is_none() {
                return self.doubt(id, row);
            }
            row.state = State::Doubt;
            return Ok(());
        }
        let (author, removes_us) = (staged.author, staged.removes_us);
        let (added, removed) = (staged.added.clone(), staged.removed.clone());
        let old_keys = row.log_keys()?;
        let own = row.own.take();
        let (moved, renames) = (staged.moves_to.is_some(), staged.renames);
        group.merge(staged).map_err(internal)?;
        if removes_us {
            return self.put_out(id, row, author);
        }
        if moved {
            row.chain = chained(&row.chain, boxed);
        }
        let note = Closing { commit: short_hash(boxed), author: author.leaf, moved };
        self.keep_turn(id, row, &old_keys, boxed, &note)?;
        self.turn_epoch(id, row, &group, &old_keys, note)?;
        self.note_changes(id, row, Some(author.identity), &added, &removed)?;
        if renames {
            let title = self.title_of(row)?;
            self.alert(AlertKind::RelaysChanged, title)?;
        }
        // A commit of one's own that lost is made anew when it is still wanted.
        if let Some(own) = own {
            self.restock(&own)?;
        }
        Ok(())
    }

    /// One's own commit at its place in the log: now it counts, and the Welcome may leave. One that
    /// moves the conversation counts in the log at the relay it moves it to.
    pub(crate) fn own_commit_read(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        boxed: &SealedBox,
        elsewhere: Option<&str>,
    ) -> Result<bool, EngineError> {
        let Some(own) = &row.own else { return Ok(false) };
        if own.hash != short_hash(boxed) || own.relay.as_deref() != elsewhere {
            return Ok(false);
        }
        let Some(own) = row.own.take() else { return Ok(false) };
        let old_keys = row.log_keys()?;
        let mut group = self.group(row.group)?;
        let before = group.members().map_err(internal)?;
        group.merge_own().map_err(internal)?;
        self.clear_doubt(id, row)?;
        let moved = elsewhere.is_some();
        if moved {
            row.chain = chained(&row.chain, boxed);
            // Who cannot reach the new relay, or does not look there, finds it at the others.
            let posting = Posting::restore(&own.posting).map_err(|_| EngineError::Bug)?;
            for relay in row.relays()?.into_iter().map(|relay| relay.to_string()) {
                if Some(relay.as_str()) != elsewhere {
                    self.post_side(&relay, &posting, false)?;
                }
            }
        }
        let note = Closing { commit: short_hash(boxed), author: group.own_leaf(), moved };
        self.keep_turn(id, row, &old_keys, boxed, &note)?;
        self.turn_epoch(id, row, &group, &old_keys, note)?;
        let after = group.members().map_err(internal)?;
        let gone = before.iter().filter(|one| !after.iter().any(|m| m.identity == one.identity));
        let come = after.iter().filter(|one| !before.iter().any(|m| m.identity == one.identity));
        let gone: Vec<_> = gone.map(|member| member.identity).collect();
        let come: Vec<_> = come.map(|member| member.identity).collect();
        row.remember_deeds(&come, &gone);
        self.note_changes(id, row, None, &come, &gone)?;
        self.welcome(id, row, own)?;
        Ok(true)
    }

    /// The epoch advances: a new log, the old one kept for a while, and everything that was sealed
    /// for the old one and did not get its place before the commit is sealed again.
    pub(crate) fn turn_epoch(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        group: &Conversation<'_>,
        old_keys: &LogKeys,
        note: Closing,
    ) -> Result<(), EngineError> {
        row.closings.push(ClosingRow {
            keys: old_keys.to_bytes(),
            cursor: row.cursor,
            commit: note.commit,
            author: note.author,
            moved: Some(note.moved),
            relay: Some(row.relay.clone()),
        });
        if row.closings.len() > CLOSINGS_MAX {
            let gone = row.closings.remove(0);
            self.forget_places(id, log_of(&gone.keys)?)?;
        }
        Self::remember_gaps(row);
        if note.moved {
            // What others wrote there since was not read, and will not be.
            note_gap(&mut row.gaps_before, (row.cursor.saturating_add(1), Seq::MAX));
        }
        row.chain_before = (!row.chain_lost).then_some(row.chain);
        self.enter_epoch(id, row, group)?;
        // It lies beside the commit it names, and its copies.
        let posting = old_keys.post_closing(self.entropy(), &note).map_err(internal)?;
        let beside = if note.moved { row.relays()? } else { vec![row.relay()?] };
        for relay in beside {
            self.post_side(&relay.to_string(), &posting, true)?;
        }
        if note.moved {
            let title = self.title_of(row)?;
            self.alert(AlertKind::Moved, title)?;
        }
        self.unseal_outbox(id)?;
        self.ask_conversation(id, row)
    }

    /// The gaps of this epoch are those of the one before from now on. Those of the one before that
    /// are said on, unless everybody has opened a box of this epoch that said them.
    fn remember_gaps(row: &mut ConversationRow) {
        let epoch = row.epoch;
        let opened = |seq| {
            let by = |member: &crate::rows::MemberRow| {
                let ack = row.acks.iter().find(|ack| ack.identity == member.identity);
                ack.is_some_and(|ack| (ack.epoch, ack.seq) >= (epoch, seq))
            };
            row.members.iter().all(by)
        };
        let told = row.said.is_some_and(opened);
        let gaps = std::mem::take(&mut row.gaps);
        let before = std::mem::replace(&mut row.gaps_before, gaps);
        let mut earlier = row.gaps_earlier.take().filter(|_| !told).unwrap_or_default();
        let before = before.into_iter().filter(|_| !told);
        earlier.extend(before.map(|(first, last)| (epoch.saturating_sub(1), first, last)));
        let surplus = earlier.len().saturating_sub(crate::content::GAPS_MAX);
        earlier.drain(..surplus);
        row.gaps_earlier = (!earlier.is_empty()).then_some(earlier);
    }

    /// Takes over the epoch of `group` as the one to follow.
    pub(crate) fn enter_epoch(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        group: &Conversation<'_>,
    ) -> Result<(), EngineError> {
        self.memory.placed.remove(&id);
        let charter = group.charter().map_err(internal)?;
        row.relay = charter.sequencer().ok_or(EngineError::Bug)?;
        row.relays = Some(charter.relays()).filter(|relays| relays.len() > 1);
        row.said = None;
        row.epoch = group.epoch();
        row.keys = group.log_keys().map_err(internal)?.to_bytes();
        row.rescue_keys = group.rescue_log().map_err(internal)?.to_bytes();
        row.cursor = 0;
        row.chain = [0; 32];
        row.chain_lost = false;
        row.reread_to = 0;
        row.gaps.clear();
        self.forget_rows(CHAINS, id)?;
        self.forget_rows(DONE, id)?;
        self.forget_rows(BY_HAND, id)?;
        self.forget_rows(CARRIED, id)?;
        row.own = None;
        row.fork_told = false;
        let own = self.identity.public();
        let before: Vec<_> = std::mem::take(&mut row.members);
        let mut former = row.former.take().unwrap_or_default();
        for member in group.members().map_err(internal)? {
            if member.identity == own {
                continue;
            }
            let mut names = before.iter().chain(&former);
            let known = names.find(|its| its.identity == member.identity.0);
            let name = known.map(|its| its.name.clone()).unwrap_or_default();
            row.members.push(crate::rows::MemberRow { identity: member.identity.0, name });
            if !row.acks.iter().any(|ack| ack.identity == member.identity.0) {
                // What was said before somebody came in is not for them.
                let identity = member.identity.0;
                row.acks.push(crate::rows::AckRow { identity, epoch: row.epoch, seq: 0 });
            }
        }
        let members = row.members.clone();
        crate::membership::remember(&mut former, before, &members);
        row.former = Some(former).filter(|former| !former.is_empty());
        row.acks.retain(|ack| members.iter().any(|its| its.identity == ack.identity));
        Ok(())
    }

    /// A commit says what its author had read. Where this home remembers another log at that place,
    /// the relay showed the two of them different logs.
    fn compare_heads(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        staged: &Staged,
        before: LogHead,
    ) -> Result<(), EngineError> {
        let here = if staged.head.seq == before.seq {
            before.chain
        } else {
            self.chain_at(id, staged.head.seq)?
        };
        let unknown = [0; 16];
        let known = here != unknown && staged.head.chain != unknown;
        let differs = known && here != staged.head.chain;
        if differs && !row.fork_told {
            row.fork_told = true;
            let title = self.title_of(row)?;
            self.alert(AlertKind::Fork, title)?;
        }
        Ok(())
    }

    /// The chain at a place of the present epoch's log; zeros when it is not known.
    pub(crate) fn chain_at(&self, id: ConversationId, seq: Seq) -> Result<[u8; 16], EngineError> {
        let row = self.desk.row(CHAINS, &in_conversation(id, seq))?;
        Ok(row.and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; 16]))
    }

    /// A note in the log this home is still in: somebody follows a commit that was not shown here.
    fn note_read(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        keys: &LogKeys,
        boxed: &SealedBox,
    ) -> Result<(), EngineError> {
        if keys.open_closing(boxed).is_err() {
            return Ok(());
        }
        // The commit it names comes before it in an honest log, and would have been followed.
        self.doubt(id, row)
    }

    /// Boxes of a log this home left: does everybody follow the same commit out of it?
    fn follow_closing(
        &mut self,
        relay: &RelayAddr,
        id: ConversationId,
        row: &mut ConversationRow,
        page: &Page,
    ) -> Result<(), EngineError> {
        // The first epoch the others left by another commit.
        let mut lost: Option<u64> = None;
        let mut told = row.fork_told;
        let left = row.epoch.saturating_sub(row.closings.len() as u64);
        let (at, first) = (relay.to_string(), row.first_relay().to_owned());
        for (epoch, closing) in (left..).zip(&mut row.closings) {
            let keys = LogKeys::from_bytes(&closing.keys).map_err(internal)?;
            if keys.log() != page.log {
                continue;
            }
            let own = closing.relay.clone().unwrap_or_else(|| first.clone());
            let after = self.place(id, page.log, &at, (&own, closing.cursor))?;
            for (seq, boxed) in page.after(after) {
                if own == at {
                    closing.cursor = seq;
                } else {
                    self.keep_place(id, page.log, &at, seq);
                }
                let Ok(note) = keys.open_closing(&boxed) else { continue };
                if note.commit == closing.commit {
                    continue;
                }
                // One rule for everybody, without clocks.
                let moved = closing.moved.unwrap_or(false);
                let ours = Closing { commit: closing.commit, author: closing.author, moved };
                if note.rank() < ours.rank() {
                    lost = Some(lost.map_or(epoch, |before| before.min(epoch)));
                }
                if !told {
                    told = true;
                    let title = row.title.clone();
                    crate::alert::tell(self.desk, self.now.wall, AlertKind::Fork, title)?;
                    self.tell.insert(crate::Event::Alerted);
                }
            }
        }
        row.fork_told = told;
        if let Some(epoch) = lost {
            row.void_after(epoch);
            row.strayed = row.strayed.or(Some(0));
            self.doubt(id, row)?;
        }
        Ok(())
    }

    /// What a conversation is called in the owner's log.
    pub(crate) fn title_of(&self, row: &ConversationRow) -> Result<String, EngineError> {
        match row.contact {
            Some(contact) => Ok(self.contact(contact)?.name),
            None => Ok(row.title.clone()),
        }
    }
}

/// The chain over one more box (SPEC 5.5).
fn chained(chain: &[u8; 32], boxed: &SealedBox) -> [u8; 32] {
    let hash = Sha256::new().chain_update(b"sogon chain 1").chain_update(chain);
    hash.chain_update(super::box_hash(boxed)).finalize().into()
}

/// Adds places to a list of gaps, next to the last one if they touch; a list that is full grows
/// its last gap, so that nothing unopened is ever taken for opened.
pub(crate) fn note_gap(gaps: &mut Vec<(u64, u64)>, (first, last): (u64, u64)) {
    let full = gaps.len() >= crate::content::GAPS_MAX;
    match gaps.last_mut() {
        Some(before) if full || before.1.saturating_add(1) >= first => {
            before.1 = before.1.max(last)
        }
        _ => gaps.push((first, last)),
    }
}
