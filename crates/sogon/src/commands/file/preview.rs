//! `sogon file preview`: a small picture of a picture that is here.

use std::io::Write;

use serde_json::json;
use sogon_engine::Act;

use super::{known, save::begin};
use crate::{
    cli::FilePreview,
    commands::size,
    desk::Desk,
    preview,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk, options: &FilePreview) -> Result<(), Trouble> {
    let found = known(desk, &options.id).await?;
    if found.file.no_saving || found.message.fades_s == Some(0) {
        return Err(Kind::NoSaving.into());
    }
    let (conversation, message) = found.place();
    let drawn = preview::of(&desk.hand, conversation, message).await?.ok_or(Kind::NoPreview)?;
    if found.message.from.is_some() && found.message.fades_s.is_some() {
        // Whoever looks at a small picture has seen it.
        desk.hand.act(Act::OpenedFile { conversation, message }).await?;
    }
    let to = desk.place(&options.to);
    let (mut out, unfinished) = begin(&to)?;
    let path = to.display().to_string();
    let failed = || Trouble::of(Kind::FileIo, &[("path", &path)]);
    out.write_all(&drawn).map_err(|_| failed())?;
    unfinished.finish(&out)?;
    let bytes = drawn.len() as u64;
    let object = json!({ "id": message.to_string(), "path": path, "bytes": bytes });
    let words = || desk.words.say("file-saved", &[("path", &path), ("size", &size(bytes))]);
    desk.console.result(object, words).await
}
