//! Pictures of pictures: drawn by a worker without files or network; small ones are kept sealed, large
//! ones nowhere.

use std::{
    fs::File,
    io::{self, Seek, Write},
};

use sogon_engine::{Act, ConversationId, MessageId, view};
use sogon_inspect::{
    clean::Workshop,
    preview::{self, Extent, PICTURE_BYTES_MAX, Preview},
};
use tokio::sync::Semaphore;

use crate::{
    hand::Hand,
    inspection,
    outgoing::in_memory,
    trouble::{Kind, Trouble},
};

/// Pictures that are drawn at the same time: each worker may take a gibibyte.
static DRAWN: Semaphore = Semaphore::const_new(2);

/// A preview of a file in the home: the one that is kept, or one drawn now, and kept unless the file
/// is to be seen once. `None` for what is no picture, or none that can be drawn.
///
/// # Errors
/// [`Kind::FileNotHere`], or what the store says.
pub(crate) async fn of(
    hand: &Hand,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<Vec<u8>>, Trouble> {
    let kept = hand.look(move |vault| view::preview(vault, conversation, message)).await?;
    if kept.is_some() {
        return Ok(kept);
    }
    let Some(drawn) = anew(hand, conversation, message, Extent::Small).await? else {
        return Ok(None);
    };
    keep(hand, conversation, message, drawn.clone()).await?;
    Ok(Some(drawn))
}

/// The same as large as a screen; kept nowhere.
///
/// # Errors
/// As [`of`].
pub(crate) async fn large(
    hand: &Hand,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<Vec<u8>>, Trouble> {
    anew(hand, conversation, message, Extent::Large).await
}

async fn anew(
    hand: &Hand,
    conversation: ConversationId,
    message: MessageId,
    extent: Extent,
) -> Result<Option<Vec<u8>>, Trouble> {
    let known = hand.message(conversation, message).await?.and_then(|message| message.file);
    let file = known.ok_or(Kind::UnknownFile)?;
    if !file.whole {
        return Err(Kind::FileNotHere.into());
    }
    if file.bytes > PICTURE_BYTES_MAX || file.voice_ms.is_some() {
        return Ok(None);
    }
    // Its bytes are taken out of the home when it is its turn, not before.
    let turn = DRAWN.acquire().await.map_err(|_| Kind::Bug)?;
    let mut copy = in_memory().map_err(|_| Kind::System)?;
    for index in 0..file.pieces {
        let look =
            move |vault: &sogon_vault::Vault| view::piece(vault, conversation, message, index);
        let piece = hand.look(look).await?.ok_or(Kind::FileNotHere)?;
        copy.write_all(&piece).map_err(|_| Kind::System)?;
    }
    let drawn = drawn(copy, extent).await;
    drop(turn);
    drawn
}

/// Keeps one.
///
/// # Errors
/// What the store says.
pub(crate) async fn keep(
    hand: &Hand,
    conversation: ConversationId,
    message: MessageId,
    bytes: Vec<u8>,
) -> Result<(), Trouble> {
    hand.act(Act::KeepPreview { conversation, message, bytes }).await.map(|_| ())
}

/// The preview of an open file; none for what is no picture, or when drawing did not end well.
///
/// # Errors
/// Only what is wrong with this system.
pub(crate) async fn draw(file: File) -> Result<Option<Vec<u8>>, Trouble> {
    drawn(file, Extent::Small).await
}

async fn drawn(mut file: File, extent: Extent) -> Result<Option<Vec<u8>>, Trouble> {
    let workshop = Workshop::new(inspection::worker()?);
    let work = move || -> io::Result<Option<Preview>> {
        file.rewind()?;
        Ok(preview::preview(&file, extent, &workshop).ok())
    };
    let drawn = tokio::task::spawn_blocking(work).await.map_err(|_| Kind::Bug)?;
    Ok(drawn.map_err(|_| Kind::System)?.map(|its| its.bytes))
}
