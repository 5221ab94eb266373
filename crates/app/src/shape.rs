//! How what is stored is said to the page: JSON with short names. Ids are hex.

use serde_json::{Value, json};
use sogon_engine::{
    MessageId, Shelf, ShelfFault,
    view::{self, Contact, Delivery, File, Kind, Message, Person},
};

use crate::{
    calls::written,
    home::{Burst, Figures},
    memo::Memo,
    roster::Entry,
};

/// So much of a message is shown where it is answered, and in the list.
const EXCERPT_CHARS: usize = 120;

/// What somebody is called, without marks that turn letters around or hide: a name must not look like
/// another one.
pub(crate) fn name(text: &str) -> String {
    let turns = |c: char| {
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().filter(|c| !turns(*c)).collect()
}

pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

pub(crate) fn message(shelf: &dyn Shelf, message: &Message) -> Result<Value, ShelfFault> {
    let answered = match message.reply_to {
        Some(id) => Some(answered(shelf, message, id)?),
        None => None,
    };
    Ok(json!({
        "id": message.id.to_string(),
        "order": message.order,
        "from": message.from.as_deref().map(name),
        "at": message.at_s,
        "kind": message.kind.name(),
        "text": message.text,
        "membership": membership(&message.kind),
        "state": message.delivery.map(Delivery::name),
        "reply": answered,
        "fades": message.fades_s,
        "unread": message.unread,
        "edited": message.edited,
        "file": message.file.as_ref().map(file),
        "reactions": message.reactions.iter().map(|reaction| {
            json!({ "from": reaction.from.as_deref().map(name), "face": reaction.face })
        }).collect::<Vec<_>>(),
    }))
}

/// Who came or went: the sentence that says it, and what is put into it.
fn membership(kind: &Kind) -> Value {
    let Kind::Membership(its) = kind else { return Value::Null };
    json!({
        "words": its.words(),
        "who": its.names().map(name).collect::<Vec<_>>(),
        "by": its.by.as_ref().and_then(Person::name).map(name),
    })
}

/// A file, as far as it is known.
fn file(file: &File) -> Value {
    json!({
        "name": file.name,
        "kind": file_kind(file),
        "words": written::says_so(&file.name),
        "bytes": file.bytes,
        "done": file.done_bytes,
        "stage": file.stage.name(),
        "here": file.whole,
        "voice_ms": file.voice_ms,
        "no_saving": file.no_saving,
        "program": file.program,
        "signer": file.signer.as_ref().map(signer),
    })
}

/// Who signed a program; `holds` is null where nobody did or nobody could tell.
fn signer(signer: &view::Signer) -> Value {
    let holds = signer.holds();
    let kept = |word: &str| Some(word.to_owned()).filter(|_| holds == Some(true));
    json!({
        "said": signer.said,
        "holds": holds,
        "name": kept(&signer.name),
        "certificate": kept(&signer.certificate),
    })
}

/// Why a file is held back.
pub(crate) fn held(judged: &view::Judged) -> Value {
    json!({ "held": judged.what, "signer": judged.signer.as_ref().map(signer) })
}

/// What stands behind the last dot of a name, in small letters; empty without one.
pub(crate) fn ending(name: &str) -> String {
    name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase()
}

/// What kind of file it says it is, by its name: what it is, only its bytes say.
pub(crate) fn file_kind(file: &File) -> &'static str {
    if file.voice_ms.is_some() {
        return "voice";
    }
    match ending(&file.name).as_str() {
        "jpg" | "jpeg" | "png" | "apng" | "webp" | "gif" | "heic" | "heif" | "avif" | "tif"
        | "tiff" | "bmp" | "svg" => "picture",
        "mp4" | "mov" | "m4v" | "3gp" | "mkv" | "webm" | "avi" => "film",
        "mp3" | "flac" | "ogg" | "oga" | "opus" | "wav" | "m4a" | "mka" => "sound",
        "pdf" | "docx" | "xlsx" | "pptx" | "odt" | "ods" | "odp" | "odg" | "epub" | "txt"
        | "md" | "csv" | "hwp" | "hwpx" => "paper",
        "zip" | "tar" | "gz" | "7z" | "rar" => "archive",
        _ => "other",
    }
}

/// The message that is answered, or only its id when it is gone.
fn answered(shelf: &dyn Shelf, by: &Message, id: MessageId) -> Result<Value, ShelfFault> {
    let found = view::message(shelf, by.conversation, id)?;
    Ok(match found {
        Some(found) => {
            json!({
                "id": id.to_string(),
                "from": found.from.as_deref().map(name),
                "text": excerpt(&found.text),
                "kind": found.kind.name(),
                "what": found.file.as_ref().map(file_kind),
                "gone": false,
            })
        }
        None => json!({ "id": id.to_string(), "gone": true }),
    })
}

pub(crate) fn messages(shelf: &dyn Shelf, all: &[Message]) -> Result<Vec<Value>, ShelfFault> {
    all.iter().map(|one| message(shelf, one)).collect()
}

/// A line of the list, with its last words.
pub(crate) fn entry(shelf: &dyn Shelf, entry: &Entry) -> Result<Value, ShelfFault> {
    let last = view::latest(shelf, entry.id, 1)?.pop();
    let memo = Memo::load(shelf, entry.id)?;
    let last = last.map(|last| {
        json!({
            "id": last.id.to_string(),
            "text": excerpt(&last.text),
            "from": last.from.as_deref().map(name),
            "at": last.at_s,
            "kind": last.kind.name(),
            "membership": membership(&last.kind),
            "what": last.file.as_ref().map(file_kind),
            "state": last.delivery.map(Delivery::name),
        })
    });
    Ok(json!({
        "id": entry.id.to_string(),
        "title": name(&entry.title),
        "group": entry.group,
        "open": entry.open,
        "unread": entry.unread,
        "draft": excerpt(&memo.draft),
        "last": last,
    }))
}

pub(crate) fn contact(contact: &Contact) -> Value {
    json!({
        "id": contact.id.to_string(),
        "name": name(&contact.name),
        "verified": contact.verified,
        "standing": contact.standing.name(),
        "conversation": contact.conversation.map(|id| id.to_string()),
    })
}

pub(crate) fn figures(figures: Figures) -> Value {
    json!({
        "up": figures.bytes_up,
        "down": figures.bytes_down,
        "air_ms": figures.air_ms,
        "round_trips": figures.round_trips,
    })
}

pub(crate) fn burst(burst: &Burst) -> Value {
    let unreached = burst.unreached.iter();
    let unreached: Vec<_> =
        unreached.map(|relay| json!({ "host": relay.host, "why": relay.why })).collect();
    json!({ "figures": figures(burst.figures), "unreached": unreached })
}
