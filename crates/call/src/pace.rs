//! How large packets are and how often they go, from what the line does during a call and from
//! nothing else: how long there and back takes, and how much the other side misses.
//!
//! Steps are rungs of one ladder, seconds apart. A queue that grows is answered by less; a line that
//! stayed calm for long gets more again, and waits twice as long after each time that this was
//! wrong. Losses alone say little: less is tried once, and taken back where it does not help, or
//! where it only seemed to. In the least shape nothing is mended: weather must not lead there.

use std::collections::VecDeque;

use crate::shape::{Line, Shape};

/// Ticks of 20 ms in a second.
const SECOND: u32 = 50;
/// Times there and back are looked at over so many ticks.
const RECENT: u32 = 2 * SECOND;
/// The fastest is that of so many ticks.
const LONG: u32 = 60 * SECOND;
/// A queue of so many milliseconds is too much, and of so few none.
const QUEUE_MS: u32 = 350;
const CALM_MS: u32 = 120;
/// Misses above this may be the line's answer to too much (what is less is mended by second
/// copies, for which the least shape has no room); below this they are none.
const MUCH_MISSED: u8 = 45;
/// Less has helped where the misses fell below this: the line was full, and the rest is weather.
const HEALED: u8 = 12;
const LITTLE_MISSED: u8 = 3;
/// Between two steps down; how long a calm line waits for a step up; at most so many times that.
const DOWN_AFTER: u32 = 3 * SECOND;
const UP_AFTER: u32 = 15 * SECOND;
const UP_TIMES_MAX: u32 = 8;
/// So long less is tried against losses, so long they may come again after it helped, and so long it
/// is not tried again after it did not.
const TRIAL: u32 = 6 * SECOND;
const RELAPSE: u32 = 60 * SECOND;
const NO_TRIAL: u32 = 60 * SECOND;
/// Above, one speaks in turns; below, no more.
const TURNS_MS: u32 = 1_600;
const NO_TURNS_MS: u32 = 1_200;

/// Less, tried against losses: since when, and what it is taken back to.
#[derive(Clone, Copy, Debug)]
struct Trial {
    since: u32,
    from: Shape,
}

/// The pace of one side's packets.
#[derive(Debug)]
pub(crate) struct Pace {
    shape: Shape,
    /// When, and how long there and back took.
    trips: VecDeque<(u32, u32)>,
    fastest: VecDeque<(u32, u32)>,
    stepped: u32,
    calm_since: Option<u32>,
    /// So many times the wait before a step up.
    patience: u32,
    /// The last step was up.
    dared: bool,
    trial: Option<Trial>,
    no_trial_until: u32,
    turns: bool,
}

impl Pace {
    pub(crate) fn new(shape: Shape) -> Self {
        Self {
            shape,
            trips: VecDeque::new(),
            fastest: VecDeque::new(),
            stepped: 0,
            calm_since: None,
            patience: 1,
            dared: false,
            trial: None,
            no_trial_until: 0,
            turns: false,
        }
    }

    /// What packets are to be.
    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Another line: what is known of it, and nothing of the one before.
    pub(crate) fn begin_again(&mut self, shape: Shape) {
        let turns = self.turns;
        *self = Self { turns, ..Self::new(shape) };
    }

    /// There and back in milliseconds, as it is now: the middle of the last two seconds.
    pub(crate) fn round_trip_ms(&self) -> Option<u32> {
        let mut recent: Vec<u32> = self.trips.iter().map(|(_, ms)| *ms).collect();
        recent.sort_unstable();
        recent.get(recent.len().div_euclid(2)).copied()
    }

    /// Whether the line is so slow that one should speak in turns.
    pub(crate) fn turns(&self) -> bool {
        self.turns
    }

    /// How long it took until the other side said that it heard.
    pub(crate) fn trip(&mut self, tick: u32, ms: u32) {
        self.trips.push_back((tick, ms));
        while self.trips.front().is_some_and(|(at, _)| tick.saturating_sub(*at) > RECENT) {
            self.trips.pop_front();
        }
        // The least of a window that slides: what is larger than a later one is never wanted.
        while self.fastest.back().is_some_and(|(_, its)| *its >= ms) {
            self.fastest.pop_back();
        }
        self.fastest.push_back((tick, ms));
        while self.fastest.front().is_some_and(|(at, _)| tick.saturating_sub(*at) > LONG) {
            self.fastest.pop_front();
        }
        if let Some(now_ms) = self.round_trip_ms() {
            self.turns = now_ms > if self.turns { NO_TURNS_MS } else { TURNS_MS };
        }
    }

    /// What the other side misses, in percent: now, and weighed over several seconds.
    pub(crate) fn missed(&mut self, tick: u32, missed: u8, weighed: u8) {
        let since = tick.saturating_sub(self.stepped);
        if let Some(trial) = self.trial {
            let tried = tick.saturating_sub(trial.since);
            if tried < TRIAL {
                return;
            }
            if missed > HEALED {
                // It is the weather.
                self.shape = trial.from;
                self.stepped = tick;
                self.no_trial_until = tick.saturating_add(NO_TRIAL);
                self.trial = None;
                return;
            }
            if tried > RELAPSE {
                self.trial = None;
            }
        }
        let queue_ms = self.queue_ms();
        if queue_ms.is_some_and(|ms| ms > QUEUE_MS) {
            self.calm_since = None;
            if since >= DOWN_AFTER {
                self.give_way(tick);
            }
            return;
        }
        if weighed >= MUCH_MISSED {
            self.calm_since = None;
            if since >= DOWN_AFTER && tick >= self.no_trial_until {
                let from = self.shape;
                self.give_way(tick);
                if self.shape != from {
                    self.trial = Some(Trial { since: tick, from });
                }
            }
            return;
        }
        if missed > LITTLE_MISSED || queue_ms.is_none_or(|ms| ms > CALM_MS) {
            self.calm_since = None;
            return;
        }
        let calm = tick.saturating_sub(*self.calm_since.get_or_insert(tick));
        if calm >= UP_AFTER.saturating_mul(self.patience) && since >= UP_AFTER {
            let far = self.round_trip_ms().unwrap_or(0);
            let better = self.shape.better(Line { round_trip_ms: far, bits_per_s: 0 });
            if let Some(better) = better {
                self.trial = None;
                (self.shape, self.stepped, self.dared) = (better, tick, true);
            }
            self.calm_since = None;
        }
    }

