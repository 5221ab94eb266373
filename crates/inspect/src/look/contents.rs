//! The bytes of a file, window by window: markers, rules, literals, hashes.

use std::collections::BTreeSet;

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;

use super::{Looker, kind::Kind};
use crate::{
    app::reference::Fact,
    finding::{Confidence, Finding, Severity},
    rules::stix,
};

/// What is known of a file whose bytes are going by.
pub(super) struct Contents<'p> {
    path: &'p str,
    kind: Kind,
    at: u64,
    seen: BTreeSet<String>,
    hashes: Option<(Md5, Sha1, Sha256)>,
    begun: bool,
}

impl<'p> Contents<'p> {
    pub(super) fn new(path: &'p str, kind: Kind) -> Self {
        Self { path, kind, at: 0, seen: BTreeSet::new(), hashes: None, begun: false }
    }

    /// Looks at a window; the next one begins `step` bytes further.
    pub(super) fn window(&mut self, looker: &mut Looker<'_>, window: &[u8], step: usize) {
        if !self.begun {
            self.begun = true;
            let wanted = looker.know.hashes_wanted();
            self.hashes = wanted.then(|| (Md5::new(), Sha1::new(), Sha256::new()));
        }
        let fresh = window.get(..step.min(window.len())).unwrap_or_default();
        if let Some((md5, sha1, sha256)) = &mut self.hashes {
            md5.update(fresh);
            sha1.update(fresh);
            sha256.update(fresh);
        }
        if !self.kind.is_opened() || self.kind == Kind::Zip {
            self.markers(looker, window);
            self.rules(looker, window);
            self.literals(looker, window);
        }
        self.at = self.at.saturating_add(fresh.len() as u64);
        looker.to.progress(fresh.len() as u64);
    }

    /// Nothing more comes.
    pub(super) fn end(mut self, looker: &mut Looker<'_>) {
        let Some((md5, sha1, sha256)) = self.hashes.take() else { return };
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let sha256 = sha256.finalize();
        self.against_reference(looker, &hex(&sha256));
        looker.sha256 = hex(&sha256);
        for hash in [hex(&md5.finalize()), hex(&sha1.finalize()), hex(&sha256)] {
            if let Some(of) = looker.know.indicators.named(stix::Kind::FileHash, &hash) {
                let of = of.to_owned();
                looker.named(self.path, stix::Kind::FileHash, &hash, &of, Confidence::Proven);
            }
        }
    }

    /// Programs, apps and certificates that the reference image does not have.
    fn against_reference(&self, looker: &mut Looker<'_>, sha256: &str) {
        let app = self.kind == Kind::Zip && self.path.ends_with(".apk");
        let counts = app || matches!(self.kind, Kind::Elf | Kind::Dex | Kind::Certificate);
        if counts && looker.know.collects {
            looker.to.known(Fact::Hash(sha256.to_owned()));
        }
        let reference = &looker.know.reference;
        // An app is compared by more than that, once it was read.
        let counts = counts && !(app && reference.has_apps());
        if counts && !reference.is_empty() && !reference.has(sha256) {
            let finding =
                Finding::new(self.path, "not-in-reference", Severity::Note, Confidence::Heuristic);
            looker.found(finding.with("sha256", sha256));
        }
    }

    fn fresh(&mut self, what: &str) -> bool {
        self.seen.insert(what.to_owned())
    }

    fn markers(&mut self, looker: &mut Looker<'_>, window: &[u8]) {
        for (at, marker) in looker.know.markers.find(window) {
            if !self.fresh(&marker.text) {
                continue;
            }
            let severity = match self.kind {
                Kind::Elf | Kind::Dex => Severity::Surveillance,
                // People write about these programs; the words alone say nothing.
                Kind::Text => Severity::Note,
                _ => Severity::Suspicious,
            };
            let finding = Finding::new(self.path, &marker.rule, severity, Confidence::Match);
            let at = self.at.saturating_add(at as u64);
            looker.found(finding.at(at).with("string", &marker.text));
        }
    }

    fn rules(&mut self, looker: &mut Looker<'_>, window: &[u8]) {
        let Some(yara) = &looker.know.yara else { return };
        let (hits, late) = yara.scan(window);
        for hit in hits {
            if !self.fresh(&format!("yara {}", hit.rule)) {
                continue;
            }
            let mut finding =
                Finding::new(self.path, "yara", Severity::KnownBad, Confidence::Match);
            finding.offset = hit.offset.map(|at| self.at.saturating_add(at as u64));
            looker.found(finding.with("name", &hit.rule));
        }
        if late && self.fresh("late") {
            let finding = Finding::new(self.path, "rules-late", Severity::Note, Confidence::Proven);
            looker.found(finding);
        }
    }

    fn literals(&mut self, looker: &mut Looker<'_>, window: &[u8]) {
        let Some(literals) = &looker.know.literals else { return };
        for hit in literals.search.find_overlapping_iter(window) {
            let told = literals.told.get(hit.pattern().as_usize());
            let Some((kind, value, of)) = told else { continue };
            if !stands_alone(*kind, window, hit.start(), hit.end()) {
                continue;
            }
            if self.seen.insert(format!("{} {value}", kind.name())) {
                let finding =
                    Finding::new(self.path, "indicator", Severity::KnownBad, Confidence::Match);
                let finding = finding.at(self.at.saturating_add(hit.start() as u64));
                let finding = finding.with("kind", kind.name()).with("value", value);
                looker.found(finding.with("name", of));
            }
        }
    }
}

/// What is searched for is not the middle of something longer: of a host name those below it count,
/// of an address, a property and a profile nothing but itself. Links and mail addresses say where
/// they begin.
fn stands_alone(kind: stix::Kind, bytes: &[u8], start: usize, end: usize) -> bool {
    use stix::Kind::{Address, Domain, Profile, Property};
    if !matches!(kind, Domain | Address | Property | Profile) {
        return true;
    }
    let part = |byte: Option<&u8>| {
        byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    let after = bytes.get(end);
    let further = after == Some(&b'.') && part(bytes.get(end.saturating_add(1)));
    let below = kind == Domain || before != Some(&b'.');
    below && !part(before) && !part(after) && !further
}
