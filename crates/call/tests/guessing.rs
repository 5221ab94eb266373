//! Whoever watches the packets of a call and was told what was said in half of them cannot guess the
//! rest: neither the language, nor a phrase, nor silence, nor mute. What leaks is found.
#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "numbers of a test"
)]

#[path = "line/guess.rs"]
mod guess;
mod line;

use guess::{Window, guess};
use line::{Call, Chance, Loss, Weather};
use sogon_call::{Mute, Rate, Shape, Span, TICK_SAMPLES, speech};

const EDGE: Shape = Shape { rate: Rate::Kbit16, span: Span::Ms60 };
/// A window is a second and a fifth: whole packets of every span.
const TICKS: usize = 60;
const WINDOWS: usize = 400;
const CLASSES: usize = 5;

/// What is said in a window: nothing, one language, another of short even syllables, one phrase
/// again and again, or anything while muted.
fn said(class: usize, seed: u32) -> Vec<i16> {
    let seconds = 1.2;
    let mut samples = match class {
        0 => vec![0; TICKS * TICK_SAMPLES],
        3 => speech::sentence(77, seconds),
        _ => speech::sentence(seed, seconds),
    };
    if class == 2 {
        // Eight syllables a second, with a rest after each.
        for (at, sample) in samples.iter_mut().enumerate() {
            *sample = if at % 2_000 < 1_100 { *sample } else { 0 };
        }
    }
    samples
}

/// The packets of a call in which every window is of a class by chance.
fn overheard(weather: Weather, seed: u64) -> Vec<Window> {
    let (mut call, mut chance) = (Call::new(seed, EDGE, weather), Chance(seed));
    let mut jitter = Chance(seed ^ 0x5555);
    let mut windows = Vec::new();
    for at in 0..WINDOWS {
        let class = chance.below(CLASSES as u64) as usize;
        call.talks[0].mute(if class == 4 { Mute::On } else { Mute::Off });
        let from = call.lines[0].sent.len();
        call.listen(&said(class, 1_000 + at as u32));
        // As somebody sees it who sits a few milliseconds away.
        let seen = call.lines[0].sent[from..].iter();
        let seen =
            seen.map(|(ms, bytes)| (*ms as f64 + jitter.below(40) as f64 / 10.0, *bytes as f64));
        windows.push(Window { class, packets: seen.collect() });
    }
    windows
}

#[test]
fn nobody_guesses_from_packets_what_is_said_or_whether_anything_is() {
    let weathers = [
        Weather { loss: Loss::Each(0), delay_ms: 40, jitter_ms: 10, doubled: 0 },
        Weather { loss: Loss::Each(12), delay_ms: 300, jitter_ms: 80, doubled: 2 },
    ];
    for (seed, weather) in (20..).zip(weathers) {
        let guessed = guess(&overheard(weather, seed), CLASSES);
        assert!(guessed.by_chance > 0.001, "{guessed:?}");
        assert!(guessed.at_most < 0.28, "a fifth is chance: {guessed:?}");
    }
}

/// What a leak makes of a packet of this class, at this place in its window.
type Leak = fn(usize, usize, f64) -> Option<f64>;

#[test]
fn a_leak_that_is_planted_is_found() {
    let weather = Weather { loss: Loss::Each(0), delay_ms: 40, jitter_ms: 10, doubled: 0 };
    let whole = overheard(weather, 22);
    let leaks: [(&str, Leak); 3] = [
        // Nothing is sent in pauses but one packet in seven, as discontinuous transmission does.
        ("pauses", |class, at, bytes| {
            (![0, 4].contains(&class) || at.is_multiple_of(7)).then_some(bytes)
        }),
        // A variable rate: the packets of short even syllables are a little smaller now and then.
        ("rate", |class, at, bytes| {
            Some(if class == 2 && at.is_multiple_of(3) { bytes - 4.0 } else { bytes })
        }),
        // One byte more while muted.
        ("mute", |class, _, bytes| Some(if class == 4 { bytes + 1.0 } else { bytes })),
    ];
    for (name, leak) in leaks {
        let leaking: Vec<Window> = whole
            .iter()
            .map(|window| {
                let packets = window.packets.iter().enumerate();
                let packets = packets.filter_map(|(at, (ms, bytes))| {
                    leak(window.class, at, *bytes).map(|bytes| (*ms, bytes))
                });
                Window { class: window.class, packets: packets.collect() }
            })
            .collect();
        let guessed = guess(&leaking, CLASSES);
        assert!(guessed.by_chance < 1e-6, "{name}: {guessed:?}");
    }
}
