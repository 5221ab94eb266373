//! `cargo xtask walls --planted`: a guard that has never bitten is a wish. Every kind of breach is
//! built in a copy of the workspace, by the files a careless change would touch, and must be seen.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::breach::{Breach, Rule};
use crate::house::{Fault, House};
use crate::walls;

/// One breach: what is written where, and what must be said about it.
struct Plant {
    name: &'static str,
    changes: &'static [Change],
    rule: Rule,
    /// A part of the place that the report must name.
    place: &'static str,
}

/// One careless change to a file of the copy.
enum Change {
    /// A line behind a section's heading of a room's manifest; the section is added when missing.
    Import { room: &'static str, section: &'static str, line: &'static str },
    /// Text at the end of a file of a room.
    Append { room: &'static str, file: &'static str, text: &'static str },
    /// A whole new file of a room.
    File { room: &'static str, file: &'static str, text: &'static str },
}

use Change::{Append, File, Import};

const PLANTS: &[Plant] = &[
    Plant {
        name: "the relay imports the engine",
        changes: &[Import {
            room: "relay",
            section: "dependencies",
            line: "sogon-engine = { path = \"../engine\" }",
        }],
        rule: Rule::Import,
        place: "relay -> engine",
    },
    Plant {
        name: "the relay's tests import the engine",
        changes: &[Import {
            room: "relay",
            section: "dev-dependencies",
            line: "sogon-engine = { path = \"../engine\" }",
        }],
        rule: Rule::Import,
        place: "relay -> (tests) engine",
    },
    Plant {
        name: "the relay links seal through two others, renamed and optional",
        changes: &[Import {
            room: "relay",
            section: "dependencies",
            line: "shelf = { package = \"sogon-vault\", path = \"../vault\", optional = true }",
        }],
        rule: Rule::Import,
        place: "relay -> vault -> engine -> seal",
    },
    Plant {
        name: "the program imports the lab",
        changes: &[Import {
            room: "sogon",
            section: "dependencies",
            line: "sogon-lab = { path = \"../lab\" }",
        }],
        rule: Rule::Import,
        place: "sogon -> lab",
    },
    Plant {
        name: "a room nobody wrote into the table",
        changes: &[
            File {
                room: "backdoor",
                file: "Cargo.toml",
                text: "[package]\nname = \"sogon-backdoor\"\nedition = \"2024\"\n",
            },
            File { room: "backdoor", file: "src/lib.rs", text: "//! Nothing.\n" },
        ],
        rule: Rule::Room,
        place: "sogon-backdoor",
    },
    Plant {
        name: "seal imports tokio",
        changes: &[Import {
            room: "seal",
            section: "dependencies",
            line: "tokio = { path = \"../../../outside/tokio\" }",
        }],
        rule: Rule::World,
        place: "sogon-seal -> tokio",
    },
    Plant {
        name: "wire links tokio beneath an innocent crate, on another platform",
        changes: &[Import {
            room: "wire",
            section: "target.'cfg(windows)'.dependencies",
            line: "innocent = { path = \"../../../outside/innocent\" }",
        }],
        rule: Rule::World,
        place: "sogon-engine -> sogon-wire -> innocent -> tokio",
    },
    Plant {
        name: "the engine names the MLS library",
        changes: &[Import {
            room: "engine",
            section: "dependencies",
            line: "openmls = { path = \"../../../outside/openmls\" }",
        }],
        rule: Rule::Naming,
        place: "engine -> openmls",
    },
    Plant {
        name: "seal takes randomness from the system",
        changes: &[Import {
            room: "seal",
            section: "dependencies",
            line: "getrandom = { path = \"../../../outside/getrandom\" }",
        }],
        rule: Rule::Naming,
        place: "seal -> getrandom",
    },
    Plant {
        name: "the engine reads the clock",
        changes: &[Append {
            room: "engine",
            file: "src/lib.rs",
            text: "/// Planted.\npub fn planted() {\n    let _ = std::time::Instant::now();\n}\n",
        }],
        rule: Rule::Word,
        place: "crates/engine/src/lib.rs:",
    },
    Plant {
        name: "seal opens a file under another name",
        changes: &[Append {
            room: "seal",
            file: "src/lib.rs",
            text: "use std::{fmt as _, fs as paper};\n",
        }],
        rule: Rule::Word,
        place: "crates/seal/src/lib.rs:",
    },
    Plant {
        name: "the program says unsafe",
        changes: &[File {
            room: "sogon",
            file: "src/planted.rs",
            text: "fn planted() {\n    unsafe { core::hint::unreachable_unchecked() }\n}\n",
        }],
        rule: Rule::Unsafe,
        place: "crates/sogon/src/planted.rs:2",
    },
    Plant {
        name: "the engine makes what leaves a home",
        changes: &[File {
            room: "engine",
            file: "src/planted.rs",
            text: "use sogon_seal::Posting as Letter;\n\nfn planted() {\n    Letter::sign();\n}\n",
        }],
        rule: Rule::Making,
        place: "crates/engine/src/planted.rs:4",
    },
    Plant {
        name: "the relay borrows a file of seal",
        changes: &[File {
            room: "relay",
            file: "src/planted.rs",
            text: "#[path = \"../../seal/src/lib.rs\"]\nmod seal;\n",
        }],
        rule: Rule::Guard,
        place: "crates/relay/src/planted.rs:1",
    },
    Plant {
        name: "wire switches its lint off",
        changes: &[File {
            room: "wire",
            file: "src/planted.rs",
            text: "#![allow(clippy::disallowed_types)]\n",
        }],
        rule: Rule::Guard,
        place: "crates/wire/src/planted.rs:1",
    },
    Plant {
        name: "wire replaces the bans of the root",
        changes: &[File { room: "wire", file: "clippy.toml", text: "" }],
        rule: Rule::Guard,
        place: "crates/wire/clippy.toml",
    },
];

/// Crates of others, as stubs beside the copy: planting needs no network.
const OUTSIDE: &[(&str, &str)] = &[
    ("tokio", ""),
    ("openmls", ""),
    ("getrandom", ""),
    ("innocent", "tokio = { path = \"../tokio\" }\n"),
];

/// Plants every breach in turn; fails when one is not seen.
pub(crate) fn run(house: &House) -> Result<(), Fault> {
    println!("planted: building every breach in a copy of the workspace");
    let folder = house.target.join("planted");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)
            .map_err(|e| Fault::new(format!("{}: {e}", folder.display())))?;
    }
    let copy = copy(house, &folder)?;
    let before = walls::survey(&copy)?;
    let mut unseen = Vec::new();
    for plant in PLANTS {
        let seen = with(&copy, plant.changes, || walls::survey(&copy))?;
        let new: Vec<&Breach> = seen.iter().filter(|breach| !before.contains(breach)).collect();
        match new.iter().find(|b| b.rule == plant.rule && b.place.contains(plant.place)) {
            Some(breach) => println!("planted: {}: seen: {breach}", plant.name),
            None => unseen.push(format!("{}: not seen; instead {new:?}", plant.name)),
        }
    }
    match clippy_bites(&copy, &house.target.join("planted-build"))? {
        None => println!("planted: wire reads the clock: clippy.toml bites."),
        Some(said) => unseen.push(format!("clippy lets wire read the clock:\n{said}")),
    }
    if unseen.is_empty() {
        println!("planted: all seen.");
        return Ok(());
    }
    Err(Fault::new(format!("planted: walls is blind.\n{}", unseen.join("\n"))))
}

/// Everything git tracks or would track, in `folder`/house, and the stubs beside it.
fn copy(house: &House, folder: &Path) -> Result<House, Fault> {
    let copy = House::copy_at(folder.join("house"), folder.join("target"));
    for file in house.files()? {
        let bytes = std::fs::read(house.at(&file))
            .map_err(|e| Fault::new(format!("{}: {e}", file.display())))?;
        copy.write(&file, &bytes)?;
    }
    for (name, dependencies) in OUTSIDE {
        let stub = Path::new("../outside").join(name);
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"99.0.0\"\nedition = \"2024\"\n\n\
             [workspace]\n\n[dependencies]\n{dependencies}"
        );
        copy.write(&stub.join("Cargo.toml"), manifest.as_bytes())?;
        copy.write(&stub.join("src/lib.rs"), b"")?;
    }
    Ok(copy)
}

