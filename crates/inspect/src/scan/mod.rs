//! A whole scan: walking, handing files to workers, gathering what they say.

mod crew;
mod digest;
mod survey;
mod walk;

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

pub(crate) use crew::open_quietly;
use crew::{Errand, Member};
pub use survey::{Input, Survey};

use crate::worker::Setup;

/// What is to be looked at, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// Files, folders, devices.
    pub paths: Vec<PathBuf>,
    /// The program that works, with its arguments: one that calls [`crate::worker::serve`].
    pub worker: Vec<OsString>,
    /// What workers are told.
    pub setup: Setup,
    /// How many there are.
    pub workers: usize,
    /// How long a worker may say nothing.
    pub patience: Duration,
    /// Whether inputs and the files of findings are hashed, for a report.
    pub hashes: bool,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Files looked at, those in archives and images too.
    pub files: u64,
    /// Bytes looked at.
    pub bytes: u64,
    /// Bytes of the files outside that are done.
    pub outer_bytes: u64,
    /// Bytes there are in all, once they are counted.
    pub outer_bytes_all: Option<u64>,
    /// How long it has been going on.
    pub since: Duration,
}

/// A scan that could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A path that is not there.
    #[error("{0}: {1}")]
    Path(PathBuf, io::Error),
    /// No worker can be started.
    #[error("the worker does not start: {0}")]
    Worker(io::Error),
    /// A list of the user's that cannot be used.
    #[error("{0}")]
    Lists(String),
}

/// A file at least so large is shared out among all workers, who each look at other members of it.
const SHARED_BYTES_MIN: u64 = 64 << 20;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// Counts that all threads raise.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    files: AtomicU64,
    bytes: AtomicU64,
    outer: AtomicU64,
    all: AtomicU64,
    counted: AtomicBool,
    pub(crate) stopped: AtomicBool,
}

/// Looks at everything.
///
/// # Errors
/// See [`ScanError`]; trouble with a single file is a finding instead.
pub fn scan(request: &Request, tell: &mut dyn FnMut(Progress)) -> Result<Survey, ScanError> {
    for path in &request.paths {
        std::fs::metadata(path).map_err(|error| ScanError::Path(path.clone(), error))?;
    }
    let begun = Instant::now();
    let workers = request.workers.max(1);
    let mut crew = Vec::new();
    for _ in 0..workers {
        crew.push(Member::hire(request)?);
    }
    let walls = crew.first().map(Member::walls).unwrap_or_default();
    let counts = Counts::default();
    let findings = crew.first().map(Member::unused).unwrap_or_default();
    let survey = Mutex::new(Survey { walls, findings, ..Survey::default() });
    let (give, take) = mpsc::sync_channel::<Errand>(256);
    let take = Mutex::new(take);
    let failure = thread::scope(|scope| {
        scope.spawn(|| {
            let bytes = walk::count(&request.paths, &counts.stopped);
            counts.all.store(bytes, Ordering::Relaxed);
            counts.counted.store(true, Ordering::Relaxed);
        });
        let (survey, counts, take) = (&survey, &counts, &take);
        scope.spawn(move || {
            let shares = workers as u64;
            walk::walk(&request.paths, survey, &mut |path, size| {
                let of = if size >= SHARED_BYTES_MIN { shares } else { 1 };
                (0..of).all(|part| {
                    let errand = Errand { path: path.to_owned(), size, part, of };
                    give.send(errand).is_ok() && !counts.stopped.load(Ordering::Relaxed)
                })
            });
        });
        let (finished, ends) = mpsc::channel();
        for mut member in crew {
            let finished = finished.clone();
            scope.spawn(move || {
                let end = member.work(take, survey, counts);
                if end.is_err() {
                    counts.stopped.store(true, Ordering::Relaxed);
                    // The walker may wait for room: what it still has is taken and dropped.
                    while take.lock().is_ok_and(|take| take.recv().is_ok()) {}
                }
                let _ = finished.send(end.err());
            });
        }
        drop(finished);
        let mut failure = None;
        let mut left = workers;
        while left > 0 {
            match ends.recv_timeout(TELL_EVERY) {
                Ok(end) => {
                    left = left.saturating_sub(1);
                    failure = failure.or(end);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => tell(counts.progress(begun)),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        counts.stopped.store(true, Ordering::Relaxed);
        tell(counts.progress(begun));
        failure
    });
    if let Some(error) = failure {
        return Err(ScanError::Worker(error));
    }
    let mut survey = survey.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    survey.scanned_files = counts.files.load(Ordering::Relaxed);
    survey.scanned_bytes = counts.bytes.load(Ordering::Relaxed);
    survey.seconds = begun.elapsed().as_secs_f64();
    survey.settle();
    digest::inputs(request, &mut survey);
    Ok(survey)
}

impl Counts {
    fn progress(&self, begun: Instant) -> Progress {
        let counted = self.counted.load(Ordering::Relaxed);
        Progress {
            files: self.files.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            outer_bytes: self.outer.load(Ordering::Relaxed),
            outer_bytes_all: counted.then(|| self.all.load(Ordering::Relaxed)),
            since: begun.elapsed(),
        }
    }

    pub(crate) fn looked(&self, files: u64, bytes: u64) {
        self.files.fetch_add(files, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn outer_done(&self, bytes: u64) {
        self.outer.fetch_add(bytes, Ordering::Relaxed);
    }
}
