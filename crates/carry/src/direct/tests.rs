//! Two machines, a room and addresses between them, in a time of their own.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use sogon_packet::Freshness;
use sogon_wire::packet::Address;

use super::{Direct, GIVEN_UP, KEPT_EVERY, Leave, ROOM_AGAIN, TRYING, TRYINGS_MAX, is_usable};

const PACKET: usize = 161;
const DATAGRAM: usize = 209;
const PACE: Duration = Duration::from_millis(60);

/// One side: who it is, and where datagrams of it come from.
struct Side {
    direct: Direct,
    at: SocketAddr,
    fresh: u8,
}

/// What a packet came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Went {
    room: usize,
    directly: usize,
    addresses: usize,
    heard: usize,
}

fn at(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 4_000))
}

impl Side {
    fn new(called: bool, last: u8) -> Self {
        let side = Self { direct: Direct::new(&[7; 32], called), at: at(last), fresh: last };
        side.direct.machine().begin(vec![at(last)]);
        side
    }

    fn freshness(&mut self) -> Freshness {
        self.fresh = self.fresh.wrapping_add(2);
        Freshness([self.fresh; 13])
    }

    /// Says one packet; `open` whether the direct way to the other carries it.
    fn says(&mut self, other: &Self, now: Instant, open: bool) -> Went {
        let mut went = Went::default();
        let leave = self.direct.machine().leave(now);
        if let Some(to) = leave.to {
            let fresh = self.freshness();
            let sealed = self.direct.machine().seal(now, fresh, vec![1; PACKET], DATAGRAM).unwrap();
            assert_eq!(sealed.len(), DATAGRAM, "as large as through the room");
            went.directly += 1;
            if open && to == other.at {
                let heard = other.direct.machine().hear(now, &sealed, self.at);
                went.heard += usize::from(heard.is_some());
            }
        }
        if leave.room {
            went.room += 1;
            assert!(!other.direct.machine().heard_in_room(now, &[0xf3; PACKET]), "speech");
        }
        if leave.tells {
            let fresh = self.freshness();
            let told = self.direct.machine().tell(fresh, PACKET).unwrap();
            assert_eq!(told.len(), PACKET, "as large as what is said");
            went.addresses += 1;
            assert!(other.direct.machine().heard_in_room(now, &told), "no speech");
        }
        went
    }
}

/// Both speak for so long; what the first of them sent, and when it ended.
fn speak(sides: &mut [Side; 2], begun: Instant, long: Duration, open: bool) -> (Went, Instant) {
    let (mut all, mut now) = (Went::default(), begun);
    while now < begun + long {
        let [mina, joon] = sides;
        let went = mina.says(joon, now, open);
        joon.says(mina, now, open);
        all.room += went.room;
        all.directly += went.directly;
        all.addresses += went.addresses;
        all.heard += went.heard;
        now += PACE;
    }
    (all, now)
}

fn pair() -> [Side; 2] {
    [Side::new(true, 1), Side::new(false, 2)]
}

fn is_direct(side: &Side, now: Instant) -> bool {
    side.direct.machine().is_good(now)
}

#[test]
fn what_is_said_goes_through_the_room_until_both_hear_each_other_and_then_directly() {
    let mut sides = pair();
    let (first, now) = speak(&mut sides, Instant::now(), Duration::from_secs(2), true);
    assert!(first.room >= 5 && first.addresses >= 1, "{first:?}");
    assert!(sides.iter().all(|side| is_direct(side, now - PACE)));
    let (then, _) = speak(&mut sides, now, PACE * 100, true);
    assert_eq!((then.directly, then.heard, then.addresses), (100, 100, 0));
    assert_eq!(then.room, 100 / KEPT_EVERY as usize, "now and then one keeps the room");
}

#[test]
fn where_the_direct_way_is_cut_nothing_is_lost_for_longer_than_half_a_second() {
    let mut sides = pair();
    let (_, now) = speak(&mut sides, Instant::now(), TRYING + PACE * 50, true);
    let (lost, now) = speak(&mut sides, now, Duration::from_millis(540), false);
    assert!(lost.room <= 2 && lost.directly >= 8, "{lost:?}");
    let (room, now) = speak(&mut sides, now, PACE * 200, false);
    assert_eq!(room.room, 200, "everything is said in the room again");
    // Beside it packets go to where the other was: for two seconds each, then now and then one.
    assert!((8..60).contains(&room.directly), "{room:?}");
    assert!(!sides.iter().any(|side| is_direct(side, now)));
    // And where it comes back, so do they.
    let (_, now) = speak(&mut sides, now, PACE * 80, true);
    assert!(sides.iter().all(|side| is_direct(side, now - PACE)));
}

