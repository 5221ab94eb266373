//! Files: the clean copy appears whole or not at all.

use std::{
    fs::{File, FileTimes},
    io::{BufWriter, Write},
    path::Path,
    time::SystemTime,
};

use crate::clean::{Cleaned, Options, Refusal, clean, inspect_copy};

/// Writes a clean copy of `from` to `to`, which must not exist. It is inspected before it appears
/// under its name; its times say 1970 and its mode is that of any new file (0644 where there are
/// modes). When this fails nothing is left behind.
///
/// # Errors
/// Why it cannot be cleaned, or [`Refusal::Io`].
pub fn clean_file(from: &Path, to: &Path, options: &Options) -> Result<Cleaned, Refusal> {
    let mut source = File::open(from)?;
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let cleaned = clean(&mut source, options)?;
    let mut copy = tempfile::Builder::new().prefix(&prefix()).tempfile_in(folder)?;
    let mut out = BufWriter::with_capacity(1 << 18, copy.as_file_mut());
    cleaned.write(&mut source, &mut out)?;
    out.flush()?;
    drop(out);
    inspect_copy(&cleaned, &mut source, copy.as_file_mut(), options)?;
    neutral(copy.as_file())?;
    copy.as_file().sync_all()?;
    copy.persist_noclobber(to).map_err(|error| error.error)?;
    Ok(cleaned)
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
