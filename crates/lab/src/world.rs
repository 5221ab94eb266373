//! A world in a seed: people with homes, a relay, and the weather between them.

use std::collections::{BTreeMap, BTreeSet};

use sogon_engine::{Act, Answer, Arrival, Ask, EngineError, Event, Input, Loss, Tick, Transmit};
use sogon_wire::{Fingerprint, Frame, LogName, Refusal, RelayAddr, Reply, Request, Seq, Tag, Uses};

use crate::{
    Chance,
    home::{Death, Home, Mutant, Store},
    relay::LabRelay,
    rows::MemoryRows,
};

/// How bad the links are; each number is "once in so many parcels", 0 for never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// A parcel is lost, and with it the connection.
    pub cut_once_in: u64,
    /// An answer comes twice.
    pub double_once_in: u64,
    /// The longest way of a parcel.
    pub delay_ms_max: u64,
    /// A home dies in the middle of a step.
    pub death_once_in: u64,
}

impl Weather {
    /// Everything arrives, in order, alive.
    pub const CALM: Self =
        Self { cut_once_in: 0, double_once_in: 0, delay_ms_max: 1, death_once_in: 0 };
}

#[derive(Clone, Debug)]
enum Parcel {
    Question { line: Line, transmit: Transmit },
    Arrival { line: Line, arrival: Arrival },
    Hangup { line: Line },
}

/// A connection of a home to a relay; the number grows with each that is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    home: usize,
    relay: usize,
    number: u64,
}

#[derive(Clone, Debug)]
struct Watch {
    line: Line,
    tag: Tag,
    log: LogName,
    after: Seq,
}

/// The world.
#[derive(Debug)]
pub struct World {
    /// Everybody's home.
    pub homes: Vec<Home>,
    /// The relays between them.
    pub relays: Vec<LabRelay>,
    /// Where they are.
    pub addrs: Vec<RelayAddr>,
    /// Which relays are dead.
    pub dead: Vec<bool>,
    /// Which swallow every question and hang up on nobody.
    pub mute: Vec<bool>,
    /// Which relays a home cannot reach.
    pub barred: BTreeSet<(usize, usize)>,
    /// Everything left to chance.
    pub chance: Chance,
    /// The time.
    pub tick: Tick,
    /// The links.
    pub weather: Weather,
    /// Who has no network at all.
    pub offline: Vec<bool>,
    /// The home that carries out the output after this many dies there.
    pub fuse: Option<usize>,
    /// The last step ended in a death.
    pub died: bool,
    /// What the watcher of the wire saw: sizes of frames.
    pub wire: Vec<usize>,
    /// How often a piece of a file left a home.
    pub pieces_left: u64,
    lines: BTreeMap<(usize, usize), u64>,
    bus: BTreeMap<(Tick, u64), Parcel>,
    watches: Vec<Watch>,
    posted: u64,
}

impl World {
    /// A world of these people.
    ///
    /// # Panics
    /// When a home cannot be made.
    #[must_use]
    pub fn new(seed: u64, names: &[&str], mutant: Mutant) -> Self {
        Self::with_stores(seed, names, mutant, |_| Store::Memory(MemoryRows::default()))
    }

    /// A world of these people, whose homes know so many relays.
    ///
    /// # Panics
    /// When a home cannot be made.
    #[must_use]
    pub fn with_relays(seed: u64, names: &[&str], mutant: Mutant, relays: usize) -> Self {
        let memory = |_| Store::Memory(MemoryRows::default());
        Self::made(seed, names, mutant, memory, relays)
    }

    /// A world whose homes stand on the stores `store` makes.
    ///
    /// # Panics
    /// When a home cannot be made.
    #[must_use]
    pub fn with_stores(
        seed: u64,
        names: &[&str],
        mutant: Mutant,
        store: impl Fn(usize) -> Store,
    ) -> Self {
        Self::made(seed, names, mutant, store, 1)
    }

