//! Indicators of compromise in STIX 2.1 (OASIS), as public collections and MVT have them.
//!
//! Read are comparisons for equality and `IN`, alone or joined by `OR`; a pattern that asks for
//! more (AND, FOLLOWEDBY, LIKE, a NOT) is counted and said so, never half understood.

use std::{collections::BTreeMap, net::IpAddr};

use serde::Deserialize;
use serde_json::Value;

/// What an indicator speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A host name.
    Domain,
    /// A link.
    Url,
    /// A mail address.
    Mail,
    /// An IP address.
    Address,
    /// The name of a process.
    Process,
    /// The name of a file.
    FileName,
    /// A whole path.
    FilePath,
    /// MD5, SHA-1 or SHA-256 of a file, by its length.
    FileHash,
    /// The package of an app.
    AppId,
    /// The hash of an app's signing certificate.
    AppCert,
    /// A system property.
    Property,
    /// A configuration profile.
    Profile,
}

impl Kind {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Url => "url",
            Self::Mail => "mail",
            Self::Address => "address",
            Self::Process => "process",
            Self::FileName => "file-name",
            Self::FilePath => "file-path",
            Self::FileHash => "file-hash",
            Self::AppId => "app",
            Self::AppCert => "app-certificate",
            Self::Property => "property",
            Self::Profile => "profile",
        }
    }

    fn of(path: &str) -> Option<Self> {
        let (object, property) = path.split_once(':')?;
        let property = property.replace(['\'', '"'], "").to_ascii_lowercase();
        Some(match (object, property.as_str()) {
            ("domain-name", "value") => Self::Domain,
            // Some collections name hosts as ends of traffic, and addresses too.
            ("network-traffic", end)
                if matches!(end.split('.').next(), Some("src_ref" | "dst_ref")) =>
            {
                Self::Domain
            }
            ("url", "value") => Self::Url,
            ("email-addr", "value") => Self::Mail,
            ("ipv4-addr" | "ipv6-addr", "value") => Self::Address,
            ("process", "name") => Self::Process,
            ("file", "name") => Self::FileName,
            ("file", "path") => Self::FilePath,
            ("file", hash) if hash.starts_with("hashes") => Self::FileHash,
            ("app", "id") => Self::AppId,
            ("app", cert) if cert.starts_with("cert") => Self::AppCert,
            ("android-property", "name") => Self::Property,
            ("configuration-profile", "id") => Self::Profile,
            _ => return None,
        })
    }

    /// A host may be given by its address.
    fn for_value(self, value: &str) -> Self {
        match self {
            Self::Domain if value.parse::<IpAddr>().is_ok() => Self::Address,
            kind => kind,
        }
    }

    /// Kinds whose case does not count.
    fn folds(self) -> bool {
        matches!(self, Self::Domain | Self::Mail | Self::FileHash | Self::AppCert)
    }
}

/// A set of indicators.
#[derive(Clone, Debug, Default)]
pub struct Indicators {
    named: BTreeMap<(Kind, String), String>,
}

/// What a bundle gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Indicators that are looked for.
    pub count: usize,
    /// Patterns that are not, by what they begin with.
    pub unread: BTreeMap<String, usize>,
}

/// As many kinds of patterns that are not looked for are told apart, and as much is told of each.
const UNREAD_MAX: usize = 50;
const UNREAD_CHARS_MAX: usize = 60;

/// A file that is no collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StixTrouble {
    /// It is not JSON.
    #[error("it is not JSON")]
    NotJson,
    /// It is JSON without a list of objects.
    #[error("it is no STIX 2 bundle: it has no list of objects")]
    NoBundle,
    /// Not one pattern in it is of a kind that is read.
    #[error("there is no indicator in it that this program can read")]
    Nothing,
}

/// As many indicators as are kept.
const INDICATORS_MAX: usize = 2_000_000;

#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    pattern: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    source_ref: String,
    #[serde(default)]
    target_ref: String,
    #[serde(default)]
    revoked: bool,
}

/// Objects that indicators point to, and whose names are told.
const NAMED: [&str; 6] =
    ["malware", "tool", "campaign", "threat-actor", "intrusion-set", "infrastructure"];

