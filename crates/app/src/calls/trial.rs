//! What the page of the watcher asks: what passed, and links to the apps beside it.

use serde_json::{Value, json};
use sogon_engine::{Shelf, ShelfFault, view};

use super::Asked;
use crate::{
    app::App,
    home::{Home, Refusal},
};

/// Packets given out at once.
const PACKETS_MAX: usize = 200;
/// Texts looked for in what passed.
const TEXTS_MAX: usize = 200;

/// Does what is asked.
///
/// # Errors
/// Why it was not done.
pub(crate) async fn watch<H: Home>(
    app: &App<H>,
    host: &str,
    name: &str,
    asked: &Value,
) -> Result<Value, Refusal> {
    match name {
        "seats" => {
            let mut seats = Vec::new();
            for (number, place) in app.0.places.iter().enumerate() {
                let home = place.home.borrow().clone();
                let name = match home {
                    Some(home) => home.look(|shelf| view::owner(shelf)).await?.map(|o| o.name),
                    None => None,
                };
                // Frames are of the origin of the page around them.
                let link = app.link("/", number)?;
                let plain = app.0.hosts.get(1).is_some_and(|plain| plain == host);
                let link = if plain { link.plain } else { link.url };
                seats.push(json!({ "link": link, "name": name }));
            }
            Ok(json!({ "seats": seats }))
        }
        "watch" => {
            let from = Asked(asked).count("from", usize::MAX)?;
            let watcher = app.0.watcher.as_ref().ok_or(Refusal::Unknown)?;
            let sight = watcher.look(from, PACKETS_MAX, &said(app).await?);
            let packets = sight.packets.iter().map(|packet| {
                json!({
                    "at_ms": packet.at_ms,
                    "up": packet.up,
                    "whose": packet.whose,
                    "bytes": packet.bytes,
                    "head": packet.head,
                })
            });
            Ok(json!({
                "packets": packets.collect::<Vec<_>>(),
                "next": sight.next,
                "up": sight.bytes_up,
                "down": sight.bytes_down,
                "words": sight.words,
                "found": sight.found,
            }))
        }
        _ => Err(Refusal::BadInput),
    }
}

/// All that the people in the seats wrote, and their names.
async fn said<H: Home>(app: &App<H>) -> Result<Vec<String>, Refusal> {
    let mut texts = Vec::new();
    for place in &app.0.places {
        let home = place.home.borrow().clone();
        if let Some(home) = home {
            texts.extend(home.look(written).await?);
        }
    }
    Ok(texts)
}

fn written(shelf: &dyn Shelf) -> Result<Vec<String>, ShelfFault> {
    let mut texts: Vec<String> = view::owner(shelf)?.into_iter().map(|owner| owner.name).collect();
    for conversation in view::conversations(shelf)? {
        let latest = view::latest(shelf, conversation.id, TEXTS_MAX)?;
        texts.extend(latest.into_iter().filter(|m| m.from.is_none()).map(|m| m.text));
    }
    Ok(texts)
}
