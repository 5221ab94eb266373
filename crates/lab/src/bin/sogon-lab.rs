//! Seeds from the command line: `sogon-lab seeds COUNT [FIRST]`.
#![allow(clippy::print_stdout, clippy::arithmetic_side_effects, reason = "a tool for developers")]

use std::{
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
};

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
    let next = AtomicU64::new(first);
    let failed = AtomicU64::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first.saturating_add(count) {
                        break;
                    }
                    let faults = story::live(seed, Mutant::None);
                    if !faults.is_empty() {
                        failed.fetch_add(1, Ordering::Relaxed);
                        let trouble = story::trouble_of(seed);
                        println!("seed {seed} ({trouble:?}): {}", faults.join("\n  "));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner();
    println!("{count} seeds from {first}: {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