#[test]
fn whoever_is_heard_by_nobody_tries_for_so_long_and_no_longer() {
    let mut sides = pair();
    let (tried, now) = speak(&mut sides, Instant::now(), TRYING * 2, false);
    let packets = TRYING.as_millis().div_ceil(PACE.as_millis()) as usize;
    assert!(tried.directly > 0 && tried.directly <= packets + 10, "{tried:?}");
    let (after, _) = speak(&mut sides, now, PACE * 100, false);
    assert_eq!((after.room, after.directly, after.addresses), (100, 0, 0));
}

#[test]
fn one_way_that_carries_only_in_one_direction_is_no_direct_way() {
    let mut sides = pair();
    let mut now = Instant::now();
    for _ in 0..100 {
        let [mina, joon] = &mut sides;
        mina.says(joon, now, true);
        joon.says(mina, now, false);
        assert!(!is_direct(mina, now) && !is_direct(joon, now));
        now += PACE;
    }
}

#[test]
fn what_was_forged_or_came_before_moves_nothing() {
    let mut sides = pair();
    let (_, now) = speak(&mut sides, Instant::now(), Duration::from_secs(3), true);
    let [mina, joon] = &mut sides;
    let eve = at(66);
    let fresh = mina.freshness();
    let sealed = mina.direct.machine().seal(now, fresh, vec![1; PACKET], DATAGRAM).unwrap();
    assert!(joon.direct.machine().hear(now, &sealed, mina.at).is_some());
    let before = joon.direct.figures();
    // The same again, from elsewhere; bent; one's own, sent back; rubbish; another's.
    let mut bent = sealed.clone();
    bent[40] ^= 1;
    let other = Direct::new(&[8; 32], true);
    let others = other.machine().seal(now, Freshness([1; 13]), vec![1; PACKET], DATAGRAM).unwrap();
    let fresh = joon.freshness();
    let own = joon.direct.machine().seal(now, fresh, vec![1; PACKET], DATAGRAM).unwrap();
    for forged in [&sealed, &bent, &others, &own, &vec![0x40; DATAGRAM], &Vec::new()] {
        assert_eq!(joon.direct.machine().hear(now, forged, eve), None);
    }
    assert_eq!(joon.direct.figures().heard, before.heard);
    assert_eq!(joon.direct.machine().leave(now).to, Some(mina.at), "not to where it came from");
    // An address that comes directly, and speech that comes through the room, are neither.
    let fresh = mina.freshness();
    let told = mina.direct.machine().tell(fresh, PACKET).unwrap();
    assert_eq!(joon.direct.machine().hear(now, &told, eve), None);
    let known = joon.direct.machine().theirs.clone();
    joon.direct.machine().heard_in_room(now, &[0x40; PACKET]);
    assert_eq!(joon.direct.machine().theirs, known);
}

#[test]
fn a_newer_packet_from_another_port_is_followed_and_an_older_one_is_not() {
    let mut sides = pair();
    let (_, now) = speak(&mut sides, Instant::now(), Duration::from_secs(3), true);
    let [mina, joon] = &mut sides;
    let seal = |mina: &mut Side| {
        let fresh = mina.freshness();
        mina.direct.machine().seal(now, fresh, vec![1; PACKET], DATAGRAM).unwrap()
    };
    let (older, newer) = (seal(mina), seal(mina));
    // What stands between gave her another port.
    let port = SocketAddr::new(at(1).ip(), 4_009);
    assert!(joon.direct.machine().hear(now, &newer, port).is_some());
    assert!(joon.direct.machine().hear(now, &older, at(1)).is_some(), "late, and heard");
    assert_eq!(joon.direct.machine().leave(now).to, Some(port));
}

#[test]
fn addresses_are_told_and_tried_a_bounded_number_of_times_whoever_names_them() {
    let [mut mina, joon] = pair();
    let mut now = Instant::now();
    joon.direct.machine().heard_in_room(now, &[0xf3; PACKET]);
    let mut tried = 0;
    // Somebody who names an address after another has none of them tried for ever.
    for port in 1..400 {
        let own = SocketAddr::from(([192, 0, 2, 7], port));
        mina.direct.machine().own = vec![own];
        let fresh = mina.freshness();
        let told = mina.direct.machine().tell(fresh, PACKET).unwrap();
        assert!(joon.direct.machine().heard_in_room(now, &told));
        for _ in 0..17 {
            tried += usize::from(joon.direct.machine().leave(now).to.is_some());
            now += PACE;
        }
    }
    assert!(joon.direct.machine().theirs.len() <= 8);
    let most = TRYING * TRYINGS_MAX;
    assert!(tried <= most.as_millis().div_ceil(PACE.as_millis()) as usize, "{tried}");
}

