//! `sogon chat`: the app on a terminal, for those without a browser. What it shows and asks is what
//! the page shows and asks; it may be a second process on a home that is open elsewhere.

mod answering;
mod asking;
mod deeds;
mod draw;
mod field;
mod files;
mod keys;
mod letters;
mod screen;
mod sheet;
mod shown;
mod state;
#[cfg(test)]
mod tests;
mod tongue;

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use crossterm::event::Event;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::UnixStream,
    sync::mpsc,
};

pub(crate) use self::answering::{answer, farewell};
use self::{
    asking::{Asking, Heard},
    screen::Screen,
    state::{Chat, Tag, Wish},
};
use crate::{
    cli::Cli,
    desk::Desk,
    guard, moment,
    trouble::{Kind, Trouble},
    visit,
    words::Words,
};

/// Bytes between the two ends of a line inside one process.
const PIPE_BYTES: usize = 65_536;
/// What was typed, or said, is taken in together before it is drawn.
const TOGETHER_MAX: usize = 512;
/// Half-typed words are kept, and `now` goes on, so often.
const LOOK: Duration = Duration::from_secs(3);
/// The home is told that somebody is there so often, for its `--idle`.
const ATTENDED: Duration = Duration::from_secs(5);

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// The person ended it.
    Quit,
    /// The person locked the home.
    Locked,
    /// The home ended: its last words, already in the person's language, and the exit code.
    Home(Option<String>, u8),
}

/// Somebody must see what is shown, and type.
///
/// # Errors
/// [`Kind::NoTerminal`].
pub(crate) fn terminal() -> Result<(), Trouble> {
    match io::stdin().is_terminal() && io::stdout().is_terminal() {
        true => Ok(()),
        false => Err(Kind::NoTerminal.into()),
    }
}

/// The terminal of the process that has the home open itself.
///
/// # Errors
/// What ended it but the person.
pub(crate) async fn here(desk: &Desk, tag: Option<&str>) -> Result<(), Trouble> {
    let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
    let (mut from, mut to) = tokio::io::split(theirs);
    let ending = desk.ending.clone();
    let mut asking = Asking::over(ours);
    let ended = tokio::select! {
        ended = talk(&mut asking, tag) => ended?,
        done = answer(&desk.hand, &desk.busy, ending, &mut from, &mut to) => {
            return done.and(Err(Kind::Bug.into()));
        }
    };
    match ended {
        Ended::Locked => {
            desk.hand.close(crate::keeper::Farewell::Lock).await?;
            desk.console.state("locked", &desk.words).await
        }
        _ => Ok(()),
    }
}

/// The terminal of a process that has somebody else's door before it.
///
/// # Errors
/// What ended it but the person.
pub(crate) async fn there(cli: &Cli, stream: UnixStream, words: &Words) -> Result<u8, Trouble> {
    let tag = cli.common.lang.as_deref();
    let mut asking = Asking::over(stream);
    let ended = tokio::select! {
        ended = talk(&mut asking, tag) => ended?,
        trouble = visit::interrupted() => return Err(trouble),
    };
    let (said, code) = match ended {
        Ended::Quit => return Ok(0),
        Ended::Locked => {
            asking.lock().await;
            (crate::console::state("locked", crate::console::Form::People, words), 0)
        }
        Ended::Home(None, _) => return Err(Kind::HostEnded.into()),
        Ended::Home(Some(why), code) => (why, code),
    };
    let said = match code {
        0 => crate::console::Said::Out(said),
        _ => crate::console::Said::Err(said),
    };
    crate::console::write(&said).map_err(|_| Kind::OutputGone)?;
    Ok(code)
}

