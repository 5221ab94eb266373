//! A text with the app open, when a connection watches.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use sogon_carry::{Forgetful, RelayLinks, Ways};
use sogon_engine::Input;
use sogon_lab::weather::{Counters, Link, Weather};
use sogon_relay::{Config, Relay, Running};
use sogon_wire::RelayAddr;
use tokio::time::timeout;

use super::{Circle, LONGEST, Place, QUIET, Took, clear, messages, print, rate, trips};

/// A text with the app open, alone.
pub(super) async fn measure(place: &Place) {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let trip = (place.weather.up.delay + place.weather.down.delay).as_secs_f64();
    Circle::meet(&relay, 2, 70_000).await.measure_open(place, trip, &relay).await;
    relay.stop().await;
}

impl Circle {
    /// A text with the app open, and a connection that watches.
    pub(super) async fn measure_open(&mut self, place: &Place, trip: f64, relay: &Running) {
        let clear = self.with_the_app_open(clear(place), 3, relay).await;
        let bytes = clear.iter().map(|took| took.up).fold(f64::INFINITY, f64::min);
        let floor = trip + bytes * 8.0 / rate(place);
        let weather = place.weather.clone().seed(7);
        let took = self.with_the_app_open(weather, place.runs, relay).await;
        print(place, "text with the app open", &took, floor, "");
    }

    async fn with_the_app_open(
        &mut self,
        weather: Weather,
        runs: usize,
        relay: &Running,
    ) -> Vec<Took> {
        let target: SocketAddr = SocketAddr::from(([127, 0, 0, 1], relay.addr().port()));
        let link = Link::start(weather, target).await.unwrap();
        let via = RelayAddr::new("127.0.0.1", link.addr().port(), self.home.fingerprint()).unwrap();
        self.learn(&via).await;
        let home = self.home.clone();
        let (writer, readers) = self.people.split_first_mut().unwrap();
        let reader = &mut readers[0];
        let mut links = RelayLinks::new(Arc::clone(&writer.memory) as _, Ways::Any);
        let mut theirs = RelayLinks::new(Arc::new(Forgetful::default()) as _, Ways::Connections);
        for (who, links, to) in [(&mut *writer, &mut links, &via), (reader, &mut theirs, &home)] {
            let watching = who.person.step_at(who.tick(), Input::Live);
            who.note(&watching);
            who.carry(links, to, watching);
        }
        let mut took = Vec::new();
        for _ in 0..runs {
            // Until a connection watches, and all is quiet.
            loop {
                let turn = async {
                    tokio::select! {
                        _ = writer.next(&mut links, &via) => {}
                        _ = reader.next(&mut theirs, &home) => {}
                    }
                };
                let quiet = timeout(QUIET, turn).await.is_err();
                if quiet && links.meter().read().connections > 0 {
                    break;
                }
            }
            let (before, read, begun) = (link.counters(), links.meter().read(), Instant::now());
            let wanted = writer.say_in(&mut links, &via).expect("they met");
            let (mut stored, mut shown) = (None, None);
            while stored.is_none() || shown.is_none() {
                let turn = async {
                    tokio::select! {
                        told = writer.next(&mut links, &via) => (messages(&told), true),
                        told = reader.next(&mut theirs, &home) => (messages(&told), false),
                    }
                };
                let (told, own) = timeout(LONGEST, turn).await.expect("it takes too long");
                let now = begun.elapsed().as_secs_f64();
                if told.contains(&wanted) {
                    if own { &mut stored } else { &mut shown }.get_or_insert(now);
                }
            }
            let Counters { up, down, .. } = link.counters().since(&before);
            took.push(Took {
                stored: stored.unwrap(),
                shown: shown.unwrap(),
                up: up.sent_bytes as f64,
                down: down.sent_bytes as f64,
                trips: trips(links.meter().read(), read),
            });
        }
        links.hang_up().await;
        theirs.hang_up().await;
        link.stop().await;
        writer.rest();
        reader.rest();
        took
    }
}
