//! What files are compared with: our own rules and what the user gave.

use std::fmt;

use aho_corasick::AhoCorasick;
use serde::{Deserialize, Serialize};

use crate::{
    app::reference::Reference,
    finding::{Confidence, Finding, Severity},
    rules::{
        Markers, PathRules, YaraRules, YaraTrouble,
        stix::{Indicators, Kind, StixTrouble},
    },
    tags::{
        fingerprint::Watchlist,
        handset::{Revoked, revocations},
        natisign::OfficeKey,
    },
};

/// Lists and rules as the user gave them: name and bytes of each file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Lists {
    /// Rules in the YARA language.
    pub yara: Vec<(String, Vec<u8>)>,
    /// Indicators in STIX 2.
    pub indicators: Vec<(String, Vec<u8>)>,
    /// Fingerprints by which a device recognises files.
    pub watchlists: Vec<(String, Vec<u8>)>,
    /// Hashes of the files of a reference image, as `sha256sum` prints them, or what was collected
    /// of one ([`crate::app::reference::Fact`] in JSON).
    #[serde(default)]
    pub references: Vec<(String, Vec<u8>)>,
    /// What is looked at is to be collected, for a reference.
    #[serde(default)]
    pub collect: bool,
    /// Lists of signatures that were called back.
    #[serde(default)]
    pub revocations: Vec<(String, Vec<u8>)>,
    /// Public keys of the office that signs files.
    pub office_keys: Vec<(String, Vec<u8>)>,
}

/// A list that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnowledgeTrouble {
    /// Rules that do not compile.
    #[error("the rules do not compile: {0}")]
    Yara(#[from] YaraTrouble),
    /// Indicators that are none.
    #[error("{0}: {1}")]
    Indicators(String, StixTrouble),
    /// No list of fingerprints.
    #[error("{0} is no list of fingerprints: give records of 200 bytes or lines of 400 hex digits")]
    Watchlist(String),
    /// No list of hashes.
    #[error(
        "{0} is no reference: give a folder, an image, or what sha256sum prints for the files of one"
    )]
    Reference(String),
    /// No list of revocations.
    #[error("{0} is no list of revocations: give a pattern.dat, whole records of 24 bytes")]
    Revocations(String),
    /// No public key.
    #[error("{0} is no RSA public key in PEM or DER")]
    OfficeKey(String),
}

/// Everything compiled.
pub struct Knowledge {
    pub(super) paths: PathRules,
    pub(super) markers: Markers,
    pub(super) yara: Option<YaraRules>,
    pub(super) indicators: Indicators,
    pub(super) literals: Option<Literals>,
    pub(super) watchlists: Vec<(String, Watchlist)>,
    pub(super) reference: Reference,
    /// What of the user's indicators is not looked for.
    unused: Vec<Finding>,
    /// What is looked at is a reference itself.
    pub(super) collects: bool,
    pub(super) revoked: Vec<(String, Vec<Revoked>)>,
    pub(super) office_keys: Vec<(String, OfficeKey)>,
}

/// Indicators that can stand anywhere in a file.
pub(super) struct Literals {
    pub(super) search: AhoCorasick,
    pub(super) told: Vec<(Kind, String, String)>,
}

/// Kinds looked for in the bytes of every file.
const LITERAL_KINDS: &[Kind] =
    &[Kind::Domain, Kind::Url, Kind::Mail, Kind::Address, Kind::Property, Kind::Profile];

/// Shorter ones would be found everywhere.
const LITERAL_BYTES_MIN: usize = 5;

impl fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Knowledge({} indicators)", self.indicators.count())
    }
}

