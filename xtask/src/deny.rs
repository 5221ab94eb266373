//! `cargo xtask deny`: licences, bans and sources always; advisories when their database can be
//! reached.

use std::path::PathBuf;
use std::process::Command;

use crate::house::{Fault, House, does, says};

/// The version that reads our `deny.toml`; asked for by name, so that a run of today and one of
/// next year mean the same.
const VERSION: &str = "0.20.2";

/// Runs cargo-deny, and builds it first where it is missing.
pub(crate) fn run(house: &House) -> Result<(), Fault> {
    let program = program(house)?;
    let deny = |words: &[&str]| {
        let mut command = house.command(&program);
        command.args(["--all-features"]).args(words);
        command
    };
    // Warnings about versions that stand twice are for the one who updates; here they would bury
    // what fails.
    does(deny(&["--log-level", "error", "check", "licenses", "bans", "sources"]))?;
    let fetched = says(within_a_minute(house, deny(&["fetch", "db"])));
    if fetched.is_err() {
        println!("advisories: NOT checked, their database cannot be reached from here.");
        return Ok(());
    }
    does(deny(&["check", "--disable-fetch", "advisories"]))
}

/// cargo-deny from the path when it is the right version, or our own below `target`.
fn program(house: &House) -> Result<PathBuf, Fault> {
    let tools = house.target.join("tools");
    let own = tools.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    for program in [PathBuf::from("cargo-deny"), own.clone()] {
        let mut command = house.command(&program);
        command.arg("--version");
        if says(command).is_ok_and(|said| said.trim().ends_with(VERSION)) {
            return Ok(program);
        }
    }
    println!("deny: building cargo-deny {VERSION} into {}", tools.display());
    let mut install = house.cargo();
    install
        .args(["install", "cargo-deny", "--version", VERSION, "--locked", "--quiet", "--root"])
        .arg(&tools)
        // It runs for two seconds; optimising it would take three times as long as all of this.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_TARGET_DIR", tools.join("build"));
    does(install)?;
    // A third of a gigabyte that nothing needs again.
    let build = tools.join("build");
    std::fs::remove_dir_all(&build).map_err(|e| Fault::new(format!("{}: {e}", build.display())))?;
    Ok(own)
}

/// The command under `timeout` where the system has one: a network that swallows packets must not
/// hold the whole run.
fn within_a_minute(house: &House, command: Command) -> Command {
    let mut probe = house.command("timeout");
    probe.arg("--version");
    if says(probe).is_err() {
        return command;
    }
    let mut limited = house.command("timeout");
    limited.arg("60").arg(command.get_program()).args(command.get_args());
    limited
}
