//! The public promise of the sealing room: who can open what, and what a box costs.
#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "small numbers of a test, and sizes shown with --nocapture"
)]

mod world;

use sogon_seal::{
    Change, Charter, Conversation, ENVELOPE_BYTES, GroupName, InviteKeys, LogHead,
    MESSAGE_BYTES_MAX, Opened, PackageUse, SealError,
};
use sogon_wire::{InviteSecret, STEPS, SealedBox};
use world::Home;

const HEAD: LogHead = LogHead { seq: 0, chain: [0; 16] };

fn pair(mina: &Home, joon: &Home) -> GroupName {
    let invite = InviteKeys::derive(&InviteSecret([9; 32])).unwrap();
    let package = mina.step(|s| s.make_package(&mina.identity, PackageUse::Once)).unwrap();
    let (name, welcome) = joon.step(|s| {
        let package = s.check_package(&package).unwrap();
        assert_eq!(package.identity(), mina.identity.public());
        let charter = Charter::pair("relay".into(), s.entropy());
        let (c, welcome) =
            Conversation::found(s, &joon.identity, &charter, &[package], Some(&invite)).unwrap();
        (c.name(), welcome.unwrap())
    });
    println!("key package {} B, Welcome {} B", package.len(), welcome.len());
    mina.step(|s| {
        // A Welcome with a changed byte burns nothing.
        for place in [0, 40, welcome.len() / 2, welcome.len() - 1] {
            let mut changed = welcome.clone();
            changed[place] ^= 1;
            assert!(Conversation::join(s, &changed, Some(&invite), None).is_err());
        }
        // Nor does one into which the invitation's secret was not mixed.
        let other = InviteKeys::derive(&InviteSecret([8; 32])).unwrap();
        assert!(Conversation::join(s, &welcome, Some(&other), None).is_err());
        assert!(Conversation::join(s, &welcome, None, None).is_err());
        let c = Conversation::join(s, &welcome, Some(&invite), None).unwrap();
        assert_eq!(c.name(), name);
        assert_eq!(c.members().unwrap().len(), 2);
    });
    name
}

fn commitment(home: &Home, name: GroupName) -> (u64, [u8; 32]) {
    home.step(|s| {
        let c = Conversation::load(s, name).unwrap();
        (c.epoch(), c.commitment().unwrap())
    })
}

fn write(home: &Home, name: GroupName, text: &[u8]) -> SealedBox {
    home.step(|s| Conversation::load(s, name).unwrap().seal(text).unwrap().boxed().clone())
}

fn read(home: &Home, name: GroupName, boxed: &SealedBox) -> Result<Vec<u8>, SealError> {
    home.step(|s| match Conversation::load(s, name)?.open(boxed)? {
        Opened::Message { content, .. } => Ok(content),
        _ => Err(SealError::Unopenable),
    })
}

#[test]
fn two_people_read_each_other_and_nobody_else_does() {
    let (mina, joon, eve) = (Home::new(1), Home::new(2), Home::new(3));
    let name = pair(&mina, &joon);
    assert_eq!(commitment(&mina, name), commitment(&joon, name));
    let text = "가".repeat(50);
    let boxed = write(&mina, name, text.as_bytes());
    println!("mina wrote {} rows, {} B for one message", mina.writes.get(), mina.bytes.get());
    assert_eq!(boxed.as_bytes().len(), 352, "50 Korean syllables fit the smallest box");
    assert_eq!(read(&joon, name, &boxed).unwrap(), text.as_bytes());
    println!("joon wrote {} rows, {} B for it", joon.writes.get(), joon.bytes.get());
    assert_eq!(read(&joon, name, &boxed), Err(SealError::Unopenable), "a replay opens nothing");
    assert_eq!(read(&eve, name, &boxed), Err(SealError::Unknown));
    let mut changed = boxed.as_bytes().to_vec();
    changed[100] ^= 1;
    let changed = SealedBox::parse(&changed).unwrap();
    assert_eq!(read(&joon, name, &changed), Err(SealError::Unopenable));
    let own = mina.step(|s| Conversation::load(s, name).unwrap().open(&boxed).unwrap());
    assert!(matches!(own, Opened::Own));
}

#[test]
fn messages_out_of_order_and_with_many_lost_still_open() {
    let (mina, joon) = (Home::new(1), Home::new(2));
    let name = pair(&mina, &joon);
    let boxes: Vec<_> = (0..1_100u32).map(|n| write(&mina, name, &n.to_be_bytes())).collect();
    for n in [1_099u32, 0, 500, 1] {
        let opened = read(&joon, name, &boxes[n as usize]).unwrap();
        assert_eq!(opened, n.to_be_bytes());
    }
}

