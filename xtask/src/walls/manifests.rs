//! Doors as the manifests write them: optional, renamed and platform-bound ones included.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::breach::{Breach, Rule};
use crate::doors::{Bound, NAMINGS, Naming, Room, UNSAFE, fits, room_of_package};
use crate::house::Fault;

/// What one member of the workspace asks for.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// Its package.
    pub(crate) package: String,
    /// Where it lies.
    pub(crate) folder: PathBuf,
    /// What it imports.
    pub(crate) imports: Vec<Import>,
}

/// One line of a manifest.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    /// The package, whatever it is renamed to.
    pub(crate) package: String,
    /// Who needs it.
    pub(crate) need: Need,
    /// Whether it lies on disk rather than in the registry.
    pub(crate) on_disk: bool,
    /// Its features, `default` among them unless switched off.
    pub(crate) features: BTreeSet<String>,
}

/// Who needs an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The crate itself.
    Normal,
    /// Its build script.
    Build,
    /// Its tests.
    Tests,
}

/// Reads the output of `cargo metadata --no-deps`.
pub(crate) fn read(facts: &Value) -> Result<Vec<Manifest>, Fault> {
    let packages = facts.get("packages").and_then(Value::as_array);
    let manifests = packages.and_then(|list| list.iter().map(manifest).collect());
    manifests.ok_or_else(|| Fault::new("cargo metadata has a form this task does not know."))
}

fn manifest(package: &Value) -> Option<Manifest> {
    let mut folder = PathBuf::from(package.get("manifest_path")?.as_str()?);
    folder.pop();
    let imports = package.get("dependencies")?.as_array()?;
    Some(Manifest {
        package: package.get("name")?.as_str()?.to_owned(),
        folder,
        imports: imports.iter().map(import).collect::<Option<_>>()?,
    })
}

fn import(line: &Value) -> Option<Import> {
    let need = match line.get("kind").and_then(Value::as_str) {
        None | Some("normal") => Need::Normal,
        Some("build") => Need::Build,
        Some("dev") => Need::Tests,
        Some(_) => return None,
    };
    let mut features: BTreeSet<String> = line
        .get("features")?
        .as_array()?
        .iter()
        .filter_map(|feature| feature.as_str().map(str::to_owned))
        .collect();
    if line.get("uses_default_features")?.as_bool()? {
        features.insert("default".to_owned());
    }
    Some(Import {
        package: line.get("name")?.as_str()?.to_owned(),
        need,
        on_disk: line.get("path").is_some_and(|path| !path.is_null()),
        features,
    })
}

/// Every door that the table does not have.
pub(crate) fn check(manifests: &[Manifest]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for manifest in manifests {
        let Some(room) = room_of_package(&manifest.package) else {
            let saying = "The table has no such room: give it a row in xtask/src/doors.rs.";
            breaches.push(Breach::new(Rule::Room, manifest.package.clone(), saying));
            continue;
        };
        breaches.extend(direct(room, manifest));
        breaches.extend(beyond(room, manifests));
        breaches.extend(named(room, manifest));
    }
    breaches
}

/// Imports that the room itself may not name.
fn direct(room: &Room, manifest: &Manifest) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for import in &manifest.imports {
        let Some(other) = room_of_package(&import.package) else {
            if import.on_disk {
                let place = format!("{} -> {}", room.name, import.package);
                let saying = "What lies on disk is a room, and the table has no such room.";
                breaches.push(Breach::new(Rule::Room, place, saying));
            }
            continue;
        };
        let for_tests = import.need == Need::Tests && room.tests.contains(&other.name);
        if !for_tests && !room.imports.contains(&other.name) {
            let (arrow, what) = match import.need {
                Need::Normal => ("->", "It"),
                Need::Build => ("-> (build)", "Its build script"),
                Need::Tests => ("-> (tests)", "Its tests, too,"),
            };
            let saying = format!("{what} may import only: {}.", listed(room.imports));
            let place = format!("{} {arrow} {}", room.name, other.name);
            breaches.push(Breach::new(Rule::Import, place, saying));
        }
    }
    breaches
}

/// Rooms that the room reaches through others and may not link at all.
fn beyond(room: &Room, manifests: &[Manifest]) -> Vec<Breach> {
    let mut chains: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut waiting = vec![(room, vec![room.name])];
    while let Some((here, chain)) = waiting.pop() {
        let manifest = manifests.iter().find(|manifest| manifest.package == here.package);
        let imports = manifest.map(|manifest| manifest.imports.as_slice()).unwrap_or_default();
        for import in imports.iter().filter(|import| import.need != Need::Tests) {
            let Some(next) = room_of_package(&import.package) else { continue };
            if !chains.contains_key(next.name) {
                let chain: Vec<&str> = chain.iter().copied().chain([next.name]).collect();
                chains.insert(next.name, chain.clone());
                waiting.push((next, chain));
            }
        }
    }
    chains
        .iter()
        .filter(|(name, chain)| {
            chain.len() > 2 && !room.imports.contains(name) && !room.through.contains(name)
        })
        .map(|(name, chain)| {
            let saying = format!("{} may not link {name}, directly or not.", room.name);
            Breach::new(Rule::Import, chain.join(" -> "), saying)
        })
        .collect()
}

/// Crates of others that the room may not name.
fn named(room: &Room, manifest: &Manifest) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for import in &manifest.imports {
        for naming in NAMINGS.iter().filter(|naming| breaks(naming, room, import)) {
            let saying = format!("Only {} may name it: {}.", listed(naming.rooms), naming.why);
            let place = format!("{} -> {}", room.name, import.package);
            breaches.push(Breach::new(Rule::Naming, place, saying));
        }
    }
    breaches
}

fn breaks(naming: &Naming, room: &Room, import: &Import) -> bool {
    let bound = naming.bound == Bound::Everything || import.need != Need::Tests;
    let matters = naming.features.is_empty()
        || naming.features.iter().any(|feature| import.features.contains(*feature));
    bound
        && matters
        && !naming.rooms.contains(&room.name)
        && naming.crates.iter().any(|pattern| fits(pattern, &import.package))
}

/// A manifest that does not take the workspace's lints has none of them. The room with the one
/// `unsafe` cannot take them, as nothing opens a `forbid`: it repeats them, all of them.
pub(crate) fn lints(room: &Room, manifest: &str, workspace: &str) -> Vec<Breach> {
    let own = section(manifest, "[lints");
    let may_repeat = UNSAFE.iter().any(|door| door.room == room.name);
    let repeats = section(workspace, "[workspace.lints.").iter().all(|lint| {
        own.contains(lint) || lint.starts_with("unsafe_code ") && own.contains(UNSAFE_DENIED)
    });
    if own.contains("workspace = true") || may_repeat && repeats {
        return Vec::new();
    }
    let saying = "It must say `[lints]` and `workspace = true`: the house's lints hold everywhere.";
    vec![Breach::new(Rule::Guard, format!("{}: Cargo.toml", room.name), saying)]
}

const UNSAFE_DENIED: &str = "unsafe_code = \"deny\"";

/// The lines below every heading that begins with `heading`.
fn section<'a>(manifest: &'a str, heading: &str) -> BTreeSet<&'a str> {
    let mut inside = false;
    let mut lines = BTreeSet::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.starts_with(heading);
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            lines.insert(line);
        }
    }
    lines
}

fn listed(rooms: &[&str]) -> String {
    if rooms.is_empty() { "no room".to_owned() } else { rooms.join(", ") }
}
