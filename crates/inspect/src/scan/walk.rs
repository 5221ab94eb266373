//! Walking through folders: what lies in them is named, never opened here.

use std::{
    fs::{self, ReadDir},
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::UNIX_EPOCH,
};

use super::survey::Survey;
use crate::{
    finding::{Confidence, Finding, Severity},
    trace::rhythm::Rhythm,
};

/// Folders inside folders: a path has 4,096 bytes at most, so more is a loop.
const DEPTH_MAX: usize = 2_048;

/// What the walker tells of.
enum Met<'a> {
    File(&'a Path, u64),
    PassedOver,
    Unreadable(&'a Path, std::io::Error),
    Rhythm(Finding),
}

/// Gives every file with its size to `each`, until that says no.
pub(super) fn walk(
    paths: &[PathBuf],
    survey: &Mutex<Survey>,
    each: &mut dyn FnMut(&Path, u64) -> bool,
) {
    meet(paths, &mut |met| {
        let mut survey = match met {
            Met::File(path, size) => return each(path, size),
            _ => survey.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        };
        match met {
            Met::Unreadable(path, error) => {
                let path = path.to_string_lossy();
                let finding = Finding::new(&path, "unreadable", Severity::Note, Confidence::Proven);
                survey.add(finding.with("why", error));
            }
            Met::Rhythm(finding) => survey.add(finding),
            _ => survey.passed_over = survey.passed_over.saturating_add(1),
        }
        true
    });
}

/// Bytes of all files.
pub(super) fn count(paths: &[PathBuf], stopped: &AtomicBool) -> u64 {
    let mut bytes = 0_u64;
    meet(paths, &mut |met| {
        if let Met::File(_, size) = met {
            bytes = bytes.saturating_add(size);
        }
        !stopped.load(Ordering::Relaxed)
    });
    bytes
}

fn meet(paths: &[PathBuf], each: &mut dyn FnMut(Met<'_>) -> bool) {
    for path in paths {
        // What the owner names is followed; links met on the way are not.
        let going_on = match fs::metadata(path) {
            Ok(about) if about.is_dir() => folder(path, each),
            Ok(about) if about.is_file() => each(Met::File(path, about.len())),
            Ok(about) if about.file_type().is_block_device() => {
                each(Met::File(path, device_size(path)))
            }
            // A pipe would keep the reader waiting, or has no end.
            Ok(_) => each(Met::Unreadable(path, std::io::Error::other("it is no file"))),
            Err(error) => each(Met::Unreadable(path, error)),
        };
        if !going_on {
            return;
        }
    }
}

/// A block device has a size that only its end tells.
fn device_size(path: &Path) -> u64 {
    use std::io::{Seek, SeekFrom};

    let end = fs::File::open(path).and_then(|mut device| device.seek(SeekFrom::End(0)));
    end.unwrap_or(0)
}

/// One stack of open folders; of a folder with a million files only one name is in memory.
fn folder(path: &Path, each: &mut dyn FnMut(Met<'_>) -> bool) -> bool {
    let mut stack: Vec<(PathBuf, ReadDir, Rhythm)> = Vec::new();
    match fs::read_dir(path) {
        Ok(entries) => stack.push((path.to_owned(), entries, Rhythm::default())),
        Err(error) => return each(Met::Unreadable(path, error)),
    }
    while let Some((folder, entries, rhythm)) = stack.last_mut() {
        let Some(entry) = entries.next() else {
            let done = stack.pop();
            let finding =
                done.and_then(|(folder, _, rhythm)| rhythm.finding(&folder.to_string_lossy()));
            if finding.is_some_and(|finding| !each(Met::Rhythm(finding))) {
                return false;
            }
            continue;
        };
        let folder = folder.clone();
        let going_on = match entry.and_then(|entry| Ok((entry.path(), entry.metadata()?))) {
            Err(error) => each(Met::Unreadable(&folder, error)),
            Ok((path, about)) if about.is_dir() => match fs::read_dir(&path) {
                Ok(entries) if stack.len() < DEPTH_MAX => {
                    stack.push((path, entries, Rhythm::default()));
                    true
                }
                Ok(_) => each(Met::PassedOver),
                Err(error) => each(Met::Unreadable(&path, error)),
            },
            Ok((path, about)) if about.is_file() => {
                let changed =
                    about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                rhythm.count(&name, changed.map(|since| since.as_secs()));
                each(Met::File(&path, about.len()))
            }
            Ok(_) => each(Met::PassedOver),
        };
        if !going_on {
            return false;
        }
    }
    true
}