/// Shows a home over a line until the person, or the home, ends it.
async fn talk<S: AsyncRead + AsyncWrite + 'static>(
    asking: &mut Asking<S>,
    tag: Option<&str>,
) -> Result<Ended, Trouble> {
    // Before the terminal is taken: a home that is locked has only words to say.
    match asking.hear().await {
        Some(Heard::Open) => {}
        Some(Heard::End(why, code)) => return Ok(Ended::Home(why, code)),
        _ => return Ok(Ended::Home(None, 1)),
    }
    let mut screen = Screen::take().map_err(|_| Kind::NoTerminal)?;
    let mut typed = typed();
    // Konsole does, whatever it is told.
    let orders = std::env::var_os("KONSOLE_VERSION").is_some();
    letters::TERMINAL_ORDERS.store(orders, std::sync::atomic::Ordering::Relaxed);
    let mut chat = Chat::new(tag, &environment(), moment::now_s());
    let mut attended = Instant::now();
    let mut look = tokio::time::interval(LOOK);
    loop {
        for wish in chat.wishes() {
            match wish {
                Wish::Ask(tag, name, with) => {
                    if asking.ask(tag, name, placed(name, with)).await.is_err() {
                        return Ok(last_words(asking).await);
                    }
                }
                Wish::Quit => {
                    drop(screen);
                    asking.settle(&Tag::Kept).await;
                    return Ok(Ended::Quit);
                }
                Wish::Lock => {
                    // First nothing is seen any more, then it is locked.
                    screen.wipe();
                    asking.settle(&Tag::Kept).await;
                    return Ok(Ended::Locked);
                }
            }
        }
        let drawn = screen.terminal.draw(|frame| {
            let place = draw::draw(&mut chat, frame.area(), frame.buffer_mut());
            if let Some(place) = place {
                frame.set_cursor_position(place);
            }
        });
        drawn.map_err(|_| Kind::OutputGone)?;
        tokio::select! {
            event = typed.recv() => {
                // A terminal that is gone types nothing.
                let Some(event) = event else { return Ok(Ended::Quit) };
                if attended.elapsed() > ATTENDED {
                    attended = Instant::now();
                    chat.attended();
                }
                chat.event(&event);
                for _ in 0..TOGETHER_MAX {
                    let Ok(event) = typed.try_recv() else { break };
                    chat.event(&event);
                }
            }
            heard = asking.hear() => {
                let Some(heard) = heard else { return Ok(Ended::Home(None, 1)) };
                if let Some(ended) = take(&mut chat, asking, heard) {
                    return Ok(ended);
                }
                for _ in 0..TOGETHER_MAX {
                    let Some(heard) = asking.heard() else { break };
                    if let Some(ended) = take(&mut chat, asking, heard) {
                        return Ok(ended);
                    }
                }
            }
            _ = look.tick() => {
                chat.now_s = moment::now_s();
                chat.keep_draft();
            }
        }
    }
}

/// Why nobody takes a question any more, if it was said.
async fn last_words<S: AsyncRead + AsyncWrite + 'static>(asking: &mut Asking<S>) -> Ended {
    while let Some(heard) = asking.hear().await {
        if let Heard::End(why, code) = heard {
            return Ended::Home(why, code);
        }
    }
    Ended::Home(None, 1)
}

fn take<S: AsyncRead + AsyncWrite + 'static>(
    chat: &mut Chat,
    asking: &mut Asking<S>,
    heard: Heard,
) -> Option<Ended> {
    match heard {
        Heard::Open => {}
        Heard::Told(told) => chat.told(&told),
        Heard::Answer(number, done) => {
            let tag = asking.tag(number)?;
            match done {
                Ok(value) => chat.answer(tag, &value),
                Err(refused) => chat.refused(&tag, &refused.name, refused.count),
            }
        }
        Heard::End(why, code) => return Some(Ended::Home(why, code)),
    }
    None
}

/// The language of the environment, as other programs choose it.
fn environment() -> String {
    let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set).unwrap_or_default()
}

/// What is typed, from a thread that waits for it.
fn typed() -> mpsc::UnboundedReceiver<Event> {
    let (to, from) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        guard::thread_begins();
        while let Ok(event) = crossterm::event::read() {
            if to.send(event).is_err() {
                break;
            }
        }
    });
    from
}

/// Paths are meant from where this terminal is, whichever process has the home open.
fn placed(name: &str, mut with: serde_json::Value) -> serde_json::Value {
    let path = with.get_mut("path").filter(|_| name.starts_with("path-"));
    if let Some(path) = path {
        let written = path.as_str().unwrap_or_default();
        let home = written.strip_prefix("~/").zip(std::env::var_os("HOME"));
        let whole = home.map(|(rest, home)| std::path::PathBuf::from(home).join(rest));
        let whole = whole.unwrap_or_else(|| written.into());
        let whole = std::path::absolute(&whole).unwrap_or(whole);
        *path = whole.display().to_string().into();
    }
    with
}
