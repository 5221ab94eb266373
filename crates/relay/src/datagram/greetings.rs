//! Sessions that are agreed by datagrams (SPEC 10.6): the first keys a client gets, without a
//! connection. A greeting is answered and never repeated from here; only the client keeps time.

use std::{
    collections::HashMap,
    net::SocketAddr,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustls::ServerConfig;
use sogon_packet::{ANSWER_OVERHEAD_BYTES, Chain, Flow, Keys, PacketId, id_of};
use sogon_wire::{
    Fingerprint,
    packet::{GREETING_HEAD_BYTES, GREETING_PART_BYTES, Greeting},
};

use super::port::fresh_proof;
use crate::{
    bucket::Bucket,
    limits::Limits,
    tls::{Session, Tls},
};

/// Greetings under way at one time. Some 30 kB each, and at most three times that.
const GREETINGS_MAX: usize = 1_024;
/// To an address that was not proved goes at most so much more than came from it (RFC 9000, 8.1).
const UNPROVED_TIMES: usize = 3;
/// The least a client says at first: the shorter part of its greeting.
const BEGINS_WITH: usize = 100;
/// How long a greeting may take whose client did not yet show that it hears.
const UNPROVED_MAX: Duration = Duration::from_secs(15);
/// The most bytes that come and go in one greeting.
const BYTES_MAX: usize = 65_536;
/// What a packet of ours has besides its part.
const OVERHEAD_BYTES: usize = GREETING_HEAD_BYTES + ANSWER_OVERHEAD_BYTES;

/// All greetings under way.
pub(crate) struct Greetings {
    fingerprint: Fingerprint,
    tls: Arc<ServerConfig>,
    longest: Duration,
    under_way: Mutex<UnderWay>,
}

struct UnderWay {
    greetings: HashMap<PacketId, Pending>,
    /// When those that are over were last looked for.
    swept: Instant,
    bucket: Bucket,
}

struct Pending {
    begun: Instant,
    tls: Tls,
    theirs: Flow,
    said: Vec<u8>,
    heard_from: Address,
    /// All that came.
    bytes_in: usize,
    chained: bool,
}

/// Where a greeting comes from. A proof is worth something at the address it was sent to only.
struct Address {
    at: SocketAddr,
    proof: u32,
    proved: bool,
    /// The newest packet that came from there.
    newest: u16,
    bytes_in: usize,
    bytes_out: usize,
}

impl Address {
    fn new(at: SocketAddr) -> Self {
        Self { at, proof: fresh_proof(), proved: false, newest: 0, bytes_in: 0, bytes_out: 0 }
    }

    /// A packet came; false for one that somebody sends again from somewhere else.
    fn hear(&mut self, from: SocketAddr, packet: &Greeting, bytes: usize) -> bool {
        if self.at != from {
            if packet.number <= self.newest {
                return false;
            }
            *self = Self::new(from);
        }
        self.newest = self.newest.max(packet.number);
        self.proved |= packet.proof == self.proof;
        self.bytes_in = self.bytes_in.saturating_add(bytes);
        true
    }

    /// Whether so many bytes more may go there; they are counted then.
    fn takes(&mut self, bytes: usize) -> bool {
        let most = match self.proved {
            true => BYTES_MAX,
            false => self.bytes_in.saturating_mul(UNPROVED_TIMES),
        };
        let all = self.bytes_out.saturating_add(bytes);
        let takes = all <= most;
        if takes {
            self.bytes_out = all;
        }
        takes
    }
}

/// What a packet of a greeting led to.
pub(crate) struct Greeted {
    /// What the answers are sealed with.
    pub(crate) keys: Keys,
    pub(crate) answers: Vec<Greeting>,
    /// The session is agreed just now: the keys that begin with it.
    pub(crate) agreed: Option<(Session, Chain)>,
    /// Where its client was proved to be.
    pub(crate) proved: Option<SocketAddr>,
    /// A datagram that came with it.
    pub(crate) rest: Vec<u8>,
}

impl Greetings {
    pub(crate) fn new(fingerprint: Fingerprint, tls: Arc<ServerConfig>, limits: &Limits) -> Self {
        let per_s = limits.arrivals_per_s;
        let bucket = Bucket::new(per_s, per_s.saturating_mul(2), Instant::now());
        let (greetings, swept) = (HashMap::new(), Instant::now());
        let under_way = Mutex::new(UnderWay { greetings, swept, bucket });
        Self { fingerprint, tls, longest: limits.handshake_max, under_way }
    }

    /// Takes a packet; [`None`] for everything that is none of a greeting.
    pub(crate) fn take(&self, datagram: &[u8], from: SocketAddr, now: Instant) -> Option<Greeted> {
        let id = id_of(datagram)?;
        let keys = Keys::greeting(&self.fingerprint.0, id);
        let greeting = Greeting::parse(&keys.open_question(datagram)?).ok()?;
        let mut under_way = self.under_way();
        if !under_way.greetings.contains_key(&id) {
            // Whoever has nothing to say begins nothing.
            if greeting.part.len() < BEGINS_WITH {
                return None;
            }
            under_way.make_room(now, self.longest);
            under_way.begin(id, &self.tls, (from, now))?;
        }
        let pending = under_way.greetings.get_mut(&id)?;
        if !pending.heard_from.hear(from, &greeting, datagram.len()) {
            return None;
        }
        let Some(agreed) = pending.hear(&greeting, datagram.len()) else {
            under_way.greetings.remove(&id);
            return None;
        };
        let answers = pending.answers(&greeting);
        let proved = pending.heard_from.proved.then_some(from);
        Some(Greeted { keys, answers, agreed, proved, rest: greeting.rest })
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    /// Forgets what is over, and where that is not enough, those first whose clients did not show
    /// that they hear, then those that are agreed.
    fn make_room(&mut self, now: Instant, longest: Duration) {
        if now.saturating_duration_since(self.swept) >= Duration::from_secs(1) {
            self.swept = now;
            self.greetings.retain(|_, pending| {
                let most = if pending.heard_from.proved { longest } else { UNPROVED_MAX };
                now.saturating_duration_since(pending.begun) < most
            });
        }
        while self.greetings.len() >= GREETINGS_MAX {
            let worth = |(_, pending): &(&PacketId, &Pending)| {
                (pending.heard_from.proved, !pending.chained, pending.begun)
            };
            let Some((id, _)) = self.greetings.iter().min_by_key(worth) else { break };
            let id = *id;
            self.greetings.remove(&id);
        }
    }

    fn begin(
        &mut self,
        id: PacketId,
        tls: &Arc<ServerConfig>,
        (from, now): (SocketAddr, Instant),
    ) -> Option<()> {
        self.bucket.take(now).ok()?;
        let pending = Pending {
            begun: now,
            tls: Tls::new(Arc::clone(tls)).ok()?,
            theirs: Flow::default(),
            said: Vec::new(),
            heard_from: Address::new(from),
            bytes_in: 0,
            chained: false,
        };
        self.greetings.insert(id, pending);
        Some(())
    }
}

impl Pending {
    /// Hears a part; [`None`] when this is no client of ours, or too much.
    fn hear(&mut self, greeting: &Greeting, bytes: usize) -> Option<Option<(Session, Chain)>> {
        self.bytes_in = self.bytes_in.saturating_add(bytes);
        if self.bytes_in > BYTES_MAX {
            return None;
        }
        let news = self.theirs.take(greeting.end, greeting.offset, &greeting.part);
        let heard = self.tls.hear(&news);
        self.said.append(&mut self.tls.out);
        heard.ok().filter(|heard| !heard.closed)?;
        if self.chained || self.tls.is_handshaking() {
            return Some(None);
        }
        let session = self.tls.session();
        if !matches!(session, Session::Full | Session::Resumed) {
            return None;
        }
        self.chained = true;
        Some(Some((session, Chain::new(self.tls.packet_secret()?))))
    }

    /// What is answered to a packet: what it asks for, as far as its address may have it; or else
    /// what is missing here.
    fn answers(&mut self, asked: &Greeting) -> Vec<Greeting> {
        let end = u16::try_from(self.said.len()).unwrap_or(u16::MAX);
        let wanted = asked.wanted.start..asked.wanted.end.min(end);
        let mut parts: Vec<Range<usize>> = Vec::new();
        let mut from = usize::from(wanted.start);
        while from < wanted.end.into() {
            let till = from.saturating_add(GREETING_PART_BYTES).min(wanted.end.into());
            parts.push(from..till);
            from = till;
        }
        let missing = self.theirs.wanted();
        // Whose words came with it hears by their answer that the rest did, too.
        if parts.is_empty() && (asked.rest.is_empty() || !missing.is_empty()) {
            parts.push(0..0);
        }
        let mut answers = Vec::new();
        for part in parts {
            let part = match self.heard_from.takes(part.len().saturating_add(OVERHEAD_BYTES)) {
                true => part,
                // At least the proof, with which there will be more.
                false if answers.is_empty() && self.heard_from.takes(OVERHEAD_BYTES) => 0..0,
                false => break,
            };
            answers.push(Greeting {
                number: asked.number,
                proof: self.heard_from.proof,
                wanted: missing.clone(),
                end,
                offset: u16::try_from(part.start).unwrap_or(u16::MAX),
                part: self.said.get(part).unwrap_or_default().to_vec(),
                rest: Vec::new(),
            });
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

    use rustls::{
        ClientConfig, ClientConnection, RootCertStore,
        crypto::{CryptoProvider, aws_lc_rs},
        pki_types::ServerName,
    };
    use sogon_packet::Freshness;

    use super::*;
    use crate::{identity::Identity, sessions::Sessions};

    const PRINT: Fingerprint = Fingerprint([7; 32]);

    fn greetings(limits: &Limits) -> Greetings {
        let (identity, sessions) = (Identity::fresh().unwrap(), Arc::<Sessions>::default());
        Greetings::new(PRINT, crate::tls::config(&identity, sessions).unwrap(), limits)
    }

    /// What a client says first.
    fn hello() -> Vec<u8> {
        let provider = CryptoProvider {
            kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768],
            ..aws_lc_rs::default_provider()
        };
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let name = ServerName::try_from("relay.example").unwrap();
        let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        bytes
    }

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn packet(id: u32, greeting: &Greeting) -> Vec<u8> {
        let id = PacketId(u64::from(id).to_be_bytes());
        Keys::greeting(&PRINT.0, id).seal_question(Freshness([5; 13]), &greeting.encode())
    }

    fn part(hello: &[u8], range: Range<usize>, wanted: Range<u16>, proof: u32) -> Greeting {
        static NUMBER: AtomicU16 = AtomicU16::new(0);
        let end = u16::try_from(hello.len()).unwrap();
        let (offset, part) = (u16::try_from(range.start).unwrap(), hello[range].to_vec());
        let number = NUMBER.fetch_add(1, Relaxed);
        Greeting { number, proof, wanted, end, offset, part, rest: Vec::new() }
    }

    #[test]
    fn an_address_that_was_not_proved_gets_three_times_what_came_from_it() {
        let (greetings, hello, now) = (greetings(&Limits::default()), hello(), Instant::now());
        let mut came = 0;
        let mut went = 0;
        let say = |port, greeting: Greeting| {
            let datagram = packet(1, &greeting);
            let greeted = greetings.take(&datagram, at(port), now).unwrap();
            let bytes: usize =
                greeted.answers.iter().map(|its| its.part.len() + OVERHEAD_BYTES).sum();
            (datagram.len(), bytes, greeted.answers)
        };
        for range in [0..1_000, 1_000..hello.len()] {
            let (bytes_in, bytes_out, _) = say(1, part(&hello, range, 0..GREETING_BYTES, 0));
            (came, went) = (came + bytes_in, went + bytes_out);
        }
        assert!(went > 1_000, "the whole of its part was said");
        let mut proof = 0;
        for _ in 0..100 {
            let (bytes_in, bytes_out, answers) = say(1, part(&hello, 0..0, 0..GREETING_BYTES, 0));
            (came, went) = (came + bytes_in, went + bytes_out);
            proof = answers.first().expect("the proof at least").proof;
        }
        assert!(went <= 3 * came, "{went} for {came}");
        let whole = say(1, part(&hello, 0..0, 0..GREETING_BYTES, proof)).1;
        assert!(whole > 1_000, "{whole}");
        // The proof is worth nothing elsewhere, and there another one is needed.
        let elsewhere = part(&hello, 0..0, 0..GREETING_BYTES, proof);
        let (bytes_in, bytes_out, answers) = say(2, elsewhere.clone());
        assert!(bytes_out <= 3 * bytes_in);
        assert!(answers.len() == 1 && answers[0].proof != proof, "it gets a proof of its own");
        // What somebody sends again from a third place moves nobody there.
        assert!(greetings.take(&packet(1, &elsewhere), at(3), now).is_none());
        let there = part(&hello, 0..0, 0..GREETING_BYTES, answers[0].proof);
        assert!(say(2, there).1 > 1_000);
    }

    const GREETING_BYTES: u16 = sogon_wire::packet::GREETING_BYTES_MAX;

    #[test]
    fn what_is_missing_is_asked_for_and_what_is_wanted_is_said() {
        let (greetings, hello, now) = (greetings(&Limits::default()), hello(), Instant::now());
        let last = packet(1, &part(&hello, 1_000..hello.len(), 0..0, 0));
        let greeted = greetings.take(&last, at(1), now).unwrap();
        assert_eq!(greeted.answers[0].wanted, 0..1_000);
        let first = packet(1, &part(&hello, 0..1_000, 0..GREETING_BYTES, 0));
        let greeted = greetings.take(&first, at(1), now).unwrap();
        let end = usize::from(greeted.answers[0].end);
        let said: usize = greeted.answers.iter().map(|answer| answer.part.len()).sum();
        assert_eq!((said, greeted.answers[0].wanted.is_empty()), (end, true));
        assert!(greeted.agreed.is_none(), "the client has not finished");
    }

    #[test]
    fn nobody_is_answered_who_does_not_know_the_relay_or_speaks_no_tls() {
        let (greetings, hello, now) = (greetings(&Limits::default()), hello(), Instant::now());
        let greeting = part(&hello, 0..1_000, 0..0, 0);
        let (id, fresh) = (PacketId([1; 8]), Freshness([5; 13]));
        let other = Keys::greeting(&[8; 32], id).seal_question(fresh, &greeting.encode());
        assert!(greetings.take(&other, at(1), now).is_none());
        assert!(greetings.take(&[0x40; 300], at(1), now).is_none());
        let nonsense = part(&[0x55; 300], 0..300, 0..0, 0);
        assert!(greetings.take(&packet(1, &nonsense), at(1), now).is_none());
        assert!(greetings.under_way().greetings.is_empty());
    }

    #[test]
    fn a_flood_of_greetings_takes_so_much_room_and_pushes_out_nobody_who_hears() {
        let limits = Limits { arrivals_per_s: 100_000, ..Limits::default() };
        let (greetings, hello) = (greetings(&limits), hello());
        let begun = Instant::now();
        let first = part(&hello, 0..1_000, 0..0, 0);
        let greeted = greetings.take(&packet(0, &first), at(1), begun).unwrap();
        let hears = part(&hello, 0..0, 0..0, greeted.answers[0].proof);
        assert!(greetings.take(&packet(0, &hears), at(1), begun).unwrap().proved.is_some());
        for id in 1..2_000 {
            let now = begun + Duration::from_micros(id.into());
            assert!(greetings.take(&packet(id, &first), at(2), now).is_some(), "{id}");
        }
        let known = |id: u32| {
            let id = PacketId(u64::from(id).to_be_bytes());
            greetings.under_way().greetings.contains_key(&id)
        };
        assert_eq!(greetings.under_way().greetings.len(), GREETINGS_MAX);
        assert!(known(0) && known(1_999) && !known(1));
        let empty = packet(8_888, &part(&hello, 0..0, 0..0, 0));
        assert!(greetings.take(&empty, at(1), begun).is_none(), "nothing is said");
        greetings.take(&packet(9_998, &first), at(2), begun + UNPROVED_MAX * 2).unwrap();
        assert!(known(0) && !known(1_999), "those who showed nothing are over first");
        greetings.take(&packet(9_999, &first), at(2), begun + limits.handshake_max).unwrap();
        assert_eq!(greetings.under_way().greetings.len(), 1, "those of long ago are over");

        let few = Limits { arrivals_per_s: 5, ..Limits::default() };
        let greetings = self::greetings(&few);
        let taken = |id: &u32| greetings.take(&packet(*id, &first), at(1), begun).is_some();
        assert!((0..100).filter(taken).count() <= 10);
    }
}
