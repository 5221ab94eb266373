//! `sogon file list`: what was sent and offered, and how far it is.

use serde_json::{Value, json};
use sogon_engine::view::{self, File, Message};

use crate::{commands::size, desk::Desk, moment, people::Directory, plain, trouble::Trouble};

pub(super) async fn run(desk: &Desk) -> Result<(), Trouble> {
    let all = desk.hand.look(|vault| view::files(vault)).await?;
    let directory = Directory::look(&desk.hand).await?;
    for message in &all {
        show(desk, &directory, message).await?;
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
        let name = plain::line(&file.name);
        let id = message.id;
        format!(
            "{id}  {}  {who}: {name}, {share}{} ({state})",
            moment::local(message.at_s),
            size(file.bytes)
        )
    };
    desk.console.result(object(message, file), words).await
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
    })
}