#[test]
fn where_the_relay_sees_a_side_is_told_too() {
    let mut sides = pair();
    let now = Instant::now();
    let [mina, _] = &mut sides;
    mina.direct.machine().begin(vec![SocketAddr::from(([10, 0, 0, 5], 4_000))]);
    mina.direct.machine().seen_at(now, Address::V4([192, 0, 2, 1], 4_000));
    mina.direct.machine().seen_at(now, Address::V4([192, 0, 2, 1], 4_000));
    assert_eq!(mina.direct.machine().own.len(), 2);
    let (_, now) = speak(&mut sides, now, Duration::from_secs(3), true);
    assert!(sides.iter().all(|side| is_direct(side, now - PACE)));
}

#[test]
fn what_is_stopped_neither_speaks_nor_hears() {
    let mut sides = pair();
    let (_, now) = speak(&mut sides, Instant::now(), Duration::from_secs(3), true);
    sides[0].direct.stop();
    assert_eq!(sides[0].direct.machine().leave(now), Leave::ROOM);
    let (went, now) = speak(&mut sides, now, PACE * 100, true);
    assert_eq!((went.room, went.directly, went.addresses), (100, 0, 0));
    assert!(!is_direct(&sides[1], now), "and the other notices");
    let later = now + GIVEN_UP;
    let mut leaves = (0..100).map(|_| sides[1].direct.machine().leave(later));
    assert!(leaves.all(|leave| leave.to.is_none()), "and sends nothing more there");
}

#[test]
fn a_relay_that_says_one_is_here_opens_nothing_here() {
    let mut sides = pair();
    let now = Instant::now();
    sides[0].direct.machine().seen_at(now, Address::V4([127, 0, 0, 1], 4_000));
    assert_eq!(sides[0].direct.machine().own, [at(1)]);
    sides[1].direct.machine().own = vec![SocketAddr::from(([127, 0, 0, 1], 22))];
    let fresh = sides[1].freshness();
    let told = sides[1].direct.machine().tell(fresh, PACKET).unwrap();
    assert!(sides[0].direct.machine().heard_in_room(now, &told));
    assert!(sides[0].direct.machine().theirs.is_empty());
}

#[test]
fn a_packet_from_an_address_nobody_told_is_heard_and_nothing_goes_there() {
    let mut sides = pair();
    let (_, now) = speak(&mut sides, Instant::now(), Duration::from_secs(3), true);
    let fresh = sides[1].freshness();
    let sealed = sides[1].direct.machine().seal(now, fresh, vec![1; PACKET], DATAGRAM).unwrap();
    assert!(sides[0].direct.machine().hear(now, &sealed, at(77)).is_some());
    assert_eq!(sides[0].direct.machine().leave(now).to, Some(at(2)));
}

#[test]
fn who_hears_the_room_at_full_pace_knows_that_the_other_hears_nothing_directly() {
    let mut sides = pair();
    let (_, now) = speak(&mut sides, Instant::now(), Duration::from_secs(3), true);
    assert!(is_direct(&sides[0], now));
    for _ in 0..=ROOM_AGAIN {
        sides[0].direct.machine().heard_in_room(now, &[0xf3; PACKET]);
    }
    assert!(!is_direct(&sides[0], now));
}

#[test]
fn how_often_addresses_are_tried_counts_on_in_the_next_epoch() {
    let [before, next] = pair();
    before.direct.machine().tryings = TRYINGS_MAX;
    next.direct.follow(&before.direct);
    let now = Instant::now();
    next.direct.machine().heard_in_room(now, &[0xf3; PACKET]);
    assert!(!next.direct.machine().leave(now).tells);
}

#[test]
fn nothing_is_sent_to_everybody_nobody_or_into_this_machine() {
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    for good in ["192.0.2.7:1", "10.0.0.7:65535", "[2001:db8::7]:4000"] {
        assert!(is_usable(address(good), false), "{good}");
    }
    for bad in [
        "0.0.0.0:4000",
        "255.255.255.255:4000",
        "224.0.0.1:4000",
        "127.0.0.1:4000",
        "192.0.2.7:0",
        "[::]:4000",
        "[::1]:4000",
        "[ff02::1]:4000",
        "[fe80::1]:4000",
        "169.254.1.1:4000",
    ] {
        assert!(!is_usable(address(bad), false), "{bad}");
    }
    assert!(is_usable(address("127.0.0.1:9"), true), "both are here");
}