impl Knowledge {
    /// Our own rules and these.
    ///
    /// # Errors
    /// The first list that cannot be used.
    pub fn new(lists: &Lists) -> Result<Self, KnowledgeTrouble> {
        let text = |(name, bytes): &(String, Vec<u8>)| {
            (name.clone(), String::from_utf8_lossy(bytes).into_owned())
        };
        let yara: Vec<(String, String)> = lists.yara.iter().map(text).collect();
        let yara = if yara.is_empty() { None } else { Some(YaraRules::compile(&yara)?) };
        let mut indicators = Indicators::default();
        let mut unused = Vec::new();
        for (name, bytes) in &lists.indicators {
            let added = indicators
                .add(bytes)
                .map_err(|trouble| KnowledgeTrouble::Indicators(name.clone(), trouble))?;
            unused.extend(added.unread.into_iter().map(|(what, count)| {
                Finding::new(name, "indicators-unused", Severity::Note, Confidence::Proven)
                    .with("kind", what)
                    .with("patterns", count)
            }));
        }
        let short: Vec<&str> = indicators.of(LITERAL_KINDS).filter_map(too_short).collect();
        if !short.is_empty() {
            let finding = Finding::new("", "indicators-unused", Severity::Note, Confidence::Proven);
            let finding = finding.with("kind", "too short to be looked for");
            let finding = finding.with("patterns", short.len());
            unused.push(finding.with("value", short.join(" ")));
        }
        let watchlist = |(name, bytes): &(String, Vec<u8>)| {
            let list = Watchlist::read(bytes);
            list.map(|list| (name.clone(), list))
                .ok_or_else(|| KnowledgeTrouble::Watchlist(name.clone()))
        };
        let key = |(name, bytes): &(String, Vec<u8>)| {
            let key = OfficeKey::read(bytes);
            key.map(|key| (name.clone(), key))
                .ok_or_else(|| KnowledgeTrouble::OfficeKey(name.clone()))
        };
        let revoked = |(name, bytes): &(String, Vec<u8>)| {
            let list = revocations(bytes);
            list.map(|list| (name.clone(), list))
                .ok_or_else(|| KnowledgeTrouble::Revocations(name.clone()))
        };
        let mut reference = Reference::default();
        for (name, bytes) in &lists.references {
            if !reference.add(bytes) {
                return Err(KnowledgeTrouble::Reference(name.clone()));
            }
        }
        Ok(Self {
            reference,
            unused,
            collects: lists.collect,
            paths: PathRules::own(),
            markers: Markers::own(),
            yara,
            literals: Literals::new(&indicators),
            indicators,
            watchlists: lists.watchlists.iter().map(watchlist).collect::<Result<_, _>>()?,
            revoked: lists.revocations.iter().map(revoked).collect::<Result<_, _>>()?,
            office_keys: lists.office_keys.iter().map(key).collect::<Result<_, _>>()?,
        })
    }

    /// What of the user's indicators is not looked for, list by list and kind by kind.
    #[must_use]
    pub fn unused(&self) -> Vec<Finding> {
        self.unused.clone()
    }

    /// Whether files are known by their hashes.
    pub(super) fn hashes_wanted(&self) -> bool {
        self.indicators.has(Kind::FileHash) || !self.reference.is_empty() || self.collects
    }

    /// By how much windows overlap, so that nothing falls between two.
    pub(super) fn overlap(&self) -> usize {
        // Rules of the user may name longer strings; those in use are far below this.
        if self.yara.is_some() { 64 << 10 } else { self.markers.longest().max(4 << 10) }
    }
}

/// The value of an indicator that would be found everywhere.
fn too_short<'a>((_, value, _): (Kind, &'a str, &'a str)) -> Option<&'a str> {
    (value.len() < LITERAL_BYTES_MIN).then_some(value)
}

impl Literals {
    fn new(indicators: &Indicators) -> Option<Self> {
        let told: Vec<(Kind, String, String)> = indicators
            .of(LITERAL_KINDS)
            .filter(|told| too_short(*told).is_none())
            .map(|(kind, value, of)| (kind, value.to_owned(), of.to_owned()))
            .collect();
        if told.is_empty() {
            return None;
        }
        let search = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(told.iter().map(|(_, value, _)| value))
            .ok()?;
        Some(Self { search, told })
    }
}
