//! Golden sessions of a home that is locked, shown under force, or ended.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

mod cast;
mod mapped;

use std::{fs, path::PathBuf};

use cast::{Person, World, holds};
use serde_json::Value;

fn state(person: &Person, args: &[&str]) -> Value {
    person.object(args)["state"].clone()
}

/// A file with a passphrase in it.
fn passphrase(world: &World, text: &str) -> PathBuf {
    let path = world.folder.path().join(format!("passphrase {}", text.len()));
    fs::write(&path, text).unwrap();
    path
}

/// The same home, opened with another passphrase.
fn with(person: &Person, passphrase: &std::path::Path) -> Person {
    Person {
        name: person.name.clone(),
        home: person.home.clone(),
        passphrase: passphrase.to_path_buf(),
    }
}

#[test]
fn a_home_is_locked_on_demand_and_opened_again_by_its_passphrase_only() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    assert_eq!(state(&mina, &["lock"]), "locked", "nobody has it open");
    mina.run(&["unlock"]).failed(1, "sogon open");
    let mut open = mina.stays(&["open"]);
    assert_eq!(open.next()["ready"], true);
    assert_eq!(state(&mina, &["unlock"]), "unlocked", "it is");
    assert_eq!(state(&mina, &["lock"]), "locked");
    assert_eq!(state(&mina, &["lock"]), "locked", "twice is as good");
    mina.run(&["read"]).failed(3, "locked");
    mina.run(&["--lang", "ko", "read"]).failed(3, "잠겨");
    let wrong = with(&mina, &passphrase(&world, "아무 말이나"));
    wrong.run(&["unlock"]).failed(3, "opens nothing");
    joon.done(&["send", "Mina", "are you there?"]);
    assert_eq!(open.next()["locked"], true);
    assert_eq!(state(&mina, &["unlock"]), "unlocked");
    assert_eq!(open.next()["ready"], true);
    assert_eq!(open.next()["text"], "are you there?");
    assert_eq!(mina.object(&["send", "Joon", "yes"])["state"], "handed");
    open.interrupt();
    assert_eq!(mina.texts(), ["are you there?", "yes"]);
    let log = mina.objects(&["alerts"]);
    assert_eq!((&log[0]["kind"], &log[0]["detail"]), (&"unlock-failed".into(), &"1".into()));
    assert_eq!(log[1]["chain"], "whole");
}

/// Alerts of the owner's own log, without their moments.
fn told(person: &Person) -> Vec<(String, String)> {
    let mut log = person.objects(&["alerts"]);
    assert_eq!(log.pop().unwrap()["chain"], "whole");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    log.iter().map(|entry| (text(&entry["kind"]), text(&entry["detail"]))).collect()
}

/// Whether this is the only alert since, for so many wrong passphrases at a closed home.
fn is_of(alerts: &[(String, String)], since: usize, count: &str) -> bool {
    let [(kind, detail)] = &alerts[since..] else { return false };
    let Some((number, at)) = detail.split_once(' ') else { return false };
    (kind.as_str(), number) == ("tried-while-closed", count) && at.ends_with('Z')
}

#[test]
fn wrong_passphrases_at_a_closed_home_are_told_to_who_opens_it_next() {
    let world = World::new();
    let mina = world.person("Mina");
    let wrong = |n: usize| with(&mina, &passphrase(&world, &"x".repeat(3 + n)));
    assert!(told(&mina).is_empty());
    for n in 0..3 {
        wrong(n).run(&["contacts"]).failed(3, "opens nothing");
    }
    let alerts = told(&mina);
    assert!(is_of(&alerts, 0, "3"), "{alerts:?}");
    let in_words = mina.done(&["alerts"]);
    assert!(in_words.contains("while nothing had the home open"), "{in_words}");
    assert_eq!(told(&mina), alerts, "once");
    wrong(0).run(&["send", "Joon", "hello"]).failed(3, "opens nothing");
    let alerts = told(&mina);
    assert!(is_of(&alerts, 1, "1"), "{alerts:?}");

    // Those at a locked home are told by the program that locked it, and not twice.
    let mut open = mina.stays(&["open"]);
    open.next();
    mina.done(&["lock"]);
    assert_eq!(open.next()["locked"], true);
    for _ in 0..2 {
        wrong(0).run(&["unlock"]).failed(3, "opens nothing");
    }
    assert_eq!(state(&mina, &["unlock"]), "unlocked");
    open.next();
    assert_eq!(told(&mina)[2..], [("unlock-failed".to_owned(), "1".to_owned())]);
    // Unless that program dies.
    mina.done(&["lock"]);
    assert_eq!(open.next()["locked"], true);
    for _ in 0..2 {
        wrong(1).run(&["unlock"]).failed(3, "opens nothing");
    }
    open.crash();
    let alerts = told(&mina);
    assert!(is_of(&alerts, 3, "2"), "{alerts:?}");
}

