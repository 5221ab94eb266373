//! `sogon grow`: room in a home that is full.

use serde_json::json;

use super::size;
use crate::{cli::Grow, desk::Desk, trouble::Trouble};

pub(super) async fn run(desk: &Desk, grow: &Grow) -> Result<(), Trouble> {
    desk.hand.grow(grow.mib).await?;
    let bytes = std::fs::metadata(desk.home.container()).map_or(0, |about| about.len());
    let words = || desk.words.say("grown", &[("size", &size(bytes))]);
    desk.console.result(json!({ "bytes": bytes }), words).await
}
