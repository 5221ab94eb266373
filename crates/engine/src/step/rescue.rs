//! Away too long, or on the losing side of a fork: being let in again, and letting others in.

use sogon_seal::{Charter, Conversation, LogKeys, ask_rescue_anew};
use sogon_wire::RelayAddr;

use super::{Work, internal, outbox::Haste, page::Page};
use crate::{
    ConversationId, EngineError, Event,
    content::{Content, KIND_RECEIPT},
    message_row::KindRow,
    rows::{ConversationRow, RESCUES, ReadmitRow, RescueRow, State, decode},
    view::AlertKind,
};

/// How many members' requests a conversation keeps at once.
const READMITS_MAX: usize = 64;
/// After this many bursts without an answer the request is made again.
const ASK_AGAIN_BURSTS: u32 = 16;
/// The same of a home that strayed: it can write to those who strayed with it.
const ASK_AGAIN_STRAYED_BURSTS: u32 = 64;
/// So long those who strayed leave commits to the others, so that these can let them in again.
const STRAYED_BURSTS_MAX: u32 = 96;
/// And so many looks in live mode, 20 s apart, are a burst in that.
const LOOKS_IN_A_BURST: u64 = 15;

impl Work<'_> {
    /// Something between what was read and what the relay still has is gone for good.
    pub(crate) fn gap(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        places: (u64, u64),
    ) -> Result<(), EngineError> {
        super::follow::note_gap(&mut row.gaps, places);
        row.owes_receipt = true;
        self.add_notice(id, row, KindRow::Gap, None)?;
        let title = self.title_of(row)?;
        self.alert(AlertKind::Away, title)?;
        self.doubt(id, row)
    }

    /// There may be a commit this home cannot read any more. It asks to be let in again, and sends
    /// a probe: if nothing but words was missed, the others open it, and an answer ends the doubt.
    pub(crate) fn doubt(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
    ) -> Result<(), EngineError> {
        if row.state != State::Open {
            return Ok(());
        }
        row.state = State::Doubt;
        self.send_probe(row)?;
        self.ask_rescue(id, row)
    }

    fn send_probe(&mut self, row: &mut ConversationRow) -> Result<(), EngineError> {
        let mut content = Content::of(KIND_RECEIPT);
        content.read = Some(self.receipt(row));
        let mut group = self.group(row.group)?;
        let posting = group.seal(&content.encode()).map_err(internal)?;
        let relay = row.relay.clone();
        self.post_side(&relay, &posting, false)
    }

    fn ask_rescue(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
    ) -> Result<(), EngineError> {
        let (posting, keys) = match &row.restored {
            Some(charter) => {
                let charter: Charter = decode(&charter.0)?;
                ask_rescue_anew(self.sealer, self.identity, row.group, &charter)
            }
            None => self.group(row.group)?.ask_rescue(self.identity),
        }
        .map_err(internal)?;
        row.rescue = Some(RescueRow { keys: keys.to_bytes(), cursor: 0, bursts: 0 });
        for relay in row.relays()? {
            self.post_side(&relay.to_string(), &posting, false)?;
            self.ask_log(&relay, id, keys.log(), 0);
        }
        Ok(())
    }

    /// Something of the present epoch opened: nothing but words was missed.
    pub(crate) fn clear_doubt(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
    ) -> Result<(), EngineError> {
        if row.state != State::Doubt {
            return Ok(());
        }
        // Somebody may have answered already: the answer is still listened for, for a while.
        row.state = State::Open;
        self.send_again(id, row)?;
        self.unseal_outbox(id)
    }

    /// Requests of others in the rescue log.
    pub(crate) fn follow_rescues(
        &mut self,
        relay: &RelayAddr,
        id: ConversationId,
        row: &mut ConversationRow,
        page: &Page,
    ) -> Result<(), EngineError> {
        let at = relay.to_string();
        let first = row.first_relay() == at;
        let after = self.place(id, page.log, &at, (row.first_relay(), row.rescue_cursor))?;
        for (seq, boxed) in page.after(after) {
            match first {
                true => row.rescue_cursor = seq,
                false => self.keep_place(id, page.log, &at, seq),
            }
            let group = self.group(row.group)?;
            let Ok(Some(rescue)) = group.open_rescue(&boxed) else { continue };
            if rescue.member.identity == self.identity.public() {
                continue;
            }
            let seen = [id.0.as_slice(), &super::short_hash(&boxed)].concat();
            if crate::Shelf::row(self.desk, RESCUES, &seen)?.is_some() {
                continue;
            }
            self.desk.put(RESCUES, &seen, vec![1]);
            if row.readmits.len() < READMITS_MAX {
                let patience = 0;
                row.readmits.push(ReadmitRow { asked: boxed.as_bytes().to_vec(), patience });
            }
        }
        Ok(())
    }

    /// The answer to one's own request.
    pub(crate) fn follow_readmission(
        &mut self,
        relay: &RelayAddr,
        id: ConversationId,
        row: &mut ConversationRow,
        page: &Page,
    ) -> Result<(), EngineError> {
        let Some(mut rescue) = row.rescue.take() else { return Ok(()) };
        let keys = LogKeys::from_bytes(&rescue.keys).map_err(internal)?;
        if keys.log() != page.log {
            row.rescue = Some(rescue);
            return Ok(());
        }
        let at = relay.to_string();
        let first = row.first_relay() == at;
        let after = self.place(id, page.log, &at, (row.first_relay(), rescue.cursor))?;
        for (seq, boxed) in page.after(after) {
            match first {
                true => rescue.cursor = seq,
                false => self.keep_place(id, page.log, &at, seq),
            }
            let Ok(welcome) = keys.open_welcome(&boxed) else { continue };
            let mark = self.desk.mark();
            let Ok(group) = Conversation::join(self.sealer, &welcome, None, Some(row.group)) else {
                continue;
            };
            if !row.began_with(&group.charter().map_err(internal)?) {
                self.desk.undo(mark);
                continue;
            }
            let overtaken = group.epoch() <= row.epoch && row.strayed.is_none();
            if overtaken && row.state == State::Open {
                // Overtaken: the home follows a later epoch already.
                self.desk.undo(mark);
                continue;
            }
            row.chain_before = None;
            row.strayed = None;
            // Everybody sends again what not all have opened.
            (row.gaps_earlier, row.gaps_before) = (None, Vec::new());
            row.state = State::Open;
            if row.restored.take().is_some() && !row.is_group {
                // The key package the partner has in stock belongs to the device that is gone.
                self.hand_out_package(id)?;
            }
            row.closings.clear();
            row.acks.clear();
            self.enter_epoch(id, row, &group)?;
            self.do_again(row, &group)?;
            let title = self.title_of(row)?;
            self.alert(AlertKind::Rejoined, title)?;
            self.say(Event::Changed { conversation: id });
            self.unseal_outbox(id)?;
            self.send_again(id, row)?;
            self.queue(id, &Content::of(KIND_RECEIPT), None, Haste::Now)?;
            self.forget_places(id, page.log)?;
            return self.ask_conversation(id, row);
        }
        row.rescue = Some(rescue);
        Ok(())
    }

    /// Commits of this home would lead further away from where the others are.
    pub(crate) fn leaves_commits(row: &ConversationRow) -> bool {
        row.strayed.is_some_and(|bursts| bursts < STRAYED_BURSTS_MAX)
    }

    /// Another burst went by: those who wait politely grow impatient, and a request nobody
    /// answered is made again.
    pub(crate) fn grow_patience(&mut self, id: ConversationId) -> Result<(), EngineError> {
        let mut row = self.conversation(id)?;
        if row.state == State::Over {
            return Ok(());
        }
        let mut changed = false;
        if row.restored.is_some() && row.rescue.is_none() {
            self.ask_rescue(id, &mut row)?;
            changed = true;
        }
        // Others come for seconds: what is a burst to them is many looks to who is there all day.
        let live = self.memory.mode == crate::engine::Mode::Live;
        let slow = !live || self.memory.looks.is_multiple_of(LOOKS_IN_A_BURST);
        if let Some(strayed) = row.strayed.as_mut().filter(|_| slow) {
            *strayed = strayed.saturating_add(1);
            changed = true;
        }
        for removal in &mut row.removals {
            removal.patience = removal.patience.saturating_add(1);
            changed = true;
        }
        for readmit in &mut row.readmits {
            readmit.patience = readmit.patience.saturating_add(1);
            changed = true;
        }
        let waits = slow || row.strayed.is_none();
        if let Some(rescue) = row.rescue.as_mut().filter(|_| waits) {
            rescue.bursts = rescue.bursts.saturating_add(1);
            changed = true;
            if row.strayed.is_some() && rescue.bursts < ASK_AGAIN_STRAYED_BURSTS {
                // The request still stands; those it is for may be away for long.
            } else if rescue.bursts >= ASK_AGAIN_BURSTS
                && row.state == State::Open
                && row.strayed.is_none()
            {
                row.rescue = None;
            } else if rescue.bursts >= ASK_AGAIN_BURSTS && row.restored.is_some() {
                self.ask_rescue(id, &mut row)?;
            } else if rescue.bursts >= ASK_AGAIN_BURSTS {
                self.send_probe(&mut row)?;
                self.ask_rescue(id, &mut row)?;
            }
        }
        if row.owes_receipt {
            self.time_receipts();
        }
        if row.owes_receipt && self.memory.mode == crate::engine::Mode::Burst {
            // What was opened in an earlier burst is acknowledged in this one, alone if need be.
            if row.state == State::Open && !self.words_wait(id)? {
                row.owes_receipt = false;
                changed = true;
                self.queue(id, &Content::of(KIND_RECEIPT), None, Haste::Now)?;
            }
        }
        if changed {
            self.keep_conversation(id, &row)?;
        }
        Ok(())
    }
}
