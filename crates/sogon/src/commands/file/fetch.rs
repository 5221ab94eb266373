//! `sogon file fetch`: files that were offered come, as far as there is room and a way.

use sogon_engine::{Act, view::Stage};

use super::{Known, known, list};
use crate::{
    cli::FileFetch,
    desk::Desk,
    hand::Hand,
    judged,
    people::Directory,
    trouble::{Kind, Trouble},
};

/// Room that stays for everything else.
const SPARE_BYTES: u64 = 262_144;

pub(super) async fn run(desk: &Desk, fetch: &FileFetch) -> Result<(), Trouble> {
    let mut wanted = Vec::new();
    for id in &fetch.ids {
        let found = known(desk, id).await?;
        let missing = found.file.bytes.saturating_sub(found.file.done_bytes);
        if found.message.from.is_some() {
            fits(&desk.hand, missing).await?;
        }
        wanted.push(found);
    }
    for found in &wanted {
        let (conversation, message) = found.place();
        let moved = desk.hand.act(Act::MoveFile { conversation, message }).await;
        moved.map_err(|trouble| match trouble.kind() {
            Kind::UnknownName => Kind::FileGone.into(),
            _ => trouble,
        })?;
    }
    desk.haul().await;
    let directory = Directory::look(&desk.hand).await?;
    let mut came = Ok(());
    for Known { message, .. } in wanted {
        let (conversation, id) = (message.conversation, message.id);
        let now = desk.hand.message(conversation, id).await?;
        let Some((now, file)) = now.and_then(|now| now.file.clone().map(|file| (now, file))) else {
            continue;
        };
        list::show(desk, &directory, &now).await?;
        match file.stage {
            Stage::Here => drop(judged::judge(&desk.hand, &now).await?),
            Stage::Broken => came = Err(Kind::FileBroken.into()),
            Stage::Missing => came = Err(Kind::FileGone.into()),
            Stage::NoRoom => came = Err(Kind::HomeFull.into()),
            _ => {}
        }
    }
    came
}

/// The home takes so many bytes more.
///
/// # Errors
/// [`Kind::NoRoom`] says how much is missing.
pub(crate) async fn fits(hand: &Hand, bytes: u64) -> Result<(), Trouble> {
    let free = hand.look(|vault| vault.free_bytes().map_err(|_| sogon_engine::ShelfFault)).await?;
    // A row costs a little more than it holds.
    let needed = bytes.saturating_add(bytes.div_euclid(16)).saturating_add(SPARE_BYTES);
    match needed.checked_sub(free).filter(|missing| *missing > 0) {
        None => Ok(()),
        Some(missing) => {
            let mib = missing.div_euclid(1_048_576).saturating_add(2).to_string();
            Err(Trouble::of(Kind::NoRoom, &[("mib", &mib)]))
        }
    }
}
