//! First contact: an invitation, its answer, and the conversation that comes of it.

use sogon_seal::{Charter, Conversation, InviteKeys, PackageUse};
use sogon_wire::{Invite, InviteSecret, RelayAddr, Uses};

use super::{Work, internal, outbox::Haste, page::Page};
use crate::{
    ContactId, EngineError, Event,
    rows::{
        CONVERSATIONS, ContactRow, ConversationRow, INVITES, InviteRow, JOINS, JoinRow, State,
        encode, id_of, read, read_all,
    },
    view::AlertKind,
};

impl Work<'_> {
    /// A link of one's own: its key package goes to the relay, its answers are waited for.
    pub(crate) fn invite(&mut self, uses: Uses) -> Result<Invite, EngineError> {
        let relay: RelayAddr = self.own_relay()?.parse().map_err(|_| EngineError::Bug)?;
        let invite = Invite { relay, uses, secret: InviteSecret(self.random()) };
        let keys = InviteKeys::derive(&invite.secret).map_err(internal)?;
        let package_use = match uses {
            Uses::One => PackageUse::Once,
            Uses::Many => PackageUse::Many,
        };
        let package = self.sealer.make_package(self.identity, package_use).map_err(internal)?;
        let posting = keys.package.post_package(self.entropy(), &package).map_err(internal)?;
        self.post_side(&invite.relay.to_string(), &posting, false)?;
        let number = self.count(b"invites")?;
        let row = InviteRow { link: invite.to_string(), cursor: 0, used: false };
        self.desk.put(INVITES, &number.to_be_bytes(), encode(&row)?);
        self.ask_answers(number, &row)?;
        Ok(invite)
    }

    /// Answers somebody's link, as soon as its key package is there.
    pub(crate) fn join(
        &mut self,
        invite: &Invite,
        name: Option<String>,
    ) -> Result<ContactId, EngineError> {
        let link = invite.to_string();
        if read_all::<InviteRow>(self.desk, INVITES, b"")?.iter().any(|(_, own)| own.link == link) {
            return Err(EngineError::OwnInvite);
        }
        // The same link a second time is the same contact.
        for (key, row) in read_all::<JoinRow>(self.desk, JOINS, b"")? {
            if row.link == link {
                return Ok(ContactId(id_of(&key)));
            }
        }
        let contact = ContactId(self.random());
        let named_here = name.is_some();
        let name = self.free_name(contact, &name.unwrap_or_else(|| "?".to_owned()))?;
        let row = ContactRow { name, named_here, ..ContactRow::default() };
        self.keep_contact(contact, &row)?;
        let join = JoinRow { link, cursor: 0 };
        self.desk.put(JOINS, &contact.0, encode(&join)?);
        self.ask_package(contact, &join)?;
        Ok(contact)
    }

    /// The key package of a link: the conversation is founded and the answer goes out.
    pub(crate) fn package_arrived(
        &mut self,
        contact: ContactId,
        page: Page,
    ) -> Result<(), EngineError> {
        let Some(mut join) = read::<JoinRow>(self.desk, JOINS, &contact.0)? else { return Ok(()) };
        let invite: Invite = join.link.parse().map_err(|_| EngineError::Bug)?;
        let keys = InviteKeys::derive(&invite.secret).map_err(internal)?;
        if page.log != keys.package.log() {
            return Ok(());
        }
        for (seq, boxed) in page.after(join.cursor) {
            join.cursor = seq;
            let Ok(bytes) = keys.package.open_package(&boxed) else { continue };
            let Ok(package) = self.sealer.check_package(&bytes) else { continue };
            if package.identity() == self.identity.public() {
                continue;
            }
            let identity = package.identity();
            let charter = Charter::pair(invite.relay.to_string(), self.entropy());
            let charter = charter.mirrored(&self.own_relays()?);
            let founded =
                Conversation::found(self.sealer, self.identity, &charter, &[package], Some(&keys));
            let (group, welcome) = founded.map_err(internal)?;
            let welcome = welcome.ok_or(EngineError::Bug)?;
            let answer = keys.answer.post_welcome(self.entropy(), &welcome).map_err(internal)?;
            self.post_side(&invite.relay.to_string(), &answer, false)?;
            self.desk.delete(JOINS, &contact.0);
            let (id, mut row) = self.new_conversation(&group, &charter)?;
            row.contact = Some(contact);
            self.keep_conversation(id, &row)?;
            let mut known = self.contact(contact)?;
            known.identity = Some(identity.0);
            known.conversation = Some(id);
            self.keep_contact(contact, &known)?;
            return self.say_profile(id, Haste::Now);
        }
        self.desk.put(JOINS, &contact.0, encode(&join)?);
        Ok(())
    }

    /// Answers to a link of one's own.
    pub(crate) fn answers(&mut self, number: u64, page: Page) -> Result<(), EngineError> {
        let key = number.to_be_bytes();
        let Some(mut row) = read::<InviteRow>(self.desk, INVITES, &key)? else { return Ok(()) };
        let invite: Invite = row.link.parse().map_err(|_| EngineError::Bug)?;
        let keys = InviteKeys::derive(&invite.secret).map_err(internal)?;
        if page.log != keys.answer.log() {
            return Ok(());
        }
        for (seq, boxed) in page.after(row.cursor) {
            row.cursor = seq;
            let Ok(welcome) = keys.answer.open_welcome(&boxed) else {
                self.alert(AlertKind::BadAnswer, String::new())?;
                continue;
            };
            if row.used && invite.uses == Uses::One {
                self.alert(AlertKind::LinkUsedTwice, String::new())?;
                continue;
            }
            match Conversation::join(self.sealer, &welcome, Some(&keys), None) {
                Ok(group) => {
                    row.used = true;
                    self.let_in(&group)?;
                }
                Err(_) => self.alert(AlertKind::BadAnswer, String::new())?,
            }
        }
        self.desk.put(INVITES, &key, encode(&row)?);
        Ok(())
    }

    /// Somebody answered: they are a contact now.
    fn let_in(&mut self, group: &Conversation<'_>) -> Result<(), EngineError> {
        let charter = group.charter().map_err(internal)?;
        let members = group.members().map_err(internal)?;
        let own = self.identity.public();
        let partner = match members.as_slice() {
            [one, other] if one.identity == own => other.identity,
            [one, other] if other.identity == own => one.identity,
            _ => return self.alert(AlertKind::BadAnswer, String::new()),
        };
        if charter.group || !charter.has_addresses() {
            return self.alert(AlertKind::BadAnswer, String::new());
        }
        let (id, mut row) = self.new_conversation(group, &charter)?;
        let (contact, mut known) = match self.contact_by(&partner)? {
            Some((_, known)) if known.blocked => {
                row.state = State::Over;
                return self.keep_conversation(id, &row);
            }
            Some(found) => found,
            None => {
                let contact = ContactId(self.random());
                (
                    contact,
                    ContactRow { name: self.free_name(contact, "?")?, ..ContactRow::default() },
                )
            }
        };
        known.identity = Some(partner.0);
        known.conversation = Some(id);
        self.keep_contact(contact, &known)?;
        row.contact = Some(contact);
        self.keep_conversation(id, &row)?;
        self.say(Event::Changed { conversation: id });
        self.say_profile(id, Haste::Now)
    }

    /// Every pair with a contact is over.
    pub(crate) fn block(&mut self, contact: ContactId) -> Result<(), EngineError> {
        let mut known = self.contact(contact)?;
        known.blocked = true;
        self.keep_contact(contact, &known)?;
        for (key, mut row) in read_all::<ConversationRow>(self.desk, CONVERSATIONS, b"")? {
            if row.contact == Some(contact) {
                let id = crate::ConversationId(id_of(&key));
                row.state = State::Over;
                self.keep_conversation(id, &row)?;
                self.fail_outbox(id)?;
                self.say(Event::Changed { conversation: id });
            }
        }
        self.desk.delete(JOINS, &contact.0);
        Ok(())
    }
}
