//! Looking: one file, and whatever is inside it, within limits.

mod apps;
mod contents;
pub mod kind;
mod knowledge;
mod marks;
mod open;
mod traces;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
};

pub use knowledge::{Knowledge, KnowledgeTrouble, Lists};

use crate::{
    app::reference::Fact,
    finding::{Confidence, Event, Finding, Severity},
    source::{Ends, Source},
    times::{Time, Times},
    trace::rhythm::{Rhythm, is_picture},
};
use contents::Contents;
use kind::{HEAD_BYTES, Kind};

/// Who is told what is seen.
pub trait Listener {
    /// A file begins: the `ordinal`-th of this job.
    fn enter(&mut self, path: &str, ordinal: u64);
    /// So many more bytes were looked at.
    fn progress(&mut self, bytes: u64);
    /// Something was found.
    fn found(&mut self, finding: Finding);
    /// A trace says that something happened.
    fn happened(&mut self, event: Event);
    /// An app, program or certificate is there: for whoever compares with a reference.
    fn known(&mut self, fact: Fact) {
        drop(fact);
    }
}

/// How far looking goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Archives inside archives inside archives.
    pub depth: u32,
    /// A file up to this size is held in memory as a whole.
    pub whole_bytes_max: usize,
    /// Unpacked bytes for each packed one, over everything in a file.
    pub ratio_max: u64,
    /// Files in a file.
    pub members_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 8, whole_bytes_max: 32 << 20, ratio_max: 250, members_max: 5_000_000 }
    }
}

/// Unpacked bytes that are always allowed.
const UNPACKED_BYTES_MIN: u64 = 64 << 20;

/// Folders with pictures inside one file that are counted, and pictures in all of them.
const FOLDERS_MAX: usize = 10_000;
const PICTURES_MAX: u64 = 2_000_000;

/// Bytes of the two ends that are kept of a stream too large for memory.
const END_BYTES: usize = 1 << 20;

/// Bytes of a stream looked at in one go.
const WINDOW_BYTES: usize = 8 << 20;

/// Which members of a file are to be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Share {
    /// Of the file's own members only each `of`-th, this one first; all when `of` is 0 or 1.
    pub part: u64,
    /// Into how many parts.
    pub of: u64,
    /// Members before this one were looked at already.
    pub from: u64,
    /// Members at which looking broke off.
    pub skip: BTreeSet<u64>,
}

/// Bytes to be looked at.
pub(crate) enum Content<'a> {
    /// They can be read at any place.
    At(&'a dyn Source),
    /// They come by once.
    Flow(&'a mut dyn Read),
}

/// A file that is being looked at, perhaps inside others.
struct Within {
    path: String,
    times: Times,
    /// Whether its times were told.
    told: bool,
}

/// Looks at one file.
pub struct Looker<'a> {
    know: &'a Knowledge,
    limits: Limits,
    share: &'a Share,
    to: &'a mut dyn Listener,
    ordinal: u64,
    siblings: u64,
    unpacked: u64,
    unpacked_max: u64,
    /// The start of the signature file that lies beside an app.
    beside: Option<&'a [u8]>,
    /// SHA-256 of the file whose bytes went by last, when hashes are wanted.
    sha256: String,
    /// The times of the member that comes next, as its archive says.
    times: Times,
    /// What is being looked at, each inside the one before.
    within: Vec<Within>,
    /// Folders with pictures inside the file.
    folders: BTreeMap<String, Rhythm>,
    /// How many of them.
    pictures: u64,
    /// Files looked at.
    pub files: u64,
}

impl std::fmt::Debug for Looker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Looker({} of {:?})", self.ordinal, self.share)
    }
}

impl<'a> Looker<'a> {
    /// With this knowledge, these limits, for this share of the file.
    pub fn new(
        know: &'a Knowledge,
        limits: Limits,
        share: &'a Share,
        to: &'a mut dyn Listener,
    ) -> Self {
        Self {
            know,
            limits,
            share,
            to,
            ordinal: 0,
            siblings: 0,
            unpacked: 0,
            unpacked_max: UNPACKED_BYTES_MIN,
            beside: None,
            sha256: String::new(),
            times: Times::default(),
            within: Vec::new(),
            folders: BTreeMap::new(),
            pictures: 0,
            files: 0,
        }
    }

    /// With the signature file (scheme v4) that lies beside the app.
    #[must_use]
    pub fn beside(mut self, signature: Option<&'a [u8]>) -> Self {
        self.beside = signature;
        self
    }

