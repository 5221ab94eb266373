//! What a device recorded, known by what it is and where it lies.

use std::io;

use super::{Looker, kind::Kind};
use crate::{
    finding::{Confidence, Event, Evidence, Finding, Severity},
    source::Source,
    tags::handset::{Identity, revocations},
    trace::alerts::{self, AlertLog},
};

/// As many alerts of one log as become findings; all become events.
const ALERTS_TOLD: usize = 200;

impl Looker<'_> {
    /// Looks for traces in a file.
    pub(super) fn traces(&mut self, path: &str, source: &dyn Source, kind: Kind) -> io::Result<()> {
        let name = path.rsplit(['/', '!', '\\']).next().unwrap_or(path);
        if let Some(day) = alerts::day(name) {
            self.alert_log(path, source, &day)?;
        }
        match name {
            "legalref.dat" => self.handset(path, source)?,
            "pattern.dat" => self.revocations(path, source)?,
            _ => {}
        }
        self.apps(path, source, kind)
    }

    fn alert_log(&mut self, path: &str, source: &dyn Source, day: &str) -> io::Result<()> {
        if source.size() > alerts::LOG_BYTES_MAX {
            return Ok(());
        }
        let bytes = source.piece(0, usize::try_from(source.size()).unwrap_or(0))?;
        let Some(log) = AlertLog::read(&bytes) else { return Ok(()) };
        let sure = if log.sum_holds { Confidence::Proven } else { Confidence::Match };
        let sum = if log.sum_holds { "holds" } else { "does not hold" };
        let finding = Finding::new(path, "redstar-alert-log", Severity::Surveillance, sure)
            .at(0)
            .with("day", day)
            .with("alerts", log.alerts.len())
            .with("sum", sum)
            .naming("disk", &log.disk);
        self.found(finding);
        for alert in &log.alerts {
            self.to.happened(Event {
                when: day.to_owned(),
                path: path.to_owned(),
                kind: "event-recognised".to_owned(),
                about: vec![
                    Evidence::new("file", &alert.path, false),
                    Evidence::new("form", alert.file, false),
                    Evidence::new("medium", alert.medium, false),
                    Evidence::new("disk", &log.disk, true),
                ],
            });
        }
        for alert in log.alerts.iter().take(ALERTS_TOLD) {
            let finding = Finding::new(path, "redstar-alert", Severity::Surveillance, sure)
                .at(alert.offset)
                .with("day", day)
                .with("file", &alert.path)
                .with("form", alert.file)
                .with("medium", alert.medium);
            self.found(finding);
        }
        Ok(())
    }

    fn handset(&mut self, path: &str, source: &dyn Source) -> io::Result<()> {
        let bytes = source.piece(0, 17)?;
        if let Some(who) = Identity::read(&bytes) {
            let sure = if who.luhn { Confidence::Proven } else { Confidence::Match };
            let finding = Finding::new(path, "handset-identity", Severity::Surveillance, sure)
                .at(0)
                .naming("IMEI", &who.imei)
                .naming("IMSI", &who.imsi);
            self.found(finding);
        }
        Ok(())
    }

    fn revocations(&mut self, path: &str, source: &dyn Source) -> io::Result<()> {
        let bytes = source.piece(0, 24 * crate::tags::handset::REVOKED_MAX)?;
        if let Some(list) = revocations(&bytes) {
            let endings: std::collections::BTreeSet<&str> =
                list.iter().map(|entry| entry.ending.as_str()).collect();
            let endings = endings.into_iter().take(20).collect::<Vec<_>>().join(" ");
            let finding =
                Finding::new(path, "revocation-list", Severity::Surveillance, Confidence::Match)
                    .at(0)
                    .with("entries", list.len())
                    .with("endings", endings);
            self.found(finding);
        }
        Ok(())
    }
}
