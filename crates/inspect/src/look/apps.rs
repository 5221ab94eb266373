//! Apps, lists of apps and certificates, as findings.

use std::io;

use super::{Looker, kind::Kind};
use crate::{
    app::{
        manifest::{self, Manifest, Power},
        packages::{self, Line},
        reference::{Difference, Fact, Facts},
        signed::{Signatures, Signer},
        trust::Trusted,
    },
    archive::zip::Directory,
    finding::{Confidence, Event, Evidence, Finding, Severity},
    rules::stix,
    source::Source,
};

/// A manifest is no larger.
const MANIFEST_BYTES_MAX: usize = 16 << 20;

/// A list of apps is no larger; bugreports are.
const LIST_BYTES_MAX: u64 = 256 << 20;

/// So many permissions to watch are unusual for one app.
const MANY_WATCHING: usize = 5;

impl Looker<'_> {
    /// Looks at an app, a list of apps, or a certificate.
    pub(super) fn apps(&mut self, path: &str, source: &dyn Source, kind: Kind) -> io::Result<()> {
        let name = path.rsplit(['/', '!', '\\']).next().unwrap_or(path);
        match kind {
            Kind::Zip => self.app(path, source),
            Kind::Text if is_list(name) && source.size() <= LIST_BYTES_MAX => {
                let bytes = source.piece(0, usize::try_from(source.size()).unwrap_or(0))?;
                self.app_list(path, &String::from_utf8_lossy(&bytes));
                Ok(())
            }
            Kind::Abx if source.size() <= LIST_BYTES_MAX => {
                let bytes = source.piece(0, usize::try_from(source.size()).unwrap_or(0))?;
                for app in packages::names_in(&bytes) {
                    self.indicated(path, stix::Kind::AppId, &app);
                }
                Ok(())
            }
            Kind::Certificate => self.certificate(path, source),
            _ => Ok(()),
        }
    }

    fn app(&mut self, path: &str, source: &dyn Source) -> io::Result<()> {
        // What is no archive that can be read is told when it is opened.
        let Ok(directory) = Directory::read(source) else { return Ok(()) };
        let Some(entry) = directory.entry("AndroidManifest.xml") else { return Ok(()) };
        let manifest = entry.bytes(source, MANIFEST_BYTES_MAX).ok();
        let Some(manifest) = manifest.and_then(|bytes| Manifest::read(&bytes)) else {
            self.note(path, "app-unreadable", &[]);
            return Ok(());
        };
        self.indicated(path, stix::Kind::AppId, &manifest.package);
        let signatures = Signatures::check(source, &directory, self.beside)?;
        self.app_signers(path, &manifest, &signatures);
        self.app_reference(path, &manifest, &directory, &signatures);
        self.app_powers(path, &manifest, &signatures);
        let libraries = directory.entries.iter().map(|entry| entry.name.as_str());
        let libraries = libraries.filter(|name| name.starts_with("lib/")).collect::<Vec<_>>();
        for library in libraries {
            let name = library.rsplit('/').next().unwrap_or(library);
            self.indicated(path, stix::Kind::FileName, name);
        }
        Ok(())
    }

    fn app_signers(&mut self, path: &str, manifest: &Manifest, signatures: &Signatures) {
        for (scheme, trouble) in signatures.broken() {
            let severity = match trouble {
                crate::app::signed::BlockTrouble::Unknown => Severity::Note,
                _ => Severity::Suspicious,
            };
            let finding = Finding::new(path, "app-signature", severity, Confidence::Proven)
                .with("app", &manifest.package)
                .with("scheme", scheme.name())
                .with("why", trouble);
            self.found(finding);
        }
        if signatures.schemes.is_empty() {
            self.note(path, "app-unsigned", &[("app", &manifest.package)]);
        }
        for signer in signatures.signers() {
            let names = signer.other_names();
            for name in names.iter().chain([&signer.sha256()]) {
                self.indicated(path, stix::Kind::AppCert, name);
            }
            if signer.is_public() {
                let finding =
                    Finding::new(path, "app-public-key", Severity::Suspicious, Confidence::Proven);
                self.found(finding.with("app", &manifest.package));
            }
        }
    }

    /// What a reference says of the app, or what is to be collected of it for one.
    fn app_reference(
        &mut self,
        path: &str,
        manifest: &Manifest,
        directory: &Directory,
        signatures: &Signatures,
    ) {
        let reference = &self.know.reference;
        if !self.know.collects && !reference.has_apps() {
            return;
        }
        let signers = signatures.signers().iter().map(Signer::sha256).collect();
        let facts = Facts::of(manifest, directory, signers, self.sha256.clone());
        if !self.know.collects && !reference.has(&facts.sha256) {
            let finding = match reference.difference(&facts) {
                Some(difference) => differs(path, &facts, &difference),
                None => {
                    Finding::new(path, "not-in-reference", Severity::Note, Confidence::Heuristic)
                        .with("app", &facts.package)
                        .with("version", &facts.version)
                        .with("signer", facts.signers.join(" "))
                        .with("sha256", &facts.sha256)
                }
            };
            self.found(finding);
        }
        self.to.known(Fact::App(Box::new(facts)));
    }

    fn app_powers(&mut self, path: &str, manifest: &Manifest, signatures: &Signatures) {
        let (watching, powers) = (manifest.watching(), manifest.powers());
        let strong = powers.iter().any(|power| {
            matches!(power, Power::DeviceAdmin | Power::Accessibility | Power::Notifications)
        });
        let hidden = manifest.hidden();
        let many = watching.len() >= MANY_WATCHING;
        // Each by itself is ordinary; an app that hides and watches is what stalkerware looks like.
        let suspicious = hidden && (strong || many) || strong && many;
        if !suspicious && !many && !strong {
            return;
        }
        let severity = if suspicious { Severity::Suspicious } else { Severity::Note };
        let powers: Vec<&str> = powers.iter().map(|power| power.name()).collect();
        let signers: Vec<String> =
            signatures.signers().iter().map(|signer| signer.sha256()).collect();
        let mut finding = Finding::new(path, "app-watches", severity, Confidence::Heuristic)
            .with("app", &manifest.package)
            .with("version", &manifest.version)
            .with("asks", watching.join(" "))
            .with("can", powers.join(" "))
            .with("hidden", hidden)
            .with("at-boot", manifest.starts_at_boot())
            .with("signer", signers.join(" "));
        if !manifest.shared_user.is_empty() {
            finding = finding.with("runs-as", &manifest.shared_user);
        }
        self.found(finding);
    }

    fn app_list(&mut self, path: &str, text: &str) {
        for line in packages::read(text) {
            match &line {
                Line::Package(app) => self.indicated(path, stix::Kind::AppId, app),
                Line::Installed(app, at) => self.to.happened(Event {
                    when: at.clone(),
                    path: path.to_owned(),
                    kind: "event-installed".to_owned(),
                    about: vec![Evidence::new("installed", app, false)],
                }),
                Line::Process(name) => self.indicated(path, stix::Kind::Process, name),
                Line::Admin(app) => {
                    self.note(path, "app-is-admin", &[("app", app)]);
                }
                Line::Accessibility(app) => {
                    self.note(path, "app-has-accessibility", &[("app", app)]);
                }
            }
        }
    }

    fn certificate(&mut self, path: &str, source: &dyn Source) -> io::Result<()> {
        let added = path.contains("cacerts-added/");
        let stored = added
            || path.contains("security/cacerts/")
            || path.contains("conscrypt/cacerts/")
            || path.contains("etc/ssl/certs/");
        let bytes = source.piece(0, 1 << 20)?;
        let Some(trusted) = Trusted::read(&bytes).filter(|_| stored) else { return Ok(()) };
        if added {
            let finding =
                Finding::new(path, "trust-added", Severity::Suspicious, Confidence::Proven)
                    .with("subject", &trusted.subject)
                    .with("issuer", &trusted.issuer)
                    .with("until", &trusted.until);
            self.found(finding);
        }
        Ok(())
    }
}

