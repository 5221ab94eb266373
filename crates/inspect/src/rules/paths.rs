//! Paths at which watching software lies (`rules/paths.json`).

use serde::Deserialize;

use super::veiled::{lift, veil};
use crate::finding::{Confidence, Severity};

static FILE: [u8; include_bytes!("../../rules/paths.json").len()] =
    veil(include_bytes!("../../rules/paths.json"));

/// A path that says something.
#[derive(Clone, Debug, Deserialize)]
pub struct PathRule {
    /// Its last components, with stars and `[0-9]`.
    pub path: String,
    /// The rule it makes.
    pub rule: String,
    /// How grave.
    pub severity: Severity,
    /// How sure; a name alone is a match.
    #[serde(default = "name_alone")]
    pub confidence: Confidence,
    /// Only when a file without this ending lies beside it.
    #[serde(default)]
    pub beside: Option<String>,
}

fn name_alone() -> Confidence {
    Confidence::Match
}

/// All of them.
#[derive(Clone, Debug)]
pub struct PathRules(Vec<PathRule>);

impl PathRules {
    /// Those that come with the inspector.
    #[must_use]
    pub fn own() -> Self {
        Self(lift(&FILE))
    }

    /// The rules that fit a path, in which `/` and `!` part components.
    pub fn fitting<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a PathRule> {
        self.0.iter().filter(move |rule| ends_with(path, &rule.path))
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[PathRule] {
        &self.0
    }
}

fn ends_with(path: &str, pattern: &str) -> bool {
    let mut parts = path.rsplit(['/', '!', '\\']);
    pattern.rsplit('/').all(|wanted| parts.next().is_some_and(|part| fits(wanted, part)))
}

/// Whether one component fits: a star stands for anything, `[0-9]` for a digit.
fn fits(pattern: &str, name: &str) -> bool {
    if let Some(rest) = pattern.strip_prefix("[0-9]") {
        return name
            .strip_prefix(|c: char| c.is_ascii_digit())
            .is_some_and(|name| fits(rest, name));
    }
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => {
            name.strip_prefix(head).is_some_and(|rest| !rest.is_empty() && rest.ends_with(tail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_file_is_read() {
        let lines: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../rules/paths.json")).unwrap();
        assert_eq!(PathRules::own().all().len(), lines.len().saturating_sub(1));
    }

    #[test]
    fn a_path_fits_by_its_last_components() {
        let rules = PathRules::own();
        let fit = |path: &str| rules.fitting(path).next().map(|rule| rule.rule.clone());
        assert_eq!(fit("/mnt/image/usr/bin/opprc").as_deref(), Some("redstar-component"));
        assert_eq!(fit("disk.img!2!/usr/bin/opprc").as_deref(), Some("redstar-component"));
        assert_eq!(
            fit("lib/modules/2.6.38.8/kernel/fs/rtscan.ko").as_deref(),
            Some("redstar-component")
        );
        assert_eq!(fit("usr/lib/1025/20130101.log").as_deref(), Some("redstar-store"));
        assert_eq!(fit("x/data/local/tmp/3.dat").as_deref(), Some("natisign-component"));
        assert_eq!(fit("x/data/local/tmp/33.dat"), None);
        assert_eq!(fit("/home/mina/opprc"), None);
        assert_eq!(fit("/usr/bin/myopprc"), None);
    }
}
