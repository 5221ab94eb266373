//! `sogon contacts`, `verify-contact`, `rename`, `block`: the people.

use serde_json::{Value, json};
use sogon_engine::{
    Act, ContactId,
    view::{Contact, Standing},
};

use crate::{
    cli::{Block, Rename, VerifyContact},
    desk::Desk,
    people::{self, Directory},
    plain,
    trouble::Trouble,
};

fn object(contact: &Contact) -> Value {
    json!({
        "id": contact.id.to_string(),
        "name": contact.name,
        "verified": contact.verified,
        "safety_number": people::digits(&contact.safety_number),
        "conversation": contact.conversation.map(|id| id.to_string()),
        "state": contact.standing.name(),
    })
}

fn line(desk: &Desk, contact: &Contact) -> String {
    let how = match (contact.standing, contact.verified) {
        (Standing::Waiting, _) => desk.words.say("contact-waiting", &[]),
        (Standing::Blocked, _) => desk.words.say("contact-blocked", &[]),
        (Standing::Ready, true) => desk.words.say("contact-verified", &[]),
        (Standing::Ready, false) => desk.words.say("contact-unverified", &[]),
    };
    format!("{}  {}  ({how})", contact.id, plain::line(&contact.name))
}

pub(super) async fn list(desk: &Desk) -> Result<(), Trouble> {
    let directory = Directory::look(&desk.hand).await?;
    let objects: Vec<Value> = directory.contacts.iter().map(object).collect();
    let words = || {
        let lines: Vec<String> = directory.contacts.iter().map(|c| line(desk, c)).collect();
        if lines.is_empty() { desk.words.say("contacts-none", &[]) } else { lines.join("\n") }
    };
    desk.console.result(json!({ "contacts": objects }), words).await
}

pub(super) async fn verify(desk: &Desk, verify: &VerifyContact) -> Result<(), Trouble> {
    let contact = Directory::look(&desk.hand).await?.contact(&verify.contact)?.clone();
    if verify.mark {
        desk.hand.act(Act::MarkVerified { contact: contact.id }).await?;
        return changed(desk, contact.id).await;
    }
    let words = || {
        let name: &[_] = &[("name", contact.name.as_str())];
        if contact.safety_number.is_empty() {
            return desk.words.say("safety-number-none", name);
        }
        let ask = desk.words.say("safety-number", name);
        let groups = people::groups_of_five(&contact.safety_number);
        let lines = groups.chunks(4).map(|line| format!("    {}", line.join(" ")));
        format!("{ask}\n\n{}\n", lines.collect::<Vec<_>>().join("\n"))
    };
    desk.console.result(json!({ "contacts": [object(&contact)] }), words).await
}

pub(super) async fn rename(desk: &Desk, rename: &Rename) -> Result<(), Trouble> {
    let contact = Directory::look(&desk.hand).await?.contact(&rename.contact)?.id;
    desk.hand.act(Act::Rename { contact, name: rename.name.clone() }).await?;
    changed(desk, contact).await
}

pub(super) async fn block(desk: &Desk, block: &Block) -> Result<(), Trouble> {
    let contact = Directory::look(&desk.hand).await?.contact(&block.contact)?.id;
    desk.hand.act(Act::Block { contact }).await?;
    changed(desk, contact).await
}

/// The contact as it is now.
async fn changed(desk: &Desk, id: ContactId) -> Result<(), Trouble> {
    let directory = Directory::look(&desk.hand).await?;
    let contact = directory.contact(&id.to_string())?;
    desk.console.result(json!({ "contacts": [object(contact)] }), || line(desk, contact)).await
}
