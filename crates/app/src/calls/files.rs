//! Files: from the page into the home and on, and out of it again.

use std::{cell::Cell, rc::Rc};

use hyper::body::Bytes;
use serde_json::{Value, json};
use sogon_engine::{
    Act, Answer, ConversationId, FILE_BYTES_MAX, FILE_NAME_BYTES_MAX, FileHash, FileInfo,
    MessageId, view,
};
use tokio::sync::mpsc;

use super::Asked;
use crate::{
    app::Place,
    home::{Home, Refusal},
    memo::Memo,
    parcel::{Cleaned, Form, Parcel},
    shape,
};

/// Bytes taken in by one step: few enough for the log of a small home.
const STEP_BYTES_MAX: usize = 65_536;
/// Pieces of a file on their way out at once.
const FLOWING_MAX: usize = 2;
/// Files a gallery shows at once.
const SHOWN_MAX: usize = 200;

/// `{conversation, name, bytes}`: a file is about to come.
pub(super) async fn begin<H: Home>(
    place: &Place<H>,
    home: &H,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    home.attended();
    let (to, bytes) = (asked.conversation()?, asked.number("bytes")?);
    if bytes > FILE_BYTES_MAX {
        return Err(Refusal::TooLarge);
    }
    home.fits(bytes).await?;
    let name = asked.text("name").unwrap_or_default().to_owned();
    let parcel = place.tray.begin(to, name, bytes, home.parcel(bytes).await?)?;
    Ok(json!({ "parcel": parcel }))
}

/// `{parcel}`: how far it is.
pub(super) fn how<H: Home>(place: &Place<H>, asked: &Asked<'_>) -> Result<Value, Refusal> {
    place.tray.at(asked.text("parcel")?, |one| {
        Ok(json!({ "bytes": one.bytes, "taken": one.taken, "given": one.given.get() }))
    })
}

/// `{parcel}`: it is not to be sent.
pub(super) fn forget<H: Home>(place: &Place<H>, asked: &Asked<'_>) -> Result<Value, Refusal> {
    place.tray.forget(asked.text("parcel")?);
    Ok(json!({}))
}

/// `{parcel, language}`: what cleaning takes off, or why it cannot be cleaned.
pub(super) async fn look<H: Home>(place: &Place<H>, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let id = asked.text("parcel")?;
    let name = place.tray.at(id, |one| Ok(one.name.clone()))?;
    let language = asked.text("language").unwrap_or("en").to_owned();
    let (parcel, cleaned) = place.tray.away(id)?.clean(name.clone(), language).await;
    let neutral = |form| parcel.neutral_name(form, &name, "…");
    let value = match cleaned {
        Ok(Cleaned::Copy { bytes, fitted, gone, left }) => {
            let gone = gone.iter();
            let gone: Vec<_> = gone
                .map(|one| json!({ "what": one.what, "words": one.words, "inside": one.inside }))
                .collect();
            Ok(json!({
                "clean": {
                    "bytes": bytes,
                    "fitted": fitted,
                    "gone": gone,
                    "left": left,
                    "name": neutral(Form::Clean),
                },
                "name": neutral(Form::AsItIs),
            }))
        }
        Ok(Cleaned::Not { why, name, instead }) => Ok(json!({
            "not": { "why": why, "name": name, "instead": instead },
            "name": neutral(Form::AsItIs),
        })),
        Err(refusal) => Err(refusal),
    };
    place.tray.back(id, parcel);
    value
}

/// `{parcel, form, keep_name, once, no_saving, reply}`: into the home, and on its way. It goes on
/// when the page that asked is gone.
pub(super) async fn send<H: Home>(
    place: &Place<H>,
    home: &H,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    home.attended();
    let id = asked.text("parcel")?;
    let form = Form::named(asked.text("form")?).ok_or(Refusal::BadInput)?;
    let reply_to = if asked.has("reply") { Some(asked.message("reply")?) } else { None };
    let parcel = place.tray.away(id)?;
    if parcel.bytes(form).is_none() {
        place.tray.back(id, parcel);
        return Err(Refusal::BadInput);
    }
    let (to, own, given) =
        place.tray.at(id, |one| Ok((one.conversation, one.name.clone(), Rc::clone(&one.given))))?;
    let leaving = Leaving {
        to,
        form,
        own,
        given,
        keep_name: asked.yes("keep_name"),
        once: asked.yes("once"),
        no_saving: asked.yes("no_saving"),
        reply_to,
    };
    let going = tokio::task::spawn_local(leaving.go(home.clone(), parcel));
    let message = going.await.map_err(|_| Refusal::Bug)??;
    place.tray.forget(id);
    stored(home, to, message).await
}

