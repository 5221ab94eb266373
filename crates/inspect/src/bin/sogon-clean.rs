//! `sogon-clean`: clean copies alone, for those who need nothing else of Sogon.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use sogon_inspect::{
    command::{self, CleanOptions, Form},
    report::Colour,
    words::Language,
    worker,
};

#[derive(Debug, Parser)]
#[command(name = "sogon-clean", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    options: CleanOptions,
    /// Print one JSON object for programs
    #[arg(long)]
    json: bool,
    /// The language of words for people: en, ko, zh; otherwise LANG decides
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
}

fn main() -> ExitCode {
    // How this program starts itself to read a file; no file has that place alone.
    if env::args_os().nth(1).is_some_and(|first| first == "--worker") {
        return if worker::serve().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let cli = Cli::parse();
    let spoken = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| env::var(name).ok());
    let language = Language::of(&cli.lang.or(spoken).unwrap_or_default());
    let form = if cli.json { Form::Json } else { Form::People(Colour::Off) };
    let Ok(own) = env::current_exe() else { return ExitCode::FAILURE };
    let worker = vec![own.into_os_string(), "--worker".into()];
    match command::clean(&cli.options, form, language, worker) {
        Ok(outcome) => {
            // Nobody reads any more: there is nothing left to do about it.
            let _ = io::stdout().write_all(outcome.text.as_bytes());
            ExitCode::from(outcome.code)
        }
        Err(trouble) => {
            eprintln!("sogon-clean: {} {}", trouble.what, trouble.next);
            ExitCode::from(trouble.code)
        }
    }
}
