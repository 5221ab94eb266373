//! Golden sessions: calls between real homes over a real relay, with recordings.
#![cfg(test)]

mod cast;

use cast::World;
use serde_json::Value;
use sogon_call::{speech, wav};

fn record(world: &World, name: &str, samples: &[i16]) -> String {
    let path = world.folder.path().join(name);
    std::fs::write(&path, wav::write(samples).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn played(path: &str) -> Vec<i16> {
    wav::read(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn two_people_call_and_hear_what_the_other_said() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let [hers, his] = [speech::sentence(1, 5.0), speech::sentence(2, 5.0)];
    let (said, answered) = (record(&world, "a.wav", &hers), record(&world, "b.wav", &his));
    let [at_mina, at_joon] = ["heard-a.wav", "heard-b.wav"]
        .map(|name| world.folder.path().join(name).to_str().unwrap().to_owned());
    let joons = joon.stays(&["answer", "--in", &answered, "--out", &at_joon]);
    let mine = mina.object(&["call", "Joon", "--in", &said, "--out", &at_mina]);
    let joons = joons.end();
    assert_eq!(joons.code, 0, "{joons:?}");
    let theirs: Value = serde_json::from_str(joons.out.trim()).unwrap();
    for (said, heard, figures) in [(&hers, &at_joon, &theirs), (&his, &at_mina, &mine)] {
        let heard = played(heard);
        let likeness = (0..4_000)
            .step_by(20)
            .map(|ms| speech::likeness_at(said, &heard, ms))
            .fold(0.0, f32::max);
        assert!(likeness > 0.85, "{likeness}: {figures}");
        let packets = figures["packets_sent"].as_u64().unwrap();
        assert!(packets > 100 && figures["packets_received"].as_u64().unwrap() > 100, "{figures}");
        let concealed = figures["concealed"].as_u64().unwrap();
        assert!(concealed * 5 < packets, "{figures}");
    }
    for (person, other) in [(&mina, "Joon"), (&joon, "Mina")] {
        let entries = person.objects(&["read", other]);
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert_eq!((&entries[0]["kind"], &entries[0]["text"]), (&"call".into(), &"ended".into()));
    }
}

#[test]
fn a_call_nobody_takes_is_missed_and_nothing_rings_for_ever() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    mina.run(&["call", "Joon", "--ring", "1s"]).failed(1, "Nobody took the call");
    assert_eq!(mina.objects(&["read"])[0]["text"], "unanswered");
    joon.done(&["sync"]);
    assert_eq!(joon.objects(&["read"])[0]["text"], "missed");
    joon.run(&["answer", "--wait", "1s"]).failed(1, "Nothing rings");
    mina.run(&["call", "Joon", "--in", "/nowhere.wav"]).failed(1, "no recording");
    mina.done(&["mode", "quiet"]);
    mina.run(&["call", "Joon"]).failed(1, "quiet");
}
