//! House rules of what lies where: vectors, corpora, decisions, paths of somebody's machine.

use std::collections::BTreeMap;

use super::{Leaf, stem};
use crate::breach::{Breach, Rule};

/// Folders of one machine. In two halves, so that this file does not break its own rule.
const MACHINE: &[&str] = &[concat!("/ro", "ot/"), concat!("/wo", "rk/")];

/// Every rule of this file.
pub(super) fn check(leaves: &[Leaf]) -> Vec<Breach> {
    let mut breaches: Vec<Breach> = leaves.iter().flat_map(machine_paths).collect();
    breaches.extend(leaves.iter().flat_map(vector));
    breaches.extend(leaves.iter().filter_map(|leaf| without_corpus(leaf, leaves)));
    breaches.extend(decisions(leaves));
    breaches
}

fn machine_paths(leaf: &Leaf) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (line, number) in leaf.text.lines().zip(1..) {
        let found = MACHINE.iter().any(|path| {
            line.match_indices(path).any(|(start, _)| {
                // Further down a path or a link the same name is not one of a machine.
                let before = line.get(..start).and_then(|before| before.chars().next_back());
                !before.is_some_and(|c| c.is_alphanumeric() || "._-~/}".contains(c))
            })
        });
        if found {
            let saying = "A path of one machine: say it from the root of the repository.";
            breaches.push(Breach::new(Rule::Path, leaf.place(number), saying));
        }
    }
    breaches
}

fn vector(leaf: &Leaf) -> Vec<Breach> {
    if !leaf.below("vectors") || !leaf.ends("txt") {
        return Vec::new();
    }
    let missing = ["expect:", "comment:"].into_iter().filter(|key| {
        !leaf
            .text
            .lines()
            .any(|line| line.strip_prefix(key).is_some_and(|said| !said.trim().is_empty()))
    });
    missing
        .map(|key| {
            let saying = format!("A vector says what must happen and why: `{key}` is missing.");
            Breach::new(Rule::Vector, leaf.path.display().to_string(), saying)
        })
        .collect()
}

fn without_corpus(leaf: &Leaf, leaves: &[Leaf]) -> Option<Breach> {
    if !leaf.below("fuzz/fuzz_targets") || !leaf.ends("rs") {
        return None;
    }
    let corpus = format!("fuzz/corpus/{}", stem(&leaf.path));
    if leaves.iter().any(|other| other.below(&corpus)) {
        return None;
    }
    let saying = format!("Its corpus is committed and replayed: {corpus} has no file.");
    Some(Breach::new(Rule::Corpus, leaf.path.display().to_string(), saying))
}

fn decisions(leaves: &[Leaf]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut numbers: BTreeMap<&str, &Leaf> = BTreeMap::new();
    for leaf in leaves.iter().filter(|leaf| leaf.below("docs/decisions")) {
        let place = leaf.path.display().to_string();
        let Some(number) = decision_number(leaf) else {
            let saying = "A decision is named NNNN-name.md, in small letters.";
            breaches.push(Breach::new(Rule::Decision, place, saying));
            continue;
        };
        if let Some(first) = numbers.insert(number, leaf) {
            let saying = format!("{} has this number already.", first.path.display());
            breaches.push(Breach::new(Rule::Decision, place, saying));
        }
    }
    breaches
}

fn decision_number(leaf: &Leaf) -> Option<&str> {
    let (number, name) = stem(&leaf.path).split_once('-')?;
    let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let sound = leaf.ends("md")
        && number.len() == 4
        && number.chars().all(|c| c.is_ascii_digit())
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(small);
    sound.then_some(number)
}
