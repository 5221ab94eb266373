//! Visits in virtual time: a relay that only knows what packets say, and a link that loses,
//! delays and queues. Thousands of them take a second.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::print_stderr,
    reason = "a simulation in a test: what overflows fails it"
)]

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use sogon_packet::{Chain, Freshness, Keys};
use sogon_wire::{
    Append, ENTRIES_BYTES_MAX, LogName, PublicWriteKey, Reply, Request, SealedBox, Seq,
    WriteSignature,
    packet::{
        Answer, Answers, Holdings, PACKET_BYTES_MAX, PieceOf, Question, Questions, UNORDERED,
        all_pieces, piece_of, pieces_of,
    },
};

use super::{Timing, exchange::Exchange};

/// Chance from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        let hash = Sha256::digest(self.0.to_be_bytes());
        u64::from_be_bytes(hash[..8].try_into().unwrap())
    }

    fn permille(&mut self) -> u64 {
        self.roll() % 1_000
    }
}

/// A link, both ways alike.
#[derive(Clone, Copy)]
struct Way {
    bytes_per_s: u64,
    delay: Duration,
    loss_permille: u64,
    /// Of every so long, so long is silence at the end.
    outage: Option<(Duration, Duration)>,
}

const EDGE: Way =
    Way { bytes_per_s: 6_250, delay: Duration::from_millis(300), loss_permille: 50, outage: None };

fn boxed(fill: u64, size: usize) -> SealedBox {
    let mut bytes = vec![0x5a; size];
    bytes[..8].copy_from_slice(&fill.to_be_bytes());
    SealedBox::parse(&bytes).unwrap()
}

fn log(number: u8) -> (PublicWriteKey, LogName) {
    let key = PublicWriteKey([number; 32]);
    (key, key.log())
}

fn append(number: u8, fill: u64, size: usize) -> Request {
    let signature = WriteSignature([0; 64]);
    Request::Append(Append { key: log(number).0, signature, boxed: boxed(fill, size) })
}

fn read(number: u8, after: Seq) -> Request {
    Request::Read { log: log(number).1, after, bytes_max: ENTRIES_BYTES_MAX }
}

/// A relay that answers as SPEC 10 says, as simply as can be.
#[derive(Default)]
struct Model {
    logs: BTreeMap<LogName, Vec<SealedBox>>,
    parcels: BTreeMap<PieceOf, BTreeMap<u8, Vec<u8>>>,
    next: BTreeMap<LogName, u16>,
    waiting: BTreeMap<(LogName, u16), (u16, Append)>,
    proved: bool,
    /// The last word on appends of this visit, newest first.
    lately: Vec<Answer>,
}

impl Model {
    fn place(&mut self, append: Append) -> Seq {
        let log = self.logs.entry(append.key.log()).or_default();
        if let Some(place) = log.iter().position(|known| *known == append.boxed) {
            return place as Seq + 1;
        }
        log.push(append.boxed);
        log.len() as Seq
    }

    fn in_turn(&mut self, tag: u16, order: u16, append: Append, said: &mut Vec<Answer>) {
        let log = append.key.log();
        let next = *self.next.entry(log).or_default();
        if order > next && order != UNORDERED {
            self.waiting.insert((log, order), (tag, append));
            return said.push(Answer::Waiting(tag));
        }
        said.push(Answer::Appended(tag, self.place(append)));
        if order == next {
            self.next.insert(log, next + 1);
            if let Some((tag, append)) = self.waiting.remove(&(log, next + 1)) {
                self.in_turn(tag, next + 1, append, said);
            }
        }
    }