    fn give_way(&mut self, tick: u32) {
        if let Some(less) = self.shape.less() {
            // A step up that had to be taken back is tried later next time.
            if self.dared {
                self.patience = self.patience.saturating_mul(2).min(UP_TIMES_MAX);
            }
            (self.shape, self.stepped, self.dared) = (less, tick, false);
        }
    }

    /// How much longer than at its fastest the way takes now.
    fn queue_ms(&self) -> Option<u32> {
        let (_, fastest) = self.fastest.front()?;
        Some(self.round_trip_ms()?.saturating_sub(*fastest))
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests {
    use super::*;
    use crate::shape::Rate;
    use sogon_call_opus::Span;

    const EDGE: Shape = Shape { rate: Rate::Kbit16, span: Span::Ms60 };

    /// Runs a line of so many bits a second with a queue before it, for so many seconds; the
    /// shapes that were taken, and for how many ticks the queue was longer than half a second.
    fn line(
        pace: &mut Pace,
        from: u32,
        seconds: u32,
        bits_per_s: u32,
        far_ms: u32,
    ) -> (Vec<Shape>, u32) {
        let (mut queue_bits, mut shapes, mut long) = (0_u32, vec![pace.shape()], 0);
        for tick in from..from + seconds * SECOND {
            let span = pace.shape().span.ms() / 20;
            if tick % span == 0 {
                queue_bits += pace.shape().wire_bits_per_s() / SECOND * span;
            }
            queue_bits = queue_bits.saturating_sub(bits_per_s / SECOND);
            let queue_ms = u32::try_from(u64::from(queue_bits) * 1_000 / u64::from(bits_per_s));
            let queue_ms = queue_ms.unwrap();
            long += u32::from(queue_ms > 500);
            pace.trip(tick, far_ms + queue_ms);
            pace.missed(tick, 0, 0);
            if shapes.last() != Some(&pace.shape()) {
                shapes.push(pace.shape());
            }
        }
        (shapes, long)
    }

    #[test]
    fn a_queue_that_grows_is_answered_by_less_until_it_is_gone() {
        let mut pace = Pace::new(Shape { rate: Rate::Kbit24, span: Span::Ms20 });
        line(&mut pace, 0, 60, 30_000, 200);
        // What it came to is held, but for a try now and then that is taken back.
        let (shapes, long) = line(&mut pace, 3_000, 300, 30_000, 200);
        assert!(shapes.len() < 20, "{shapes:?}");
        assert!(long * 10 < 300 * SECOND, "{long}");
    }

    #[test]
    fn a_calm_line_gets_more_again_and_not_at_once() {
        let mut pace = Pace::new(EDGE);
        assert_eq!(line(&mut pace, 0, 10, 500_000, 80).0, [EDGE]);
        line(&mut pace, 500, 120, 500_000, 80);
        assert_eq!(pace.shape(), Shape { rate: Rate::Kbit24, span: Span::Ms20 });
    }

    #[test]
    fn weather_is_no_reason_to_say_less() {
        let mut pace = Pace::new(EDGE);
        let mut less = 0;
        for tick in 0..60 * SECOND {
            pace.trip(tick, 700);
            pace.missed(tick, 50, 50);
            less += u32::from(pace.shape() != EDGE);
        }
        assert!(less <= TRIAL + 1, "tried once: {less}");
        assert_eq!(pace.shape(), EDGE);
    }

    #[test]
    fn losses_that_less_heals_are_healed() {
        let mut pace = Pace::new(EDGE);
        for tick in 0..60 * SECOND {
            pace.trip(tick, 700);
            let missed = if pace.shape() == EDGE { 60 } else { 2 };
            pace.missed(tick, missed, missed);
        }
        assert_eq!(pace.shape().rate, Rate::Kbit8);
    }

    #[test]
    fn a_bad_minute_that_passes_leaves_a_call_where_it_was() {
        let mut pace = Pace::new(EDGE);
        for tick in 0..120 * SECOND {
            pace.trip(tick, 700);
            // It is bad for seven seconds, good for five, and then as it always was.
            let missed = match tick {
                ..350 => 50,
                350..600 => 5,
                _ => 20,
            };
            pace.missed(tick, missed, missed);
        }
        assert_eq!(pace.shape(), EDGE);
    }

    #[test]
    fn far_away_one_speaks_in_turns() {
        let mut pace = Pace::new(EDGE);
        let lines = [(600, false), (2_000, true), (1_400, true), (900, false)];
        for (turn, (far_ms, turns)) in (0..).zip(lines) {
            for tick in 0..3 * SECOND {
                pace.trip(turn * 1_000 + tick, far_ms);
            }
            assert_eq!(pace.turns(), turns, "{far_ms}");
        }
    }
}
