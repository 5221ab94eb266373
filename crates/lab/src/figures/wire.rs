//! Part 2: what a text weighs on its way, from its content to the bytes of TLS.

use std::sync::Arc;

use sogon_carry::{Carrier, Forgetful, Meter, Reading, RelayLinks, Ways};
use sogon_engine::{Act, Answer, Ask, Event, Input, Transmit};
use sogon_relay::{Config, Relay};
use sogon_seal::ENVELOPE_BYTES;
use sogon_wire::{Frame, RelayAddr, Reply, STEPS, Uses};
use tokio::{runtime::Runtime, time::timeout};

use super::{
    olm::Olm,
    people::Person,
    speed::{Room, rooms},
    table,
};

/// What TLS carried, both ways.
#[derive(Clone, Copy)]
struct Carried {
    up: f64,
    down: f64,
}

fn carried(meter: &Meter, before: Reading) -> Carried {
    let after = meter.read();
    let bytes = |before: u64, after: u64| (after - before) as f64;
    Carried {
        up: bytes(before.bytes_up, after.bytes_up),
        down: bytes(before.bytes_down, after.bytes_down),
    }
}

pub(crate) fn run() {
    table::part(
        "2. Bytes of a text of 50 characters on the wire",
        "exact; TLS measured against a relay on loopback, TCP and IP not counted; ratio: less is better",
    );
    let runtime = Runtime::new().unwrap();
    for (name, text) in super::TEXTS {
        let (mut rooms, content) = rooms(text);
        let floor = text.len() as f64;
        let olm = Olm::new().bytes_of(text) as f64;
        let posting = rooms[0].seal(&content);
        let boxed = posting.boxed().as_bytes().len();
        let message = content.len() + overhead(&mut rooms[0]);
        let ask = Ask::Append(posting);
        let addr = runtime.block_on(Relay::start(Config::memory())).unwrap();
        let transmit = Transmit { relay: addr.addr(), tag: 1, ask };
        let frame = transmit.frame().len();
        let reply = Reply::Appended { seq: 1 }.encode(1).len();
        runtime.block_on(addr.stop());
        let beside = |what: &str, bytes: f64| {
            table::amounts(&format!("{name}: {what}"), bytes, "the text", floor, "B");
        };
        beside("content", content.len() as f64);
        beside("MLS message, less the head that all know", message as f64);
        beside("box, padded to the smallest step", boxed as f64);
        for (what, bytes) in [("MLS message", message), ("box", boxed)] {
            let what = format!("{name}: {what}");
            table::amounts(&what, bytes as f64, "vodozemac's Olm message of it", olm, "B");
        }
        beside("frame that appends it", frame as f64);
        beside("frame that answers", reply as f64);
        let visits = runtime.block_on(visits(&mut rooms[0], &content));
        for (what, Carried { up, down }) in visits {
            beside(&format!("{what}, up"), up);
            beside(&format!("{what}, down"), down);
        }
        for (what, Carried { up, down }) in runtime.block_on(bursts(text)) {
            beside(&format!("{what}, up"), up);
            beside(&format!("{what}, down"), down);
        }
    }
}

/// What MLS adds to content of this length: the smallest box says when it is full.
fn overhead(room: &mut Room) -> usize {
    let room_for = STEPS[0] - ENVELOPE_BYTES;
    let fits = |length: &usize| room.seal(&vec![0; *length]).boxed().as_bytes().len() == STEPS[0];
    let longest = (100..room_for).take_while(fits).last().expect("100 bytes fit");
    room_for - longest
}

/// One box acknowledged: on a first visit, on a line that is open, on a later visit.
async fn visits(room: &mut Room, content: &[u8]) -> Vec<(&'static str, Carried)> {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let memory = Arc::new(Forgetful::default());
    let mut append = async |links: &mut RelayLinks| {
        let before = links.meter().read();
        let ask = Ask::Append(room.seal(content));
        links.transmit(Transmit { relay: relay.addr(), tag: 1, ask });
        answer(links).await;
        before
    };
    let mut links = RelayLinks::new(Arc::clone(&memory) as _, Ways::Connections);
    append(&mut links).await;
    // The tickets come behind the first answer; this one waits until they are here.
    append(&mut links).await;
    let before = append(&mut links).await;
    let open = carried(&links.meter(), before);
    links.hang_up().await;
    let mut full = RelayLinks::new(Arc::new(Forgetful::default()), Ways::Connections);
    let before = append(&mut full).await;
    full.hang_up().await;
    let full = carried(&full.meter(), before);
    let mut later = Vec::new();
    for _ in 0..9 {
        let mut links = RelayLinks::new(Arc::clone(&memory) as _, Ways::Connections);
        let before = append(&mut links).await;
        links.hang_up().await;
        assert_eq!(links.meter().read().sessions_resumed, 1);
        later.push(carried(&links.meter(), before));
    }
    relay.stop().await;
    let middle = |of: fn(&Carried) -> f64| table::median(later.iter().map(of).collect());
    let later = Carried { up: middle(|its| its.up), down: middle(|its| its.down) };
    vec![
        ("TLS, one append on a line that is open", open),
        ("TLS, one append, later visit, median of 9", later),
        ("TLS, one append, first visit", full),
    ]
}

async fn answer(links: &mut RelayLinks) -> sogon_engine::Arrival {
    let long = std::time::Duration::from_secs(60);
    timeout(long, links.next()).await.expect("the relay answers")
}

/// A whole burst with one text waiting: it goes out, and all logs of the pair are asked for.
async fn bursts(text: &str) -> Vec<(&'static str, Carried)> {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let mut homes = [Home::new("Mina", &relay.addr(), 50), Home::new("Joon", &relay.addr(), 60)];
    let invited = homes[0].person.step(Input::Act(Act::Invite { uses: Uses::One }));
    let Answer::Invited { invite } = invited.answer else { unreachable!("it has a relay") };
    homes[1].person.step(Input::Act(Act::Join { invite, name: None }));
    for _ in 0..6 {
        for home in &mut homes {
            home.burst().await;
        }
    }
    let send = async |home: &mut Home| {
        let to = home.person.conversation(false);
        let act = Act::Send { to, text: text.to_owned(), reply_to: None };
        home.person.step(Input::Act(act));
        home.burst().await
    };
    let later = send(&mut homes[0]).await;
    homes[0].memory = Arc::default();
    let full = send(&mut homes[0]).await;
    relay.stop().await;
    vec![("TLS, a whole burst, later visit", later), ("TLS, a whole burst, first visit", full)]
}

/// Somebody with links to a relay; each burst stands for a process of its own.
struct Home {
    person: Person,
    memory: Arc<Forgetful>,
}

impl Home {
    fn new(name: &str, relay: &RelayAddr, seed: u64) -> Self {
        Self { person: Person::new(name, relay, seed), memory: Arc::default() }
    }

    async fn burst(&mut self) -> Carried {
        let mut links = RelayLinks::new(Arc::clone(&self.memory) as _, Ways::Connections);
        let mut done = self.person.step(Input::Burst);
        loop {
            done.sent.drain(..).for_each(|transmit| links.transmit(transmit));
            if done.told.contains(&Event::Settled) {
                break;
            }
            done = self.person.step(Input::Arrived(answer(&mut links).await));
        }
        links.hang_up().await;
        carried(&links.meter(), Reading::default())
    }
}
