//! `sogon direct`: whether calls with somebody may go from one to the other without the relay.

use serde_json::json;
use sogon_carry::Ways;
use sogon_engine::{Act, view};

use crate::{
    cli::DirectCalls,
    desk::Desk,
    people::Directory,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk, options: &DirectCalls) -> Result<(), Trouble> {
    let conversation = Directory::look(&desk.hand).await?.conversation(&options.contact)?;
    if let Some(choice) = options.choice {
        let direct = choice.is_yes();
        desk.hand.act(Act::DirectCalls { conversation, direct }).await?;
    }
    let known = desk.hand.look(move |vault| view::conversation(vault, conversation)).await?;
    let known = known.ok_or(Kind::UnknownName)?;
    if known.direct && desk.hand.ways().await? != Ways::Any {
        desk.console.remark(&desk.words.say("direct-not-now", &[])).await;
    }
    let which = if known.direct { "direct-yes" } else { "direct-no" };
    let object = json!({ "conversation": conversation.to_string(), "direct": known.direct });
    desk.console.result(object, || desk.words.say(which, &[("name", &known.title)])).await
}
