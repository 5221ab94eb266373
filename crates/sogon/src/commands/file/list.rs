//! `sogon file list`: what was sent and offered, and how far it is.

use serde_json::{Value, json};
use sogon_engine::view::{self, File, Message, Stage};

use crate::{
    commands::{seconds, size},
    desk::Desk,
    moment,
    pace::Pace,
    people::Directory,
    plain,
    trouble::Trouble,
};

pub(super) async fn run(desk: &Desk) -> Result<(), Trouble> {
    let all = desk.hand.look(|vault| view::files(vault)).await?;
    let directory = Directory::look(&desk.hand).await?;
    let rate = Pace::rate(&desk.hand.usage().await?);
    for message in &all {
        shown(desk, &directory, message, rate).await?;
    }
    if all.is_empty() {
        desk.console.remark(&desk.words.say("files-none", &[])).await;
    }
    Ok(())
}

/// Shows one file.
///
/// # Errors
/// When nobody reads the output any more.
pub(super) async fn show(
    desk: &Desk,
    directory: &Directory,
    message: &Message,
) -> Result<(), Trouble> {
    shown(desk, directory, message, None).await
}

async fn shown(
    desk: &Desk,
    directory: &Directory,
    message: &Message,
    rate: Option<u64>,
) -> Result<(), Trouble> {
    let Some(file) = &message.file else { return Ok(()) };
    let words = || {
        let title = directory.title(message.conversation);
        let who = match &message.from {
            None => format!("{} → {title}", desk.words.say("you", &[])),
            Some(from) => plain::line(from),
        };
        let state = desk.words.say(&format!("file-{}", file.stage.name()), &[]);
        let share = match file.done_bytes {
            done if done < file.bytes && done > 0 => format!("{} / ", size(done)),
            _ => String::new(),
        };
        let rest = match rest_s(file, rate) {
            None => String::new(),
            Some(rest) => {
                let (rate, rest) =
                    (size(rate.unwrap_or_default()), seconds(rest.saturating_mul(1_000)));
                format!("; {}", desk.words.say("file-rest", &[("rate", &rate), ("rest", &rest)]))
            }
        };
        let name = plain::line(&file.name);
        let id = message.id;
        format!(
            "{id}  {}  {who}: {name}, {share}{} ({state}{rest})",
            moment::local(message.at_s),
            size(file.bytes)
        )
    };
    let mut object = object(message, file);
    if let (Some(object), Some(rest_s)) = (object.as_object_mut(), rest_s(file, rate)) {
        object.insert("rate".to_owned(), json!(rate));
        object.insert("rest_s".to_owned(), json!(rest_s));
    }
    desk.console.result(object, words).await
}

/// How many seconds the rest of a file under way takes, at what the link carried lately.
fn rest_s(file: &File, rate: Option<u64>) -> Option<u64> {
    let moves = matches!(file.stage, Stage::Sending | Stage::Fetching);
    let rest = file.bytes.saturating_sub(file.done_bytes);
    rest.checked_div(rate.filter(|_| moves)?)
}

/// The object of docs/CLI.md.
pub(super) fn object(message: &Message, file: &File) -> Value {
    json!({
        "id": message.id.to_string(),
        "conversation": message.conversation.to_string(),
        "from": message.from,
        "at": moment::utc(message.at_s),
        "name": file.name,
        "bytes": file.bytes,
        "done": file.done_bytes,
        "state": file.stage.name(),
        "here": file.whole,
        "voice_ms": file.voice_ms,
        "expires_s": message.fades_s,
        "no_saving": file.no_saving,
        "program": file.program,
        "signer": file.signer.as_ref().map(signer),
    })
}

/// Who signed a program; `holds` is null where nobody did, or where that cannot be checked.
fn signer(signer: &view::Signer) -> Value {
    let holds = signer.holds();
    let by = (holds == Some(true)).then_some(signer);
    json!({
        "said": signer.said,
        "holds": holds,
        "name": by.map(|by| &by.name),
        "certificate": by.map(|by| &by.certificate),
    })
}
