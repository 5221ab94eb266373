//! Golden sessions: calls between real homes over a real relay, with recordings.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

mod cast;
mod tap;

use std::{
    collections::{BTreeMap, BTreeSet},
    mem::MaybeUninit,
};

use cast::{Person, World};
use rustix::fs::inotify;
use serde_json::Value;
use sogon_call::{speech, wav};
use tap::{Passed, Tap};

fn record(world: &World, name: &str, samples: &[i16]) -> String {
    let path = world.folder.path().join(name);
    std::fs::write(&path, wav::write(samples).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn played(path: &str) -> Vec<i16> {
    wav::read(&std::fs::read(path).unwrap()).unwrap()
}

/// How many seconds of what was said are in what was heard, each where it came: a busy machine makes
/// the wait longer in the middle, and loses some; and by chance a second is like another. How well a call is heard is seen in virtual time,
/// in the room of calls.
fn seconds_heard(said: &[i16], heard: &[i16]) -> usize {
    const SECOND: usize = 16_000;
    let best = said.chunks_exact(SECOND).enumerate().map(|(place, second)| {
        let from = place * 1_000;
        let lags = (from..from + 5_000).step_by(20);
        lags.map(|ms| speech::likeness_at(second, heard, ms)).fold(0.0, f32::max)
    });
    best.filter(|likeness| *likeness > 0.8).count()
}

#[test]
fn two_people_call_and_hear_what_the_other_said() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let [hers, his] = [speech::sentence(1, 10.0), speech::sentence(2, 10.0)];
    let (said, answered) = (record(&world, "a.wav", &hers), record(&world, "b.wav", &his));
    let [at_mina, at_joon] = ["heard-a.wav", "heard-b.wav"]
        .map(|name| world.folder.path().join(name).to_str().unwrap().to_owned());
    let joons = joon.stays(&["answer", "--in", &answered, "--out", &at_joon]);
    let mine = mina.object(&["call", "Joon", "--in", &said, "--out", &at_mina]);
    let joons = joons.end();
    assert_eq!(joons.code, 0, "{joons:?}");
    let theirs: Value = serde_json::from_str(joons.out.trim()).unwrap();
    for (said, other, heard, figures) in
        [(&hers, &his, &at_joon, &theirs), (&his, &hers, &at_mina, &mine)]
    {
        let heard = played(heard);
        let (right, wrong) = (seconds_heard(said, &heard), seconds_heard(other, &heard));
        assert!(right >= 5 && wrong * 2 < right, "{right} and {wrong} of 10: {figures}");
        let packets = figures["packets_sent"].as_u64().unwrap();
        assert!(packets > 100 && figures["packets_received"].as_u64().unwrap() > 100, "{figures}");
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

/// What somebody on the line of one side sees of a call in which that side says this.
fn seen(tap: &Tap, mina: &Person, joon: &Person, said: &str, more: &[&str]) -> Vec<Passed> {
    let answering = joon.stays(&["answer", "--limit", "8s"]);
    let words = [&["call", "Joon", "--in", said, "--limit", "8s"], more].concat();
    mina.object(&words);
    assert_eq!(answering.end().code, 0);
    tap.take()
}

/// The packets of a call among everything that passed one way, those of the commonest size: that
/// size, how many, and how long they were apart in the mean, in seconds.
fn packets(seen: &[Passed], up: bool) -> (usize, usize, f64) {
    let mut sizes = BTreeMap::<usize, usize>::new();
    let mine = || seen.iter().filter(|passed| passed.up == up);
    mine().for_each(|passed| *sizes.entry(passed.bytes).or_default() += 1);
    let size = sizes.iter().max_by_key(|(_, count)| **count).map(|(size, _)| *size).unwrap();
    // Boxes travel beside it, at the beginning and the end: a few packets of other sizes.
    let others: usize = sizes.iter().filter(|(its, _)| **its != size).map(|(_, n)| *n).sum();
    assert!(others <= 20, "{sizes:?}");
    let times: Vec<_> = mine().filter(|passed| passed.bytes == size).map(|its| its.at).collect();
    let whole = times.last().unwrap().duration_since(times[0]).as_secs_f64();
    (size, times.len(), whole / times.len() as f64)
}

#[test]
fn whoever_watches_the_line_cannot_tell_speech_from_silence_or_mute() {
    let world = World::new();
    let tap = Tap::before(world.address());
    let mina = world.stranger("Mina");
    mina.done(&["init", "--light", "--name", "Mina", "--relay", &tap.address()]);
    let joon = world.person("Joon");
    mina.meets(&joon);
    let speaks = record(&world, "speech.wav", &speech::sentence(3, 20.0));
    let other = record(&world, "other.wav", &speech::sentence(4, 20.0));
    let silent = record(&world, "silence.wav", &[0; 16_000 * 20]);
    tap.take();
    let first = seen(&tap, &mina, &joon, &speaks, &[]);
    for (said, more) in [(&other, [].as_slice()), (&silent, &[]), (&speaks, &["--mute"])] {
        let second = seen(&tap, &mina, &joon, said, more);
        for up in [true, false] {
            let ((size, count, apart), (its_size, its_count, its_apart)) =
                (packets(&first, up), packets(&second, up));
            assert_eq!(size, its_size, "one size for everything");
            assert!(count > 100 && its_count > 100, "{count} {its_count}");
            // A busy machine is late by its own chance: that every single packet leaves at its time
            // whatever is said is seen in virtual time, in the room of calls.
            let beside = apart / its_apart;
            assert!((0.8..1.25).contains(&beside), "{apart} {its_apart}");
        }
    }
}

/// Two people who speak with the relay through a tap, and who of them would have calls go directly.
fn chosen(world: &World, tap: &Tap, chose: [bool; 2]) -> [Person; 2] {
    let mina = world.stranger("Mina");
    mina.done(&["init", "--light", "--name", "Mina", "--relay", &tap.address()]);
    let joon = world.person("Joon");
    mina.meets(&joon);
    for (person, other, direct) in [(&mina, "Joon", chose[0]), (&joon, "Mina", chose[1])] {
        assert_eq!(person.object(&["direct", other])["direct"], false, "it is off");
        if direct {
            assert_eq!(person.object(&["direct", other, "yes"])["direct"], true);
        }
    }
    [mina, joon]
}

/// A call of some seconds: what each says of it, and what passed the tap.
fn called(world: &World, tap: &Tap, [mina, joon]: &[Person; 2]) -> ([Value; 2], Vec<Passed>) {
    let said = record(world, "said.wav", &speech::sentence(3, 20.0));
    tap.take();
    let answering = joon.stays(&["answer", "--in", &said, "--limit", "10s"]);
    let mine = mina.object(&["call", "Joon", "--in", &said, "--limit", "10s"]);
    let ran = answering.end();
    assert_eq!(ran.code, 0, "{ran:?}");
    ([mine, serde_json::from_str(ran.out.trim()).unwrap()], tap.take())
}

fn sum(figures: &[Value; 2], name: &str) -> u64 {
    figures.iter().map(|its| its[name].as_u64().unwrap()).sum()
}

#[test]
fn two_who_both_chose_it_talk_with_each_other_and_the_relay_carries_little() {
    let world = World::new();
    let tap = Tap::before(world.address());
    let people = chosen(&world, &tap, [true, true]);
    let (figures, passed) = called(&world, &tap, &people);
    let up = passed.iter().filter(|passed| passed.up).count() as u64;
    for its in &figures {
        assert_eq!(its["way"], "direct", "{its}");
        assert!(its["packets_direct"].as_u64().unwrap() > 100, "{its}");
    }
    let sent = sum(&figures, "packets_sent");
    assert!(up * 2 < sent, "{up} of {sent} went through the relay: {figures:?}");
    // Whoever has second thoughts goes through the relay the next time.
    let [mina, _] = &people;
    mina.done(&["direct", "Joon", "no"]);
    let (figures, _) = called(&world, &tap, &people);
    assert!(figures.iter().all(|its| its["way"] == "relay"), "{figures:?}");
}

#[test]
fn where_one_of_two_chose_it_everything_goes_through_the_relay_and_no_address_is_told() {
    for chose in [[true, false], [false, true]] {
        let world = World::new();
        let tap = Tap::before(world.address());
        let people = chosen(&world, &tap, chose);
        let (figures, passed) = called(&world, &tap, &people);
        for its in &figures {
            assert_eq!((&its["way"], &its["packets_direct"]), (&"relay".into(), &0.into()));
        }
        let up = passed.iter().filter(|passed| passed.up).count() as u64;
        let sent = sum(&figures, "packets_sent");
        // Boxes travel beside it. Addresses would be one packet more for every fifth.
        assert!(up <= sent + 40, "{up} of {sent}: something was said beside speech");
        assert!(up * 10 >= sent * 9, "{up} of {sent}: something went elsewhere");
    }
}

#[test]
fn rubbish_sent_to_whoever_talks_directly_is_neither_heard_nor_answered() {
    let world = World::new();
    let tap = Tap::before(world.address());
    let people = chosen(&world, &tap, [true, true]);
    let [mina, joon] = &people;
    let said = record(&world, "said.wav", &speech::sentence(3, 20.0));
    tap.sources();
    let answering = joon.stays(&["answer", "--in", &said, "--limit", "10s"]);
    let calling = mina.stays(&["call", "Joon", "--in", &said, "--limit", "10s"]);
    tap.take();
    tap.wait_for(60);
    let eve = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    eve.set_nonblocking(true).unwrap();
    let sources = tap.sources();
    assert!(sources.len() >= 2, "{sources:?}");
    for round in 0..50_u8 {
        for source in &sources {
            // As a packet looks from outside, and as one of another size.
            for length in [209, 29, 1_232, 1] {
                let _ = eve.send_to(&vec![0x40 | round; length], source);
            }
        }
    }
    for ran in [calling.end(), answering.end()] {
        assert_eq!(ran.code, 0, "{ran:?}");
        let figures: Value = serde_json::from_str(ran.out.trim()).unwrap();
        assert_eq!(figures["way"], "direct", "{figures}");
    }
    assert!(eve.recv(&mut [0; 2_048]).is_err(), "nobody answers");
}

#[test]
fn calls_of_a_group_never_go_directly() {
    let world = World::new();
    let (mina, _) = world.pair("Mina", "Joon");
    mina.done(&["group", "new", "Hikers", "Joon"]);
    mina.run(&["direct", "Hikers", "yes"]).failed(1, "group");
    assert_eq!(mina.object(&["direct", "Hikers"])["direct"], false);
}

#[test]
fn what_was_said_on_a_line_that_died_is_there_to_be_sent_later() {
    let world = World::new();
    let tap = Tap::before(world.address());
    let mina = world.stranger("Mina");
    mina.done(&["init", "--light", "--name", "Mina", "--relay", &tap.address()]);
    let joon = world.person("Joon");
    mina.meets(&joon);
    let sentence = speech::sentence(6, 60.0);
    let said = record(&world, "said.wav", &sentence);
    let [heard, unheard] = ["heard.wav", "unheard.wav"]
        .map(|name| world.folder.path().join(name).to_str().unwrap().to_owned());
    let answering = joon.stays(&["answer", "--out", &heard]);
    let calling = mina.stays(&["call", "Joon", "--in", &said, "--unheard", &unheard]);
    // Somebody speaks for a while, and then the line is cut.
    tap.take();
    tap.wait_for(300);
    tap.cut();
    let ended = calling.end();
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.err.contains("The line was lost"), "{ended:?}");
    let answered = answering.end();
    let (heard, unheard) = (played(&heard), played(&unheard));
    assert!(unheard.len() > 16_000 * 5, "{answered:?}");
    // What was heard and what was not make up what was said: nothing is missing between them.
    let begins = (0..sentence.len() / 320)
        .map(|tick| tick * 320)
        .max_by(|one, other| {
            let at = |from: usize| {
                let there = &sentence[from.min(sentence.len())..];
                speech::likeness_at(
                    &unheard[..16_000 * 5],
                    &there[..there.len().min(16_000 * 5)],
                    0,
                )
            };
            at(*one).total_cmp(&at(*other))
        })
        .unwrap();
    assert!(begins <= heard.len() + 16_000, "heard {} and unheard from {begins}", heard.len());
}

#[test]
fn a_call_outlives_a_relay_that_starts_anew() {
    let mut world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let said = record(&world, "said.wav", &speech::sentence(8, 25.0));
    let answering = joon.stays(&["answer", "--limit", "40s"]);
    let mut calling = mina.stays(&["call", "Joon", "--in", &said, "--limit", "40s"]);
    calling.says("Connected");
    world.relay_stops();
    world.relay_returns();
    let (mine, theirs) = (calling.end(), answering.end());
    for ran in [&mine, &theirs] {
        assert_eq!(ran.code, 0, "{ran:?}");
        let figures: Value = serde_json::from_str(ran.out.trim()).unwrap();
        assert!(figures["lines"].as_u64().unwrap() >= 2, "{figures}");
        assert!(figures["packets_received"].as_u64().unwrap() > 200, "{figures}");
    }
}

#[test]
fn whoever_is_put_out_of_the_group_is_out_of_its_call_and_the_others_go_on() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let sora = world.person("Sora");
    mina.meets(&sora);
    mina.done(&["group", "new", "Hikers", "Joon", "Sora"]);
    for person in [&joon, &sora, &mina] {
        person.done(&["sync"]);
    }
    // Long enough for a machine that is busy with other things.
    let said = record(&world, "said.wav", &speech::sentence(8, 40.0));
    let joons = joon.stays(&["answer", "--limit", "120s"]);
    let mut soras = sora.stays(&["answer", "--limit", "120s"]);
    let mut minas = mina.stays(&["call", "Hikers", "--in", &said, "--limit", "120s"]);
    minas.says("Connected");
    soras.says("Connected");
    // In a second terminal.
    mina.done(&["group", "remove", "Hikers", "Sora"]);
    let (minas, joons, soras) = (minas.end(), joons.end(), soras.end());
    for ran in [&minas, &joons] {
        assert_eq!(ran.code, 0, "{ran:?}");
        let figures: Value = serde_json::from_str(ran.out.trim()).unwrap();
        assert!(figures["lines"].as_u64().unwrap() >= 2, "a room of the next epoch: {figures}");
    }
    let figures = |ran: &cast::Ran| -> Value { serde_json::from_str(ran.out.trim()).unwrap() };
    let (mine, hers) = (figures(&minas), figures(&soras));
    let seconds = |figures: &Value| figures["seconds"].as_f64().unwrap();
    assert!(seconds(&hers) < seconds(&mine), "{hers} {mine}");
}

/// The notes in a conversation, as somebody reads them: how many, and the newest one's sound.
fn notes(world: &World, person: &Person, other: &str) -> (usize, Vec<i16>) {
    person.done(&["sync"]);
    let entries = person.objects(&["read", other]);
    let notes: Vec<_> = entries.iter().filter(|entry| entry["kind"] == "file").collect();
    let Some(newest) = notes.last() else { return (0, Vec::new()) };
    let id = newest["id"].as_str().unwrap();
    let to = world.folder.path().join(format!("{id}.wav"));
    let to = to.to_str().unwrap();
    person.done(&["file", "fetch", id]);
    if !std::path::Path::new(to).exists() {
        person.done(&["voice", "save", id, "-o", to]);
    }
    (notes.len(), played(to))
}

/// Waits until a home was written to so many times: what is said into the void is stored, a second
/// at a time.
fn stored(home: &std::path::Path, times: usize) {
    let watch = inotify::init(inotify::CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&watch, home, inotify::WatchFlags::MODIFY).unwrap();
    let mut bytes = [MaybeUninit::uninit(); 4_096];
    let mut changes = inotify::Reader::new(&watch, &mut bytes);
    let mut seen = BTreeSet::new();
    while seen.len() < times {
        changes.next().unwrap();
        seen.insert(written(home));
    }
}

/// When anything below this folder was last written.
fn written(folder: &std::path::Path) -> std::time::SystemTime {
    let entries = std::fs::read_dir(folder).unwrap().filter_map(Result::ok);
    let times = entries.filter_map(|entry| match entry.path().is_dir() {
        true => Some(written(&entry.path())),
        false => entry.metadata().and_then(|about| about.modified()).ok(),
    });
    times.max().unwrap_or(std::time::UNIX_EPOCH)
}

#[test]
fn what_was_to_be_said_to_nobody_goes_as_a_note() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let sentence = speech::sentence(40, 4.0);
    let said = record(&world, "said.wav", &sentence);
    mina.run(&["call", "Joon", "--in", &said, "--ring", "1s"]).failed(1, "Nobody took the call");
    let (count, heard) = notes(&world, &joon, "Mina");
    assert_eq!(count, 1);
    assert!(speech::likeness(&sentence, &heard) > 0.8);
    mina.done(&["sync"]);
    assert_eq!(notes(&world, &joon, "Mina").0, 1);
}

