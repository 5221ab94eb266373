//! Lists of installed apps, and what a bugreport says of them.

use std::collections::BTreeSet;

/// A longer list ends here.
const NAMES_MAX: usize = 100_000;

/// Something a list says of an app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// It is installed.
    Package(String),
    /// It administers the device.
    Admin(String),
    /// It may operate every screen.
    Accessibility(String),
    /// A process runs under this name.
    Process(String),
    /// It was installed at this time of the device: app and time.
    Installed(String, String),
}

/// Reads `pm list packages`, `packages.list`, `packages.xml` as text, `dumpsys` and `dumpstate`.
#[must_use]
pub fn read(text: &str) -> BTreeSet<Line> {
    let mut found = BTreeSet::new();
    let mut in_admins = false;
    let mut block: Option<String> = None;
    for line in text.lines() {
        if found.len() >= NAMES_MAX {
            break;
        }
        let trimmed = line.trim();
        if let Some(rest) = trimmed.strip_prefix("package:") {
            // `-f` puts the path and an equals sign before the name.
            let name = rest.rsplit('=').next().unwrap_or(rest);
            found.extend(package(name.split_whitespace().next()).map(Line::Package));
        } else if let Some(rest) = trimmed.strip_prefix("<package name=\"") {
            found.extend(package(rest.split('"').next()).map(Line::Package));
        } else if let Some(rest) = trimmed.strip_prefix("Package [") {
            block = package(rest.split(']').next());
            found.extend(block.clone().map(Line::Package));
        } else if trimmed.contains(" /data/") && trimmed.split_whitespace().count() >= 6 {
            found.extend(package(trimmed.split_whitespace().next()).map(Line::Package));
        }
        if let (Some(app), Some(at)) = (&block, trimmed.strip_prefix("firstInstallTime=")) {
            found.extend(moment(at).map(|at| Line::Installed(app.clone(), at)));
        }
        if trimmed.contains("Device Admin") || trimmed.starts_with("Enabled Device Admins") {
            in_admins = true;
        } else if trimmed.is_empty() {
            in_admins = false;
        }
        let component = component(trimmed);
        if let Some(component) = component {
            let admin = in_admins || trimmed.starts_with("Admin #");
            if admin {
                found.insert(Line::Admin(component.to_owned()));
            }
        }
        let settings = trimmed.strip_prefix("enabled_accessibility_services=");
        let settings = settings.or_else(|| {
            trimmed
                .split_once("name:enabled_accessibility_services")
                .and_then(|(_, rest)| rest.split_once("value:").map(|(_, value)| value))
        });
        for service in settings.unwrap_or_default().split(':') {
            let service = service.split_whitespace().next().unwrap_or_default();
            found.extend(package(service.split('/').next()).map(Line::Accessibility));
        }
        found.extend(process(trimmed).map(Line::Process));
    }
    found
}

/// `2021-03-04 10:11:12`, in the time of the device: as exact as the list is.
fn moment(text: &str) -> Option<String> {
    let shape = text.len() == 19
        && text.bytes().zip("0000-00-00 00:00:00".bytes()).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        });
    shape.then(|| text.replace(' ', "T"))
}

/// A name of an app: parts of letters, digits and underscores, two at least.
fn package(name: Option<&str>) -> Option<String> {
    let name = name?;
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let holds = name.contains('.') && name.len() <= 255 && name.split('.').all(part);
    holds.then(|| name.to_owned())
}

/// The app in `ComponentInfo{app/class}` or `app/class`.
fn component(line: &str) -> Option<&str> {
    let inner = line.split_once("ComponentInfo{").map_or(line, |(_, rest)| rest);
    let (app, class) = inner.split_once('/')?;
    let app = app.rsplit([' ', '=']).next()?;
    let named = class.starts_with('.') || class.starts_with(|c: char| c.is_ascii_alphabetic());
    (named && package(Some(app)).is_some()).then_some(app)
}

/// A line of `ps -A`: a user, numbers, and a name at the end.
fn process(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let numbers = words.get(1..3)?.iter().all(|word| word.bytes().all(|b| b.is_ascii_digit()));
    let user = words.first()?.starts_with(|c: char| c.is_ascii_lowercase());
    let name = words.last()?;
    (words.len() >= 8 && numbers && user && !name.starts_with('[')).then(|| (*name).to_owned())
}

/// Names of apps among the strings of Android's binary XML of settings, which keeps each text
/// behind its length: every run that is such a name.
#[must_use]
pub fn names_in(bytes: &[u8]) -> BTreeSet<String> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    bytes
        .split(|byte| !part(byte))
        .filter(|run| (4..=255).contains(&run.len()))
        .filter_map(|run| package(std::str::from_utf8(run).ok()))
        .take(NAMES_MAX)
        .collect()
}
