//! `cargo xtask ci`: everything, in the order a reader would, on any machine.

use std::time::{Duration, Instant};

use crate::hooks::{self, Done};
use crate::house::{Fault, House, does};
use crate::{app, deny, tidy};

type Task = fn(&House) -> Result<Done, Fault>;

const STEPS: &[(&str, Task)] = &[
    ("fmt", |house| house.cargo_does(&["fmt", "--all", "--check"]).map(|()| Done::Ran)),
    ("lock", |house| {
        let words = ["metadata", "--locked", "--format-version", "1"];
        house.cargo_says(&words).map(|_| Done::Ran)
    }),
    ("walls", |house| crate::walls_and_planted(house).map(|()| Done::Ran)),
    ("tidy", |house| tidy::run(house).map(|()| Done::Ran)),
    ("clippy", |house| {
        let words = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
        house.cargo_does(&words).map(|()| Done::Ran)
    }),
    // One that fails does not keep the others from being told.
    ("test", |house| {
        house.cargo_does(&["test", "--workspace", "--no-fail-fast"]).map(|()| Done::Ran)
    }),
    ("vectors", vectors),
    ("lab", |house| hooks::lab(house, &[])),
    ("app", |house| app::run(house, app::Length::Short)),
    ("deny", |house| deny::run(house).map(|()| Done::Ran)),
];

/// Runs every step, also after one has failed: one run tells all that is wrong.
pub(crate) fn run(house: &House) -> Result<(), Fault> {
    let start = Instant::now();
    let mut lines = Vec::new();
    let (mut passed, mut failed) = (0_u32, 0_u32);
    for (name, task) in STEPS {
        println!("\n== {name}");
        let step = Instant::now();
        let outcome = task(house);
        let time = seconds(step.elapsed());
        match outcome {
            Ok(Done::Ran) => {
                passed = passed.saturating_add(1);
                lines.push(format!("{name:<8} passed   {time}"));
            }
            Ok(Done::Skipped(why)) => {
                println!("skipped: {why}");
                lines.push(format!("{name:<8} skipped  {why}"));
            }
            Err(fault) => {
                failed = failed.saturating_add(1);
                println!("{fault}");
                lines.push(format!("{name:<8} FAILED   {time}"));
            }
        }
    }
    println!("\n== ci, {}", seconds(start.elapsed()));
    for line in &lines {
        println!("{line}");
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err(Fault::said()) }
}

/// The second decoder, in another language, on the same bytes.
fn vectors(house: &House) -> Result<Done, Fault> {
    if !house.at("vectors/decode.py").exists() {
        return Ok(Done::Skipped("there is no vectors/decode.py yet.".to_owned()));
    }
    let mut python = house.command("python3");
    python.arg("vectors/decode.py").env("PYTHONDONTWRITEBYTECODE", "1");
    does(python).map(|()| Done::Ran)
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