    /// Looks at a file and all that is in it; `path` is what findings call it.
    pub fn file(&mut self, path: &str, file: &dyn Source) {
        let most = file.size().saturating_mul(self.limits.ratio_max);
        self.unpacked_max = most.saturating_add(UNPACKED_BYTES_MIN);
        self.begin(path, 0, Content::At(file), file.times());
        for (folder, rhythm) in std::mem::take(&mut self.folders) {
            if let Some(finding) = rhythm.finding(&folder) {
                self.found(finding);
            }
        }
    }

    /// A member of a file; its siblings may be others' share.
    fn member(&mut self, path: &str, depth: u32, content: Content<'_>) {
        let times = match (std::mem::take(&mut self.times), &content) {
            (times, Content::At(source)) if !times.is_known() => source.times(),
            (times, _) => times,
        };
        self.picture(path, times.changed.map(Time::seconds));
        if depth == 1 && self.share.of > 1 {
            let turn = self.siblings.checked_rem(self.share.of);
            self.siblings = self.siblings.saturating_add(1);
            if turn != Some(self.share.part) {
                return;
            }
        }
        self.begin(path, depth, content, times);
    }

    /// Counts a picture in its folder; every part of a file counts all of them.
    fn picture(&mut self, path: &str, changed: Option<u64>) {
        let cut = path.rfind(['/', '!']).and_then(|at| path.split_at_checked(at));
        let Some((folder, name)) = cut.filter(|(_, name)| is_picture(name)) else { return };
        let room = self.folders.len() < FOLDERS_MAX || self.folders.contains_key(folder);
        self.pictures = self.pictures.saturating_add(1);
        if room && self.share.part == 0 && self.pictures <= PICTURES_MAX {
            self.folders.entry(folder.to_owned()).or_default().count(name, changed);
        }
    }

    /// Something was found. The first time this happens in a file, its times are told too.
    fn found(&mut self, finding: Finding) {
        let known = self.within.iter_mut().rev().find(|file| file.times.is_known());
        let fresh = known.filter(|file| !file.told && finding.severity > Severity::Note);
        if let Some(file) = fresh {
            file.told = true;
            file.times.events(&file.path).for_each(|event| self.to.happened(event));
        }
        self.to.found(finding);
    }

    fn begin(&mut self, path: &str, depth: u32, content: Content<'_>, times: Times) {
        let ordinal = self.ordinal;
        self.ordinal = ordinal.saturating_add(1);
        if self.share.skip.contains(&ordinal) || ordinal > self.limits.members_max {
            return;
        }
        self.to.enter(path, ordinal);
        // The file itself is the first part's; the others only look for their members in it.
        let done = ordinal < self.share.from || (depth == 0 && self.share.part != 0);
        self.within.push(Within { path: path.to_owned(), times, told: false });
        let seen = match content {
            Content::At(source) => self.still(path, depth, source, done),
            Content::Flow(flow) => self.flowing(path, depth, flow, done),
        };
        self.within.pop();
        if let Err(error) = seen {
            self.unreadable(path, &error);
        }
    }

    fn unreadable(&mut self, path: &str, error: &io::Error) {
        // A limit of ours has been told already.
        if error.kind() != io::ErrorKind::QuotaExceeded {
            let finding = Finding::new(path, "unreadable", Severity::Note, Confidence::Proven);
            self.found(finding.with("why", error));
        }
    }

    /// Looks at something that can be read at any place.
    fn still(&mut self, path: &str, depth: u32, source: &dyn Source, done: bool) -> io::Result<()> {
        let small = source.size() <= self.limits.whole_bytes_max as u64;
        if source.memory().is_none() && small {
            let whole = source.piece(0, self.limits.whole_bytes_max)?;
            self.spend(path, depth, whole.len())?;
            if (whole.len() as u64) < source.size() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            return self.still(path, depth, &whole, done);
        }
        let kind = Kind::of(&source.piece(0, HEAD_BYTES)?);
        if !done {
            self.files = self.files.saturating_add(1);
            self.names(path, Some(source));
            self.marks(path, source);
            self.whole_contents(path, depth, source, kind)?;
            self.traces(path, source, kind)?;
        }
        self.open(path, depth, source, kind)
    }

