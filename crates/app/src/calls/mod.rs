//! What the page can ask. Each call decides nothing: it looks something up, or puts an act into the
//! home's loop, and says what is stored.

mod files;
mod house;
mod paths;
mod people;
mod ring;
mod speech;
mod talk;
mod trial;
pub(crate) mod written;

pub(crate) use trial::watch;

use serde_json::{Value, json};
use sogon_engine::{ContactId, ConversationId, MessageId};

use crate::{
    app::Place,
    home::{Home, Refusal},
};

/// Does what is asked of a seat, unless its home is closed meanwhile.
///
/// # Errors
/// Why it was not done.
pub(crate) async fn run<H: Home>(
    place: &Place<H>,
    name: &str,
    asked: &Value,
) -> Result<Value, Refusal> {
    let mut homes = place.home.subscribe();
    let home = homes.borrow_and_update().clone();
    let Some(home) = home else { return house::locked(place, name, asked).await };
    let asked = Asked(asked);
    tokio::select! {
        biased;
        done = one(place, &home, name, &asked) => done,
        // Whoever locks the home is told that it is.
        _ = homes.changed() => if name == "lock" { Ok(json!({})) } else { Err(Refusal::Locked) },
    }
}

/// The same for a terminal, which may name files by their paths.
///
/// # Errors
/// Why it was not done.
pub(crate) async fn run_on_terminal<H: Home>(
    place: &Place<H>,
    home: &H,
    name: &str,
    asked: &Value,
) -> Result<Value, Refusal> {
    match name {
        "path-begin" => paths::begin(place, home, &Asked(asked)).await,
        "path-save" => paths::save(home, &Asked(asked)).await,
        _ => run(place, name, asked).await,
    }
}

async fn one<H: Home>(
    place: &Place<H>,
    home: &H,
    name: &str,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    match name {
        "hello" => house::hello(home).await,
        "here" => house::here(home),
        "setting" => house::setting(home, asked).await,
        "sync" => house::sync(home).await,
        "tally" => house::tally(home).await,
        "pace" => house::pace(home, asked).await,
        "alerts" => house::alerts(home).await,
        "relays" => house::relays(home).await,
        "relay-add" => house::add_relay(home, asked).await,
        "relay-remove" => house::remove_relay(home, asked).await,
        "facts" => house::facts(place, home, asked).await,
        "lock" => house::lock(home).await,
        "list" => talk::list(place, home, asked).await,
        "messages" => talk::messages(home, asked).await,
        "send" => talk::send(home, asked).await,
        "read" => talk::read(home, asked).await,
        "delete" => talk::delete(home, asked).await,
        "edit" => talk::edit(home, asked).await,
        "react" => talk::react(home, asked).await,
        "memo" => talk::memo(home, asked).await,
        "search" => talk::search(place, home, asked).await,
        "ring" => ring::ring(home, asked).await,
        "take" => ring::take(home, asked).await,
        "hang-up" => ring::hang_up(home, asked).await,
        "call" => ring::call(home, asked).await,
        "direct" => ring::direct(home, asked).await,
        "file-begin" => files::begin(place, home, asked).await,
        "file-how" => files::how(place, asked),
        "file-forget" => files::forget(place, asked),
        "file-look" => files::look(place, asked).await,
        "file-send" => files::send(place, home, asked).await,
        "file-move" => files::go_on(home, asked).await,
        "file-pause" => files::pause(home, asked).await,
        "file-drop" => files::drop_it(home, asked).await,
        "file-read" => written::read(home, asked).await,
        "file-save" => files::save(place, home, asked).await,
        "file-below" => files::below(home, asked).await,
        "files" => files::list(home, asked).await,
        "speech-begin" => speech::begin(place, home, asked).await,
        "speech-send" => speech::send(place, home, asked).await,
        "speech-throw" => speech::throw(place, home, asked).await,
        "speech-heard" => speech::heard(home, asked).await,
        "conversation" => people::conversation(place, home, asked).await,
        "contacts" => people::contacts(home).await,
        "contact" => people::contact(home, asked).await,
        "rename" => people::rename(home, asked).await,
        "verify" => people::verify(home, asked).await,
        "block" => people::block(home, asked).await,
        "invite" => people::invite(home, asked).await,
        "join" => people::join(home, asked).await,
        "group-new" => people::group_new(home, asked).await,
        "group-add" => people::group_add(home, asked).await,
        "group-remove" => people::group_remove(home, asked).await,
        "group-leave" => people::group_leave(home, asked).await,
        _ => Err(Refusal::BadInput),
    }
}

/// The arguments of a call.
pub(crate) struct Asked<'a>(&'a Value);

impl Asked<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<&str, Refusal> {
        self.0.get(name).and_then(Value::as_str).ok_or(Refusal::BadInput)
    }

    fn number(&self, name: &str) -> Result<u64, Refusal> {
        self.0.get(name).and_then(Value::as_u64).ok_or(Refusal::BadInput)
    }

    fn yes(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    fn count(&self, name: &str, most: usize) -> Result<usize, Refusal> {
        Ok(usize::try_from(self.number(name)?).unwrap_or(usize::MAX).min(most))
    }

    fn conversation(&self) -> Result<ConversationId, Refusal> {
        self.text("conversation")?.parse().map_err(|_| Refusal::BadInput)
    }

    fn contact(&self) -> Result<ContactId, Refusal> {
        self.text("contact")?.parse().map_err(|_| Refusal::BadInput)
    }

    fn message(&self, name: &str) -> Result<MessageId, Refusal> {
        self.text(name)?.parse().map_err(|_| Refusal::BadInput)
    }

    fn contacts(&self) -> Result<Vec<ContactId>, Refusal> {
        let all = self.0.get("contacts").and_then(Value::as_array).ok_or(Refusal::BadInput)?;
        let one = |value: &Value| value.as_str()?.parse().ok();
        all.iter().map(|value| one(value).ok_or(Refusal::BadInput)).collect()
    }
}
