//! A watcher who was told what was said in half of the windows of a call, and guesses the rest from
//! the packets alone: by the nearest neighbours, and by a logistic model.
#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::suboptimal_flops,
    dead_code,
    reason = "numbers of a test"
)]

/// What is seen of a window of time: when packets passed in it, in milliseconds, and their sizes.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// What was said in it.
    pub(crate) class: usize,
    pub(crate) packets: Vec<(f64, f64)>,
}

const FEATURES: usize = 10;
const NEIGHBOURS: usize = 7;

/// How well it was guessed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guessed {
    pub(crate) right: usize,
    pub(crate) of: usize,
    /// The chance that as many or more are right without knowing anything.
    pub(crate) by_chance: f64,
    /// With 99 % confidence a guess is not right more often than this.
    pub(crate) at_most: f64,
}

/// Sizes and gaps of a window, as numbers.
fn features(window: &Window) -> [f64; FEATURES] {
    let sizes: Vec<f64> = window.packets.iter().map(|(_, bytes)| *bytes).collect();
    let gaps: Vec<f64> = window.packets.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let [(a, b, c, d), (e, f, g, h)] = [moments(&sizes), moments(&gaps)];
    let wide = gaps.iter().filter(|gap| **gap > 1.5 * e).count() as f64;
    [sizes.len() as f64, a, b, c, d, e, f, g, h, wide]
}

/// Mean, spread, least, most.
fn moments(values: &[f64]) -> (f64, f64, f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let spread = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
    let least = values.iter().copied().fold(f64::MAX, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    (mean, spread, if values.is_empty() { 0.0 } else { least }, most)
}

/// Learns from every second window and guesses the others, and the other way round; the better of
/// the two ways of guessing, with the price of having two.
pub(crate) fn guess(windows: &[Window], classes: usize) -> Guessed {
    let all: Vec<([f64; FEATURES], usize)> =
        windows.iter().map(|window| (features(window), window.class)).collect();
    let mut right = [0, 0];
    for half in 0..2 {
        let (known, asked): (Vec<_>, Vec<_>) =
            all.iter().enumerate().partition(|(at, _)| at % 2 == half);
        let known: Vec<_> = known.into_iter().map(|(_, its)| *its).collect();
        let scale = scale(&known);
        let known: Vec<_> = known.iter().map(|(x, class)| (scaled(x, &scale), *class)).collect();
        let model = logistic(&known, classes);
        for (_, (x, class)) in asked {
            let x = scaled(x, &scale);
            right[0] += usize::from(nearest(&known, &x, classes) == *class);
            right[1] += usize::from(best(&model, &x) == *class);
        }
    }
    let right = right.into_iter().max().unwrap();
    let by_chance = (2.0 * tail(right, all.len(), 1.0 / classes as f64)).min(1.0);
    Guessed { right, of: all.len(), by_chance, at_most: upper(right, all.len()) }
}

fn scale(known: &[([f64; FEATURES], usize)]) -> Vec<(f64, f64)> {
    (0..FEATURES)
        .map(|at| {
            let values: Vec<f64> = known.iter().map(|(x, _)| x[at]).collect();
            let (mean, spread, ..) = moments(&values);
            (mean, if spread > 1e-9 { spread } else { 1.0 })
        })
        .collect()
}

fn scaled(x: &[f64; FEATURES], scale: &[(f64, f64)]) -> [f64; FEATURES] {
    let mut out = *x;
    for (value, (mean, spread)) in out.iter_mut().zip(scale) {
        *value = (*value - mean) / spread;
    }
    out
}

fn nearest(known: &[([f64; FEATURES], usize)], x: &[f64; FEATURES], classes: usize) -> usize {
    let mut all: Vec<(f64, usize)> = known
        .iter()
        .map(|(y, class)| (x.iter().zip(y).map(|(a, b)| (a - b).powi(2)).sum(), *class))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut votes = vec![0; classes];
    all.iter().take(NEIGHBOURS).for_each(|(_, class)| votes[*class] += 1);
    (0..classes).max_by_key(|class| votes[*class]).unwrap()
}

type Model = Vec<[f64; FEATURES + 1]>;

fn scores(model: &Model, x: &[f64; FEATURES]) -> Vec<f64> {
    let score = |row: &[f64; FEATURES + 1]| {
        row[FEATURES] + row.iter().zip(x).map(|(weight, value)| weight * value).sum::<f64>()
    };
    model.iter().map(score).collect()
}

fn best(model: &Model, x: &[f64; FEATURES]) -> usize {
    let scores = scores(model, x);
    (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap()
}

/// A logistic model for several classes, by steps down the gradient.
fn logistic(known: &[([f64; FEATURES], usize)], classes: usize) -> Model {
    let mut model = vec![[0.0; FEATURES + 1]; classes];
    let step = 0.5 / known.len().max(1) as f64;
    for _ in 0..300 {
        let mut slope = vec![[0.0; FEATURES + 1]; classes];
        for (x, class) in known {
            let scores = scores(&model, x);
            let most = scores.iter().copied().fold(f64::MIN, f64::max);
            let powers: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
            let whole: f64 = powers.iter().sum();
            for (at, row) in slope.iter_mut().enumerate() {
                let wrong = powers[at] / whole - if at == *class { 1.0 } else { 0.0 };
                row.iter_mut().zip(x.iter().chain([&1.0])).for_each(|(to, x)| *to += wrong * x);
            }
        }
        for (row, down) in model.iter_mut().zip(&slope) {
            row.iter_mut()
                .zip(down)
                .for_each(|(weight, down)| *weight -= step * (down + 0.01 * *weight));
        }
    }
    model
}

/// The chance of `right` or more of `of`, each right with this chance.
fn tail(right: usize, of: usize, chance: f64) -> f64 {
    let mut each = (1.0 - chance).powi(i32::try_from(of).unwrap());
    let mut sum = 0.0;
    for at in 0..=of {
        if at >= right {
            sum += each;
        }
        each *= (of - at) as f64 / (at + 1) as f64 * chance / (1.0 - chance);
    }
    sum
}

/// The largest chance under which so few right would still happen once in a hundred times
/// (Clopper and Pearson 1934).
fn upper(right: usize, of: usize) -> f64 {
    let (mut low, mut high) = (right as f64 / of as f64, 1.0);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        let few = 1.0 - tail(right + 1, of, middle.min(1.0 - 1e-12));
        if few > 0.01 { low = middle } else { high = middle }
    }
    high
}