    fn answer(&mut self, bytes: usize, questions: Questions) -> Vec<Answers> {
        self.proved |= questions.proof == 9;
        let mut room = if self.proved { 200_000 } else { bytes * 3 };
        let mut said = Vec::new();
        // What a packet asks to read is read before what it appends.
        let reads =
            |its: &Question| matches!(its, Question::Read { .. } | Question::Missing { .. });
        let (mut items, others): (Vec<_>, Vec<_>) = questions.items.into_iter().partition(reads);
        items.extend(others);
        for question in items {
            match question {
                Question::Append { tag, order, append } => {
                    self.in_turn(tag, order, append, &mut said);
                }
                Question::Piece { tag, order, of, count, index, bytes } => {
                    let parcel = self.parcels.entry(of).or_default();
                    parcel.insert(index, bytes);
                    let held = parcel.keys().fold(0, |held, index| held | 1u64 << index);
                    if held != all_pieces(count) {
                        said.push(Answer::Held { tag, of, pieces: held });
                        continue;
                    }
                    let body: Vec<u8> = parcel.values().flatten().copied().collect();
                    let key = PublicWriteKey(body[..32].try_into().unwrap());
                    let boxed = SealedBox::parse(&body[96..]).unwrap();
                    let append = Append { key, signature: WriteSignature([0; 64]), boxed };
                    self.in_turn(tag, order, append, &mut said);
                }
                Question::Read { tag, log, after, till, bytes_max } => {
                    let room_here = room.min(bytes_max as usize);
                    room -= self.bring(&mut said, tag, (log, after, till), None, room_here);
                }
                Question::Missing { tag, log, seq, wanted } => {
                    room -= self.bring(&mut said, tag, (log, seq - 1, seq), Some(wanted), room);
                }
                Question::About(_) | Question::Equal | Question::Speak(..) | Question::Where(_) => {
                }
            }
        }
        let news = |item: &Answer| matches!(item, Answer::Appended(..) | Answer::Waiting(_));
        let tags: BTreeSet<_> = said.iter().map(Answer::tag).collect();
        self.lately.retain(|item| !tags.contains(&item.tag()));
        let again = self.lately.clone();
        self.lately.splice(0..0, said.iter().filter(|item| news(item)).cloned());
        self.lately.truncate(16);
        said.extend(again);
        let mut packets = vec![Vec::new()];
        let mut used = 6;
        for item in said {
            let length = item.encode().len();
            if used + length > PACKET_BYTES_MAX {
                packets.push(Vec::new());
                used = 6;
            }
            used += length;
            packets.last_mut().unwrap().push(item);
        }
        let number = questions.number;
        packets.into_iter().map(|items| Answers { number, proof: 9, items }).collect()
    }

    fn bring(
        &self,
        said: &mut Vec<Answer>,
        tag: u16,
        (log, after, till): (LogName, Seq, Seq),
        wanted: Option<u64>,
        room: usize,
    ) -> usize {
        let boxes = self.logs.get(&log).map_or(&[][..], Vec::as_slice);
        let head = boxes.len() as Seq;
        if head == after {
            said.push(Answer::Quiet(tag));
            return 0;
        }
        let (mut left, mut last, mut items) = (room, after, Vec::new());
        let till = if till == 0 { head } else { till.min(head) };
        for seq in after + 1..=till {
            let boxed = &boxes[seq as usize - 1];
            let size = boxed.as_bytes().len();
            if size <= 1_024 {
                if left < size + 40 {
                    break;
                }
                left -= size + 40;
                items.push((seq, None, boxed.as_bytes().to_vec()));
            } else {
                let is_wanted = |index: &u8| wanted.is_none_or(|mask| mask >> index & 1 == 1);
                let mut any = false;
                for index in (0..pieces_of(size)).filter(is_wanted) {
                    if left < 1_180 {
                        break;
                    }
                    left -= 1_180;
                    any = true;
                    items.push((seq, Some(index), piece_of(boxed.as_bytes(), index).to_vec()));
                }
                if !any {
                    break;
                }
            }
            last = seq;
        }
        let held = Holdings { first: after + 1, till: last, head };
        if items.is_empty() {
            said.push(Answer::Boxes { tag, held, from: after + 1, boxes: Vec::new() });
        }
        for (seq, index, bytes) in items {
            said.push(match index {
                None => {
                    let boxes = vec![SealedBox::parse(&bytes).unwrap()];
                    Answer::Boxes { tag, held, from: seq, boxes }
                }
                Some(index) => {
                    let step = boxes[seq as usize - 1].step();
                    Answer::Piece { tag, held, seq, step, index, bytes }
                }
            });
        }
        room - left
    }
}

/// When it arrives, in which order, whether at the relay, and its bytes.
type Flying = (Instant, u64, bool, Vec<u8>);

struct World {
    dice: Dice,
    way: Way,
    start: Instant,
    now: Instant,
    /// When each direction's transmitter is free.
    free: [Instant; 2],
    air: BinaryHeap<Reverse<Flying>>,
    counter: u64,
    keys: Keys,
    model: Model,
    bytes: [usize; 2],
}

