//! Golden sessions of messages that change after they were said.
#![cfg(test)]

mod cast;

use cast::{Person, World};
use serde_json::Value;

fn message(person: &Person, text: &str) -> Value {
    let messages = person.objects(&["read"]);
    messages.into_iter().find(|message| message["text"] == text).unwrap()
}

fn id(person: &Person, text: &str) -> String {
    message(person, text)["id"].as_str().unwrap().to_owned()
}

#[test]
fn other_words_stand_in_the_place_of_the_first_on_both_sides() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    mina.done(&["send", "Joon", "at the bridge"]);
    joon.done(&["sync"]);
    let told = id(&mina, "at the bridge");
    joon.run(&["edit", "Mina", &told, "nowhere"]).failed(1, "no such message");
    assert_eq!(mina.object(&["edit", "Joon", &told, "at the old bakery"])["state"], "edited");
    assert_eq!(mina.object(&["edit", "Joon", &told, "at the new bakery"])["state"], "edited");
    joon.done(&["sync"]);
    for person in [&mina, &joon] {
        assert_eq!(person.texts(), ["at the new bakery"]);
        assert_eq!(message(person, "at the new bakery")["edited"], true);
        assert!(person.objects(&["search", "bridge"]).is_empty(), "the first words are gone");
        assert_eq!(person.objects(&["search", "bakery"]).len(), 1);
    }
    mina.run(&["edit", "Joon", &told, ""]).failed(1, "no such message");
    mina.run(&["edit", "Joon", "nonsense", "x"]).failed(1, "no such message");
}

#[test]
fn words_are_changed_before_they_ever_left() {
    let mut world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    world.relay_stops();
    mina.done(&["send", "Joon", "tomorow"]);
    mina.done(&["edit", "Joon", &id(&mina, "tomorow"), "tomorrow"]);
    world.relay_returns();
    mina.done(&["sync"]);
    joon.done(&["sync"]);
    assert_eq!(joon.texts(), ["tomorrow"]);
}

#[test]
fn a_reaction_is_seen_changed_and_taken_back() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    mina.done(&["send", "Joon", "we are all safe"]);
    joon.done(&["sync"]);
    let told = id(&joon, "we are all safe");
    let faces = |person: &Person| message(person, "we are all safe")["reactions"].clone();
    for face in ["👍", "🙏"] {
        assert_eq!(joon.object(&["react", "Mina", &told, face])["state"], "reacted");
        mina.done(&["sync"]);
        assert_eq!(faces(&mina), serde_json::json!([{ "from": "Joon", "face": face }]));
        assert_eq!(faces(&joon), serde_json::json!([{ "from": null, "face": face }]));
    }
    mina.done(&["react", "Joon", &told, "😢"]);
    assert_eq!(faces(&mina).as_array().unwrap().len(), 2);
    joon.done(&["react", "Mina", &told]);
    mina.done(&["sync"]);
    assert_eq!(faces(&mina), serde_json::json!([{ "from": null, "face": "😢" }]));
    joon.run(&["react", "Mina", &told, &"x".repeat(40)]).failed(1, "larger than allowed");
}
