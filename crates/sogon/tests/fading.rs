//! Golden sessions of messages that go.
#![cfg(test)]

mod cast;

use cast::{Person, World};

fn id(person: &Person, text: &str) -> String {
    let messages = person.objects(&["read"]);
    let found = messages.iter().find(|message| message["text"] == text).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_message_is_removed_here_or_everywhere() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    for text in ["bring the papers", "see you", "at nine"] {
        mina.done(&["send", "Joon", text]);
    }
    joon.done(&["sync"]);
    let papers = id(&mina, "bring the papers");
    joon.run(&["delete", "Mina", &papers, "--everywhere"]).failed(1, "no such message");
    assert_eq!(joon.object(&["delete", "Mina", &id(&joon, "at nine")])["state"], "deleted");
    assert_eq!(joon.texts(), ["bring the papers", "see you"]);
    assert_eq!(mina.texts().len(), 3, "what Joon removes is gone at Joon's only");
    assert_eq!(mina.object(&["delete", "Joon", &papers, "--everywhere"])["state"], "deleted");
    joon.done(&["sync"]);
    for person in [&mina, &joon] {
        assert!(!person.texts().contains(&"bring the papers".to_owned()));
        assert!(person.objects(&["search", "papers"]).is_empty());
    }
    mina.run(&["delete", "Joon", &papers]).failed(1, "no such message");
    mina.run(&["delete", "Joon", "nonsense"]).failed(1, "no such message");
}

#[test]
fn a_message_that_never_left_is_taken_back() {
    let mut world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    world.relay_stops();
    mina.done(&["send", "Joon", "too soon"]);
    mina.done(&["delete", "Joon", &id(&mina, "too soon"), "--everywhere"]);
    world.relay_returns();
    mina.done(&["sync"]);
    joon.done(&["sync"]);
    assert!(mina.texts().is_empty() && joon.texts().is_empty());
}

#[test]
fn what_is_to_be_seen_once_is_seen_once_on_both_sides() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    assert_eq!(mina.object(&["send", "Joon", "burn this", "--once"])["state"], "handed");
    mina.done(&["sync"]);
    assert!(mina.texts().is_empty());
    joon.done(&["sync"]);
    assert!(!joon.objects(&["search", "burn"]).is_empty(), "not seen yet");
    let seen = joon.objects(&["read"]);
    assert_eq!(
        (seen[0]["text"].as_str(), seen[0]["expires_s"].as_u64()),
        (Some("burn this"), Some(0))
    );
    assert!(joon.texts().is_empty());
    assert!(joon.objects(&["search", "burn"]).is_empty());
}

#[test]
fn what_expires_is_gone_when_its_time_is_over() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    mina.done(&["send", "Joon", "for a moment", "--expires", "1s"]);
    mina.done(&["send", "Joon", "for a year", "--expires", "365d"]);
    joon.done(&["sync"]);
    assert_eq!(joon.texts(), ["for a moment", "for a year"]);
    // Every command looks whether something is due.
    for person in [&mina, &joon] {
        while person.texts().len() > 1 {
            person.done(&["sync"]);
        }
        assert_eq!(person.texts(), ["for a year"]);
    }
}
