//! Hashes for a report: of what was named, and of every file in which something was found.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::{
    Request,
    crew::open_quietly,
    survey::{Input, Survey},
};
use crate::finding::Severity;

/// As many files with findings are hashed.
const HASHED_MAX: usize = 10_000;

/// Fills in [`Survey::inputs`].
pub(super) fn inputs(request: &Request, survey: &mut Survey) {
    let named = request.paths.iter().map(|path| path.to_string_lossy().into_owned());
    let mut paths: Vec<String> = named.collect();
    if request.hashes {
        let known: BTreeSet<String> = paths.iter().cloned().collect();
        let grave = survey.findings.iter().filter(|one| one.severity >= Severity::Suspicious);
        let outer: BTreeSet<&str> =
            grave.map(|one| one.path.split('!').next().unwrap_or_default()).collect();
        let fresh = outer.into_iter().filter(|path| !known.contains(*path));
        paths.extend(fresh.take(HASHED_MAX).map(str::to_owned));
    }
    survey.inputs = paths.into_iter().map(|path| input(path, request.hashes)).collect();
}

fn input(path: String, hashed: bool) -> Input {
    let about = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file);
    let sha256 = about.as_ref().filter(|_| hashed).and_then(|_| sha256(Path::new(&path)).ok());
    Input { bytes: about.map(|about| about.len()), sha256, path }
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut file: File = open_quietly(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(buffer.get(..read).unwrap_or_default());
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