#[test]
fn what_was_said_when_the_relay_died_goes_as_a_note_once_though_the_program_was_killed() {
    let mut world = World::new();
    let tap = Tap::before(world.address());
    let mina = world.stranger("Mina");
    mina.done(&["init", "--light", "--name", "Mina", "--relay", &tap.address()]);
    let joon = world.person("Joon");
    mina.meets(&joon);
    let sentence = speech::sentence(41, 60.0);
    let said = record(&world, "said.wav", &sentence);
    let answering = joon.stays(&["answer", "--limit", "60s"]);
    let mut calling = mina.stays(&["call", "Joon", "--in", &said, "--limit", "60s"]);
    calling.says("Connected");
    // The relay dies in the middle of a sentence.
    tap.wait_for(300);
    world.relay_stops();
    stored(&mina.home, 6);
    // Then the program is killed.
    assert_eq!(calling.crash().code, -1);
    drop(answering.crash());
    world.relay_returns();
    // Whatever opens the home next sends it, and only once.
    mina.done(&["sync"]);
    mina.done(&["sync"]);
    let (count, heard) = notes(&world, &joon, "Mina");
    assert_eq!(count, 1);
    assert!(heard.len() >= 16_000 * 2, "{}", heard.len());
    // It is a piece of what was said.
    let likeness = (0..sentence.len() / 1_600)
        .map(|step| step * 1_600)
        .map(|from| speech::likeness_at(&heard[16_000..], &sentence[from..], 0))
        .fold(0.0, f32::max);
    assert!(likeness > 0.7, "{likeness}");
    mina.done(&["read"]);
    mina.done(&["sync"]);
    assert_eq!(notes(&world, &joon, "Mina").0, 1);
}