/// Runs `look` with `changes` made, and takes them back.
fn with<T>(
    copy: &House,
    changes: &[Change],
    look: impl FnOnce() -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut saved: Vec<(PathBuf, Option<Vec<u8>>)> = Vec::new();
    let mut put = |path: PathBuf, text: Option<String>| {
        saved.push((path.clone(), std::fs::read(copy.at(&path)).ok()));
        text.map_or(Ok(()), |text| copy.write(&path, text.as_bytes()))
    };
    put(PathBuf::from("Cargo.lock"), None)?;
    for change in changes {
        match change {
            Import { room, section, line } => {
                let path = folder_of(room).join("Cargo.toml");
                let text = imported(&copy.read(&path)?, section, line);
                put(path, Some(text))?;
            }
            Append { room, file, text } => {
                let path = folder_of(room).join(file);
                let text = format!("{}\n{text}", copy.read(&path)?);
                put(path, Some(text))?;
            }
            File { room, file, text } => {
                put(folder_of(room).join(file), Some((*text).to_owned()))?;
            }
        }
    }
    let seen = look();
    for (path, bytes) in saved.iter().rev() {
        match bytes {
            Some(bytes) => copy.write(path, bytes)?,
            None => std::fs::remove_file(copy.at(path))
                .map_err(|e| Fault::new(format!("{}: {e}", path.display())))?,
        }
    }
    for change in changes {
        // Cargo takes every folder in crates/ for a member, so an emptied room must go as well.
        if let File { room, .. } = change {
            let folder = copy.at(folder_of(room));
            if !folder.join("Cargo.toml").exists() && folder.exists() {
                std::fs::remove_dir_all(&folder)
                    .map_err(|e| Fault::new(format!("{}: {e}", folder.display())))?;
            }
        }
    }
    seen
}

