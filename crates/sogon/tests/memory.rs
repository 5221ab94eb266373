//! What a process that locked a home still has in its memory: nothing of any key of the home, of
//! its conversations or of its owner.
#![cfg(test)]
#![cfg(target_os = "linux")]

mod cast;
mod mapped;
mod secrets;

use cast::World;
use secrets::{found, secrets, tray};

#[test]
fn a_locked_home_leaves_no_key_of_its_conversations_in_memory() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    joon.done(&["send", "Mina", "before it is opened"]);
    let mut open = mina.stays(&["open"]);
    assert_eq!(open.next()["ready"], true);
    assert_eq!(open.next()["text"], "before it is opened");
    mina.done(&["group", "new", "Walk", "Joon"]);
    for n in 0..3 {
        mina.done(&["send", "Joon", &format!("text {n}")]);
    }
    joon.done(&["sync"]);
    mina.done(&["sync"]);
    // What the home holds while it is open is in the copy; its keys move on with the next text.
    let [own, mls] = secrets(&mina);
    assert!(own.len() >= 8 && mls.len() > 20, "{} and {}", own.len(), mls.len());
    mina.done(&["search", "text"]);
    let before = found(open.pid(), &own);
    mina.done(&["lock"]);
    while open.next()["locked"] != true {}
    let after = found(open.pid(), &own.union(&mls).cloned().collect());
    match (before, after) {
        // Whoever is not root does not get to see the memory at all.
        (None, None) => {}
        (Some(before), Some(after)) => {
            assert!(!before.is_empty(), "the search finds what is there");
            let lengths: Vec<_> = after.iter().map(Vec::len).collect();
            assert!(after.is_empty(), "of these lengths: {lengths:?}");
        }
        other => panic!("{other:?}"),
    }
    // Nor the key of what it closes its tray with, which is a row of the home.
    assert_eq!(found(open.pid(), &tray(&mina)).unwrap_or_default().len(), 0);
    open.interrupt();
}