/// An app that is not the one of the same package in the reference.
fn differs(path: &str, facts: &Facts, difference: &Difference) -> Finding {
    let watching = difference.asks.iter().any(|asked| manifest::watches(asked));
    let finding = match &difference.signers {
        Some(signers) => {
            Finding::new(path, "app-other-signer", Severity::Suspicious, Confidence::Proven)
                .with("app", &facts.package)
                .with("signer", facts.signers.join(" "))
                .with("signer-in-reference", signers.join(" "))
        }
        None => {
            let severity = if watching { Severity::Suspicious } else { Severity::Note };
            Finding::new(path, "app-differs", severity, Confidence::Proven)
                .with("app", &facts.package)
        }
    };
    let mut finding = finding.with("version", &facts.version);
    if let Some(version) = &difference.version {
        finding = finding.with("version-in-reference", version);
    }
    if !difference.asks.is_empty() {
        finding = finding.with("asks-more", difference.asks.join(" "));
    }
    let kinds = [
        ("added", &difference.added),
        ("changed", &difference.changed),
        ("gone", &difference.gone),
    ];
    for (kind, (count, names)) in kinds {
        if *count > 0 {
            finding = finding.with(&format!("files-{kind}"), count);
            finding = finding.with(kind, names.join(" "));
        }
    }
    finding
}

/// Names under which lists of apps are handed around, and bugreports.
fn is_list(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let starts = ["packages", "bugreport", "dumpstate", "dumpsys", "ps", "settings", "package"];
    let ends = [".txt", ".list", ".xml", ".log"];
    starts.iter().any(|start| name.starts_with(start)) && ends.iter().any(|end| name.ends_with(end))
}
