//! Part 11: calls: what they weigh, how late they are, how well they are understood on bad lines, and
//! what they cost to compute.

use std::{collections::BTreeMap, time::Instant};

use sogon_call::{
    CallSecret, Rate, Shape, Span, TICK_SAMPLES, Talk,
    note::{self, NOTE_KBITS, Note},
    speech,
};
use sogon_call_opus::{Decoder, Encoder};
use zeroize::Zeroizing;

use super::{stoi::stoi, table};

const EDGE: Shape = Shape { rate: Rate::Kbit16, span: Span::Ms60 };
const GOOD: Shape = Shape { rate: Rate::Kbit24, span: Span::Ms20 };
const RICH: Shape = Shape { rate: Rate::Kbit24, span: Span::Ms60 };

/// The seal of a datagram, its head and item.
const HOP: usize = sogon_packet::QUESTION_OVERHEAD_BYTES + 6 + 5;
/// UDP and IPv4.
const BELOW: usize = 28;

/// Voices whose mean is printed.
const VOICES: u64 = 4;

/// How a line loses.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Each(u64),
    Bursts(u64),
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

impl Loss {
    /// Which packets are lost, one after the other; bursts are of three on average (Gilbert 1960).
    fn of(self, seed: u64) -> impl Iterator<Item = bool> {
        let (mut chance, mut losing) = (Chance(seed), false);
        std::iter::repeat_with(move || match self {
            Self::Each(percent) => chance.below(100) < percent,
            Self::Bursts(percent) => {
                let end = 3_333;
                let turn = if losing { end } else { end * percent / (100 - percent) };
                if chance.below(10_000) < turn {
                    losing = !losing;
                }
                losing
            }
        })
    }
}

fn talk(leaf: u8, shape: Shape) -> Talk {
    let secret = CallSecret { base: Zeroizing::new([1; 32]), epoch: 1 };
    Talk::new(secret, leaf, u64::from(leaf) + 9, shape).unwrap()
}

struct Heard {
    samples: Vec<i16>,
    packets: Vec<usize>,
    seconds_of_cpu: f64,
}

/// One says this over a line; the other listens, and says nothing.
fn call(said: &[i16], shape: Shape, delay_ms: i64, jitter_ms: u64, loss: Loss, seed: u64) -> Heard {
    let mut talks = [talk(0, shape), talk(1, shape)];
    let mut ways: [BTreeMap<(i64, u64), Vec<u8>>; 2] = Default::default();
    let mut chance = Chance(seed ^ 0x5555);
    let mut lost = [loss.of(seed), loss.of(seed ^ 0xffff)];
    let (mut samples, mut packets, mut cpu, mut count) = (Vec::new(), Vec::new(), 0.0, 0);
    for (tick, chunk) in said.chunks_exact(TICK_SAMPLES).enumerate() {
        let now_ms = tick as i64 * 20;
        for side in 0..2 {
            let later = ways[1 - side].split_off(&(now_ms + 1, 0));
            let come = std::mem::replace(&mut ways[1 - side], later);
            let mut mine = [0; TICK_SAMPLES];
            if side == 0 {
                mine.copy_from_slice(chunk);
            }
            let begun = Instant::now();
            for packet in come.values() {
                talks[side].hear(now_ms, packet).unwrap();
            }
            let did = talks[side].tick(now_ms, &mine).unwrap();
            if side == 1 {
                cpu += begun.elapsed().as_secs_f64();
                samples.extend(did.heard);
            }
            if let Some(packet) = did.packet {
                if side == 0 {
                    packets.push(packet.len());
                }
                if lost[side].next() == Some(false) {
                    let at = now_ms + delay_ms + chance.below(jitter_ms + 1) as i64;
                    count += 1;
                    ways[side].insert((at, count), packet);
                }
            }
        }
    }
    Heard { samples, packets, seconds_of_cpu: cpu }
}

