//! Writes something like speech as a recording, for stories in a browser: `sentence SEED SECONDS FILE`,
//! and silence for seed 0.

use std::process::ExitCode;

use sogon_call::{speech, wav};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let written = match words.as_slice() {
        [seed, seconds, file] => {
            seed.parse().ok().zip(seconds.parse().ok()).and_then(|(seed, seconds): (u32, f32)| {
                let mut samples = speech::sentence(seed, seconds);
                if seed == 0 {
                    samples.fill(0);
                }
                std::fs::write(file, wav::write(&samples).ok()?).ok()
            })
        }
        _ => None,
    };
    if written.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
