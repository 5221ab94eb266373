//! The rooms of calls: who is in which, and what is said there handed on at once and kept nowhere.
//!
//! A room is a name made from a key, as a log's is; a member is a session. Nothing here knows who
//! speaks, or whether anybody does: everybody in a call says as much as everybody else.

use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};
use sogon_packet::{Keys, PacketId, id_of};
use sogon_wire::{
    PublicWriteKey,
    packet::{Address, Answer, Answers, Question, Questions},
};
use tokio::{sync::mpsc, time::Instant};

use crate::bucket::Bucket;

/// The most members of a room.
pub(crate) const MEMBERS_MAX: usize = 16;
/// Packets of one member in a second, and at once: one for every 20 ms and some that were late.
const PACKETS_PER_S: u32 = 60;
/// Packets that wait for one member: what is later is of no use.
const WAITING_MAX: usize = 16;

type RoomName = [u8; 16];

/// All rooms of a relay.
#[derive(Default)]
pub(crate) struct Rooms(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    rooms: HashMap<RoomName, Vec<Arc<Member>>>,
    ids: HashMap<PacketId, Arc<Member>>,
}

struct Member {
    room: RoomName,
    keys: Keys,
    proof: u32,
    to: mpsc::Sender<Vec<u8>>,
    now: Mutex<Present>,
}

/// What is known of a member just now.
struct Present {
    bucket: Bucket,
    spoke: Instant,
    /// Where its last packet came from and its number, if that was a datagram.
    at: Option<(SocketAddr, u16)>,
    /// The newest number of a datagram, once there was one.
    newest: Option<u16>,
    /// Bit n: the datagram n before the newest came.
    seen: u64,
}

/// What became of a datagram.
#[derive(Clone, Debug)]
pub(crate) enum Took {
    /// It belongs to no call.
    NoCall,
    /// It was handed on.
    Taken,
    /// Its sender asks where it came from: to be answered with these keys and this.
    Asked(Keys, Answers),
    /// It was not genuine, or one too many.
    Dropped,
}

impl Rooms {
    /// A place in the room of this key, and how many others are there; [`None`] when it is full.
    pub(crate) fn enter(
        self: &Arc<Self>,
        key: PublicWriteKey,
        keys: Keys,
        proof: u32,
    ) -> Option<(Seat, u8)> {
        let room = name(&key);
        let (to, heard) = mpsc::channel(WAITING_MAX);
        let present = Present {
            bucket: Bucket::new(PACKETS_PER_S, PACKETS_PER_S, Instant::now().into()),
            spoke: Instant::now(),
            at: None,
            newest: None,
            seen: 0,
        };
        let member = Arc::new(Member { room, keys, proof, to, now: Mutex::new(present) });
        let mut kept = self.kept();
        let members = kept.rooms.entry(room).or_default();
        if members.len() >= MEMBERS_MAX {
            return None;
        }
        let others = u8::try_from(members.len()).unwrap_or(u8::MAX);
        members.push(Arc::clone(&member));
        kept.ids.insert(member.keys.id, Arc::clone(&member));
        drop(kept);
        Some((Seat { rooms: Arc::clone(self), member, heard }, others))
    }

    /// Takes a datagram that may belong to a call.
    pub(crate) fn take(&self, datagram: &[u8], from: SocketAddr) -> Took {
        let Some(id) = id_of(datagram) else { return Took::NoCall };
        let Some(member) = self.kept().ids.get(&id).cloned() else { return Took::NoCall };
        let opened = member.keys.open_question(datagram);
        let Some(questions) = opened.and_then(|plain| Questions::parse(&plain).ok()) else {
            return Took::Dropped;
        };
        let (number, item) = (questions.number, <[Question; 1]>::try_from(questions.items));
        let proven = questions.proof == member.proof;
        match item {
            Ok([Question::Speak(_, packet)])
                if proven && member.present().arrives(number, from) =>
            {
                if self.hand_on(&member, packet) { Took::Taken } else { Took::Dropped }
            }
            Ok([Question::Where(tag)]) if proven && member.present().may_ask(number, from) => {
                let items = vec![Answer::Seen(tag, address(from))];
                Took::Asked(member.keys.clone(), Answers { number, proof: member.proof, items })
            }
            _ => Took::Dropped,
        }
    }

    /// Gives a packet to all others in the room; false when it is one too many.
    fn hand_on(&self, member: &Arc<Member>, packet: Vec<u8>) -> bool {
        let now = Instant::now();
        {
            let mut present = member.present();
            if present.bucket.take(now.into()).is_err() {
                return false;
            }
            present.spoke = now;
        }
        let kept = self.kept();
        let members = kept.rooms.get(&member.room).map(Vec::as_slice).unwrap_or_default();
        for other in members.iter().filter(|other| !Arc::ptr_eq(other, member)) {
            // Whoever is too slow for it misses it.
            let _ = other.to.try_send(packet.clone());
        }
        true
    }