/// A file that is to be taken in and offered.
struct Leaving {
    to: ConversationId,
    form: Form,
    own: String,
    given: Rc<Cell<u64>>,
    keep_name: bool,
    once: bool,
    no_saving: bool,
    reply_to: Option<MessageId>,
}

impl Leaving {
    async fn go<H: Home>(self, home: H, mut parcel: H::Parcel) -> Result<MessageId, Refusal> {
        let (to, bytes) = (self.to, parcel.bytes(self.form).ok_or(Refusal::BadInput)?);
        home.fits(bytes).await?;
        parcel.open(self.form)?;
        let begun = home.act(Act::BeginFile { to, bytes }).await?;
        let Answer::Begun { file, piece_bytes } = begun else { return Err(Refusal::Bug) };
        let letters: String = file.to_string().chars().take(4).collect();
        let name = match self.keep_name && self.own.len() <= FILE_NAME_BYTES_MAX {
            true => self.own.clone(),
            false => parcel.neutral_name(self.form, &self.own, &letters),
        };
        let about = FileInfo { name, no_saving: self.no_saving, ..FileInfo::default() };
        let next = |most: usize| parcel.give(most);
        let whole = pieces(&home, (to, file), piece_bytes, &self.given, next).await;
        finish(&home, (to, file), whole, about, self.reply_to, self.once).await
    }
}

/// Takes bytes into the home, piece by piece.
pub(super) async fn pieces<H: Home>(
    home: &H,
    (to, file): (ConversationId, MessageId),
    piece_bytes: usize,
    given: &Cell<u64>,
    mut next: impl FnMut(usize) -> Result<Vec<u8>, Refusal>,
) -> Result<(), Refusal> {
    let count = STEP_BYTES_MAX.checked_div(piece_bytes).unwrap_or(1).max(1);
    loop {
        let bytes = next(piece_bytes.saturating_mul(count))?;
        if bytes.is_empty() {
            return Ok(());
        }
        let count = u64::try_from(bytes.len()).unwrap_or_default();
        home.act(Act::AddPieces { to, file, bytes }).await?;
        given.set(given.get().saturating_add(count));
    }
}

/// Offers what was taken in; what was not taken in whole is no use to anybody.
pub(super) async fn finish<H: Home>(
    home: &H,
    (to, file): (ConversationId, MessageId),
    whole: Result<(), Refusal>,
    about: FileInfo,
    reply_to: Option<MessageId>,
    once: bool,
) -> Result<MessageId, Refusal> {
    let sent = match whole {
        Ok(()) => {
            let memo = home.look(move |shelf| Memo::load(shelf, to)).await?;
            let after_s = if once { Some(0) } else { memo.timer_s };
            home.act(Act::SendFile { to, file, about, reply_to, after_s }).await
        }
        Err(refusal) => Err(refusal),
    };
    if let Err(refusal) = sent {
        let _ = home.act(Act::ForgetFile { to, file }).await;
        return Err(refusal);
    }
    Ok(file)
}

/// A message as it is stored now.
pub(super) async fn stored<H: Home>(
    home: &H,
    conversation: ConversationId,
    id: MessageId,
) -> Result<Value, Refusal> {
    let stored = home.look(move |shelf| {
        let found = view::message(shelf, conversation, id)?;
        found.map(|found| shape::message(shelf, &found)).transpose()
    });
    Ok(json!({ "message": stored.await?, "id": id.to_string() }))
}

/// `{conversation, id}`: it is to come, or to go on.
pub(super) async fn go_on<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let (conversation, message) = (asked.conversation()?, asked.message("id")?);
    let found = home.look(move |shelf| view::message(shelf, conversation, message)).await?;
    let file = found.as_ref().and_then(|found| found.file.as_ref()).ok_or(Refusal::Unknown)?;
    if found.as_ref().is_some_and(|found| found.from.is_some()) {
        home.fits(file.bytes.saturating_sub(file.done_bytes)).await?;
    }
    home.act(Act::MoveFile { conversation, message }).await?;
    Ok(json!({}))
}

