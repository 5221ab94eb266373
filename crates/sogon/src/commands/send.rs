//! `sogon send`: a text into the outbox, and out of the house if there is a way.

use serde_json::json;
use sogon_engine::{Act, Answer, ConversationId, Event, MessageId, TEXT_BYTES_MAX, view::Delivery};

use crate::{
    cli::Send,
    desk::{Desk, Woken},
    people::Directory,
    span::Span,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk, send: &Send) -> Result<(), Trouble> {
    let text = match (send.text.as_str(), &desk.input) {
        ("-", Some(input)) => input.trim_end_matches(['\r', '\n']).to_owned(),
        (text, _) => text.to_owned(),
    };
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return Err(if text.is_empty() { Kind::BadInput } else { Kind::TooLarge }.into());
    }
    let to = Directory::look(&desk.hand).await?.conversation(&send.to)?;
    let reply_to = match &send.reply {
        Some(id) => Some(answered(desk, to, id).await?),
        None => None,
    };
    let fades = if send.once { Some(0) } else { send.expires.map(Span::seconds) };
    let act = match fades {
        Some(after_s) => Act::SendFading { to, text, reply_to, after_s },
        None => Act::Send { to, text, reply_to },
    };
    let Answer::Queued { message } = desk.hand.act(act).await? else {
        return Err(Kind::Bug.into());
    };
    let state = match send.wait {
        None => {
            desk.go_out().await;
            stored(desk, to, message).await?
        }
        Some(span) => arrival(desk, to, message, span).await?,
    };
    let word = state.name();
    let object = json!({ "id": message.to_string(), "state": word });
    desk.console.result(object, || desk.words.say(&format!("state-{word}"), &[])).await?;
    match (state, send.wait) {
        (Delivery::Failed, _) => Err(Kind::Over.into()),
        (Delivery::Queued, Some(_)) => Err(Kind::NothingSent.into()),
        (Delivery::Queued, None) => {
            desk.console.remark(&desk.words.say("send-waits", &[])).await;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Stays connected until the message has arrived, or for so long.
async fn arrival(
    desk: &Desk,
    to: ConversationId,
    message: MessageId,
    span: Span,
) -> Result<Delivery, Trouble> {
    let mut events = desk.hand.events();
    desk.hand.live().await?;
    let deadline = tokio::time::sleep(span.duration());
    tokio::pin!(deadline);
    loop {
        let state = stored(desk, to, message).await?;
        if state >= Delivery::Delivered {
            return Ok(state);
        }
        tokio::select! {
            woken = desk.woken(&mut events) => match woken {
                Err(trouble) if trouble.kind() == Kind::HostEnded => return Ok(state),
                Ok(Woken::By(Event::Unreached { relay, why })) => {
                    desk.unreached(relay.host(), why).await;
                }
                woken => drop(woken?),
            },
            () = &mut deadline => return Ok(state),
        }
    }
}

async fn stored(desk: &Desk, to: ConversationId, id: MessageId) -> Result<Delivery, Trouble> {
    let message = desk.hand.message(to, id).await?;
    // One to be seen once is gone here as soon as it is with the relay.
    Ok(message.and_then(|message| message.delivery).unwrap_or(Delivery::Handed))
}

async fn answered(desk: &Desk, to: ConversationId, id: &str) -> Result<MessageId, Trouble> {
    let unknown = || Trouble::from(Kind::UnknownMessage);
    let id: MessageId = id.parse().map_err(|_| unknown())?;
    desk.hand.message(to, id).await?.map(|message| message.id).ok_or_else(unknown)
}
