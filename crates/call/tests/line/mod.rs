//! Two people and a line between them, in a seed.
#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    dead_code,
    reason = "numbers of a test"
)]

use std::collections::BTreeMap;

use sogon_call::{CallSecret, Shape, TICK_SAMPLES, Talk};

/// A generator for tests (`SplitMix64`).
#[derive(Clone)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) loss: Loss,
    pub(crate) delay_ms: i64,
    pub(crate) jitter_ms: u64,
    /// In a hundred packets, so many come twice.
    pub(crate) doubled: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    /// Each by itself, in percent.
    Each(u64),
    /// In bursts of so many on average: percent lost over all.
    Bursts { percent: u64, length: u64 },
}

pub(crate) const CALM: Weather =
    Weather { loss: Loss::Each(0), delay_ms: 40, jitter_ms: 10, doubled: 0 };

/// One direction.
pub(crate) struct Line {
    chance: Chance,
    weather: Weather,
    losing: bool,
    way: BTreeMap<(i64, u64), Vec<u8>>,
    count: u64,
    /// What passed: when it was sent, and its bytes.
    pub(crate) sent: Vec<(i64, usize)>,
}

impl Line {
    pub(crate) fn new(seed: u64, weather: Weather) -> Self {
        Self {
            chance: Chance(seed),
            weather,
            losing: false,
            way: BTreeMap::new(),
            count: 0,
            sent: Vec::new(),
        }
    }

    pub(crate) fn change(&mut self, weather: Weather) {
        self.weather = weather;
    }

    fn loses(&mut self) -> bool {
        match self.weather.loss {
            Loss::Each(percent) => self.chance.percent(percent),
            Loss::Bursts { percent, length } => {
                // Two states (Gilbert 1960).
                let end = 10_000 / length.max(1);
                let begin = end * percent / (100 - percent).max(1);
                let turns = if self.losing { end } else { begin };
                if self.chance.below(10_000) < turns {
                    self.losing = !self.losing;
                }
                self.losing
            }
        }
    }

    pub(crate) fn send(&mut self, now_ms: i64, packet: &[u8]) {
        self.sent.push((now_ms, packet.len()));
        if self.loses() {
            return;
        }
        let copies = 1 + u64::from(self.chance.percent(self.weather.doubled));
        for _ in 0..copies {
            let late = self.chance.below(self.weather.jitter_ms + 1) as i64;
            self.count += 1;
            self.way.insert((now_ms + self.weather.delay_ms + late, self.count), packet.to_vec());
        }
    }

    pub(crate) fn come(&mut self, now_ms: i64) -> Vec<Vec<u8>> {
        let later = self.way.split_off(&(now_ms + 1, 0));
        std::mem::replace(&mut self.way, later).into_values().collect()
    }
}

pub(crate) fn secret(fill: u8, epoch: u64) -> CallSecret {
    CallSecret { base: zeroize::Zeroizing::new([fill; 32]), epoch }
}

pub(crate) fn talk(leaf: u8, shape: Shape) -> Talk {
    Talk::new(secret(1, 1), leaf, 1_000 + u64::from(leaf), shape).unwrap()
}

/// A call of two: each says a recording, each hears one.
pub(crate) struct Call {
    pub(crate) talks: [Talk; 2],
    /// From each.
    pub(crate) lines: [Line; 2],
    pub(crate) heard: [Vec<i16>; 2],
    pub(crate) now_ms: i64,
}

impl Call {
    pub(crate) fn new(seed: u64, shape: Shape, weather: Weather) -> Self {
        Self {
            talks: [talk(0, shape), talk(1, shape)],
            lines: [Line::new(seed, weather), Line::new(seed ^ 0xffff, weather)],
            heard: [Vec::new(), Vec::new()],
            now_ms: 0,
        }
    }

    /// 20 ms.
    pub(crate) fn tick(&mut self, said: [&[i16]; 2]) {
        for (side, said) in said.into_iter().enumerate() {
            let other = 1 - side;
            for packet in self.lines[other].come(self.now_ms) {
                self.talks[side].hear(self.now_ms, &packet).unwrap();
            }
            let mut samples = [0; TICK_SAMPLES];
            for (to, from) in samples.iter_mut().zip(said) {
                *to = *from;
            }
            let tick = self.talks[side].tick(self.now_ms, &samples).unwrap();
            self.heard[side].extend(tick.heard);
            if let Some(packet) = tick.packet {
                self.lines[side].send(self.now_ms, &packet);
            }
        }
        self.now_ms += 20;
    }

    /// The first says this, the second nothing.
    pub(crate) fn listen(&mut self, said: &[i16]) {
        for chunk in said.chunks(TICK_SAMPLES) {
            self.tick([chunk, &[]]);
        }
    }
}
