//! The inspector: what it reads is always somebody else's.

use sogon_inspect::{
    Source,
    finding::{Event, Finding},
    look::{Knowledge, Limits, Listener, Lists, Looker, Share},
    rules::stix::Indicators,
    tags::{self, fingerprint::Watchlist, natisign::OfficeKey},
};

/// Names that make the inspector look for something.
const NAMES: [&str; 8] = [
    "photo.jpg",
    "usr/lib/1025/20130405.log",
    "data/local/tmp/legalref.dat",
    "data/local/tmp/pattern.dat",
    "packages.xml",
    "bugreport.txt",
    "data/misc/user/0/cacerts-added/1.0",
    "notes.apk",
];

/// More than a file of this size can honestly say.
const FINDINGS_MAX: usize = 200_000;

#[derive(Default)]
struct Ears(usize);

impl Listener for Ears {
    fn enter(&mut self, _: &str, _: u64) {}
    fn progress(&mut self, _: u64) {}
    fn found(&mut self, finding: Finding) {
        let evidence = finding.evidence.iter().map(|piece| piece.value.chars().count());
        assert!(evidence.max().unwrap_or(0) <= 400, "evidence is short");
        self.0 = self.0.saturating_add(1);
        assert!(self.0 < FINDINGS_MAX, "findings are few");
    }
    fn happened(&mut self, _: Event) {}
}

/// Marks: whatever is taken off was there, and what is left is a part of what was given.
pub fn inspect_tags(bytes: &[u8]) {
    let file = bytes.to_vec();
    let stripped = tags::strip(bytes);
    assert!(stripped.bytes.len() <= bytes.len(), "stripping adds nothing");
    let found = tags::read(&file as &dyn Source).unwrap_or_default();
    assert_eq!(found.len(), stripped.removed.len().saturating_add(stripped.left.len()));
    for tag in found {
        let end = tag.offset.checked_add(tag.bytes);
        assert!(end.is_some_and(|end| end <= bytes.len() as u64), "a mark lies in the file");
    }
    // A second time nothing of the same kind is there but what a smaller file newly spells.
    let again = tags::strip(&stripped.bytes);
    assert!(again.bytes.len() <= stripped.bytes.len());
}

/// Everything the inspector opens: archives, apps, images, logs, lists. The first byte chooses the
/// name under which the rest is looked at.
pub fn inspect_look(bytes: &[u8]) {
    let Some((first, file)) = bytes.split_first() else { return };
    let Ok(know) = Knowledge::new(&Lists::default()) else { return };
    let name = NAMES.get(usize::from(first % 8)).copied().unwrap_or("photo.jpg");
    let limits = Limits { depth: 4, whole_bytes_max: 4 << 20, ratio_max: 50, members_max: 2_000 };
    let (share, mut ears) = (Share::default(), Ears::default());
    Looker::new(&know, limits, &share, &mut ears).file(name, &file.to_vec());
}

/// Lists of the user: indicators, fingerprints, keys.
pub fn inspect_lists(bytes: &[u8]) {
    let mut indicators = Indicators::default();
    if let Ok(added) = indicators.add(bytes) {
        assert!(indicators.count() <= added, "as many are kept as were read");
    }
    if let Some(list) = Watchlist::read(bytes) {
        assert!(list.entries() > 0, "a list without entries is none");
    }
    let _ = OfficeKey::read(bytes);
}
