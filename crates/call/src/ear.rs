//! One other voice, from packets that come late, twice, in any order or never, to samples that come
//! every 20 ms. Time is handed in.
//!
//! How long a packet may wait follows the line: a packet is played so long after the fastest came
//! as all but one in twenty of the last ones needed. Where frames are sent twice, as long as the
//! second copy needs besides: that begins in a pause, where nobody hears it.

use std::collections::{BTreeMap, VecDeque};

use sogon_call_opus::{Decoder, Span};

use crate::{
    CallError,
    mend::Missed,
    missing::Missing,
    mouth::{TICK_SAMPLES, ticks},
    packet::{Form, Said},
};

/// For so long the time a packet was on its way is remembered, and for so many packets.
const REMEMBERED_MS: i64 = 4_000;
const REMEMBERED: usize = 256;
/// Frames that may wait.
const WAITING_MAX: usize = 256;
/// A packet so many ticks ahead is another time: five seconds.
const AHEAD_MAX: u32 = 250;
/// The least and the most a packet waits, in milliseconds.
const WAIT_MS: std::ops::RangeInclusive<i64> = 20..=2_000;
/// After so long without a packet there is silence, in milliseconds.
const SILENT_AFTER_MS: i64 = 1_500;
/// Above so much too late, what is heard catches up, whatever it is.
const CATCH_UP_MS: i64 = 400;
/// So long a pause is waited for before a packet waits longer for its second copy.
const PAUSE_WITHIN_MS: i64 = 3_000;
/// Samples below this are a pause, in which it catches up unheard.
const QUIET: u16 = 260;

/// Counts of one voice, in frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets that came, each once.
    pub came: u64,
    /// Frames that were played as they were said.
    pub played: u64,
    /// Of those, frames that came as a second copy.
    pub mended: u64,
    /// Frames that were filled with what may have been said.
    pub concealed: u64,
    /// Frames that came after their time.
    pub late: u64,
}

struct Frame {
    span: Span,
    bytes: Vec<u8>,
    second: bool,
}

/// One voice, as it is heard.
pub struct Ear {
    decoder: Decoder,
    frames: BTreeMap<u32, Frame>,
    /// The place that is played next.
    next: Option<u32>,
    out: VecDeque<i16>,
    /// When each of the last packets came, less its place: the time on the way, and a constant.
    ways_ms: VecDeque<(i64, i64)>,
    /// What all but one in twenty needed beyond the fastest, and when the fastest came.
    fastest_ms: i64,
    spread_ms: i64,
    span: Span,
    /// What a second copy needs, since when, and what it is given.
    second_ms: i64,
    second_since_ms: i64,
    given_ms: i64,
    /// It was given more: what is heard waits until it is due.
    halting: bool,
    floor: bool,
    newest: u32,
    missing: Missing,
    /// What this voice said that it misses.
    told: Missed,
    last_ms: i64,
    counts: Counts,
}

impl Ear {
    /// An ear that has heard nothing.
    ///
    /// # Errors
    ///
    /// [`CallError::Codec`]: a bug.
    pub fn new() -> Result<Self, CallError> {
        Ok(Self {
            decoder: Decoder::new()?,
            frames: BTreeMap::new(),
            next: None,
            out: VecDeque::new(),
            ways_ms: VecDeque::new(),
            fastest_ms: 0,
            spread_ms: 0,
            span: Span::Ms60,
            second_ms: 0,
            second_since_ms: 0,
            given_ms: 0,
            halting: false,
            floor: false,
            newest: 0,
            missing: Missing::default(),
            told: Missed::default(),
            last_ms: 0,
            counts: Counts::default(),
        })
    }

