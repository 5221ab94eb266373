//! Staying connected and showing what arrives: `sogon open`, and `sogon read --follow`.

use std::collections::BTreeSet;

use serde_json::json;
use sogon_engine::{Act, ConversationId, Event};

use crate::{
    desk::{Desk, Woken},
    letter,
    trouble::Trouble,
};

pub(super) async fn open(desk: &Desk) -> Result<(), Trouble> {
    let newest = desk.hand.look(|vault| letter::newest(vault)).await?;
    desk.console.result(json!({ "ready": true }), || desk.words.say("open-ready", &[])).await?;
    follow(desk, None, newest).await
}

/// Shows what comes after a place, for ever.
///
/// # Errors
/// Only with an error does it end.
pub(super) async fn follow(
    desk: &Desk,
    only: Option<ConversationId>,
    mut place: u64,
) -> Result<(), Trouble> {
    let mut events = desk.hand.events();
    desk.hand.live().await?;
    loop {
        let new = desk.hand.look(move |vault| letter::after(vault, only, place)).await?;
        if let Some(last) = new.last() {
            place = last.order;
            letter::show(desk, &new).await?;
            let seen: BTreeSet<_> =
                new.iter().filter(|message| message.unread).map(|m| m.conversation).collect();
            for conversation in seen {
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
            Woken::By(Event::Settled) => {}
            Woken::By(_) | Woken::Missed => return Ok(()),
        }
    }
}
