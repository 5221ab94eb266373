//! First contact: from a link to the first text.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use sogon_carry::{Forgetful, Reading, RelayLinks, Ways};
use sogon_engine::{Act, Answer, Input};
use sogon_lab::weather::{Counters, Link};
use sogon_relay::{Config, Relay, Running};
use sogon_wire::{RelayAddr, Uses};
use tokio::time::timeout;

use super::{super::table, LONGEST, Place, Took, Traveller, clear, messages, print, rate, trips};

/// First contact alone.
pub(super) async fn measure(place: &Place) {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let trip = (place.weather.up.delay + place.weather.down.delay).as_secs_f64();
    for live in [true, false] {
        contact(place, trip, live, &relay).await;
    }
    relay.stop().await;
}

/// From a link to the first text shown to the one who made it. Whoever answers stays connected, as
/// the app does, or makes one burst.
pub(super) async fn contact(place: &Place, trip: f64, live: bool, relay: &Running) {
    let home = relay.addr();
    let target: SocketAddr = SocketAddr::from(([127, 0, 0, 1], home.port()));
    let mut took = Vec::new();
    let runs = place.runs.div_ceil(2);
    let (mut floor, mut one_trip) = (0.0, 0.0);
    for run in 0..=runs {
        let weather = if run == 0 { clear(place) } else { place.weather.clone() }.seed(run as u64);
        let link = Link::start(weather, target).await.unwrap();
        let via = RelayAddr::new("127.0.0.1", link.addr().port(), home.fingerprint()).unwrap();
        let seed = run as u64 + if live { 90_000 } else { 92_000 };
        let mut inviter = Traveller::new("Mina", &home, seed);
        let mut guest = Traveller::new("Joon", &home, seed + 5_000);
        let invited = inviter.person.step(Input::Act(Act::Invite { uses: Uses::One }));
        let Answer::Invited { invite } = invited.answer else { unreachable!("has a relay") };
        let mut theirs = RelayLinks::new(Arc::new(Forgetful::default()) as _, Ways::Connections);
        let done = inviter.person.step_at(inviter.tick(), Input::Live);
        inviter.carry(&mut theirs, &home, done);
        while timeout(Duration::from_millis(300), inviter.next(&mut theirs, &home)).await.is_ok() {}
        let begun = Instant::now();
        guest.person.step(Input::Act(Act::Join { invite, name: None }));
        let mut links = RelayLinks::new(Arc::clone(&guest.memory) as _, Ways::Any);
        let way = if live { Input::Live } else { Input::Burst };
        let done = guest.person.step_at(guest.tick(), way);
        guest.carry(&mut links, &via, done);
        let (mut wanted, mut stored, mut shown) = (None, None, None);
        while shown.is_none() || stored.is_none() {
            let mut handed = BTreeSet::new();
            let turn = async {
                tokio::select! {
                    told = guest.next(&mut links, &via) => {
                        handed = messages(&told);
                        true
                    }
                    told = inviter.next(&mut theirs, &home) => {
                        handed = messages(&told);
                        false
                    }
                }
            };
            let own = timeout(LONGEST, turn).await.expect("it takes too long");
            let now = begun.elapsed().as_secs_f64();
            match (&wanted, own) {
                (Some(wanted), true) if handed.contains(wanted) => {
                    stored.get_or_insert(now);
                }
                (Some(wanted), false) if handed.contains(wanted) => {
                    shown.get_or_insert(now);
                }
                _ => {}
            }
            if wanted.is_none() && guest.may_write() {
                wanted = guest.say_in(&mut links, &via);
            }
        }
        let read = trips(links.meter().read(), Reading::default());
        let Counters { up, down, .. } = link.counters();
        let one = Took {
            stored: stored.unwrap_or_default(),
            shown: shown.unwrap_or_default(),
            up: up.sent_bytes as f64,
            down: down.sent_bytes as f64,
            trips: read,
        };
        drop((links, theirs));
        link.stop().await;
        if run == 0 {
            one_trip = trip + one.up.max(one.down) * 8.0 / rate(place);
            floor = 3.0 * trip + (one.up + one.down) * 8.0 / rate(place);
        } else {
            took.push(one);
        }
    }
    let name = if live { "first contact to first text" } else { "the same in one burst" };
    let whole = table::median(took.iter().map(|took| took.stored.max(took.shown)).collect());
    let beside = format!(", one trip x{:.2}", whole / one_trip);
    print(place, name, &took, floor, &beside);
}