/// Plain Opus that loses the same packets: what is lost is filled in by the codec alone.
fn plain(said: &[i16], shape: Shape, loss: Loss, seed: u64) -> Vec<i16> {
    let (mut encoder, mut decoder) = (Encoder::new().unwrap(), Decoder::new().unwrap());
    said.chunks_exact(shape.span.samples())
        .zip(loss.of(seed))
        .flat_map(|(frame, lost)| {
            let packet = encoder.encode(frame, shape.span, shape.speech_bytes()).unwrap();
            match lost {
                true => decoder.conceal(shape.span).unwrap(),
                false => decoder.decode(&packet, shape.span).unwrap(),
            }
        })
        .collect()
}

/// Voice notes: what a second of them weighs, and how they are understood beside plain Opus of the
/// same rate, which here is the same codec without the note's form.
fn notes(said: &[i16]) {
    table::part(
        "11. Voice notes",
        "bytes for each second, beside the bits of the rate; STOI beside plain Opus; ratio: one is best",
    );
    for kbit in NOTE_KBITS {
        let note = note::record_at(said, kbit).unwrap();
        let per_s = note.len() as f64 / (said.len() as f64 / 16_000.0);
        let bare = f64::from(kbit) * 125.0;
        table::amounts(&format!("{kbit} kbit/s: bytes a second"), per_s, "speech alone", bare, "B");
        let heard = Note::parse(&note).unwrap().play().unwrap();
        let (mut encoder, mut decoder) = (Encoder::new().unwrap(), Decoder::new().unwrap());
        let bytes = kbit as usize * 60 / 8;
        let plain: Vec<i16> = said
            .chunks_exact(Span::Ms60.samples())
            .flat_map(|frame| {
                let packet = encoder.encode(frame, Span::Ms60, bytes).unwrap();
                decoder.decode(&packet, Span::Ms60).unwrap()
            })
            .collect();
        let (ours, theirs) = (understood(said, &heard, 100), understood(said, &plain, 100));
        let what = format!("{kbit} kbit/s: understood");
        table::amounts(&what, ours * 100.0, "plain Opus", theirs * 100.0, "%");
    }
}

/// How well it was understood: three seconds at a time, at the lag that fits them best, and each of
/// them at its own where that fits much better: a pause that became longer is no word less.
fn understood(said: &[i16], heard: &[i16], lag_max_ms: usize) -> f64 {
    let (second, block) = (16_000, 3 * 16_000);
    let blocks = said.len() / block;
    let scores: Vec<f64> = (1..blocks - 1)
        .map(|at| {
            let (mine, rest) = (&said[at * block..(at + 1) * block], &heard[at * block..]);
            let lag = speech::lag_ms(mine, rest, lag_max_ms);
            let mut aligned = Vec::new();
            for (nth, mine) in mine.chunks_exact(second).enumerate() {
                let rest = rest.get(nth * second..).unwrap_or_default();
                let own = speech::lag_ms(mine, rest, lag_max_ms);
                let fits = |ms| speech::likeness_at(mine, rest, ms);
                let lag = if fits(own) > fits(lag) + 0.1 { own } else { lag };
                let from = (lag * 16).min(rest.len());
                aligned.extend(&rest[from..(from + second).min(rest.len())]);
                aligned.resize((nth + 1) * second, 0);
            }
            stoi(mine, &aligned)
        })
        .collect();
    scores.iter().sum::<f64>() / scores.len() as f64
}

/// How well a call is understood over a line that loses, and how well plain Opus of the same rate
/// that loses the same packets, in percent: the mean of several voices.
fn beside_plain(shape: Shape, loss: Loss, seconds: usize, voices: u64) -> [f64; 2] {
    let mut sums = [0.0; 2];
    for voice in 0..voices {
        let said = speech::sentence(7 + voice as u32, seconds as f32);
        let seed = 3 + voice * 1_000;
        let heard = call(&said, shape, 100, 40, loss, seed);
        sums[0] += understood(&said, &heard.samples, 700);
        sums[1] += understood(&said, &plain(&said, shape, loss, seed), 100);
    }
    sums.map(|sum| sum * 100.0 / voices as f64)
}

