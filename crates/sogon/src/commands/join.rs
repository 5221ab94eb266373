//! `sogon join`: answering somebody's link.

use serde_json::json;
use sogon_engine::{Act, Answer, view::Standing};

use crate::{
    cli::Join,
    desk::Desk,
    people::Directory,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk, join: &Join) -> Result<(), Trouble> {
    let act = Act::Join { invite: join.link.parse()?, name: join.name.clone() };
    let Answer::Joining { contact } = desk.hand.act(act).await? else {
        return Err(Kind::Bug.into());
    };
    desk.go_out().await;
    let directory = Directory::look(&desk.hand).await?;
    let contact = directory.contact(&contact.to_string())?;
    let object = json!({ "contact": contact.id.to_string(), "state": contact.standing.name() });
    let name: &[_] = &[("name", contact.name.as_str())];
    let words = || match (contact.standing, contact.conversation) {
        (Standing::Ready, _) => desk.words.say("joined", name),
        (Standing::Waiting | Standing::Blocked, Some(_)) => desk.words.say("joining", &[]),
        (Standing::Waiting | Standing::Blocked, None) => desk.words.say("joining-later", &[]),
    };
    desk.console.result(object, words).await
}
