//! What the sources of the rooms say: words of the world, `unsafe`, guarded things, and guards
//! switched off. Comments and strings do not count; imports, aliases and globs do.

mod lexed;
mod paths;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::breach::{Breach, Rule};
use crate::doors::{Air, GUARDS, MAKINGS, Room, UNSAFE, WORDS};
pub(crate) use lexed::{Kind, Lexed, Token};

/// One file of a room.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path from the root, for reports.
    pub(crate) path: PathBuf,
    /// What it says, or the breach that it does not parse.
    pub(crate) lexed: Lexed,
}

/// Reads the files of one folder of sources together: a file that is only declared under
/// `#[cfg(test)]` is test code as a whole.
pub(crate) fn read(files: Vec<(PathBuf, String)>) -> (Vec<Source>, Vec<Breach>) {
    let mut sources = Vec::new();
    let mut breaches = Vec::new();
    for (path, text) in files {
        match Lexed::new(&text) {
            Ok(lexed) => sources.push(Source { path, lexed }),
            Err(line) => breaches.push(Breach::new(
                Rule::Unreadable,
                format!("{}:{line}", path.display()),
                "This is not Rust, so nothing in it can be checked.",
            )),
        }
    }
    let test_modules: BTreeSet<PathBuf> = sources
        .iter()
        .flat_map(|source| {
            source.lexed.test_modules().into_iter().map(|name| module_stem(&source.path, &name))
        })
        .collect();
    for source in &mut sources {
        let stem = source.path.with_extension("");
        if test_modules.iter().any(|module| stem.starts_with(module)) {
            source.lexed.all_is_test();
        }
    }
    (sources, breaches)
}

/// Where module `name` of the file at `path` lies, without its ending.
fn module_stem(path: &Path, name: &str) -> PathBuf {
    let stem = path.with_extension("");
    let owns_its_folder = stem
        .file_name()
        .is_some_and(|file| ["lib", "main", "mod"].iter().any(|owner| file == *owner));
    if owns_its_folder { stem.with_file_name(name) } else { stem.join(name) }
}

/// Everything that the sources of `room` may not say.
pub(crate) fn check(room: &Room, source: &Source) -> Vec<Breach> {
    let mut breaches = unsafe_words(source);
    breaches.extend(makings(room, source));
    breaches.extend(borrowed_files(source));
    if room.air == Air::Pure {
        breaches.extend(world_words(room, source));
        breaches.extend(guards_switched_off(source));
    }
    breaches
}

/// `unsafe`, in tests as well.
pub(crate) fn unsafe_words(source: &Source) -> Vec<Breach> {
    let door = UNSAFE.iter().find(|door| source.path == Path::new(door.file));
    let allowed = door.map_or(0, |door| door.words_max);
    let tokens = source.lexed.tokens.iter();
    tokens
        .filter(|token| token.is_word("unsafe"))
        .skip(allowed)
        .map(|token| {
            let saying = "No `unsafe` here: use a crate that keeps it behind a safe door.";
            Breach::new(Rule::Unsafe, place(source, token.line), saying)
        })
        .collect()
}

/// Words of the world in a pure room, outside its tests.
fn world_words(room: &Room, source: &Source) -> Vec<Breach> {
    let mut found = BTreeSet::new();
    for path in paths::of(&source.lexed.tokens).iter().filter(|path| !path.in_test) {
        for word in WORDS.iter().filter(|word| path.says(word.path)) {
            found.insert((path.line, word.path, word.advice));
        }
    }
    let breach = |(line, word, advice)| {
        let saying = format!("`{word}` in {}, a pure room. {advice}", room.name);
        Breach::new(Rule::Word, place(source, line), saying)
    };
    found.into_iter().map(breach).collect()
}

/// Guarded things made in the wrong room, outside its tests.
fn makings(room: &Room, source: &Source) -> Vec<Breach> {
    let paths = paths::of(&source.lexed.tokens);
    let mut breaches = Vec::new();
    for making in MAKINGS.iter().filter(|making| !making.rooms.contains(&room.name)) {
        for path in paths.iter().filter(|path| !path.in_test && path.says(making.path)) {
            let saying = format!("`{}` in {}. {}", making.path, room.name, making.advice);
            breaches.push(Breach::new(Rule::Making, place(source, path.line), saying));
        }
    }
    breaches
}

/// A pure room that allows itself what `clippy.toml` bans.
fn guards_switched_off(source: &Source) -> Vec<Breach> {
    let paths = paths::of(&source.lexed.tokens);
    paths
        .iter()
        .filter(|path| !path.in_test && GUARDS.iter().any(|guard| path.says(guard)))
        .map(|path| {
            let saying = "A pure room may not switch this lint off: it is its wall.";
            Breach::new(Rule::Guard, place(source, path.line), saying)
        })
        .collect()
}

/// Code of another room taken in by its path, past every manifest.
fn borrowed_files(source: &Source) -> Vec<Breach> {
    let saying = "Code comes in through a manifest, not by the path of its file.";
    let tokens = &source.lexed.tokens;
    let mut breaches = Vec::new();
    for (token, next, after) in lexed::threes(tokens) {
        let path_attribute =
            token.kind == Kind::Punct('#') && next.kind == Kind::Open('[') && after.is_word("path");
        let include = token.is_word("include")
            && next.kind == Kind::Punct('!')
            && matches!(after.kind, Kind::Open(_));
        if path_attribute || include {
            breaches.push(Breach::new(Rule::Guard, place(source, token.line), saying));
        }
    }
    breaches
}

fn place(source: &Source, line: usize) -> String {
    format!("{}:{line}", source.path.display())
}
