//! `sogon file save`: a file out of the home, checked once more, and held back when it is a program.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde_json::json;
use sogon_engine::{Act, FileHash, view};

use super::{Known, known};
use crate::{
    cli::FileSave,
    commands::size,
    desk::Desk,
    hand::Hand,
    judged,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk, save: &FileSave) -> Result<(), Trouble> {
    let found = known(desk, &save.id).await?;
    if !found.file.whole {
        return Err(Kind::FileNotHere.into());
    }
    if found.file.no_saving {
        return Err(Kind::NoSaving.into());
    }
    let name = named(&found.message);
    if let Some(found_out) = judged::judge(&desk.hand, &found.message).await?
        && !save.allow_program
    {
        let what = desk.words.say(&format!("program-{}", found_out.what), &[]);
        let name = crate::plain::line(&name);
        let signer = judged::signer_sentence(&desk.words, found_out.signer.as_ref());
        let args = [("what", what.as_str()), ("name", &name), ("signer", &signer)];
        return Err(Trouble::of(Kind::Program, &args));
    }
    let to = desk.place(&save.to);
    let (to, bytes) = write_out(&desk.hand, &found, &to).await?;
    let (_, message) = found.place();
    let path = to.display().to_string();
    let object = json!({
        "id": message.to_string(),
        "path": path,
        "bytes": bytes,
        "name": found.file.name,
    });
    let words = || desk.words.say("file-saved", &[("path", &path), ("size", &size(bytes))]);
    desk.console.result(object, words).await
}

/// What it is called when nobody says: its name, or one that tells nothing.
pub(crate) fn named(message: &view::Message) -> String {
    match message.text.as_str() {
        "" => format!("file-{}", message.id),
        name => name.to_owned(),
    }
}

/// Writes a file, readable for its owner alone, whole or not at all; into a folder under its own
/// name. From now on it fades, if it is to. Gives where it is, and how many bytes it has.
///
/// # Errors
/// [`Kind::FileThere`], [`Kind::FileIo`], [`Kind::Damaged`].
pub(crate) async fn write_out(
    hand: &Hand,
    found: &Known,
    to: &Path,
) -> Result<(PathBuf, u64), Trouble> {
    let to = if to.is_dir() { to.join(named(&found.message)) } else { to.to_owned() };
    let (mut out, unfinished) = begin(&to)?;
    let failed = || Trouble::of(Kind::FileIo, &[("path", &to.display().to_string())]);
    let bytes = copy(hand, found, &mut out).await?.ok_or_else(failed)?;
    unfinished.finish(&out)?;
    let (conversation, message) = found.place();
    hand.act(Act::OpenedFile { conversation, message }).await?;
    Ok((to, bytes))
}

/// A new file, readable for its owner alone; it is gone again unless it is finished.
///
/// # Errors
/// [`Kind::FileThere`], [`Kind::FileIo`].
pub(in crate::commands) fn begin(to: &Path) -> Result<(File, Unfinished), Trouble> {
    let failed = || Trouble::of(Kind::FileIo, &[("path", &to.display().to_string())]);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let out = options.open(to).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Trouble::of(Kind::FileThere, &[("path", &to.display().to_string())])
        }
        _ => failed(),
    })?;
    Ok((out, Unfinished(Some(to.to_owned()))))
}

/// A file that is not whole yet: gone, unless it becomes so.
pub(in crate::commands) struct Unfinished(Option<PathBuf>);

impl Unfinished {
    /// It is whole, and stays.
    ///
    /// # Errors
    /// [`Kind::FileIo`] when the disk did not take it.
    pub(in crate::commands) fn finish(mut self, out: &File) -> Result<(), Trouble> {
        let Some(path) = &self.0 else { return Ok(()) };
        let failed = || Trouble::of(Kind::FileIo, &[("path", &path.display().to_string())]);
        out.sync_all().map_err(|_| failed())?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Copies it piece by piece; none when the disk takes no more.
async fn copy(hand: &Hand, found: &Known, out: &mut File) -> Result<Option<u64>, Trouble> {
    let (conversation, message) = found.place();
    let mut hash = FileHash::new();
    let mut bytes = 0_u64;
    for index in 0..found.file.pieces {
        let look =
            move |vault: &sogon_vault::Vault| view::piece(vault, conversation, message, index);
        let piece = hand.look(look).await?.ok_or(Kind::FileNotHere)?;
        hash.add(&piece);
        if out.write_all(&piece).is_err() {
            return Ok(None);
        }
        bytes = bytes.saturating_add(piece.len() as u64);
    }
    if hash.finish() != found.file.hash {
        return Err(Kind::Damaged.into());
    }
    Ok(Some(bytes))
}
