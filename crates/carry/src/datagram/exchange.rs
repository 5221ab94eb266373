//! One visit by datagrams: what leaves, when it leaves again, and what has come. Without a socket
//! and without a clock of its own.
//!
//! Every question is asked until it is answered. Asking twice does no harm, so a packet is never
//! sent a second time: what was lost goes into a new one. What comes back is in `answers.rs`, what
//! does not in `late.rs`, and what leaves once more before that is known in `copies.rs`.

mod answers;
mod copies;
mod late;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::{Duration, Instant},
};

use sogon_packet::{ANSWER_OVERHEAD_BYTES, Freshness, Keys, QUESTION_OVERHEAD_BYTES};
use sogon_wire::{
    LogName, Reply, Request, Tag,
    packet::{PACKET_BYTES_MAX, PACKET_HEAD_BYTES, Question, Questions, UNORDERED},
};

use crate::link::Rank;

use super::{
    air::Air,
    rate::Rate,
    reading::Wanted,
    task::{Task, Unit},
    timing::Timing,
    window::Window,
};

/// What a read asks for at first, when the way down is not known.
const READ_BYTES_FIRST: u32 = 12_288;
const READ_BYTES_MAX: u32 = 131_072;
/// Goes after everything that [`Task::class`] says.
const CLASS_OF_FILES: u8 = 3;
/// Packets that are sent when nothing is heard, to find out whether the way is back.
const PROBES: usize = 2;
/// A read that was asked for so often and did not grow is given out as far as it came.
const ASKINGS_MAX: u32 = 64;

/// What a packet of an even visit has: its answer, sealed, is as large as it is, and still fits.
const EVEN_BYTES: usize = PACKET_BYTES_MAX - (QUESTION_OVERHEAD_BYTES - ANSWER_OVERHEAD_BYTES);

/// A question's tag in this visit. Those of the engine come back after a while, and a late answer
/// to an earlier question must not be taken for one to a later.
pub(super) type Own = Tag;

/// Which unit of which question.
pub(super) type Key = (Own, Unit);

/// A visit.
pub(crate) struct Exchange {
    keys: Keys,
    /// The questions that are open, with the tag their answer shall carry.
    tasks: BTreeMap<Own, (Tag, Task)>,
    next_own: Own,
    turns: BTreeMap<LogName, u16>,
    /// How many boxes for each log have no place yet.
    laying: BTreeMap<LogName, usize>,
    /// Appends that wait at the relay for earlier ones.
    parked: BTreeSet<Own>,
    /// Questions about files.
    files: BTreeSet<Own>,
    /// To be sent, in the order they were asked for; the class of the task decides first.
    waiting: BTreeSet<(u8, u64, Key)>,
    asked: BTreeMap<Own, u32>,
    order: u64,
    air: Air,
    proof: u32,
    window: Window,
    timing: Timing,
    read_bytes: u32,
    silences: u32,
    begun: Instant,
    heard: Option<Instant>,
    /// A round trip was measured.
    answered: bool,
    /// When the last packets leave a second time, if nothing else does and nobody answers.
    copy_at: Option<Instant>,
    /// Reads that wait to be asked in a copy.
    hurried: BTreeSet<Own>,
    /// How often they did since the last question or silence.
    copied: u8,
    /// This visit was silent once: its last packets are worth a copy.
    was_silent: bool,
    sent: u32,
    /// Packets that count as lost, and those that were answered: of the others nobody knows.
    lost: u32,
    acked: u32,
    rate: Rate,
    /// Every packet is as large as any, and asks for one as large.
    even: bool,
}

impl Exchange {
    pub(crate) fn new(keys: Keys, timing: Timing, now: Instant) -> Self {
        let known = timing.round_trip_ms != 0;
        let (rate, trip) = (timing.rate_up, timing.round_trip());
        let read_bytes = match timing.rate_down {
            0 => READ_BYTES_FIRST,
            rate => rate.saturating_mul(2).clamp(READ_BYTES_FIRST, READ_BYTES_MAX),
        };
        Self {
            keys,
            tasks: BTreeMap::new(),
            next_own: 0,
            turns: BTreeMap::new(),
            laying: BTreeMap::new(),
            parked: BTreeSet::new(),
            files: BTreeSet::new(),
            waiting: BTreeSet::new(),
            asked: BTreeMap::new(),
            order: 0,
            air: Air::new(rate, trip),
            proof: 0,
            window: Window::new(rate, trip, known, timing.loss_permille),
            timing,
            read_bytes,
            silences: 0,
            begun: now,
            heard: None,
            answered: false,
            copy_at: None,
            hurried: BTreeSet::new(),
            copied: 0,
            was_silent: false,
            sent: 0,
            lost: 0,
            acked: 0,
            rate: Rate::default(),
            even: false,
        }
    }

