//! `sogon backup`: an encrypted copy, from an open home.

use sogon_engine::{Act, view::AlertKind};
use sogon_vault::Passphrase;

use crate::{
    backup::{self, Counts},
    cli::Backup,
    desk::Desk,
    trouble::{Kind, Trouble},
};

/// The backup's passphrase was asked where somebody can type.
pub(super) async fn run(desk: &Desk, backup: &Backup) -> Result<(), Trouble> {
    let passphrase = Passphrase::new(desk.input.as_deref().ok_or(Kind::Bug)?)?;
    let batch = desk.hand.portable().await?;
    let counts = Counts::of(&batch);
    let condition = backup::write(&backup.file, &batch, &passphrase, backup.light)?;
    let note = Act::Note { kind: AlertKind::BackedUp, detail: String::new() };
    desk.hand.act(note).await?;
    counts.tell("backed-up", condition, &desk.console, &desk.words).await
}