impl World {
    fn new(seed: u64, way: Way) -> Self {
        let start = Instant::now();
        Self {
            dice: Dice(seed << 32),
            way,
            start,
            now: start,
            free: [start; 2],
            air: BinaryHeap::new(),
            counter: 0,
            keys: Chain::new([7; 32]).keys(),
            model: Model::default(),
            bytes: [0; 2],
        }
    }

    fn fresh(&mut self) -> Freshness {
        self.counter += 1;
        let mut bytes = [0; 13];
        bytes[1..9].copy_from_slice(&self.counter.to_be_bytes());
        Freshness(bytes)
    }

    fn is_out(&self, at: Instant) -> bool {
        self.way.outage.is_some_and(|(period, silence)| {
            let place = (at - self.start).as_millis() % period.as_millis();
            place >= (period - silence).as_millis()
        })
    }

    fn put_on_air(&mut self, to_relay: bool, bytes: Vec<u8>) {
        let direction = usize::from(to_relay);
        let length = bytes.len() + 28;
        self.bytes[direction] += length;
        let time = Duration::from_micros(length as u64 * 1_000_000 / self.way.bytes_per_s);
        let begin = self.free[direction].max(self.now);
        if begin - self.now > Duration::from_secs(12) {
            return;
        }
        self.free[direction] = begin + time;
        if self.dice.permille() < self.way.loss_permille || self.is_out(begin) {
            return;
        }
        self.counter += 1;
        self.air.push(Reverse((begin + time + self.way.delay, self.counter, to_relay, bytes)));
    }

    /// Runs a visit until every question is answered; how long it took, and the answers.
    fn visit(
        &mut self,
        timing: Timing,
        questions: Vec<Request>,
    ) -> (Duration, BTreeMap<u16, Reply>, Timing) {
        let begun = self.now;
        let mut exchange = Exchange::new(self.keys.clone(), timing, self.now);
        for (tag, question) in (0..).zip(&questions) {
            assert!(exchange.ask(tag, question));
        }
        let mut replies = BTreeMap::new();
        while !exchange.is_done() {
            let fresh = self.fresh();
            if let Some(packet) = exchange.next_packet(self.now, fresh) {
                self.put_on_air(true, packet);
                continue;
            }
            let arrival = self.air.peek().map(|Reverse((at, ..))| *at);
            let deadline = exchange.deadline();
            let next = [arrival, deadline].into_iter().flatten().min();
            let next = next.expect("nothing is under way and nothing will ever be done");
            self.now = self.now.max(next);
            let took = self.now - begun;
            assert!(took < Duration::from_secs(3_600), "an hour: {exchange:?} {:?}", self.bytes);
            if arrival != Some(next) {
                exchange.tick(self.now);
                continue;
            }
            let Some(Reverse((_, _, to_relay, bytes))) = self.air.pop() else { continue };
            if to_relay {
                let plain = self.keys.open_question(&bytes).unwrap();
                let answers = self.model.answer(bytes.len(), Questions::parse(&plain).unwrap());
                for packet in answers {
                    let fresh = self.fresh();
                    let sealed = self.keys.seal_answer(fresh, &packet.encode(0));
                    self.put_on_air(false, sealed);
                }
            } else {
                for (tag, reply) in exchange.hear(&bytes, self.now).unwrap_or_default() {
                    assert!(replies.insert(tag, reply).is_none(), "answered twice");
                }
            }
        }
        (self.now - begun, replies, exchange.timing())
    }

    fn fill(&mut self, number: u8, boxes: impl Iterator<Item = (u64, usize)>) {
        let boxes = boxes.map(|(fill, size)| boxed(fill, size)).collect();
        self.model.logs.insert(log(number).1, boxes);
    }
}

fn known(way: Way) -> Timing {
    let rate = u32::try_from(way.bytes_per_s).unwrap();
    Timing {
        round_trip_ms: u32::try_from(way.delay.as_millis()).unwrap() * 2 + 80,
        deviation_ms: 30,
        loss_permille: u16::try_from(way.loss_permille * 2).unwrap(),
        rate_up: rate,
        rate_down: rate,
    }
}

fn sizes() -> impl Iterator<Item = (u64, usize)> {
    let steps = [352, 352, 3_072, 512, 352, 16_384, 1_024, 352, 4_608, 65_536, 352];
    (0..).zip(steps)
}

