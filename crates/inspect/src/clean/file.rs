//! Files: a walled-off worker writes the clean copy, and it appears whole or not at all.

use std::{
    ffi::OsString,
    fs::{File, FileTimes},
    io::{BufWriter, Seek, SeekFrom, Write},
    path::Path,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use crate::{
    clean::{Kind, Options, Refusal, Report, clean, inspect_copy},
    scan::open_quietly,
    worker::{ANSWER_BYTES_MAX, Hired, Task, Walls, late, receive, send_with},
};

/// Who does the work, and within which limits.
#[derive(Clone, Debug)]
pub struct Workshop {
    /// The program that works, with its arguments: one that calls [`crate::worker::serve`].
    pub worker: Vec<OsString>,
    /// Memory it may take.
    pub memory_bytes_max: u64,
    /// How long it may take for a small file; a large one gets a second more for each MiB.
    pub patience: Duration,
}

impl Workshop {
    /// With the limits that are enough for films and large documents.
    #[must_use]
    pub fn new(worker: Vec<OsString>) -> Self {
        Self { worker, memory_bytes_max: 4 << 30, patience: Duration::from_secs(300) }
    }
}

/// A copy that was written and inspected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// What the file is.
    pub kind: Kind,
    /// How many bytes the copy has.
    pub bytes: u64,
    /// What was taken off and what was left.
    pub report: Report,
    /// The walls behind which it was made.
    #[serde(default)]
    pub walls: Walls,
}

/// What a worker that cleans is told first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) options: Options,
    pub(crate) memory_bytes_max: u64,
    /// The copy may not grow beyond this.
    pub(crate) copy_bytes_max: u64,
}

/// What new bytes a copy may have beside those of its source, and be twice as long.
const NEW_BYTES_MAX: u64 = 1 << 30;

/// What a report may say where something was, over the whole of it.
const PLACES_BYTES_MAX: usize = 1 << 20;

/// Writes a clean copy of `from` to `to`, which must not exist. The file is read by a worker without
/// network that can open nothing; the copy is inspected before it appears under its name, its times
/// say 1970 and its mode is that of any new file (0644 where there are modes). When this fails, or
/// the worker crashes or hangs, nothing is left behind.
///
/// # Errors
/// Why it cannot be cleaned, or [`Refusal::Io`].
pub fn clean_file(
    from: &Path,
    to: &Path,
    options: &Options,
    workshop: &Workshop,
) -> Result<Copied, Refusal> {
    let mut source = open_quietly(from)?;
    let about = source.metadata()?;
    if about.is_dir() {
        return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory).into());
    }
    let size = source.seek(SeekFrom::End(0))?;
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let copy = tempfile::Builder::new().prefix(&prefix()).tempfile_in(folder)?;
    let order = Order {
        options: *options,
        memory_bytes_max: workshop.memory_bytes_max,
        copy_bytes_max: size.saturating_mul(2).saturating_add(NEW_BYTES_MAX),
    };
    let patience = workshop.patience.saturating_add(Duration::from_secs(size >> 20));
    let copied = work(&source, copy.as_file(), order, workshop, patience)?;
    if copy.as_file().metadata()?.len() != copied.bytes {
        return Err(Refusal::Unverified { kind: copied.kind, what: "its length".to_owned() });
    }
    neutral(copy.as_file())?;
    copy.as_file().sync_all()?;
    copy.persist_noclobber(to).map_err(|error| error.error)?;
    Ok(copied)
}

/// Writes a clean copy of an open file into another one, which is empty: for a copy that is to have
/// no name. It is made behind the same walls and inspected as by [`clean_file`]; when this fails,
/// what is in the copy is not to be used.
///
/// # Errors
/// Why it cannot be cleaned, or [`Refusal::Io`].
pub fn clean_open(
    source: &File,
    copy: &File,
    options: &Options,
    workshop: &Workshop,
) -> Result<Copied, Refusal> {
    let size = source.metadata()?.len();
    let order = Order {
        options: *options,
        memory_bytes_max: workshop.memory_bytes_max,
        copy_bytes_max: size.saturating_mul(2).saturating_add(NEW_BYTES_MAX),
    };
    let patience = workshop.patience.saturating_add(Duration::from_secs(size >> 20));
    let copied = work(source, copy, order, workshop, patience)?;
    if copy.metadata()?.len() != copied.bytes {
        return Err(Refusal::Unverified { kind: copied.kind, what: "its length".to_owned() });
    }
    Ok(copied)
}

/// Hands both files over and waits for one answer.
fn work(
    source: &File,
    copy: &File,
    order: Order,
    workshop: &Workshop,
    patience: Duration,
) -> Result<Copied, Refusal> {
    let mut hired = Hired::start(&workshop.worker, &Task::Clean(order), patience)?;
    let walls = hired.ready.walls;
    let asked = send_with(&hired.socket, &(), &[source, copy]);
    let answer = asked.and_then(|()| receive(&hired.socket, ANSWER_BYTES_MAX));
    let fell = |what: &'static str| Err(Refusal::Fell { what: what.into() });
    let answer: Result<Copied, Refusal> = match answer {
        Ok(answer) => answer,
        Err(error) if late(&error) => return fell("took too long"),
        Err(_) if hired.last_words().contains("memory allocation") => {
            return fell("needed too much memory");
        }
        Err(_) => return fell("crashed"),
    };
    answer.map(|copied| Copied { walls, ..copied })
}

/// What the worker does with the two files it was handed.
pub(crate) fn copy_behind_walls(
    mut source: File,
    mut copy: File,
    options: &Options,
) -> Result<Copied, Refusal> {
    let cleaned = clean(&mut source, options)?;
    let mut out = BufWriter::with_capacity(1 << 18, &mut copy);
    cleaned.write(&mut source, &mut out)?;
    out.flush()?;
    drop(out);
    inspect_copy(&cleaned, &mut source, &mut copy, options)?;
    let bytes = cleaned.bytes();
    let mut report = cleaned.report;
    // Names in archives are long, and the answer is not.
    let mut room = PLACES_BYTES_MAX;
    for removed in &mut report.removed {
        match room.checked_sub(removed.inside.len()) {
            Some(left) => room = left,
            None => removed.inside = "…".to_owned(),
        }
    }
    Ok(Copied { kind: cleaned.kind, bytes, report, walls: Walls::default() })
}

/// How the names of copies begin that are not finished.
fn prefix() -> String {
    format!(".sogon-clean-{}-", std::process::id())
}

/// Takes away unfinished copies of this process beside `to`: for a program that is interrupted.
pub fn sweep(to: &Path) {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(entries) = std::fs::read_dir(folder.unwrap_or(Path::new("."))) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix()) {
            // It may be finished, and gone under this name, by now.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn neutral(file: &File) -> Result<(), Refusal> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    let epoch = SystemTime::UNIX_EPOCH;
    file.set_times(FileTimes::new().set_accessed(epoch).set_modified(epoch))?;
    Ok(())
}
