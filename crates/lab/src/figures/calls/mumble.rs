//! Mumble on the same link: its own server and two of its own clients, as they are installed.
//!
//! The clients have a display in memory, and PulseAudio gives them a device that is none: what its left
//! channel plays is one client's microphone, and the other client plays into its right one. So one
//! recording holds what was said beside what was heard, and how late. The speaker goes through the
//! link, the listener sits beside the server. All of it lies in a folder that goes afterwards.

mod house;

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    time::{Duration, Instant},
};

use sogon_call::speech;
use sogon_lab::weather::{Link, Tally, Weather};
use tokio::runtime::Runtime;

use self::house::{Client, House, Program, pass};

/// What has to be installed, as Debian names it.
const PACKAGES: &str = "mumble mumble-server xvfb pulseaudio pulseaudio-utils openssl";

/// How long clients may take to come into the call; a handshake on a bad line takes long.
const PATIENCE: Duration = Duration::from_secs(120);
/// And to fall silent before and after it.
const PAUSE: Duration = Duration::from_secs(2);

/// A call that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Of Opus, in bits a second.
    pub(super) bits_per_s: usize,
    /// What a packet holds.
    pub(super) span_ms: u32,
    /// The line of the one who speaks.
    pub(super) weather: Weather,
}

/// What came of it.
pub(super) struct Came {
    /// What came into the microphone.
    pub(super) said: Vec<i16>,
    /// What the speaker played at the same time.
    pub(super) heard: Vec<i16>,
    /// What the one who speaks sent, and for how long.
    pub(super) up: Tally,
    pub(super) seconds: f64,
    /// Of a core: one client, and the server.
    pub(super) client: f64,
    pub(super) server: f64,
}

impl Came {
    /// Whether the one who listens had nothing played at all: then the programs did not come together.
    pub(super) fn is_silent(&self) -> bool {
        self.heard.iter().filter(|sample| sample.unsigned_abs() > 50).count() < 16_000
    }
}

/// The programs, all of them.
pub(super) struct Mumble {
    server: PathBuf,
    /// What the server says it is.
    pub(super) version: String,
}

impl Mumble {
    /// Finds them, or says what is missing.
    pub(super) fn find() -> Result<Self, String> {
        let missing = |name: &str| {
            format!("{name} is not installed (apt-get install --no-install-recommends {PACKAGES})")
        };
        for name in ["mumble", "Xvfb", "pulseaudio", "pacat", "openssl"] {
            house::find(name).ok_or_else(|| missing(name))?;
        }
        let server = house::find("murmurd").or_else(|| house::find("mumble-server"));
        let server = server.ok_or_else(|| missing("mumble-server"))?;
        let said = std::process::Command::new(&server).arg("-version").output();
        let said = said.map(|said| [said.stdout, said.stderr].concat()).unwrap_or_default();
        let said = String::from_utf8_lossy(&said).into_owned();
        let version = said.split(" -- ").nth(1).and_then(|rest| rest.split_whitespace().next());
        Ok(Self { server, version: version.unwrap_or("of unknown version").to_owned() })
    }

    /// Says this in all of these calls at the same time.
    pub(super) fn calls(&self, said: &[i16], wanted: &[Wanted]) -> Result<Vec<Came>, String> {
        let runtime = Runtime::new().unwrap();
        let house = runtime.block_on(House::open(wanted.len()))?;
        runtime.block_on(self.in_house(&house, said, wanted))
    }

