//! `sogon lock`, `unlock`, `passwd`, `wipe`, in an open home.

use sogon_engine::{Act, view::AlertKind};

use crate::{
    cli::Wipe,
    desk::Desk,
    keeper::Farewell,
    trouble::{Kind, Trouble},
};

pub(super) async fn lock(desk: &Desk) -> Result<(), Trouble> {
    match desk.hand.close(Farewell::Lock).await {
        // Somebody else did it a moment ago.
        Err(trouble) if matches!(trouble.kind(), Kind::LockedMeanwhile) => {}
        closed => closed?,
    }
    desk.console.state("locked", &desk.words).await
}

/// It is open, so there is nothing to do.
pub(super) async fn unlock(desk: &Desk) -> Result<(), Trouble> {
    desk.console.state("unlocked", &desk.words).await
}

/// The passphrase until now and the new one were asked where somebody can type.
pub(super) async fn passwd(desk: &Desk) -> Result<(), Trouble> {
    let input = desk.input.as_deref().and_then(|input| input.split_once('\n'));
    let (old, new) = input.ok_or(Kind::Bug)?;
    desk.hand.change_passphrase(desk.home.key(old)?, desk.home.key(new)?).await?;
    let note = Act::Note { kind: AlertKind::PassphraseChanged, detail: String::new() };
    desk.hand.act(note).await?;
    desk.console.state("changed", &desk.words).await
}

/// Whether it is meant was asked where somebody can type.
pub(super) async fn wipe(desk: &Desk, wipe: &Wipe) -> Result<(), Trouble> {
    if wipe.duress {
        desk.hand.wipe_others().await?;
        return desk.console.state("wiped-others", &desk.words).await;
    }
    let how = if wipe.all { Farewell::WipeAll } else { Farewell::Wipe };
    desk.hand.close(how).await?;
    desk.home.forget_relay();
    desk.console.state("wiped", &desk.words).await
}
