//! `sogon alerts`: the owner's own log.

use serde_json::json;
use sogon_engine::view;

use crate::{desk::Desk, footprints, moment, plain, trouble::Trouble};

pub(super) async fn run(desk: &Desk) -> Result<(), Trouble> {
    let (alerts, whole) = desk.hand.look(|vault| view::alerts(vault)).await?;
    for alert in &alerts {
        let object = json!({
            "at": moment::utc(alert.at_s),
            "kind": alert.kind.name(),
            "detail": alert.detail,
        });
        let words = || {
            let what = desk.words.say(&format!("alert-{}", alert.kind.name()), &[]);
            let detail = footprints::of_kind(alert.kind.name(), plain::line(&alert.detail));
            format!("{}  {what}  {detail}", moment::local(alert.at_s)).trim_end().to_owned()
        };
        desk.console.result(object, words).await?;
    }
    let chain = if whole { "whole" } else { "broken" };
    let words = || match (whole, alerts.is_empty()) {
        (false, _) => desk.words.say("alerts-broken", &[]),
        (true, true) => desk.words.say("alerts-none", &[]),
        (true, false) => desk.words.say("alerts-whole", &[]),
    };
    desk.console.result(json!({ "chain": chain }), words).await
}