#[test]
fn one_text_and_four_logs_take_one_round_trip_and_less_than_a_kilobyte() {
    let way = Way { loss_permille: 0, ..EDGE };
    let mut world = World::new(1, way);
    world.fill(1, std::iter::empty());
    let mut questions: Vec<_> = (2..6).map(|number| read(number, 0)).collect();
    questions.push(append(1, 1, 352));
    let (took, replies, _) = world.visit(known(way), questions);
    assert_eq!(replies.len(), 5);
    assert!(took < Duration::from_millis(740), "{took:?}");
    assert!(world.bytes.iter().sum::<usize>() < 800, "{:?}", world.bytes);
}

/// Whatever the link does, everything asked is answered, once, and truly.
#[test]
fn everything_is_answered_whatever_is_lost() {
    let ways = [
        EDGE,
        Way { loss_permille: 300, ..EDGE },
        Way { loss_permille: 600, ..EDGE },
        Way { bytes_per_s: 2_500, delay: Duration::from_millis(500), loss_permille: 150, ..EDGE },
        Way { outage: Some((Duration::from_secs(30), Duration::from_secs(20))), ..EDGE },
        Way { bytes_per_s: 1_250_000, delay: Duration::from_millis(1), loss_permille: 10, ..EDGE },
    ];
    for (place, way) in ways.into_iter().enumerate() {
        for seed in 0..12 {
            let mut world = World::new(seed * 10 + place as u64, way);
            world.fill(2, sizes());
            let mut questions: Vec<_> = sizes().map(|(fill, size)| append(1, fill, size)).collect();
            questions.extend([read(2, 0), read(3, 0), read(2, 8)]);
            let timing = if seed % 2 == 0 { Timing::default() } else { known(way) };
            let (_, replies, _) = world.visit(timing, questions);
            let written: BTreeSet<_> =
                world.model.logs[&log(1).1].iter().map(|boxed| boxed.as_bytes().to_vec()).collect();
            let expected: Vec<_> = sizes().map(|(fill, size)| boxed(fill, size)).collect();
            assert_eq!(written.len(), expected.len());
            let mut last = 0;
            for (tag, boxed) in (0u16..).zip(&expected) {
                let Some(Reply::Appended { seq }) = replies.get(&tag) else { panic!("{tag}") };
                assert_eq!(&world.model.logs[&log(1).1][*seq as usize - 1], boxed);
                assert!(*seq > last, "in the order they were asked for");
                last = *seq;
            }
            let first = u16::try_from(expected.len()).unwrap();
            let boxes = |tag: u16| match &replies[&tag] {
                Reply::Entries { from, boxes, .. } => (*from, boxes.clone()),
                other => panic!("{other:?}"),
            };
            assert_eq!(boxes(first), (1, expected.clone()), "way {place} seed {seed}");
            assert_eq!(boxes(first + 1), (1, vec![]));
            assert_eq!(boxes(first + 2), (9, expected[8..].to_vec()));
        }
    }
}

/// What a visit lays down itself is in what it reads, and is not fetched: neither when the first
/// packet is lost, nor when answers are.
#[test]
fn nobody_fetches_what_they_laid_down_themselves() {
    let mut lossless = 0;
    for seed in 0..60 {
        let loss_permille = if seed == 0 { 0 } else { 150 };
        let way = Way { bytes_per_s: 2_500, loss_permille, ..EDGE };
        let mut world = World::new(seed, way);
        world.fill(1, [(90, 352), (91, 352)].into_iter());
        let texts = (0..5).map(|fill| append(1, fill, 1_024));
        let (_, replies, _) = world.visit(known(way), texts.chain([read(1, 2)]).collect());
        let Some(Reply::Entries { from: 3, boxes, .. }) = replies.get(&5) else {
            panic!("{replies:?}");
        };
        assert!(boxes.iter().zip(0..).all(|(its, fill)| *its == boxed(fill, 1_024)));
        if seed == 0 {
            lossless = world.bytes[0];
        }
        // Short answers, some of them twice; and no box.
        assert!(world.bytes[0] < 3 * lossless + 300, "{:?}", world.bytes);
    }
}

