//! `sogon clean`: the inspector's own command, joined to this program's streams and languages. It
//! needs no home.

use sogon_inspect::{
    clean,
    command::{self, CleanOptions},
    report::Colour,
};

use crate::{
    cli::Cli,
    console::{Console, Form},
    inspection,
    trouble::{Kind, Trouble},
    visit,
};

/// Writes the clean copy and says what went.
///
/// # Errors
/// Why there is none; then nothing is left of it.
pub(crate) async fn run(
    options: &CleanOptions,
    cli: &Cli,
    console: &Console,
) -> Result<(), Trouble> {
    let form = match console.form() {
        Form::Json => command::Form::Json,
        Form::People => command::Form::People(Colour::Off),
    };
    let (worker, language) = (inspection::worker()?, inspection::language(cli));
    let asked = options.clone();
    let work = move || command::clean(&asked, form, language, worker);
    let outcome = tokio::select! {
        done = tokio::task::spawn_blocking(work) => done.map_err(|_| Kind::Bug)?,
        trouble = visit::interrupted() => {
            clean::sweep(&options.to);
            return Err(trouble);
        }
    };
    let outcome = outcome.map_err(|trouble| {
        let kind = if trouble.code == 1 { Kind::CleanIo } else { Kind::CleanRefused };
        Trouble::of(kind, &[("what", &trouble.what), ("next", &trouble.next)])
    })?;
    console.raw(outcome.text).await
}
