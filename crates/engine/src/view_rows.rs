//! How rows become what people see.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use sogon_seal::{
    PublicIdentity, safety_number,
    shelf::{Order, Shelf, ShelfFault},
};

use crate::{
    ContactId, ConversationId, EngineError, MessageId, alert,
    membership::membership,
    message_row::{self, DeliveryRow, KindRow, MessageRow},
    rows::{
        ALERTS, ALL, AlertRow, CONTACTS, CONVERSATIONS, ContactRow, ConversationRow, MESSAGES,
        ORDERS, OUTBOX, OutRow, OwnerRow, RELAYS, RelaysRow, SELF, State, decode, id_of,
        in_conversation, number_of, read, read_all,
    },
    view::{
        Alert, Contact, Conversation, Delivery, Kind, Member, Message, Owner, Reaction, Standing,
    },
};

type View<T> = Result<T, ShelfFault>;

pub(crate) fn owner(shelf: &dyn Shelf) -> View<Option<Owner>> {
    let Some(row) = read::<OwnerRow>(shelf, SELF, b"")? else { return Ok(None) };
    let fingerprint = row.identity.public().fingerprint();
    let relays = match read::<RelaysRow>(shelf, SELF, RELAYS)? {
        Some(changed) => changed.relays,
        None => row.relays,
    };
    let relays = relays.iter().filter_map(|relay| relay.parse().ok()).collect();
    Ok(Some(Owner { name: row.name, fingerprint, relays }))
}

pub(crate) fn contacts(shelf: &dyn Shelf) -> View<Vec<Contact>> {
    let Some(own) = own(shelf)? else { return Ok(Vec::new()) };
    let mut contacts: Vec<Contact> = read_all::<ContactRow>(shelf, CONTACTS, b"")?
        .into_iter()
        .map(|(key, row)| contact_view(&own, ContactId(id_of(&key)), row))
        .collect();
    contacts.sort_by(|one, other| one.name.cmp(&other.name).then(one.id.cmp(&other.id)));
    Ok(contacts)
}

pub(crate) fn contact(shelf: &dyn Shelf, id: ContactId) -> View<Option<Contact>> {
    let Some(own) = own(shelf)? else { return Ok(None) };
    let row = read::<ContactRow>(shelf, CONTACTS, &id.0)?;
    Ok(row.map(|row| contact_view(&own, id, row)))
}

fn own(shelf: &dyn Shelf) -> View<Option<PublicIdentity>> {
    let owner = read::<OwnerRow>(shelf, SELF, b"")?;
    Ok(owner.map(|owner| owner.identity.public()))
}

fn contact_view(own: &PublicIdentity, id: ContactId, row: ContactRow) -> Contact {
    Contact {
        id,
        safety_number: row
            .identity
            .map(|key| safety_number(own, &PublicIdentity(key)))
            .unwrap_or_default(),
        standing: match (row.blocked, row.ready) {
            (true, _) => Standing::Blocked,
            (false, true) => Standing::Ready,
            (false, false) => Standing::Waiting,
        },
        name: row.name,
        verified: row.verified,
        conversation: row.conversation,
    }
}

/// Everybody's name by identity.
type Names = BTreeMap<[u8; 32], (ContactId, String)>;

fn names(shelf: &dyn Shelf) -> Result<Names, EngineError> {
    let rows = read_all::<ContactRow>(shelf, CONTACTS, b"")?;
    let known = rows.into_iter().filter_map(|(key, row)| {
        row.identity.map(|identity| (identity, (ContactId(id_of(&key)), row.name)))
    });
    Ok(known.collect())
}

pub(crate) fn conversations(shelf: &dyn Shelf) -> View<Vec<Conversation>> {
    let names = names(shelf)?;
    let mut rows = read_all::<ConversationRow>(shelf, CONVERSATIONS, b"")?;
    rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.last_order));
    let view = rows
        .into_iter()
        .map(|(key, row)| conversation_view(&names, ConversationId(id_of(&key)), row));
    Ok(view.collect())
}

pub(crate) fn conversation(shelf: &dyn Shelf, id: ConversationId) -> View<Option<Conversation>> {
    let row = read::<ConversationRow>(shelf, CONVERSATIONS, &id.0)?;
    let names = names(shelf)?;
    Ok(row.map(|row| conversation_view(&names, id, row)))
}

fn conversation_view(names: &Names, id: ConversationId, row: ConversationRow) -> Conversation {
    let members: Vec<Member> = row
        .members
        .iter()
        .map(|member| match names.get(&member.identity) {
            Some((id, name)) => Member { name: name.clone(), contact: Some(*id) },
            None => Member { name: shown(&member.name, &member.identity), contact: None },
        })
        .collect();
    let partner = members.first().filter(|_| !row.is_group).map(|member| member.name.clone());
    Conversation {
        id,
        direct: row.goes_directly(),
        title: partner.unwrap_or(row.title),
        group: row.is_group,
        members,
        unread: row.unread,
        open: row.state != State::Over && !row.leaving,
        epoch: row.epoch,
        last_order: row.last_order,
    }
}

/// A member's name, or the start of their key for one who never said it.
fn shown(name: &str, identity: &[u8; 32]) -> String {
    if name.is_empty() {
        HEXLOWER.encode(identity.first_chunk::<4>().unwrap_or(&[0; 4]))
    } else {
        name.to_owned()
    }
}