    fn leave(&self, member: &Arc<Member>) {
        let mut kept = self.kept();
        kept.ids.remove(&member.keys.id);
        if let Some(members) = kept.rooms.get_mut(&member.room) {
            members.retain(|other| !Arc::ptr_eq(other, member));
            if members.is_empty() {
                kept.rooms.remove(&member.room);
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rooms(..)")
    }
}

impl Member {
    fn present(&self) -> MutexGuard<'_, Present> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Present {
    /// A genuine question came, and it is not one too many.
    fn may_ask(&mut self, number: u16, from: SocketAddr) -> bool {
        self.arrives(number, from) && self.bucket.take(Instant::now().into()).is_ok()
    }

    /// A genuine datagram came; false for a replay, or one that is long past.
    fn arrives(&mut self, number: u16, from: SocketAddr) -> bool {
        let Some(newest) = self.newest else {
            (self.at, self.newest, self.seen) = (Some((from, number)), Some(number), 1);
            return true;
        };
        let ahead = number.wrapping_sub(newest);
        if ahead != 0 && ahead < 1 << 15 {
            self.seen = self.seen.checked_shl(ahead.into()).unwrap_or(0) | 1;
            (self.at, self.newest) = (Some((from, number)), Some(number));
            return true;
        }
        let bit = 1_u64.checked_shl(newest.wrapping_sub(number).into()).unwrap_or(0);
        let news = bit != 0 && self.seen & bit == 0;
        self.seen |= bit;
        news
    }
}

/// One member's place in a room, until dropped.
pub(crate) struct Seat {
    rooms: Arc<Rooms>,
    member: Arc<Member>,
    heard: mpsc::Receiver<Vec<u8>>,
}

impl Seat {
    /// What somebody else says.
    pub(crate) async fn heard(&mut self) -> Option<Vec<u8>> {
        self.heard.recv().await
    }

    /// Says this to the others.
    pub(crate) fn speak(&self, packet: Vec<u8>) {
        // What others say comes the way one spoke last.
        self.member.present().at = None;
        let _ = self.rooms.hand_on(&self.member, packet);
    }

    pub(crate) fn proof(&self) -> u32 {
        self.member.proof
    }

    /// When this member last said something.
    pub(crate) fn active(&self) -> Instant {
        self.member.present().spoke
    }

    /// Where datagrams reach this member, with what keys, and the number of the last that came;
    /// [`None`] when its last packet came in the session.
    pub(crate) fn at(&self) -> Option<(&Keys, u16, SocketAddr)> {
        let (from, number) = self.member.present().at?;
        Some((&self.member.keys, number, from))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.rooms.leave(&self.member);
    }
}

fn address(from: SocketAddr) -> Address {
    match from.ip().to_canonical() {
        IpAddr::V4(host) => Address::V4(host.octets(), from.port()),
        IpAddr::V6(host) => Address::V6(host.octets(), from.port()),
    }
}

fn name(key: &PublicWriteKey) -> RoomName {
    let hash = Sha256::new().chain_update(b"sogon room 1").chain_update(key.0).finalize();
    *hash.first_chunk().unwrap_or(&[0; 16])
}

#[cfg(test)]
mod tests {
    use sogon_packet::{Chain, Freshness};

    use super::*;

    fn keys(fill: u8) -> Keys {
        Chain::new([fill; 32]).call()
    }

    fn said(keys: &Keys, fresh: u8, number: u16, proof: u32) -> Vec<u8> {
        let items = vec![Question::Speak(0, vec![fresh; 9])];
        keys.seal_question(Freshness([fresh; 13]), &Questions { number, proof, items }.encode(0))
    }

    fn from(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn what_one_says_the_others_in_the_room_hear_and_nobody_else() {
        let rooms = Arc::<Rooms>::default();
        let room = PublicWriteKey([1; 32]);
        let (mina, others) = rooms.enter(room, keys(1), 7).unwrap();
        assert_eq!(others, 0);
        let (mut joon, others) = rooms.enter(room, keys(2), 8).unwrap();
        assert_eq!(others, 1);
        let (mut eve, _) = rooms.enter(PublicWriteKey([2; 32]), keys(3), 9).unwrap();
        mina.speak(vec![5]);
        assert_eq!(joon.heard.try_recv(), Ok(vec![5]));
        assert!(joon.heard.try_recv().is_err() && eve.heard.try_recv().is_err());
        drop(joon);
        mina.speak(vec![6]);
        drop(mina);
        drop(eve);
        assert!(rooms.kept().rooms.is_empty() && rooms.kept().ids.is_empty());
    }

    #[test]
    fn a_room_has_so_many_places() {
        let rooms = Arc::<Rooms>::default();
        let room = PublicWriteKey([1; 32]);
        let seats: Vec<_> = (0..20).map_while(|fill| rooms.enter(room, keys(fill), 1)).collect();
        assert_eq!(seats.len(), MEMBERS_MAX);
        drop(seats);
        assert!(rooms.enter(room, keys(40), 1).is_some());
    }

    #[test]
    fn datagrams_need_the_keys_and_the_proof_and_count_once() {
        let rooms = Arc::<Rooms>::default();
        let room = PublicWriteKey([1; 32]);
        let (mina, _) = rooms.enter(room, keys(1), 7).unwrap();
        let (mut joon, _) = rooms.enter(room, keys(2), 8).unwrap();
        assert!(matches!(rooms.take(&said(&keys(9), 1, 0, 7), from(1)), Took::NoCall));
        let another_proof = rooms.take(&said(&keys(1), 1, 0, 8), from(1));
        assert!(matches!(another_proof, Took::Dropped));
        assert!(mina.at().is_none(), "an address that proved nothing gets nothing");
        let mut bent = said(&keys(1), 2, 0, 7);
        *bent.last_mut().unwrap() ^= 1;
        assert!(matches!(rooms.take(&bent, from(1)), Took::Dropped));
        let taken = |number, port| {
            matches!(rooms.take(&said(&keys(1), 3, number, 7), from(port)), Took::Taken)
        };
        for (number, took) in [(5, true), (4, true), (5, false), (4, false), (6, true)] {
            assert_eq!(taken(number, 2), took, "{number}");
        }
        assert_eq!(mina.at().map(|(_, number, to)| (number, to)), Some((6, from(2))));
        let heard: Vec<_> = std::iter::from_fn(|| joon.heard.try_recv().ok()).collect();
        assert_eq!(heard, vec![vec![3; 9]; 3]);
        mina.speak(vec![1]);
        assert!(mina.at().is_none(), "who speaks in the session hears in the session");
        // Numbers begin again after the last.
        for number in [30_000, 60_000, 10] {
            assert!(taken(number, 3));
        }
    }

    #[test]
    fn a_member_is_told_where_its_datagrams_come_from_and_nobody_else_is() {
        let rooms = Arc::<Rooms>::default();
        let (_mina, _) = rooms.enter(PublicWriteKey([1; 32]), keys(1), 7).unwrap();
        let asks = |number, proof, bytes_least| {
            let asked = Questions { number, proof, items: vec![Question::Where(5)] };
            keys(1).seal_question(Freshness([9; 13]), &asked.encode(bytes_least))
        };
        let Took::Asked(_, told) = rooms.take(&asks(0, 7, 90), from(4_000)) else { panic!() };
        assert_eq!(told.items, vec![Answer::Seen(5, Address::V4([127, 0, 0, 1], 4_000))]);
        assert!(matches!(rooms.take(&asks(0, 7, 90), from(1)), Took::Dropped), "a replay");
        assert!(matches!(rooms.take(&asks(1, 8, 90), from(1)), Took::Dropped), "another proof");
        let mapped = SocketAddr::from(([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1], 4_001));
        let Took::Asked(_, told) = rooms.take(&asks(2, 7, 90), mapped) else { panic!() };
        assert_eq!(told.items, vec![Answer::Seen(5, Address::V4([127, 0, 0, 1], 4_001))]);
        let answered = (3..200)
            .filter(|number| matches!(rooms.take(&asks(*number, 7, 90), from(1)), Took::Asked(..)));
        assert!(answered.count() < 197, "asking is speaking: so much and no more");
    }

    #[test]
    fn whoever_says_too_much_or_takes_nothing_holds_nobody_up() {
        let rooms = Arc::<Rooms>::default();
        let room = PublicWriteKey([1; 32]);
        let (mina, _) = rooms.enter(room, keys(1), 7).unwrap();
        let (mut joon, _) = rooms.enter(room, keys(2), 8).unwrap();
        for _ in 0..1_000 {
            mina.speak(vec![1]);
        }
        let heard = std::iter::from_fn(|| joon.heard.try_recv().ok()).count();
        assert_eq!(heard, WAITING_MAX);
        mina.speak(vec![2]);
        assert!(joon.heard.try_recv().is_err(), "more than a member may say");
    }
}
