//! Fixed strings of watching programs (`rules/markers.json`), all looked for at once.

use std::fmt;

use aho_corasick::packed;
use serde::Deserialize;

use super::veiled::{lift, veil};

static FILE: [u8; include_bytes!("../../rules/markers.json").len()] =
    veil(include_bytes!("../../rules/markers.json"));

/// A string that says something.
#[derive(Clone, Debug, Deserialize)]
pub struct Marker {
    /// The string, in UTF-8.
    pub text: String,
    /// The rule it makes.
    pub rule: String,
}

/// All of them.
pub struct Markers {
    markers: Vec<Marker>,
    search: Option<packed::Searcher>,
}

impl fmt::Debug for Markers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Markers({})", self.markers.len())
    }
}

impl Markers {
    /// Those that come with the inspector.
    #[must_use]
    pub fn own() -> Self {
        let markers: Vec<Marker> = lift(&FILE);
        // Teddy, called directly: by measure thirty times as fast as what is chosen "automatically".
        let search = packed::Searcher::new(markers.iter().map(|marker| &marker.text));
        Self { markers, search }
    }

    /// The first place of every marker in `bytes`.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> Vec<(usize, &Marker)> {
        let mut found: Vec<(usize, &Marker)> = Vec::new();
        let hits = self.search.iter().flat_map(|search| search.find_iter(bytes));
        for hit in hits {
            let Some(marker) = self.markers.get(hit.pattern().as_usize()) else { continue };
            if !found.iter().any(|(_, seen)| seen.text == marker.text) {
                found.push((hit.start(), marker));
            }
        }
        found
    }

    /// Bytes of the longest one: what windows must overlap by.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.markers.iter().map(|marker| marker.text.len()).max().unwrap_or(0)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Marker] {
        &self.markers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_marker_of_the_file_is_read_and_found() {
        let own = Markers::own();
        let lines: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../rules/markers.json")).unwrap();
        assert_eq!(own.all().len(), lines.len().saturating_sub(1));
        for marker in own.all() {
            let mut bytes = vec![b'.'; 4_000];
            bytes.extend(marker.text.as_bytes());
            bytes.extend([b'.'; 100]);
            let found = own.find(&bytes);
            assert!(found.iter().any(|(at, seen)| *at == 4_000 && seen.text == marker.text));
        }
        assert!(own.find(&[b'.'; 5_000]).is_empty());
    }
}
