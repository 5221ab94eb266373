//! One cleaning: its limits, and what it says of itself.

use crate::clean::{Kept, Kind, Options, Refusal, Removed, Report, What};

/// So many entries are enough to know what was wrong with a file.
const REMOVED_MAX: usize = 10_000;

/// A cleaning under way.
#[derive(Debug)]
pub(crate) struct Job<'o> {
    pub(crate) options: &'o Options,
    depth: u8,
    members: u32,
    unfolded: u64,
    path: String,
    report: Report,
}

impl<'o> Job<'o> {
    pub(crate) fn new(options: &'o Options) -> Self {
        Self {
            options,
            depth: 0,
            members: 0,
            unfolded: 0,
            path: String::new(),
            report: Report::default(),
        }
    }

    pub(crate) fn report(self) -> Report {
        let mut report = self.report;
        report.kept.sort();
        report.kept.dedup();
        report
    }

    /// Something of so many bytes is not in the copy.
    pub(crate) fn removed(&mut self, what: What, bytes: impl TryInto<u64>) {
        let bytes = bytes.try_into().unwrap_or(u64::MAX);
        let known = |old: &&mut Removed| old.what == what && old.inside == self.path;
        if let Some(old) = self.report.removed.iter_mut().rev().take(32).find(known) {
            old.bytes = old.bytes.saturating_add(bytes);
        } else if self.report.removed.len() < REMOVED_MAX {
            self.report.removed.push(Removed { what, inside: self.path.clone(), bytes });
        }
    }

    /// As `removed`, when there was any.
    pub(crate) fn removed_some(&mut self, what: What, bytes: impl TryInto<u64>) {
        let bytes = bytes.try_into().unwrap_or(u64::MAX);
        if bytes > 0 {
            self.removed(what, bytes);
        }
    }

    /// Something is in the copy on purpose.
    pub(crate) fn kept(&mut self, kept: Kept) {
        if !self.report.kept.contains(&kept) {
            self.report.kept.push(kept);
        }
    }

    /// Works on something packed into the file.
    pub(crate) fn inside<T>(
        &mut self,
        path: &str,
        work: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if self.depth >= self.options.depth_max {
            return Err(Kind::Zip.large("too many things inside each other").inside(path));
        }
        let before = self.path.len();
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(path);
        self.depth = self.depth.saturating_add(1);
        let done = work(self);
        self.depth = self.depth.saturating_sub(1);
        self.path.truncate(before);
        done.map_err(|why| why.inside(path))
    }

    /// One more member of an archive.
    pub(crate) fn member(&mut self, kind: Kind) -> Result<(), Refusal> {
        self.members = self.members.saturating_add(1);
        match self.members > self.options.members_max {
            true => Err(kind.large("more members than are allowed")),
            false => Ok(()),
        }
    }

    /// How many bytes may still unfold.
    pub(crate) fn unfold_left(&self) -> u64 {
        self.options.unfolded_bytes_max.saturating_sub(self.unfolded)
    }

    /// So many bytes unfolded.
    pub(crate) fn unfolded(&mut self, bytes: u64, kind: Kind) -> Result<(), Refusal> {
        self.unfolded = self.unfolded.saturating_add(bytes);
        match self.unfolded > self.options.unfolded_bytes_max {
            true => Err(kind.large("it unfolds to more bytes than are allowed")),
            false => Ok(()),
        }
    }
}