#[test]
fn whoever_is_shown_a_decoy_is_shown_their_own_tries_and_nobody_elses() {
    let world = World::new();
    let mina = world.person("Mina");
    let decoy = with(&mina, &passphrase(&world, "여름 휴가"));
    let add = ["decoy", "add", "--no-duress", "--name", "M", "--relay", world.address()];
    let file = ["--decoy-passphrase-file", decoy.passphrase.to_str().unwrap()];
    let wrong = with(&mina, &passphrase(&world, "아무 말이나"));
    wrong.run(&["contacts"]).failed(3, "opens nothing");
    // Making the decoy is no opening of the home: what was tried is still told to it, and to nobody
    // who opens the decoy later.
    mina.done(&[&add[..], &file].concat());
    let alerts = told(&mina);
    assert!(is_of(&alerts, 0, "1"), "{alerts:?}");
    for _ in 0..2 {
        wrong.run(&["contacts"]).failed(3, "opens nothing");
    }
    let shown = told(&decoy);
    assert!(is_of(&shown, 0, "2"), "{shown:?}");
    assert_eq!(told(&mina), alerts);
}

#[test]
fn after_three_free_tries_a_locked_home_makes_people_wait() {
    let world = World::new();
    let mina = world.person("Mina");
    let mut open = mina.stays(&["open"]);
    open.next();
    mina.done(&["lock"]);
    assert_eq!(open.next()["locked"], true);
    for n in 0..4 {
        let wrong = with(&mina, &passphrase(&world, &"x".repeat(3 + n)));
        wrong.run(&["unlock"]).failed(3, "opens nothing");
        wrong.run(&["unlock"]);
    }
    mina.run(&["unlock"]).failed(3, "Try again in 1 minutes");
    open.interrupt();
    mina.done(&["contacts"]);
}

#[test]
fn who_changes_a_passphrase_may_guess_no_more_than_at_a_locked_home_and_is_told_to_the_owner() {
    let world = World::new();
    let mina = world.person("Mina");
    let new = passphrase(&world, "돌다리도 두들겨 보고 건너라");
    let mut open = mina.stays(&["open"]);
    open.next();
    let passwd = ["passwd", "--new-passphrase-file", new.to_str().unwrap()];
    for n in 0..4 {
        let wrong = with(&mina, &passphrase(&world, &"x".repeat(3 + n)));
        wrong.run(&passwd).failed(3, "opens nothing");
        wrong.run(&passwd);
    }
    mina.run(&passwd).failed(3, "Try again in 1 minutes");
    let log = mina.objects(&["alerts"]);
    let told = log.iter().filter(|entry| entry["kind"] == "unlock-failed");
    assert_eq!(told.count(), 4, "{log:?}");
    open.interrupt();
    mina.done(&["contacts"]);
}

#[test]
fn a_home_left_alone_locks_itself() {
    let world = World::new();
    let mina = world.person("Mina");
    let mut open = mina.stays(&["open", "--idle", "1s"]);
    assert_eq!(open.next()["ready"], true);
    assert_eq!(open.next()["locked"], true);
    mina.run(&["contacts"]).failed(3, "locked");
    assert_eq!(state(&mina, &["unlock"]), "unlocked");
    assert_eq!(open.next()["ready"], true);
    assert_eq!(open.next()["locked"], true, "and once more");
    open.interrupt();
}

#[test]
fn another_passphrase_replaces_the_one_before() {
    let world = World::new();
    let mina = world.person("Mina");
    let new = passphrase(&world, "돌다리도 두들겨 보고 건너라");
    let file = new.to_str().unwrap();
    let changed = with(&mina, &new);
    let wrong = with(&mina, &passphrase(&world, "아닌데"));
    wrong.run(&["passwd", "--new-passphrase-file", file]).failed(3, "opens nothing");
    assert_eq!(state(&mina, &["passwd", "--new-passphrase-file", file]), "changed");
    mina.run(&["contacts"]).failed(3, "opens nothing");
    changed.done(&["contacts"]);
    // A guest's passphrase is tried too: being let in is not enough to change it.
    let mut open = changed.stays(&["open"]);
    open.next();
    wrong.run(&["passwd", "--new-passphrase-file", file]).failed(3, "opens nothing");
    let old = mina.passphrase.to_str().unwrap();
    assert_eq!(state(&changed, &["passwd", "--new-passphrase-file", old]), "changed");
    open.interrupt();
    mina.done(&["contacts"]);
}

