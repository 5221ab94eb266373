//! `sogon delete`: a message that is to be gone.

use sogon_engine::{Act, MessageId, Reach};

use crate::{
    cli::Delete,
    desk::Desk,
    people::Directory,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk, delete: &Delete) -> Result<(), Trouble> {
    let conversation = Directory::look(&desk.hand).await?.conversation(&delete.conversation)?;
    let unknown = || Trouble::from(Kind::UnknownMessage);
    let message: MessageId = delete.id.parse().map_err(|_| unknown())?;
    let reach = if delete.everywhere { Reach::Everywhere } else { Reach::Here };
    let act = Act::Delete { conversation, message, reach };
    desk.hand.act(act).await.map_err(|trouble| match trouble.kind() {
        Kind::UnknownName => unknown(),
        _ => trouble,
    })?;
    if reach == Reach::Everywhere {
        desk.go_out().await;
    }
    desk.console.state("deleted", &desk.words).await
}
