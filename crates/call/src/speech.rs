//! Something like speech for tests and figures, from a seed: a voice whose pitch moves, syllables
//! of three formants, hisses and pauses. Nobody's voice, so nobody has to be asked.

/// So many seconds of it, at 16 kHz.
#[must_use]
pub fn sentence(seed: u32, seconds: f32) -> Vec<i16> {
    let count = steps(seconds * 16_000.0);
    let mut chance = Chance(seed.wrapping_mul(747_796_405).wrapping_add(2_891_336_453));
    let mut samples = Vec::new();
    while samples.len() < count {
        syllable(&mut chance, &mut samples);
    }
    samples.truncate(count);
    samples
}

/// How alike two recordings are, 0 to 1: the largest correlation of their loudness and of their
/// waves in bands that a codec keeps, over shifts of up to 600 ms.
#[must_use]
pub fn likeness(said: &[i16], heard: &[i16]) -> f32 {
    (0..=600).map(|ms| likeness_at(said, heard, ms)).fold(0.0, f32::max)
}

/// The same for one shift, in milliseconds: what was heard came so much later.
#[must_use]
pub fn likeness_at(said: &[i16], heard: &[i16], ms: usize) -> f32 {
    let late = heard.get(ms.saturating_mul(16)..).unwrap_or_default();
    correlation(&envelope(said), &envelope(late))
}

/// The shift at which they are most alike, in milliseconds.
#[must_use]
pub fn lag_ms(said: &[i16], heard: &[i16], ms_max: usize) -> usize {
    let said = envelope(said);
    // The power of all up to each sample, so that a shift costs a difference for each 10 ms.
    let mut power = 0.0_f64;
    let up_to = heard.iter().map(|sample| {
        power += f64::from(*sample).powi(2);
        power
    });
    let up_to: Vec<f64> = [0.0].into_iter().chain(up_to).collect();
    let at = |ms: usize| {
        let from = up_to.get(ms.saturating_mul(16)..).unwrap_or_default();
        let edges = || from.iter().step_by(160);
        let late: Vec<f32> =
            edges().zip(edges().skip(1)).map(|(a, b)| loudness(b - a)).take(said.len()).collect();
        correlation(&said, &late)
    };
    let likeness: Vec<f32> = (0..=ms_max).map(at).collect();
    let best = likeness.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.map_or(0, |(ms, _)| ms)
}

#[allow(clippy::cast_possible_truncation, reason = "a logarithm needs no more")]
fn loudness(power: f64) -> f32 {
    power.ln_1p() as f32
}

fn envelope(samples: &[i16]) -> Vec<f32> {
    samples
        .chunks_exact(160)
        .map(|chunk| {
            let power: f32 = chunk.iter().map(|sample| f32::from(*sample).powi(2)).sum();
            (1.0 + power).ln()
        })
        .collect()
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let count = a.len().min(b.len());
    let (Some(a), Some(b)) = (a.get(..count), b.get(..count)) else { return 0.0 };
    let (mean_a, mean_b) = (mean(a), mean(b));
    let pairs = || a.iter().zip(b).map(|(x, y)| (x - mean_a, y - mean_b));
    let both: f32 = pairs().map(|(x, y)| x * y).sum();
    let power: f32 =
        pairs().map(|(x, _)| x * x).sum::<f32>() * pairs().map(|(_, y)| y * y).sum::<f32>();
    if power > 0.0 { both / power.sqrt() } else { 0.0 }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / f32::from(u16::try_from(values.len().max(1)).unwrap_or(u16::MAX))
}

struct Chance(u32);

impl Chance {
    /// Between 0 and 1 (a linear congruential generator, Numerical Recipes).
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from(self.0 >> 16).unwrap_or(0)) / 65_536.0
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.next()
    }
}

/// A resonance: two poles (Klatt 1980).
struct Formant {
    a: f32,
    b: f32,
    c: f32,
    last: [f32; 2],
}

impl Formant {
    fn new(hz: f32, width_hz: f32) -> Self {
        let c = -(-std::f32::consts::TAU * width_hz / 16_000.0).exp();
        let b = 2.0 * (-c).sqrt() * (std::f32::consts::TAU * hz / 16_000.0).cos();
        Self { a: 1.0 - b - c, b, c, last: [0.0; 2] }
    }

    fn feed(&mut self, x: f32) -> f32 {
        let [one, two] = self.last;
        let y = self.a * x + self.b * one + self.c * two;
        self.last = [y, one];
        y
    }
}

fn syllable(chance: &mut Chance, samples: &mut Vec<i16>) {
    if chance.next() < 0.5 {
        // A hiss before the vowel.
        let (length, loud) =
            (steps(chance.between(600.0, 1_600.0)), chance.between(300.0, 1_500.0));
        let mut high = Formant::new(chance.between(2_500.0, 5_500.0), 800.0);
        samples
            .extend((0..length).map(|_| short(high.feed(chance.between(-1.0, 1.0)) * loud * 3.0)));
    }
    let length = steps(chance.between(1_600.0, 4_800.0));
    let mut pitch_hz = chance.between(95.0, 210.0);
    let bend = chance.between(0.99995, 1.00005);
    let loud = chance.between(4_000.0, 14_000.0);
    let mut formants = [
        Formant::new(chance.between(280.0, 850.0), 70.0),
        Formant::new(chance.between(900.0, 2_300.0), 110.0),
        Formant::new(chance.between(2_400.0, 3_200.0), 170.0),
    ];
    let mut turn = 0.0_f32;
    for at in 0..length {
        pitch_hz *= bend;
        turn += pitch_hz / 16_000.0;
        let pulse = if turn >= 1.0 { 1.0 } else { 0.0 };
        turn = turn.fract();
        let part = ratio(at, length);
        let swell = (part * 12.0).min((1.0 - part) * 6.0).min(1.0);
        let source = pulse * 6.0 + chance.between(-0.02, 0.02);
        let voice: f32 = formants.iter_mut().map(|formant| formant.feed(source)).sum();
        samples.push(short(voice * swell * loud));
    }
    let pause = if chance.next() < 0.18 { chance.between(3_000.0, 9_000.0) } else { 500.0 };
    samples.extend((0..steps(pause)).map(|_| short(chance.between(-3.0, 3.0))));
}

fn ratio(at: usize, of: usize) -> f32 {
    let [at, of] = [at, of.max(1)].map(|value| u16::try_from(value).unwrap_or(u16::MAX));
    f32::from(at) / f32::from(of)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn steps(number: f32) -> usize {
    number as usize
}

#[allow(clippy::cast_possible_truncation, reason = "`as` saturates")]
fn short(number: f32) -> i16 {
    number as i16
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of tests"
)]
mod tests {
    use super::*;

    #[test]
    fn two_seeds_speak_differently_and_one_speaks_alike() {
        let (one, two) = (sentence(1, 5.0), sentence(2, 5.0));
        assert_eq!(one, sentence(1, 5.0));
        assert!(likeness(&one, &one) > 0.999);
        assert!(likeness(&one, &two) < 0.6, "{}", likeness(&one, &two));
        let mut late = vec![0; 16 * 230];
        late.extend(&one);
        assert_eq!(lag_ms(&one, &late, 400), 230);
    }
}
