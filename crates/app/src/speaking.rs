//! The line of a call to the page: one for each call, with the secret of the session first, as the
//! line of changes has it. Sound is 640 bytes each 20 ms; words are small JSON.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::{
    app::{App, WATCHER},
    home::{Home, Refusal},
    live::Line,
    phone::{self, Budget, Phone, Sounded, Spoken, Standing},
};

/// How long a page may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a page may take to take what it is sent; one that takes nothing has hung up.
const TAKES: Duration = Duration::from_secs(5);

/// Carries one call, until it is over or the page is gone.
pub(crate) async fn carry<H: Home>(app: &App<H>, line: &mut Line) {
    let Some((seat, asked)) = introduced(app, line).await else { return };
    let place = app.0.places.get(seat);
    let Some(mut homes) = place.map(|place| place.home.subscribe()) else { return };
    let Some(home) = homes.borrow_and_update().clone() else { return };
    tokio::select! {
        begun = begin(&home, &asked) => match begun {
            Ok(phone) => {
                drop(home);
                tokio::select! {
                    _ = talk(line, phone) => {}
                    // A home that is locked hears and says nothing any more.
                    _ = homes.changed() => {}
                }
            }
            Err(refusal) => {
                let told = json!({ "is": "refused", "refused": refusal.name() });
                let _ = say(line, &told).await;
            }
        },
        _ = homes.changed() => {}
    }
}

async fn introduced<H: Home>(app: &App<H>, line: &mut Line) -> Option<(usize, Value)> {
    let said = tokio::time::timeout(PATIENCE, line.next()).await.ok()??.ok()?;
    let said: Value = serde_json::from_str(said.to_text().ok()?).ok()?;
    let seat = app.0.passes.borrow().seat(said.get("secret")?.as_str()?)?;
    (seat != WATCHER).then_some((seat, said))
}

async fn begin<H: Home>(home: &H, asked: &Value) -> Result<Phone, Refusal> {
    let id = |name: &str| asked.get(name).and_then(Value::as_str).ok_or(Refusal::BadInput);
    let conversation = id("conversation")?.parse().map_err(|_| Refusal::BadInput)?;
    let call = id("call")?.parse().map_err(|_| Refusal::BadInput)?;
    let most = |name: &str| asked.get(name).and_then(Value::as_u64).filter(|most| *most > 0);
    let budget = Budget { seconds: most("seconds"), bytes: most("bytes") };
    home.attended();
    home.phone(conversation, call, budget).await
}

async fn talk(line: &mut Line, mut phone: Phone) -> Option<()> {
    loop {
        tokio::select! {
            said = line.next() => match said?.ok()? {
                // A page that says more than is taken says it to nobody.
                Message::Binary(bytes) => {
                    let _ = phone.say.try_send(Spoken::Sound(phone::samples(&bytes)?));
                }
                Message::Text(text) => {
                    phone.say.send(word(text.as_str())?).await.ok()?;
                }
                Message::Close(_) => return None,
                _ => {}
            },
            sounded = phone.hear.recv() => match sounded? {
                Sounded::Sound(samples) => {
                    let sound = Message::Binary(Bytes::from(phone::bytes(&samples)));
                    tokio::time::timeout(TAKES, line.send(sound)).await.ok()?.ok()?;
                }
                Sounded::Standing(standing) => say(line, &shown(standing)).await?,
                Sounded::Over { end, note } => {
                    let told = json!({ "is": "over", "end": end.name(), "note": note });
                    say(line, &told).await?;
                    return Some(());
                }
            },
        }
    }
}

/// A word of the page: `{"mute": true}` or `{"floor": true}`.
fn word(text: &str) -> Option<Spoken> {
    let said: Value = serde_json::from_str(text).ok()?;
    let is = |name: &str| said.get(name).and_then(Value::as_bool);
    is("mute").map(Spoken::Mute).or_else(|| is("floor").map(Spoken::Floor))
}

fn shown(its: Standing) -> Value {
    json!({
        "is": "standing",
        "stage": its.stage.name(),
        "ms": its.ms,
        "others": its.others,
        "up": its.bytes_up,
        "down": its.bytes_down,
        "missed": its.missed,
        "round_trip_ms": its.round_trip_ms,
        "turns": its.turns,
        "floor": its.floor,
        "way": its.way.name(),
    })
}

async fn say(line: &mut Line, value: &Value) -> Option<()> {
    let said = line.send(Message::text(value.to_string()));
    tokio::time::timeout(TAKES, said).await.ok()?.ok()
}
