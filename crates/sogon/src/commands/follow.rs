//! Staying connected and showing what arrives: `sogon open`, and `sogon read --follow`.

use std::collections::BTreeSet;

use serde_json::json;
use sogon_engine::{Act, ConversationId, Event};

use crate::{
    cli::Open,
    console::Form,
    desk::{Desk, Woken},
    letter,
    trouble::{Kind, Trouble},
};

/// Whether what was shown counts as seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A person read it here.
    Here,
    /// It was told to a program; the person reads it in the app.
    Elsewhere,
}

pub(super) async fn open(desk: &Desk, options: &Open) -> Result<(), Trouble> {
    let newest = desk.hand.look(|vault| letter::newest(vault)).await?;
    let Some(page) = &desk.page else { return Err(Kind::Bug.into()) };
    let link = page.link()?;
    let ready = json!({ "ready": true, "url": link.url, "url_plain": link.plain });
    desk.console.result(ready, || desk.words.say("open-ready", &[])).await?;
    if desk.console.form() == Form::Json {
        return follow(desk, None, newest, Seen::Elsewhere).await;
    }
    let wanted = desk.console.is_a_terminal_of_ours() && !options.no_browser;
    if wanted && page.show(&link.url) {
        desk.console.people(&desk.words.say("open-browser", &[])).await?;
    } else {
        if wanted {
            desk.console.remark(&desk.words.say("open-no-browser", &[])).await;
        }
        let args = [("url", link.url.as_str()), ("plain", link.plain.as_str())];
        desk.console.people(&desk.words.say("open-link", &args)).await?;
    }
    if desk.console.is_a_guest() {
        return Ok(());
    }
    // The app shows messages; a terminal would keep them.
    let mut events = desk.hand.events();
    desk.hand.live().await?;
    loop {
        until_something_to_show(desk, &mut events).await?;
    }
}

/// Shows what comes after a place, for ever.
///
/// # Errors
/// Only with an error does it end.
pub(super) async fn follow(
    desk: &Desk,
    only: Option<ConversationId>,
    mut place: u64,
    seen: Seen,
) -> Result<(), Trouble> {
    let mut events = desk.hand.events();
    desk.hand.live().await?;
    loop {
        let new = desk.hand.look(move |vault| letter::after(vault, only, place)).await?;
        if let Some(last) = new.last() {
            place = last.order;
            letter::show(desk, &new).await?;
            let unread = new.iter().filter(|message| message.unread && seen == Seen::Here);
            let unread: BTreeSet<_> = unread.map(|message| message.conversation).collect();
            for conversation in unread {
                desk.hand.act(Act::MarkRead { conversation }).await?;
            }
        }
        until_something_to_show(desk, &mut events).await?;
    }
}

async fn until_something_to_show(
    desk: &Desk,
    events: &mut tokio::sync::broadcast::Receiver<Event>,
) -> Result<(), Trouble> {
    loop {
        match desk.woken(events).await? {
            Woken::By(Event::Unreached { relay, why }) => desk.unreached(relay.host(), why).await,
            Woken::By(Event::Reached { relay }) => {
                let host: &[_] = &[("host", relay.host())];
                desk.console.remark(&desk.words.say("relay-reached", host)).await;
            }
            Woken::By(Event::Alerted) => {
                desk.console.remark(&desk.words.say("alerted", &[])).await;
            }
            Woken::By(Event::Settled | Event::Hauled | Event::File { .. }) => {}
            Woken::By(_) | Woken::Missed => return Ok(()),
        }
    }
}
