//! Speech between a page and a home: recorded second by second, so that a note that was begun is
//! there after a lock, a cut or a crash; and heard.

use serde_json::{Value, json};
use sogon_engine::{Change, ConversationId, Order, Shelf, ShelfFault, view};

use crate::{
    app::Place,
    home::{Home, Refusal},
    memo::SPEECH,
    parcel::{Recorder, Speaking},
};

/// The longest note, in milliseconds.
const NOTE_MS_MAX: u32 = 600_000;
/// The largest note that is played: ten thousand frames of 400 bytes (SPEC 11.1).
const NOTE_BYTES_MAX: u64 = 4_000_008;
/// How long a frame of a note lasts, in milliseconds (SPEC 11.1).
const FRAME_MS: u32 = 60;
/// Rows of one note: more seconds than it may have.
const ROWS_MAX: usize = 2_000;
/// Before the frames of a row: how many milliseconds they last.
const ROW_HEAD_BYTES: usize = 4;

/// What was recorded for a conversation and not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Begun {
    /// Rows it lies in.
    pub(crate) keys: Vec<Vec<u8>>,
    pub(crate) frames: Vec<u8>,
    pub(crate) ms: u32,
}

impl Begun {
    /// Bytes of each of its frames; none where there are none.
    fn frame_bytes(&self) -> Option<usize> {
        let frames = usize::try_from(self.ms.checked_div(FRAME_MS)?).ok()?;
        self.frames.len().checked_div(frames)
    }
}

/// What was begun, if anything was.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub(crate) fn begun(shelf: &dyn Shelf, id: ConversationId) -> Result<Begun, ShelfFault> {
    let mut begun = Begun::default();
    for (key, row) in shelf.scan(SPEECH, &id.0, None, ROWS_MAX, Order::Up)? {
        if let Some((ms, frames)) = row.split_first_chunk::<ROW_HEAD_BYTES>() {
            begun.ms = begun.ms.saturating_add(u32::from_be_bytes(*ms));
            begun.frames.extend(frames);
        }
        begun.keys.push(key);
    }
    Ok(begun)
}

/// Somebody begins to speak; what was begun before goes on.
///
/// # Errors
/// [`Refusal::TooLarge`] when the note is as long as it may be.
pub(crate) async fn begin<H: Home>(
    place: &Place<H>,
    home: &H,
    conversation: ConversationId,
) -> Result<Value, Refusal> {
    let begun = home.look(move |shelf| begun(shelf, conversation)).await?;
    if begun.ms >= NOTE_MS_MAX {
        return Err(Refusal::TooLarge);
    }
    let rows = u32::try_from(begun.keys.len()).map_err(|_| Refusal::TooLarge)?;
    let recorder = home.recorder(begun.frame_bytes()).await?;
    let speaking = Speaking { conversation, recorder, samples: 0, rows };
    let id = place.tray.speak(speaking)?;
    Ok(json!({ "speech": id, "ms": begun.ms }))
}

/// The next samples (16 bits, little end first), after so many: on return they are in the home.
///
/// # Errors
/// [`Refusal::Unknown`] when nobody speaks, [`Refusal::BadInput`] for samples that are not the next
/// ones, what the home says.
pub(crate) async fn listen<H: Home>(
    place: &Place<H>,
    id: &str,
    at: u64,
    bytes: &[u8],
) -> Result<u64, Refusal> {
    let home = place.home.borrow().clone().ok_or(Refusal::Locked)?;
    home.attended();
    let samples: Vec<i16> =
        bytes.as_chunks::<2>().0.iter().map(|two| i16::from_le_bytes(*two)).collect();
    let count = u64::try_from(samples.len()).map_err(|_| Refusal::TooLarge)?;
    let (after, change) = place.tray.spoken(id, |speaking| {
        let after = at.checked_add(count).ok_or(Refusal::TooLarge)?;
        if after <= speaking.samples {
            return Ok((speaking.samples, None));
        }
        if at != speaking.samples {
            return Err(Refusal::BadInput);
        }
        let (frames, ms) = speaking.recorder.hear(&samples)?;
        speaking.samples = after;
        if ms == 0 {
            return Ok((after, None));
        }
        let key = [&speaking.conversation.0[..], &speaking.rows.to_be_bytes()].concat();
        speaking.rows = speaking.rows.saturating_add(1);
        let value = [&ms.to_be_bytes()[..], &frames].concat();
        Ok((after, Some(Change::Put { table: SPEECH, key, value })))
    })?;
    if usize::try_from(after.div_euclid(16)).unwrap_or(usize::MAX) > NOTE_MS_MAX as usize {
        return Err(Refusal::TooLarge);
    }
    if let Some(change) = change {
        home.keep(vec![change]).await?;
    }
    Ok(after)
}

/// The note that was begun, whole, and how long it is.
///
/// # Errors
/// [`Refusal::NoNote`] when nothing was said.
pub(crate) async fn whole<H: Home>(
    home: &H,
    conversation: ConversationId,
) -> Result<(Vec<u8>, u32), Refusal> {
    let begun = home.look(move |shelf| begun(shelf, conversation)).await?;
    if begun.frames.is_empty() {
        return Err(Refusal::NoNote);
    }
    let ms = begun.ms.min(NOTE_MS_MAX);
    Ok((home.note(begun.frames, ms)?, ms))
}

/// Forgets what was begun.
///
/// # Errors
/// What the home says.
pub(crate) async fn forget<H: Home>(home: &H, conversation: ConversationId) -> Result<(), Refusal> {
    let begun = home.look(move |shelf| begun(shelf, conversation)).await?;
    let gone = begun.keys.into_iter().map(|key| Change::Delete { table: SPEECH, key });
    home.keep(gone.collect()).await
}

/// `{conversation, id}`: what is heard of a note, or without an id of what was begun; samples of 16
/// bits, little end first.
///
/// # Errors
/// [`Refusal::NoNote`], [`Refusal::NotHere`], what the home says.
pub(crate) async fn hear<H: Home>(place: &Place<H>, asked: &Value) -> Result<Vec<u8>, Refusal> {
    let home = place.home.borrow().clone().ok_or(Refusal::Locked)?;
    home.attended();
    let text = |name: &str| asked.get(name).and_then(Value::as_str);
    let conversation: ConversationId =
        text("conversation").and_then(|id| id.parse().ok()).ok_or(Refusal::BadInput)?;
    let note = match text("id") {
        None => whole(&home, conversation).await?.0,
        Some(id) => {
            let id = id.parse().map_err(|_| Refusal::BadInput)?;
            let note = home.look(move |shelf| {
                let Some(file) = view::message(shelf, conversation, id)?.and_then(|m| m.file)
                else {
                    return Ok(Err(Refusal::Unknown));
                };
                if file.voice_ms.is_none() || file.bytes > NOTE_BYTES_MAX {
                    return Ok(Err(Refusal::NoNote));
                }
                let mut note = Vec::new();
                for index in 0..file.pieces {
                    match view::piece(shelf, conversation, id, index)? {
                        Some(piece) => note.extend(piece),
                        None => return Ok(Err(Refusal::NotHere)),
                    }
                }
                Ok(Ok(note))
            });
            note.await??
        }
    };
    let samples = home.play(note).await?;
    Ok(samples.into_iter().flat_map(i16::to_le_bytes).collect())
}