/// `{conversation, id}`: it is to wait.
pub(super) async fn pause<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let (conversation, message) = (asked.conversation()?, asked.message("id")?);
    home.act(Act::PauseFile { conversation, message }).await?;
    Ok(json!({}))
}

/// `{conversation, id}`: its bytes are to be gone from here.
pub(super) async fn drop_it<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let (conversation, message) = (asked.conversation()?, asked.message("id")?);
    home.act(Act::DropFile { conversation, message }).await?;
    Ok(json!({}))
}

/// `{bytes}`, or nothing to only hear it: below which size files come by themselves.
pub(super) async fn below<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    if asked.has("bytes") {
        home.act(Act::FetchBelow { bytes: asked.number("bytes")? }).await?;
    }
    let bytes = home.look(|shelf| view::fetch_below(shelf)).await?;
    Ok(json!({ "bytes": bytes }))
}

/// `{conversation, id, allow}`: a link by which the browser takes the file out once; or what the file
/// is, where it is held back.
pub(super) async fn save<H: Home>(
    place: &Place<H>,
    home: &H,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    home.attended();
    let (conversation, message) = (asked.conversation()?, asked.message("id")?);
    let found = home.look(move |shelf| view::message(shelf, conversation, message)).await?;
    let file = found.as_ref().and_then(|found| found.file.clone()).ok_or(Refusal::Unknown)?;
    if !file.whole {
        return Err(Refusal::NotHere);
    }
    if file.no_saving {
        return Err(Refusal::NoSaving);
    }
    if let Some(held) = home.judge(conversation, message).await?.filter(|_| !asked.yes("allow")) {
        return Ok(shape::held(&held));
    }
    let name = match file.name.as_str() {
        "" => format!("file-{message}"),
        name => name.to_owned(),
    };
    let (to, from) = mpsc::channel(FLOWING_MAX);
    let (home, bytes) = (home.clone(), file.bytes);
    tokio::task::spawn_local(async move {
        // Whoever takes it hears by the broken connection that it ended early.
        let _ = flow(&home, (conversation, message), &file, to).await;
    });
    Ok(json!({ "ticket": place.tray.ticket(name, bytes, from)? }))
}

/// Lets a file flow out; its last piece only when all of it is what was offered.
async fn flow<H: Home>(
    home: &H,
    (conversation, message): (ConversationId, MessageId),
    file: &view::File,
    to: mpsc::Sender<Bytes>,
) -> Result<(), Refusal> {
    let mut hash = FileHash::new();
    for index in 0..file.pieces {
        let piece = home.look(move |shelf| view::piece(shelf, conversation, message, index));
        let piece = piece.await?.ok_or(Refusal::NotHere)?;
        hash.add(&piece);
        let last = index.saturating_add(1) == file.pieces;
        if last && std::mem::replace(&mut hash, FileHash::new()).finish() != file.hash {
            return Err(Refusal::Disk);
        }
        if !piece.is_empty() {
            to.send(piece.into()).await.map_err(|_| Refusal::NotHere)?;
        }
    }
    // Until the last piece is on its way nothing fades.
    let _ = to.reserve_many(FLOWING_MAX).await;
    home.act(Act::OpenedFile { conversation, message }).await.map(|_| ())
}

/// `{conversation, kind, words}`: what was sent and offered there, newest first.
pub(super) async fn list<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let id = asked.conversation()?;
    let kind = asked.text("kind").unwrap_or_default().to_owned();
    let words = asked.text("words").unwrap_or_default().trim().to_lowercase();
    home.look(move |shelf| {
        let mut found = Vec::new();
        for message in view::files(shelf)?.iter().rev() {
            let Some(file) = message.file.as_ref().filter(|_| message.conversation == id) else {
                continue;
            };
            let its = shape::file_kind(file);
            let fits = kind.is_empty() || kind == its;
            if fits && file.name.to_lowercase().contains(&words) && found.len() < SHOWN_MAX {
                found.push(shape::message(shelf, message)?);
            }
        }
        Ok(json!({ "files": found }))
    })
    .await
}
