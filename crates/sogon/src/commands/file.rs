//! `sogon file`: files sent, offered, fetched, saved.

pub(crate) mod fetch;
pub(super) mod list;
mod preview;
mod rule;
pub(crate) mod save;
mod send;

use sogon_engine::{Act, MessageId, view};

use crate::{
    cli::{File, FileAuto},
    desk::Desk,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk, file: &File) -> Result<(), Trouble> {
    match file {
        File::Send(send) => send::run(desk, send).await,
        File::List => list::run(desk).await,
        File::Fetch(fetch) => fetch::run(desk, fetch).await,
        File::Save(save) => save::run(desk, save).await,
        File::Pause(pause) => {
            let (conversation, message) = known(desk, &pause.id).await?.place();
            desk.hand.act(Act::PauseFile { conversation, message }).await?;
            desk.console.state("paused", &desk.words).await
        }
        File::Drop(drop) => {
            let found = known(desk, &drop.id).await?;
            if found.file.stage == view::Stage::Sending {
                return Err(Kind::FileLeaving.into());
            }
            let (conversation, message) = found.place();
            desk.hand.act(Act::DropFile { conversation, message }).await?;
            desk.console.state("dropped", &desk.words).await
        }
        File::Auto(auto) => below(desk, auto).await,
        File::Preview(preview) => preview::run(desk, preview).await,
        File::Rule(rule) => rule::run(desk, rule).await,
        File::Metered(metered) => rule::metered(desk, metered).await,
    }
}

/// A file, and its message.
pub(crate) struct Known {
    pub(crate) message: view::Message,
    pub(crate) file: view::File,
}

impl Known {
    /// The file of a message, if it is one.
    pub(crate) fn of(message: view::Message) -> Option<Self> {
        let file = message.file.clone()?;
        Some(Self { message, file })
    }

    pub(crate) fn place(&self) -> (sogon_engine::ConversationId, MessageId) {
        (self.message.conversation, self.message.id)
    }
}

/// The file of this id, or of the beginning of one.
pub(super) async fn known(desk: &Desk, id: &str) -> Result<Known, Trouble> {
    let all = desk.hand.look(|vault| view::files(vault)).await?;
    let mut found =
        all.into_iter().filter(|its| id.len() >= 4 && its.id.to_string().starts_with(id));
    let (Some(message), None) = (found.next(), found.next()) else {
        return Err(Kind::UnknownFile.into());
    };
    Known::of(message).ok_or_else(|| Kind::UnknownFile.into())
}

async fn below(desk: &Desk, auto: &FileAuto) -> Result<(), Trouble> {
    if let Some(bytes) = auto.below {
        desk.hand.act(Act::FetchBelow { bytes }).await?;
    }
    let bytes = desk.hand.look(|vault| view::fetch_below(vault)).await?;
    let object = serde_json::json!({ "bytes": bytes });
    let words = || match bytes {
        0 => desk.words.say("file-auto-none", &[]),
        bytes => desk.words.say("file-auto", &[("size", &super::size(bytes))]),
    };
    desk.console.result(object, words).await
}
