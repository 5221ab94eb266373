//! What the inspector has to say about a file: findings, and what happened when.

use serde::{Deserialize, Serialize};

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing at all.
    Clean,
    /// Worth knowing; something that could not be looked at, for instance.
    Note,
    /// Ordinary things can look like this, watching things do.
    Suspicious,
    /// Made to watch the owner.
    Surveillance,
    /// Named as such by a list the owner gave.
    KnownBad,
}

impl Severity {
    /// All of them, the gravest last.
    pub const ALL: [Self; 5] =
        [Self::Clean, Self::Note, Self::Suspicious, Self::Surveillance, Self::KnownBad];

    /// Its name in reports for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Note => "note",
            Self::Suspicious => "suspicious",
            Self::Surveillance => "surveillance",
            Self::KnownBad => "known-bad",
        }
    }
}

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// It looks like it; other things may too.
    Heuristic,
    /// A name or a string of a known thing.
    Match,
    /// It was decoded, and chance does not write that.
    Proven,
}

impl Confidence {
    /// Its name in reports for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Heuristic => "heuristic",
            Self::Match => "match",
            Self::Proven => "proven",
        }
    }
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is, in one word.
    pub name: String,
    /// What it says.
    pub value: String,
    /// It names a machine, a handset or a person: reports mask it unless asked not to.
    pub identity: bool,
}

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Where: the path, and behind each `!` the path inside an archive or image.
    pub path: String,
    /// The first byte in the file, where one can be named.
    pub offset: Option<u64>,
    /// Which rule; the words for it are in the Fluent files.
    pub rule: String,
    /// How grave.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// What was seen.
    pub evidence: Vec<Evidence>,
}

/// As many characters of a piece of evidence as are kept.
const VALUE_CHARS_MAX: usize = 400;

impl Finding {
    /// A finding about the file at `path`.
    #[must_use]
    pub fn new(path: &str, rule: &str, severity: Severity, confidence: Confidence) -> Self {
        let (path, rule) = (path.to_owned(), rule.to_owned());
        Self { path, offset: None, rule, severity, confidence, evidence: Vec::new() }
    }

    /// At this offset.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// With a piece of evidence.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.evidence.push(Evidence::new(name, value, false));
        self
    }

    /// With a piece of evidence that names somebody or something.
    #[must_use]
    pub fn naming(mut self, name: &str, value: impl ToString) -> Self {
        self.evidence.push(Evidence::new(name, value, true));
        self
    }
}

impl Evidence {
    /// A piece of evidence; a long value is cut.
    #[must_use]
    pub fn new(name: &str, value: impl ToString, identity: bool) -> Self {
        let value = value.to_string().chars().take(VALUE_CHARS_MAX).collect();
        Self { name: name.to_owned(), value, identity }
    }

    /// What a report shows: an identity keeps its first three and last two characters.
    #[must_use]
    pub fn shown(&self, identities: Identities) -> String {
        if !self.identity || identities == Identities::Shown {
            return self.value.clone();
        }
        masked(&self.value)
    }
}

/// The first three and last two characters, the rest in stars; all of a short one.
fn masked(value: &str) -> String {
    let chars = value.chars().count();
    let kept = |at: usize| chars > 7 && (at < 3 || at.saturating_add(2) >= chars);
    value.chars().enumerate().map(|(at, c)| if kept(at) { c } else { '*' }).collect()
}

/// Whether reports show what names machines and people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identities {
    /// All but a few characters is starred out.
    Masked,
    /// In full.
    Shown,
}

/// Something that happened, as a trace tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Event {
    /// When: RFC 3339 in UTC, or a day alone, as exact as the trace is.
    pub when: String,
    /// The trace.
    pub path: String,
    /// What kind of event; the words for it are in the Fluent files.
    pub kind: String,
    /// What it was about: a file, a medium, a machine.
    pub about: Vec<Evidence>,
}

impl Event {
    /// What a report shows of it: names and values.
    #[must_use]
    pub fn shown(&self, identities: Identities) -> Vec<(String, String)> {
        self.about.iter().map(|piece| (piece.name.clone(), piece.shown(identities))).collect()
    }
}
