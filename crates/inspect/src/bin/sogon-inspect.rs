//! `sogon-inspect`: the inspector alone, for those who need nothing else of Sogon.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

use std::{
    env,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::Parser;
use sogon_inspect::{
    command::{self, Form, Options},
    report::Colour,
    words::Language,
    worker,
};

#[derive(Debug, Parser)]
#[command(name = "sogon-inspect", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    options: Options,
    /// Print one JSON object for programs
    #[arg(long)]
    json: bool,
    /// The language of words for people: en, ko, zh; otherwise LANG decides
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.options.worker {
        return if worker::serve().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let spoken = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| env::var(name).ok());
    let language = Language::of(&cli.lang.or(spoken).unwrap_or_default());
    let colour = io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none();
    let colour = if colour { Colour::On } else { Colour::Off };
    let form = if cli.json { Form::Json } else { Form::People(colour) };
    let bar = io::stderr().is_terminal();
    let mut progress = |line: &str| {
        if bar {
            eprint!("\r\u{1b}[K{line}");
        }
    };
    let Ok(own) = env::current_exe() else { return ExitCode::FAILURE };
    let worker = vec![own.into_os_string(), "--worker".into()];
    let outcome = command::run(&cli.options, form, language, worker, &mut progress);
    if bar {
        eprint!("\r\u{1b}[K");
    }
    match outcome {
        Ok(outcome) => {
            // Nobody reads any more: there is nothing left to do about it.
            let _ = io::stdout().write_all(outcome.text.as_bytes());
            ExitCode::from(outcome.code)
        }
        Err(trouble) => {
            eprintln!("sogon-inspect: {} {}", trouble.what, trouble.next);
            ExitCode::FAILURE
        }
    }
}
