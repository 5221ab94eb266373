//! The encoder and the decoder.
//!
//! Their states lie in memory of ours and not in the library's, so that what was spoken is
//! overwritten when a call ends.

use std::ffi::c_int;

use opusic_sys as ffi;
use zeroize::Zeroize;

/// Samples in a second of everything this crate takes and gives.
pub const RATE_HZ: u32 = 16_000;

/// The largest packet: the most one frame of the library holds (RFC 6716, 3.2.1).
pub const PACKET_BYTES_MAX: usize = 1_275;

/// The smallest packet worth encoding: 6 kbit/s for 20 ms.
pub const PACKET_BYTES_MIN: usize = 15;

/// How much speech stands in one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// 20 milliseconds.
    Ms20,
    /// 40 milliseconds.
    Ms40,
    /// 60 milliseconds.
    Ms60,
}

impl Span {
    /// In milliseconds.
    #[must_use]
    pub const fn ms(self) -> u32 {
        match self {
            Self::Ms20 => 20,
            Self::Ms40 => 40,
            Self::Ms60 => 60,
        }
    }

    /// In samples.
    #[must_use]
    pub const fn samples(self) -> usize {
        match self {
            Self::Ms20 => 320,
            Self::Ms40 => 640,
            Self::Ms60 => 960,
        }
    }

    const fn samples_c(self) -> c_int {
        match self {
            Self::Ms20 => 320,
            Self::Ms40 => 640,
            Self::Ms60 => 960,
        }
    }
}

/// What the library did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpusFault {
    /// The samples handed in are not as many as the span has.
    Samples,
    /// A packet of this size is not made, or not taken.
    Bytes,
    /// The packet is not one of Opus, or holds another span. Treat it as lost.
    Packet,
    /// The library refused its own settings: a bug.
    Library,
}

/// Memory for a state of the library: aligned like that of `malloc`, overwritten when dropped.
struct State(Vec<u128>);

impl State {
    fn new(bytes: c_int) -> Result<Self, OpusFault> {
        let bytes = usize::try_from(bytes).map_err(|_| OpusFault::Library)?;
        match bytes.div_ceil(size_of::<u128>()) {
            0 => Err(OpusFault::Library),
            words => Ok(Self(vec![0; words])),
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Turns samples into packets of one size. It remembers: one for each stream.
pub struct Encoder(State);

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Encoder")
    }
}

impl Encoder {
    /// An encoder that has heard nothing: speech, constant rate, never silent, complexity 10.
    ///
    /// # Errors
    ///
    /// [`OpusFault::Library`] when the library refuses its settings.
    #[allow(unsafe_code, reason = "a C library")]
    pub fn new() -> Result<Self, OpusFault> {
        // SAFETY: takes a number and gives one.
        let mut state = State::new(unsafe { ffi::opus_encoder_get_size(1) })?;
        // SAFETY: the memory has as many bytes as the library asked for one channel, is aligned
        // like `malloc`'s, and lives in a `Vec` that is never resized.
        let outcome = unsafe {
            ffi::opus_encoder_init(
                state.0.as_mut_ptr().cast(),
                16_000,
                1,
                ffi::OPUS_APPLICATION_VOIP,
            )
        };
        if outcome != ffi::OPUS_OK {
            return Err(OpusFault::Library);
        }
        let mut encoder = Self(state);
        encoder.set(ffi::OPUS_SET_VBR_REQUEST, 0)?;
        encoder.set(ffi::OPUS_SET_DTX_REQUEST, 0)?;
        encoder.set(ffi::OPUS_SET_INBAND_FEC_REQUEST, 0)?;
        encoder.set(ffi::OPUS_SET_COMPLEXITY_REQUEST, 10)?;
        encoder.set(ffi::OPUS_SET_SIGNAL_REQUEST, ffi::OPUS_SIGNAL_VOICE)?;
        encoder.set(ffi::OPUS_SET_MAX_BANDWIDTH_REQUEST, ffi::OPUS_BANDWIDTH_WIDEBAND)?;
        Ok(encoder)
    }

