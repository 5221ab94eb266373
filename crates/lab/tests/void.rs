//! What was done to a group in an epoch that does not count (decision 0014): one home cannot reach the
//! relay where a commit let somebody in, or put somebody out, and moves the group elsewhere.
#![cfg(test)]

use sogon_engine::{Act, ContactId, view};
use sogon_lab::{home::Mutant, world::World};

const NAMES: [&str; 3] = ["Mina", "Joon", "Sora"];
const MINA: usize = 0;
const JOON: usize = 1;
const SORA: usize = 2;

/// People who know each other, and a group of Mina's with these of them.
fn world(seed: u64, others: &[usize]) -> World {
    let mut world = World::with_relays(seed, &NAMES, Mutant::None, 2);
    world.acquaint();
    world.calm(4);
    let members = others.iter().map(|home| contact(&world, *home)).collect();
    world.act(MINA, Act::NewGroup { title: "G".to_owned(), members }).unwrap();
    world.calm(4);
    world
}

/// What Mina knows somebody as.
fn contact(world: &World, home: usize) -> ContactId {
    let all = view::contacts(world.homes[MINA].store.shelf()).unwrap();
    all.iter().find(|contact| contact.name == NAMES[home]).unwrap().id
}

fn group(world: &World, home: usize) -> Option<view::Conversation> {
    let all = view::conversations(world.homes[home].store.shelf()).unwrap();
    all.into_iter().find(|conversation| conversation.group)
}

fn says(world: &mut World, home: usize, text: &str) {
    let to = group(world, home).unwrap().id;
    world.act(home, Act::Send { to, text: text.to_owned(), reply_to: None }).unwrap();
}

fn shows(world: &World, home: usize, text: &str) -> bool {
    let id = group(world, home).unwrap().id;
    let all = view::latest(world.homes[home].store.shelf(), id, 99).unwrap();
    all.iter().any(|message| message.text == text)
}

/// Mina does it where Joon does not see it; he moves the group, and then everybody sees everything.
fn in_vain(world: &mut World, act: Act) {
    world.bar(JOON, 0, true);
    world.act(MINA, act).unwrap();
    let before = group(world, MINA).unwrap().epoch;
    for _ in 0..4 {
        world.burst(MINA);
        world.burst(SORA);
    }
    assert!(group(world, MINA).unwrap().epoch > before, "it counted there");
    says(world, JOON, "the line to it is cut here");
    for _ in 0..6 {
        world.burst(JOON);
    }
    world.bar(JOON, 0, false);
    world.calm(16);
    assert!(world.homes.iter().all(|home| home.faults.is_empty()));
}

fn names(world: &World, home: usize) -> Vec<String> {
    let mut names: Vec<_> =
        group(world, home).unwrap().members.into_iter().map(|member| member.name).collect();
    names.sort();
    names
}

#[test]
fn whoever_was_let_in_in_vain_is_let_in_again() {
    let mut world = world(61, &[JOON]);
    let group_id = group(&world, MINA).unwrap().id;
    let sora = contact(&world, SORA);
    in_vain(&mut world, Act::AddMembers { group: group_id, members: vec![sora] });
    let keys = [MINA, JOON, SORA].map(|home| {
        let id = group(&world, home).unwrap().id;
        world.homes[home].commitment(id).unwrap()
    });
    assert!(keys[0] == keys[1] && keys[1] == keys[2], "one group: {keys:?}");
    assert_eq!(names(&world, JOON), ["Mina", "Sora"]);
    for home in [MINA, JOON, SORA] {
        says(&mut world, home, NAMES[home]);
    }
    world.calm(4);
    for home in [MINA, JOON, SORA] {
        for name in NAMES {
            assert!(shows(&world, home, name), "{} lacks what {name} said", NAMES[home]);
        }
    }
}

#[test]
fn whoever_was_put_out_in_vain_is_put_out_again() {
    let mut world = world(62, &[JOON, SORA]);
    let group_id = group(&world, MINA).unwrap().id;
    let sora = contact(&world, SORA);
    in_vain(&mut world, Act::RemoveMembers { group: group_id, members: vec![sora] });
    for home in [MINA, JOON] {
        assert_eq!(names(&world, home), [NAMES[1 - home]], "{} has her in", NAMES[home]);
    }
    says(&mut world, JOON, "without Sora");
    world.calm(4);
    assert!(shows(&world, MINA, "without Sora"));
    assert!(!shows(&world, SORA, "without Sora"));
}
