//! A call over a line of the lab, in virtual time: the same packets meet the same fate in every run.

use std::time::Duration;

use sogon_call::{CallSecret, Shape, TICK_SAMPLES, Talk};
use sogon_call_opus::{Decoder, Encoder};
use sogon_lab::weather::{Loss, Way, Weather};
use zeroize::Zeroizing;

use super::super::rooms::on_a_core;

/// The seal of a datagram, its head and item.
const HOP: usize = sogon_packet::QUESTION_OVERHEAD_BYTES + 6 + 5;
/// UDP and IPv4.
const BELOW: usize = 28;

/// How many packets a burst of losses takes on average.
const BURST: f64 = 3.0;

/// How a line loses.
#[derive(Clone, Copy, Debug)]
pub(super) enum Losing {
    /// Each packet by itself.
    Each(u32),
    /// In bursts of three on average (Gilbert 1960).
    Bursts(u32),
}

/// A line of this delay that loses so.
pub(super) fn line(losing: Losing, delay_ms: u64, jitter_ms: u64) -> Weather {
    let loss = match losing {
        Losing::Each(percent) => Loss::Each(f64::from(percent) / 100.0),
        Losing::Bursts(percent) => {
            let (share, better) = (f64::from(percent) / 100.0, 1.0 / BURST);
            let worse = better * share / (1.0 - share);
            Loss::Bursts { worse, better, in_good: 0.0, in_bad: 1.0 }
        }
    };
    let [delay, jitter] = [delay_ms, jitter_ms].map(Duration::from_millis);
    Weather::both(Way { delay, jitter, loss, ..Way::clear() })
}

/// What came of a call.
pub(super) struct Heard {
    /// What the listener heard.
    pub(super) samples: Vec<i16>,
    /// The bytes of each packet of the speaker, whole on the wire.
    pub(super) packets: Vec<usize>,
    /// What a side took of a core: the mean of the one who speaks and the one who listens.
    pub(super) seconds_of_cpu: f64,
}

impl Heard {
    /// Bytes a second on the wire.
    pub(super) fn bytes_per_s(&self) -> f64 {
        self.packets.iter().sum::<usize>() as f64 * 16_000.0 / self.samples.len() as f64
    }

    /// Packets a second.
    pub(super) fn packets_per_s(&self) -> f64 {
        self.packets.len() as f64 * 16_000.0 / self.samples.len() as f64
    }
}

fn talk(leaf: u8, shape: Shape) -> Talk {
    let secret = CallSecret { base: Zeroizing::new([1; 32]), epoch: 1 };
    Talk::new(secret, leaf, u64::from(leaf) + 9, shape).unwrap()
}

/// One says this over a line; the other listens, and says nothing.
pub(super) fn call(said: &[i16], shape: Shape, weather: &Weather) -> Heard {
    let mut talks = [talk(0, shape), talk(1, shape)];
    let (up, down) = weather.pipes::<Vec<u8>>();
    let mut ways = [up, down];
    let (mut samples, mut packets, before) = (Vec::new(), Vec::new(), on_a_core());
    for (tick, chunk) in said.chunks_exact(TICK_SAMPLES).enumerate() {
        let now_ms = tick as i64 * 20;
        let now = Duration::from_millis(tick as u64 * 20);
        for side in 0..2 {
            let come: Vec<_> = std::iter::from_fn(|| ways[1 - side].pop(now)).collect();
            let mut mine = [0; TICK_SAMPLES];
            if side == 0 {
                mine.copy_from_slice(chunk);
            }
            for packet in &come {
                talks[side].hear(now_ms, packet).unwrap();
            }
            let did = talks[side].tick(now_ms, &mine).unwrap();
            if side == 1 {
                samples.extend(did.heard);
            }
            if let Some(packet) = did.packet {
                let bytes = packet.len() + HOP + BELOW;
                if side == 0 {
                    packets.push(bytes);
                }
                ways[side].push(packet, bytes, now);
            }
        }
    }
    Heard { samples, packets, seconds_of_cpu: (on_a_core() - before) / 2.0 }
}

/// Plain Opus that loses the same packets: what is lost is filled in by the codec alone.
pub(super) fn plain(said: &[i16], shape: Shape, weather: &Weather) -> Vec<i16> {
    let (mut encoder, mut decoder) = (Encoder::new().unwrap(), Decoder::new().unwrap());
    let mut way = weather.pipes().0;
    said.chunks_exact(shape.span.samples())
        .flat_map(|frame| {
            let packet = encoder.encode(frame, shape.span, shape.speech_bytes()).unwrap();
            // The line's delay is the same for all: here only its losses count.
            way.push((), 0, Duration::ZERO);
            match way.pop(Duration::MAX) {
                None => decoder.conceal(shape.span).unwrap(),
                Some(()) => decoder.decode(&packet, shape.span).unwrap(),
            }
        })
        .collect()
}