    /// What it counted.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The newest place that came.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.newest
    }

    /// Whether this voice holds the key.
    #[must_use]
    pub fn floor(&self) -> bool {
        self.floor
    }

    /// When the last packet came.
    #[must_use]
    pub fn last_ms(&self) -> i64 {
        self.last_ms
    }

    /// What does not come of this voice.
    #[must_use]
    pub fn missed(&self) -> Missed {
        Missed { percent: self.missing.percent(), rows: self.missing.in_rows() }
    }

    /// What this voice said last that it misses of what it is sent.
    #[must_use]
    pub fn told(&self) -> Missed {
        self.told
    }

    /// How long a packet waits now after the fastest, in milliseconds.
    #[must_use]
    pub fn wait_ms(&self) -> i64 {
        self.spread_ms.saturating_add(self.given_ms).clamp(*WAIT_MS.start(), *WAIT_MS.end())
    }

    /// Takes a packet that was opened, for the first time.
    pub fn hear(&mut self, now_ms: i64, place: u32, said: &Said<'_>) {
        let step = ticks(said.span);
        if self.missing.is_begun() && place > self.newest.saturating_add(AHEAD_MAX) {
            self.start_again();
        }
        self.count(place, step);
        self.last_ms = now_ms;
        self.span = said.span;
        if place >= self.newest {
            (self.floor, self.told) = (said.floor, said.missed);
            self.await_second(now_ms, said);
        }
        let way_ms = now_ms.saturating_sub(i64::from(place).saturating_mul(20));
        self.ways_ms.push_back((now_ms, way_ms));
        let old = |at_ms: i64| now_ms.saturating_sub(at_ms) > REMEMBERED_MS;
        while self.ways_ms.len() > REMEMBERED
            || self.ways_ms.front().is_some_and(|(at_ms, _)| old(*at_ms))
        {
            self.ways_ms.pop_front();
        }
        self.weigh();
        let (first, second) = said.frames();
        self.keep(place, Frame { span: said.span, bytes: first.to_vec(), second: false });
        let apart = step.saturating_mul(said.form.apart().unwrap_or(0));
        if let (Some(second), Some(before)) = (second, place.checked_sub(apart)) {
            self.keep(before, Frame { span: said.span, bytes: second.to_vec(), second: true });
        }
    }

    /// How long the second copy takes, of what is said now.
    fn await_second(&mut self, now_ms: i64, said: &Said<'_>) {
        let apart = match said.form {
            // Which one it will be is said by the next packets.
            Form::DoubleFirst => return,
            form => form.apart().unwrap_or(0),
        };
        let second_ms = ms(said.span).saturating_mul(i64::from(apart));
        if second_ms != self.second_ms {
            (self.second_ms, self.second_since_ms) = (second_ms, now_ms);
        }
        if second_ms < self.given_ms || !self.is_playing() {
            self.given_ms = second_ms;
        }
    }

    fn give_second(&mut self) {
        self.halting |= self.given_ms < self.second_ms;
        self.given_ms = self.second_ms;
    }

    fn is_playing(&self) -> bool {
        self.next.is_some()
    }

    fn keep(&mut self, place: u32, frame: Frame) {
        if self.next.is_some_and(|next| place < next) {
            self.counts.late = self.counts.late.saturating_add(u64::from(!frame.second));
            return;
        }
        let better = self.frames.get(&place).is_none_or(|known| known.second);
        if better {
            self.frames.insert(place, frame);
        }
        while self.frames.len() > WAITING_MAX {
            self.frames.pop_first();
        }
    }

    fn start_again(&mut self) {
        self.frames.clear();
        self.ways_ms.clear();
        self.missing.begin_again();
        self.next = None;
    }

    fn count(&mut self, place: u32, step: u32) {
        self.counts.came = self.counts.came.saturating_add(1);
        let packets = |ticks: u32| ticks.checked_div(step).unwrap_or(0).max(1);
        match place.checked_sub(self.newest) {
            _ if !self.missing.is_begun() => {
                self.missing.begin();
                self.newest = place;
            }
            Some(0) => {}
            Some(ahead) => {
                self.missing.newer(packets(ahead));
                self.newest = place;
            }
            None => self.missing.older(packets(self.newest.saturating_sub(place))),
        }
    }

    /// How the last packets came.
    fn weigh(&mut self) {
        let mut ways: Vec<i64> = self.ways_ms.iter().map(|(_, way_ms)| *way_ms).collect();
        ways.sort_unstable();
        let at = ways.len().saturating_mul(19).div_euclid(20).min(ways.len().saturating_sub(1));
        let fastest = ways.first().copied().unwrap_or(0);
        self.fastest_ms = fastest;
        self.spread_ms = ways.get(at).copied().unwrap_or(fastest).saturating_sub(fastest);
    }

    /// How long until this place should be played; below zero when it is overdue.
    fn early_ms(&self, now_ms: i64, place: u32) -> i64 {
        let due = self.fastest_ms.saturating_add(i64::from(place).saturating_mul(20));
        due.saturating_add(self.wait_ms()).saturating_sub(now_ms)
    }

    /// The next 20 ms.
    ///
    /// # Errors
    ///
    /// [`CallError::Codec`]: a bug.
    pub fn play(&mut self, now_ms: i64) -> Result<[i16; TICK_SAMPLES], CallError> {
        // Each turn adds at least as much as is taken, or gives up a frame that waits.
        let mut turns = 0;
        while self.out.len() < TICK_SAMPLES && turns < WAITING_MAX {
            self.turn(now_ms)?;
            turns = turns.saturating_add(1);
        }
        let mut samples = [0; TICK_SAMPLES];
        for (sample, heard) in
            samples.iter_mut().zip(self.out.drain(..TICK_SAMPLES.min(self.out.len())))
        {
            *sample = heard;
        }
        Ok(samples)
    }

    fn turn(&mut self, now_ms: i64) -> Result<(), CallError> {
        let first = self.frames.first_key_value().map(|(place, _)| *place);
        if now_ms.saturating_sub(self.second_since_ms) > PAUSE_WITHIN_MS {
            self.give_second();
        }
        let Some(next) = self.next else {
            match first {
                Some(first) if self.early_ms(now_ms, first) <= 0 => self.next = Some(first),
                _ => self.out.extend([0; TICK_SAMPLES]),
            }
            return Ok(());
        };
        if now_ms.saturating_sub(self.last_ms) > SILENT_AFTER_MS && first.is_none() {
            // It is over, or will begin again somewhere else.
            self.next = None;
            return Ok(());
        }
        let early = self.early_ms(now_ms, next);
        let here = first == Some(next);
        self.halting &= early > 0;
        if early > ms(self.span) || early > 0 && (self.halting || !here) {
            self.out.extend(self.decoder.conceal(Span::Ms20)?);
            return Ok(());
        }
        let step = if here { None } else { first.map(|first| first.saturating_sub(next)) };
        match self.frames.remove(&next).filter(|_| here) {
            Some(Frame { span, bytes, second }) => {
                self.next = Some(next.saturating_add(ticks(span)));
                let samples = match self.decoder.decode(&bytes, span) {
                    Ok(samples) => samples,
                    Err(_) => self.decoder.conceal(span)?,
                };
                let quiet = samples.iter().all(|sample| sample.unsigned_abs() < QUIET);
                if quiet {
                    self.give_second();
                }
                let behind = early.saturating_neg();
                if quiet && behind > ms(span) || behind > CATCH_UP_MS {
                    return Ok(());
                }
                self.counts.played = self.counts.played.saturating_add(1);
                self.counts.mended = self.counts.mended.saturating_add(u64::from(second));
                self.out.extend(samples);
            }
            None => {
                // Up to where something stands again.
                let span = match step {
                    Some(1) => Span::Ms20,
                    Some(2) if self.span != Span::Ms20 => Span::Ms40,
                    _ => self.span,
                };
                self.next = Some(next.saturating_add(ticks(span)));
                self.counts.concealed = self.counts.concealed.saturating_add(1);
                if early.saturating_neg() > CATCH_UP_MS {
                    return Ok(());
                }
                self.out.extend(self.decoder.conceal(span)?);
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Ear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ear").field("counts", &self.counts).finish_non_exhaustive()
    }
}

fn ms(span: Span) -> i64 {
    i64::from(span.ms())
}
