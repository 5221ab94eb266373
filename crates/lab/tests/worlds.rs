//! Worlds that always run: some of every trouble, deaths at every output, real stores, and planted
//! faults that the oracle must catch.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, clippy::print_stderr, reason = "numbers of a test")]

use sogon_engine::{Act, Answer, Reach, view};
use sogon_lab::{
    home::{Mutant, Store},
    story,
    world::World,
};
use sogon_vault::{Cost, Passphrase, Size, Vault};
use sogon_wire::Uses;

/// Seeds that failed once; they run for ever.
const SCARS: [u64; 19] =
    [3, 4, 7, 8, 9, 10, 20, 22, 36, 37, 39, 40, 238, 268, 394, 501, 669, 700, 1_039];

#[test]
fn every_text_arrives_exactly_once_whatever_the_weather_the_relay_and_the_homes_do() {
    for seed in SCARS {
        let faults = story::live(seed, Mutant::None);
        assert!(faults.is_empty(), "seed {seed}: {}", faults.join("\n"));
    }
}

#[test]
fn a_planted_fault_is_caught() {
    for mutant in [Mutant::SaveLast, Mutant::ForgetsBatches, Mutant::TearsBatches] {
        // The seeds of crashes: 1, 7, 13, ...
        let caught = (0..60).map(|n| 1 + 6 * n).find(|seed| {
            let lived = std::panic::catch_unwind(|| story::live(*seed, mutant));
            lived.is_err() || lived.is_ok_and(|faults| !faults.is_empty())
        });
        assert!(caught.is_some(), "nobody noticed {mutant:?}");
        eprintln!("{mutant:?} is caught by seed {}", caught.unwrap());
    }
}

/// Two people meet and write to each other, three texts each way; the home that carries out output
/// number `fuse` dies there. Gives how many outputs there were before the end.
fn session(fuse: usize) -> bool {
    let mut world = World::new(7, &["Mina", "Joon"], Mutant::None);
    world.fuse = Some(fuse);
    let invited = world.act(0, Act::Invite { uses: Uses::One });
    let Ok(Answer::Invited { invite }) = invited else { panic!("{invited:?}") };
    let _ = world.act(1, Act::Join { invite: invite.clone(), name: None });
    let mut said = 0;
    for round in 0..12 {
        for home in [1, 0] {
            world.burst(home);
        }
        // A person whose program died before it said "done" does it again.
        if view::contacts(world.homes[1].store.shelf()).unwrap().is_empty() {
            let _ = world.act(1, Act::Join { invite: invite.clone(), name: None });
        }
        for home in [0, 1] {
            let all = view::conversations(world.homes[home].store.shelf()).unwrap();
            if let Some(to) = all.first().map(|c| c.id).filter(|_| round >= 4 && said < 6) {
                said += 1;
                let text = format!("words {said}");
                let _ = world.act(home, Act::Send { to, text, reply_to: None });
            }
        }
    }
    let burnt = world.fuse.is_none();
    world.calm(4);
    let texts = |home: usize| -> Vec<(String, bool, Option<view::Delivery>)> {
        let shelf = world.homes[home].store.shelf();
        let all = view::conversations(shelf).unwrap();
        let messages = all.iter().flat_map(|c| view::messages(shelf, c.id, 0, 99).unwrap());
        let mut texts: Vec<_> = messages.map(|m| (m.text, m.from.is_none(), m.delivery)).collect();
        texts.sort_by(|one, other| one.0.cmp(&other.0));
        texts
    };
    let (mina, joon) = (texts(0), texts(1));
    let words = |texts: &[(String, bool, Option<view::Delivery>)]| {
        texts.iter().map(|(text, _, _)| text.clone()).collect::<Vec<_>>()
    };
    // An invitation that died before it was saved was never handed on; the two never met.
    let met = !mina.is_empty() || !joon.is_empty();
    assert!(met || fuse == 0, "they did not meet, fuse {fuse}");
    assert_eq!(words(&mina), words(&joon), "fuse {fuse}");
    for (text, own, delivery) in mina.iter().chain(&joon) {
        let delivered = *delivery == Some(view::Delivery::Delivered);
        assert!(!own || delivered, "{text} is only {delivery:?}, fuse {fuse}");
    }
    for home in &world.homes {
        assert!(home.faults.is_empty(), "{:?}", home.faults);
    }
    burnt
}

#[test]
fn a_death_after_any_output_loses_nothing_and_shows_nothing_twice() {
    let mut fuse = 0;
    while session(fuse) {
        fuse += 1;
    }
    assert!(fuse > 40, "the session has many outputs, not {fuse}");
}

