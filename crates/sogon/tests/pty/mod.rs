//! A real terminal of its own for a program, and a model of what its screen shows.

use std::{
    io::{Read, Write},
    process::{Child, ExitStatus},
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    time::{Duration, Instant},
};

use pty_process::blocking::{Command, Pty, open};

use crate::cast::Person;

/// What must come comes before this; it is the end of a test that fails, not of one that waits.
const PATIENCE: Duration = Duration::from_secs(40);

/// A program before somebody's eyes.
pub(crate) struct Eyes {
    pty: Arc<Pty>,
    child: Child,
    bytes: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Everything that was written to the terminal.
    pub(crate) raw: Vec<u8>,
}

impl Eyes {
    /// A command of somebody's, on a terminal of so many rows and columns.
    pub(crate) fn before(person: &Person, args: &[&str], rows: u16, columns: u16) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sogon"))
            .args(args)
            .env_clear()
            .env("HOME", &person.home)
            .env("SOGON_HOME", &person.home)
            .env("TERM", "xterm-256color")
            .env("LANG", "C")
            .env("TZ", "UTC");
        if person.passphrase.exists() {
            command = command.env("SOGON_PASSPHRASE_FILE", &person.passphrase);
        }
        let (pty, pts) = open().unwrap();
        pty.resize(pty_process::Size::new(rows, columns)).unwrap();
        let child = command.spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let (to, bytes) = channel();
        let reading = Arc::clone(&pty);
        std::thread::spawn(move || {
            let mut piece = [0; 4_096];
            while let Ok(count @ 1..) = (&*reading).read(&mut piece) {
                if to.send(piece[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { pty, child, bytes, screen: vt100::Parser::new(rows, columns, 500), raw: Vec::new() }
    }

    /// Types.
    pub(crate) fn type_in(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Pastes, as terminals do.
    pub(crate) fn paste(&self, text: &str) {
        self.type_in(&format!("\u{1b}[200~{text}\u{1b}[201~"));
    }

    /// Another size.
    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        self.pty.resize(pty_process::Size::new(rows, columns)).unwrap();
        self.screen.screen_mut().set_size(rows, columns);
    }

    /// What the screen shows.
    pub(crate) fn shows(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the screen is as it should be.
    pub(crate) fn until(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let end = Instant::now().checked_add(PATIENCE).unwrap();
        loop {
            let shown = self.shows();
            if fits(&shown) {
                return shown;
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.bytes.recv_timeout(left) {
                Ok(piece) => self.take(&piece),
                Err(why) => panic!("{what} never came ({why}):\n{shown}"),
            }
        }
    }

    /// Waits until these words are on the screen.
    pub(crate) fn sees(&mut self, words: &str) -> String {
        self.until(words, |shown| shown.contains(words))
    }

    /// Waits until these words are not on the screen any more.
    pub(crate) fn sees_no(&mut self, words: &str) -> String {
        self.until(&format!("no {words}"), |shown| !shown.contains(words))
    }

    fn take(&mut self, piece: &[u8]) {
        self.raw.extend_from_slice(piece);
        self.screen.process(piece);
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal)
            .unwrap();
    }

    /// Waits for its end; everything it said until then is on the screen.
    pub(crate) fn ends(&mut self) -> ExitStatus {
        let status = self.child.wait().unwrap();
        // Nobody has the other end any more: the reader comes to its end.
        while let Ok(piece) = self.bytes.recv_timeout(PATIENCE) {
            self.take(&piece);
        }
        status
    }

    /// The terminal is as a shell wants it: lines, echo, a cursor, its first sheet.
    pub(crate) fn is_given_back(&self) -> bool {
        let screen = self.screen.screen();
        !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
    }
}

impl Drop for Eyes {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
