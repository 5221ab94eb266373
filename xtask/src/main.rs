//! The developer tasks: `cargo xtask <task>`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task speaks to the person at the terminal; nothing here handles what users wrote"
)]

mod app;
mod breach;
mod ci;
mod deny;
mod doors;
mod hooks;
mod house;
mod planted;
mod sources;
mod tidy;
mod walls;

use std::process::ExitCode;

use house::{Fault, House};

const HELP: &str = "\
cargo xtask <task>

  walls [--planted]             imports between rooms and the words of pure rooms, against doors.rs;
                                with --planted also builds every breach in a copy and sees it fail
  tidy                          house rules that are tests
  ci                            everything, in the order a reader would
  lab [--seeds N] [--seed S]    seeded worlds: N of them, or the one that failed
  figures [N …]                 the numbers of the README, measured again
  blows [COMMAND ...]           a kill, a torn write, a full disk and a refused sync at each write
                                of a session of the real program (needs strace)
  tpm                           a home whose guesses need a TPM, with one in software (needs swtpm)
  nap                           a home that locks before its machine sleeps (needs dbus-daemon)
  fuzz [--minutes M] [TARGET]   every fuzz target, or one, for M minutes each
  app [--short | --figures]     the app in a real browser: its stories, or its numbers
  deny                          licences, bans and sources of what we import";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match House::here().and_then(|house| run(&house, &words)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            if !fault.is_said() {
                eprintln!("{fault}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(house: &House, words: &[&str]) -> Result<(), Fault> {
    match words {
        ["walls"] => walls::run(house),
        ["walls", "--planted"] => walls_and_planted(house),
        ["tidy"] => tidy::run(house),
        ["ci"] => ci::run(house),
        ["lab", rest @ ..] => hooks::lab(house, rest).map(hooks::Done::say),
        ["figures", words @ ..] => hooks::figures(house, words).map(hooks::Done::say),
        ["blows", rest @ ..] => hooks::blows(house, rest).map(hooks::Done::say),
        ["tpm"] => hooks::tpm(house).map(hooks::Done::say),
        ["nap"] => hooks::nap(house).map(hooks::Done::say),
        ["fuzz", rest @ ..] => hooks::fuzz(house, rest),
        ["app"] => app::run(house, app::Length::Whole).map(hooks::Done::say),
        ["app", "--short"] => app::run(house, app::Length::Short).map(hooks::Done::say),
        ["app", "--figures"] => app::run(house, app::Length::Figures).map(hooks::Done::say),
        ["deny"] => deny::run(house),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(Fault::new(format!("No task `{}`.\n\n{HELP}", words.join(" ")))),
    }
}

/// Both, also when the first fails: a hole in the house does not blind the check, and a blind check
/// is worse than a hole.
fn walls_and_planted(house: &House) -> Result<(), Fault> {
    let holes = walls::run(house);
    if let Err(fault) = &holes {
        println!("{fault}");
    }
    let blind = planted::run(house);
    blind.and(holes.map_err(|_| Fault::said()))
}