/// On a slow way nothing is asked for again while it is still coming.
#[test]
fn what_comes_slowly_comes_once() {
    for bytes_per_s in [2_500, 1_500] {
        let way =
            Way { bytes_per_s, delay: Duration::from_millis(500), loss_permille: 0, outage: None };
        let mut timing = Timing::default();
        for visit in 0..3 {
            let mut world = World::new(visit, way);
            (_, _, timing) = world.visit(timing, vec![append(1, visit, 352), read(2, 0)]);
        }
        let mut world = World::new(9, way);
        world.fill(1, (0..10).map(|fill| (fill, 1_024)));
        world.visit(timing, vec![read(1, 0)]);
        assert!(world.bytes[0] < 10 * 1_024 * 5 / 4, "{:?}", world.bytes);
    }
}

/// What visits take beside the floor of their link: a round trip and the bytes at the link's rate.
/// The way is learned on twenty small visits before, as homes learn it; what they learn over larger
/// ones, rates and the exact loss, is known or is not. In order, the shortest first.
fn ratios(way: Way, sizes: &[usize], well_known: bool) -> Vec<f64> {
    let bytes: usize = sizes.iter().map(|size| size + 160).sum();
    let bytes_s = bytes as f64 / way.bytes_per_s as f64;
    let floor = (way.delay * 2).as_secs_f64() + bytes_s;
    let visit = |seed: u64| {
        let mut timing = Timing::default();
        for visit in 0..20 {
            let mut world = World::new(seed * 1_000 + visit, way);
            world.fill(2, std::iter::empty());
            (_, _, timing) = world.visit(timing, vec![append(1, visit, 352), read(1, 0)]);
        }
        if well_known {
            let Timing { round_trip_ms, deviation_ms, .. } = timing;
            timing = Timing { round_trip_ms, deviation_ms, ..known(way) };
        }
        let mut world = World::new(seed * 1_000 + 20, way);
        let texts = (0..).zip(sizes).map(|(fill, size)| append(1, fill, *size));
        let (took, ..) = world.visit(timing, texts.chain([read(1, 0), read(2, 0)]).collect());
        took.as_secs_f64() / floor
    };
    // Files take so many packets that chance evens out.
    let visits = if bytes > 16_384 { 40 } else { 200 };
    let mut ratios: Vec<f64> = (0..visits).map(visit).collect();
    ratios.sort_by(f64::total_cmp);
    ratios
}

/// One text, fifty in the box they are packed into, eight boxes, and pieces of a file: the median, and
/// what one in ten, in twenty and in fifty exceeds. To know the way well makes nothing worse.
#[test]
fn bursts_are_near_the_floor_of_their_link() {
    let gprs = Way {
        bytes_per_s: 2_500,
        delay: Duration::from_millis(500),
        loss_permille: 150,
        outage: None,
    };
    let thirty = Way { loss_permille: 300, ..EDGE };
    let works: [&[usize]; 4] = [&[352], &[6_144], &[1_024; 8], &[16_384; 4]];
    let most = [
        (
            "EDGE",
            EDGE,
            [
                [(1.1, 3.0), (1.2, 2.8), (1.2, 2.6), (1.3, 1.5)],
                [(1.1, 3.0), (1.2, 2.4), (1.2, 1.9), (1.3, 1.5)],
            ],
        ),
        (
            "GPRS",
            gprs,
            [
                [(1.1, 4.6), (1.6, 2.9), (1.5, 2.6), (1.5, 1.8)],
                [(1.1, 2.1), (1.5, 2.7), (1.45, 2.1), (1.5, 1.8)],
            ],
        ),
        (
            "30 %",
            thirty,
            [
                [(1.5, 4.4), (2.5, 5.4), (2.3, 4.8), (2.2, 3.0)],
                [(1.3, 3.0), (2.4, 4.4), (2.2, 4.2), (2.2, 2.8)],
            ],
        ),
    ];
    for (name, way, limits) in most {
        for (well_known, limits) in [false, true].into_iter().zip(limits) {
            for (sizes, (median, worst)) in works.into_iter().zip(limits) {
                let ratios = ratios(way, sizes, well_known);
                let at = |percent: usize| ratios[ratios.len() * percent / 100];
                let (count, size) = (sizes.len(), sizes[0]);
                let all = [50, 90, 95, 98].map(|percent| format!(" {:.2}", at(percent))).concat();
                eprintln!("{name} {well_known} {count} x {size}:{all}");
                assert!(at(50) < median, "{name}, {count} x {size}: {:.2}", at(50));
                assert!(at(95) < worst, "{name}, {count} x {size}: {:.2}", at(95));
            }
        }
    }
}
