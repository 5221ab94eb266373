//! Every crate we take in stands in the manifest under the need that brings it.

use super::Leaf;
use crate::breach::{Breach, Rule};
use crate::doors::room_of_package;

/// The manifests of rooms.
pub(super) fn check(leaves: &[Leaf]) -> Vec<Breach> {
    let own = |leaf: &&Leaf| leaf.below("crates") && leaf.path.ends_with("Cargo.toml");
    leaves.iter().filter(own).flat_map(needs).collect()
}

/// Dependency lines outside a group. A group begins with `# -- need` and ends at a blank line or
/// the next section. Our own rooms need no group: their reason is the table in `doors.rs`.
fn needs(leaf: &Leaf) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut in_section = false;
    let mut in_group = false;
    let mut depth = 0_usize;
    for (line, number) in leaf.text.lines().map(str::trim).zip(1..) {
        let inside_value = depth > 0;
        if !line.starts_with('#') {
            let count = |wanted: [char; 2]| line.matches(wanted).count();
            depth = depth.saturating_add(count(['[', '{'])).saturating_sub(count([']', '}']));
        }
        if inside_value {
            continue;
        }
        if let Some(heading) = line.strip_prefix('[') {
            let heading = heading.trim_end_matches(']');
            in_section = heading.ends_with("dependencies");
            in_group = false;
            if heading.contains("dependencies.") {
                let saying = "Write it as one line, in a group under its need.";
                breaches.push(Breach::new(Rule::Need, leaf.place(number), saying));
            }
        } else if line.is_empty() {
            in_group = false;
        } else if line.starts_with('#') {
            in_group |= line.strip_prefix("# -- ").is_some_and(|need| !need.is_empty());
        } else if in_section && !in_group && !is_ours(line) {
            let saying = "Which need brings it? Put it in a group under a `# -- need` comment.";
            breaches.push(Breach::new(Rule::Need, leaf.place(number), saying));
        }
    }
    breaches
}

fn is_ours(line: &str) -> bool {
    let name = line.split(['=', '.']).next().unwrap_or_default().trim();
    room_of_package(name).is_some()
}