    fn made(
        seed: u64,
        names: &[&str],
        mutant: Mutant,
        store: impl Fn(usize) -> Store,
        relays: usize,
    ) -> Self {
        let chance = Chance::new(seed);
        let addrs: Vec<RelayAddr> = (0..relays).map(addr).collect();
        const TEN_YEARS_S: i64 = 315_576_000;
        let homes = names.iter().enumerate().map(|(place, name)| {
            let skew_s = match chance.below(4) {
                0 => -TEN_YEARS_S,
                1 => TEN_YEARS_S,
                _ => i64::try_from(chance.below(7_200)).unwrap_or(0) - 3_600,
            };
            let own_seed = seed.wrapping_mul(1_000).wrapping_add(place as u64);
            let mut home = Home::new(name, &addrs, store(place), own_seed, skew_s).expect("a home");
            home.mutant = mutant;
            home
        });
        let homes: Vec<Home> = homes.collect();
        let count = homes.len();
        Self {
            homes,
            relays: vec![LabRelay::new(); relays],
            addrs,
            dead: vec![false; relays],
            mute: vec![false; relays],
            barred: BTreeSet::new(),
            chance,
            tick: Tick(1),
            weather: Weather::CALM,
            offline: vec![false; count],
            fuse: None,
            died: false,
            wire: Vec::new(),
            pieces_left: 0,
            lines: BTreeMap::new(),
            bus: BTreeMap::new(),
            watches: Vec::new(),
            posted: 0,
        }
    }

    /// Everybody else answers a link of the first home; what comes of it is still on its way.
    ///
    /// # Panics
    /// When a home makes no link, or answers none.
    pub fn acquaint(&mut self) {
        for other in 1..self.homes.len() {
            let invited = self.act(0, Act::Invite { uses: Uses::One });
            let Ok(Answer::Invited { invite }) = invited else { panic!("{invited:?}") };
            self.act(other, Act::Join { invite, name: None }).expect("an answer");
        }
    }

    /// One more relay, which nobody knows yet.
    pub fn add_relay(&mut self) {
        self.addrs.push(addr(self.addrs.len()));
        self.relays.push(LabRelay::new());
        self.dead.push(false);
        self.mute.push(false);
    }

    /// Gives a home an input; what it transmits is on its way.
    ///
    /// # Errors
    /// As the engine's.
    pub fn input(&mut self, home: usize, input: Input) -> Result<Answer, EngineError> {
        let death =
            if self.weather.death_once_in > 0 && self.chance.once_in(self.weather.death_once_in) {
                Death::After(usize::try_from(self.chance.below(5)).unwrap_or(0))
            } else {
                Death::Never
            };
        let death = match self.fuse {
            Some(left) => Death::After(left),
            None => death,
        };
        let tick = self.tick;
        let lived = self.homes[home].step(tick, input, death, &self.chance);
        self.died = lived.died;
        if lived.died {
            self.fuse = None;
        } else if let Some(left) = &mut self.fuse {
            *left -= lived.outputs;
        }
        for transmit in lived.sent {
            self.transmit(home, transmit);
        }
        if lived.died {
            // The program is started again; its connections are gone.
            for relay in 0..self.relays.len() {
                let line = self.line(home, relay);
                self.hang_up(line);
            }
        }
        lived.answer
    }

    /// A person's act.
    ///
    /// # Errors
    /// As the engine's.
    pub fn act(&mut self, home: usize, act: Act) -> Result<Answer, EngineError> {
        self.input(home, Input::Act(act))
    }

    fn post(&mut self, delay_ms: u64, parcel: Parcel) {
        self.posted += 1;
        self.bus.insert((self.tick.after_ms(delay_ms), self.posted), parcel);
    }

    fn delay(&self) -> u64 {
        1 + self.chance.below(self.weather.delay_ms_max)
    }

    fn line(&self, home: usize, relay: usize) -> Line {
        let number = self.lines.get(&(home, relay)).copied().unwrap_or(0);
        Line { home, relay, number }
    }

    fn is_up(&self, line: Line) -> bool {
        self.line(line.home, line.relay) == line
    }

    fn hang_up(&mut self, line: Line) {
        *self.lines.entry((line.home, line.relay)).or_default() += 1;
        self.watches.retain(|watch| watch.line != line);
    }

    /// Whether a home gets through to a relay, as far as the world knows.
    fn reaches(&self, home: usize, relay: usize) -> bool {
        !self.offline[home] && !self.dead[relay] && !self.barred.contains(&(home, relay))
    }

