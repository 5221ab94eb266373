//! `sogon`: the program people use. It joins the rooms (engine, vault, carry, relay) to commands and
//! words, and decides nothing itself.

mod clean;
mod cli;
mod commands;
mod console;
mod desk;
mod door;
mod entropy;
mod hand;
mod home;
mod init;
mod keeper;
mod letter;
mod link;
mod moment;
mod own_relay;
mod passphrase;
mod people;
mod plain;
mod questions;
mod sessions;
mod span;
mod trial;
mod trouble;
mod visit;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use clap_complete::Shell;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::{runtime, task::LocalSet};

use crate::{
    cli::{Cli, Command, Completions},
    console::{Console, Form},
    home::Home,
    passphrase::Source,
    trouble::{Kind, Trouble},
    words::{Language, Words},
};

fn main() -> ExitCode {
    // A crash must not leave an image of memory on the disk: it would hold open messages and keys.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let cli = Cli::parse();
    let form = if cli.common.json { Form::Json } else { Form::People };
    let console = Console::own(form);
    let words = Words::new(Language::choose(cli.common.lang.as_deref()));
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let (code, trouble) = match runtime {
        Err(_) => (1, Some(Trouble::from(Kind::System))),
        Ok(runtime) => match LocalSet::new().block_on(&runtime, run(&cli, &console, &words)) {
            Ok(code) => (code, None),
            Err(trouble) => (trouble.code(), Some(trouble)),
        },
    };
    if let Some(trouble) = trouble {
        let line = format!("sogon: {}\n", trouble.sentence(&words));
        // Nobody is left to be told when standard error is gone.
        let _ = console::write(&console::Said::Err(line));
    }
    code.into()
}

async fn run(cli: &Cli, console: &Console, words: &Words) -> Result<u8, Trouble> {
    match &cli.command {
        Command::Try(options) => trial::run(options, console, words).await?,
        Command::Init(options) => {
            let home = Home::choose(cli.common.home.as_deref())?;
            home.prepare()?;
            // Asked before the signals are ours: Ctrl-C at the prompt ends the program.
            let source = Source::choose(cli.common.passphrase_file.as_deref());
            let passphrase = source.fresh(words)?;
            tokio::select! {
                done = init::run(options, &home, &passphrase, console, words) => done?,
                trouble = visit::interrupted() => return Err(trouble),
            }
        }
        Command::Clean(options) => clean::run(options, console, words).await?,
        Command::Completions(options) => console.raw(completions(options)).await?,
        Command::Man => console.raw(manual()).await?,
        _ => {
            let args = std::env::args_os().skip(1);
            let args = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
            return visit::run(cli, args, console, words).await;
        }
    }
    Ok(0)
}

fn completions(options: &Completions) -> String {
    let shell = match options.shell {
        cli::Shell::Bash => Shell::Bash,
        cli::Shell::Elvish => Shell::Elvish,
        cli::Shell::Fish => Shell::Fish,
        cli::Shell::Powershell => Shell::PowerShell,
        cli::Shell::Zsh => Shell::Zsh,
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sogon", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn manual() -> String {
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = clap_mangen::Man::new(Cli::command()).render(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}
