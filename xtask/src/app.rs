//! `app`: the stories of the app in a real browser, and its figures.

use std::path::PathBuf;

use crate::hooks::Done;
use crate::house::{Fault, House, does};

/// What npm brings, for tests only; nothing of it is shipped.
const MODULES: &[&str] = &["playwright-core@1.65.1", "axe-core@4.14.1"];
/// Where a Chromium may be.
const CHROMIUMS: &[&str] =
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Which of the stories are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// All of them.
    Whole,
    /// Those that `ci` tells.
    Short,
    /// None: the numbers.
    Figures,
}

/// Tells the stories; pictures of them lie in `target/app/pictures` afterwards.
pub(crate) fn run(house: &House, length: Length) -> Result<Done, Fault> {
    let Some(chromium) = CHROMIUMS.iter().find_map(|name| find(name)) else {
        return Ok(Done::Skipped("no Chromium here: apt install chromium".to_owned()));
    };
    if find("node").is_none() || find("npm").is_none() {
        return Ok(Done::Skipped("no node here: apt install nodejs npm".to_owned()));
    }
    let folder = house.target.join("app");
    let modules = folder.join("modules");
    let fault = |e: std::io::Error| Fault::new(format!("{}: {e}", folder.display()));
    for inner in [&modules, &folder.join("worlds")] {
        std::fs::create_dir_all(inner).map_err(fault)?;
    }
    if !modules.join("node_modules/axe-core").exists() {
        std::fs::write(modules.join("package.json"), "{\"private\":true}\n").map_err(fault)?;
        let mut npm = house.command("npm");
        npm.current_dir(&modules).args(["install", "--no-audit", "--no-fund", "--ignore-scripts"]);
        npm.args(MODULES);
        does(npm)?;
    }
    let programs = house.programs()?;
    let script = if length == Length::Figures { "figures.mjs" } else { "stories.mjs" };
    let mut node = house.command("node");
    node.arg(house.at("crates/app/tests/browser").join(script));
    if length == Length::Short {
        node.arg("--short");
    }
    node.env("SOGON_APP_MODULES", &modules)
        .env("SOGON_APP_BIN", programs)
        .env("SOGON_APP_SHOTS", folder.join("pictures"))
        .env("SOGON_APP_TMP", folder.join("worlds"))
        .env("SOGON_APP_CHROMIUM", chromium);
    does(node).map(|()| Done::Ran)
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
