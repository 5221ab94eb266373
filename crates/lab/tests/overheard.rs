//! Calls through a real relay over sockets of this machine, with somebody on the line who writes
//! down every datagram: from sizes, gaps and windows nobody guesses what is said, or whether
//! anything is. What leaks is found.
#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "numbers of a test"
)]

#[path = "../../call/tests/line/guess.rs"]
mod guess;
#[allow(dead_code, reason = "nobody cuts this line")]
#[path = "../../sogon/tests/tap/mod.rs"]
mod tap;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ed25519_dalek::{Signer, SigningKey};
use guess::{Window, guess};
use sogon_call::{CallSecret, Mute, Rate, Shape, Span, TICK_SAMPLES, Talk, speech};
use sogon_carry::{CallLine, Direct, Forgetful, Way, Ways, Word};
use sogon_lab::Chance;
use sogon_relay::{Config, Relay};
use sogon_wire::{Pass, PublicWriteKey, RelayAddr, WriteSignature};
use tap::Tap;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

const EDGE: Shape = Shape { rate: Rate::Kbit16, span: Span::Ms60 };
/// Calls at the same time, windows in each, and ticks of 20 ms in a window.
const CALLS: u8 = 4;
const WINDOWS: usize = 32;
const TICKS: usize = 60;
const CLASSES: usize = 4;

/// What is said in a window: nothing, one rhythm, another of short even syllables, or anything while
/// muted.
fn said(class: usize, seed: u32) -> Vec<i16> {
    let mut samples = speech::sentence(seed, 1.2);
    for (at, sample) in samples.iter_mut().enumerate() {
        // Eight syllables a second, with a rest after each.
        let silent = class == 0 || class == 2 && at % 2_000 >= 1_100;
        *sample = if silent { 0 } else { *sample };
    }
    samples
}

fn pass(call: u8) -> Pass {
    let key = SigningKey::from_bytes(&[call + 1; 32]);
    let public = PublicWriteKey(key.verifying_key().to_bytes());
    let signature = key.sign(&Pass::signed_bytes(&public)).to_bytes();
    Pass { key: public, signature: WriteSignature(signature) }
}

async fn enter(relay: RelayAddr, call: u8, direct: Option<Direct>) -> CallLine {
    let memory = Arc::<Forgetful>::default();
    let mut line = CallLine::enter(relay, pass(call), memory, Ways::Any, direct);
    while !matches!(line.next().await, Word::Entered { .. }) {}
    line
}

fn talk(leaf: u8) -> Talk {
    let secret = CallSecret { base: zeroize::Zeroizing::new([1; 32]), epoch: 1 };
    Talk::new(secret, leaf, u64::from(leaf) + 9, EDGE).unwrap()
}

/// When packets came, and their bytes.
type Came = Arc<Mutex<Vec<(std::time::Instant, usize)>>>;

/// One turn of somebody who says nothing: a tick of the call, or a packet, when it came and its bytes.
async fn silent_turn(
    (line, talk): (&mut CallLine, &mut Talk),
    ticks: &mut Interval,
    begun: Instant,
) -> Option<(std::time::Instant, usize)> {
    let now_ms = begun.elapsed().as_millis() as i64;
    tokio::select! {
        _ = ticks.tick() => {
            talk.reshape(EDGE);
            if let Some(packet) = talk.tick(now_ms, &[0; TICK_SAMPLES]).unwrap().packet {
                line.say(packet);
            }
            None
        }
        word = line.next() => match word {
            Word::Heard(packet) => {
                let came = (std::time::Instant::now(), packet.len());
                let _ = talk.hear(now_ms, &packet).unwrap();
                Some(came)
            }
            other => panic!("{other:?}"),
        },
    }
}

