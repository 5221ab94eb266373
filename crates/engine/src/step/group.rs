//! Groups: how people come in and go.

use sogon_seal::{Charter, Conversation, GroupName, Member, PublicIdentity};

use super::{Work, internal, outbox::Haste, receive::shortened};
use crate::{
    ContactId, ConversationId, EngineError, Event, GROUP_MEMBERS_MAX, MessageId,
    content::{Content, KIND_LEAVE, KIND_WELCOME, PARTS_MAX, Part},
    membership::{DeedRow, LetInRow, MembershipRow, PersonRow},
    message_row::KindRow,
    rows::{
        AckRow, BytesRow, CONTACTS, CONVERSATIONS, ContactRow, ConversationRow, GROUPS, PARTS,
        RemovalRow, State, encode, id_of, read_all,
    },
};

/// The bytes of a Welcome one part holds: with everything around it, it fits the largest box.
const PART_BYTES: usize = 48_000;

impl Work<'_> {
    /// A group of one's own; everybody with a key package in stock comes in at once.
    pub(crate) fn found_group(
        &mut self,
        title: String,
        members: &[ContactId],
    ) -> Result<ConversationId, EngineError> {
        let relay = self.own_relay()?;
        let charter = Charter::group(shortened(title), relay, self.entropy());
        let charter = charter.mirrored(&self.own_relays()?);
        let mut ready = Vec::new();
        let mut packages = Vec::new();
        let mut later = Vec::new();
        for contact in members {
            match self.take_stock(*contact)? {
                Some(package) => {
                    packages.push(package);
                    ready.push(*contact);
                }
                None => later.push(*contact),
            }
        }
        let founded = Conversation::found(self.sealer, self.identity, &charter, &packages, None);
        let (group, welcome) = founded.map_err(internal)?;
        let (id, mut row) = self.new_conversation(&group, &charter)?;
        row.adds = later;
        self.keep_conversation(id, &row)?;
        if let Some(welcome) = welcome {
            for contact in &ready {
                if let Some(pair) = self.contact(*contact)?.conversation {
                    self.send_welcome(pair, &welcome)?;
                }
            }
        }
        self.say_profile(id, Haste::Now)?;
        Ok(id)
    }

    /// The row of a conversation just founded or joined.
    pub(crate) fn new_conversation(
        &mut self,
        group: &Conversation<'_>,
        charter: &Charter,
    ) -> Result<(ConversationId, ConversationRow), EngineError> {
        let id = ConversationId(self.random());
        let mut row = ConversationRow {
            group: group.name(),
            is_group: charter.group,
            title: shortened(charter.title.clone()),
            relay: charter.relay.clone(),
            contact: None,
            state: State::Open,
            epoch: 0,
            keys: Vec::new(),
            cursor: 0,
            chain: [0; 32],
            chain_lost: false,
            closings: Vec::new(),
            own: None,
            adds: Vec::new(),
            removals: Vec::new(),
            readmits: Vec::new(),
            sent: 0,
            acks: Vec::new(),
            owes_receipt: false,
            gaps: Vec::new(),
            gaps_before: Vec::new(),
            reread_to: 0,
            chain_before: None,
            rescue_keys: Vec::new(),
            rescue_cursor: 0,
            rescue: None,
            unread: 0,
            last_order: 0,
            members: Vec::new(),
            leaving: false,
            fork_told: false,
            restored: None,
            relays: None,
            gaps_earlier: None,
            said: None,
            strayed: None,
            to_know: None,
            former: None,
            direct: None,
            deeds: None,
            void: None,
            let_in: None,
        };
        self.enter_epoch(id, &mut row, group)?;
        // Whose relay it is was said by somebody else: it must at least be an address.
        row.relay()?;
        self.desk.put(GROUPS, &row.group.0, id.0.to_vec());
        self.keep_conversation(id, &row)?;
        self.ask_conversation(id, &row)?;
        self.say(Event::Changed { conversation: id });
        Ok((id, row))
    }

    /// People are to come into a group.
    pub(crate) fn want_members(
        &mut self,
        id: ConversationId,
        members: &[ContactId],
    ) -> Result<(), EngineError> {
        let mut row = self.open_group(id)?;
        for contact in members {
            self.contact(*contact)?;
            if !row.adds.contains(contact) {
                row.adds.push(*contact);
            }
        }
        if row.members.len().saturating_add(row.adds.len()) >= GROUP_MEMBERS_MAX {
            return Err(EngineError::TooLarge);
        }
        self.keep_conversation(id, &row)
    }

    /// People are to go out of a group, by the owner's own act.
    pub(crate) fn want_gone(
        &mut self,
        id: ConversationId,
        members: &[ContactId],
    ) -> Result<(), EngineError> {
        let mut row = self.open_group(id)?;
        for contact in members {
            let identity = self.contact(*contact)?.identity.ok_or(EngineError::Unknown)?;
            row.adds.retain(|its| its != contact);
            if !row.members.iter().any(|member| member.identity == identity) {
                return Err(EngineError::Unknown);
            }
            row.removals.push(RemovalRow::wanted(identity));
        }
        self.keep_conversation(id, &row)
    }

    /// The owner goes: somebody else commits it.
    pub(crate) fn leave(&mut self, id: ConversationId) -> Result<(), EngineError> {
        let mut row = self.open_group(id)?;
        row.leaving = true;
        row.adds.clear();
        if row.members.is_empty() {
            row.state = State::Over;
        }
        let its = MembershipRow { deed: DeedRow::Left, who: vec![PersonRow::OWNER], by: None };
        self.add_notice(id, &mut row, KindRow::Membership, Some(its))?;
        self.keep_conversation(id, &row)?;
        // Whoever shows it must know at once that nothing can be written here any more.
        self.say(Event::Changed { conversation: id });
        self.queue(id, &Content::of(KIND_LEAVE), None, Haste::Now)
    }

    fn open_group(&self, id: ConversationId) -> Result<ConversationRow, EngineError> {
        if !self.conversation(id)?.is_group {
            return Err(EngineError::NotAGroup);
        }
        self.open_conversation(id)
    }

    pub(crate) fn receive_leave(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        from: Member,
    ) -> Result<(), EngineError> {
        if !row.is_group {
            return Ok(());
        }
        if !row.removals.iter().any(|removal| removal.identity == from.identity.0) {
            row.removals.push(RemovalRow::asked(from.identity.0));
        }
        self.say(Event::Changed { conversation: id });
        Ok(())
    }

    /// Entries that say who came and went.
    pub(crate) fn note_changes(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        author: Option<PublicIdentity>,
        come: &[PublicIdentity],
        gone: &[PublicIdentity],
    ) -> Result<(), EngineError> {
        let again = |identity: &PublicIdentity| come.contains(identity) && gone.contains(identity);
        let asked = |identity: &&PublicIdentity| {
            row.removals.iter().any(|its| its.identity == identity.0 && its.is_asked())
        };
        let new: Vec<_> = come.iter().filter(|identity| !again(identity)).collect();
        let went = gone.iter().filter(|identity| !again(identity));
        let (left, out): (Vec<_>, Vec<_>) = went.partition(asked);
        let by = author.as_ref().map_or(PersonRow::OWNER, PersonRow::of);
        self.note_membership(id, row, DeedRow::Came, &new, Some(by.clone()))?;
        self.note_membership(id, row, DeedRow::Left, &left, None)?;
        self.note_membership(id, row, DeedRow::Removed, &out, Some(by))?;
        if row.is_group && author.is_some() && !new.is_empty() {
            // Whoever let them in said their name already; the newcomers want to know the others.
            self.say_profile(id, Haste::Later)?;
        }
        row.removals.retain(|removal| !gone.iter().any(|its| its.0 == removal.identity));
        // Whoever came in anew has read nothing yet of what is to come.
        for identity in come.iter().chain(gone) {
            row.acks.retain(|ack| ack.identity != identity.0 || ack.epoch == row.epoch);
        }
        if author.is_some() && come.iter().any(again) {
            self.send_again(id, row)?;
        }
        self.mark_delivered(id, row)?;
        self.say(Event::Changed { conversation: id });
        Ok(())
    }

    fn note_membership(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        deed: DeedRow,
        who: &[&PublicIdentity],
        by: Option<PersonRow>,
    ) -> Result<(), EngineError> {
        if who.is_empty() {
            return Ok(());
        }
        let who = who.iter().map(|identity| PersonRow::of(identity)).collect();
        self.add_notice(id, row, KindRow::Membership, Some(MembershipRow { deed, who, by }))
    }

    /// The owner was put out of the conversation.
    pub(crate) fn put_out(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        author: Member,
    ) -> Result<(), EngineError> {
        row.state = State::Over;
        row.rescue = None;
        // Whoever went by their own wish has that in their conversation already.
        if !row.leaving {
            let by = Some(PersonRow::of(&author.identity));
            let its = MembershipRow { deed: DeedRow::Removed, who: vec![PersonRow::OWNER], by };
            self.add_notice(id, row, KindRow::Membership, Some(its))?;
        }
        self.fail_outbox(id)
    }

    /// Sends a Welcome to a contact through the conversation with them.
    pub(crate) fn send_welcome(
        &mut self,
        pair: ConversationId,
        welcome: &[u8],
    ) -> Result<(), EngineError> {
        let of = MessageId(self.random());
        let parts: Vec<&[u8]> = welcome.chunks(PART_BYTES).collect();
        let count = u32::try_from(parts.len()).map_err(|_| EngineError::TooLarge)?;
        for (index, bytes) in (0..count).zip(parts) {
            let mut content = Content::of(KIND_WELCOME).with_bytes(bytes.to_vec());
            content.part = Some(Part { of, index, count });
            self.queue(pair, &content, None, Haste::Now)?;
        }
        Ok(())
    }

    /// A part of a Welcome; with the last one the owner is in.
    pub(crate) fn receive_welcome(
        &mut self,
        pair_id: ConversationId,
        pair: &ConversationRow,
        from: Member,
        content: Content,
    ) -> Result<(), EngineError> {
        let (Some(part), Some(bytes), false) = (content.part, content.bytes, pair.is_group) else {
            return Ok(());
        };
        if part.count == 0 || part.count > PARTS_MAX || part.index >= part.count {
            return Ok(());
        }
        let prefix = [from.identity.0.as_slice(), &part.of.0].concat();
        let key = [prefix.as_slice(), &part.index.to_be_bytes()].concat();
        self.desk.put(PARTS, &key, encode(&BytesRow(bytes))?);
        let parts = read_all::<BytesRow>(self.desk, PARTS, &prefix)?;
        if parts.len() < part.count as usize {
            return Ok(());
        }
        let mut welcome = Vec::new();
        for (key, bytes) in parts {
            self.desk.delete(PARTS, &key);
            welcome.extend(bytes.0);
        }
        self.join_group(&welcome, from)?;
        // The package in the partner's stock is used up: here is the next.
        self.hand_out_package(pair_id)
    }

    /// Groups whose place a Welcome may take: all that is known of them was said by the one it comes
    /// from, who let the owner into the present epoch. It did not count, and they are elsewhere now.
    fn replaceable(&self, by: &Member) -> Result<Vec<GroupName>, EngineError> {
        let mut found = Vec::new();
        for (_, row) in read_all::<ConversationRow>(self.desk, CONVERSATIONS, b"")? {
            let theirs = row.let_in.as_ref().is_some_and(|its| {
                its.by == by.identity.0 && its.epoch == row.epoch && row.state != State::Over
            });
            let heard = |ack: &AckRow| ack.epoch == row.epoch && ack.seq > 0;
            let mut others = row.acks.iter().filter(|ack| ack.identity != by.identity.0);
            if row.is_group && theirs && !others.any(heard) {
                found.push(row.group);
            }
        }
        Ok(found)
    }

    fn join_group(&mut self, welcome: &[u8], from: Member) -> Result<(), EngineError> {
        let mark = self.desk.mark();
        let mut group = Conversation::join(self.sealer, welcome, None, None);
        for old in self.replaceable(&from)? {
            if group.is_err() {
                group = Conversation::join(self.sealer, welcome, None, Some(old));
            }
        }
        let Ok(group) = group else { return Ok(()) };
        let charter = group.charter().map_err(internal)?;
        let known = crate::Shelf::row(self.desk, GROUPS, &group.name().0)?;
        let fits = match &known {
            Some(old) => self.conversation(ConversationId(id_of(old)))?.began_with(&charter),
            None => charter.has_addresses(),
        };
        if !charter.group || !fits {
            self.desk.undo(mark);
            return Ok(());
        }
        let (id, mut row) = match known {
            // Put out once and taken in again: the conversation goes on where it was.
            Some(old) => {
                let id = ConversationId(id_of(&old));
                let mut row = self.conversation(id)?;
                row.state = State::Open;
                row.leaving = false;
                row.strayed = None;
                row.rescue = None;
                row.closings.clear();
                row.acks.clear();
                self.enter_epoch(id, &mut row, &group)?;
                self.do_again(&mut row, &group)?;
                // Who was in an epoch that does not count said it to nobody.
                self.unseal_outbox(id)?;
                self.send_again(id, &mut row)?;
                self.ask_conversation(id, &row)?;
                (id, row)
            }
            None => self.new_conversation(&group, &charter)?,
        };
        row.let_in = Some(LetInRow { by: from.identity.0, epoch: row.epoch });
        let by = Some(PersonRow::of(&from.identity));
        let its = MembershipRow { deed: DeedRow::Came, who: vec![PersonRow::OWNER], by };
        self.add_notice(id, &mut row, KindRow::Membership, Some(its))?;
        self.keep_conversation(id, &row)?;
        self.say_profile(id, Haste::Now)?;
        self.say(Event::Changed { conversation: id });
        Ok(())
    }

    /// The relay new conversations of one's own use.
    pub(crate) fn own_relay(&self) -> Result<String, EngineError> {
        self.own_relays()?.into_iter().next().ok_or(EngineError::NoRelay)
    }

    /// Every relay of the owner, best first.
    pub(crate) fn own_relays(&self) -> Result<Vec<String>, EngineError> {
        let owner = crate::view::owner(self.desk)?.ok_or(EngineError::Bug)?;
        Ok(owner.relays.iter().map(ToString::to_string).collect())
    }

    /// The contact with an identity, if there is one.
    pub(crate) fn contact_by(
        &self,
        identity: &PublicIdentity,
    ) -> Result<Option<(ContactId, ContactRow)>, EngineError> {
        let all = read_all::<ContactRow>(self.desk, CONTACTS, b"")?;
        let found = all.into_iter().find(|(_, row)| row.identity == Some(identity.0));
        Ok(found.map(|(key, row)| (ContactId(id_of(&key)), row)))
    }
}
