//! Folders that fill with pictures like clockwork: what a store of screenshots looks like.
//!
//! Names and forms of such stores are not published. Press reports say: newer phones, every five
//! minutes, in a hidden folder. So this is a heuristic over names and times alone.

use std::{path::Path, time::UNIX_EPOCH};

use crate::finding::{Confidence, Finding, Severity};

/// Fewer pictures have no rhythm.
const PICTURES_MIN: usize = 24;

/// As many are counted of one folder.
const PICTURES_MAX: usize = 100_000;

/// Somebody taking pictures in a row is faster, a backup by the day slower.
const STEP_SECONDS: std::ops::RangeInclusive<u64> = 20..=7_200;

/// The times of pictures in a folder.
#[derive(Debug, Default)]
pub(super) struct Rhythm {
    times: Vec<u64>,
}

impl Rhythm {
    /// Counts a file, when its name is one of a picture.
    pub(super) fn count(&mut self, path: &Path, about: &std::fs::Metadata) {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let ending = ending.to_ascii_lowercase();
        let picture = ["png", "jpg", "jpeg", "webp", "bmp"].contains(&ending.as_str());
        if picture && self.times.len() < PICTURES_MAX {
            let time = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            self.times.extend(time.map(|time| time.as_secs()));
        }
    }

    /// A finding, when most pictures came at the same distance: graver in a hidden folder.
    pub(super) fn finding(mut self, folder: &Path) -> Option<Finding> {
        if self.times.len() < PICTURES_MIN {
            return None;
        }
        self.times.sort_unstable();
        let pairs = self.times.iter().zip(self.times.iter().skip(1));
        let mut steps: Vec<u64> = pairs.map(|(a, b)| b.saturating_sub(*a)).collect();
        steps.sort_unstable();
        let middle =
            steps.get(steps.len() / 2).copied().filter(|step| STEP_SECONDS.contains(step))?;
        // A twentieth of the step is what a busy device is late by.
        let slack = (middle / 20).max(2);
        let near = steps.iter().filter(|step| step.abs_diff(middle) <= slack).count();
        if near.saturating_mul(4) < steps.len().saturating_mul(3) {
            return None;
        }
        let hidden = folder.components().any(|part| {
            let name = part.as_os_str().to_string_lossy();
            name.starts_with('.') && name.len() > 2
        });
        let severity = if hidden { Severity::Suspicious } else { Severity::Note };
        let path = folder.to_string_lossy();
        let finding = Finding::new(&path, "picture-rhythm", severity, Confidence::Heuristic)
            .with("pictures", self.times.len())
            .with("seconds-apart", middle)
            .with("hidden", hidden);
        Some(finding)
    }
}
