//! `sogon inspect`: the inspector's own command, joined to this program's streams and languages.
//! It needs no home, and no home is opened for it.

use std::{ffi::OsString, io::IsTerminal};

use sogon_inspect::{
    command::{self, Options},
    report::Colour,
    words::Language,
    worker,
};

use crate::{
    cli::Cli,
    console::{self, Console, Form, Said},
    trouble::{Kind, Trouble},
};

/// Looks at what is named; the code is 6 when something was found.
///
/// # Errors
/// What kept it from looking.
pub(crate) async fn run(options: &Options, cli: &Cli, console: &Console) -> Result<u8, Trouble> {
    if options.worker {
        return worker::serve().map(|()| 0).map_err(|_| Kind::Bug.into());
    }
    let form = match console.form() {
        Form::Json => command::Form::Json,
        Form::People => command::Form::People(colour()),
    };
    let worker = worker()?;
    let bar = std::io::stderr().is_terminal();
    let mut progress = |line: &str| {
        if bar {
            // Nobody is left to be told when standard error is gone.
            let _ = console::write(&Said::Err(format!("\r\u{1b}[K{line}")));
        }
    };
    let outcome = command::run(options, form, language(cli), worker, &mut progress);
    if bar {
        let _ = console::write(&Said::Err("\r\u{1b}[K".to_owned()));
    }
    let outcome = outcome.map_err(|trouble| {
        Trouble::of(Kind::Inspect, &[("what", &trouble.what), ("next", &trouble.next)])
    })?;
    console.raw(outcome.text).await?;
    Ok(outcome.code)
}

/// How this program starts itself to read files behind walls.
pub(crate) fn worker() -> Result<Vec<OsString>, Trouble> {
    let own = std::env::current_exe().map_err(|_| Kind::System)?;
    Ok(vec![own.into_os_string(), "inspect".into(), "--worker".into()])
}

/// The inspector speaks more languages than the rest of this program.
pub(crate) fn language(cli: &Cli) -> Language {
    let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let spoken = || ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set);
    Language::of(&cli.common.lang.clone().or_else(spoken).unwrap_or_default())
}

fn colour() -> Colour {
    let wanted = std::env::var_os("NO_COLOR").is_none() && std::io::stdout().is_terminal();
    if wanted { Colour::On } else { Colour::Off }
}