#[test]
fn in_a_group_what_nobody_heard_while_the_relay_was_away_goes_as_a_note_to_all() {
    let mut world = World::new();
    let tap = Tap::before(world.address());
    let mina = world.stranger("Mina");
    mina.done(&["init", "--light", "--name", "Mina", "--relay", &tap.address()]);
    let (joon, sora) = (world.person("Joon"), world.person("Sora"));
    mina.meets(&joon);
    mina.meets(&sora);
    mina.done(&["group", "new", "Hikers", "Joon", "Sora"]);
    for person in [&joon, &sora, &mina] {
        person.done(&["sync"]);
    }
    // Long enough for a machine that is busy with other things.
    let sentence = speech::sentence(43, 45.0);
    let said = record(&world, "said.wav", &sentence);
    let others = [&joon, &sora].map(|one| one.stays(&["answer", "--limit", "60s"]));
    let mut calling = mina.stays(&["call", "Hikers", "--in", &said, "--limit", "60s"]);
    calling.says("Connected");
    tap.wait_for(600);
    world.relay_stops();
    stored(&mina.home, 6);
    world.relay_returns();
    let ran = calling.end();
    assert_eq!(ran.code, 0, "{ran:?}");
    for other in others {
        other.end();
    }
    mina.done(&["sync"]);
    for person in [&joon, &sora] {
        let (count, heard) = notes(&world, person, "Hikers");
        assert_eq!(count, 1, "{}", person.name);
        assert!((16_000 * 2..16_000 * 50).contains(&heard.len()), "{}", heard.len());
    }
}
