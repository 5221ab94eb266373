//! `sogon`: the program people use. It joins the rooms (engine, vault, carry, relay) to commands and
//! words, and decides nothing itself.

mod asked;
mod backup;
mod browser;
mod calling;
mod chat;
mod chip;
mod clean;
mod cli;
mod commands;
mod console;
mod decoy;
mod desk;
mod door;
mod drawn;
mod entropy;
mod footprints;
mod guard;
mod hand;
mod home;
mod init;
mod inspection;
mod judged;
mod keeper;
mod letter;
mod link;
mod mode;
mod moment;
mod nap;
mod outgoing;
mod own_relay;
mod pace;
mod page;
mod parcel;
mod passphrase;
mod people;
mod phone;
mod plain;
mod preview;
mod proxy;
mod questions;
mod resident;
mod sessions;
mod sleep;
mod span;
mod tray;
mod trial;
mod tries;
mod trouble;
mod unheard;
mod usage;
mod visit;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use clap_complete::Shell;
use tokio::{runtime, task::LocalSet};

use crate::{
    cli::{Cli, Command, Completions},
    console::{Console, Form},
    home::Home,
    passphrase::Source,
    trouble::{Kind, Trouble},
    words::{Language, Words},
};

/// What was freed is overwritten: after a lock nothing of the home is left in this process. What is of
/// ordinary size is never written to swap, where the system lets this program lock so much.
#[global_allocator]
static MEMORY: zeroizing_alloc::ZeroAlloc<sogon_vault::memory::Arena> =
    zeroizing_alloc::ZeroAlloc(sogon_vault::memory::Arena);

fn main() -> ExitCode {
    guard::begin();
    let cli = Cli::parse();
    let form = if cli.common.json { Form::Json } else { Form::People };
    let console = Console::own(form);
    let words = Words::new(Language::choose(cli.common.lang.as_deref()));
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_start(guard::thread_begins)
        .on_thread_stop(guard::thread_ends)
        .build();
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
            let home = home.with_new_device(cli.common.device_secret.as_deref())?;
            // Asked before the signals are ours: Ctrl-C at the prompt ends the program.
            let source = Source::choose(cli.common.passphrase_file.as_deref());
            let passphrase = source.fresh(&home, words)?;
            let proxy = cli.common.proxy.as_ref();
            tokio::select! {
                done = init::run(options, proxy, &home, &passphrase, console, words) => done?,
                trouble = visit::interrupted() => return Err(trouble),
            }
        }
        Command::Decoy(cli::Decoy::Add(options)) => {
            let home = Home::choose(cli.common.home.as_deref())?;
            let home = home.with_device(cli.common.device_secret.as_deref())?;
            let source = Source::choose(cli.common.passphrase_file.as_deref());
            let three = decoy::Three::ask(&home, &source, options, words)?;
            decoy::add(options, &home, &three, console, words).await?;
        }
        Command::Backup(options) if options.check => {
            backup::check(options, console, words).await?;
        }
        Command::Restore(options) => {
            let home = Home::choose(cli.common.home.as_deref())?;
            let home = home.with_new_device(cli.common.device_secret.as_deref())?;
            let source = Source::choose(cli.common.passphrase_file.as_deref());
            backup::restore(options, &home, &source, console, words).await?;
        }
        Command::Inspect(options) => return inspection::run(options, cli, console).await,
        Command::Clean(options) => clean::run(options, cli, console).await?,
        Command::Completions(options) => console.raw(completions(options)).await?,
        Command::Words(options) => drawn::run(options, console, words).await?,
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
