//! The home itself: its owner, its settings, what it sent, who watches, locking.

use serde_json::{Value, json};
use sogon_engine::{Act, RELAYS_MAX, Shelf, view};
use sogon_wire::RelayAddr;
use zeroize::Zeroizing;

use super::{Asked, talk::fresh};
use crate::{
    app::Place,
    home::{Home, Pace, Refusal},
    memo, shape,
};

/// The pace of steady mode that the page chooses, as `sogon mode steady` does.
const STEADY_S: u64 = 2;

/// What can be asked of a home that is locked.
pub(super) async fn locked<H: Home>(
    place: &Place<H>,
    name: &str,
    asked: &Value,
) -> Result<Value, Refusal> {
    match name {
        "hello" => Ok(json!({ "locked": true, "unlocks": place.gate.is_some() })),
        "unlock" => {
            let passphrase = asked.get("passphrase").and_then(Value::as_str);
            let passphrase = Zeroizing::new(passphrase.ok_or(Refusal::BadInput)?.to_owned());
            let gate = place.gate.as_ref().ok_or(Refusal::Locked)?;
            gate.unlock(passphrase).await?;
            Ok(json!({}))
        }
        _ => Err(Refusal::Locked),
    }
}

pub(super) async fn hello<H: Home>(home: &H) -> Result<Value, Refusal> {
    home.attended();
    home.look(|shelf| {
        let owner = view::owner(shelf)?;
        Ok(json!({
            "locked": false,
            "name": owner.map(|owner| owner.name),
            "settings": memo::settings(shelf)?,
        }))
    })
    .await
}

pub(super) fn here<H: Home>(home: &H) -> Result<Value, Refusal> {
    home.attended();
    Ok(json!({}))
}

/// `{name, chosen}`.
pub(super) async fn setting<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let settings = home.look(|shelf| memo::settings(shelf)).await?;
    home.keep(memo::changed(settings, asked.text("name")?, asked.text("chosen")?)?).await?;
    home.look(|shelf| memo::settings(shelf)).await
}

/// One burst: what it cost by itself, who did not answer, what still waits.
pub(super) async fn sync<H: Home>(home: &H) -> Result<Value, Refusal> {
    home.attended();
    let before = home.tally().await?.figures;
    let pace = home.pace().await?;
    // A quiet home lets files go on when it is told to.
    let moving = home.look(|shelf| view::moving(shelf)).await?;
    let after = match moving.is_empty() {
        true => home.burst().await?,
        false => home.haul().await?,
    };
    let cost = crate::home::Figures {
        bytes_up: after.figures.bytes_up.saturating_sub(before.bytes_up),
        bytes_down: after.figures.bytes_down.saturating_sub(before.bytes_down),
        air_ms: after.figures.air_ms.saturating_sub(before.air_ms),
        round_trips: after.figures.round_trips.saturating_sub(before.round_trips),
    };
    let waiting = home.look(|shelf| view::waiting(shelf)).await?;
    let mut value = shape::burst(&after);
    if let Some(map) = value.as_object_mut() {
        map.insert("pace".into(), pace.name().into());
        map.insert("burst".into(), shape::figures(cost));
        map.insert("waiting".into(), waiting.into());
    }
    Ok(value)
}

/// What was counted since the home was opened.
pub(super) async fn tally<H: Home>(home: &H) -> Result<Value, Refusal> {
    let tally = home.tally().await?;
    let pace = home.pace().await?;
    let waiting = home.look(|shelf| view::waiting(shelf)).await?;
    let mut value = shape::burst(&tally);
    if let Some(map) = value.as_object_mut() {
        map.insert("pace".into(), pace.name().into());
        map.insert("waiting".into(), waiting.into());
    }
    Ok(value)
}

/// `{pace}`: live, quiet or steady, from now on.
pub(super) async fn pace<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let pace = match asked.text("pace")? {
        "live" => Pace::Live,
        "quiet" => Pace::Quiet,
        "steady" => Pace::Steady(STEADY_S),
        _ => return Err(Refusal::BadInput),
    };
    home.change_pace(pace).await?;
    Ok(json!({}))
}

/// The owner's log, newest first, and whether its chain is whole.
pub(super) async fn alerts<H: Home>(home: &H) -> Result<Value, Refusal> {
    let (alerts, whole) = home.look(|shelf| view::alerts(shelf)).await?;
    let alerts = alerts.iter().rev().take(500).map(
        |alert| json!({ "at": alert.at_s, "kind": alert.kind.name(), "detail": alert.detail }),
    );
    Ok(json!({ "alerts": alerts.collect::<Vec<_>>(), "whole": whole }))
}

/// The relays of the home, best first, and how many it may have.
pub(super) async fn relays<H: Home>(home: &H) -> Result<Value, Refusal> {
    let owner = home.look(|shelf| view::owner(shelf)).await?;
    let relays = owner.map(|owner| owner.relays).unwrap_or_default();
    let relays = relays.iter().map(|its| {
        let place = format!("{}:{}", its.host(), its.port());
        json!({ "address": its.to_string(), "place": place })
    });
    Ok(json!({ "relays": relays.collect::<Vec<_>>(), "most": RELAYS_MAX }))
}

/// `{relay, first}`: uses one more relay, or one in another place.
pub(super) async fn add_relay<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let act = Act::AddRelay { relay: relay(asked)?, first: asked.yes("first") };
    home.act(act).await?;
    relays(home).await
}

/// `{relay}`: uses it no more.
pub(super) async fn remove_relay<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    home.act(Act::RemoveRelay { relay: relay(asked)? }).await?;
    relays(home).await
}

fn relay(asked: &Asked<'_>) -> Result<RelayAddr, Refusal> {
    asked.text("relay")?.trim().parse().map_err(|_| Refusal::BadRelay)
}

/// `{conversation}`: what decides what watchers learn of it.
pub(super) async fn facts<H: Home>(
    place: &Place<H>,
    home: &H,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    let id = asked.conversation()?;
    let mut kept = place.roster.lock().await;
    let entry = fresh(&mut kept, home).await?.entry(id).cloned().ok_or(Refusal::Unknown)?;
    drop(kept);
    let proxy = home.behind_proxy().await?;
    let pace = home.pace().await?.name();
    home.look(move |shelf: &dyn Shelf| {
        let memo = memo::Memo::load(shelf, id)?;
        let contact = entry.contact.map(|contact| view::contact(shelf, contact)).transpose()?;
        let owner = view::owner(shelf)?;
        let relays = owner.map(|owner| owner.relays).unwrap_or_default();
        let known = view::conversation(shelf, id)?;
        Ok(json!({
            "direct": known.is_some_and(|known| known.direct),
            "title": shape::name(&entry.title),
            "group": entry.group,
            "count": entry.members,
            "proxy": proxy,
            "pace": pace,
            "verified": contact.flatten().is_some_and(|contact| contact.verified),
            "timer_s": memo.timer_s,
            "relay": relays.first().map(|relay| relay.host().to_owned()),
        }))
    })
    .await
}

pub(super) async fn lock<H: Home>(home: &H) -> Result<Value, Refusal> {
    home.lock().await?;
    Ok(json!({}))
}