    /// All bytes, in one window or many.
    fn whole_contents(
        &mut self,
        path: &str,
        depth: u32,
        source: &dyn Source,
        kind: Kind,
    ) -> io::Result<()> {
        // What is opened is looked at file by file, and not a second time as a whole; but an app is
        // also known as a whole.
        let opened = kind.is_opened() && kind != Kind::Zip;
        if opened && !self.know.hashes_wanted() {
            return Ok(());
        }
        let mut contents = Contents::new(path, kind);
        if let Some(bytes) = source.memory() {
            contents.window(self, bytes, bytes.len());
        } else {
            let overlap = self.know.overlap();
            let mut at = 0_u64;
            while at < source.size() {
                let window = source.piece(at, WINDOW_BYTES.saturating_add(overlap))?;
                if window.is_empty() {
                    break;
                }
                // A file of an image may say that it has terabytes, all of them holes.
                self.spend(path, depth, WINDOW_BYTES.min(window.len()))?;
                contents.window(self, &window, WINDOW_BYTES);
                at = at.saturating_add(WINDOW_BYTES as u64);
            }
        }
        contents.end(self);
        Ok(())
    }

    /// Looks at something that comes by once: in memory if it fits, else as it passes.
    fn flowing(
        &mut self,
        path: &str,
        depth: u32,
        flow: &mut dyn Read,
        done: bool,
    ) -> io::Result<()> {
        let mut head = Vec::new();
        self.fill(path, flow, &mut head, HEAD_BYTES)?;
        if Kind::of(&head) == Kind::Tar && depth < self.limits.depth {
            return self.open_tar_flow(path, depth, &mut head.as_slice().chain(flow));
        }
        self.fill(path, flow, &mut head, self.limits.whole_bytes_max)?;
        if head.len() < self.limits.whole_bytes_max {
            return self.still(path, depth, &head, done);
        }
        if !done { self.passing(path, flow, head) } else { Ok(()) }
    }

    /// Looks at a stream too large for memory: its content, its two ends, its name.
    fn passing(&mut self, path: &str, flow: &mut dyn Read, first: Vec<u8>) -> io::Result<()> {
        self.files = self.files.saturating_add(1);
        let kind = Kind::of(&first);
        let mut contents = Contents::new(path, kind);
        let mut ends = Ends { size: first.len() as u64, ..Ends::default() };
        ends.head = first.get(..END_BYTES).unwrap_or_default().to_vec();
        let overlap = self.know.overlap();
        let mut window = first;
        loop {
            let fresh = window.len();
            contents.window(self, &window, fresh.saturating_sub(overlap));
            let kept = window.len().saturating_sub(overlap.max(END_BYTES));
            window.drain(..kept);
            ends.tail.clone_from(&window);
            let before = window.len();
            let most = before.saturating_add(WINDOW_BYTES);
            self.fill(path, flow, &mut window, most)?;
            let more = window.len().saturating_sub(before);
            if more == 0 {
                break;
            }
            ends.size = ends.size.saturating_add(more as u64);
            ends.tail.clone_from(&window);
        }
        contents.end(self);
        self.names(path, None);
        self.marks(path, &ends);
        if !matches!(kind, Kind::Elf | Kind::Dex | Kind::Text | Kind::Other) {
            let finding = Finding::new(path, "too-large", Severity::Note, Confidence::Proven);
            self.found(finding.with("bytes", ends.size));
        }
        Ok(())
    }

    /// Reads until `bytes` holds `most`, or to the end; what is read counts as unpacked.
    fn fill(
        &mut self,
        path: &str,
        flow: &mut dyn Read,
        bytes: &mut Vec<u8>,
        most: usize,
    ) -> io::Result<()> {
        while bytes.len() < most {
            let step = most.saturating_sub(bytes.len()).min(1 << 20);
            let read = flow.take(step as u64).read_to_end(bytes)?;
            if read == 0 {
                break;
            }
            self.spend(path, 1, read)?;
            // Unpacking may be slow: a sign of life.
            self.to.progress(0);
        }
        Ok(())
    }

    /// Bytes that came out of a file are counted against how large it is.
    fn spend(&mut self, path: &str, depth: u32, bytes: usize) -> io::Result<()> {
        if depth == 0 {
            return Ok(());
        }
        self.unpacked = self.unpacked.saturating_add(bytes as u64);
        if self.unpacked > self.unpacked_max {
            let finding = Finding::new(path, "bomb", Severity::Suspicious, Confidence::Match);
            self.found(finding.with("unpacked", self.unpacked));
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        Ok(())
    }
}