impl Added {
    fn called_back(&mut self) {
        let count = self.unread.entry("called back by its author".to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    fn left_out(&mut self, pattern: &str) {
        // What it speaks of; what it says of that may be anything.
        let what = pattern.trim_start_matches(['[', '(', ' ']);
        let what = what.split([' ', '=', '!', '<', '>']).next().unwrap_or_default();
        let known = |what: &str| Kind::of(what).is_some();
        let how = if known(what) { " with more than equality" } else { "" };
        let what = what.chars().take(UNREAD_CHARS_MAX).chain(how.chars()).collect();
        let room = self.unread.len() < UNREAD_MAX || self.unread.contains_key(&what);
        let count = self.unread.entry(if room { what } else { "others".to_owned() }).or_default();
        *count = count.saturating_add(1);
    }
}

impl Indicators {
    /// Adds a bundle.
    ///
    /// # Errors
    /// [`StixTrouble`] when it is none, or says nothing that can be used.
    pub fn add(&mut self, json: &[u8]) -> Result<Added, StixTrouble> {
        let json = json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(json);
        let bundle: Value = serde_json::from_slice(json).map_err(|_| StixTrouble::NotJson)?;
        let objects = bundle.get("objects").and_then(Value::as_array);
        let objects = objects.or_else(|| bundle.as_array()).ok_or(StixTrouble::NoBundle)?;
        let objects: Vec<Object> =
            objects.iter().filter_map(|object| Object::deserialize(object).ok()).collect();
        let names: BTreeMap<&str, &str> = objects
            .iter()
            .filter(|object| NAMED.contains(&object.kind.as_str()))
            .map(|object| (object.id.as_str(), object.name.as_str()))
            .collect();
        let points: BTreeMap<&str, &str> = objects
            .iter()
            .filter(|object| object.kind == "relationship")
            .filter_map(|object| {
                Some((object.source_ref.as_str(), *names.get(object.target_ref.as_str())?))
            })
            .collect();
        let only = if names.len() == 1 { names.values().next().copied() } else { None };
        let mut added = Added::default();
        for object in objects.iter().filter(|object| object.kind == "indicator") {
            if object.revoked {
                added.called_back();
                continue;
            }
            let Some(comparisons) = comparisons(&object.pattern) else {
                added.left_out(&object.pattern);
                continue;
            };
            let of = points.get(object.id.as_str()).copied().or(only).unwrap_or(&object.name);
            for (kind, value) in comparisons {
                if self.named.len() < INDICATORS_MAX {
                    let kind = kind.for_value(&value);
                    let value = if kind.folds() { value.to_ascii_lowercase() } else { value };
                    self.named.insert((kind, value), of.to_owned());
                    added.count = added.count.saturating_add(1);
                }
            }
        }
        if added.count == 0 { Err(StixTrouble::Nothing) } else { Ok(added) }
    }

    /// Whose it is, when it is named.
    #[must_use]
    pub fn named(&self, kind: Kind, value: &str) -> Option<&str> {
        if self.named.is_empty() {
            return None;
        }
        let value = if kind.folds() { value.to_ascii_lowercase() } else { value.to_owned() };
        self.named.get(&(kind, value)).map(String::as_str)
    }

    /// All of some kinds: kind, value, whose.
    pub fn of<'a>(&'a self, kinds: &'a [Kind]) -> impl Iterator<Item = (Kind, &'a str, &'a str)> {
        self.named
            .iter()
            .filter(|((kind, _), _)| kinds.contains(kind))
            .map(|((kind, value), of)| (*kind, value.as_str(), of.as_str()))
    }

    /// There is one of this kind.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.of(&[kind]).next().is_some()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.named.len()
    }
}

/// A word of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Path(String),
    Text(String),
    Sign(char),
}

