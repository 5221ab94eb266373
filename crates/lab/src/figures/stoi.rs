//! Short-time objective intelligibility (Taal, Hendriks, Heusdens, Jensen 2011): at 10 kHz, frames of
//! 25.6 ms, fifteen third-octave bands from 150 Hz, segments of 30 frames, clipped at -15 dB. 1 is what
//! was said; about 0.6 is half understood.

use std::{f64::consts::PI, sync::LazyLock};

const RATE: f64 = 10_000.0;
const FRAME: usize = 256;
const HOP: usize = FRAME / 2;
/// Frames are padded with silence to this.
const POINTS: usize = 512;
const BANDS: usize = 15;
const SEGMENT: usize = 30;

/// How well `heard` can be understood, of what was said at the same times; both at 16 kHz.
pub(crate) fn stoi(said: &[i16], heard: &[i16]) -> f64 {
    let (said, heard) = without_pauses(&at_10_khz(said), &at_10_khz(heard));
    let (said, heard) = (bands(&said), bands(&heard));
    let mut scores = Vec::new();
    for end in SEGMENT..=said.len() {
        for band in 0..BANDS {
            let cut = |frames: &[[f64; BANDS]]| -> Vec<f64> {
                frames[end - SEGMENT..end].iter().map(|frame| frame[band]).collect()
            };
            let (x, y) = (cut(&said), cut(&heard));
            let scale = norm(&x) / (norm(&y) + 1e-12);
            let limit = 1.0 + 10_f64.powf(15.0 / 20.0);
            let y: Vec<f64> = y.iter().zip(&x).map(|(y, x)| (y * scale).min(x * limit)).collect();
            scores.push(correlation(&x, &y));
        }
    }
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

/// Five samples for every eight: each is a sum of those around its place, through a filter that lets
/// nothing above 5 kHz pass (a sinc in a Hann window).
fn at_10_khz(samples: &[i16]) -> Vec<f64> {
    const AROUND: isize = 40;
    static FILTERS: LazyLock<Vec<Vec<f64>>> = LazyLock::new(|| {
        // Five places between two samples.
        let filter = |phase: usize| {
            let place = (phase * 8 % 5) as f64 / 5.0;
            let weight = |tap: isize| {
                let off = tap as f64 - place;
                let sinc = match PI * off * 5.0 / 8.0 {
                    0.0 => 1.0,
                    turn => turn.sin() / turn,
                };
                sinc * 0.625 * (0.5 + 0.5 * (PI * off / (AROUND as f64 + 1.0)).cos())
            };
            (-AROUND..=AROUND).map(weight).collect()
        };
        (0..5).map(filter).collect()
    });
    let sample = |at: isize| {
        let at = usize::try_from(at).ok()?;
        samples.get(at).map(|sample| f64::from(*sample))
    };
    (0..samples.len() * 5 / 8)
        .map(|at| {
            let first = (at * 8 / 5) as isize - AROUND;
            let around = (first..).map(|at| sample(at).unwrap_or(0.0));
            FILTERS[at % 5].iter().zip(around).map(|(weight, sample)| weight * sample).sum()
        })
        .collect()
}

/// The window of a frame, without the zeros at its ends.
static WINDOW: LazyLock<[f64; FRAME]> = LazyLock::new(|| {
    std::array::from_fn(|at| {
        0.5 - 0.5 * (2.0 * PI * (at as f64 + 1.0) / (FRAME as f64 + 1.0)).cos()
    })
});

fn frames(samples: &[f64]) -> impl Iterator<Item = [f64; FRAME]> {
    samples
        .windows(FRAME)
        .step_by(HOP)
        .map(|frame| std::array::from_fn(|at| frame[at] * WINDOW[at]))
}

/// Frames more than 40 dB below the loudest one said are left out, of both.
fn without_pauses(said: &[f64], heard: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let energy = |frame: &[f64; FRAME]| 20.0 * (norm(frame) + 1e-12).log10();
    let loudest = frames(said).map(|frame| energy(&frame)).fold(f64::MIN, f64::max);
    let kept = frames(said).zip(frames(heard)).filter(|(said, _)| energy(said) > loudest - 40.0);
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for (nth, (said, heard)) in kept.enumerate() {
        for (all, frame) in [(&mut one, said), (&mut other, heard)] {
            all.resize(nth * HOP + FRAME, 0.0);
            for (sum, sample) in all[nth * HOP..].iter_mut().zip(frame) {
                *sum += sample;
            }
        }
    }
    (one, other)
}

/// What each band holds, frame by frame.
fn bands(samples: &[f64]) -> Vec<[f64; BANDS]> {
    // The edges of bands lie at the nearest point of the spectrum.
    let point = |hz: f64| (hz * POINTS as f64 / RATE).round() as usize;
    let edge = |band: usize| point(150.0 * 2_f64.powf((2.0 * band as f64 - 1.0) / 6.0));
    frames(samples)
        .map(|frame| {
            let mut points = [(0.0, 0.0); POINTS];
            for (point, sample) in points.iter_mut().zip(frame) {
                point.0 = sample;
            }
            let spectrum = spectrum(points);
            std::array::from_fn(|band| {
                let points = &spectrum[edge(band)..edge(band + 1)];
                points.iter().map(|(re, im)| re * re + im * im).sum::<f64>().sqrt()
            })
        })
        .collect()
}

/// The discrete Fourier transform (Cooley and Tukey 1965).
fn spectrum(mut points: [(f64, f64); POINTS]) -> [(f64, f64); POINTS] {
    static TURNS: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| {
        (0..POINTS / 2).map(|at| (-2.0 * PI * at as f64 / POINTS as f64).sin_cos()).collect()
    });
    for at in 0..POINTS {
        let other = at.reverse_bits() >> (usize::BITS - POINTS.ilog2());
        if at < other {
            points.swap(at, other);
        }
    }
    let mut half = 1;
    while half < POINTS {
        for both in points.chunks_exact_mut(2 * half) {
            let (low, high) = both.split_at_mut(half);
            let turns = TURNS.iter().step_by(POINTS / (2 * half));
            for ((low, high), (sin, cos)) in low.iter_mut().zip(high).zip(turns) {
                let turned = (high.0 * cos - high.1 * sin, high.0 * sin + high.1 * cos);
                *high = (low.0 - turned.0, low.1 - turned.1);
                *low = (low.0 + turned.0, low.1 + turned.1);
            }
        }
        half *= 2;
    }
    points
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let x: Vec<f64> = x.iter().map(|value| value - mean_x).collect();
    let y: Vec<f64> = y.iter().map(|value| value - mean_y).collect();
    let both: f64 = x.iter().zip(&y).map(|(a, b)| a * b).sum();
    both / (norm(&x) * norm(&y) + 1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sogon_call::speech::sentence;

    #[test]
    fn a_tone_lies_in_its_band_at_the_loudness_it_had() {
        let tone: Vec<i16> = (0..16_000)
            .map(|at| ((at as f64 * 2.0 * PI * 1_200.0 / 16_000.0).sin() * 10_000.0) as i16)
            .collect();
        let slower = at_10_khz(&tone);
        assert_eq!(slower.len(), 10_000);
        for (at, sample) in slower.iter().enumerate().skip(100).take(9_800) {
            let wanted = (at as f64 * 2.0 * PI * 1_200.0 / 10_000.0).sin() * 10_000.0;
            assert!((sample - wanted).abs() < 60.0, "{at}: {sample} {wanted}");
        }
        for frame in bands(&slower) {
            let whole: f64 = frame.iter().map(|band| band * band).sum();
            // 150 Hz and nine thirds of an octave.
            assert!(frame[9].powi(2) > 0.98 * whole, "{frame:?}");
        }
    }

    #[test]
    fn what_was_said_is_understood_and_noise_is_not() {
        let said = sentence(1, 4.0);
        assert!(stoi(&said, &said) > 0.999);
        let noise = sentence(9, 4.0);
        assert!(stoi(&said, &noise) < 0.4, "{}", stoi(&said, &noise));
        let mixed = |part: i32| -> Vec<i16> {
            said.iter()
                .zip(&noise)
                .map(|(a, b)| (i32::from(*a) / 2 + i32::from(*b) / part) as i16)
                .collect()
        };
        let (little, much) = (stoi(&said, &mixed(20)), stoi(&said, &mixed(2)));
        assert!(little > much && little > 0.8, "{little} {much}");
    }
}
