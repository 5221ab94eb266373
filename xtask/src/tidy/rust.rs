//! House rules of Rust files: length, names, loose ends, waiting tests.

use std::path::PathBuf;

use super::{Leaf, stem};
use crate::breach::{Breach, Rule};
use crate::sources::{self, Kind, Source, Token};

/// Names of modules that say nothing about what is in them.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "manager"];
/// Macros that are a promise to come back.
const LOOSE_ENDS: &[&str] = &["todo", "unimplemented", "dbg"];

/// Files of rooms with more than `limit` lines.
pub(super) fn long(leaves: &[Leaf], limit: usize) -> Vec<(PathBuf, usize)> {
    leaves
        .iter()
        .filter(|leaf| leaf.below("crates") && leaf.has_part("src") && leaf.ends("rs"))
        .map(|leaf| (leaf.path.clone(), leaf.text.lines().count()))
        .filter(|(_, lines)| *lines > limit)
        .collect()
}

/// Every rule of this file.
pub(super) fn check(leaves: &[Leaf], lines_max: usize) -> Vec<Breach> {
    let mut breaches: Vec<Breach> = long(leaves, lines_max)
        .into_iter()
        .map(|(path, lines)| {
            let saying = format!("{lines} lines, over {lines_max}: it is more than one idea.");
            Breach::new(Rule::Length, path.display().to_string(), saying)
        })
        .collect();
    let files: Vec<&Leaf> = leaves.iter().filter(|leaf| leaf.ends("rs")).collect();
    breaches.extend(files.iter().filter_map(|leaf| empty_file_name(leaf)));
    let texts = files.iter().map(|leaf| (leaf.path.clone(), leaf.text.clone())).collect();
    let (read, unreadable) = sources::read(texts);
    breaches.extend(unreadable);
    for source in &read {
        breaches.extend(names(source));
        breaches.extend(loose_ends(source));
        breaches.extend(sleeps(source));
    }
    breaches
}

fn empty_file_name(leaf: &Leaf) -> Option<Breach> {
    let folders = leaf.path.parent().into_iter().flat_map(|folder| folder.iter());
    let mut names = folders.filter_map(|part| part.to_str()).chain([stem(&leaf.path)]);
    let name = names.find(|name| EMPTY_NAMES.contains(name))?;
    let saying = format!("`{name}` says nothing: name the module for its one idea.");
    Some(Breach::new(Rule::Name, leaf.path.display().to_string(), saying))
}

/// `fn get_`, and modules with empty names inside a file. Functions of somebody else's trait have
/// the names that trait gives them.
fn names(source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut foreign = ForeignImpl::default();
    for pair in source.lexed.tokens.windows(2) {
        let [token, next] = pair else { continue };
        foreign.step(token);
        let Kind::Word(name) = &next.kind else { continue };
        if token.is_word("fn") && name.starts_with("get_") && !foreign.inside() {
            let saying = format!("`{name}`: say what it gives, without `get_`.");
            breaches.push(at(Rule::Name, source, next.line, &saying));
        }
        if token.is_word("mod") && EMPTY_NAMES.contains(&name.as_str()) {
            let saying = format!("`{name}` says nothing: name the module for its one idea.");
            breaches.push(at(Rule::Name, source, next.line, &saying));
        }
    }
    breaches
}

/// Follows the tokens and knows whether they are inside `impl Trait for Type { .. }`.
#[derive(Default)]
struct ForeignImpl {
    depth: usize,
    impl_at: Option<usize>,
    for_seen: bool,
    body_at: Option<usize>,
}

impl ForeignImpl {
    fn step(&mut self, token: &Token) {
        match &token.kind {
            Kind::Word(word) if word == "impl" && self.body_at.is_none() => {
                self.impl_at = Some(self.depth);
                self.for_seen = false;
            }
            Kind::Word(word) if word == "for" && self.impl_at == Some(self.depth) => {
                self.for_seen = true;
            }
            Kind::Punct(';') if self.impl_at == Some(self.depth) => self.impl_at = None,
            Kind::Open(open) => {
                if *open == '{' && self.impl_at == Some(self.depth) {
                    self.impl_at = None;
                    self.body_at = self.for_seen.then_some(self.depth);
                }
                self.depth = self.depth.saturating_add(1);
            }
            Kind::Close(_) => {
                self.depth = self.depth.saturating_sub(1);
                if self.body_at == Some(self.depth) {
                    self.body_at = None;
                }
            }
            _ => {}
        }
    }

    fn inside(&self) -> bool {
        self.body_at.is_some()
    }
}

fn loose_ends(source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for pair in source.lexed.tokens.windows(2) {
        let [token, next] = pair else { continue };
        if let (Kind::Word(name), Kind::Punct('!')) = (&token.kind, &next.kind)
            && LOOSE_ENDS.contains(&name.as_str())
        {
            let saying = format!("`{name}!` is a promise to come back: keep it now.");
            breaches.push(at(Rule::LooseEnd, source, token.line, &saying));
        }
    }
    breaches.extend(ignored_tests(source));
    breaches
}

/// `#[ignore]`, alone or inside `cfg_attr`.
fn ignored_tests(source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut rest = source.lexed.tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        let attribute = token.kind == Kind::Punct('#')
            && after.first().is_some_and(|next| next.kind == Kind::Open('['));
        if !attribute {
            continue;
        }
        let inner: Vec<&Token> =
            after.iter().skip(1).take_while(|token| token.kind != Kind::Close(']')).collect();
        let conditional = inner.first().is_some_and(|token| token.is_word("cfg_attr"));
        let reach = if conditional { inner.len() } else { 1 };
        if inner.iter().take(reach).any(|token| token.is_word("ignore")) {
            let saying = "A test that does not run proves nothing: mend it or remove it.";
            breaches.push(at(Rule::LooseEnd, source, token.line, saying));
        }
    }
    breaches
}

/// `sleep(..)` in test code; all of `tests/` and of the lab is.
fn sleeps(source: &Source) -> Vec<Breach> {
    let all = source.path.iter().any(|part| part == "tests" || part == "lab");
    let tokens = source.lexed.tokens.as_slice();
    let mut breaches = Vec::new();
    let mut before_is_fn = false;
    for pair in tokens.windows(2) {
        let [token, next] = pair else { continue };
        let sleeps = ["sleep", "sleep_ms", "sleep_until"].iter().any(|word| token.is_word(word))
            && next.kind == Kind::Open('(');
        if sleeps && !before_is_fn && (all || token.in_test) {
            let saying = "A test that sleeps waits for luck: hand it the clock, or wait for the thing itself.";
            breaches.push(at(Rule::Sleep, source, token.line, saying));
        }
        before_is_fn = token.is_word("fn");
    }
    breaches
}

fn at(rule: Rule, source: &Source, line: usize, saying: &str) -> Breach {
    Breach::new(rule, format!("{}:{line}", source.path.display()), saying)
}