/// The comparisons of a pattern any one of which is enough; `None` when it says anything else.
fn comparisons(pattern: &str) -> Option<Vec<(Kind, String)>> {
    let mut found = Vec::new();
    let mut words = words(pattern)?.into_iter().peekable();
    while let Some(word) = words.next() {
        match word {
            Word::Sign('[' | ']' | '(' | ')') => {}
            Word::Path(word) if word == "OR" => {}
            Word::Path(path) => {
                let kind = Kind::of(&path)?;
                match words.next()? {
                    Word::Sign('=') => match words.next()? {
                        Word::Text(value) => found.push((kind, value)),
                        _ => return None,
                    },
                    Word::Path(word) if word == "IN" => {
                        (words.next()? == Word::Sign('(')).then_some(())?;
                        loop {
                            match words.next()? {
                                Word::Text(value) => found.push((kind, value)),
                                Word::Sign(',') => {}
                                Word::Sign(')') => break,
                                _ => return None,
                            }
                        }
                    }
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    (!found.is_empty()).then_some(found)
}

fn words(pattern: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            _ if c.is_whitespace() => {}
            '[' | ']' | '(' | ')' | '=' | ',' => words.push(Word::Sign(c)),
            '\'' => words.push(Word::Text(quoted(&mut chars, c)?)),
            _ if c.is_alphanumeric() => {
                let mut path = c.to_string();
                while let Some(next) = chars.peek().copied() {
                    // A property may be quoted inside a path: file:hashes.'SHA-256'.
                    if matches!(next, '\'' | '"') && path.ends_with('.') {
                        chars.next();
                        path.push_str(&quoted(&mut chars, next)?);
                    } else if next.is_alphanumeric() || ":.-_".contains(next) {
                        path.push(next);
                        chars.next();
                    } else {
                        break;
                    }
                }
                words.push(Word::Path(path));
            }
            _ => return None,
        }
    }
    Some(words)
}

/// What stands up to the closing quote; a backslash protects the next character.
fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, end: char) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            c if c == end => return Some(text),
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: Kind, value: &str) -> Option<Vec<(Kind, String)>> {
        Some(vec![(kind, value.to_owned())])
    }

    #[test]
    fn patterns_as_public_collections_write_them() {
        assert_eq!(
            comparisons("[domain-name:value='bad.example']"),
            one(Kind::Domain, "bad.example")
        );
        assert_eq!(comparisons("[app:id = 'com.spy']"), one(Kind::AppId, "com.spy"));
        assert_eq!(comparisons("[file:hashes.'SHA-256' = 'AB12']"), one(Kind::FileHash, "AB12"));
        // What other readers fail on: an equals sign and a quote in a value, and OR.
        assert_eq!(
            comparisons(r"[url:value = 'https://x/?a=b&c=\'d'] OR [process:name = 'spyd']"),
            Some(vec![
                (Kind::Url, "https://x/?a=b&c='d".to_owned()),
                (Kind::Process, "spyd".to_owned())
            ])
        );
        assert_eq!(
            comparisons("[file:name IN ('a.bin', 'b.bin')]").map(|found| found.len()),
            Some(2)
        );
    }

    #[test]
    fn what_asks_for_more_is_not_half_understood() {
        for pattern in [
            "[file:name = 'a' AND file:size = 12]",
            "[file:name != 'a']",
            "[file:name LIKE 'a%']",
            "[domain-name:value = 'a'] FOLLOWEDBY [file:name = 'b']",
            "[x-custom:thing = 'a']",
            "[file:name = 'never closed",
            "",
        ] {
            assert_eq!(comparisons(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn a_bundle_says_whose_its_indicators_are() {
        let bundle = br#"{"type":"bundle","objects":[
            {"type":"malware","id":"malware--1","name":"Peeper"},
            {"type":"indicator","id":"indicator--1","pattern":"[app:id='com.peeper']"},
            {"type":"indicator","id":"indicator--2","pattern":"[a:b MATCHES 'x']"},
            {"type":"relationship","source_ref":"indicator--1","target_ref":"malware--1"}]}"#;
        let mut set = Indicators::default();
        let added = set.add(bundle).unwrap();
        assert_eq!(added.count, 1);
        assert_eq!(set.named(Kind::AppId, "com.peeper"), Some("Peeper"));
        assert_eq!(added.unread, BTreeMap::from([("a:b".to_owned(), 1)]));
        assert_eq!(set.add(b"{}"), Err(StixTrouble::NoBundle));
        assert_eq!(set.add(b"nothing"), Err(StixTrouble::NotJson));
        assert_eq!(set.add(b"[]"), Err(StixTrouble::Nothing));
    }
}
