//! `sogon try`: the main job on one machine with nothing set up. A relay, two people, a wire
//! between them that is watched, and beside each text what the watcher saw.

mod person;
mod show;
mod stage;
mod telling;
mod watcher;

use tokio::sync::mpsc;

use crate::{
    cli::Try,
    console::{self, Console, Form},
    trouble::{Kind, Trouble},
    visit,
    words::Words,
};
use show::Show;
use stage::{Stage, Who};

/// Lines from the keyboard on their way.
const LINES_MAX: usize = 16;

/// Runs the trial.
///
/// # Errors
/// [`Kind::Trial`] when a text did not arrive or a word of it was seen on the wire.
pub(crate) async fn run(options: &Try, console: &Console, words: &Words) -> Result<(), Trouble> {
    tokio::select! {
        done = play(options, console, words) => done,
        trouble = visit::interrupted() => Err(trouble),
    }
}

async fn play(options: &Try, console: &Console, words: &Words) -> Result<(), Trouble> {
    console.people(&words.say("try-begin", &[])).await?;
    let mut stage = Stage::set(words).await?;
    telling::introduction(&stage, console, words).await?;
    for (who, text) in script(words) {
        let spoken = stage.speak(who, &text).await?;
        telling::spoken(&stage, &spoken, console, words).await?;
    }
    telling::verdict(&stage, console, words).await?;
    let typed = console.form() == Form::People && console::somebody_types();
    let served = typed || options.stay || console.form() == Form::Json;
    let show = if served { Some(Show::begin(&stage).await?) } else { None };
    if let Some(show) = &show {
        show.tell(options, console, words).await?;
        telling::object(&stage, show, console).await?;
    }
    if options.stay {
        // Until somebody interrupts.
        return std::future::pending().await;
    }
    if console.form() == Form::Json && !options.from_stdin {
        // The addresses are there until whoever started this closes standard input.
        let mut lines = lines();
        while lines.recv().await.is_some() {}
    }
    if typed || options.from_stdin {
        if typed {
            console.people(&format!("\n{}", words.say("try-your-turn", &[]))).await?;
        }
        converse(&mut stage, console, words).await?;
        telling::verdict(&stage, console, words).await?;
    }
    if let Some(show) = show {
        show.end().await;
    }
    let clean = stage.verdict().found == 0;
    stage.clear().await?;
    if clean { Ok(()) } else { Err(Kind::Trial.into()) }
}

/// What the two say to each other, in the language of whoever watches.
fn script(words: &Words) -> Vec<(Who, String)> {
    vec![
        (Who::First, words.say("try-text-1", &[])),
        (Who::Second, words.say("try-text-2", &[])),
        (Who::First, words.say("try-text-3", &[])),
        (Who::Second, words.say("try-text-4", &[])),
    ]
}

/// Lines of whoever sits at the keyboard, until there are no more.
async fn converse(stage: &mut Stage, console: &Console, words: &Words) -> Result<(), Trouble> {
    let mut lines = lines();
    while let Some(line) = lines.recv().await {
        match stage::line(&line) {
            stage::Line::Text(who, text) => {
                let spoken = stage.speak(who, text).await?;
                telling::spoken(stage, &spoken, console, words).await?;
            }
            stage::Line::End => break,
            stage::Line::Nothing => {}
            stage::Line::Unclear => console.people(&words.say("try-unclear", &[])).await?,
        }
    }
    Ok(())
}

/// Reads standard input in a thread of its own: a keyboard cannot be waited for otherwise. The
/// thread ends with the process.
fn lines() -> mpsc::Receiver<String> {
    let (to, from) = mpsc::channel(LINES_MAX);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { break };
            if to.blocking_send(line).is_err() {
                break;
            }
        }
    });
    from
}