    /// The packet of `bytes` bytes for these samples, as many as `span` has. Its size says nothing
    /// about them.
    ///
    /// # Errors
    ///
    /// [`OpusFault::Samples`] and [`OpusFault::Bytes`] for what does not fit; nothing was encoded.
    #[allow(unsafe_code, reason = "a C library")]
    pub fn encode(
        &mut self,
        samples: &[i16],
        span: Span,
        bytes: usize,
    ) -> Result<Vec<u8>, OpusFault> {
        if samples.len() != span.samples() {
            return Err(OpusFault::Samples);
        }
        if !(PACKET_BYTES_MIN..=PACKET_BYTES_MAX).contains(&bytes) {
            return Err(OpusFault::Bytes);
        }
        let bytes_c = c_int::try_from(bytes).map_err(|_| OpusFault::Bytes)?;
        let bits = bytes_c.checked_mul(8_000).ok_or(OpusFault::Bytes)?;
        let ms = c_int::try_from(span.ms()).map_err(|_| OpusFault::Bytes)?;
        // Rounded up: the library rounds down again, to the bytes that were asked for.
        let rate = bits.checked_add(ms).map_or(bits, |sum| sum.saturating_sub(1));
        self.set(ffi::OPUS_SET_BITRATE_REQUEST, rate.checked_div(ms).unwrap_or(rate))?;
        let mut packet = vec![0; bytes];
        // SAFETY: the state was set up by `new`; `samples` holds as many as the third argument
        // says, for one channel, and `packet` as many bytes as the fifth says.
        let written = unsafe {
            ffi::opus_encode(
                self.0.0.as_mut_ptr().cast(),
                samples.as_ptr(),
                span.samples_c(),
                packet.as_mut_ptr(),
                bytes_c,
            )
        };
        if written == bytes_c { Ok(packet) } else { Err(OpusFault::Library) }
    }

    /// From now on frames lean less on those before them: so many percent of packets are lost. The
    /// size of packets stays.
    ///
    /// # Errors
    ///
    /// [`OpusFault::Library`]: a bug.
    pub fn expect_loss(&mut self, percent: u8) -> Result<(), OpusFault> {
        self.set(ffi::OPUS_SET_PACKET_LOSS_PERC_REQUEST, c_int::from(percent.min(100)))
    }

    #[allow(unsafe_code, reason = "a C library")]
    fn set(&mut self, what: c_int, value: c_int) -> Result<(), OpusFault> {
        // SAFETY: the state was set up by `opus_encoder_init`; every request used here takes one
        // `int` (opus_defines.h).
        let outcome = unsafe { ffi::opus_encoder_ctl(self.0.0.as_mut_ptr().cast(), what, value) };
        if outcome == ffi::OPUS_OK { Ok(()) } else { Err(OpusFault::Library) }
    }
}

/// Turns packets into samples, and losses into something like them. One for each stream.
pub struct Decoder(State);

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decoder")
    }
}

impl Decoder {
    /// A decoder that has heard nothing; complexity 5 switches the deep concealment on.
    ///
    /// # Errors
    ///
    /// [`OpusFault::Library`] when the library refuses its settings.
    #[allow(unsafe_code, reason = "a C library")]
    pub fn new() -> Result<Self, OpusFault> {
        // SAFETY: takes a number and gives one.
        let mut state = State::new(unsafe { ffi::opus_decoder_get_size(1) })?;
        // SAFETY: the memory has as many bytes as the library asked for one channel, is aligned
        // like `malloc`'s, and lives in a `Vec` that is never resized.
        let outcome = unsafe { ffi::opus_decoder_init(state.0.as_mut_ptr().cast(), 16_000, 1) };
        if outcome != ffi::OPUS_OK {
            return Err(OpusFault::Library);
        }
        // SAFETY: the state was set up above; the request takes one `int` (opus_defines.h).
        let outcome = unsafe {
            ffi::opus_decoder_ctl(
                state.0.as_mut_ptr().cast(),
                ffi::OPUS_SET_COMPLEXITY_REQUEST,
                5 as c_int,
            )
        };
        if outcome == ffi::OPUS_OK { Ok(Self(state)) } else { Err(OpusFault::Library) }
    }

