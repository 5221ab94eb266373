//! Golden sessions of the owner's own log.
#![cfg(test)]

mod cast;

use cast::{Person, World};

fn kinds(person: &Person) -> Vec<(String, String)> {
    let mut log = person.objects(&["alerts"]);
    assert_eq!(log.pop().unwrap()["chain"], "whole");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    log.iter().map(|entry| (text(&entry["kind"]), text(&entry["detail"]))).collect()
}

#[test]
fn somebody_who_takes_a_contacts_name_with_another_key_is_told_to_the_owner() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    assert!(kinds(&mina).is_empty());
    // Joon lost his device and has no backup; or this is somebody else.
    let again = Person { name: "Joon".to_owned(), ..world.stranger("somebody") };
    again.done(&["init", "--light", "--name", "Joon", "--relay", world.address()]);
    let link = mina.link();
    again.done(&["join", &link, "--as", "Mina"]);
    for person in [&mina, &again, &mina] {
        person.done(&["sync"]);
    }
    let told = kinds(&mina);
    assert_eq!(told, [("key-change".to_owned(), "Joon 2".to_owned())]);
    mina.done(&["sync"]);
    assert_eq!(kinds(&mina), told, "once");
    assert!(kinds(&joon).is_empty() && kinds(&again).is_empty());
    let shown = mina.done(&["--lang", "ko", "alerts"]);
    assert!(shown.contains("Joon 2") && shown.contains("안전 번호"), "{shown}");
}
