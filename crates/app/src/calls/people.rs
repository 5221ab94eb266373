//! People, invitations, groups.

use serde_json::{Value, json};
use sogon_engine::{Act, Answer, ContactId, view};
use sogon_wire::{Invite, Uses};

use super::{Asked, talk::fresh};
use crate::{
    app::Place,
    home::{Home, Refusal},
    memo::Memo,
    qr, safety, shape, spoken,
};

/// What a code of a safety number begins with.
const SAFETY: &str = "sogon-safety:1:";

/// `{conversation}`: everything its head shows.
pub(super) async fn conversation<H: Home>(
    place: &Place<H>,
    home: &H,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    let id = asked.conversation()?;
    let mut kept = place.roster.lock().await;
    let entry = fresh(&mut kept, home).await?.entry(id).cloned().ok_or(Refusal::Unknown)?;
    drop(kept);
    home.look(move |shelf| {
        let memo = Memo::load(shelf, id)?;
        let contact = entry.contact.map(|contact| view::contact(shelf, contact)).transpose()?;
        let found = view::conversation(shelf, id)?;
        let direct = found.as_ref().is_some_and(|found| found.direct);
        let members = match found {
            Some(found) if found.group => found.members,
            _ => Vec::new(),
        };
        let members = members.into_iter().map(|member| {
            json!({ "name": shape::name(&member.name), "contact": member.contact.map(|id| id.to_string()) })
        });
        Ok(json!({
            "id": id.to_string(),
            "title": shape::name(&entry.title),
            "group": entry.group,
            "open": entry.open,
            "unread": entry.unread,
            "count": entry.members,
            "contact": contact.flatten().as_ref().map(shape::contact),
            "members": members.collect::<Vec<_>>(),
            "draft": memo.draft,
            "timer_s": memo.timer_s,
            "direct": direct,
            "speech_ms": spoken::begun(shelf, id)?.ms,
        }))
    })
    .await
}

/// Everybody.
pub(super) async fn contacts<H: Home>(home: &H) -> Result<Value, Refusal> {
    let contacts = home.look(|shelf| view::contacts(shelf)).await?;
    Ok(json!({ "contacts": contacts.iter().map(shape::contact).collect::<Vec<_>>() }))
}

/// `{contact, language}`: somebody, with the safety number in digits, words and squares.
pub(super) async fn contact<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let id = asked.contact()?;
    let language = asked.text("language").unwrap_or("en").to_owned();
    let found = home.look(move |shelf| view::contact(shelf, id)).await?;
    let found = found.ok_or(Refusal::Unknown)?;
    let digits: String = found.safety_number.chars().filter(char::is_ascii_digit).collect();
    let mut value = shape::contact(&found);
    let code = format!("{SAFETY}{digits}");
    if let Some(map) = value.as_object_mut().filter(|_| !digits.is_empty()) {
        map.insert("words".into(), safety::words(&digits, &language).into());
        map.insert("qr".into(), qr::squares(&code));
        map.insert("code".into(), code.into());
        map.insert("digits".into(), digits.into());
    }
    Ok(value)
}

pub(super) async fn rename<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let name = asked.text("name")?.trim().to_owned();
    home.act(Act::Rename { contact: asked.contact()?, name }).await?;
    Ok(json!({}))
}

pub(super) async fn verify<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.act(Act::MarkVerified { contact: asked.contact()? }).await?;
    Ok(json!({}))
}

pub(super) async fn block<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.act(Act::Block { contact: asked.contact()? }).await?;
    Ok(json!({}))
}

/// `{many}`: a link and its squares.
pub(super) async fn invite<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let uses = if asked.yes("many") { Uses::Many } else { Uses::One };
    let Answer::Invited { invite } = home.act(Act::Invite { uses }).await? else {
        return Err(Refusal::Bug);
    };
    let link = invite.to_string();
    Ok(json!({ "qr": qr::squares(&link), "link": link }))
}

/// `{link, name}`: answers somebody's link.
pub(super) async fn join<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let invite: Invite = asked.text("link")?.trim().parse().map_err(|_| Refusal::BadLink)?;
    let name = asked.text("name").unwrap_or_default().trim();
    let name = (!name.is_empty()).then(|| name.to_owned());
    let Answer::Joining { contact } = home.act(Act::Join { invite, name }).await? else {
        return Err(Refusal::Bug);
    };
    let found = home.look(move |shelf| view::contact(shelf, contact)).await?;
    Ok(json!({ "contact": found.as_ref().map(shape::contact) }))
}

/// `{title, contacts}`.
pub(super) async fn group_new<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let title = asked.text("title")?.trim().to_owned();
    let members: Vec<ContactId> = asked.contacts()?;
    if members.is_empty() {
        return Err(Refusal::BadInput);
    }
    let Answer::Grouped { group } = home.act(Act::NewGroup { title, members }).await? else {
        return Err(Refusal::Bug);
    };
    Ok(json!({ "conversation": group.to_string() }))
}

pub(super) async fn group_add<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let (group, members) = (asked.conversation()?, asked.contacts()?);
    home.act(Act::AddMembers { group, members }).await?;
    Ok(json!({}))
}

pub(super) async fn group_remove<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let (group, members) = (asked.conversation()?, asked.contacts()?);
    home.act(Act::RemoveMembers { group, members }).await?;
    Ok(json!({}))
}

pub(super) async fn group_leave<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.act(Act::Leave { group: asked.conversation()? }).await?;
    Ok(json!({}))
}
