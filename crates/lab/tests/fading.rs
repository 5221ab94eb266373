//! What is due goes in steps of its own: it keeps nobody from writing, and is gone all the same.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use sogon_engine::{Act, ConversationId, Input, view};
use sogon_lab::{home::Mutant, world::World};

fn conversation(world: &World) -> ConversationId {
    view::conversations(world.homes[0].store.shelf()).unwrap()[0].id
}

fn found(world: &World, words: &str) -> usize {
    view::search(world.homes[0].store.shelf(), words, usize::MAX).unwrap().len()
}

#[test]
fn what_is_due_goes_in_small_steps_of_its_own() {
    let mut world = World::new(5, &["Mina", "Joon"], Mutant::None);
    world.acquaint();
    world.calm(4);
    let to = conversation(&world);
    for n in 0..40 {
        let text = format!("for a minute {n}");
        world.act(0, Act::SendFading { to, text, reply_to: None, after_s: 60 }).unwrap();
    }
    world.calm(2);
    assert_eq!(found(&world, "minute"), 40);
    // A minute later, before its program was called.
    world.homes[0].wake = None;
    let later = world.tick.after_ms(61_000);
    world.run_until(later);
    world.act(0, Act::Send { to, text: "for ever".to_owned(), reply_to: None }).unwrap();
    assert_eq!((found(&world, "minute"), found(&world, "ever")), (40, 1));
    let mut left = Vec::new();
    while world.homes[0].wake.is_some_and(|wake| wake <= world.tick) && left.len() < 9 {
        world.homes[0].wake = None;
        world.input(0, Input::Time).unwrap();
        left.push(found(&world, "minute"));
    }
    // What else time brings has every other turn.
    assert_eq!(left[..5], [24, 24, 8, 8, 0], "{left:?}");
    assert_eq!(found(&world, "ever"), 1);
}

#[test]
fn what_may_be_seen_once_goes_with_the_step_that_saw_it() {
    let mut world = World::new(6, &["Mina", "Joon"], Mutant::None);
    world.acquaint();
    world.calm(4);
    let to = view::conversations(world.homes[1].store.shelf()).unwrap()[0].id;
    let text = "burn this".to_owned();
    world.act(1, Act::SendFading { to, text, reply_to: None, after_s: 0 }).unwrap();
    world.calm(2);
    assert_eq!(found(&world, "burn"), 1);
    let conversation = conversation(&world);
    world.act(0, Act::MarkRead { conversation }).unwrap();
    assert_eq!(found(&world, "burn"), 0);
}
