//! Commits: made when wanted, appended, and counted only when they come back from the log.

use sogon_seal::{Change, LogHead, LogKeys, Posting};
use sogon_wire::{SealedBox, Seq};

use super::{Work, internal, outbox::Haste, short_hash};
use crate::{
    ContactId, ConversationId, EngineError,
    engine::Mode,
    links::Question,
    rows::{BytesRow, CONVERSATIONS, ConversationRow, OwnCommitRow, State, encode},
    view::AlertKind,
};

/// Fresh keys after this many messages of one's own.
const REFRESH_MESSAGES: u32 = 50;

impl Work<'_> {
    /// Sends the commit on its way again, or makes one when something is wanted and nothing that
    /// people wait for is in the way.
    pub(crate) fn flow_commit(&mut self, id: ConversationId) -> Result<(), EngineError> {
        let mut row = self.conversation(id)?;
        if row.state != State::Open {
            return Ok(());
        }
        let leaves = Self::leaves_commits(&row);
        if let Some(to) = self.refuge(id, &row)?.filter(|_| !leaves) {
            self.make_move(id, &mut row, to)?;
        } else if !leaves && row.own.is_none() && !self.words_wait(id)? {
            self.make_commit(id, &mut row)?;
        }
        let Some(own) = &row.own else { return Ok(()) };
        let at = own.relay.as_ref().unwrap_or(&row.relay);
        let (relay, hash) = (at.parse().map_err(|_| EngineError::Bug)?, own.hash);
        self.append(&relay, Question::Commit { conversation: id, hash }, &own.posting)?;
        Ok(())
    }

    /// The relay has long been silent: the conversation is to go on at another one. Whatever commit
    /// was on its way to the old one is given up; should it stand there after all, the move counts.
    fn make_move(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        to: u8,
    ) -> Result<(), EngineError> {
        let mut group = self.group(row.group)?;
        if group.pending() {
            group.drop_pending().map_err(internal)?;
        }
        if let Some(own) = row.own.take() {
            self.restock(&own)?;
        }
        let relays = group.charter().map_err(internal)?.relays();
        let relay = relays.into_iter().nth(to.into()).ok_or(EngineError::Bug)?;
        let head = LogHead { seq: row.cursor, chain: row.chain16() };
        let change = Change { moves_to: Some(to), ..Change::default() };
        let committed = group.commit(&change, head).map_err(internal)?;
        row.own = Some(OwnCommitRow {
            hash: short_hash(committed.posting.boxed()),
            posting: committed.posting.to_bytes(),
            welcome: None,
            added: Vec::new(),
            packages: Vec::new(),
            readmitted: Vec::new(),
            relay: Some(relay),
        });
        self.desk.put(CONVERSATIONS, &id.0, encode(row)?);
        Ok(())
    }

    fn make_commit(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
    ) -> Result<(), EngineError> {
        let wanted = !(row.adds.is_empty() && row.removals.is_empty() && row.readmits.is_empty());
        let mirrors = self.mirrors_to_be(row)?;
        if !wanted && mirrors.is_none() && row.sent < REFRESH_MESSAGES {
            return Ok(());
        }
        let mut group = self.group(row.group)?;
        if group.pending() {
            // Its row is gone: it lost. What it wanted is wanted still.
            group.drop_pending().map_err(internal)?;
        }
        let members = group.members().map_err(internal)?;
        let rank = self.rank(&members, group.own_leaf());
        let mut change = Change::default();
        let mut added: Vec<ContactId> = Vec::new();
        let mut readmitted = Vec::new();
        row.removals.retain(|removal| members.iter().any(|m| m.identity.0 == removal.identity));
        for removal in row.removals.iter().filter(|removal| removal.patience >= rank) {
            let leaf = members.iter().find(|m| m.identity.0 == removal.identity);
            change.remove.extend(leaf.map(|member| member.leaf));
        }
        let waiting = std::mem::take(&mut row.readmits);
        // Of several requests by one member the last one counts: for the others they do not wait.
        for readmit in waiting.into_iter().rev() {
            let boxed = SealedBox::parse(&readmit.asked).map_err(|_| EngineError::Bug)?;
            let Ok(Some(rescue)) = group.open_rescue(&boxed) else { continue };
            if change.remove.contains(&rescue.member.leaf) {
                continue;
            }
            if readmit.patience >= rank {
                change.remove.push(rescue.member.leaf);
                change.add.push(rescue.package);
                readmitted.push(BytesRow(rescue.answer.to_bytes()));
            }
            row.readmits.insert(0, readmit);
        }
        let from_stock = change.add.len();
        for contact in row.adds.clone() {
            self.add_from_stock(row, &members, contact, &mut change, &mut added)?;
        }
        let packages = change
            .add
            .iter()
            .skip(from_stock)
            .map(|package| package.to_bytes().map(BytesRow).map_err(internal));
        let packages = packages.collect::<Result<Vec<_>, _>>()?;
        let quiet = self.memory.mode == Mode::Live || !self.memory.words_went;
        let live = self.memory.mode == Mode::Live;
        let widens = mirrors.is_some() && quiet && (live || !self.memory.widened);
        if change.add.is_empty() && change.remove.is_empty() {
            if !widens && (row.sent < REFRESH_MESSAGES || !quiet) {
                self.desk.put(CONVERSATIONS, &id.0, encode(row)?);
                return Ok(());
            }
            change.refresh = true;
        }
        // Where a commit is made anyway it costs next to nothing.
        self.memory.widened |= mirrors.is_some();
        change.mirrors = mirrors;
        row.sent = 0;
        let head = LogHead { seq: row.cursor, chain: row.chain16() };
        let committed = group.commit(&change, head).map_err(internal)?;
        row.own = Some(OwnCommitRow {
            hash: short_hash(committed.posting.boxed()),
            posting: committed.posting.to_bytes(),
            welcome: committed.welcome,
            added,
            packages,
            readmitted,
            relay: None,
        });
        self.desk.put(CONVERSATIONS, &id.0, encode(row)?);
        Ok(())
    }

    /// How many members come before the owner when something must be done by one of them.
    fn rank(&self, members: &[sogon_seal::Member], own_leaf: u32) -> u32 {
        let before = members.iter().filter(|member| member.leaf < own_leaf).count();
        u32::try_from(before).unwrap_or(u32::MAX)
    }

    /// Takes a contact in with the key package in stock, or asks them for one.
    fn add_from_stock(
        &mut self,
        row: &mut ConversationRow,
        members: &[sogon_seal::Member],
        contact: ContactId,
        change: &mut Change,
        added: &mut Vec<ContactId>,
    ) -> Result<(), EngineError> {
        let known = self.contact(contact)?;
        let inside = members.iter().any(|member| Some(member.identity.0) == known.identity);
        if inside {
            row.adds.retain(|its| *its != contact);
            return Ok(());
        }
        if let Some(package) = self.take_stock(contact)? {
            change.add.push(package);
            added.push(contact);
        }
        Ok(())
    }

    /// The relay gave our commit a place. It counts when it is read there: read up to it.
    pub(crate) fn commit_appended(
        &mut self,
        id: ConversationId,
        hash: [u8; 16],
        seq: Seq,
    ) -> Result<(), EngineError> {
        let mut row = self.conversation(id)?;
        let Some(own) = &row.own else { return Ok(()) };
        let posting = Posting::restore(&own.posting).map_err(|_| EngineError::Bug)?;
        if own.hash != hash {
            return Ok(());
        }
        if let Some(at) = own.relay.clone() {
            return self.move_appended(id, row, &at, seq, posting.boxed());
        }
        if seq == row.cursor.saturating_add(1) {
            // Every place before it was read and held no commit: it stands first.
            self.step_over(id, &mut row, seq, posting.boxed());
            self.own_commit_read(id, &mut row, posting.boxed(), None)?;
            return self.keep_conversation(id, &row);
        }
        if seq > row.cursor {
            let (relay, log, after) = (row.relay()?, row.log()?, row.cursor);
            self.ask_again(&relay, id, log, after);
            return Ok(());
        }
        // A place that was read already and held something else: it did not count there.
        if let Some(own) = row.own.take() {
            self.restock(&own)?;
        }
        self.keep_conversation(id, &row)
    }

    /// The same for one that moves the conversation.
    fn move_appended(
        &mut self,
        id: ConversationId,
        mut row: ConversationRow,
        at: &str,
        seq: Seq,
        boxed: &SealedBox,
    ) -> Result<(), EngineError> {
        let log = row.log()?;
        let read = self.place(id, log, at, (&row.relay, row.cursor))?;
        if seq == read.saturating_add(1) {
            self.keep_place(id, log, at, seq);
            self.own_commit_read(id, &mut row, boxed, Some(at))?;
        } else if seq > read {
            let relay = at.parse().map_err(|_| EngineError::Bug)?;
            self.ask_again(&relay, id, log, read);
        } else {
            row.own = None;
        }
        self.keep_conversation(id, &row)
    }

    /// After a commit of one's own counted: those who come in are told how.
    pub(crate) fn welcome(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        own: OwnCommitRow,
    ) -> Result<(), EngineError> {
        let Some(welcome) = own.welcome else { return Ok(()) };
        for contact in &own.added {
            row.adds.retain(|its| its != contact);
            let pair = self.contact(*contact)?.conversation;
            if let Some(pair) = pair {
                self.send_welcome(pair, &welcome)?;
            }
        }
        for keys in &own.readmitted {
            let keys = LogKeys::from_bytes(&keys.0).map_err(internal)?;
            let posting = keys.post_welcome(self.entropy(), &welcome).map_err(internal)?;
            for relay in row.relays()? {
                self.post_side(&relay.to_string(), &posting, false)?;
            }
        }
        if !own.readmitted.is_empty() {
            // What they missed is sent again; everybody else knows it by its id.
            self.send_again(id, row)?;
            let title = self.title_of(row)?;
            self.alert(AlertKind::Rejoined, title)?;
        }
        self.say_profile(id, Haste::Now)
    }
}
