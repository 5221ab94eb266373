//! All that a scan found.

use crate::{
    app::reference::Fact,
    finding::{Event, Finding, Severity},
    worker::Walls,
};

/// As many findings are kept; more are counted.
const FINDINGS_MAX: usize = 200_000;

/// As many events are kept.
const EVENTS_MAX: usize = 500_000;

/// As much is collected of a reference.
const KNOWN_MAX: usize = 2_000_000;

/// Something that was looked at, as its owner named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its path.
    pub path: String,
    /// Its bytes; none of a folder.
    pub bytes: Option<u64>,
    /// Its SHA-256 in hexadecimal digits, when it was asked for and is a file.
    pub sha256: Option<String>,
}

/// What a scan found.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Findings, the gravest first, then by path and offset.
    pub findings: Vec<Finding>,
    /// What happened, by time.
    pub events: Vec<Event>,
    /// Findings and events that were too many to keep.
    pub untold: u64,
    /// Files looked at, those inside archives and images too.
    pub scanned_files: u64,
    /// Bytes looked at.
    pub scanned_bytes: u64,
    /// Links, which are not followed, and things that are no files.
    pub passed_over: u64,
    /// How long it took.
    pub seconds: f64,
    /// What was looked at, and files with findings.
    pub inputs: Vec<Input>,
    /// The walls around the workers.
    pub walls: Walls,
    /// What a reference may hold: all of it when it was to be collected, else the apps.
    pub known: Vec<Fact>,
}

impl Survey {
    /// The gravest there is.
    #[must_use]
    pub fn gravest(&self) -> Severity {
        let all = self.findings.iter().map(|finding| finding.severity);
        all.max().unwrap_or(Severity::Clean)
    }

    /// Something was found: more than notes.
    #[must_use]
    pub fn found(&self) -> bool {
        self.gravest() >= Severity::Suspicious
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.untold = self.untold.saturating_add(1);
        }
    }

    pub(super) fn know(&mut self, fact: Fact) {
        if self.known.len() < KNOWN_MAX {
            self.known.push(fact);
        }
    }

    pub(super) fn happened(&mut self, event: Event) {
        if self.events.len() < EVENTS_MAX {
            self.events.push(event);
        } else {
            self.untold = self.untold.saturating_add(1);
        }
    }

    /// Puts everything into an order that does not depend on who was first.
    pub(crate) fn settle(&mut self) {
        self.findings.sort_by(|a, b| {
            let by = b.severity.cmp(&a.severity).then_with(|| a.path.cmp(&b.path));
            by.then_with(|| a.offset.cmp(&b.offset)).then_with(|| a.rule.cmp(&b.rule))
        });
        self.findings.dedup();
        self.events.sort();
        self.events.dedup();
    }
}