#[test]
fn a_decoy_is_a_home_like_any_other_and_duress_leaves_nothing_else() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    joon.done(&["send", "Mina", "the meeting is at nine"]);
    mina.done(&["sync"]);
    let (decoy, duress) = (passphrase(&world, "여름 휴가"), passphrase(&world, "겨울 휴가 사진"));
    let notes = world.folder.path().join("notes");
    fs::write(&notes, "2025-01-31 bread, milk\n2025-02-02 call the doctor\n").unwrap();
    let made = state(
        &mina,
        &[
            "decoy",
            "add",
            "--name",
            "Mina",
            "--relay",
            world.address(),
            "--notes",
            notes.to_str().unwrap(),
            "--decoy-passphrase-file",
            decoy.to_str().unwrap(),
            "--duress-passphrase-file",
            duress.to_str().unwrap(),
        ],
    );
    assert_eq!(made, "decoy");
    assert_eq!(mina.texts(), ["the meeting is at nine"]);
    let shown = with(&mina, &decoy);
    assert_eq!(shown.texts(), ["bread, milk", "call the doctor"]);
    let first = &shown.objects(&["read"])[0];
    assert!(first["at"].as_str().unwrap().starts_with("2025-01-31T"), "{first}");
    assert_eq!(shown.object(&["contacts"])["contacts"], Value::Array(Vec::new()));
    shown.done(&["sync"]);
    assert_eq!(mina.texts(), ["the meeting is at nine"], "the one does not harm the other");

    let forced = with(&mina, &duress);
    assert_eq!(forced.texts(), ["bread, milk", "call the doctor"]);
    let log = forced.object(&["alerts"]);
    assert_eq!(log["chain"], "whole", "of what happened to another home nothing is said");
    mina.run(&["read"]).failed(3, "opens nothing");
    shown.run(&["read"]).failed(3, "opens nothing");
    assert_eq!(forced.texts(), ["bread, milk", "call the doctor"]);
}

#[test]
fn a_wiped_home_is_gone_for_good_and_others_stay() {
    let world = World::new();
    let mina = world.person("Mina");
    mina.run(&["wipe"]).failed(1, "Nothing was wiped");
    let decoy = passphrase(&world, "여름 휴가");
    let add = ["decoy", "add", "--no-duress", "--name", "M", "--relay", world.address()];
    let file = ["--decoy-passphrase-file", decoy.to_str().unwrap()];
    mina.done(&[&add[..], &file].concat());
    assert_eq!(state(&mina, &["wipe", "--yes"]), "wiped");
    mina.run(&["read"]).failed(3, "opens nothing");
    let shown = with(&mina, &decoy);
    shown.done(&["read"]);
    assert_eq!(state(&shown, &["wipe", "--duress", "--yes"]), "wiped-others");
    shown.done(&["read"]);

    let mut open = shown.stays(&["open"]);
    open.next();
    fs::remove_file(&shown.passphrase).unwrap();
    assert_eq!(state(&shown, &["wipe", "--all", "--yes"]), "wiped", "without a passphrase");
    assert_eq!(open.end().code, 0);
    fs::write(&shown.passphrase, "여름 휴가").unwrap();
    shown.run(&["read"]).failed(3, "opens nothing");
    assert_eq!(state(&shown, &["wipe", "--all", "--yes"]), "wiped", "once more does no harm");
}

/// How often the bytes stand in the memory of a process; `None` when the system shows it to nobody
/// but itself.
fn in_memory(pid: u32, needles: &[&str]) -> Option<usize> {
    let mappings = mapped::mappings(pid)?;
    let found = mappings.iter().flat_map(|all| needles.iter().map(|needle| all.count(needle)));
    Some(found.sum())
}

