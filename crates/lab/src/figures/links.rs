//! Texts over poor links: how long until they are stored and shown, and what they cost, beside
//! what the link allows.
//!
//! The floor of a piece of work is a round trip and the time its bytes need at the link's rate, the
//! bytes being those it takes when nothing is lost. First contact is three such pieces that wait for
//! each other (keys for the way, the key package, the answer): its floor is three round trips and the
//! bytes of both ways, and the ratio to one round trip and the larger way stands beside it. The writer is behind the weather, the readers
//! are not.

pub(super) mod files;
mod first;
mod open;

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use sogon_carry::{Carrier, Forgetful, Memory, Reading, RelayLinks, Ways};
use sogon_engine::{Act, Answer, Arrival, Event, Input, MessageId, Tick};
use sogon_lab::home::Store;
use sogon_lab::weather::{Counters, Link, Loss, Weather};
use sogon_relay::{Config, Relay, Running};
use sogon_wire::{RelayAddr, Uses};
use tokio::time::{timeout, timeout_at};

use super::{
    ENGLISH,
    people::{Done, Person},
    table,
};

/// A run that takes longer has failed.
const LONGEST: Duration = Duration::from_secs(300);
const FIFTY: usize = 50;
/// Visits in which a home learns a link before anything is measured on it.
const LEARNING: usize = 12;
/// The word for first contact alone.
const FIRST: &str = "first";
/// The word for a text with the app open alone.
const OPEN: &str = "open";
/// Nothing more is said.
const QUIET: Duration = Duration::from_secs(2);

/// A link, what it is called, and how often each piece of work is done on it.
struct Place {
    name: &'static str,
    weather: Weather,
    runs: usize,
}

fn places(quick: bool) -> Vec<Place> {
    let runs = |runs: usize| if quick { 3 } else { runs };
    vec![
        Place { name: "good", weather: Weather::good(), runs: runs(15) },
        Place { name: "EDGE", weather: Weather::edge(), runs: runs(25) },
        Place { name: "GPRS", weather: Weather::gprs(), runs: runs(15) },
        Place { name: "30 %", weather: Weather::thirty(), runs: runs(25) },
        Place { name: "10/20", weather: Weather::outage(), runs: runs(9) },
    ]
}

/// What one piece of work took.
struct Took {
    stored: f64,
    shown: f64,
    up: f64,
    down: f64,
    trips: f64,
}

