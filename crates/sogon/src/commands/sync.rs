//! `sogon sync`: one burst.

use serde_json::json;
use sogon_engine::view;

use crate::{
    desk::Desk,
    link::Figures,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk) -> Result<(), Trouble> {
    let before = desk.hand.tally().await?;
    let waited = desk.hand.look(|vault| view::waiting(vault)).await?;
    let after = desk.burst_with_files().await?;
    let waiting = desk.hand.look(|vault| view::waiting(vault)).await?;
    let (sent, received) =
        (waited.saturating_sub(waiting), after.received.saturating_sub(before.received));
    let figures = after.figures.since(before.figures);
    let Figures { bytes_up, bytes_down, air_ms, round_trips } = figures;
    let object = json!({
        "sent": sent,
        "received": received,
        "waiting": waiting,
        "bytes_up": bytes_up,
        "bytes_down": bytes_down,
        "air_ms": air_ms,
        "round_trips": round_trips,
    });
    let words = || {
        let args: [(&str, String); 6] = [
            ("sent", sent.to_string()),
            ("received", received.to_string()),
            ("waiting", waiting.to_string()),
            ("up", size(bytes_up)),
            ("down", size(bytes_down)),
            ("air", seconds(air_ms)),
        ];
        let args: Vec<_> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        desk.words.say("synced", &args)
    };
    desk.console.result(object, words).await?;
    let owner = desk.hand.look(|vault| view::owner(vault)).await?;
    let relays = owner.map(|owner| owner.relays).unwrap_or_default();
    if relays.iter().all(|relay| after.unreached.contains_key(relay)) {
        return Err(if relays.is_empty() { Kind::NoRelay } else { Kind::Unreached }.into());
    }
    Ok(())
}

/// Bytes in binary units.
pub(crate) fn size(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = bytes.saturating_mul(10).div_euclid(unit);
        format!("{}.{}", tenths.div_euclid(10), tenths.rem_euclid(10))
    };
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", tenths(1_024)),
        _ => format!("{} MiB", tenths(1_048_576)),
    }
}

/// Seconds, to the tenth.
pub(crate) fn seconds(ms: u64) -> String {
    let tenths = ms.saturating_add(50).div_euclid(100);
    format!("{}.{} s", tenths.div_euclid(10), tenths.rem_euclid(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_short() {
        assert_eq!([size(0), size(1_023), size(1_536)], ["0 B", "1023 B", "1.5 KiB"]);
        assert_eq!(size(3 * 1_048_576), "3.0 MiB");
        assert_eq!([seconds(0), seconds(1_949)], ["0.0 s", "1.9 s"]);
    }
}
