//! Calls through a real relay on this machine: what they cost it, and what they cost a client's
//! line. The relay and the clients have a thread each, whose time on a core is counted.

use std::{sync::Arc, thread, time::Duration};

use ed25519_dalek::{Signer, SigningKey};
use sogon_call::{SFRAME_BYTES, Shape};
use sogon_carry::{CallLine, Forgetful, Ways, Word};
use sogon_relay::{Config, Relay};
use sogon_wire::{Pass, PublicWriteKey, WriteSignature};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
    time::{Instant, interval, interval_at},
};

use super::table;

/// Calls of two at the same time.
const CALLS: u8 = 10;
/// And fewer and more of them, of the first shape.
const CROWDS: [u8; 3] = [1, 50, 100];
const SECONDS: u64 = 10;
/// Everybody is there after so long, and so much for each call.
const ENTER: Duration = Duration::from_secs(5);
const ENTER_EACH: Duration = Duration::from_millis(60);

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Seconds that this thread was on a core: the first number the kernel keeps of it.
pub(crate) fn on_a_core() -> f64 {
    let kept = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = kept.split(' ').next().and_then(|number| number.parse::<f64>().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e9
}

fn pass(call: u8) -> Pass {
    let key = SigningKey::from_bytes(&[call + 1; 32]);
    let public = PublicWriteKey(key.verifying_key().to_bytes());
    let signature = key.sign(&Pass::signed_bytes(&public)).to_bytes();
    Pass { key: public, signature: WriteSignature(signature) }
}

/// One member: says a packet of this shape at its pace, and hears; how many came.
async fn member(mut line: CallLine, shape: Shape, [start, end]: [Instant; 2]) -> usize {
    while !matches!(line.next().await, Word::Entered { .. }) {}
    let packet = vec![7; shape.speech_bytes() + 6 + SFRAME_BYTES];
    let mut pace = interval(Duration::from_millis(u64::from(shape.span.ms())));
    let mut over = interval_at(end, Duration::from_secs(1));
    let mut came = 0;
    loop {
        tokio::select! {
            _ = pace.tick() => line.say(packet.clone()),
            word = line.next() => match word {
                Word::Heard(_) => came += usize::from(Instant::now() > start),
                other => panic!("{other:?}"),
            },
            _ = over.tick() => return came,
        }
    }
}

pub(crate) fn run(shapes: &[(&str, Shape)]) {
    table::part(
        "12. Calls, at the relay",
        "calls of two through one relay at the same time; a core's time for each packet handed on, at \
         their pace",
    );
    for (name, shape) in shapes {
        print(name, CALLS, through_one_relay(*shape, CALLS), *shape);
    }
    // Does a relay with more to do take more for each?
    if let Some((name, shape)) = shapes.first() {
        for calls in CROWDS {
            print(name, calls, through_one_relay(*shape, calls), *shape);
        }
    }
}

/// What so many calls took.
struct Took {
    /// Packets that were handed on to whom they were for.
    came: f64,
    /// Seconds on a core, of the relay and of all lines together.
    relay: f64,
    lines: f64,
}

fn through_one_relay(shape: Shape, calls: u8) -> Took {
    let (tell, told) = oneshot::channel();
    let (end, ended) = oneshot::channel::<()>();
    let (begin, begun) = oneshot::channel::<()>();
    let relay = thread::spawn(move || {
        one_thread().block_on(async {
            let relay = Relay::start(Config::memory()).await.unwrap();
            tell.send(relay.addr()).unwrap();
            begun.await.unwrap();
            let before = on_a_core();
            ended.await.unwrap();
            let spent = on_a_core() - before;
            relay.stop().await;
            spent
        })
    });
    let (came, lines) = one_thread().block_on(async {
        let relay = told.await.unwrap();
        let enter = ENTER + ENTER_EACH * u32::from(calls);
        let start = Instant::now() + enter;
        let end = start + Duration::from_secs(SECONDS);
        let mut members = Vec::new();
        for call in 0..calls {
            let pass = pass(call);
            for _ in 0..2 {
                let memory = Arc::<Forgetful>::default();
                let line = CallLine::enter(relay.clone(), pass, memory, Ways::Any, None);
                members.push(tokio::spawn(member(line, shape, [start, end])));
            }
        }
        // Entering is not counted.
        interval_at(start, Duration::from_secs(1)).tick().await;
        begin.send(()).unwrap();
        let before = on_a_core();
        let mut came = 0;
        for member in members {
            came += member.await.unwrap();
        }
        (came as f64, on_a_core() - before)
    });
    end.send(()).unwrap();
    Took { came, relay: relay.join().unwrap(), lines }
}

/// What one call of two takes of a core at the relay.
pub(crate) fn one_call(shape: Shape) -> f64 {
    let took = through_one_relay(shape, 1);
    took.relay / took.came * packets_per_s(shape)
}

/// How many packets a call of two says in a second.
fn packets_per_s(shape: Shape) -> f64 {
    2_000.0 / f64::from(shape.span.ms())
}

fn print(name: &str, calls: u8, Took { came, relay, lines }: Took, shape: Shape) {
    let per_call = packets_per_s(shape);
    let said = f64::from(calls) * per_call * SECONDS as f64;
    table::amounts(&format!("{name}, {calls} at once: packets that came"), came, "said", said, "");
    // What a packet cost, at the pace of a call of two.
    let [relay, line] = [relay, lines].map(|seconds| seconds / came * per_call);
    table::amounts(&format!("{name}: a call at the relay"), relay * 100.0, "a core", 100.0, "%");
    let here = f64::from(calls);
    table::amounts(&format!("{name}: calls per core"), 1.0 / relay, "run here", here, "");
    table::amounts(&format!("{name}: both lines"), line * 100.0, "a core", 100.0, "%");
}