pub(crate) fn run(quick: bool, names: &[String]) {
    table::part(
        "8  texts over poor links",
        "seconds from \"send\" to stored at the relay and shown to the reader: median (worst); \
         whole IP packets, median; the floor is a round trip and the bytes at the link's rate",
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let named = |of: &[&str]| names.iter().any(|name| of.contains(&name.as_str()));
    let all = places(quick);
    let no_place_is_named = !named(&all.iter().map(|place| place.name).collect::<Vec<_>>());
    let wanted = |place: &Place| no_place_is_named || named(&[place.name]);
    for place in all.into_iter().filter(wanted) {
        match (named(&[FIRST]), named(&[OPEN])) {
            (true, _) => runtime.block_on(first::measure(&place)),
            (_, true) => runtime.block_on(open::measure(&place)),
            _ => runtime.block_on(measure(&place)),
        }
    }
}

async fn measure(place: &Place) {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let trip = (place.weather.up.delay + place.weather.down.delay).as_secs_f64();
    // Seeds are not shared: the same chance would make the same logs.
    let pair = Circle::meet(&relay, 2, 10_000).await;
    let group = Circle::meet(&relay, 10, 30_000).await;
    for (name, mut circle, texts, warm) in
        [("cold text", pair, 1, false), ("text to a group of 10", group, 1, false)]
    {
        circle.measure(place, trip, name, texts, warm, &relay).await;
    }
    let mut pair = Circle::meet(&relay, 2, 60_000).await;
    pair.measure(place, trip, "warm text", 1, true, &relay).await;
    pair.measure(place, trip, "50 texts", FIFTY, false, &relay).await;
    Circle::meet(&relay, 2, 70_000).await.measure_open(place, trip, &relay).await;
    for live in [true, false] {
        first::contact(place, trip, live, &relay).await;
    }
    relay.stop().await;
}

fn print(place: &Place, name: &str, took: &[Took], floor: f64, beside: &str) {
    let all = |of: fn(&Took) -> f64| took.iter().map(of).collect::<Vec<_>>();
    let worst = |of: fn(&Took) -> f64| all(of).into_iter().fold(0.0, f64::max);
    let (worst_stored, worst_shown) = (worst(|its| its.stored), worst(|its| its.shown));
    let median = |of: fn(&Took) -> f64| table::median(all(of));
    let (stored, shown) = (median(|its| its.stored), median(|its| its.shown));
    let here = format!("{stored:.2} ({worst_stored:.2}) {shown:.2} s ({worst_shown:.2})");
    let (up, down, trips) = (median(|its| its.up), median(|its| its.down), median(|its| its.trips));
    let beside = format!("{up:.0}+{down:.0} B, {trips:.0} trips{beside}, floor");
    table::line(
        &format!("{}: {name}", place.name),
        &here,
        &beside,
        &format!("{floor:.2} s"),
        stored.max(shown) / floor,
    );
}

/// People who share a conversation; the first one is behind the weather.
struct Circle {
    home: RelayAddr,
    people: Vec<Traveller>,
}

impl Circle {
    /// So many people, who met on a line without weather.
    async fn meet(relay: &Running, count: usize, seed: u64) -> Self {
        let home = relay.addr();
        let mut people: Vec<_> = (0..count)
            .map(|place| Traveller::new(&format!("P{place}"), &home, seed + 1_000 * place as u64))
            .collect();
        for other in 1..count {
            let invited = people[0].person.step(Input::Act(Act::Invite { uses: Uses::One }));
            let Answer::Invited { invite } = invited.answer else { unreachable!("has a relay") };
            people[other].person.step(Input::Act(Act::Join { invite, name: None }));
        }
        let all = async |people: &mut Vec<Traveller>, rounds: usize| {
            for _ in 0..rounds {
                for person in people.iter_mut() {
                    person.burst(&home, Ways::Any).await;
                }
            }
        };
        all(&mut people, 5).await;
        if count > 2 {
            let contacts = sogon_engine::view::contacts(people[0].person.store.shelf()).unwrap();
            let members: Vec<_> = contacts.iter().map(|contact| contact.id).collect();
            assert_eq!(members.len(), count - 1, "everybody is known");
            let act = Act::NewGroup { title: "등산".to_owned(), members };
            people[0].person.step(Input::Act(act));
            all(&mut people, 8).await;
        }
        Self { home, people }
    }

    async fn measure(
        &mut self,
        place: &Place,
        trip: f64,
        name: &str,
        texts: usize,
        warm: bool,
        relay: &Running,
    ) {
        let clear = clear(place);
        let clear = self.on(clear, 3, texts, warm, relay).await;
        let bytes = clear.iter().map(|took| took.up).fold(f64::INFINITY, f64::min);
        let floor = trip + bytes * 8.0 / rate(place);
        let took = self.on(place.weather.clone().seed(7), place.runs, texts, warm, relay).await;
        print(place, name, &took, floor, "");
    }

    /// The first one learns a link.
    async fn learn(&mut self, via: &RelayAddr) {
        self.people[0].remember(&self.home, via);
        for _ in 0..LEARNING {
            self.people[0].say(1);
            self.people[0].burst(via, Ways::Any).await;
        }
    }

    /// Does it so often on one link, after some visits in which the link is learned.
    async fn on(
        &mut self,
        weather: Weather,
        runs: usize,
        texts: usize,
        warm: bool,
        relay: &Running,
    ) -> Vec<Took> {
        let target: SocketAddr = SocketAddr::from(([127, 0, 0, 1], relay.addr().port()));
        let link = Link::start(weather, target).await.unwrap();
        let via = RelayAddr::new("127.0.0.1", link.addr().port(), self.home.fingerprint()).unwrap();
        self.learn(&via).await;
        for person in &mut self.people {
            person.burst(&self.home, Ways::Any).await;
        }
        let mut took = Vec::new();
        let mut kept = None;
        for _ in 0..runs {
            took.push(self.once(&via, &link, texts, &mut kept, warm).await);
        }
        link.stop().await;
        took
    }

    async fn once(
        &mut self,
        via: &RelayAddr,
        link: &Link,
        texts: usize,
        kept: &mut Option<RelayLinks>,
        warm: bool,
    ) -> Took {
        let (writer, readers) = self.people.split_first_mut().unwrap();
        let reader = &mut readers[0];
        let memory = Arc::clone(&writer.memory);
        let mut links = match kept.take() {
            Some(links) => links,
            None => RelayLinks::new(memory as _, Ways::Any),
        };
        let mut theirs = RelayLinks::new(Arc::new(Forgetful::default()) as _, Ways::Connections);
        let watching = reader.person.step_at(reader.tick(), Input::Live);
        reader.carry(&mut theirs, &self.home, watching);
        // The reader is there when the writer begins.
        while timeout(Duration::from_millis(150), reader.next(&mut theirs, &self.home))
            .await
            .is_ok()
        {}
        let (before, read, begun) = (link.counters(), links.meter().read(), Instant::now());
        let wanted = writer.say(texts);
        let done = writer.person.step_at(writer.tick(), Input::Burst);
        writer.settled = false;
        writer.note(&done);
        writer.carry(&mut links, via, done);
        let (mut stored, mut shown) = (None, None);
        let (mut handed, mut received) = (BTreeSet::new(), BTreeSet::new());
        while stored.is_none() || shown.is_none() || !writer.settled {
            let turn = async {
                tokio::select! {
                    told = writer.next(&mut links, via) => handed.extend(messages(&told)),
                    told = reader.next(&mut theirs, &self.home) => received.extend(messages(&told)),
                }
            };
            timeout(LONGEST, turn).await.expect("it takes too long");
            let now = begun.elapsed().as_secs_f64();
            if stored.is_none() && wanted.is_subset(&handed) {
                stored = Some(now);
            }
            if shown.is_none() && wanted.is_subset(&received) {
                shown = Some(now);
            }
        }
        let read = trips(links.meter().read(), read);
        if warm {
            *kept = Some(links);
        } else {
            links.hang_up().await;
        }
        theirs.hang_up().await;
        reader.rest();
        let Counters { up, down, .. } = link.counters().since(&before);
        Took {
            stored: stored.unwrap(),
            shown: shown.unwrap(),
            up: up.sent_bytes as f64,
            down: down.sent_bytes as f64,
            trips: read,
        }
    }
}

/// The link when nothing is lost.
fn clear(place: &Place) -> Weather {
    let mut clear = place.weather.clone();
    for way in [&mut clear.up, &mut clear.down] {
        way.loss = Loss::Each(0.0);
        way.outages = None;
    }
    clear
}

fn rate(place: &Place) -> f64 {
    place.weather.up.rate_bps.expect("places have a rate") as f64
}

fn trips(now: Reading, before: Reading) -> f64 {
    (now.round_trips - before.round_trips) as f64
}

fn messages(told: &[Event]) -> BTreeSet<MessageId> {
    let message = |event: &Event| match event {
        Event::Progress { message, .. } | Event::Received { message, .. } => Some(*message),
        _ => None,
    };
    told.iter().filter_map(message).collect()
}

/// Somebody with a memory of relays and a clock.
struct Traveller {
    person: Person,
    memory: Arc<Forgetful>,
    begun: Instant,
    wake: Option<Tick>,
    settled: bool,
    seed: u64,
}

impl Traveller {
    fn new(name: &str, relay: &RelayAddr, seed: u64) -> Self {
        let (person, memory) = (Person::new(name, relay, seed), Arc::default());
        Self { person, memory, begun: Instant::now(), wake: None, settled: false, seed }
    }

    fn tick(&self) -> Tick {
        Tick(self.begun.elapsed().as_millis() as u64 + 1)
    }

    /// What is known of one way is known of another.
    fn remember(&self, from: &RelayAddr, to: &RelayAddr) {
        let known = self.memory.recall(from).expect("they were there");
        self.memory.leave(to, &known);
    }

    /// Writes so many texts; they wait.
    fn say(&mut self, texts: usize) -> BTreeSet<MessageId> {
        let all = sogon_engine::view::conversations(self.person.store.shelf()).unwrap();
        let to = all.iter().find(|its| its.group).or(all.first()).expect("they met").id;
        (0..texts)
            .map(|_| {
                let act = Act::Send { to, text: ENGLISH.to_owned(), reply_to: None };
                let tick = self.tick();
                let Answer::Queued { message } = self.person.step_at(tick, Input::Act(act)).answer
                else {
                    unreachable!("a text is queued")
                };
                message
            })
            .collect()
    }

    /// The conversation is founded: what is written now goes with the answer to the link.
    fn may_write(&self) -> bool {
        let contacts = sogon_engine::view::contacts(self.person.store.shelf()).unwrap();
        contacts.iter().any(|contact| contact.conversation.is_some())
    }

    /// Writes one text in live mode, and sends it.
    fn say_in(&mut self, links: &mut RelayLinks, via: &RelayAddr) -> Option<MessageId> {
        let to = self.person.conversation(false);
        let act = Act::Send { to, text: ENGLISH.to_owned(), reply_to: None };
        let done = self.person.step_at(self.tick(), Input::Act(act));
        let Answer::Queued { message } = done.answer else { return None };
        self.carry(links, via, done);
        Some(message)
    }

    fn note(&mut self, done: &Done) {
        self.wake = done.wake.or(self.wake);
        self.settled |= done.told.contains(&Event::Settled);
    }

    /// Everything out and in, in a process of its own.
    async fn burst(&mut self, via: &RelayAddr, ways: Ways) {
        let mut links = RelayLinks::new(Arc::clone(&self.memory) as _, ways);
        self.settled = false;
        let done = self.person.step_at(self.tick(), Input::Burst);
        self.note(&done);
        self.carry(&mut links, via, done);
        while !self.settled {
            timeout(LONGEST, self.next(&mut links, via)).await.expect("it takes too long");
        }
        links.hang_up().await;
    }

    /// Out of the live mode: the process ends and another begins.
    fn rest(&mut self) {
        // Two of them are used from the beginning: chance that came twice would make the same keys.
        self.seed += 2;
        let Store::Memory(rows) = &self.person.store else { unreachable!("made in memory") };
        self.person = Person::on(Store::Memory(rows.clone()), self.seed);
    }

    fn carry(&self, links: &mut RelayLinks, via: &RelayAddr, done: Done) {
        for mut transmit in done.sent {
            transmit.relay = via.clone();
            links.transmit(transmit);
        }
    }

    /// The next thing that happens to this person, and what it led to.
    async fn next(&mut self, links: &mut RelayLinks, via: &RelayAddr) -> Vec<Event> {
        let at = self.wake.map(|Tick(ms)| self.begun + Duration::from_millis(ms));
        let home = self.home();
        let arrival = match at {
            Some(at) => timeout_at(at.into(), links.next()).await.ok(),
            None => Some(links.next().await),
        };
        let input = match arrival {
            Some(Arrival::Reply { tag, reply, .. }) => {
                Input::Arrived(Arrival::Reply { relay: home, tag, reply })
            }
            Some(Arrival::Lost { why, .. }) => Input::Arrived(Arrival::Lost { relay: home, why }),
            None => {
                self.wake = None;
                Input::Time
            }
        };
        let mut done = self.person.step_at(self.tick(), input);
        self.note(&done);
        let told = std::mem::take(&mut done.told);
        self.carry(links, via, done);
        told
    }

    fn home(&self) -> RelayAddr {
        let owner = sogon_engine::view::owner(self.person.store.shelf()).unwrap().expect("set up");
        owner.relays.first().expect("has a relay").clone()
    }
}
