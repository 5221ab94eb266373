//! Seeds from the command line: `sogon-lab seeds COUNT [FIRST]`.
#![allow(clippy::print_stdout, clippy::arithmetic_side_effects, reason = "a tool for developers")]

use std::process::ExitCode;

use sogon_lab::{home::Mutant, story};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
    let (count, first) = (number(args.next()), number(args.next()).unwrap_or(0));
    let ("seeds", Some(count)) = (command.as_str(), count) else {
        println!("usage: sogon-lab seeds COUNT [FIRST]");
        return ExitCode::from(2);
    };
    let mut failed = 0u64;
    for seed in first..first.saturating_add(count) {
        let faults = story::live(seed, Mutant::None);
        if !faults.is_empty() {
            failed += 1;
            println!("seed {seed} ({:?}): {}", story::trouble_of(seed), faults.join("\n  "));
        }
    }
    println!("{count} seeds from {first}: {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