    /// The samples of a packet, which may be hostile.
    ///
    /// # Errors
    ///
    /// [`OpusFault::Packet`] for what is no packet of this span; the decoder is still of use.
    pub fn decode(&mut self, packet: &[u8], span: Span) -> Result<Vec<i16>, OpusFault> {
        if packet.is_empty() || packet.len() > PACKET_BYTES_MAX {
            return Err(OpusFault::Packet);
        }
        self.run(Some(packet), span)
    }

    /// What may have been said in a span that did not arrive.
    ///
    /// # Errors
    ///
    /// [`OpusFault::Library`]: a bug.
    pub fn conceal(&mut self, span: Span) -> Result<Vec<i16>, OpusFault> {
        self.run(None, span).map_err(|_| OpusFault::Library)
    }

    #[allow(unsafe_code, reason = "a C library")]
    fn run(&mut self, packet: Option<&[u8]>, span: Span) -> Result<Vec<i16>, OpusFault> {
        let (start, length) = packet.map_or((std::ptr::null(), 0), |bytes| {
            (bytes.as_ptr(), c_int::try_from(bytes.len()).unwrap_or(0))
        });
        let mut samples = vec![0_i16; span.samples()];
        // SAFETY: the state was set up by `new`; `start` is null with length 0, which the library
        // takes for a loss, or points at `length` bytes; `samples` has room for as many as the
        // fifth argument says, for one channel, and the library writes no more than that.
        let written = unsafe {
            ffi::opus_decode(
                self.0.0.as_mut_ptr().cast(),
                start,
                length,
                samples.as_mut_ptr(),
                span.samples_c(),
                0,
            )
        };
        if written == span.samples_c() { Ok(samples) } else { Err(OpusFault::Packet) }
    }
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of tests"
)]
mod tests {
    use super::*;

    fn tone(samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|at| {
                ((at as f32 * 0.17).sin() * 9_000.0 + (at as f32 * 0.031).sin() * 4_000.0) as i16
            })
            .collect()
    }

    #[test]
    fn every_packet_has_the_size_asked_for() {
        for span in [Span::Ms20, Span::Ms40, Span::Ms60] {
            for bytes in [15, 20, 30, 37, 60, 90, 120, 121, 180, 1_275] {
                let mut encoder = Encoder::new().unwrap();
                for sound in
                    [vec![0; span.samples()], tone(span.samples()), vec![i16::MIN; span.samples()]]
                {
                    assert_eq!(encoder.encode(&sound, span, bytes).map(|it| it.len()), Ok(bytes));
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut encoder = Encoder::new().unwrap();
        assert_eq!(encoder.encode(&[0; 319], Span::Ms20, 60), Err(OpusFault::Samples));
        assert_eq!(encoder.encode(&[0; 320], Span::Ms20, 14), Err(OpusFault::Bytes));
        assert_eq!(encoder.encode(&[0; 320], Span::Ms20, 1_276), Err(OpusFault::Bytes));
        let mut decoder = Decoder::new().unwrap();
        assert_eq!(decoder.decode(&[], Span::Ms20), Err(OpusFault::Packet));
        assert_eq!(decoder.decode(&[0; 1_276], Span::Ms20), Err(OpusFault::Packet));
        let packet = encoder.encode(&tone(960), Span::Ms60, 120).unwrap();
        assert_eq!(
            decoder.decode(&packet, Span::Ms20),
            Err(OpusFault::Packet),
            "three times too long"
        );
        assert_eq!(decoder.decode(&packet, Span::Ms60).map(|it| it.len()), Ok(960));
    }

    #[test]
    fn hostile_packets_are_answered_and_nothing_breaks() {
        let mut decoder = Decoder::new().unwrap();
        let mut seed = 7_u32;
        for _ in 0..3_000 {
            let mut next = || {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 16) as u8
            };
            let length = usize::from(next()) + 1;
            let packet: Vec<u8> = (0..length).map(|_| next()).collect();
            for span in [Span::Ms20, Span::Ms60] {
                if let Ok(samples) = decoder.decode(&packet, span) {
                    assert_eq!(samples.len(), span.samples());
                }
            }
        }
        assert_eq!(decoder.conceal(Span::Ms60).map(|it| it.len()), Ok(960));
    }
}
