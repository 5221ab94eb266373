//! References: lists are read, folders and images are looked at first.

use std::{collections::BTreeSet, fs::File, io::Read, path::PathBuf};

use super::{Options, Trouble, trouble};
use crate::{
    app::reference::{Fact, Reference},
    finding::{Confidence, Finding, Severity},
    look::{
        Lists,
        kind::{HEAD_BYTES, Kind},
    },
    scan::{Request, Survey},
    words::Words,
    worker::Setup,
};

/// As many apps are told that are not there.
const MISSING_MAX: usize = 500;

/// Those that are lists of hashes.
pub(super) fn lists(references: &[PathBuf]) -> Vec<PathBuf> {
    references.iter().filter(|path| is_list(path)).cloned().collect()
}

fn is_list(path: &PathBuf) -> bool {
    let mut head = Vec::new();
    match File::open(path) {
        // What cannot be opened is told when the list is read.
        Err(_) => true,
        Ok(file) => match file.take(HEAD_BYTES as u64).read_to_end(&mut head) {
            Ok(_) => Kind::of(&head) == Kind::Text,
            Err(_) => !path.is_dir(),
        },
    }
}

/// What the folders and images hold, each as a list.
pub(super) fn collected(
    options: &Options,
    request: &Request,
    words: &Words,
    look: &mut dyn FnMut(&Request) -> Result<Survey, Trouble>,
) -> Result<Vec<(String, Vec<u8>)>, Trouble> {
    let mut found = Vec::new();
    for path in options.reference.iter().filter(|path| !is_list(path)) {
        let lists = Lists { collect: true, ..Lists::default() };
        let setup = Setup { lists, ..request.setup.clone() };
        let paths = vec![path.clone()];
        let survey = look(&Request { paths, setup, hashes: false, ..request.clone() })?;
        let name = path.to_string_lossy().into_owned();
        let bytes = serde_json::to_vec(&survey.known).unwrap_or_default();
        if survey.known.is_empty() {
            return Err(trouble(words, "error-reference", &[("path", &name)]));
        }
        found.push((name, bytes));
    }
    Ok(found)
}

/// Apps of the reference that are not there, where there are apps at all.
pub(super) fn missing(references: &[(String, Vec<u8>)], survey: &mut Survey) {
    let apps = survey.known.iter().filter_map(|fact| match fact {
        Fact::App(app) => Some(app.package.clone()),
        Fact::Hash(_) => None,
    });
    let apps: BTreeSet<String> = apps.collect();
    if apps.is_empty() {
        return;
    }
    for (name, bytes) in references {
        let mut reference = Reference::default();
        reference.add(bytes);
        let gone = reference.packages().filter(|package| !apps.contains(*package));
        for package in gone.take(MISSING_MAX) {
            let path = name.as_str();
            let finding = Finding::new(path, "app-missing", Severity::Note, Confidence::Heuristic);
            survey.add(finding.with("app", package));
        }
    }
    survey.settle();
}
