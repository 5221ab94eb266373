//! Small pictures of pictures: drawn by a worker without files or network, kept sealed.

use std::{
    fs::File,
    io::{self, Seek, Write},
};

use sogon_engine::{Act, ConversationId, MessageId, view};
use sogon_inspect::{
    clean::Workshop,
    preview::{self, PICTURE_BYTES_MAX, Preview},
};

use crate::{
    hand::Hand,
    inspection,
    outgoing::in_memory,
    trouble::{Kind, Trouble},
};

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
    let known = hand.message(conversation, message).await?.and_then(|message| message.file);
    let file = known.ok_or(Kind::UnknownFile)?;
    if !file.whole {
        return Err(Kind::FileNotHere.into());
    }
    if file.bytes > PICTURE_BYTES_MAX || file.voice_ms.is_some() {
        return Ok(None);
    }
    let mut copy = in_memory().map_err(|_| Kind::System)?;
    for index in 0..file.pieces {
        let look =
            move |vault: &sogon_vault::Vault| view::piece(vault, conversation, message, index);
        let piece = hand.look(look).await?.ok_or(Kind::FileNotHere)?;
        copy.write_all(&piece).map_err(|_| Kind::System)?;
    }
    let Some(drawn) = draw(copy).await? else { return Ok(None) };
    keep(hand, conversation, message, drawn.clone()).await?;
    Ok(Some(drawn))
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
pub(crate) async fn draw(mut file: File) -> Result<Option<Vec<u8>>, Trouble> {
    let workshop = Workshop::new(inspection::worker()?);
    let work = move || -> io::Result<Option<Preview>> {
        file.rewind()?;
        Ok(preview::preview(&file, &workshop).ok())
    };
    let drawn = tokio::task::spawn_blocking(work).await.map_err(|_| Kind::Bug)?;
    Ok(drawn.map_err(|_| Kind::System)?.map(|its| its.bytes))
}
