//! What a relay knows of the client behind a chain: as little as keeps others from using it.

use std::{
    collections::{HashSet, VecDeque},
    net::SocketAddr,
    time::Instant,
};

use sogon_packet::PacketId;
use sogon_wire::packet::Answer;

use super::{parcels::Parcels, turns::Turns};
use crate::bucket::Bucket;

/// The most packets of one visit. A client with more to say comes over TLS.
const PACKETS_MAX: usize = 16_384;
/// The bytes of a sealed packet by which it is known: id and nonce.
const MARK: std::ops::Range<usize> = 1..21;
/// To an address that was not proved goes at most so much more than came from it (RFC 9000, 8.1).
const UNPROVED_TIMES: usize = 3;
/// To one that was proved: the most bytes in answer to one packet.
const PROVED_BYTES: usize = 262_144;

/// The last so many words on appends are said again.
const LATELY_MAX: usize = 16;

/// One client's state; it lives as long as its chain.
#[derive(Debug, Default)]
pub(crate) struct Guest {
    visit: Option<Visit>,
    /// Where the client was proved to be when it agreed the chain, for its first visit.
    greeted_at: Option<SocketAddr>,
    /// Pieces of appends, which outlive a visit: on a bad line one is not enough.
    pub(crate) parcels: Parcels,
}

#[derive(Debug)]
struct Visit {
    id: PacketId,
    /// The packets that came: a second copy is a replay, since clients seal what they repeat anew.
    marks: HashSet<[u8; 20]>,
    proof: u32,
    proved: Option<SocketAddr>,
    bucket: Bucket,
    turns: Turns,
    /// The last word on each of the latest appends, newest first.
    lately: VecDeque<Answer>,
}

/// What the answer to a packet may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leave {
    /// To be sent back by the client.
    pub(crate) proof: u32,
    /// The most bytes of datagrams.
    pub(crate) bytes_max: usize,
}

impl Guest {
    /// Somebody who was proved to be at this address just now.
    pub(crate) fn greeted(at: Option<SocketAddr>) -> Self {
        Self { greeted_at: at, ..Self::default() }
    }

    /// The turns of the present visit.
    pub(crate) fn turns(&mut self) -> Option<&mut Turns> {
        self.visit.as_mut().map(|visit| &mut visit.turns)
    }

    /// What was said of appends before and is not `said` now, newest first: the packet it was in
    /// may be lost. What is said now is remembered.
    pub(crate) fn lately(&mut self, said: &[Answer]) -> Vec<Answer> {
        let Some(visit) = self.visit.as_mut() else { return Vec::new() };
        let last_words = |item: &&Answer| matches!(item, Answer::Appended(..) | Answer::Waiting(_));
        let news = said.iter().filter(last_words);
        let is_old = |item: &Answer| !said.iter().any(|new| new.tag() == item.tag());
        visit.lately.retain(is_old);
        let again = visit.lately.iter().cloned().collect();
        news.for_each(|item| visit.lately.push_front(item.clone()));
        visit.lately.truncate(LATELY_MAX);
        again
    }

