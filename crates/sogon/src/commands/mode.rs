//! `sogon mode`: when this home speaks to relays.

use std::time::Duration;

use serde_json::json;

use crate::{
    cli::ModeSetting,
    desk::Desk,
    mode::{Choice, Mode},
    trouble::{Kind, Trouble},
};

/// The pace nobody chose: a text waits a second on average, and an hour costs 2.2 MB each way.
const EVERY: Duration = Duration::from_secs(2);
/// Slower than this, and what others write seems not to come.
const EVERY_MAX: Duration = Duration::from_secs(60);

pub(super) async fn run(desk: &Desk, setting: &ModeSetting) -> Result<(), Trouble> {
    let every = setting.every.map(|span| span.duration());
    let wanted = match (setting.choice, every) {
        (None, Some(_)) | (Some(Choice::Live | Choice::Quiet), Some(_)) => {
            return Err(Kind::PaceOfNothing.into());
        }
        (None, None) => None,
        (Some(Choice::Live), None) => Some(Mode::Live),
        (Some(Choice::Quiet), None) => Some(Mode::Quiet),
        (Some(Choice::Steady), every) => Some(Mode::Steady(every.unwrap_or(EVERY))),
    };
    if every.is_some_and(|every| every.is_zero() || every > EVERY_MAX) {
        return Err(Kind::BadPace.into());
    }
    let mode = match wanted {
        Some(mode) => desk.hand.change_mode(mode).await.map(|()| mode)?,
        None => desk.hand.mode().await?.mode,
    };
    let every = mode.every().map(|every| every.as_secs());
    let words = || {
        let every = every.map(|every| every.to_string()).unwrap_or_default();
        desk.words.say(&format!("mode-{}", mode.name()), &[("every", &every)])
    };
    desk.console.result(json!({ "mode": mode.name(), "every_s": every }), words).await
}
