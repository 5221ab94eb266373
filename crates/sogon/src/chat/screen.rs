//! The terminal while it is ours, and given back as it was: at the end, by a signal, in a panic.

use std::{
    io::{self, Stdout, Write},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use crossterm::{
    cursor,
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute,
    style::Print,
    terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen},
};
use ratatui::{Terminal, backend::CrosstermBackend};

/// The wheel moves as arrow keys do (what was is remembered), and letters stay in the order in which
/// they are drawn. Terminals that know neither pass over them.
const OURS: &str = "\u{1b}[?1007s\u{1b}[?1007h\u{1b}[8l";
/// As it was.
const THEIRS: &str = "\u{1b}[8h\u{1b}[?1007r";

/// Whether the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal; it is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Screen {
    pub(crate) terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    /// Takes the terminal: keys come one by one, and what is drawn stands on a sheet of its own.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn take() -> io::Result<Self> {
        on_panic();
        terminal::enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let terminal = execute!(
            io::stdout(),
            EnterAlternateScreen,
            Clear(ClearType::All),
            EnableBracketedPaste,
            Print(OURS),
            cursor::Hide
        )
        .and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match terminal {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                give_back(Leaving::Quiet);
                Err(error)
            }
        }
    }

    /// Gives the terminal back, with nothing left on it or in what it could be scrolled back to.
    pub(crate) fn wipe(self) {
        give_back(Leaving::Wiped);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back(Leaving::Quiet);
    }
}

/// What is left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    /// What was there before.
    Quiet,
    /// Not even that: some terminals keep what stood on the other sheet too.
    Wiped,
}

/// As often as one likes; a terminal that is gone needs nothing.
fn give_back(how: Leaving) {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = execute!(out, Clear(ClearType::All), cursor::MoveTo(0, 0));
    if how == Leaving::Wiped {
        let _ = execute!(out, Clear(ClearType::Purge));
    }
    let _ = execute!(out, Print(THEIRS), DisableBracketedPaste, cursor::Show, LeaveAlternateScreen);
    if how == Leaving::Wiped {
        let _ = execute!(out, Clear(ClearType::All), Clear(ClearType::Purge), cursor::MoveTo(0, 0));
    }
    let _ = out.flush();
    let _ = terminal::disable_raw_mode();
}

/// A program that panics is ended without dropping anything.
fn on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back(Leaving::Quiet);
            before(panic);
        }));
    });
}
