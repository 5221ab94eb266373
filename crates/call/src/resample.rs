//! Sound of any sampling rate at the rate of the codec.
//!
//! A windowed sinc in a table of phases, the textbook's way (Smith, *Digital Audio Resampling*):
//! what is above half of the smaller rate is cut off before it can fold down into what is heard.

use sogon_call_opus::RATE_HZ;

/// The slowest and the fastest rate taken.
pub(crate) const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// Zero crossings of the sinc on each side, at the smaller of the two rates.
const CROSSINGS: f64 = 16.0;
/// Where the cut begins, as a part of half the smaller rate.
const CUT: f64 = 0.94;

/// `samples` at `rate_hz` as samples at [`RATE_HZ`]; [`None`] for a rate outside of [`RATES_HZ`].
pub(crate) fn to_voice(samples: &[f32], rate_hz: u32) -> Option<Vec<f32>> {
    if !RATES_HZ.contains(&rate_hz) {
        return None;
    }
    if rate_hz == RATE_HZ {
        return Some(samples.to_vec());
    }
    let shared = divisor(rate_hz, RATE_HZ);
    let phases = u64::from(RATE_HZ.checked_div(shared)?);
    let step = u64::from(rate_hz.checked_div(shared)?);
    let bank = Bank::new(f64::from(rate_hz) / f64::from(RATE_HZ), phases)?;
    let count = u64::try_from(samples.len()).ok()?.checked_mul(phases)?.checked_div(step)?;
    (0..count)
        .map(|out| {
            let place = out.checked_mul(step)?;
            let (at, phase) = (place.checked_div(phases)?, place.checked_rem(phases)?);
            bank.at(samples, usize::try_from(at).ok()?, usize::try_from(phase).ok()?)
        })
        .collect()
}

/// The sinc, sampled at every phase an output can have between two inputs.
struct Bank {
    taps: usize,
    before: usize,
    weights: Vec<f32>,
}

impl Bank {
    fn new(ratio: f64, phases: u64) -> Option<Self> {
        let stretch = ratio.max(1.0);
        let half = (CROSSINGS * stretch).ceil();
        let before = whole(half)?;
        let taps = before.checked_mul(2)?;
        let cut = CUT / stretch;
        let mut weights = Vec::new();
        for phase in 0..phases {
            let offset = small(phase) / small(phases);
            let row: Vec<f64> = (1..=taps)
                .map(|tap| {
                    // The tap's distance from the output, in input samples.
                    let x = small_usize(tap) - half - offset;
                    sinc(cut * x) * hann(x / half)
                })
                .collect();
            let sum: f64 = row.iter().sum();
            weights.extend(row.iter().map(|weight| narrow(weight / sum)));
        }
        Some(Self { taps, before, weights })
    }

    fn at(&self, samples: &[f32], at: usize, phase: usize) -> Option<f32> {
        let row = self.weights.chunks_exact(self.taps).nth(phase)?;
        // The first tap stands `before - 1` samples before `at`.
        let start = at.checked_add(1)?;
        let sum = match start.checked_sub(self.before) {
            Some(start) => sum(samples.get(start..).unwrap_or_default(), row),
            None => {
                let missing = self.before.checked_sub(start)?;
                sum(samples, row.get(missing..)?)
            }
        };
        Some(sum)
    }
}

fn sum(samples: &[f32], weights: &[f32]) -> f32 {
    samples.iter().zip(weights).map(|(sample, weight)| sample * weight).sum()
}

fn sinc(x: f64) -> f64 {
    let turn = std::f64::consts::PI * x;
    if turn.abs() < 1e-9 { 1.0 } else { turn.sin() / turn }
}

fn hann(x: f64) -> f64 {
    if x.abs() >= 1.0 { 0.0 } else { 0.5 + 0.5 * (std::f64::consts::PI * x).cos() }
}

fn divisor(a: u32, b: u32) -> u32 {
    match a.checked_rem(b) {
        None | Some(0) => b,
        Some(rest) => divisor(b, rest),
    }
}

fn small(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn small_usize(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most 16 times 12; `as` saturates"
)]
fn whole(number: f64) -> Option<usize> {
    (1.0..=1_000.0).contains(&number).then_some(number as usize)
}

#[allow(clippy::cast_possible_truncation, reason = "a weight loses digits nobody hears")]
fn narrow(weight: f64) -> f32 {
    weight as f32
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of tests"
)]
mod tests {
    use super::*;

    fn tone(hz: f32, rate: u32, seconds: f32) -> Vec<f32> {
        let count = (rate as f32 * seconds) as usize;
        (0..count)
            .map(|at| {
                (at as f64 * f64::from(hz) * std::f64::consts::TAU / f64::from(rate)).sin() as f32
            })
            .collect()
    }

    fn power(samples: &[f32]) -> f32 {
        let inner = &samples[400..samples.len() - 400];
        inner.iter().map(|sample| sample * sample).sum::<f32>() / inner.len() as f32
    }

    #[test]
    fn a_tone_keeps_its_place_and_its_strength_at_every_rate() {
        for rate in [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000, 44_099] {
            let got = to_voice(&tone(1_000.0, rate, 0.5), rate).unwrap();
            let want = tone(1_000.0, RATE_HZ, 0.5);
            assert!(got.len().abs_diff(want.len()) <= 2, "{rate}: {}", got.len());
            let off: Vec<f32> = got.iter().zip(&want).map(|(a, b)| a - b).collect();
            assert!(power(&off) < 1e-4 * power(&want), "{rate}: {}", power(&off));
        }
    }

    #[test]
    fn what_cannot_be_heard_at_the_new_rate_does_not_fold_down() {
        for hz in [9_000.0, 12_000.0, 20_000.0] {
            let got = to_voice(&tone(hz, 48_000, 0.5), 48_000).unwrap();
            assert!(power(&got) < 1e-4, "{hz}: {}", power(&got));
        }
    }

    #[test]
    fn rates_nobody_has_are_not_taken() {
        for rate in [0, 1, 7_999, 192_001, u32::MAX] {
            assert!(to_voice(&[0.0; 10], rate).is_none());
        }
    }
}
