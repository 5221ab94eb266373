//! `sogon edit` and `sogon react`: a message that changes after it was said.

use sogon_engine::{Act, ConversationId, MessageId};

use crate::{
    cli::{Edit, React},
    desk::Desk,
    people::Directory,
    trouble::{Kind, Trouble},
};

pub(super) async fn edit(desk: &Desk, edit: &Edit) -> Result<(), Trouble> {
    let (conversation, message) = place(desk, &edit.conversation, &edit.id).await?;
    let act = Act::Edit { conversation, message, text: edit.text.clone() };
    change(desk, act, "edited").await
}

pub(super) async fn react(desk: &Desk, react: &React) -> Result<(), Trouble> {
    let (conversation, message) = place(desk, &react.conversation, &react.id).await?;
    let act = Act::React { conversation, message, face: react.face.clone().unwrap_or_default() };
    change(desk, act, "reacted").await
}

async fn place(
    desk: &Desk,
    conversation: &str,
    id: &str,
) -> Result<(ConversationId, MessageId), Trouble> {
    let conversation = Directory::look(&desk.hand).await?.conversation(conversation)?;
    Ok((conversation, id.parse().map_err(|_| Kind::UnknownMessage)?))
}

async fn change(desk: &Desk, act: Act, state: &str) -> Result<(), Trouble> {
    desk.hand.act(act).await.map_err(|trouble| match trouble.kind() {
        Kind::UnknownName => Kind::UnknownMessage.into(),
        _ => trouble,
    })?;
    desk.go_out().await;
    desk.console.state(state, &desk.words).await
}