#[test]
fn homes_on_real_stores_live_through_the_same_worlds() {
    for seed in [0, 1, 5] {
        let folder = tempfile::tempdir().unwrap();
        let world = World::with_stores(seed, story::people(seed), Mutant::None, |place| {
            let path = folder.path().join(place.to_string());
            let passphrase = Passphrase::new("a lab has nothing to hide").unwrap();
            let vault =
                Vault::create(&path, &passphrase, Size::slot_mib(8), Cost::NONE_FOR_TESTS).unwrap();
            Store::Vault(Box::new(vault))
        });
        let faults = story::live_in(world, seed);
        assert!(faults.is_empty(), "seed {seed}: {}", faults.join("\n"));
    }
}

/// Two people who met, calm and up to date.
fn met(seed: u64) -> (World, [sogon_engine::ConversationId; 2]) {
    let mut world = World::new(seed, &["Mina", "Joon"], Mutant::None);
    world.acquaint();
    world.calm(3);
    let ids =
        [0, 1].map(|home| view::conversations(world.homes[home].store.shelf()).unwrap()[0].id);
    (world, ids)
}

#[test]
fn words_that_waited_together_share_boxes_and_one_taken_back_is_in_none() {
    let (mut world, [to, there]) = met(11);
    let say = |world: &mut World, text: String| match world
        .act(0, Act::Send { to, text, reply_to: None })
        .unwrap()
    {
        Answer::Queued { message } => message,
        other => panic!("{other:?}"),
    };
    let texts: Vec<String> = (0..50)
        .map(|n| match n {
            20 => "long ".repeat(1_000),
            _ => format!("text {n:02}: forty letters and a few more, no"),
        })
        .collect();
    let ids: Vec<_> = texts.iter().map(|text| say(&mut world, text.clone())).collect();
    // They are sealed and on their way, and nothing of it arrives.
    world.offline[0] = true;
    world.burst(0);
    for taken in [0, 7, 49] {
        world
            .act(0, Act::Delete { conversation: to, message: ids[taken], reach: Reach::Here })
            .unwrap();
    }
    world.offline[0] = false;
    let before = world.relays[0].seen.len();
    world.burst(0);
    let boxes = world.relays[0].seen.len() - before;
    assert!((5..=9).contains(&boxes), "47 texts and a long one took {boxes} boxes");
    world.burst(1);
    // The receipt rides along with an answer.
    world.act(1, Act::Send { to: there, text: "yes".into(), reply_to: None }).unwrap();
    world.calm(2);
    let shown = |home: usize, id| {
        let all = view::messages(world.homes[home].store.shelf(), id, 0, 99).unwrap();
        all.into_iter().filter(|m| m.kind == view::Kind::Text).collect::<Vec<_>>()
    };
    let wanted: Vec<_> =
        (0..50).filter(|n| ![0, 7, 49].contains(n)).map(|n| texts[n].clone()).collect();
    let read: Vec<_> = shown(1, there).into_iter().filter(|m| m.from.is_some()).collect();
    assert_eq!(read.into_iter().map(|m| m.text).collect::<Vec<_>>(), wanted);
    let own: Vec<_> = shown(0, to).into_iter().filter(|m| m.from.is_none()).collect();
    assert!(own.iter().all(|m| m.delivery == Some(view::Delivery::Delivered)));
    assert_eq!(own.into_iter().map(|m| m.text).collect::<Vec<_>>(), wanted);
}

/// Answers come in any order: what is known of one's own boxes is not read back, and nothing goes
/// twice.
#[test]
fn nobody_reads_back_what_they_wrote_because_an_answer_came_early() {
    for seed in 31..47 {
        let (mut world, [to, _]) = met(seed);
        let text = "one of many: forty letters and a few more".to_owned();
        for _ in 0..60 {
            world.act(0, Act::Send { to, text: text.clone(), reply_to: None }).unwrap();
        }
        world.wire.clear();
        world.weather.delay_ms_max = 400;
        world.burst(0);
        // Five boxes, and the first look at the log if it came after some of them.
        let large = world.wire.iter().filter(|bytes| **bytes > 400).count();
        assert!((5..=6).contains(&large), "seed {seed}: {large} large frames");
    }
}

/// What is said to stand before a box of one's own is asked for once, however often it is not shown.
#[test]
fn a_relay_that_names_places_it_never_shows_keeps_nobody_on_the_air() {
    for seed in 31..39 {
        let (mut world, [to, _]) = met(seed);
        world.relays[0].vices.boasts = true;
        world.act(0, Act::Send { to, text: "안녕".to_owned(), reply_to: None }).unwrap();
        world.wire.clear();
        world.burst(0);
        let frames = world.wire.len();
        assert!(frames < 40, "seed {seed}: {frames} frames");
    }
}
