//! `sogon voice`: recordings that travel as files of a constant rate.

use std::{io::Write, path::Path};

use serde_json::json;
use sogon_call::{note, note::Note, wav};
use sogon_engine::{Act, Answer, FileInfo, view};

use super::{
    file::{Known, fetch::fits, known, save::begin},
    size,
};
use crate::{
    cli::{Voice, VoiceSave, VoiceSend},
    desk::Desk,
    hand::Hand,
    pace::Pace,
    people::Directory,
    span::Span,
    trouble::{Kind, Trouble},
};

/// The largest note there can be: ten thousand frames of 400 bytes.
const NOTE_BYTES_MAX: u64 = 4_000_008;
/// What is said of a note's length beside the note: to the step.
const LENGTH_STEP_MS: u32 = 5_000;
/// What a note is called among media.
const MEDIA: &str = "audio/x-sogon-note";

pub(super) async fn run(desk: &Desk, voice: &Voice) -> Result<(), Trouble> {
    match voice {
        Voice::Send(send) => self::send(desk, send).await,
        Voice::Save(save) => self::save(desk, save).await,
    }
}

async fn send(desk: &Desk, send: &VoiceSend) -> Result<(), Trouble> {
    let to = Directory::look(&desk.hand).await?.conversation(&send.to)?;
    let path = desk.place(&send.from);
    let wrong = || Trouble::of(Kind::NoRecording, &[("path", &path.display().to_string())]);
    let about = std::fs::metadata(&path).map_err(|_| wrong())?;
    let largest = u64::try_from(wav::FILE_BYTES_MAX).unwrap_or(u64::MAX);
    if !about.is_file() || about.len() > largest {
        return Err(wrong());
    }
    let recording = std::fs::read(&path).map_err(|_| wrong())?;
    let kbit = match send.rate {
        Some(kbit) => kbit,
        None => Pace::look(&desk.hand).await?.note_kbit(),
    };
    let coding = move || wav::read(&recording).and_then(|samples| note::record_at(&samples, kbit));
    let coded = tokio::task::spawn_blocking(coding).await.map_err(|_| Kind::Bug)?;
    let note = coded.map_err(|_| wrong())?;
    let ms = Note::parse(&note).map_err(|_| wrong())?.ms();
    let bytes = u64::try_from(note.len()).unwrap_or(u64::MAX);
    fits(&desk.hand, bytes).await?;
    let begun = desk.hand.act(Act::BeginFile { to, bytes }).await?;
    let Answer::Begun { file, piece_bytes } = begun else { return Err(Kind::Bug.into()) };
    for some in note.chunks(piece_bytes.saturating_mul(4)) {
        desk.hand.act(Act::AddPieces { to, file, bytes: some.to_vec() }).await?;
    }
    let about = note_info(ms);
    let reply_to = match &send.reply {
        Some(id) => Some(id.parse().map_err(|_| Kind::UnknownMessage)?),
        None => None,
    };
    let after_s = if send.once { Some(0) } else { send.expires.map(Span::seconds) };
    desk.hand.act(Act::SendFile { to, file, about, reply_to, after_s }).await?;
    desk.haul().await;
    let now = desk.hand.message(to, file).await?.and_then(|message| message.file);
    let state = now.map_or("sent", |its| its.stage.name());
    let seconds = ms.div_ceil(1_000);
    let id = file.to_string();
    let object =
        json!({ "id": id, "seconds": seconds, "bytes": bytes, "state": state, "kbit": kbit });
    let words = || {
        let said = desk.words.say(&format!("file-{state}"), &[]);
        let (seconds, size) = (seconds.to_string(), size(bytes));
        let args = [("id", id.as_str()), ("seconds", &seconds), ("size", &size), ("state", &said)];
        desk.words.say("voice-sent", &args)
    };
    desk.console.result(object, words).await
}

/// What is said of a note of so many milliseconds.
pub(crate) fn note_info(ms: u32) -> FileInfo {
    FileInfo {
        media: MEDIA.to_owned(),
        voice_ms: Some(ms.div_ceil(LENGTH_STEP_MS).saturating_mul(LENGTH_STEP_MS)),
        ..FileInfo::default()
    }
}

async fn save(desk: &Desk, save: &VoiceSave) -> Result<(), Trouble> {
    let found = known(desk, &save.id).await?;
    if !found.file.whole {
        return Err(Kind::FileNotHere.into());
    }
    if found.file.no_saving {
        return Err(Kind::NoSaving.into());
    }
    let to = desk.place(&save.to);
    let (ms, written) = write_out(&desk.hand, &found, &to).await?;
    let (_, message) = found.place();
    let seconds = ms.div_ceil(1_000);
    let object = json!({
        "id": message.to_string(),
        "seconds": seconds,
        "bytes": written,
    });
    let words = || {
        let (path, seconds) = (to.display().to_string(), seconds.to_string());
        desk.words.say("voice-saved", &[("path", &path), ("seconds", &seconds)])
    };
    desk.console.result(object, words).await
}

/// Writes a note as a recording. Gives how long it is, and how many bytes were written.
///
/// # Errors
/// [`Kind::NoNote`], [`Kind::FileThere`], [`Kind::FileIo`].
pub(crate) async fn write_out(
    hand: &Hand,
    found: &Known,
    to: &Path,
) -> Result<(u32, usize), Trouble> {
    let note = bytes(hand, found).await?;
    let playing = move || Note::parse(&note).and_then(|note| Ok((note.ms(), note.play()?)));
    let played = tokio::task::spawn_blocking(playing).await.map_err(|_| Kind::Bug)?;
    let (ms, samples) = played.map_err(|_| Kind::NoNote)?;
    let recording = wav::write(&samples).map_err(|_| Kind::NoNote)?;
    let (mut out, unfinished) = begin(to)?;
    let failed = || Trouble::of(Kind::FileIo, &[("path", &to.display().to_string())]);
    out.write_all(&recording).map_err(|_| failed())?;
    unfinished.finish(&out)?;
    let (conversation, message) = found.place();
    hand.act(Act::OpenedFile { conversation, message }).await?;
    Ok((ms, recording.len()))
}

/// All of a note.
async fn bytes(hand: &Hand, found: &Known) -> Result<Vec<u8>, Trouble> {
    if found.file.voice_ms.is_none() || found.file.bytes > NOTE_BYTES_MAX {
        return Err(Kind::NoNote.into());
    }
    let ((conversation, message), pieces) = (found.place(), found.file.pieces);
    let look = move |vault: &sogon_vault::Vault| {
        let mut bytes = Vec::new();
        for index in 0..pieces {
            bytes.extend(view::piece(vault, conversation, message, index)?.unwrap_or_default());
        }
        Ok(bytes)
    };
    hand.look(look).await
}
