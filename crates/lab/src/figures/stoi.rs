//! Short-time objective intelligibility (Taal, Hendriks, Heusdens, Jensen 2011), at 16 kHz in the
//! place of 10: frames of 25.6 ms, fifteen third-octave bands from 150 Hz, segments of 30 frames,
//! clipped at -15 dB. 1 is what was said; about 0.6 is half understood.

use std::f64::consts::PI;

const RATE: f64 = 16_000.0;
const FRAME: usize = 410;
const HOP: usize = 205;
const BANDS: usize = 15;
const SEGMENT: usize = 30;

/// How well `heard` can be understood, of what was said at the same times.
pub(crate) fn stoi(said: &[i16], heard: &[i16]) -> f64 {
    let count = said.len().min(heard.len());
    let (said, heard) = without_pauses(&said[..count], &heard[..count]);
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

/// Frames more than 40 dB below the loudest one said are left out, of both.
fn without_pauses(said: &[i16], heard: &[i16]) -> (Vec<f64>, Vec<f64>) {
    let energy = |frame: &[i16]| -> f64 {
        let power: f64 = frame.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        10.0 * (power + 1e-9).log10()
    };
    let loudest = said.chunks_exact(HOP).map(energy).fold(f64::MIN, f64::max);
    let pairs = said.chunks_exact(HOP).zip(heard.chunks_exact(HOP));
    let kept = pairs.filter(|(said, _)| energy(said) > loudest - 40.0);
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for (said, heard) in kept {
        one.extend(said.iter().map(|sample| f64::from(*sample)));
        other.extend(heard.iter().map(|sample| f64::from(*sample)));
    }
    (one, other)
}

fn bands(samples: &[f64]) -> Vec<[f64; BANDS]> {
    let window: Vec<f64> = (0..FRAME)
        .map(|at| 0.5 - 0.5 * (2.0 * PI * (at as f64 + 1.0) / (FRAME as f64 + 1.0)).cos())
        .collect();
    let bins = FRAME / 2;
    let turns: Vec<(f64, f64)> =
        (0..FRAME).map(|at| (2.0 * PI * at as f64 / FRAME as f64).sin_cos()).collect();
    let of_bin: Vec<Option<usize>> = (0..bins)
        .map(|bin| {
            let hz = bin as f64 * RATE / FRAME as f64;
            let edge = |band: f64| 150.0 * 2_f64.powf((2.0 * band - 1.0) / 6.0);
            (0..BANDS).find(|band| (edge(*band as f64)..edge(*band as f64 + 1.0)).contains(&hz))
        })
        .collect();
    let starts = (0..).map(|frame| frame * HOP).take_while(|start| start + FRAME <= samples.len());
    starts
        .map(|start| {
            let frame: Vec<f64> =
                samples[start..start + FRAME].iter().zip(&window).map(|(a, b)| a * b).collect();
            let mut powers = [0.0; BANDS];
            for (bin, band) in of_bin.iter().enumerate() {
                let Some(band) = band else { continue };
                let (mut re, mut im) = (0.0, 0.0);
                for (at, sample) in frame.iter().enumerate() {
                    let (sin, cos) = turns[at * bin % FRAME];
                    re += sample * cos;
                    im -= sample * sin;
                }
                powers[*band] += re * re + im * im;
            }
            powers.map(f64::sqrt)
        })
        .collect()
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
