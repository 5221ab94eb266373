//! `sogon read`: the messages.

use std::collections::BTreeSet;

use sogon_engine::Act;

use super::follow;
use crate::{
    cli::Read,
    desk::Desk,
    letter, moment,
    people::Directory,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk, read: &Read) -> Result<(), Trouble> {
    let only = match &read.from {
        Some(name) => Some(Directory::look(&desk.hand).await?.conversation(name)?),
        None => None,
    };
    let since = match &read.since {
        Some(text) => Some(moment::since(text, moment::now_s()).ok_or(Kind::BadSince)?),
        None => None,
    };
    // A home of a year has a million messages: what is new stands at the end.
    let last = desk.hand.look(|vault| letter::newest(vault)).await?;
    let unread = read.unread;
    let all = desk
        .hand
        .look(move |vault| match unread {
            true => letter::unread(vault, only),
            false => letter::after(vault, only, 0),
        })
        .await?;
    let wanted: Vec<_> = all
        .into_iter()
        .filter(|message| since.is_none_or(|since| message.at_s >= since))
        .filter(|message| !read.unread || message.unread)
        .collect();
    letter::show(desk, &wanted).await?;
    // With --since older ones were left out: nobody has seen those.
    if since.is_none() {
        let seen: BTreeSet<_> =
            wanted.iter().filter(|message| message.unread).map(|m| m.conversation).collect();
        for conversation in seen {
            desk.hand.act(Act::MarkRead { conversation }).await?;
        }
    }
    if read.follow {
        return follow::follow(desk, only, last, follow::Seen::Here).await;
    }
    if wanted.is_empty() {
        desk.console.remark(&desk.words.say("read-none", &[])).await;
    }
    Ok(())
}