fn message_view(
    shelf: &dyn Shelf,
    names: &Names,
    conversation: ConversationId,
    order: u64,
    row: MessageRow,
) -> Result<Message, EngineError> {
    let from = match row.from {
        None => None,
        Some(identity) => Some(named(shelf, names, conversation, &identity)?),
    };
    let mut reactions = Vec::new();
    for reaction in row.reactions.unwrap_or_default() {
        let from = match reaction.from {
            None => None,
            Some(identity) => Some(named(shelf, names, conversation, &identity)?),
        };
        if !reaction.face.is_empty() {
            reactions.push(Reaction { from, face: reaction.face });
        }
    }
    let file = match row.kind {
        KindRow::File => crate::view_files::file(shelf, conversation, row.id)?,
        _ => None,
    };
    let kind = match row.kind {
        KindRow::Text => Kind::Text,
        KindRow::Unknown => Kind::Unknown,
        KindRow::Gap => Kind::Gap,
        KindRow::Membership => {
            Kind::Membership(membership(row.membership.as_ref(), &row.text, |who| {
                named(shelf, names, conversation, who)
            })?)
        }
        KindRow::File => Kind::File,
        KindRow::Call => Kind::Call,
    };
    // For programs that know nothing but words.
    let text = match &kind {
        Kind::Membership(its) => its.names().collect::<Vec<_>>().join(", "),
        _ => row.text,
    };
    Ok(Message {
        file,
        id: row.id,
        conversation,
        from,
        at_s: row.at_s,
        kind,
        text,
        delivery: row.delivery.map(|delivery| match delivery {
            DeliveryRow::Queued => Delivery::Queued,
            DeliveryRow::Handed => Delivery::Handed,
            DeliveryRow::Delivered => Delivery::Delivered,
            DeliveryRow::Failed => Delivery::Failed,
        }),
        reply_to: row.reply_to,
        order,
        unread: row.unread,
        fades_s: row.fades_s,
        edited: row.edits.is_some(),
        reactions,
    })
}

/// What somebody is called here.
pub(crate) fn name_of(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    identity: &[u8; 32],
) -> Result<String, EngineError> {
    named(shelf, &names(shelf)?, conversation, identity)
}

fn named(
    shelf: &dyn Shelf,
    names: &Names,
    conversation: ConversationId,
    identity: &[u8; 32],
) -> Result<String, EngineError> {
    if let Some((_, name)) = names.get(identity) {
        return Ok(name.clone());
    }
    let row = read::<ConversationRow>(shelf, CONVERSATIONS, &conversation.0)?;
    let people = row
        .into_iter()
        .flat_map(|row| row.members.into_iter().chain(row.former.unwrap_or_default()));
    let name = people.into_iter().find(|member| member.identity == *identity);
    Ok(shown(&name.map(|member| member.name).unwrap_or_default(), identity))
}

pub(crate) fn messages(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    after: u64,
    limit: usize,
) -> View<Vec<Message>> {
    page(shelf, conversation, Some(after), limit, Order::Up)
}

pub(crate) fn latest(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    limit: usize,
) -> View<Vec<Message>> {
    let mut newest = page(shelf, conversation, None, limit, Order::Down)?;
    newest.reverse();
    Ok(newest)
}

pub(crate) fn earlier(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    before: u64,
    limit: usize,
) -> View<Vec<Message>> {
    let mut earlier = page(shelf, conversation, Some(before), limit, Order::Down)?;
    earlier.reverse();
    Ok(earlier)
}

fn page(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    after: Option<u64>,
    limit: usize,
    order: Order,
) -> View<Vec<Message>> {
    let after = after.map(|after| in_conversation(conversation, after));
    let rows = shelf.scan(MESSAGES, &conversation.0, after.as_deref(), limit, order)?;
    let names = names(shelf)?;
    let messages = rows.into_iter().map(|(key, bytes)| {
        message_view(shelf, &names, conversation, number_of(&key), decode(&bytes)?)
    });
    Ok(messages.collect::<Result<_, EngineError>>()?)
}

pub(crate) fn message(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    id: MessageId,
) -> View<Option<Message>> {
    let Some((order, row)) = message_row::find(shelf, conversation, id)? else { return Ok(None) };
    Ok(Some(message_view(shelf, &names(shelf)?, conversation, order, row)?))
}

pub(crate) fn search(shelf: &dyn Shelf, words: &str, limit: usize) -> View<Vec<Message>> {
    let names = names(shelf)?;
    let mut found = Vec::new();
    for order in shelf.search(words, limit)? {
        let Some(key) = shelf.row(ORDERS, &order.to_be_bytes())? else { continue };
        let conversation = ConversationId(id_of(&key));
        if let Some(row) = read(shelf, MESSAGES, &in_conversation(conversation, order))? {
            found.push(message_view(shelf, &names, conversation, order, row)?);
        }
    }
    Ok(found)
}

pub(crate) fn alerts(shelf: &dyn Shelf) -> View<(Vec<Alert>, bool)> {
    let rows = read_all::<AlertRow>(shelf, ALERTS, b"")?;
    let mut chain = [0; 32];
    let mut whole = true;
    let mut alerts = Vec::new();
    for (place, (key, row)) in (1u64..).zip(rows) {
        chain = alert::link(&chain, &row);
        whole &= row.chain == chain && number_of(&key) == place;
        alerts.push(Alert { at_s: row.at_s, kind: row.kind, detail: row.detail });
    }
    let counted = alert::count(shelf)?;
    whole &= counted == u64::try_from(alerts.len()).unwrap_or(u64::MAX);
    Ok((alerts, whole))
}

pub(crate) fn waiting(shelf: &dyn Shelf) -> View<u64> {
    let rows = shelf.scan(OUTBOX, b"", None, ALL, Order::Up)?;
    let own = rows
        .iter()
        .filter(|(_, bytes)| decode::<OutRow>(bytes).is_ok_and(|row| row.order.is_some()));
    Ok(u64::try_from(own.count()).unwrap_or(u64::MAX))
}
