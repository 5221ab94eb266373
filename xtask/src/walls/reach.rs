//! What lies beneath a pure room, however far: the output of `cargo tree` with depths.
//!
//! `cargo tree` of one package resolves the features that package gets when it is built alone;
//! `cargo metadata` would mix in what other rooms and their tests switch on.

use std::collections::{BTreeMap, BTreeSet};

use crate::breach::{Breach, Rule};
use crate::doors::{EXCUSES, Room, WORLDLY, fits};

/// Every way from the room to a crate of the world.
pub(crate) fn check(room: &Room, tree: &str) -> Vec<Breach> {
    let imports = edges(tree);
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut breaches = Vec::new();
    let mut waiting: Vec<Vec<&str>> = vec![vec![room.package]];
    while let Some(chain) = waiting.pop() {
        let Some(here) = chain.last() else { continue };
        for next in imports.get(here).into_iter().flatten() {
            let chain: Vec<&str> = chain.iter().copied().chain([*next]).collect();
            let excused = EXCUSES.iter().any(|way| way.from == *here && way.to == *next);
            if excused || !seen.insert(next) {
                continue;
            }
            if WORLDLY.iter().any(|pattern| fits(pattern, next)) {
                let saying = "It brings sockets, files, threads or a clock beneath a pure room.";
                breaches.push(Breach::new(Rule::World, chain.join(" -> "), saying));
            } else {
                waiting.push(chain);
            }
        }
    }
    breaches
}

/// Who imports whom, by name. Every edge stands in the tree at least once, even where a repeated
/// crate is not opened again.
fn edges(tree: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut above: Vec<&str> = Vec::new();
    for line in tree.lines() {
        let named = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let depth = line.strip_suffix(named).and_then(|digits| digits.parse::<usize>().ok());
        let (Some(depth), Some(name)) = (depth, named.split_whitespace().next()) else { continue };
        above.truncate(depth);
        if let Some(importer) = above.last() {
            edges.entry(importer).or_default().insert(name);
        }
        above.push(name);
    }
    edges
}
