//! What a reference image holds, and how an app differs from the one in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::manifest::Manifest;
use crate::archive::zip::Directory;

/// As many files of an app are compared.
const FILES_MAX: usize = 20_000;

/// As much as the names of these may weigh: they go over a socket.
const NAMES_BYTES_MAX: usize = 2 << 20;

/// As many names are told of each kind of difference.
const NAMES_TOLD: usize = 8;

/// An app, as far as two of them are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Its package.
    pub package: String,
    /// Its version, as people read it.
    pub version: String,
    /// SHA-256 of all of it, in hexadecimal digits.
    pub sha256: String,
    /// SHA-256 of the certificates of its signers.
    pub signers: Vec<String>,
    /// What it asks for.
    pub permissions: Vec<String>,
    /// Size and checksum of each file in it.
    pub files: BTreeMap<String, (u64, u32)>,
}

/// Something a reference holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// An app.
    App(Box<Facts>),
    /// The SHA-256 of a program, an app or a certificate.
    Hash(String),
}

/// A reference: hashes, and apps by their packages.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    hashes: BTreeSet<String>,
    apps: BTreeMap<String, Vec<Facts>>,
}

/// How an app differs from the one in the reference that is most like it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The version in the reference, when it is another one.
    pub version: Option<String>,
    /// The signers in the reference, when they are others.
    pub signers: Option<Vec<String>>,
    /// What it asks for and the one in the reference does not.
    pub asks: Vec<String>,
    /// Files that are not in the one in the reference: how many, and some names.
    pub added: (usize, Vec<String>),
    /// Files that are others.
    pub changed: (usize, Vec<String>),
    /// Files that are gone.
    pub gone: (usize, Vec<String>),
}

impl Facts {
    /// Of an app with this manifest and directory.
    #[must_use]
    pub fn of(
        manifest: &Manifest,
        directory: &Directory,
        signers: Vec<String>,
        sha256: String,
    ) -> Self {
        let mut room = NAMES_BYTES_MAX;
        let mut fits = |name: &str| {
            let commands = name.chars().filter(|c| c.is_control()).count();
            let left = room.checked_sub(name.len().saturating_add(commands.saturating_mul(6)));
            room = left.unwrap_or(0);
            left.is_some()
        };
        let files = directory.entries.iter().take(FILES_MAX).filter(|entry| fits(&entry.name));
        let files = files.map(|entry| (entry.name.clone(), (entry.unpacked, entry.sum))).collect();
        let (package, version) = (manifest.package.clone(), manifest.version.clone());
        let permissions = manifest.permissions.clone();
        Self { package, version, sha256, signers, permissions, files }
    }
}

impl Reference {
    /// Adds a list of hashes as `sha256sum` prints them, or what a scan of a reference collected.
    /// False when it is neither.
    pub fn add(&mut self, bytes: &[u8]) -> bool {
        let before = self.hashes.len();
        match serde_json::from_slice::<Vec<Fact>>(bytes) {
            Ok(facts) => {
                for fact in facts {
                    match fact {
                        Fact::Hash(hash) => drop(self.hashes.insert(hash)),
                        Fact::App(app) => {
                            self.hashes.insert(app.sha256.clone());
                            self.apps.entry(app.package.clone()).or_default().push(*app);
                        }
                    }
                }
            }
            Err(_) => self.hashes.extend(hashes(&String::from_utf8_lossy(bytes))),
        }
        self.hashes.len() > before
    }

    /// There is nothing to compare with.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// It knows apps by more than their hashes.
    #[must_use]
    pub fn has_apps(&self) -> bool {
        !self.apps.is_empty()
    }

    /// Something with this hash is in it.
    #[must_use]
    pub fn has(&self, sha256: &str) -> bool {
        self.hashes.contains(sha256)
    }

    /// Packages in it.
    pub fn packages(&self) -> impl Iterator<Item = &str> {
        self.apps.keys().map(String::as_str)
    }

    /// How an app differs from the one of the same package; `None` when there is none.
    #[must_use]
    pub fn difference(&self, app: &Facts) -> Option<Difference> {
        let same = self.apps.get(&app.package)?;
        let nearness = |one: &&Facts| (one.signers == app.signers, one.version == app.version);
        let one = same.iter().max_by_key(nearness)?;
        let asks = app.permissions.iter().filter(|asked| !one.permissions.contains(asked));
        let added = app.files.keys().filter(|name| !one.files.contains_key(*name));
        let gone = one.files.keys().filter(|name| !app.files.contains_key(*name));
        let other = |(name, file): &(&String, &(u64, u32))| {
            one.files.get(*name).is_some_and(|old| old != *file)
        };
        let changed = app.files.iter().filter(other).map(|(name, _)| name);
        Some(Difference {
            version: (one.version != app.version).then(|| one.version.clone()),
            signers: (one.signers != app.signers).then(|| one.signers.clone()),
            asks: asks.cloned().collect(),
            added: some(added),
            changed: some(changed),
            gone: some(gone),
        })
    }
}

/// How many there are, and the names of the first.
fn some<'a>(names: impl Iterator<Item = &'a String>) -> (usize, Vec<String>) {
    let mut count = 0_usize;
    let mut told = Vec::new();
    for name in names {
        count = count.saturating_add(1);
        if told.len() < NAMES_TOLD {
            told.push(name.clone());
        }
    }
    (count, told)
}

/// The first word of each line, where it is a SHA-256.
fn hashes(text: &str) -> impl Iterator<Item = String> {
    let words = text.lines().filter_map(|line| line.split_whitespace().next());
    let hash = |word: &&str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    words.filter(hash).map(str::to_ascii_lowercase)
}
