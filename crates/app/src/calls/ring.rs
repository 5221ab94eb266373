//! Calls: whom it rings with, who takes it, how one stands.

use serde_json::{Value, json};
use sogon_engine::{Act, Answer, view};

use super::Asked;
use crate::home::{Home, Pace, Refusal};

/// `{conversation}`: it rings with the others from now on.
pub(super) async fn ring<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    connected(home).await?;
    let to = asked.conversation()?;
    let Answer::Queued { message } = home.act(Act::Call { to }).await? else {
        return Err(Refusal::Bug);
    };
    Ok(json!({ "call": message.to_string() }))
}

/// `{conversation, call}`: taken.
pub(super) async fn take<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    connected(home).await?;
    let (conversation, call) = (asked.conversation()?, asked.message("call")?);
    home.act(Act::TakeCall { conversation, call }).await?;
    Ok(json!({}))
}

/// `{conversation, call}`: not wanted, or not any more.
pub(super) async fn hang_up<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let (conversation, call) = (asked.conversation()?, asked.message("call")?);
    home.act(Act::HangUp { conversation, call }).await?;
    Ok(json!({}))
}

/// `{conversation, call}`: how it stands, whose it is, and whether it is a group's.
pub(super) async fn call<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let (conversation, call) = (asked.conversation()?, asked.message("call")?);
    home.look(move |shelf| {
        let its = view::message(shelf, conversation, call)?;
        let known = view::conversation(shelf, conversation)?;
        Ok(json!({
            "standing": its.as_ref().map(|its| its.text.clone()),
            "from": its.and_then(|its| its.from),
            "title": known.as_ref().map(|known| known.title.clone()),
            "group": known.is_some_and(|known| known.group),
        }))
    })
    .await
}

/// `{conversation, direct}`: whether calls may go from one to the other without the relay, where the
/// other chose so too.
pub(super) async fn direct<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let (conversation, direct) = (asked.conversation()?, asked.yes("direct"));
    home.act(Act::DirectCalls { conversation, direct }).await?;
    Ok(json!({}))
}

async fn connected<H: Home>(home: &H) -> Result<(), Refusal> {
    if home.pace().await? == Pace::Live { Ok(()) } else { Err(Refusal::NotLive) }
}