/// What calls cost the relay.
pub(crate) fn at_relay() {
    super::rooms::run(&[("24 kbit/s, 20 ms", GOOD), ("16 kbit/s, 60 ms", EDGE)]);
}

pub(crate) fn run() {
    table::part(
        "11. Calls",
        "one voice over a line in a seed; bytes with UDP and IPv4, one way; ratio: less is better",
    );
    let said = speech::sentence(7, 60.0);
    for (name, shape) in [("24 kbit/s, 20 ms", GOOD), ("16 kbit/s, 60 ms", EDGE)] {
        let heard = call(&said[..16_000 * 10], shape, 20, 5, Loss::Each(0), 1);
        assert!(heard.packets.iter().all(|bytes| *bytes == heard.packets[0]));
        let per_s = heard.packets.len() as f64 / 10.0;
        let wire = (heard.packets[0] + HOP + BELOW) as f64 * per_s;
        let speech_bytes = shape.speech_bytes() as f64 * per_s;
        table::amounts(&format!("{name}: bytes a second"), wire, "speech alone", speech_bytes, "B");
        table::amounts(&format!("{name}: packets a second"), per_s, "spans", per_s, "");
    }
    for (name, shape, delay, jitter) in
        [("good line", GOOD, 20, 5), ("EDGE", EDGE, 300, 80), ("satellite", EDGE, 600, 20)]
    {
        let heard = call(&said[..16_000 * 20], shape, delay, jitter, Loss::Each(0), 2);
        let from = 16_000 * 8;
        let lag = speech::lag_ms(&said[from..16_000 * 18], &heard.samples[from..], 1_200);
        let link = delay as f64 + jitter as f64 / 2.0;
        table::amounts(&format!("{name}: mouth to ear"), lag as f64, "the line alone", link, "ms");
    }
    table::part(
        "11. Calls, computed",
        "seconds of a core for a minute of call; ratio: less is better",
    );
    for (name, shape) in [("24 kbit/s, 20 ms", GOOD), ("16 kbit/s, 60 ms", EDGE)] {
        let heard = call(&said, shape, 20, 5, Loss::Each(0), 4);
        let name = format!("{name}: speak and hear for 60 s");
        table::amounts(&name, heard.seconds_of_cpu, "the minute", 60.0, "s");
    }
    table::part(
        "11. Calls, understood",
        "STOI, ratio: more is better; beside: plain Opus of the same rate with its own concealment",
    );
    for (name, shape) in [("16 kbit/s, 60 ms", EDGE), ("24 kbit/s, 60 ms", RICH)] {
        for percent in [0, 5, 10, 20, 30] {
            for (kind, loss) in [("", Loss::Each(percent)), (" in bursts", Loss::Bursts(percent))] {
                if percent == 0 && !kind.is_empty() {
                    continue;
                }
                // A line without losses gets more after 15 s: before that both have the same rate.
                let seconds = if percent == 0 { 15 } else { 60 };
                let [ours, theirs] = beside_plain(shape, loss, seconds, VOICES);
                let what = format!("{name}, {percent} % lost{kind}");
                table::amounts(&what, ours, "plain Opus, the same packets lost", theirs, "%");
            }
        }
    }
    notes(&said);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_no_line_is_a_call_understood_worse_than_plain_opus_by_a_point_and_a_half() {
        // Losses come and go: at little of them both are alike but for a point by chance.
        let lines = [
            (Loss::Each(0), -0.5),
            (Loss::Bursts(5), -1.5),
            (Loss::Bursts(10), -1.0),
            (Loss::Each(10), 1.0),
            (Loss::Bursts(20), 4.0),
            (Loss::Each(30), 8.0),
        ];
        for (loss, more) in lines {
            let [ours, theirs] = beside_plain(EDGE, loss, 30, 2);
            assert!(ours > theirs + more, "{loss:?}: {ours} {theirs}");
        }
    }
}
