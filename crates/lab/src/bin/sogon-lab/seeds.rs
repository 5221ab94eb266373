//! Seeds, one after the other, on every core.

use std::{
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
};

use sogon_lab::{home::Mutant, story};

pub(crate) fn live(count: u64, first: u64) -> ExitCode {
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