    /// A relay is dead from now on, or back with everything it had.
    pub fn kill(&mut self, relay: usize, dead: bool) {
        self.dead[relay] = dead;
        self.hang_up_all(relay, |_| true);
    }

    /// A home cannot reach a relay from now on, or can again.
    pub fn bar(&mut self, home: usize, relay: usize, barred: bool) {
        match barred {
            true => self.barred.insert((home, relay)),
            false => self.barred.remove(&(home, relay)),
        };
        self.hang_up_all(relay, |its| its == home);
    }

    fn hang_up_all(&mut self, relay: usize, whose: impl Fn(usize) -> bool) {
        for home in (0..self.homes.len()).filter(|home| whose(*home)) {
            let line = self.line(home, relay);
            self.post(1, Parcel::Hangup { line });
        }
    }

    fn transmit(&mut self, home: usize, transmit: Transmit) {
        self.wire.push(transmit.frame().len());
        self.pieces_left += u64::from(matches!(transmit.ask, Ask::Lay(_)));
        let relay = self.addrs.iter().position(|addr| *addr == transmit.relay);
        let relay = relay.expect("nobody was told of another relay");
        let line = self.line(home, relay);
        let cut = self.weather.cut_once_in > 0 && self.chance.once_in(self.weather.cut_once_in);
        let reaches = self.reaches(home, relay);
        if !reaches || cut {
            self.post(self.delay(), Parcel::Hangup { line });
        }
        let swallowed = !reaches || self.mute[relay] || (cut && self.chance.once_in(2));
        if !swallowed {
            self.post(self.delay(), Parcel::Question { line, transmit });
        }
    }

    /// Carries out everything on the bus up to `until`, and the deadlines on the way.
    pub fn run_until(&mut self, until: Tick) {
        loop {
            let parcel = self.bus.first_key_value().map(|((tick, _), _)| *tick);
            let wakes = self.homes.iter().enumerate().filter_map(|(n, h)| Some((h.wake?, n)));
            let wake = wakes.min();
            match (parcel, wake) {
                (Some(at), wake) if at <= until && wake.is_none_or(|(tick, _)| at <= tick) => {
                    self.tick = self.tick.max(at);
                    if let Some((_, parcel)) = self.bus.pop_first() {
                        self.deliver(parcel);
                    }
                }
                (_, Some((at, home))) if at <= until => {
                    self.tick = self.tick.max(at);
                    self.homes[home].wake = None;
                    let _ = self.input(home, Input::Time);
                }
                _ => break,
            }
        }
        self.tick = self.tick.max(until);
    }

    /// Runs until this home's burst is over, or for ten minutes of its time.
    pub fn burst(&mut self, home: usize) {
        let _ = self.input(home, Input::Burst);
        let end = self.tick.after_ms(600_000);
        while self.tick < end && !self.homes[home].told.contains(&Event::Settled) {
            let Some(next) = self.next_event() else { break };
            self.run_until(next.min(end));
        }
        self.homes[home].told.retain(|event| *event != Event::Settled);
    }

    /// The same for a burst that carries files too.
    pub fn haul(&mut self, home: usize) {
        let _ = self.input(home, Input::Haul);
        let end = self.tick.after_ms(600_000);
        while self.tick < end && !self.homes[home].told.contains(&Event::Hauled) {
            let Some(next) = self.next_event() else { break };
            self.run_until(next.min(end));
        }
        let over = |event: &Event| matches!(event, Event::Settled | Event::Hauled);
        self.homes[home].told.retain(|event| !over(event));
    }

    fn next_event(&self) -> Option<Tick> {
        let parcel = self.bus.first_key_value().map(|((tick, _), _)| *tick);
        let wake = self.homes.iter().filter_map(|home| home.wake).min();
        parcel.into_iter().chain(wake).min()
    }

