//! `sogon read`: the messages.

use std::collections::BTreeSet;

use sogon_engine::{Act, ConversationId, view::Message};

use super::follow;
use crate::{
    cli::Read,
    desk::Desk,
    letter::{self, Pile},
    moment,
    people::Directory,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk, read: &Read) -> Result<(), Trouble> {
    let directory = Directory::look(&desk.hand).await?;
    let only = read.from.as_ref().map(|name| directory.conversation(name)).transpose()?;
    let since = match &read.since {
        Some(text) => Some(moment::since(text, moment::now_s()).ok_or(Kind::BadSince)?),
        None => None,
    };
    // A home of a year has a million messages: what is new stands at the end.
    let last = desk.hand.look(|vault| letter::newest(vault)).await?;
    let mut shown = Shown { since, none: true, new: BTreeSet::new() };
    if read.unread {
        let mut found = desk.hand.look(move |vault| letter::unread(vault, only)).await?;
        found.retain(|message| message.unread);
        shown.show(desk, &directory, found).await?;
    } else {
        let mut pile = desk.hand.look(move |vault| Pile::after(vault, only, 0)).await?;
        loop {
            let look = desk.hand.look(move |vault| Ok((pile.next(vault)?, pile)));
            let (page, rest) = look.await?;
            pile = rest;
            if page.is_empty() {
                break;
            }
            shown.show(desk, &directory, page).await?;
        }
    }
    // With --since older ones were left out: nobody has seen those.
    if since.is_none() {
        for conversation in shown.new {
            desk.hand.act(Act::MarkRead { conversation }).await?;
        }
    }
    if read.follow {
        return follow::follow(desk, only, last, follow::Seen::Here).await;
    }
    if shown.none {
        desk.console.remark(&desk.words.say("read-none", &[])).await;
    }
    Ok(())
}

/// What was shown until now.
struct Shown {
    since: Option<u64>,
    none: bool,
    /// Conversations with messages that nobody had seen.
    new: BTreeSet<ConversationId>,
}

impl Shown {
    async fn show(
        &mut self,
        desk: &Desk,
        directory: &Directory,
        mut messages: Vec<Message>,
    ) -> Result<(), Trouble> {
        messages.retain(|message| self.since.is_none_or(|since| message.at_s >= since));
        letter::show_among(desk, directory, &messages).await?;
        self.none &= messages.is_empty();
        let new = messages.iter().filter(|message| message.unread);
        self.new.extend(new.map(|message| message.conversation));
        Ok(())
    }
}