    /// Judges a genuine packet: [`None`] when it is a replay or one too many.
    pub(crate) fn admit(
        &mut self,
        (id, datagram): (PacketId, &[u8]),
        from: SocketAddr,
        proof: u32,
        fresh_proof: impl FnOnce() -> u32,
        (per_s, now): (u32, Instant),
    ) -> Option<Leave> {
        if self.visit.as_ref().is_none_or(|visit| visit.id != id) {
            self.visit = Some(Visit {
                id,
                marks: HashSet::new(),
                proof: fresh_proof(),
                proved: self.greeted_at.take(),
                bucket: Bucket::new(per_s, per_s.saturating_mul(20), now),
                turns: Turns::default(),
                lately: VecDeque::new(),
            });
        }
        let visit = self.visit.as_mut()?;
        let mark = <[u8; 20]>::try_from(datagram.get(MARK)?).ok()?;
        if visit.marks.len() >= PACKETS_MAX || !visit.marks.insert(mark) {
            return None;
        }
        visit.bucket.take(now).ok()?;
        if proof == visit.proof {
            visit.proved = Some(from);
        }
        let bytes_max = match visit.proved == Some(from) {
            true => PROVED_BYTES,
            false => datagram.len().saturating_mul(UNPROVED_TIMES),
        };
        Some(Leave { proof: visit.proof, bytes_max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(guest: &mut Guest, fill: u8, port: u16, proof: u32) -> Option<Leave> {
        let from = SocketAddr::from(([127, 0, 0, 1], port));
        guest.admit((PacketId([1; 8]), &[fill; 100]), from, proof, || 77, (10, Instant::now()))
    }

    #[test]
    fn an_address_gets_little_until_it_answered() {
        let mut guest = Guest::default();
        assert_eq!(admit(&mut guest, 1, 5, 0), Some(Leave { proof: 77, bytes_max: 300 }));
        assert_eq!(admit(&mut guest, 2, 5, 77).unwrap().bytes_max, PROVED_BYTES);
        assert_eq!(admit(&mut guest, 3, 5, 77).unwrap().bytes_max, PROVED_BYTES);
        assert_eq!(admit(&mut guest, 4, 6, 0).unwrap().bytes_max, 300, "another address");
    }

    #[test]
    fn who_greeted_from_an_address_has_proved_it_for_one_visit() {
        let at = SocketAddr::from(([127, 0, 0, 1], 5));
        let mut guest = Guest::greeted(Some(at));
        assert_eq!(admit(&mut guest, 1, 5, 0).unwrap().bytes_max, PROVED_BYTES);
        assert_eq!(admit(&mut guest, 2, 6, 0).unwrap().bytes_max, 300, "another address");
        let (id, now) = (PacketId([2; 8]), (10, Instant::now()));
        let later = guest.admit((id, &[9; 100]), at, 0, || 78, now).unwrap();
        assert_eq!(later.bytes_max, 300, "another visit");
    }

    #[test]
    fn the_last_words_on_appends_are_said_again() {
        let mut guest = Guest::default();
        assert!(guest.lately(&[Answer::Waiting(1)]).is_empty(), "nobody visits");
        admit(&mut guest, 1, 5, 0).unwrap();
        assert!(guest.lately(&[Answer::Waiting(1), Answer::Quiet(9)]).is_empty());
        assert_eq!(guest.lately(&[Answer::Appended(2, 7)]), [Answer::Waiting(1)]);
        let said = [Answer::Appended(1, 8), Answer::Appended(3, 9)];
        assert_eq!(guest.lately(&said), [Answer::Appended(2, 7)], "one word on each");
        for tag in 10..40 {
            guest.lately(&[Answer::Appended(tag, tag.into())]);
        }
        let again = guest.lately(&[]);
        assert_eq!(again.len(), LATELY_MAX);
        assert_eq!(again[0], Answer::Appended(39, 39), "the newest first");
    }

    #[test]
    fn the_same_packet_twice_is_not_answered_twice() {
        let mut guest = Guest::default();
        assert!(admit(&mut guest, 1, 5, 0).is_some());
        assert_eq!(admit(&mut guest, 1, 5, 0), None);
        assert_eq!(admit(&mut guest, 1, 6, 77), None);
    }

    #[test]
    fn a_visit_has_so_many_packets() {
        let mut guest = Guest::default();
        let now = Instant::now();
        let from = SocketAddr::from(([127, 0, 0, 1], 1));
        let admitted = (0u32..20_000)
            .filter(|number| {
                let mut bytes = [0; 40];
                bytes[1..5].copy_from_slice(&number.to_be_bytes());
                let packet = (PacketId([1; 8]), bytes.as_slice());
                guest.admit(packet, from, 0, || 1, (1_000_000, now)).is_some()
            })
            .count();
        assert_eq!(admitted, PACKETS_MAX);
    }
}
