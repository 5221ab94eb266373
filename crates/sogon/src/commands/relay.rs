//! `sogon relay`: the relays of this home.

use serde_json::json;
use sogon_engine::{Act, EngineError, view};

use crate::{
    cli::{RelayChange, RelaySetting},
    desk::Desk,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk, setting: &RelaySetting) -> Result<(), Trouble> {
    match &setting.change {
        Some(RelayChange::Add { relay, first }) => {
            let act = Act::AddRelay { relay: relay.clone(), first: *first };
            let done = desk.hand.act(act).await;
            done.map_err(|trouble| trouble.here_called(Kind::TooLarge, Kind::ManyRelays))?;
        }
        Some(RelayChange::Remove { relay }) => {
            let done = desk.hand.act(Act::RemoveRelay { relay: relay.clone() }).await;
            done.map_err(|trouble| {
                trouble
                    .here_called(Kind::UnknownName, Kind::OtherRelay)
                    .here_called(Kind::NoRelay, Kind::LastRelay)
            })?;
        }
        None => {}
    }
    let owner = desk.hand.look(|shelf| view::owner(shelf)).await?.ok_or(EngineError::Bug)?;
    let relays: Vec<String> = owner.relays.iter().map(ToString::to_string).collect();
    let words = || match &setting.change {
        Some(RelayChange::Add { .. }) => {
            format!("{}\n{}", relays.join("\n"), desk.words.say("relay-added", &[]))
        }
        _ => relays.join("\n"),
    };
    desk.console.result(json!({ "relays": relays }), words).await
}