#[test]
fn a_locked_home_leaves_no_word_and_no_passphrase_in_memory() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let mut open = mina.stays(&["open"]);
    open.next();
    let texts = ["뷁쏉 여덟 시에 뒷문으로", "쫿뎳 아무에게도 말하지 마"];
    mina.done(&["send", "Joon", texts[0]]);
    joon.done(&["sync"]);
    joon.done(&["send", "Mina", texts[1]]);
    open.next();
    assert_eq!(open.next()["text"], texts[1]);
    mina.done(&["search", "뒷문으로"]);
    mina.done(&["read"]);
    let needles = ["뷁쏉 여덟 시에", "쫿뎳 아무에게도", "벚꽃 아래 Mina"];
    let before = in_memory(open.pid(), &needles);
    mina.done(&["lock"]);
    let after = in_memory(open.pid(), &needles);
    match (before, after) {
        // Whoever is not root does not get to see the memory at all.
        (None, None) => {}
        (Some(before), after) => {
            assert!(before > 0, "the search finds what is there");
            assert_eq!(after, Some(0), "of {before}");
        }
        other => panic!("{other:?}"),
    }
    assert!(!holds(&mina.home, "뒷문으로"));
    open.interrupt();
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_image_of_memory_and_nobody_of_the_same_user_looks_inside() {
    use std::os::unix::fs::MetadataExt;
    let world = World::new();
    let mina = world.person("Mina");
    let mut open = mina.stays(&["open"]);
    open.next();
    let limits = fs::read_to_string(format!("/proc/{}/limits", open.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
    // The system gives what is of a process nobody may look into to root, whoever runs it.
    let owner = fs::metadata(format!("/proc/{}/mem", open.pid())).unwrap().uid();
    assert_eq!(owner, 0);
    open.interrupt();
}

#[test]
fn a_passphrase_by_chance_and_one_that_somebody_chose_are_told_apart() {
    let world = World::new();
    let mina = world.stranger("Mina");
    let drawn = mina.object(&["words", "-n", "7"]);
    assert_eq!(drawn["passphrase"].as_str().unwrap().split(' ').count(), 7);
    assert_eq!(drawn["bits"], 77.0);
    let kinds: Vec<_> = drawn["compare"].as_array().unwrap().iter().collect();
    assert!(kinds[0]["dollars"].as_f64() < Some(10.0), "six digits are nothing: {}", kinds[0]);
    assert!(kinds[2]["years"].as_f64() > Some(1_000.0), "six words are: {}", kinds[2]);
    let shown = mina.done(&["--lang", "ko", "words"]);
    assert!(shown.lines().next().unwrap().chars().any(|c| ('가'..='힣').contains(&c)), "{shown}");
    for weak in ["qlalfqjsgh1!", "rlaalstn900101", "password2026"] {
        let file = passphrase(&world, weak);
        let judged = mina.object(&["words", "--judge", file.to_str().unwrap()]);
        assert!(judged["bits"].as_f64() < Some(44.0), "{weak}: {judged}");
        assert_eq!(judged["passphrase"], Value::Null);
    }
}

#[test]
fn who_chooses_a_weak_passphrase_is_told_wherever_it_comes_from() {
    let world = World::new();
    let mina = world.person("Mina");
    for (text, weak) in [("qlalfqjsghzz", true), ("purse mango tiger velvet anchor oyster", false)]
    {
        let new = passphrase(&world, text);
        let ran = mina.run(&["passwd", "--new-passphrase-file", new.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert_eq!(ran.err.contains("can be guessed on a copy"), weak, "{text}: {}", ran.err);
        fs::copy(&new, &mina.passphrase).unwrap();
    }
}

#[test]
fn a_copy_of_the_home_without_the_device_secret_opens_nothing() {
    let world = World::new();
    let mina = world.stranger("Mina");
    let card = world.folder.path().join("card");
    let secret = ["--device-secret", card.to_str().unwrap()];
    let init = ["init", "--light", "--name", "Mina", "--relay", world.address()];
    mina.done(&[&init[..], &secret].concat());
    assert_eq!(fs::metadata(&card).unwrap().len(), 32);
    mina.done(&[&["contacts"][..], &secret].concat());
    mina.run(&["contacts"]).failed(3, "opens nothing");
    // Whoever had the passphrase and not the card tried in vain too.
    let alerts = mina.objects(&[&["alerts"][..], &secret].concat());
    assert_eq!(alerts[0]["kind"], "tried-while-closed");
    let mut open = mina.stays(&[&["open"][..], &secret].concat());
    open.next();
    mina.done(&["lock"]);
    assert_eq!(state(&mina, &["unlock"]), "unlocked", "the program that waits has it");
    open.interrupt();
    fs::remove_file(&card).unwrap();
    mina.run(&[&["contacts"][..], &secret].concat()).failed(3, "Bring the medium");
}

#[test]
fn what_comes_while_the_home_is_locked_is_fetched_sealed_and_shown_when_it_is_opened() {
    let mut world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let mut open = mina.stays(&["open"]);
    assert_eq!(open.next()["ready"], true);
    mina.done(&["lock"]);
    assert_eq!(open.next()["locked"], true);
    let locked = fs::read(mina.home.join("data")).unwrap();
    joon.done(&["send", "Mina", "come when you can"]);
    // The file of the home changes when the box was laid into its tray.
    while fs::read(mina.home.join("data")).unwrap() == locked {}
    let with_tray = fs::read(mina.home.join("data")).unwrap();
    assert_eq!(with_tray.len(), locked.len());
    // Nobody opens the file beside the program that keeps it.
    let wrong = with(&mina, &passphrase(&world, "아무 말이나"));
    wrong.run(&["unlock"]).failed(3, "opens nothing");
    world.relay_stops();
    assert_eq!(state(&mina, &["unlock"]), "unlocked");
    assert_eq!(open.next()["ready"], true);
    assert_eq!(open.next()["text"], "come when you can", "without any relay");
    open.interrupt();
    world.relay_returns();
    mina.done(&["sync"]);
    joon.done(&["sync"]);
    assert_eq!(mina.texts(), ["come when you can"], "once");
}
