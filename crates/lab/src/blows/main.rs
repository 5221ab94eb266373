//! Every blow that a kill, a power cut or a disk can deal to a home, at each write of a session of
//! the real program: what is there afterwards is the state before the command, the one after it,
//! that after one of the steps it is made of, or an error that says what to do; and two syncs later
//! all is as if nothing had been. Anything else ends this program with a failure.
//!
//! `blows [--built] [COMMAND …]`: all commands of the session, or the named ones. It runs the
//! program under strace, which kills it before its n-th write to the home, or has the disk refuse.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a trial: it prints, and ends at the first surprise"
)]

mod blow;
mod scene;
mod tear;

use blow::{Blow, Tally};
use scene::{Command, Scene};

fn main() -> std::process::ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let named: Vec<&String> = words.iter().filter(|word| !word.starts_with("--")).collect();
    if !scene::strace_is_there() {
        println!("This needs strace: apt-get install strace");
        return std::process::ExitCode::FAILURE;
    }
    let mut scene = Scene::set(!words.iter().any(|word| word == "--built"));
    println!(
        "{:<10}{:>7}{:>7}  {:<14}{:>7}{:>7}{:>7}{:>7}{:>7}",
        "command", "writes", "syncs", "blow", "before", "step", "after", "error", "HALF"
    );
    let mut halves = 0;
    for command in Command::session() {
        if !named.is_empty() && !named.iter().any(|name| *name == command.name) {
            scene.advance(&command);
            continue;
        }
        let counted = scene.count(&command);
        for blow in Blow::ALL {
            let mut tally = Tally::default();
            for nth in 1..=blow.places(&counted) {
                tally.add(&command, blow, nth, scene.deal(&command, blow, nth));
            }
            println!(
                "{:<10}{:>7}{:>7}  {:<14}{:>7}{:>7}{:>7}{:>7}{:>7}",
                command.name,
                counted.writes,
                counted.syncs,
                blow.name(),
                tally.before,
                tally.steps,
                tally.after,
                tally.errors,
                tally.halves
            );
            halves += tally.halves;
        }
        scene.advance(&command);
    }
    println!("{halves} silent halves");
    if halves == 0 { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
