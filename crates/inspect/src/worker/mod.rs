//! The worker: a process that is handed open files and tells what it sees in them. It has no
//! network, opens no file, starts no program; when it dies, only the file it looked at is unseen.

mod frame;
mod hired;
mod walls;

use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    os::{fd::AsFd, unix::net::UnixStream},
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

pub(crate) use frame::{FRAME_BYTES_MAX, receive, receive_with, send, send_with};
pub(crate) use hired::{ANSWER_BYTES_MAX, Hired, late};
pub use walls::Walls;

use crate::{
    app::reference::Fact,
    clean,
    finding::{Event, Finding},
    look::{Knowledge, Limits, Listener, Lists, Looker, Share},
    preview,
    source::{Owned, Source},
    times::Times,
};

/// What a worker is told first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Look at files.
    Look(Setup),
    /// Write one clean copy.
    Clean(clean::Order),
    /// Draw one picture small.
    Draw(preview::Sitting),
}

/// What a worker that looks is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// Lists and rules of the user.
    pub lists: Lists,
    /// How far looking goes.
    pub limits: Limits,
    /// Memory it may take.
    pub memory_bytes_max: u64,
}

/// What a worker answers to that.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// The walls around it, as it found them by trying.
    pub(crate) walls: Walls,
    /// Why it cannot work: a list that cannot be used.
    pub(crate) trouble: Option<String>,
    /// What of the user's indicators is not looked for.
    #[serde(default)]
    pub(crate) unused: Vec<Finding>,
}

/// A file to look at; the open file comes with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    /// What to call it.
    pub(crate) path: String,
    /// Which part of it.
    pub(crate) share: Share,
}

/// What a worker says while it looks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Said {
    /// A file inside the file begins.
    Enter {
        /// Its path.
        path: String,
        /// Its number.
        ordinal: u64,
    },
    /// So many more bytes were looked at.
    Bytes(u64),
    /// Something was found.
    Found(Finding),
    /// Something happened.
    Happened(Event),
    /// Something a reference may hold is there.
    Known(Fact),
    /// The job is done: so many files were looked at.
    Done(u64),
}

/// Bytes looked at after which a worker gives a sign of life.
const SIGN_OF_LIFE_BYTES: u64 = 32 << 20;

/// Slow bytes, such as unpacked ones, are told more often.
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(2);

/// What is read of the signature beside an app; the tree behind it is made anew.
const BESIDE_BYTES_MAX: usize = 1 << 16;

/// As much is said at once.
const SAID_MAX: usize = 200;

/// An open file whose size was asked once.
#[derive(Clone)]
struct Handed {
    file: Arc<File>,
    size: u64,
    times: Times,
}

impl Source for Handed {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, buffer)
    }

    fn times(&self) -> Times {
        self.times
    }

    fn owned(&self) -> Option<Owned> {
        Some(Box::new(self.clone()))
    }
}

/// What goes back over the socket.
struct Mouth<'a> {
    socket: &'a UnixStream,
    waiting: Vec<Said>,
    bytes: u64,
    spoke: Instant,
    gone: bool,
}

impl Mouth<'_> {
    fn say(&mut self, said: Said) {
        self.waiting.push(said);
        if self.waiting.len() >= SAID_MAX {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.spoke = Instant::now();
        if self.bytes > 0 {
            // Before what ends the job.
            self.waiting.insert(0, Said::Bytes(self.bytes));
            self.bytes = 0;
        }
        // The one who asked is gone: the end of the job is noticed by the next read.
        self.gone |= send(self.socket, &self.waiting).is_err();
        self.waiting.clear();
    }
}

impl Listener for Mouth<'_> {
    fn enter(&mut self, path: &str, ordinal: u64) {
        if ordinal > 0 {
            self.say(Said::Enter { path: path.to_owned(), ordinal });
            // Said before it is looked at, so that a crash has a name.
            self.flush();
        }
    }

    fn progress(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes >= SIGN_OF_LIFE_BYTES || self.spoke.elapsed() >= SIGN_OF_LIFE_EVERY {
            self.flush();
        }
    }

    fn found(&mut self, finding: Finding) {
        self.say(Said::Found(finding));
    }

    fn happened(&mut self, event: Event) {
        self.say(Said::Happened(event));
    }

    fn known(&mut self, fact: Fact) {
        let app = matches!(fact, Fact::App(_));
        self.say(Said::Known(fact));
        if app {
            // The files of an app have many names: one app at a time fits into an answer.
            self.flush();
        }
    }
}

/// Works until the one at the other end of standard input hangs up.
///
/// # Errors
/// Standard input is no socket, or what comes over it makes no sense.
pub fn serve() -> io::Result<()> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    match receive(&socket, FRAME_BYTES_MAX)? {
        Task::Look(setup) => look(&socket, &setup),
        Task::Clean(order) => copy(&socket, &order),
        Task::Draw(sitting) => draw(&socket, &sitting),
    }
}

/// Draws the file it is handed.
fn draw(socket: &UnixStream, sitting: &preview::Sitting) -> io::Result<()> {
    let walls = walls::raise(sitting.memory_bytes_max, 0);
    send(socket, &Ready { walls, trouble: None, unused: Vec::new() })?;
    let ((), files): ((), Vec<File>) = receive_with(socket, FRAME_BYTES_MAX)?;
    let Ok([picture]) = <[File; 1]>::try_from(files) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    send(socket, &preview::draw_behind_walls(picture, sitting.extent))
}

/// Writes a clean copy of the first file it is handed into the second one.
fn copy(socket: &UnixStream, order: &clean::Order) -> io::Result<()> {
    let walls = walls::raise(order.memory_bytes_max, order.copy_bytes_max);
    send(socket, &Ready { walls, ..Ready::default() })?;
    let ((), files): ((), Vec<File>) = receive_with(socket, FRAME_BYTES_MAX)?;
    let Ok([source, copy]) = <[File; 2]>::try_from(files) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    send(socket, &clean::copy_behind_walls(source, copy, &order.options))
}

/// Looks at files until the one who hands them over hangs up.
fn look(socket: &UnixStream, setup: &Setup) -> io::Result<()> {
    let walls = walls::raise(setup.memory_bytes_max, 0);
    let knowledge = Knowledge::new(&setup.lists);
    let trouble = knowledge.as_ref().err().map(ToString::to_string);
    let unused = knowledge.as_ref().map_or_else(|_| Vec::new(), Knowledge::unused);
    send(socket, &Ready { walls, trouble, unused })?;
    let Ok(knowledge) = knowledge else { return Ok(()) };
    loop {
        let (job, files): (Job, Vec<File>) = match receive_with(socket, FRAME_BYTES_MAX) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            got => got?,
        };
        let mut files = files.into_iter();
        let Some(mut file) = files.next() else { return Err(io::ErrorKind::InvalidData.into()) };
        let beside = files.next().map(|beside| beside.piece(0, BESIDE_BYTES_MAX)).transpose()?;
        let size = file.seek(SeekFrom::End(0))?;
        let times = file.times();
        let handed = Handed { file: Arc::new(file), size, times };
        let mut mouth =
            Mouth { socket, waiting: Vec::new(), bytes: 0, spoke: Instant::now(), gone: false };
        let mut looker = Looker::new(&knowledge, setup.limits, &job.share, &mut mouth);
        looker = looker.beside(beside.as_deref());
        looker.file(&job.path, &handed);
        let files = looker.files;
        mouth.say(Said::Done(files));
        mouth.flush();
        if mouth.gone {
            return Ok(());
        }
    }
}