#[test]
fn a_commit_advances_those_who_merge_it_and_a_removed_member_reads_nothing_more() {
    let (mina, joon, sora) = (Home::new(1), Home::new(2), Home::new(3));
    let name = pair(&mina, &joon);
    let package = sora.step(|s| s.make_package(&sora.identity, PackageUse::Once)).unwrap();
    // Mina takes Sora in: she merges only what she read back, and only then the Welcome leaves.
    let (boxed, welcome) = mina.step(|s| {
        let add = vec![s.check_package(&package).unwrap()];
        let mut c = Conversation::load(s, name).unwrap();
        let done = c.commit(&Change { add, ..Change::default() }, HEAD).unwrap();
        assert_eq!(c.commit(&Change::default(), HEAD).unwrap_err(), SealError::Pending);
        (done.posting.boxed().clone(), done.welcome.unwrap())
    });
    println!("add without path: box of {} B, Welcome {} B", boxed.as_bytes().len(), welcome.len());
    // Text can be written while the commit is on its way, in the old epoch.
    let meanwhile = write(&mina, name, b"meanwhile");
    assert_eq!(read(&joon, name, &meanwhile).unwrap(), b"meanwhile");
    mina.step(|s| Conversation::load(s, name).unwrap().merge_own().unwrap());
    joon.step(|s| {
        let mut c = Conversation::load(s, name).unwrap();
        let Opened::Commit(staged) = c.open(&boxed).unwrap() else { panic!("a commit") };
        assert_eq!(staged.added, [sora.identity.public()]);
        c.merge(*staged).unwrap();
    });
    sora.step(|s| drop(Conversation::join(s, &welcome, None, None).unwrap()));
    assert_eq!(commitment(&mina, name), commitment(&joon, name));
    assert_eq!(commitment(&mina, name), commitment(&sora, name));

    // Joon puts Sora out.
    let boxed = joon.step(|s| {
        let mut c = Conversation::load(s, name).unwrap();
        let members = c.members().unwrap();
        let sora = members.iter().find(|m| m.identity == sora.identity.public()).unwrap();
        let change = Change { remove: vec![sora.leaf], ..Change::default() };
        c.commit(&change, HEAD).unwrap().posting.boxed().clone()
    });
    println!("remove with path, 3 members: box of {} B", boxed.as_bytes().len());
    joon.step(|s| Conversation::load(s, name).unwrap().merge_own().unwrap());
    for home in [&mina, &sora] {
        home.step(|s| {
            let mut c = Conversation::load(s, name).unwrap();
            let Opened::Commit(staged) = c.open(&boxed).unwrap() else { panic!("a commit") };
            assert_eq!(staged.removes_us, home.identity.public() == sora.identity.public());
            c.merge(*staged).unwrap();
        });
    }
    let after = write(&joon, name, b"without Sora");
    assert_eq!(read(&mina, name, &after).unwrap(), b"without Sora");
    assert_eq!(read(&sora, name, &after), Err(SealError::Over));
    let sealed = sora.step(|s| Conversation::load(s, name).unwrap().seal(b"still here?"));
    assert_eq!(sealed.unwrap_err(), SealError::Over);
}

#[test]
fn of_two_commits_the_first_wins_and_the_loser_recovers() {
    let (mina, joon) = (Home::new(1), Home::new(2));
    let name = pair(&mina, &joon);
    let refresh = Change { refresh: true, ..Change::default() };
    let commit = |home: &Home| {
        home.step(|s| {
            let mut c = Conversation::load(s, name).unwrap();
            c.commit(&refresh, HEAD).unwrap().posting.boxed().clone()
        })
    };
    let (first, _second) = (commit(&mina), commit(&joon));
    println!("refresh of a pair: box of {} B", first.as_bytes().len());
    mina.step(|s| Conversation::load(s, name).unwrap().merge_own().unwrap());
    joon.step(|s| {
        let mut c = Conversation::load(s, name).unwrap();
        let Opened::Commit(staged) = c.open(&first).unwrap() else { panic!("a commit") };
        c.merge(*staged).unwrap();
        assert!(!c.pending());
    });
    assert_eq!(commitment(&mina, name), commitment(&joon, name));
    let boxed = write(&joon, name, b"again");
    assert_eq!(read(&mina, name, &boxed).unwrap(), b"again");
}

