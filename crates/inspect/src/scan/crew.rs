//! One worker as seen from outside: hired, handed files, and replaced when it dies over one.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError, atomic::Ordering, mpsc::Receiver},
};

use rustix::fs::OFlags;

use super::{Counts, Request, ScanError, survey::Survey};
use crate::{
    finding::{Confidence, Finding, Severity},
    look::Share,
    worker::{ANSWER_BYTES_MAX, Hired, Job, Said, Task, Walls, late, receive, send_with},
};

/// A worker that was taken over may say much for long: findings of one file.
const FINDINGS_OF_A_FILE_MAX: u64 = 50_000;

/// How often looking at one file is begun again behind the place at which a worker died.
const DEATHS_MAX: usize = 16;

/// A file, or a part of it, for a worker.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    pub(super) path: PathBuf,
    pub(super) size: u64,
    pub(super) part: u64,
    pub(super) of: u64,
}

/// A worker.
pub(super) struct Member<'r> {
    request: &'r Request,
    hired: Hired,
}

/// How a worker ended before its work did.
enum End {
    Died(String),
    Late,
}

impl<'r> Member<'r> {
    /// Starts a worker and tells it what it needs to know.
    pub(super) fn hire(request: &'r Request) -> Result<Self, ScanError> {
        let task = Task::Look(request.setup.clone());
        let mut hired =
            Hired::start(&request.worker, &task, request.patience).map_err(ScanError::Worker)?;
        match hired.ready.trouble.take() {
            Some(trouble) => Err(ScanError::Lists(trouble)),
            None => Ok(Self { request, hired }),
        }
    }

    /// What of the user's indicators it does not look for.
    pub(super) fn unused(&self) -> Vec<Finding> {
        self.hired.ready.unused.clone()
    }

    /// The walls around it.
    pub(super) fn walls(&self) -> Walls {
        self.hired.ready.walls
    }

    /// Works until nothing is left.
    pub(super) fn work(
        &mut self,
        errands: &Mutex<Receiver<Errand>>,
        survey: &Mutex<Survey>,
        counts: &Counts,
    ) -> io::Result<()> {
        loop {
            let next = errands.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(errand) = next else { return Ok(()) };
            if counts.stopped.load(Ordering::Relaxed) {
                return Ok(());
            }
            let mut left = errand.size.checked_div(errand.of).unwrap_or(0);
            self.run(&errand, &mut left, survey, counts)?;
            counts.outer_done(left);
        }
    }

    /// `left` is what of the file outside is not done: it falls with what is looked at inside, so that
    /// a single image of a phone has a rest, too.
    fn run(
        &mut self,
        errand: &Errand,
        left: &mut u64,
        survey: &Mutex<Survey>,
        counts: &Counts,
    ) -> io::Result<()> {
        let path = errand.path.to_string_lossy().into_owned();
        let tell = |finding| survey.lock().unwrap_or_else(PoisonError::into_inner).add(finding);
        let file = match open_quietly(&errand.path) {
            Ok(file) => file,
            Err(error) => {
                let finding = Finding::new(&path, "unreadable", Severity::Note, Confidence::Proven);
                tell(finding.with("why", error));
                return Ok(());
            }
        };
        let beside = signature_beside(&errand.path);
        let files: Vec<&File> = [Some(&file), beside.as_ref()].into_iter().flatten().collect();
        let share = Share { part: errand.part, of: errand.of, ..Share::default() };
        let mut job = Job { path: path.clone(), share };
        for _ in 0..DEATHS_MAX {
            let mut at = (path.clone(), 0);
            let asked = self.ask(&job, &files, &mut at, left, survey, counts);
            let Err(end) = asked else { return Ok(()) };
            let (rule, why) = match &end {
                End::Late => ("timed-out", String::new()),
                End::Died(words) if words.contains("memory allocation") => {
                    ("over-memory", String::new())
                }
                End::Died(words) => ("crashed", words.clone()),
            };
            let severity = if rule == "crashed" { Severity::Suspicious } else { Severity::Note };
            let mut finding = Finding::new(&at.0, rule, severity, Confidence::Proven);
            if !why.is_empty() {
                finding = finding.with("words", why);
            }
            tell(finding);
            *self = Self::hire(self.request).map_err(io::Error::other)?;
            // What was inside the file is gone on with behind the place; a file alone is done.
            job.share.from = at.1;
            if at.1 == 0 || !job.share.skip.insert(at.1) {
                return Ok(());
            }
        }
        let finding = Finding::new(&path, "given-up", Severity::Suspicious, Confidence::Proven);
        tell(finding.with("deaths", DEATHS_MAX));
        Ok(())
    }

    /// Hands a file over and listens until it is done.
    fn ask(
        &mut self,
        job: &Job,
        files: &[&File],
        at: &mut (String, u64),
        left: &mut u64,
        survey: &Mutex<Survey>,
        counts: &Counts,
    ) -> Result<(), End> {
        if send_with(&self.hired.socket, job, files).is_err() {
            return Err(End::Died(self.hired.last_words()));
        }
        let mut told = 0_u64;
        loop {
            let said: Vec<Said> = match receive(&self.hired.socket, ANSWER_BYTES_MAX) {
                Ok(said) => said,
                Err(error) if late(&error) => {
                    self.hired.end();
                    return Err(End::Late);
                }
                Err(_) => return Err(End::Died(self.hired.last_words())),
            };
            for one in said {
                let mut survey = survey.lock().unwrap_or_else(PoisonError::into_inner);
                match one {
                    Said::Enter { path, ordinal } => *at = (path, ordinal),
                    Said::Bytes(bytes) => {
                        let step = bytes.min(*left);
                        *left = left.saturating_sub(step);
                        counts.outer_done(step);
                        counts.looked(0, bytes);
                    }
                    Said::Done(files) => {
                        counts.looked(files, 0);
                        return Ok(());
                    }
                    Said::Known(fact) => survey.know(fact),
                    Said::Found(_) | Said::Happened(_) if told >= FINDINGS_OF_A_FILE_MAX => {
                        survey.untold = survey.untold.saturating_add(1);
                    }
                    Said::Found(finding) => {
                        told = told.saturating_add(1);
                        survey.add(finding);
                    }
                    Said::Happened(event) => {
                        told = told.saturating_add(1);
                        survey.happened(event);
                    }
                }
            }
        }
    }
}

/// The signature (scheme v4) that lies beside an app, under its name with one more ending.
fn signature_beside(path: &Path) -> Option<File> {
    path.extension().filter(|ending| *ending == "apk")?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".idsig");
    open_quietly(Path::new(&beside)).ok()
}

/// Opens a file for reading and nothing else; where the system lets us, without a trace of it in
/// the time of last access. A pipe does not make us wait.
pub(crate) fn open_quietly(path: &Path) -> io::Result<File> {
    let flags = |extra: OFlags| i32::try_from((OFlags::NONBLOCK | extra).bits()).unwrap_or(0);
    let open = |extra| OpenOptions::new().read(true).custom_flags(flags(extra)).open(path);
    #[cfg(target_os = "linux")]
    if let Ok(file) = open(OFlags::NOATIME) {
        return Ok(file);
    }
    open(OFlags::empty())
}
