//! `sogon file send`: cleaned, taken into the home, offered; then on their way.

use std::path::Path;

use serde_json::json;
use sogon_engine::{
    Act, Answer, ConversationId, FILE_NAME_BYTES_MAX, FileInfo, MessageId, PIECES_BYTES_MAX,
};

use super::fetch;
use crate::{
    cli::FileSend,
    commands::size,
    desk::Desk,
    outgoing::Outgoing,
    pace::Pace,
    people::Directory,
    preview,
    span::Span,
    trouble::{Kind, Trouble},
};

/// Bytes taken in by one step: few enough for the log of a small home.
const STEP_BYTES_MAX: usize = 65_536;

pub(super) async fn run(desk: &Desk, send: &FileSend) -> Result<(), Trouble> {
    let to = Directory::look(&desk.hand).await?.conversation(&send.to)?;
    let reply_to = match &send.reply {
        Some(id) => Some(id.parse().map_err(|_| Kind::UnknownMessage)?),
        None => None,
    };
    // All are cleaned before one leaves: a refusal leaves nothing half done.
    let mut all = Vec::new();
    for path in &send.paths {
        let path = desk.place(path);
        all.push((outgoing(desk, send, &path).await?, path));
    }
    let bytes = all.iter().fold(0_u64, |sum, (file, _)| sum.saturating_add(file.bytes));
    fetch::fits(&desk.hand, bytes).await?;
    let mut sent = Vec::new();
    for (mut file, path) in all {
        let (id, name) = take_in(desk, send, (to, reply_to), &mut file, &path).await?;
        sent.push((id, name, file));
    }
    desk.haul().await;
    for (id, name, file) in sent {
        told(desk, to, id, &name, &file).await?;
    }
    Ok(())
}

async fn outgoing(desk: &Desk, send: &FileSend, path: &Path) -> Result<Outgoing, Trouble> {
    if send.keep_metadata {
        return Outgoing::as_it_is(path);
    }
    let (path, language) = (path.to_owned(), desk.words.language().inspector());
    let side = match send.original {
        true => None,
        false => Some(Pace::look(&desk.hand).await?.picture_side()),
    };
    let work = move || match side {
        Some(side) => Outgoing::cleaned(&path, language)?.fitted(side),
        None => Outgoing::cleaned(&path, language),
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| Kind::Bug)?
}

async fn take_in(
    desk: &Desk,
    send: &FileSend,
    (to, reply_to): (ConversationId, Option<MessageId>),
    file: &mut Outgoing,
    path: &Path,
) -> Result<(MessageId, String), Trouble> {
    let begun = desk.hand.act(Act::BeginFile { to, bytes: file.bytes }).await?;
    let Answer::Begun { file: id, piece_bytes } = begun else { return Err(Kind::Bug.into()) };
    let done = pieces(desk, (to, id), file, piece_bytes).await;
    if let Err(trouble) = done {
        // What was taken in is no use to anybody.
        let _ = desk.hand.act(Act::ForgetFile { to, file: id }).await;
        return Err(trouble);
    }
    let own = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let letters: String = id.to_string().chars().take(4).collect();
    let name = match own.filter(|name| send.keep_name && name.len() <= FILE_NAME_BYTES_MAX) {
        Some(own) => own,
        None => file.neutral_name(path, &letters),
    };
    let about = FileInfo { name: name.clone(), no_saving: send.no_saving, ..FileInfo::default() };
    let after_s = if send.once { Some(0) } else { send.expires.map(Span::seconds) };
    let act = Act::SendFile { to, file: id, about, reply_to, after_s };
    desk.hand.act(act).await?;
    if let Ok(picture) = file.handle()
        && file.is_picture()
        && let Some(drawn) = preview::draw(picture).await?
    {
        // When its bytes are gone from here it can still be told from others.
        preview::keep(&desk.hand, to, id, drawn).await?;
    }
    Ok((id, name))
}

async fn pieces(
    desk: &Desk,
    (to, id): (ConversationId, MessageId),
    file: &mut Outgoing,
    piece_bytes: usize,
) -> Result<(), Trouble> {
    let most = STEP_BYTES_MAX.min(PIECES_BYTES_MAX);
    let count = most.checked_div(piece_bytes).unwrap_or(1).max(1);
    let step = piece_bytes.saturating_mul(count);
    let mut taken = 0_u64;
    loop {
        let bytes = file.next(step).map_err(|_| Kind::FileChanged)?;
        if bytes.is_empty() {
            break;
        }
        taken = taken.saturating_add(bytes.len() as u64);
        if taken > file.bytes {
            return Err(Kind::FileChanged.into());
        }
        desk.hand.act(Act::AddPieces { to, file: id, bytes }).await?;
    }
    if taken == file.bytes { Ok(()) } else { Err(Kind::FileChanged.into()) }
}

async fn told(
    desk: &Desk,
    to: ConversationId,
    id: MessageId,
    name: &str,
    file: &Outgoing,
) -> Result<(), Trouble> {
    let message = desk.hand.message(to, id).await?;
    let state = message.and_then(|message| message.file).map_or("sent", |its| its.stage.name());
    let removed = file.removed.iter();
    let removed: Vec<_> = removed
        .map(|one| json!({ "what": one.what.id(), "inside": one.inside, "bytes": one.bytes }))
        .collect();
    let kept: Vec<_> = file.kept.iter().map(|one| one.id()).collect();
    let object = json!({
        "id": id.to_string(),
        "name": name,
        "bytes": file.bytes,
        "removed": removed,
        "kept": kept,
        "state": state,
    });
    let words = || {
        let mut gone: Vec<_> = file.removed.iter().map(|one| one.what.id()).collect();
        gone.sort_unstable();
        gone.dedup();
        let state = desk.words.say(&format!("file-{state}"), &[]);
        let (size, gone) = (size(file.bytes), gone.join(", "));
        let args = [("id", id.to_string()), ("name", name.to_owned()), ("size", size)];
        let mut args: Vec<_> = args.iter().map(|(key, value)| (*key, value.as_str())).collect();
        args.extend([("state", state.as_str()), ("gone", gone.as_str())]);
        let which = if gone.is_empty() { "file-sent-as-is" } else { "file-sent-clean" };
        desk.words.say(which, &args)
    };
    desk.console.result(object, words).await
}