fn folder_of(room: &str) -> PathBuf {
    Path::new("crates").join(room)
}

/// The manifest with `line` in `section`.
fn imported(manifest: &str, section: &str, line: &str) -> String {
    let heading = format!("[{section}]");
    if manifest.lines().any(|own| own == heading) {
        return manifest.replacen(&format!("{heading}\n"), &format!("{heading}\n{line}\n"), 1);
    }
    format!("{manifest}\n{heading}\n{line}\n")
}

/// Whether clippy refuses the clock in wire; what it said when it does not.
fn clippy_bites(copy: &House, target: &Path) -> Result<Option<String>, Fault> {
    let text = "/// Planted.\npub fn planted() {\n    let _ = std::time::SystemTime::now();\n}\n";
    let change = [Append { room: "wire", file: "src/lib.rs", text }];
    with(copy, &change, || {
        let mut command: Command = copy.cargo();
        command.args(["clippy", "--quiet", "--package", "sogon-wire", "--lib"]);
        command.env("CARGO_TARGET_DIR", target).env_remove("CLIPPY_CONF_DIR");
        let output = command.output().map_err(|e| Fault::new(format!("cargo clippy: {e}")))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let bites = !output.status.success()
            && said.contains("disallowed type")
            && said.contains("std::time::SystemTime");
        Ok(if bites { None } else { Some(said) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_into_its_section() {
        let manifest = "[package]\n\n[dependencies]\na = \"1\"\n";
        let with = imported(manifest, "dependencies", "b = \"2\"");
        assert_eq!(with, "[package]\n\n[dependencies]\nb = \"2\"\na = \"1\"\n");
        let with = imported(manifest, "dev-dependencies", "b = \"2\"");
        assert!(with.ends_with("a = \"1\"\n\n[dev-dependencies]\nb = \"2\"\n"));
    }

    #[test]
    fn every_rule_of_walls_is_planted() {
        for rule in [
            Rule::Import,
            Rule::Room,
            Rule::Naming,
            Rule::World,
            Rule::Word,
            Rule::Unsafe,
            Rule::Making,
            Rule::Guard,
        ] {
            assert!(PLANTS.iter().any(|plant| plant.rule == rule), "{rule:?}");
        }
    }
}