    fn deliver(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Question { line, transmit } => match self.reaches(line.home, line.relay) {
                _ if !self.is_up(line) => {}
                true => self.ask_relay(line, &transmit),
                false => self.post(1, Parcel::Hangup { line }),
            },
            Parcel::Arrival { line, arrival } => {
                if self.is_up(line) {
                    let _ = self.input(line.home, Input::Arrived(arrival));
                }
            }
            Parcel::Hangup { line } => {
                if self.is_up(line) {
                    self.hang_up(line);
                    let relay = self.addrs[line.relay].clone();
                    let there = self.reaches(line.home, line.relay);
                    let why = if there { Loss::HungUp } else { Loss::Unreachable };
                    let _ = self.input(line.home, Input::Arrived(Arrival::Lost { relay, why }));
                }
            }
        }
    }

    fn ask_relay(&mut self, line: Line, transmit: &Transmit) {
        // Through the bytes, as on a real wire.
        let bytes = transmit.frame();
        let Ok(Some((tag, request, _))) = Request::decode(&bytes) else {
            unreachable!("what the engine sends is a frame");
        };
        let chance = self.chance.clone();
        let relay = &mut self.relays[line.relay];
        if let Ask::Lay(posting) = &transmit.ask {
            relay.pieces.insert((posting.log(), posting.boxed().clone()));
        }
        let watched = self.watches.iter().filter(|watch| watch.line == line).count();
        if matches!(request, Request::Watch { .. })
            && relay.watches_max.is_some_and(|most| watched >= most)
        {
            let refused = Reply::Refused { why: Refusal::Busy, wait_s: 30 };
            self.answer(line, tag, refused);
            return;
        }
        let Some(reply) = relay.answer(line.home, &request, &chance) else { return };
        if let (Request::Watch { log, .. }, Reply::Entries { from, boxes, .. }) = (&request, &reply)
        {
            let after = from.saturating_sub(1) + boxes.len() as u64;
            self.watches.push(Watch { line, tag, log: *log, after });
        }
        self.answer(line, tag, reply);
        self.push_watches(line.relay);
    }

    fn answer(&mut self, line: Line, tag: Tag, reply: Reply) {
        let bytes = reply.encode(tag);
        self.wire.push(bytes.len());
        let Ok(Some((tag, reply, _))) = Reply::decode(&bytes) else {
            unreachable!("what the relay sends is a frame");
        };
        let arrival = Arrival::Reply { relay: self.addrs[line.relay].clone(), tag, reply };
        if self.weather.cut_once_in > 0 && self.chance.once_in(self.weather.cut_once_in) {
            self.post(self.delay(), Parcel::Hangup { line });
            return;
        }
        if self.weather.double_once_in > 0 && self.chance.once_in(self.weather.double_once_in) {
            let twice = arrival.clone();
            self.post(self.delay(), Parcel::Arrival { line, arrival: twice });
        }
        self.post(self.delay(), Parcel::Arrival { line, arrival });
    }

    fn push_watches(&mut self, relay: usize) {
        let chance = self.chance.clone();
        for place in 0..self.watches.len() {
            let Watch { line, tag, log, after } = self.watches[place].clone();
            if line.relay != relay {
                continue;
            }
            let request = Request::Watch { log, after };
            let answer = self.relays[relay].answer(line.home, &request, &chance);
            let Some(reply) = answer else { continue };
            if let Reply::Entries { from, boxes, .. } = &reply
                && !boxes.is_empty()
            {
                self.watches[place].after = from.saturating_sub(1) + boxes.len() as u64;
                self.answer(line, tag, reply);
            }
        }
    }

    /// The weather clears, the relays become honest, everybody is there: rounds of bursts until
    /// nothing new comes of them. A relay that is dead stays so.
    pub fn calm(&mut self, rounds: usize) {
        self.weather = Weather::CALM;
        for relay in &mut self.relays {
            relay.vices = crate::relay::Vices::default();
            relay.merge();
        }
        for home in &mut self.homes {
            home.mutant = Mutant::None;
        }
        self.offline.fill(false);
        for _ in 0..rounds {
            for home in 0..self.homes.len() {
                self.burst(home);
            }
        }
    }
}

fn addr(place: usize) -> RelayAddr {
    let key = Fingerprint([7 + u8::try_from(place).unwrap_or(0); 32]);
    RelayAddr::new(&format!("relay{place}.lab"), 443, key).expect("an address")
}
