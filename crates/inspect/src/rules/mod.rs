//! The rules that come with the inspector, as readable files in `rules/`, and those of the user.

mod markers;
mod paths;
mod printed;
pub mod stix;
mod veiled;
mod yara;

pub use markers::{Marker, Markers};
pub use paths::{PathRule, PathRules};
pub use printed::printed;
pub use yara::{YaraRules, YaraTrouble};