    /// A visit in which every packet that may leave does, full or empty and of one size, and is
    /// answered by one of that size. Whoever calls has to keep the pace.
    pub(crate) fn even(keys: Keys, timing: Timing, now: Instant) -> Self {
        Self { even: true, ..Self::new(keys, timing, now) }
    }

    /// Takes a question; false for one that needs a connection.
    pub(crate) fn ask(&mut self, tag: Tag, request: &Request) -> bool {
        self.ask_as(Rank::Words, tag, request)
    }

    /// As [`Exchange::ask`], with what goes first.
    pub(crate) fn ask_as(&mut self, rank: Rank, tag: Tag, request: &Request) -> bool {
        // There are far fewer questions in a visit than tags; should they run out, a connection
        // takes the rest.
        let own = self.next_own;
        let order = match rank {
            Rank::Words => self.order_of(request),
            Rank::Files => UNORDERED,
        };
        let task = Task::new(own, order, request).filter(|_| own < Own::MAX);
        let Some(task) = task else { return false };
        self.next_own = own.saturating_add(1);
        if rank == Rank::Files {
            self.files.insert(own);
        }
        if let Some((log, _)) = task.laid() {
            let laying = self.laying.entry(log).or_default();
            *laying = laying.saturating_add(1);
        }
        let class = self.class(own, &task);
        for unit in task.units() {
            self.wait(class, (own, unit));
        }
        self.tasks.insert(own, (tag, task));
        if rank == Rank::Words {
            self.copied = 0;
        }
        true
    }

    /// How many appends to the same log came before in this visit. Everything else has no turn.
    fn order_of(&mut self, request: &Request) -> u16 {
        let Request::Append(append) = request else { return UNORDERED };
        let turn = self.turns.entry(append.key.log()).or_default();
        let order = *turn;
        *turn = turn.saturating_add(1);
        order
    }

    /// What goes first: the task says it, and files come after everything.
    fn class(&self, own: Own, task: &Task) -> u8 {
        if self.files.contains(&own) { CLASS_OF_FILES } else { task.class() }
    }

    fn wait(&mut self, class: u8, key: Key) {
        self.order = self.order.saturating_add(1);
        if !self.waiting.iter().any(|(_, _, known)| *known == key) {
            self.waiting.insert((class, self.order, key));
        }
    }

    fn wait_again(&mut self, key: Key) {
        let Some((_, task)) = self.tasks.get(&key.0) else { return };
        if !task.has(key.1) && !self.parked.contains(&key.0) {
            let class = self.class(key.0, task);
            self.wait(class, key);
        }
    }

    /// What a lost packet asked for is asked for again, as far as it is still missing.
    fn lost_unit(&mut self, key: Key) {
        match key.1 {
            Unit::Part(Wanted::Gap(..) | Wanted::Pieces(..)) => self.ask_for_gaps(key.0),
            _ => self.wait_again(key),
        }
    }

    /// Everything that was asked is answered.
    pub(crate) fn is_done(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Everything that was asked left at least once.
    pub(crate) fn is_sent(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Anything left.
    pub(crate) fn has_sent(&self) -> bool {
        self.sent > 0
    }

    /// How long nothing was heard; from the beginning when nothing ever was.
    pub(crate) fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.heard.unwrap_or(self.begun))
    }

    /// Whether anything was heard at all.
    pub(crate) fn is_heard(&self) -> bool {
        self.heard.is_some()
    }

    /// What was learned of the way.
    pub(crate) fn timing(&self) -> Timing {
        let mut timing = self.timing;
        if self.heard.is_some() {
            timing.lost(self.lost, self.lost.saturating_add(self.acked));
            if !self.even {
                self.rate.teach(&mut timing);
                if let (0, Some(rate)) = (timing.rate_up, self.air.rate()) {
                    timing.rate_up = rate;
                }
            }
        }
        timing
    }