    async fn in_house(
        &self,
        house: &House,
        said: &[i16],
        wanted: &[Wanted],
    ) -> Result<Vec<Came>, String> {
        let mut calls = Vec::new();
        for (nth, wanted) in wanted.iter().enumerate() {
            calls.push(Call::begin(self, house, nth, wanted).await?);
        }
        let begun = Instant::now();
        for call in &calls {
            call.flows(begun + PATIENCE).await?;
        }
        pass(PAUSE).await;
        let tapes: Vec<Program> = (0..calls.len()).map(|nth| house.record(nth)).collect();
        pass(PAUSE).await;
        let (before, begun) = (calls.iter().map(Call::counts).collect::<Vec<_>>(), Instant::now());
        for playing in (0..calls.len()).map(|nth| house.play(nth, said)).collect::<Vec<_>>() {
            while !playing.is_over() {
                pass(Duration::from_millis(100)).await;
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        let after: Vec<Counts> = calls.iter().map(Call::counts).collect();
        pass(PAUSE).await;
        drop(tapes);
        let counts = before.iter().zip(&after).enumerate();
        Ok(counts
            .map(|(nth, (before, after))| {
                let (mine, heard) = on_time(said, &house.recorded(nth));
                let up = after.up.since(&before.up);
                let client = (after.clients - before.clients) / seconds / 2.0;
                let server = (after.server - before.server) / seconds;
                Came { said: mine, heard, up, seconds, client, server }
            })
            .collect())
    }
}

/// Both channels of a recording, from where this begins in the left one.
fn on_time(said: &[i16], recorded: &[[i16; 2]]) -> (Vec<i16>, Vec<i16>) {
    let [left, right] =
        [0, 1].map(|side| recorded.iter().map(|both| both[side]).collect::<Vec<_>>());
    let head = &said[..said.len().min(16_000 * 5)];
    let from = (speech::lag_ms(head, &left, 5_000) * 16).min(left.len());
    let count = said.len().min(left.len() - from);
    (left[from..from + count].to_vec(), right[from..].to_vec())
}

/// A call between two clients.
struct Call {
    link: Link,
    pace_per_s: f64,
    clients: [Program; 2],
    server: Program,
}

/// What was counted of it so far.
struct Counts {
    up: Tally,
    clients: f64,
    server: f64,
}

impl Call {
    async fn begin(
        mumble: &Mumble,
        house: &House,
        nth: usize,
        wanted: &Wanted,
    ) -> Result<Self, String> {
        // Free for a moment, which is long enough on a machine of one's own.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let home: SocketAddr = free.map_err(|error| error.to_string())?;
        let server = house.server(&mumble.server, nth, home);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(home).is_err() {
            if Instant::now() > deadline {
                return Err("the server does not listen".to_owned());
            }
            pass(Duration::from_millis(100)).await;
        }
        let link = Link::start(wanted.weather.clone(), home).await;
        let link = link.map_err(|error| error.to_string())?;
        let client = |name, server| {
            let (bits_per_s, frames) = (wanted.bits_per_s, wanted.span_ms / 10);
            house.client(nth, &Client { name, server, bits_per_s, frames })
        };
        let clients = [client("ear", home), client("mouth", link.addr())];
        let pace_per_s = 1_000.0 / f64::from(wanted.span_ms);
        Ok(Self { link, pace_per_s, clients, server })
    }

    /// Waits until as many packets leave as in a call, for some seconds.
    async fn flows(&self, deadline: Instant) -> Result<(), String> {
        let mut good = 0;
        while good < 3 {
            if Instant::now() > deadline {
                return Err("the clients did not come into a call".to_owned());
            }
            let before = self.link.counters();
            pass(Duration::from_secs(1)).await;
            let since = self.link.counters().since(&before);
            let enough = self.pace_per_s * 0.9;
            let flows = [since.up, since.down].iter().all(|way| way.sent_packets as f64 >= enough);
            good = if flows { good + 1 } else { 0 };
        }
        Ok(())
    }

    fn counts(&self) -> Counts {
        let clients = self.clients.iter().map(Program::seconds_of_cpu).sum();
        Counts { up: self.link.counters().up, clients, server: self.server.seconds_of_cpu() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_begins_where_the_left_channel_says_it() {
        let said = speech::sentence(3, 8.0);
        let [begins, later] = [16 * 1_230, 16 * 150];
        let mut recorded = vec![[0_i16; 2]; begins + later + said.len()];
        for (at, sample) in said.iter().enumerate() {
            recorded[begins + at][0] = *sample;
            recorded[begins + later + at][1] = *sample;
        }
        let (mine, heard) = on_time(&said, &recorded);
        assert_eq!(mine, said);
        assert_eq!(speech::lag_ms(&said, &heard, 400), 150);
    }
}
