//! Names and marks of a file, as findings.

use super::Looker;
use crate::{
    finding::{Confidence, Finding, Severity},
    rules::stix,
    source::Source,
    tags::{
        self, Mark, Tag,
        chain::Chain,
        fingerprint::Fingerprint,
        machine::{Machine, Order},
        natisign::{Checked, Natisign},
    },
};

/// As many disk ids of a chain as are told.
const IDS_TOLD: usize = 24;

impl Looker<'_> {
    /// What the name of a file says.
    pub(super) fn names(&mut self, path: &str, content: Option<&dyn Source>) {
        for rule in self.know.paths.fitting(path) {
            // A file beside which nothing lies is no sidecar; only a profile of that form is one.
            if rule.beside.is_some() && !content.is_some_and(is_profile) {
                continue;
            }
            let finding = Finding::new(path, &rule.rule, rule.severity, rule.confidence);
            self.found(finding.with("name", &rule.path));
        }
        let name = path.rsplit(['/', '!', '\\']).next().unwrap_or(path);
        self.indicated(path, stix::Kind::FileName, name);
        for (kind, value, of) in self.know.indicators.of(&[stix::Kind::FilePath]) {
            let fits = path.strip_suffix(value).is_some_and(|rest| {
                value.starts_with('/') || rest.is_empty() || rest.ends_with(['/', '!'])
            });
            if fits {
                self.found(indicator(path, kind, value, of, Confidence::Match));
            }
        }
    }

    /// A finding when a value is named by the user's indicators.
    pub(super) fn indicated(&mut self, path: &str, kind: stix::Kind, value: &str) {
        if let Some(of) = self.know.indicators.named(kind, value) {
            self.found(indicator(path, kind, value, of, Confidence::Match));
        }
    }

    /// A finding for a value that is named.
    pub(super) fn named(
        &mut self,
        path: &str,
        kind: stix::Kind,
        value: &str,
        of: &str,
        sure: Confidence,
    ) {
        self.found(indicator(path, kind, value, of, sure));
    }

    /// What marks a device left in a file, and whether a device would recognise it.
    pub(super) fn marks(&mut self, path: &str, source: &dyn Source) {
        match tags::read(source) {
            Ok(tags) => {
                for tag in tags {
                    let finding = self.mark(path, source, &tag);
                    self.found(finding.at(tag.offset).with("bytes", tag.bytes));
                }
            }
            Err(error) => self.unreadable(path, &error),
        }
        if self.know.watchlists.is_empty() {
            return;
        }
        let Ok(Some(of)) = Fingerprint::of(source) else { return };
        for (list, entries) in &self.know.watchlists {
            let Some((at, alike)) = entries.nearest(&of) else { continue };
            let sure = match alike {
                10 => Confidence::Proven,
                5..=9 => Confidence::Heuristic,
                _ => continue,
            };
            let finding = Finding::new(path, "would-match", Severity::Surveillance, sure);
            let finding = finding.with("list", list).with("entry", at).with("parts", alike);
            self.found(finding);
        }
    }

    fn mark(&self, path: &str, source: &dyn Source, tag: &Tag) -> Finding {
        let new = |rule, sure| Finding::new(path, rule, Severity::Surveillance, sure);
        match &tag.mark {
            Mark::Chain(chain) => chain_finding(path, chain),
            Mark::Slot(slot) => {
                let rule = if slot.in_padding { "redstar-slot" } else { "redstar-slot-damage" };
                new(rule, certainty(slot.machine.certain)).naming("disk", &slot.machine.disk)
            }
            Mark::Gaps(gaps) => new("redstar-text", Confidence::Proven).naming("disk", &gaps.disk),
            Mark::Profile(profile) => {
                let kind = if profile.office { "office" } else { "file" };
                Finding::new(path, "redstar-profile", Severity::Suspicious, Confidence::Match)
                    .with("form", kind)
            }
            Mark::Natisign(mark) => self.natisign(path, source, mark),
            Mark::Selfsign => new("selfsign", Confidence::Match),
        }
    }

    fn natisign(&self, path: &str, source: &dyn Source, mark: &Natisign) -> Finding {
        let sure = certainty(mark.certain);
        let mut finding = Finding::new(path, "natisign", Severity::Surveillance, sure)
            .with("key", mark.key)
            .with("ending", &mark.ending)
            .with("original-bytes", mark.original_bytes)
            .with("revocation", format!("{:08x} {:08x}", mark.revocation.0, mark.revocation.1))
            .with("form", if mark.feature_phone { "feature phone" } else { "phone or tablet" });
        for (name, list) in &self.know.revoked {
            if let Some(at) = list.iter().position(|entry| entry.names(mark)) {
                finding = finding.with("called-back", format!("{name}, entry {at}"));
            }
        }
        for (name, key) in &self.know.office_keys {
            let said = match mark.check(source, key) {
                Ok(Checked::Holds { covered_bytes }) => {
                    format!("holds for {covered_bytes} of {} bytes", mark.content_bytes)
                }
                Ok(Checked::Altered) => "the file was altered".to_owned(),
                Ok(Checked::OtherKey) => "made with another key".to_owned(),
                Err(_) => "not checked: too large inside an archive".to_owned(),
            };
            finding = finding.with("check", format!("{name}: {said}"));
        }
        finding
    }
}

fn indicator(path: &str, kind: stix::Kind, value: &str, of: &str, sure: Confidence) -> Finding {
    Finding::new(path, "indicator", Severity::KnownBad, sure)
        .with("kind", kind.name())
        .with("value", value)
        .with("name", of)
}

fn certainty(certain: bool) -> Confidence {
    if certain { Confidence::Proven } else { Confidence::Match }
}

fn chain_finding(path: &str, chain: &Chain) -> Finding {
    let rule = match chain.order() {
        Some(Order::Delete) => "redstar-order-delete",
        Some(Order::Approved) => "redstar-order-approved",
        None => "redstar-chain",
    };
    // A control mark has no disk id, and other rests where an id is.
    let certain = chain.certain() || chain.order().is_some();
    let sure = if certain { Confidence::Proven } else { Confidence::Match };
    let mut finding = Finding::new(path, rule, Severity::Surveillance, sure)
        .with("machines", chain.machines.len());
    if !chain.whole() {
        finding = finding.with("named", chain.said);
    }
    for disk in chain.disks().take(IDS_TOLD) {
        finding = finding.naming("disk", disk);
    }
    let extra = chain.machines.iter().map(|machine: &Machine| machine.extra);
    if let Some(extra) = extra.filter(|extra| *extra != 0).max() {
        finding = finding.with("extra", extra);
    }
    finding
}

/// A sidecar ends as a profile does.
fn is_profile(content: &dyn Source) -> bool {
    let tail = content.tail(tags::profile::PROFILE_BYTES_MAX).unwrap_or_default();
    tags::profile::Profile::read(&tail).is_some()
}
