//! Tasks that other rooms fill: the lab's worlds, the figures, the fuzz targets.

use crate::house::{Fault, House, does, says};

/// What became of a task that another room fills.
#[derive(Debug)]
pub(crate) enum Done {
    /// It ran.
    Ran,
    /// There is nothing to run yet, or not here; why.
    Skipped(String),
}

impl Done {
    /// Tells the person at the terminal when nothing ran.
    pub(crate) fn say(self) {
        if let Self::Skipped(why) = self {
            println!("skipped: {why}");
        }
    }
}

/// `lab [--seeds N] [--seed S]`: without either, the 300 seeds of `ci`.
pub(crate) fn lab(house: &House, words: &[&str]) -> Result<Done, Fault> {
    let words = match words {
        [] => ["seeds", "300"],
        ["--seeds", count] => ["seeds", number(count)?],
        ["--seed", seed] => ["seed", number(seed)?],
        _ => return Err(Fault::new("lab takes `--seeds N`, or `--seed S` for one that failed.")),
    };
    if !house.has_program("sogon-lab", "sogon-lab")? {
        return Ok(Done::Skipped("the lab has no program `sogon-lab` yet.".to_owned()));
    }
    let mut seeds = house.command(house.programs()?.join("sogon-lab"));
    seeds.args(words);
    does(seeds).map(|()| Done::Ran)
}

/// `figures [N …]`: the numbers of the README, or some parts of them.
pub(crate) fn figures(house: &House, parts: &[&str]) -> Result<Done, Fault> {
    if !house.has_program("sogon-lab", "figures")? {
        return Ok(Done::Skipped("the lab has no program `figures` yet.".to_owned()));
    }
    let run = ["run", "--quiet", "--release", "--package", "sogon-lab", "--bin", "figures", "--"];
    house.cargo_does(&[run.as_slice(), parts].concat()).map(|()| Done::Ran)
}

/// `blows [COMMAND …]`: kills, torn writes, full disks and refused syncs at each write of a session
/// of the real program.
pub(crate) fn blows(house: &House, words: &[&str]) -> Result<Done, Fault> {
    if !has(house, "strace", "-V") {
        return Ok(Done::Skipped("it needs strace: apt-get install strace".to_owned()));
    }
    let mut blows = house.command(house.programs()?.join("blows"));
    blows.args(words);
    does(blows).map(|()| Done::Ran)
}

/// `tpm`: a home and a TPM 2.0 in software.
pub(crate) fn tpm(house: &House) -> Result<Done, Fault> {
    if !has(house, "swtpm", "--version") {
        return Ok(Done::Skipped("it needs a TPM in software: apt-get install swtpm".to_owned()));
    }
    let words = ["test", "--quiet", "--workspace", "--test", "tpm"];
    house.cargo_does(&words).map(|()| Done::Ran)
}

/// `nap`: a home on a machine that is about to sleep.
pub(crate) fn nap(house: &House) -> Result<Done, Fault> {
    if !has(house, "dbus-daemon", "--version") {
        return Ok(Done::Skipped("it needs a bus: apt-get install dbus-daemon".to_owned()));
    }
    let words = ["test", "--quiet", "--workspace", "--test", "nap"];
    house.cargo_does(&words).map(|()| Done::Ran)
}

fn has(house: &House, program: &str, word: &str) -> bool {
    house.command(program).arg(word).output().is_ok_and(|output| output.status.success())
}

/// `fuzz [--minutes M] [TARGET]`: on nightly, with cargo-fuzz.
pub(crate) fn fuzz(house: &House, words: &[&str]) -> Result<(), Fault> {
    let (minutes, target) = match words {
        [] => ("1", None),
        ["--minutes", minutes] => (*minutes, None),
        ["--minutes", minutes, target] => (*minutes, Some(*target)),
        [target] if !target.starts_with('-') => ("1", Some(*target)),
        _ => return Err(Fault::new("fuzz takes `[--minutes M] [TARGET]`.")),
    };
    let minutes: u64 =
        minutes.parse().map_err(|_| Fault::new(format!("`{minutes}` is no number.")))?;
    let seconds = minutes.saturating_mul(60);
    if !house.at("fuzz/Cargo.toml").exists() {
        return Err(Fault::new("There is no fuzz/Cargo.toml."));
    }
    let listed = fuzzing(house, &["list"]);
    let listed = says(listed).map_err(|fault| {
        Fault::new(format!(
            "Fuzzing needs a nightly toolchain and cargo-fuzz:\n  rustup toolchain install nightly\n  \
             cargo install cargo-fuzz --locked\n\n{fault}"
        ))
    })?;
    let targets: Vec<&str> =
        listed.lines().filter(|name| target.is_none_or(|target| target == *name)).collect();
    if targets.is_empty() {
        return Err(Fault::new(format!("No such fuzz target. There are:\n{listed}")));
    }
    for target in targets {
        println!("fuzz: {target} for {minutes} minutes");
        let limit = format!("-max_total_time={seconds}");
        does(fuzzing(house, &["run", target, "--", &limit]))?;
    }
    Ok(())
}

/// Cargo by its own name, not the one that started this task: the toolchain is another.
fn fuzzing(house: &House, words: &[&str]) -> std::process::Command {
    let mut command = house.command("cargo");
    command.env("RUSTUP_TOOLCHAIN", "nightly").env_remove("CARGO").arg("fuzz").args(words);
    command
}

fn number<'a>(word: &&'a str) -> Result<&'a str, Fault> {
    let fault = || Fault::new(format!("`{word}` is no number."));
    word.parse::<u64>().map(|_| *word).map_err(|_| fault())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_number() {
        assert_eq!(number(&"7").unwrap(), "7");
        assert!(number(&"seven").is_err() && number(&"-7").is_err());
    }
}