    /// What has come of reads that are not whole: the line is lost.
    pub(crate) fn so_far(&mut self) -> Vec<(Tag, Reply)> {
        let tasks = std::mem::take(&mut self.tasks);
        tasks.into_values().filter_map(|(tag, task)| Some((tag, task.so_far()?))).collect()
    }

    /// The next packet that may leave now, sealed.
    pub(crate) fn next_packet(&mut self, now: Instant, fresh: Freshness) -> Option<Vec<u8>> {
        self.send_copies(now);
        if self.air.in_flight() >= self.window.bytes() && !self.even {
            return None;
        }
        let (mut items, units) = self.fill();
        let bytes_least = if self.even { EVEN_BYTES } else { 0 };
        match self.even {
            true => items.push(Question::Equal),
            false if units.is_empty() => return None,
            false => {}
        }
        // There are never 65,536 packets in a visit.
        let low = u16::try_from(self.air.next() & 0xffff).unwrap_or_default();
        let plain = Questions { number: low, proof: self.proof, items }.encode(bytes_least);
        let datagram = self.keys.seal_question(fresh, &plain);
        self.sent = self.sent.saturating_add(1);
        self.rate.begins(now);
        self.air.send(now, datagram.len(), self.timer(), units);
        self.plan_copies(now);
        Some(datagram)
    }

    /// Takes units off the queue as long as they fit one packet: small ones fill what is left.
    fn fill(&mut self) -> (Vec<Question>, Vec<Key>) {
        let whole = if self.even { EVEN_BYTES.saturating_sub(1) } else { PACKET_BYTES_MAX };
        let mut room = whole.saturating_sub(PACKET_HEAD_BYTES);
        let (mut items, mut units, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        for entry @ (_, _, (tag, unit)) in &self.waiting {
            let open = self.tasks.get(tag).filter(|(_, task)| !task.has(*unit));
            let Some((_, task)) = open else {
                sent.push(*entry);
                continue;
            };
            if self.is_held_back(*tag) && !self.goes_with_all(task, &items) {
                continue;
            }
            let read_bytes = match self.hurried.contains(tag) {
                true => copies::READ_BYTES,
                false => self.read_bytes,
            };
            let Some(question) = task.question(*unit, read_bytes) else { continue };
            let length = question.encode().len();
            if let Some(left) = room.checked_sub(length) {
                room = left;
                items.push(question);
                units.push((*tag, *unit));
                sent.push(*entry);
            }
            if room < 24 {
                break;
            }
        }
        for entry in sent {
            self.waiting.remove(&entry);
        }
        for (tag, _) in &units {
            self.hurried.remove(tag);
            let asked = self.asked.entry(*tag).or_default();
            *asked = asked.saturating_add(1);
        }
        (items, units)
    }

    /// A read of a log that this visit adds to, once its first question is lost: what is added has
    /// its place first, so that it does not come back.
    fn is_held_back(&self, own: Own) -> bool {
        let Some((_, Task::Read(reading))) = self.tasks.get(&own) else { return false };
        let is_first = !self.asked.contains_key(&own);
        !is_first && !reading.is_heard() && self.laying.contains_key(&reading.log())
    }

    /// Every box the visit still lays down in this log is in the packet: the relay reads first.
    fn goes_with_all(&self, read: &Task, items: &[Question]) -> bool {
        let Task::Read(reading) = read else { return false };
        let here = |item: &&Question| match item {
            Question::Append { append, .. } => append.key.log() == reading.log(),
            _ => false,
        };
        self.laying.get(&reading.log()) == Some(&items.iter().filter(here).count())
    }
}

const _: () =
    assert!(PACKET_BYTES_MAX + QUESTION_OVERHEAD_BYTES <= sogon_packet::DATAGRAM_BYTES_MAX);

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("tasks", &self.tasks.len())
            .field("waiting", &self.waiting.len())
            .field("flights", &self.air.len())
            .field("in_flight", &self.air.in_flight())
            .field("window", &self.window.bytes())
            .field("silences", &self.silences)
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}
