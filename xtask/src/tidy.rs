//! `cargo xtask tidy`: house rules that are tests.

mod folders;
mod manifests;
mod rust;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::breach::Breach;
use crate::house::{Fault, House};

/// A file of the house: its path from the root, and its text when it is text.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    path: PathBuf,
    text: String,
}

impl Leaf {
    /// Whether it lies below `folder`.
    fn below(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    /// Whether its name ends in `.ending`.
    fn ends(&self, ending: &str) -> bool {
        self.path.extension().is_some_and(|own| own == ending)
    }

    /// Whether a folder on its path has this name.
    fn has_part(&self, name: &str) -> bool {
        self.path.iter().any(|part| part == name)
    }

    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

/// Past this a file becomes a place where things are dropped.
const LINES_MAX: usize = 1_000;
/// Past this it is worth asking whether the file is still one idea.
const LINES_LONG: usize = 600;

/// Looks at every file that git tracks or would track.
pub(crate) fn run(house: &House) -> Result<(), Fault> {
    let leaves: Vec<Leaf> =
        house.files()?.into_iter().filter_map(|path| leaf(house, path)).collect();
    for (path, lines) in rust::long(&leaves, LINES_LONG) {
        println!("tidy: {}: {lines} lines; is it still one idea?", path.display());
    }
    let breaches = check(&leaves);
    for breach in &breaches {
        println!("{breach}");
    }
    if breaches.is_empty() {
        println!("tidy: {} files in order.", leaves.len());
        return Ok(());
    }
    Err(Fault::new(format!("tidy: {} things out of order.", breaches.len())))
}

/// What is not text (a corpus, a picture) still counts as a file, with nothing in it.
fn leaf(house: &House, path: PathBuf) -> Option<Leaf> {
    let bytes = std::fs::read(house.at(&path)).ok()?;
    Some(Leaf { path, text: String::from_utf8(bytes).unwrap_or_default() })
}

/// Every house rule over every file.
fn check(leaves: &[Leaf]) -> Vec<Breach> {
    let mut breaches = rust::check(leaves, LINES_MAX);
    breaches.extend(folders::check(leaves));
    breaches.extend(manifests::check(leaves));
    breaches.sort();
    breaches.dedup();
    breaches
}

/// The name of a file without its ending.
fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
}