/// One who listens, and says nothing.
async fn listens(relay: RelayAddr, call: u8, direct: Option<Direct>, came: Came) {
    let (mut line, mut talk) = (enter(relay, call, direct).await, talk(1));
    let (begun, mut ticks) = (Instant::now(), interval(Duration::from_millis(20)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let packet = silent_turn((&mut line, &mut talk), &mut ticks, begun).await;
        came.lock().unwrap().extend(packet);
    }
}

/// Says nothing until both hear each other directly; then it is as good as muted for a while.
async fn becomes_direct(line: &mut CallLine, talk: &mut Talk, direct: &Direct, begun: Instant) {
    let mut ticks = interval(Duration::from_millis(20));
    while direct.figures().way != Way::Direct {
        let _ = silent_turn((line, talk), &mut ticks, begun).await;
    }
}

/// One who speaks, as a home does: what was said in which window, and when the windows began.
async fn speaks(
    relay: RelayAddr,
    call: u8,
    plan: Vec<(usize, u32)>,
    direct: Option<Direct>,
) -> Vec<(usize, std::time::Instant)> {
    let (mut line, mut talk) = (enter(relay, call, direct.clone()).await, talk(0));
    let begun = Instant::now();
    if let Some(direct) = &direct {
        becomes_direct(&mut line, &mut talk, direct, begun).await;
    }
    let mut ticks = interval(Duration::from_millis(20));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let plan: Vec<_> = plan.into_iter().map(|(class, seed)| (class, said(class, seed))).collect();
    let (mut windows, mut ready) = (Vec::new(), None);
    for (class, samples) in plan {
        let mut chunks = samples.chunks_exact(TICK_SAMPLES);
        talk.mute(if class == 3 { Mute::On } else { Mute::Off });
        talk.reshape(EDGE);
        let mut begins = None;
        for _ in 0..TICKS {
            let at = loop {
                tokio::select! {
                    at = ticks.tick() => break at,
                    word = line.next() => match word {
                        Word::Heard(packet) => {
                            let now_ms = begun.elapsed().as_millis() as i64;
                            let _ = talk.hear(now_ms, &packet).unwrap();
                        }
                        other => panic!("{other:?}"),
                    },
                }
            };
            begins.get_or_insert(at);
            // What was encoded in the tick before leaves first.
            if let Some(packet) = ready.take() {
                line.say(packet);
                tokio::task::yield_now().await;
            }
            let now_ms = begun.elapsed().as_millis() as i64;
            let chunk =
                chunks.next().and_then(|chunk| <&[i16; TICK_SAMPLES]>::try_from(chunk).ok());
            ready = talk.tick(now_ms, chunk.unwrap()).unwrap().packet;
        }
        windows.push((class, begins.unwrap().into_std()));
    }
    windows
}

/// As many windows of each class, in an order by chance: nothing is gained by guessing one.
fn plan(chance: &Chance) -> Vec<(usize, u32)> {
    let mut left: Vec<usize> = (0..WINDOWS).map(|at| at % CLASSES).collect();
    let mut drawn = || left.swap_remove(chance.below(left.len() as u64) as usize);
    (0..WINDOWS).map(|_| (drawn(), chance.below(1_000) as u32)).collect()
}

/// What somebody on the lines of those who speak sees, in windows that are told apart for them: on
/// the way to the relay, or where what goes directly arrives.
fn overheard(directly: bool) -> Vec<Window> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let relay = Relay::start(Config::memory()).await.unwrap();
        let address = relay.addr();
        let mut speakers = Vec::new();
        for call in 0..CALLS {
            let spoken = address.to_string();
            let tap = tokio::task::spawn_blocking(move || Tap::before(&spoken)).await.unwrap();
            let side = |called| directly.then(|| Direct::new(&[call; 32], called));
            let came = Came::default();
            let listening = listens(address.clone(), call, side(false), Arc::clone(&came));
            let listener = tokio::spawn(listening);
            let watched: RelayAddr = tap.address().parse().unwrap();
            let plan = plan(&Chance::new(u64::from(call) + 70));
            let speaker = tokio::spawn(speaks(watched, call, plan, side(true)));
            speakers.push((tap, came, listener, speaker));
        }
        let mut windows = Vec::new();
        for (tap, came, listener, speaker) in speakers {
            let told = speaker.await.unwrap();
            listener.abort();
            let up = tap.take().into_iter().filter(|passed| passed.up);
            let up: Vec<_> = up.map(|passed| (passed.at, passed.bytes)).collect();
            let seen = if directly { came.lock().unwrap().clone() } else { up };
            for (class, begins) in told {
                let packets = seen.iter().filter_map(|(at, bytes)| {
                    let after = at.checked_duration_since(begins)?.as_secs_f64() * 1e3;
                    (after < TICKS as f64 * 20.0).then_some((after, *bytes as f64))
                });
                windows.push(Window { class, packets: packets.collect() });
            }
        }
        relay.stop().await;
        windows
    })
}

#[test]
fn nobody_guesses_what_is_said_in_a_call_that_goes_directly() {
    let windows = overheard(true);
    let packets: usize = windows.iter().map(|window| window.packets.len()).sum();
    assert!(packets > windows.len() * TICKS / 6, "{packets}");
    let guessed = guess(&windows, CLASSES);
    assert!(guessed.by_chance > 0.001, "a quarter is chance: {guessed:?}");
}

/// What a leak makes of a packet: its class, its place, when it came, and its bytes.
type Leak = fn(usize, usize, f64, f64) -> Option<(f64, f64)>;

#[test]
fn nobody_on_the_line_guesses_what_is_said_in_a_real_call_and_leaks_are_found() {
    let windows = overheard(false);
    assert_eq!(windows.len(), usize::from(CALLS) * WINDOWS);
    let packets: usize = windows.iter().map(|window| window.packets.len()).sum();
    assert!(packets > windows.len() * TICKS / 6, "{packets}: it speaks by datagrams");
    let guessed = guess(&windows, CLASSES);
    assert!(guessed.by_chance > 0.001, "a quarter is chance: {guessed:?}");
    let leaks: [(&str, Leak); 4] = [
        ("pauses", |class, at, ms, bytes| {
            (![0, 3].contains(&class) || at.is_multiple_of(7)).then_some((ms, bytes))
        }),
        ("rate", |class, at, ms, bytes| {
            let less = if class == 2 && at.is_multiple_of(3) { 4.0 } else { 0.0 };
            Some((ms, bytes - less))
        }),
        ("mute", |class, _, ms, bytes| Some((ms, if class == 3 { bytes + 1.0 } else { bytes }))),
        ("late", |class, at, ms, bytes| {
            let late = if class == 1 && at.is_multiple_of(2) { 25.0 } else { 0.0 };
            Some((ms + late, bytes))
        }),
    ];
    for (name, leak) in leaks {
        let leaking = windows.iter().map(|window| {
            let packets = window.packets.iter().enumerate();
            let packets =
                packets.filter_map(|(at, (ms, bytes))| leak(window.class, at, *ms, *bytes));
            Window { class: window.class, packets: packets.collect() }
        });
        let guessed = guess(&leaking.collect::<Vec<_>>(), CLASSES);
        assert!(guessed.by_chance < 1e-3, "{name}: {guessed:?}");
    }
}
