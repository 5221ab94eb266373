//! A worker as seen from outside: a child process and the socket to it.

use std::{
    ffi::OsString,
    io::{self, Read},
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::{FRAME_BYTES_MAX, Ready, Task, frame};

/// Words of a dying worker that are read.
const LAST_WORDS_BYTES_MAX: u64 = 4_096;

/// A worker that was taken over by what it reads may say much: no frame is larger than this.
pub(crate) const ANSWER_BYTES_MAX: u32 = 4 << 20;

const _: () = assert!(ANSWER_BYTES_MAX < FRAME_BYTES_MAX);

/// A worker that waits for files.
pub(crate) struct Hired {
    child: Child,
    /// The way to it.
    pub(crate) socket: UnixStream,
    /// What it said of itself.
    pub(crate) ready: Ready,
}

impl Drop for Hired {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Hired {
    /// Starts `program`, tells it its task and hears what it has to say; no answer of it may take
    /// longer than `patience`.
    pub(crate) fn start(program: &[OsString], task: &Task, patience: Duration) -> io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        let (program, args) = program.split_first().ok_or(io::ErrorKind::NotFound)?;
        let child = Command::new(program)
            .args(args)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        socket.set_read_timeout(Some(patience))?;
        let mut hired = Self { child, socket, ready: Ready::default() };
        frame::send(&hired.socket, task)?;
        hired.ready = frame::receive(&hired.socket, ANSWER_BYTES_MAX)?;
        Ok(hired)
    }

    /// Ends it.
    pub(crate) fn end(&mut self) {
        let _ = self.child.kill();
    }

    /// What a dead worker said at the end.
    pub(crate) fn last_words(&mut self) -> String {
        self.end();
        let mut words = Vec::new();
        if let Some(stderr) = self.child.stderr.take() {
            let _ = stderr.take(LAST_WORDS_BYTES_MAX).read_to_end(&mut words);
        }
        String::from_utf8_lossy(&words).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Whether no answer came in time.
pub(crate) fn late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
