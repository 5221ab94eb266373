//! Files over links: time beside the link's floor, bytes beside the file's, and what a cut costs.
//!
//! The floor is the time the file's bytes need at the link's rate, and a round trip. The sender is
//! behind the weather; the reader fetches behind the same weather afterwards.

use super::*;

/// What one way of a file took.
struct Moved {
    s: f64,
    sent: f64,
}

pub(crate) fn run(quick: bool, names: &[String]) {
    table::part(
        "15  files over links",
        "seconds until all of it is at the relay, and then with the reader; whole IP packets of that \
         way over the file's bytes; the floor is a round trip and the file's bytes at the link's rate",
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let wanted = |place: &Place| match names.is_empty() {
        true => true,
        false => names.iter().any(|name| name == place.name),
    };
    for place in places(quick).into_iter().filter(wanted) {
        let sizes: &[usize] = match (place.name, quick) {
            ("good", false) => &[64 << 10, 1 << 20, 8 << 20],
            ("good", true) => &[64 << 10, 1 << 20],
            ("EDGE", false) => &[16 << 10, 64 << 10, 256 << 10],
            (_, false) => &[16 << 10, 100 << 10],
            (_, true) => &[16 << 10],
        };
        for size in sizes {
            runtime.block_on(measure(&place, *size));
        }
    }
}

async fn measure(place: &Place, size: usize) {
    let relay = Relay::start(Config::memory()).await.unwrap();
    let mut pair = Circle::meet(&relay, 2, 200_000 + size as u64).await;
    let target: SocketAddr = SocketAddr::from(([127, 0, 0, 1], relay.addr().port()));
    let link = Link::start(place.weather.clone().seed(5), target).await.unwrap();
    let home = relay.addr();
    let via = RelayAddr::new("127.0.0.1", link.addr().port(), home.fingerprint()).unwrap();
    for person in &mut pair.people {
        person.remember(&home, &via);
        for _ in 0..3 {
            person.burst(&via, Ways::Any).await;
        }
    }
    let (mina, rest) = pair.people.split_first_mut().unwrap();
    let joon = &mut rest[0];
    let bytes = sogon_lab::files::bytes_of(size as u64, size);
    let file = mina.offer(&bytes);
    let up = mina.haul(&via, &link).await;
    joon.haul(&via, &link).await;
    let there = sogon_engine::view::files(joon.person.store.shelf()).unwrap();
    let conversation = there[0].conversation;
    let down = match there[0].file.as_ref().unwrap().whole {
        true => None,
        false => {
            let act = Act::MoveFile { conversation, message: file };
            joon.person.step_at(joon.tick(), Input::Act(act));
            Some(joon.haul(&via, &link).await)
        }
    };
    let there = sogon_engine::view::files(joon.person.store.shelf()).unwrap();
    let read = sogon_lab::files::read(joon.person.store.shelf(), &there[0]);
    assert_eq!(read.as_ref(), Some(&bytes), "every byte is there");
    let trip = (place.weather.up.delay + place.weather.down.delay).as_secs_f64();
    let floor = trip + size as f64 * 8.0 / rate(place);
    let kib = size / 1_024;
    let over = |moved: &Moved| (moved.sent / size as f64 - 1.0) * 100.0;
    for (what, moved) in [("leaves", Some(&up)), ("comes", down.as_ref())] {
        let Some(moved) = moved else { continue };
        table::line(
            &format!("{}: {kib} KiB {what}", place.name),
            &format!("{:.2} s, {:+.1} % bytes", moved.s, over(moved)),
            "floor",
            &format!("{floor:.2} s"),
            moved.s / floor,
        );
    }
    link.stop().await;
    relay.stop().await;
}

impl Traveller {
    /// Takes a file in, and offers it.
    fn offer(&mut self, bytes: &[u8]) -> MessageId {
        let to = self.person.conversation(false);
        let tick = self.tick();
        let mut act = |act| self.person.step_at(tick, Input::Act(act)).answer;
        let begun = act(Act::BeginFile { to, bytes: bytes.len() as u64 });
        let Answer::Begun { file, piece_bytes } = begun else { unreachable!("it is small enough") };
        for some in bytes.chunks(piece_bytes) {
            act(Act::AddPieces { to, file, bytes: some.to_vec() });
        }
        let about = sogon_engine::FileInfo::default();
        act(Act::SendFile { to, file, about, reply_to: None, after_s: None });
        file
    }

    /// Everything out and in, files too, in a process of its own.
    async fn haul(&mut self, via: &RelayAddr, link: &Link) -> Moved {
        let before = link.counters();
        let begun = Instant::now();
        let mut links = RelayLinks::new(Arc::clone(&self.memory) as _, Ways::Any);
        let mut done = self.person.step_at(self.tick(), Input::Haul);
        let mut told = std::mem::take(&mut done.told);
        self.note(&done);
        self.carry(&mut links, via, done);
        while !told.contains(&Event::Hauled) {
            told = timeout(LONGEST, self.next(&mut links, via)).await.expect("it takes too long");
        }
        let s = begun.elapsed().as_secs_f64();
        links.hang_up().await;
        let Counters { up, down, .. } = link.counters().since(&before);
        Moved { s, sent: up.sent_bytes.max(down.sent_bytes) as f64 }
    }
}
