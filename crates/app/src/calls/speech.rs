//! Voice notes on their way out.

use std::cell::Cell;

use serde_json::{Value, json};
use sogon_engine::{Act, Answer, FileInfo};

use super::{Asked, files};
use crate::{
    app::Place,
    home::{Home, Refusal},
    spoken,
};

/// What is said of a note's length beside the note: to the step.
const LENGTH_STEP_MS: u32 = 5_000;
/// What a note is called among media.
const MEDIA: &str = "audio/x-sogon-note";

/// `{conversation}`: somebody begins to speak, or goes on.
pub(super) async fn begin<H: Home>(
    place: &Place<H>,
    home: &H,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    home.attended();
    spoken::begin(place, home, asked.conversation()?).await
}

/// `{conversation, reply, once}`: what was said goes.
pub(super) async fn send<H: Home>(
    place: &Place<H>,
    home: &H,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    home.attended();
    let to = asked.conversation()?;
    let reply_to = if asked.has("reply") { Some(asked.message("reply")?) } else { None };
    place.tray.silence(to);
    let (note, ms) = spoken::whole(home, to).await?;
    let bytes = u64::try_from(note.len()).map_err(|_| Refusal::TooLarge)?;
    home.fits(bytes).await?;
    let Answer::Begun { file, piece_bytes } = home.act(Act::BeginFile { to, bytes }).await? else {
        return Err(Refusal::Bug);
    };
    let mut rest = note.as_slice();
    let next = |most: usize| {
        let (some, after) = rest.split_at(most.min(rest.len()));
        rest = after;
        Ok(some.to_vec())
    };
    let whole = files::pieces(home, (to, file), piece_bytes, &Cell::new(0), next).await;
    let about = FileInfo {
        media: MEDIA.to_owned(),
        voice_ms: Some(ms.div_ceil(LENGTH_STEP_MS).saturating_mul(LENGTH_STEP_MS)),
        ..FileInfo::default()
    };
    let once = asked.yes("once");
    let message = files::finish(home, (to, file), whole, about, reply_to, once).await?;
    spoken::forget(home, to).await?;
    files::stored(home, to, message).await
}

/// `{conversation}`: what was said is thrown away.
pub(super) async fn throw<H: Home>(
    place: &Place<H>,
    home: &H,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    let conversation = asked.conversation()?;
    place.tray.silence(conversation);
    spoken::forget(home, conversation).await?;
    Ok(json!({}))
}

/// `{conversation, id}`: a note was heard; from now on it fades, if it is to.
pub(super) async fn heard<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let (conversation, message) = (asked.conversation()?, asked.message("id")?);
    home.act(Act::OpenedFile { conversation, message }).await?;
    Ok(json!({}))
}
