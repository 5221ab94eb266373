//! `sogon group`: several people.

use serde_json::{Value, json};
use sogon_engine::{Act, Answer, ConversationId, view::Conversation};

use crate::{
    cli::Group,
    desk::Desk,
    people::Directory,
    plain,
    trouble::{Kind, Trouble},
};

fn object(group: &Conversation) -> Value {
    let members: Vec<&str> = group.members.iter().map(|member| member.name.as_str()).collect();
    json!({
        "group": group.id.to_string(),
        "title": group.title,
        "members": members,
        "open": group.open,
    })
}

fn line(desk: &Desk, group: &Conversation) -> String {
    let members: Vec<String> = group.members.iter().map(|m| plain::line(&m.name)).collect();
    let line = format!("{}  {}: {}", group.id, plain::line(&group.title), members.join(", "));
    if group.open { line } else { format!("{line}  ({})", desk.words.say("group-over", &[])) }
}

pub(super) async fn run(desk: &Desk, group: &Group) -> Result<(), Trouble> {
    let directory = Directory::look(&desk.hand).await?;
    let act = match group {
        Group::List => return list(desk, &directory).await,
        Group::New(new) => {
            let members = directory.members(&new.contacts)?;
            Act::NewGroup { title: new.title.clone(), members }
        }
        Group::Add(add) => {
            let members = directory.members(&add.contacts)?;
            Act::AddMembers { group: directory.group(&add.group)?.id, members }
        }
        Group::Remove(remove) => {
            let members = directory.members(&remove.contacts)?;
            Act::RemoveMembers { group: directory.group(&remove.group)?.id, members }
        }
        Group::Leave(leave) => Act::Leave { group: directory.group(&leave.group)?.id },
    };
    let known = match &act {
        Act::AddMembers { group, .. } | Act::RemoveMembers { group, .. } | Act::Leave { group } => {
            Some(*group)
        }
        _ => None,
    };
    let id = match (desk.hand.act(act).await?, known) {
        (Answer::Grouped { group }, _) => group,
        (_, Some(group)) => group,
        _ => return Err(Kind::Bug.into()),
    };
    desk.go_out().await;
    show(desk, id).await
}

/// The group as it is now; a change that waits for the relay is not in it yet.
async fn show(desk: &Desk, id: ConversationId) -> Result<(), Trouble> {
    let directory = Directory::look(&desk.hand).await?;
    let group = directory.group(&id.to_string())?;
    desk.console.result(object(group), || line(desk, group)).await
}

async fn list(desk: &Desk, directory: &Directory) -> Result<(), Trouble> {
    let groups: Vec<_> = directory.conversations.iter().filter(|c| c.group).collect();
    if groups.is_empty() {
        return desk.console.people(&desk.words.say("groups-none", &[])).await;
    }
    for group in groups {
        desk.console.result(object(group), || line(desk, group)).await?;
    }
    Ok(())
}
