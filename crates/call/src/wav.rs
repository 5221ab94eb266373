//! Recordings as WAV files: what people hand in instead of a microphone, and take out instead of a
//! loudspeaker.

use std::io::Cursor;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use sogon_call_opus::RATE_HZ;

use crate::{CallError, resample};

/// The longest recording taken, in seconds.
pub const SECONDS_MAX: u32 = 1_800;

/// The largest file taken: half an hour of two channels at 48 kHz and 24 bits.
pub const FILE_BYTES_MAX: usize = 540_000_000;

const CHANNELS_MAX: u16 = 8;

/// The samples of a WAV file, at [`RATE_HZ`], its channels mixed into one.
///
/// Taken: whole numbers of 8 to 32 bits and floats of 32, 8 to 192 kHz, up to 8 channels, up to
/// [`SECONDS_MAX`].
///
/// # Errors
///
/// [`CallError::Recording`] for everything else.
pub fn read(file: &[u8]) -> Result<Vec<i16>, CallError> {
    if file.len() > FILE_BYTES_MAX {
        return Err(CallError::Recording);
    }
    let mut reader = WavReader::new(Cursor::new(file)).map_err(|_| CallError::Recording)?;
    let WavSpec { channels, sample_rate, bits_per_sample, sample_format } = reader.spec();
    if !(1..=CHANNELS_MAX).contains(&channels) || !resample::RATES_HZ.contains(&sample_rate) {
        return Err(CallError::Recording);
    }
    let seconds = reader.duration().checked_div(sample_rate).unwrap_or(u32::MAX);
    if seconds >= SECONDS_MAX {
        return Err(CallError::Recording);
    }
    let all: Vec<f32> = match (sample_format, bits_per_sample) {
        (SampleFormat::Float, 32) => reader
            .samples::<f32>()
            .map(|sample| sample.ok().filter(|value| value.is_finite()))
            .collect::<Option<_>>(),
        (SampleFormat::Int, bits @ 8..=32) => {
            let full = 2_f32.powi(i32::from(bits).saturating_sub(1));
            reader.samples::<i32>().map(|sample| Some(whole(sample.ok()?) / full)).collect()
        }
        _ => None,
    }
    .ok_or(CallError::Recording)?;
    let count = usize::from(channels);
    let mixed: Vec<f32> = all
        .chunks_exact(count)
        .map(|sample| sample.iter().sum::<f32>() / f32::from(channels))
        .collect();
    let voice = resample::to_voice(&mixed, sample_rate).ok_or(CallError::Recording)?;
    Ok(voice.into_iter().map(|sample| short(sample * 32_768.0)).collect())
}

/// A WAV file of these samples: [`RATE_HZ`], 16 bits, one channel.
///
/// # Errors
///
/// [`CallError::Recording`] when there are more samples than such a file can hold.
pub fn write(samples: &[i16]) -> Result<Vec<u8>, CallError> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: RATE_HZ,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut file, spec).map_err(|_| CallError::Recording)?;
    for sample in samples {
        writer.write_sample(*sample).map_err(|_| CallError::Recording)?;
    }
    writer.finalize().map_err(|_| CallError::Recording)?;
    Ok(file.into_inner())
}

#[allow(clippy::cast_precision_loss, reason = "a sample of 32 bits loses what nobody hears")]
fn whole(sample: i32) -> f32 {
    sample as f32
}

#[allow(clippy::cast_possible_truncation, reason = "`as` saturates: too loud stays too loud")]
fn short(sample: f32) -> i16 {
    sample.round() as i16
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
    fn what_was_written_is_read_again() {
        let samples: Vec<i16> = (0..4_000).map(|at| (at * 37 % 65_536 - 32_768) as i16).collect();
        assert_eq!(read(&write(&samples).unwrap()), Ok(samples));
    }

    fn file(spec: WavSpec, samples: usize) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut file, spec).unwrap();
        for at in 0..samples {
            let value = (at as f32 * 0.05).sin() * 0.5;
            match spec.sample_format {
                SampleFormat::Float => writer.write_sample(value).unwrap(),
                SampleFormat::Int => {
                    let full = 2_f32.powi(i32::from(spec.bits_per_sample) - 1);
                    writer.write_sample((value * full) as i32).unwrap();
                }
            }
        }
        writer.finalize().unwrap();
        file.into_inner()
    }

    #[test]
    fn every_common_form_comes_out_alike() {
        use SampleFormat::{Float, Int};
        let want = read(&file(form(1, 16_000, 16, Int), 3_200)).unwrap();
        assert!(want.iter().any(|sample| *sample > 15_000));
        for (bits, kind) in [(8, Int), (16, Int), (24, Int), (32, Int), (32, Float)] {
            let got = read(&file(form(1, 16_000, bits, kind), 3_200)).unwrap();
            assert_eq!(got.len(), want.len());
            for (a, b) in got.iter().zip(&want) {
                assert!(a.abs_diff(*b) <= 300, "{bits}: {a} {b}");
            }
        }
        assert_eq!(read(&file(form(2, 48_000, 16, Int), 9_600)).map(|it| it.len()), Ok(1_600));
    }

    fn form(
        channels: u16,
        sample_rate: u32,
        bits_per_sample: u16,
        sample_format: SampleFormat,
    ) -> WavSpec {
        WavSpec { channels, sample_rate, bits_per_sample, sample_format }
    }

    #[test]
    fn hostile_files_are_refused_without_a_panic() {
        let good = file(form(1, 16_000, 16, SampleFormat::Int), 500);
        for cut in 0..good.len() {
            let _ = read(&good[..cut]);
        }
        for at in 0..60 {
            for value in [0, 1, 2, 3, 127, 128, 254, 255] {
                let mut bad = good.clone();
                bad[at] = value;
                let _ = read(&bad);
            }
        }
        assert_eq!(read(b""), Err(CallError::Recording));
        assert_eq!(read(&good[..30]), Err(CallError::Recording));
    }
}