#[test]
fn a_member_who_lost_everything_is_let_in_again_and_a_stranger_is_not() {
    let (mina, joon, eve) = (Home::new(1), Home::new(2), Home::new(3));
    let name = pair(&mina, &joon);
    // Mina goes on while Joon is away; he asks with the keys he has.
    mina.step(|s| {
        let mut c = Conversation::load(s, name).unwrap();
        c.commit(&Change { refresh: true, ..Change::default() }, HEAD).unwrap();
        c.merge_own().unwrap();
    });
    let (asked, waits) =
        joon.step(|s| Conversation::load(s, name).unwrap().ask_rescue(&joon.identity).unwrap());
    let stranger =
        joon.step(|s| Conversation::load(s, name).unwrap().ask_rescue(&eve.identity).unwrap());
    let (boxed, welcome, answer) = mina.step(|s| {
        let mut c = Conversation::load(s, name).unwrap();
        assert!(c.open_rescue(stranger.0.boxed()).is_err());
        let rescue = c.open_rescue(asked.boxed()).unwrap().unwrap();
        let change = Change {
            add: vec![rescue.package],
            remove: vec![rescue.member.leaf],
            ..Change::default()
        };
        let done = c.commit(&change, HEAD).unwrap();
        (done.posting, done.welcome.unwrap(), rescue.answer.log())
    });
    assert_eq!(answer, waits.log());
    let _ = boxed;
    mina.step(|s| Conversation::load(s, name).unwrap().merge_own().unwrap());
    joon.step(|s| drop(Conversation::join(s, &welcome, None, Some(name)).unwrap()));
    assert_eq!(commitment(&mina, name), commitment(&joon, name));
    mina.step(|s| {
        let c = Conversation::load(s, name).unwrap();
        assert!(c.open_rescue(asked.boxed()).unwrap().is_none(), "done already");
    });
}

#[test]
fn a_box_is_of_the_smallest_step_that_holds_the_content_and_its_frame() {
    let (mina, joon) = (Home::new(1), Home::new(2));
    let name = pair(&mina, &joon);
    for step in STEPS {
        let fits = step - MESSAGE_BYTES_MAX;
        assert!(write(&mina, name, &vec![1; fits]).as_bytes().len() <= step, "{step}");
        let beyond = step - ENVELOPE_BYTES + 1;
        if step < 65_536 {
            assert!(write(&mina, name, &vec![1; beyond]).as_bytes().len() > step, "{step}");
        }
    }
}

#[test]
fn members_of_an_epoch_have_the_same_keys_of_a_call_and_nobody_else_has_any() {
    let (mina, joon, eve) = (Home::new(21), Home::new(22), Home::new(23));
    let name = pair(&mina, &joon);
    let keys = |home: &Home, call: [u8; 8]| {
        home.step(|s| Conversation::load(s, name).and_then(|its| its.call(call)))
    };
    let (hers, his) = (keys(&mina, [1; 8]).unwrap(), keys(&joon, [1; 8]).unwrap());
    assert_eq!((hers.pass.key, &hers.base, hers.epoch), (his.pass.key, &his.base, his.epoch));
    assert_ne!(hers.leaf, his.leaf, "each has a place of their own");
    assert!(keys(&eve, [1; 8]).is_err(), "whoever is no member has none");
    // Another call has another room and other keys, and the room is not the base of the keys.
    let other = keys(&mina, [2; 8]).unwrap();
    assert_ne!((hers.pass.key, &hers.base), (other.pass.key, &other.base));
    assert_ne!(hers.pass.key.0, *hers.base);
    assert!(!format!("{hers:?}").contains(&format!("{:?}", hers.base)), "they are not printed");
    // What they go directly with is a third, of this call alone.
    let direct = |home: &Home, call: [u8; 8]| {
        home.step(|s| Conversation::load(s, name).and_then(|its| its.direct_call(call, true)))
    };
    let secret = direct(&mina, [1; 8]).unwrap().secret;
    assert_eq!(secret, direct(&joon, [1; 8]).unwrap().secret);
    assert_ne!(secret, direct(&mina, [2; 8]).unwrap().secret);
    assert!(![*hers.base, hers.pass.key.0].contains(&secret) && direct(&eve, [1; 8]).is_err());
    // And so has the same call after the epoch turned, on both sides again the same.
    let boxed = mina.step(|s| {
        let mut c = Conversation::load(s, name).unwrap();
        let refresh = Change { refresh: true, ..Change::default() };
        c.commit(&refresh, HEAD).unwrap().posting.boxed().clone()
    });
    assert_eq!(keys(&mina, [1; 8]).unwrap(), hers, "nothing turns before the log has it");
    joon.step(|s| {
        let mut c = Conversation::load(s, name).unwrap();
        let Opened::Commit(staged) = c.open(&boxed).unwrap() else { panic!("a commit") };
        c.merge(*staged).unwrap();
    });
    mina.step(|s| Conversation::load(s, name).unwrap().merge_own().unwrap());
    let (turned, theirs) = (keys(&mina, [1; 8]).unwrap(), keys(&joon, [1; 8]).unwrap());
    assert_eq!((turned.pass.key, &turned.base), (theirs.pass.key, &theirs.base));
    assert_ne!((turned.pass.key, &turned.base), (hers.pass.key, &hers.base));
    assert!(turned.epoch > hers.epoch);
}
